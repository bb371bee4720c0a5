"""Texts in which a regular expression is found, made by walking through what it says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from translator.expressions.reader import Irregular, Unreadable, read
from translator.expressions.tree import Chars, Choice, Edge, Range, Repeat, Row, Tree

#: How many texts are made at most: one for each way that the widest choice offers.
_MOST = 8

#: A text that would be longer is not made.
_LONGEST = 4_000

#: Characters that read well, the likeliest first.
_READABLE = "xa1_-. /ABC"


def samples(expression: str, flags: str = "") -> tuple[str, ...]:
    """Some texts in which the expression should be found; none where it cannot be read."""
    try:
        tree = read(expression, flags)
        made = [_text(tree, way, more) for way, more in ((0, 0), *((way, 1) for way in range(_MOST)))]
        made += [_text(tree, 0, 0, alone) for alone in range(_MOST)]
    except (Irregular, Unreadable, _TooLongError):
        return ()
    return tuple(dict.fromkeys(made))


class _TooLongError(ValueError):
    """The text would be too long."""


def _text(tree: Tree, way: int, more: int, alone: int | None = None) -> str:
    """A text for ``tree``: of each choice the item ``way``, counted round; repeats as few as may be, or ``more``.

    ``alone`` is the number of a repeat that is there although it need not be.
    """
    parts: list[str] = []
    optional = 0
    length = 0
    pending = [tree]
    while pending:
        match pending.pop():
            case Chars(ranges):
                parts.append(_char(ranges))
                length += 1
            case Edge():
                pass
            case Row(items):
                pending.extend(reversed(items))
            case Choice(items):
                pending.append(items[way % len(items)])
            case Repeat(item, least, most):
                wanted = more
                if least == 0:
                    wanted = 1 if optional == alone else more
                    optional += 1
                count = max(least, wanted) if most is None else min(max(least, wanted), most)
                if count + length > _LONGEST:
                    raise _TooLongError
                pending.extend([item] * count)
            case other:
                assert_never(other)
        if length > _LONGEST:
            raise _TooLongError
    return "".join(parts)


def _char(ranges: tuple[Range, ...]) -> str:
    if not ranges:
        raise _TooLongError
    readable = (char for char in _READABLE if any(low <= ord(char) <= high for low, high in ranges))
    return next(readable, None) or _first(ranges)


def _first(ranges: tuple[Range, ...]) -> str:
    printable: Iterator[str] = (chr(low) for low, _ in ranges if chr(low).isprintable())
    return next(printable, chr(ranges[0][0]))
