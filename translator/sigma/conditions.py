"""The condition of a Sigma rule, read with the place of every word.

The grammar is pySigma 2's: ``not`` before ``and`` before ``or``, parentheses, and ``1 of``, ``any of`` and ``all of``
with a pattern of names or ``them``. pySigma itself knows no places, and its first version splits names such as
``notepad`` at the operator that they begin with.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from translator.source import NOWHERE, Span

#: Parentheses and operators in one another, as in every other language here.
DEEPEST = 256

_TOKEN = re.compile(r"\s*(?:([A-Za-z0-9_*+-]+)|(.))", re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_PATTERN = re.compile(r"[A-Za-z0-9_*]+")
_QUANTIFIERS = ("1", "any", "all")
_OPERATORS = ("not", "and", "or")

#: How tightly an operator binds; a parenthesis binds nothing.
_RANK = {"(": 0, "or": 1, "and": 2, "not": 3}


@dataclass(frozen=True, slots=True)
class _Node:
    span: Span = field(default=NOWHERE, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Name(_Node):
    """The selection of this name."""

    name: str


@dataclass(frozen=True, slots=True)
class Chosen(_Node):
    """One of the selections whose names have the shape of ``pattern``, or ``every`` one."""

    every: bool
    pattern: str


@dataclass(frozen=True, slots=True)
class Without(_Node):
    """Not ``item``."""

    item: Condition


@dataclass(frozen=True, slots=True)
class Joined(_Node):
    """All of ``items`` (``every``), or one of them."""

    every: bool
    items: tuple[Condition, ...]


Condition: TypeAlias = Name | Chosen | Without | Joined


class Mistake(Exception):
    """What is wrong with a condition, and where; ``deep`` says that it nests too deeply."""

    def __init__(self, message: str, span: Span, hint: str | None = None, *, deep: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.span = span
        self.hint = hint
        self.deep = deep


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    span: Span
    is_word: bool


def parse(text: str) -> Condition:
    """Read a condition. Raises Mistake, with a span of ``text``."""
    return _Parser(text).parse()


def selected(pattern: str, names: Sequence[str]) -> list[str]:
    """The names that a pattern means: one that begins with ``_`` only where the pattern does, too."""
    shape = re.compile(".*" if pattern == "them" else ".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)
    return [name for name in names if shape.fullmatch(name) and (pattern.startswith("_") or not name.startswith("_"))]


def _tokens(text: str) -> list[_Token]:
    found = []
    for match in _TOKEN.finditer(text.rstrip()):
        group = 1 if match[1] is not None else 2
        found.append(_Token(match[group], Span(match.start(group), match.end(group)), group == 1))
    return found


class _Parser:
    """Operators wait on a stack for their right side, so that depth costs no recursion."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        self.at = 0
        #: Each with whether parentheses close it, so that a longer chain is another node; and its levels.
        self.operands: list[tuple[Condition, bool, int]] = []
        self.waiting: list[_Token] = []

    def parse(self) -> Condition:
        if not self.tokens:
            raise Mistake("The condition is empty.", Span(0, max(len(self.text), 1)), "write the name of a selection")
        if (pipe := next((token for token in self.tokens if token.text == "|"), None)) is not None:
            hint = "count events in a correlation rule"
            raise Mistake("Sigma 2 has no aggregation behind a `|`.", Span(pipe.span.start, len(self.text)), hint)
        wants_operand = True
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            wants_operand = self.operand(token) if wants_operand else self.operator(token)
        if wants_operand:
            last = self.tokens[-1]
            raise Mistake(f"Nothing follows `{last.text}`.", last.span, "write the name of a selection behind it")
        self.reduce(0)
        if self.waiting:
            raise Mistake("The parenthesis is never closed.", self.waiting[-1].span, "write a `)`")
        return self.operands[0][0]

    def operand(self, token: _Token) -> bool:
        """Take what may begin an operand; returns whether one is still wanted."""
        if token.text in ("not", "("):
            if sum(each.text in ("not", "(") for each in self.waiting) >= DEEPEST:
                raise _too_deep(token)
            self.waiting.append(token)
            self.at += 1
            return True
        if token.text in ("and", "or", ")"):
            before = f"behind `{self.tokens[self.at - 1].text}`" if self.at else "at the beginning"
            raise Mistake(f"A selection is missing {before}, before `{token.text}`.", token.span)
        self.operands.append((self.quantified(token) if self.followed_by_of() else self.name(token), True, 0))
        return False

    def operator(self, token: _Token) -> bool:
        """Take what may follow an operand; returns whether an operand is wanted next."""
        if token.text == ")":
            self.reduce(0)
            if not self.waiting:
                raise Mistake("The parenthesis was never opened.", token.span, "write a `(`, or take this one away")
            opened = self.waiting.pop()
            inner, _, levels = self.operands.pop()
            self.push(replace(inner, span=opened.span | token.span), opened, levels + 1)
            self.at += 1
            return False
        if token.text not in ("and", "or"):
            before = self.tokens[self.at - 1].text
            small = token.text.lower() in _OPERATORS and token.text not in _OPERATORS
            hint = f"write `{token.text.lower()}`, in small letters" if small else "write `and` or `or` between them"
            raise Mistake(f"An operator is missing between `{before}` and `{token.text}`.", token.span, hint)
        self.reduce(_RANK[token.text])
        self.waiting.append(token)
        self.at += 1
        return True

    def reduce(self, rank: int) -> None:
        """Give the waiting operators that bind as tightly their right side."""
        while self.waiting and _RANK[self.waiting[-1].text] >= max(rank, 1):
            token = self.waiting.pop()
            right, _, below = self.operands.pop()
            if token.text == "not":
                self.push(Without(right, span=token.span | right.span), token, below + 1)
                continue
            left, closed, levels = self.operands.pop()
            every = token.text == "and"
            chained = isinstance(left, Joined) and left.every is every and not closed
            items = left.items if isinstance(left, Joined) and chained else (left,)
            joined = Joined(every, (*items, right), span=left.span | right.span)
            self.push(joined, token, max(levels if chained else levels + 1, below + 1), closed=False)

    def push(self, node: Condition, token: _Token, levels: int, *, closed: bool = True) -> None:
        if levels > DEEPEST:
            raise _too_deep(token)
        self.operands.append((node, closed, levels))

    def followed_by_of(self) -> bool:
        return self.at + 1 < len(self.tokens) and self.tokens[self.at + 1].text == "of"

    def quantified(self, token: _Token) -> Condition:
        of = self.tokens[self.at + 1]
        if token.text not in _QUANTIFIERS:
            raise Mistake(f"`{token.text} of` is no part of Sigma.", token.span | of.span, "write `1 of` or `all of`")
        if self.at + 2 >= len(self.tokens):
            raise Mistake(
                f"Nothing follows `{token.text} of`.", token.span | of.span, "write a pattern of names, or `them`"
            )
        pattern = self.tokens[self.at + 2]
        if not _PATTERN.fullmatch(pattern.text):
            raise Mistake(
                f"`{pattern.text}` is no pattern of names.", pattern.span, "write letters, digits, `_` and `*`"
            )
        self.at += 3
        return Chosen(token.text == "all", pattern.text, span=token.span | pattern.span)

    def name(self, token: _Token) -> Condition:
        if not token.is_word or not _NAME.fullmatch(token.text):
            patterned = _PATTERN.fullmatch(token.text) is not None
            hint = f"write `1 of {token.text}`" if patterned else "write letters, digits, `_` and `-`"
            raise Mistake(f"`{token.text}` is no name of a selection.", token.span, hint)
        self.at += 1
        return Name(token.text, span=token.span)


def _too_deep(token: _Token) -> Mistake:
    said = f"The condition nests deeper than {DEEPEST} levels."
    return Mistake(said, token.span, "move parts of it into selections", deep=True)
