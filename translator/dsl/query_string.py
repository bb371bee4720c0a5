"""The text of a ``query_string`` query, read as Lucene's classic parser reads it.

Kibana escapes all that is active but stars and blanks; so what can act here are wildcards, white space and the words
AND, OR and NOT. Other syntax (phrases, groups, ranges, fields, ``+``, ``~``, ``^``) is refused, not guessed.

Clauses are added one by one to a list, as Lucene's ``addClause`` does: AND makes the clause *before* it required, and
a clause in which no token is left is not added at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from translator import values
from translator.meaning import Refused, Test
from translator.meaning.verdict import EVERYTHING, NOTHING, all_hold, either, negation
from translator.values import Pattern, Wild

#: One clause's words -> its test, or None where the analyzer leaves no token of them.
Ask: TypeAlias = Callable[[Pattern], Test | None]


class Unsupported(Exception):
    """The text uses syntax that Kibana never lets through."""


class Operator(Enum):
    """The words that act; each also has a spelling of signs."""

    AND = "AND"
    OR = "OR"
    NOT = "NOT"


Part: TypeAlias = Operator | Pattern

#: Runs of what is no white space to Lucene (a no-break space is none), with escapes.
_WORD = re.compile(r"(?:\\.|[^\\ \t\r\n\u3000])+|\\\Z", re.DOTALL)
_PIECE = re.compile(r"\\(.)|([*?])|([!():^\[\]\"{}~/])|([^\\*?!():^\[\]\"{}~/]+)", re.DOTALL)
_OPERATORS = {each.value: each for each in Operator} | {"&&": Operator.AND, "||": Operator.OR}


def parts(text: str) -> list[Part]:
    """The words and operators of ``text``, escapes undone. Raises Refused and Unsupported."""
    return [_part(found[0]) for found in _WORD.finditer(text)]


def _part(word: str) -> Part:
    if word == "\\":
        raise Refused("Elasticsearch cannot read a query_string that ends with a backslash.", "escape the backslash")
    if (operator := _OPERATORS.get(word)) is not None:
        return operator
    if word[0] in "+-":
        raise Unsupported(f"a word that begins with `{word[0]}`")
    pieces: list[str | Wild] = []
    for escaped, wild, active, plain in _PIECE.findall(word):
        if active:
            raise Unsupported(f"an unescaped `{active}`")
        if escaped == "u":
            raise Unsupported("a character written as its code")
        pieces.append(Wild(wild) if wild else escaped or plain)
    return values.pattern(pieces)


class _Occur(Enum):
    MUST = 1
    SHOULD = 2
    MUST_NOT = 3


@dataclass(slots=True)
class _Clause:
    occur: _Occur
    test: Test


def compile_(text: str, ask: Ask) -> Test:
    """What ``text`` asks. Raises Refused where Elasticsearch cannot read it, Unsupported where we do not."""
    reader = _Reader(text, ask)
    reader.query()
    return _decide(reader.clauses)


class _Reader:
    """Lucene's grammar: ``query: first (next)*``, where the first word may not be AND or OR."""

    def __init__(self, text: str, ask: Ask) -> None:
        self.text = text
        self.ask = ask
        self.parts = parts(text)
        self.at = 0
        self.clauses: list[_Clause] = []

    def query(self) -> None:
        while self.at < len(self.parts):
            if self.has_run():
                self.run()
                continue
            conjunction = self.operator(Operator.AND, Operator.OR) if self.at else None
            banned = self.operator(Operator.NOT) is not None
            self.add(conjunction, banned, self.ask(self.word()))

    def has_run(self) -> bool:
        """Whether two plain words follow that stay together: not if the second is before AND, OR or a lone star."""
        return self.is_plain(self.at) and self.is_plain(self.at + 1) and self.may_end_run(self.at + 2)

    def run(self) -> None:
        words = [self.word()]
        while self.is_plain(self.at) and self.may_end_run(self.at + 1):
            words.append(self.word())
        spaced = (part for at, word in enumerate(words) for part in ((" ", *word) if at else word))
        test = self.ask(values.pattern(spaced))
        if test is not None:
            self.clauses.append(_Clause(_Occur.SHOULD, test))

    def is_plain(self, at: int) -> bool:
        part = self.parts[at] if at < len(self.parts) else None
        return isinstance(part, tuple) and not any(isinstance(each, Wild) for each in part)

    def may_end_run(self, at: int) -> bool:
        return at >= len(self.parts) or self.parts[at] not in (Operator.AND, Operator.OR, (Wild.ANY,))

    def operator(self, *wanted: Operator) -> Operator | None:
        part = self.parts[self.at] if self.at < len(self.parts) else None
        if isinstance(part, Operator) and part in wanted:
            self.at += 1
            return part
        return None

    def word(self) -> Pattern:
        part = self.parts[self.at] if self.at < len(self.parts) else None
        if not isinstance(part, tuple):
            found = "its end" if part is None else f"the word {part.value}"
            raise Refused(
                f"Elasticsearch cannot read `{self.text}`: {found} stands where a word to look for must be.",
                "AND, OR and NOT in capitals act between words; write them in lower case to look for them",
            )
        self.at += 1
        return part

    def add(self, conjunction: Operator | None, banned: bool, test: Test | None) -> None:
        if conjunction is Operator.AND and self.clauses and self.clauses[-1].occur is not _Occur.MUST_NOT:
            self.clauses[-1].occur = _Occur.MUST
        if test is not None:
            occur = _Occur.MUST_NOT if banned else _Occur.MUST if conjunction is Operator.AND else _Occur.SHOULD
            self.clauses.append(_Clause(occur, test))


def _decide(clauses: list[_Clause]) -> Test:
    must, should, banned = ([each.test for each in clauses if each.occur is occur] for occur in _Occur)
    if not clauses:
        return NOTHING
    if not banned and not must:
        return either(should)
    if not must:
        must = [either(should)] if should else [EVERYTHING]
    return Test(all_hold([*(test.holds for test in must), *(negation(test.holds) for test in banned)]))
