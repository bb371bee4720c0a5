"""Letters of different case, one code point at a time, as Java and Unicode's simple case folding see them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from translator.meaning.question import Folding

_UPPER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}

#: Simple foldings that neither `str.casefold` nor `str.lower` gives (Unicode 15.1, CaseFolding.txt, status S).
_FOLDED = {0x1FD3: 0x0390, 0x1FE3: 0x03B0, 0xFB05: 0xFB06}


class _Table(dict[int, int]):
    """A translation table that computes its entries when they are first needed."""

    def __init__(self, of: Callable[[int], int]) -> None:
        super().__init__()
        self.of = of

    def __missing__(self, code: int) -> int:
        self[code] = image = self.of(code)
        return image


def _lower(code: int) -> int:
    # U+0130 is the one letter that Python lower-cases to two; Java's simple mapping is a plain i.
    return ord(chr(code).lower()[0])


def _fold(code: int) -> int:
    if code in _FOLDED:
        return _FOLDED[code]
    for image in (chr(code).casefold(), chr(code).lower()):
        if len(image) == 1:
            return ord(image)
    return code


_LOWER = _Table(_lower)
_SIMPLE = _Table(_fold)


def lower(text: str) -> str:
    """Each code point in lower case, by its simple mapping (the ``lowercase`` filter)."""
    return text.lower() if text.isascii() else text.translate(_LOWER)


def upper(text: str) -> str:
    """Each code point in upper case, where that is one code point (the ``uppercase`` filter)."""
    return text.upper() if text.isascii() else "".join(c.upper() if len(c.upper()) == 1 else c for c in text)


def fold_ascii(text: str) -> str:
    """ASCII letters in lower case, all else as it is (``case_insensitive``)."""
    return text.lower() if text.isascii() else text.translate(_UPPER)


def fold_simple(text: str) -> str:
    """Unicode simple case folding, code point by code point (Sigma)."""
    return text.lower() if text.isascii() else text.translate(_SIMPLE)


@cache
def folder(folding: Folding) -> Callable[[str], str] | None:
    """The function that brings texts to one case, or None where case counts."""
    return {Folding.NONE: None, Folding.ASCII: fold_ascii, Folding.SIGMA: fold_simple}[folding]
