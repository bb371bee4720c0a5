"""Who searches: RE2 where it is installed and can say the expression, else our own automaton. Neither goes back."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any, assert_never

from translator.expressions import automaton
from translator.expressions.tree import At, Chars, Choice, Edge, Repeat, Row, Tree

_EDGES = {
    At.START: r"\A",
    At.END: r"\z",
    At.LINE_START: "(?m:^)",
    At.LINE_END: "(?m:$)",
    At.BORDER: r"\b",
    At.INSIDE: r"\B",
}


def searching(tree: Tree) -> Callable[[str], bool]:
    """Whether ``tree`` is found anywhere in a text, in time that grows with the text alone. Raises TooLarge."""
    module = _re2()
    if module is not None:
        options = module.Options()
        options.log_errors = False
        try:
            pattern = module.compile(spelled(tree), options)
        except module.error:  # an expression beyond RE2's limits
            return automaton.searching(tree)
        return lambda text: pattern.search(_whole(text)) is not None
    return automaton.searching(tree)


@cache
def _re2() -> Any:
    try:
        return import_module("re2")
    except ImportError:
        return None


def _whole(text: str) -> str:
    """A text that has a UTF-8; a lone surrogate has none."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def spelled(tree: Tree) -> str:
    """``tree`` as RE2 writes it."""
    match tree:
        case Chars(ranges):
            if not ranges:
                return r"[^\x{0}-\x{10FFFF}]"
            inside = "".join(f"\\x{{{low:X}}}" + (f"-\\x{{{high:X}}}" if high > low else "") for low, high in ranges)
            return inside if len(ranges) == 1 and ranges[0][0] == ranges[0][1] else f"[{inside}]"
        case Edge(at):
            return _EDGES[at]
        case Row(items):
            return "".join(spelled(item) for item in items)
        case Choice(items):
            return f"(?:{'|'.join(map(spelled, items))})"
        case Repeat(item, least, most):
            return f"(?:{spelled(item)}){{{least},{'' if most is None else most}}}"
        case _:
            assert_never(tree)
