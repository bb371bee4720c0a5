"""Regular expressions: read into trees that have one meaning, and run so that no text can stall them."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from functools import lru_cache

from translator.expressions import engines
from translator.expressions.automaton import TooLarge
from translator.expressions.reader import Irregular, Unreadable, read

__all__ = ["Stalling", "Unreadable", "search"]


class Stalling(ValueError):
    """Only an engine that goes back in the text can search for the expression; the message says why."""


@lru_cache(maxsize=4096)
def search(expression: str, flags: str = "", *, may_stall: bool = False) -> Callable[[str], bool]:
    """Whether ``expression`` is found in a text. ``flags`` are some of i, m and s.

    Takes time that grows with the text alone; ``may_stall`` takes others too. Raises Unreadable, or Stalling.
    """
    try:
        return engines.searching(read(expression, flags))
    except (Irregular, TooLarge) as error:
        if may_stall:
            return _python(expression, flags)
        raise Stalling(str(error)) from None


def _python(expression: str, flags: str) -> Callable[[str], bool]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pattern = re.compile(expression, _flags(flags))
    return lambda text: pattern.search(text) is not None


def _flags(letters: str) -> int:
    known = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}
    return sum(known[letter] for letter in letters)
