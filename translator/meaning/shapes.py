"""Patterns with wildcards, made into tests of texts. Time grows with the text alone, whatever the pattern."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from translator.meaning.texts import TextTest
from translator.values import Pattern, Wild, pattern


def shaped(like: Pattern, fold: Callable[[str], str] | None = None) -> TextTest:
    """Whether a whole text has the shape of ``like``; ``fold`` brings both to one case first."""
    if fold is None:
        return _shaped(like)
    test = _shaped(folded(like, fold))
    return lambda text: test(fold(text))


def folded(like: Pattern, fold: Callable[[str], str]) -> Pattern:
    """``like`` with its literal parts folded."""
    return pattern(part if isinstance(part, Wild) else fold(part) for part in like)


def _shaped(like: Pattern) -> TextTest:
    if Wild.ONE in like:
        return _with_gaps(like)
    match like:
        case ():
            return lambda text: text == ""
        case (str(whole),):
            return lambda text: text == whole
        case (Wild.ANY,):
            return lambda _: True
        case (str(start), Wild.ANY):
            return lambda text: text.startswith(start)
        case (Wild.ANY, str(end)):
            return lambda text: text.endswith(end)
        case (Wild.ANY, str(part), Wild.ANY):
            return lambda text: part in text
        case (str(start), Wild.ANY, str(end)):
            shortest = len(start) + len(end)
            return lambda text: text.startswith(start) and text.endswith(end) and len(text) >= shortest
    return _in_order(like)


def _in_order(like: Pattern) -> TextTest:
    """Literal parts between stars, each looked for after the one before: the leftmost place is always right."""
    start = like[0] if isinstance(like[0], str) else ""
    end = like[-1] if isinstance(like[-1], str) and len(like) > 1 else ""
    middle = [part for part in like[bool(start) : len(like) - bool(end)] if isinstance(part, str)]
    after, before = len(start), len(end)

    def test(text: str) -> bool:
        last = len(text) - before
        if last < after or not text.startswith(start) or not text.endswith(end):
            return False
        at = after
        for part in middle:
            found = text.find(part, at, last)
            if found < 0:
                return False
            at = found + len(part)
        return True

    return test


def _with_gaps(like: Pattern) -> TextTest:
    """As `_in_order`, with parts of a fixed length instead of literals."""
    runs: list[list[str | Wild]] = [[]]
    for part in like:
        if part is Wild.ANY:
            runs.append([])
        else:
            runs[-1].append(part)
    if len(runs) == 1:
        whole = _expression(runs[0])
        return lambda text: whole.fullmatch(text) is not None
    start, *middle, end = runs
    head, tail, size = _expression(start), _expression(end), _length(end)
    between = [_expression(run) for run in middle if run]

    def test(text: str) -> bool:
        last = len(text) - size
        found = head.match(text)
        if found is None or last < found.end() or tail.fullmatch(text, last) is None:
            return False
        at = found.end()
        for run in between:
            found = run.search(text, at, last)
            if found is None:
                return False
            at = found.end()
        return True

    return test


def _expression(run: Sequence[str | Wild]) -> re.Pattern[str]:
    return re.compile("".join("." if isinstance(part, Wild) else re.escape(part) for part in run), re.DOTALL)


def _length(run: Sequence[str | Wild]) -> int:
    return sum(1 if isinstance(part, Wild) else len(part) for part in run)
