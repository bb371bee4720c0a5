"""Sigma's strings: a pattern and its spelling, in both directions."""

from __future__ import annotations

import re

from translator import values
from translator.values import Pattern, Wild

#: A backslash means itself unless a star, a question mark or a backslash follows it.
_ACTIVE = re.compile(r"\\(?=[\\*?]|\Z)|[*?]")


def encode(pattern: Pattern) -> str:
    """Spell ``pattern`` for Sigma, escaping no more than the format asks."""
    return "".join(part.value if isinstance(part, Wild) else _ACTIVE.sub(r"\\\g<0>", part) for part in pattern)


def decode(text: str) -> Pattern:
    """Read a Sigma string the way pySigma does."""
    from sigma.types import SigmaString  # slow to import, and writing Sigma needs none of it

    return parts(SigmaString(text))


def parts(string: object) -> Pattern:
    """The pattern that a `sigma.types.SigmaString` holds.

    Raises ValueError where a placeholder was left in it.
    """
    from sigma.types import SpecialChars

    found: list[str | Wild] = []
    for part in string.s:  # type: ignore[attr-defined]
        if isinstance(part, str):
            found.append(part)
        elif part is SpecialChars.WILDCARD_MULTI:
            found.append(Wild.ANY)
        elif part is SpecialChars.WILDCARD_SINGLE:
            found.append(Wild.ONE)
        else:
            raise ValueError(f"the placeholder %{part.name}% has no value")
    return values.pattern(found)
