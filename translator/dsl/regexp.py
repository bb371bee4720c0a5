"""Regular expressions as Lucene writes them: always over the whole value, and about characters only.

Sigma's expressions are searched for anywhere in a value and know ``^``, ``$``, ``\\b`` and flags; Lucene knows none of
these. So what may stand before and behind is written out, and letter case where ``case_insensitive`` cannot say it.

Lucene has no expression for a place in the middle of another (``(a\\b)+``); Elasticsearch takes none of more than a
thousand characters, and none whose automaton grows too large (``a.{20}b``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import assert_never

from translator.dsl.lucene import Malformed
from translator.dsl.lucene import read as read_lucene
from translator.expressions.automaton import TooLarge, effort
from translator.expressions.reader import read
from translator.expressions.tree import (
    ANYTHING,
    LAST,
    NEWLINE,
    WORD,
    At,
    Chars,
    Choice,
    Edge,
    Range,
    Repeat,
    Row,
    Tree,
    choice,
    has_edges,
    merged,
    others,
    row,
)

#: Elasticsearch refuses longer ones (``index.max_regex_length``).
LONGEST = 1000

#: Elasticsearch 8.19 took automata of up to 45,000 steps (`effort`), and refused those of 56,000 and more.
MOST_EFFORT = 40_000

#: Characters that Lucene gives a meaning, some of them only with its optional operators.
_ACTIVE = frozenset('.?+*|{}[]()"\\#@&<>~^$-')

_ANY = ((0, LAST),)
#: The empty text. With ``case_insensitive`` Lucene's own ``()`` matches nothing at all.
_EMPTY = ".{0}"
_NO_WORD = others(WORD)


class Inexpressible(ValueError):
    """Lucene has no expression for this; the message says for what."""


@dataclass(frozen=True, slots=True)
class Regexp:
    """The body of a ``regexp`` query. ``folds`` is ``case_insensitive``, which knows ASCII letters only."""

    value: str
    folds: bool


def lucene(tree: Tree, *, may_fold: bool = True) -> Regexp:
    """What Lucene must match a whole value with, so that ``tree`` is found in it. Raises Inexpressible.

    Where ``may_fold`` is False there is no ``case_insensitive`` to say letter case with, and it is written out.
    """
    whole = _whole(tree)
    if is_too_complex(whole):
        raise Inexpressible("its automaton is too large for Elasticsearch")
    folds = may_fold and _minds_no_case(whole)
    written = "|".join(_spelled(item, folds) for item in (whole.items if isinstance(whole, Choice) else (whole,)))
    if len(written.encode("utf-16-le")) // 2 > LONGEST:
        raise Inexpressible(f"Lucene takes {LONGEST} characters, and this has {len(written)}")
    return Regexp(written, folds)


@lru_cache(maxsize=1024)
def written(expression: str, flags: str) -> Regexp:
    """`lucene` for the text of an expression. Raises Unreadable, Irregular or Inexpressible."""
    return lucene(read(expression, flags))


def searched(text: str, *, folds: bool = False) -> tuple[str, str]:
    """The expression, and its flags, that is found in the values that Lucene matches ``text`` with as a whole.

    ``folds`` is ``case_insensitive``. Raises Malformed for what Elasticsearch answers with an error.
    """
    tree = read_lucene(text, folds=folds)
    if len(text.encode("utf-16-le", "surrogatepass")) // 2 > LONGEST:
        raise Malformed(f"Elasticsearch takes {LONGEST} characters, and this has {len(text)}")
    if is_too_complex(tree):
        raise Malformed("its automaton grows too large")
    items = list(_items(tree))
    before = after = ""
    if items[:1] == [ANYTHING]:
        del items[0]
    else:
        before = "^"
    if items[-1:] == [ANYTHING]:
        del items[-1]
    else:
        after = "$"
    letters = _minds_no_case(row(items))
    try:
        inside = _spelled(row(items), letters) if items else ""
    except Inexpressible as error:
        raise Malformed(str(error)) from None
    flags = ("i" if letters else "") + ("s" if _ANY in _characters(row(items)) else "")
    return f"{before}{inside}{after}", flags


def is_too_complex(tree: Tree) -> bool:
    """Whether Elasticsearch makes no automaton of ``tree``, which has no places in it."""
    try:
        return effort(tree, MOST_EFFORT + 1) > MOST_EFFORT
    except TooLarge:
        return True


def _whole(tree: Tree) -> Tree:
    """The texts in which ``tree`` is found, as a tree without places."""
    parts = [tree] if not isinstance(tree, Choice) or not has_edges(tree) else list(tree.items)
    starts = [each for part in parts for each in _open(_items(part))]
    turned = [_turned(each) for each in starts]
    return choice([_settled(_turned(each)) for part in turned for each in _open(_items(part))])


def _items(tree: Tree) -> tuple[Tree, ...]:
    return tree.items if isinstance(tree, Row) else (tree,)


def _open(items: tuple[Tree, ...]) -> Iterator[Tree]:
    """``items`` with what may stand before them; more than one row where they begin with a choice of places."""
    match items:
        case ():
            yield ANYTHING
        case (Edge(At.START), *rest):
            yield row(_at_start(rest))
        case (Edge(At.LINE_START), *rest):
            yield row([Repeat(row([ANYTHING, Chars(NEWLINE)]), 0, 1), *_at_line_start(rest)])
        case (Edge(At.BORDER | At.INSIDE as at), *rest):
            yield from _beside_word(at, tuple(rest))
        case (Choice(parts) as first, *rest) if has_edges(first):
            for part in parts:
                yield from _open((*_items(part), *rest))
        case (Repeat(part, 0, 1) as first, *rest) if has_edges(first):
            yield from _open(tuple(rest))
            yield from _open((*_items(part), *rest))
        case (Repeat(part, least, _) as first, *rest) if not has_edges(first):
            # What is before it takes all but the fewest.
            fewest = [] if least == 0 else [part] if least == 1 else [Repeat(part, least, least)]
            if fewest:
                yield row([ANYTHING, *fewest, *rest])
            else:
                yield from _open(tuple(rest))
        case _:
            yield row([ANYTHING, *items])


def _at_start(items: Iterable[Tree]) -> list[Tree]:
    """At the start of the text a line starts, too."""
    kept = list(items)
    while kept and kept[0] in (Edge(At.START), Edge(At.LINE_START)):
        del kept[0]
    return kept


def _at_line_start(items: Iterable[Tree]) -> list[Tree]:
    kept = list(items)
    while kept and kept[0] == Edge(At.LINE_START):
        del kept[0]
    return kept


def _beside_word(at: At, rest: tuple[Tree, ...]) -> Iterator[Tree]:
    """A border before a letter of a word follows no such letter; before another character it follows one."""
    if not rest:
        raise Inexpressible(_PLACES)
    first, *behind = rest
    if isinstance(first, Choice):
        for part in first.items:
            yield from _beside_word(at, (*_items(part), *behind))
        return
    if isinstance(first, Repeat):
        if first.least == 0:
            yield from _open((Edge(at), *behind))
        fewer = Repeat(first.item, max(first.least - 1, 0), None if first.most is None else first.most - 1)
        yield from _beside_word(at, (*_items(first.item), fewer, *behind))
        return
    if not isinstance(first, Chars):
        raise Inexpressible(_PLACES)
    for ranges, in_word in ((_common(first.ranges, WORD), True), (_common(first.ranges, _NO_WORD), False)):
        if ranges:
            if in_word == (at is At.BORDER):
                yield row([Repeat(row([ANYTHING, Chars(_NO_WORD)]), 0, 1), Chars(ranges), *behind])
            else:
                yield row([ANYTHING, Chars(WORD), Chars(ranges), *behind])


def _common(left: Iterable[Range], right: Iterable[Range]) -> tuple[Range, ...]:
    return merged((max(a, c), min(b, d)) for a, b in left for c, d in right if max(a, c) <= min(b, d))


_PLACES = "Lucene cannot ask for a place in the middle of an expression"

_TURNED = {At.START: At.END, At.END: At.START, At.LINE_START: At.LINE_END, At.LINE_END: At.LINE_START}


def _turned(tree: Tree) -> Tree:
    """``tree`` for texts that are read backwards."""
    match tree:
        case Chars():
            return tree
        case Edge(at):
            return Edge(_TURNED.get(at, at))
        case Row(items):
            return Row(tuple(_turned(item) for item in reversed(items)))
        case Choice(items):
            return Choice(tuple(map(_turned, items)))
        case Repeat(item):
            return replace(tree, item=_turned(item))
        case _:
            assert_never(tree)


def _settled(tree: Tree) -> Tree:
    """``tree`` if no place is left in it but between two characters that decide it."""
    items = list(_items(tree))
    for at in range(len(items) - 1, -1, -1):
        match items[at - 1 : at + 2] if at else ():
            case [Chars(left), Edge(At.BORDER | At.INSIDE as place), Chars(right)]:
                sides = [_in_word(left), _in_word(right)]
                if None in sides or (sides[0] != sides[1]) != (place is At.BORDER):
                    raise Inexpressible(_PLACES)
                del items[at]
    if any(map(has_edges, items)):
        raise Inexpressible(_PLACES)
    return row(items)


def _in_word(ranges: tuple[Range, ...]) -> bool | None:
    """Whether all the characters are a word's, or none (False); None for some."""
    common = _common(ranges, WORD)
    return True if common == ranges else None if common else False


def _minds_no_case(tree: Tree) -> bool:
    """Whether every character comes with its other case, and some are ASCII letters."""
    some = False
    for ranges in _characters(tree):
        swapped = [(ord(each), ord(each)) for each in map(str.swapcase, _LETTERS) if _common(ranges, [_single(each)])]
        if merged([*ranges, *((_other(low), _other(low)) for low, _ in swapped)]) != ranges:
            return False
        some = some or (_pair(ranges) is not None)
    return some


_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _single(char: str) -> Range:
    return ord(char), ord(char)


def _other(code: int) -> int:
    return ord(chr(code).swapcase())


def _pair(ranges: tuple[Range, ...]) -> str | None:
    """The letter, where the characters are an ASCII letter in both its cases."""
    match ranges:
        case ((upper, same), (lower, also)) if upper == same and lower == also and lower - upper == 32:
            return chr(lower) if chr(lower) in _LETTERS else None
        case _:
            return None


def _characters(tree: Tree) -> Iterator[tuple[Range, ...]]:
    match tree:
        case Chars(ranges):
            yield ranges
        case Row(items) | Choice(items):
            for item in items:
                yield from _characters(item)
        case Repeat(item):
            yield from _characters(item)
        case Edge():
            pass
        case _:
            assert_never(tree)


def _spelled(tree: Tree, folds: bool) -> str:
    match tree:
        case Chars(ranges):
            letter = _pair(ranges) if folds else None
            return letter if letter is not None else _set(ranges)
        case Row(items):
            return "".join(_spelled(item, folds) for item in items) or _EMPTY
        case Choice(items):
            return f"({'|'.join(_spelled(item, folds) for item in items)})"
        case Repeat(item, least, most):
            inner = _spelled(item, folds)
            single = inner if isinstance(item, (Chars, Choice)) else f"({inner})"
            return single + _times(least, most)
        case Edge():
            raise Inexpressible(_PLACES)
        case _:
            assert_never(tree)


def _times(least: int, most: int | None) -> str:
    match least, most:
        case 0, None:
            return "*"
        case 1, None:
            return "+"
        case 0, 1:
            return "?"
        case _, None:
            return f"{{{least},}}"
        case _:
            return f"{{{least}}}" if least == most else f"{{{least},{most}}}"


def _set(ranges: tuple[Range, ...]) -> str:
    if ranges == _ANY:
        return "."
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return _character(ranges[0][0])
    negated = not ranges or ranges[-1][1] == LAST
    shown = others(ranges) if negated else ranges
    inside = "".join(_range(low, high) for low, high in shown)
    return f"[{'^' if negated else ''}{inside}]"


def _range(low: int, high: int) -> str:
    if high - low < 2:
        return "".join(_character(code) for code in range(low, high + 1))
    return f"{_character(low)}-{_character(high)}"


def _character(code: int) -> str:
    char = chr(code)
    if 0xD800 <= code < 0xE000:
        raise Inexpressible("Lucene's texts have no lone surrogates")
    return f"\\{char}" if char in _ACTIVE else char
