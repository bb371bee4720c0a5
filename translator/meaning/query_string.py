"""The text of a ``query_string`` query: its words, and Lucene's AND, OR and NOT between them.

Kibana escapes all that is active in a value but the stars, the blanks and these three words. Lucene's classic
parser knows no precedence: each word is made required, optional or forbidden by what stands beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from translator.meaning.question import Refused
from translator.meaning.verdict import EVERYTHING, NOTHING, Test, all_hold, either, negation
from translator.values import Pattern, Wild, pattern, show

#: What separates words: not a no-break space, but an ideographic one.
_SPACE = re.compile("[ \t\r\n\u3000]+")

_OPERATORS = ("AND", "OR", "NOT")


class Occur(Enum):
    """What a clause is to the whole."""

    MUST = "must"
    SHOULD = "should"
    MUST_NOT = "must not"


@dataclass(frozen=True, slots=True)
class Clause:
    """A word, or some words in a row without a star; ``after_and`` makes the clause before it required."""

    occur: Occur
    words: Pattern
    after_and: bool


def clauses(query: Pattern) -> list[Clause]:
    """The clauses of a query. Raises Refused where AND, OR and NOT do not fit together."""
    reader = _Reader(_words(query), show(query))
    return reader.clauses()


def decide(found: Sequence[Clause], ask: Callable[[Pattern], Test | None]) -> Test:
    """What the clauses say together; ``ask`` gives None for words that leave no token to look for."""
    kept: list[tuple[Occur, Test]] = []
    for clause in found:
        if clause.after_and and kept and kept[-1][0] is not Occur.MUST_NOT:
            kept[-1] = (Occur.MUST, kept[-1][1])
        if (test := ask(clause.words)) is not None:
            kept.append((clause.occur, test))
    must, should, banned = ([test for occur, test in kept if occur is wanted] for wanted in Occur)
    if not must and not banned:
        return either(should) if should else NOTHING
    required = must or ([either(should)] if should else [EVERYTHING])
    return Test(all_hold([*(test.holds for test in required), *(negation(test.holds) for test in banned)]))


def _words(query: Pattern) -> list[Pattern]:
    words: list[list[str | Wild]] = [[]]
    for part in query:
        if isinstance(part, Wild):
            words[-1].append(part)
            continue
        first, *more = _SPACE.split(part)
        words[-1].append(first)
        words.extend([each] for each in more)
    return [word for parts in words if (word := pattern(parts))]


class _Reader:
    """Lucene's grammar: clauses with a word before each that says how it is joined."""

    def __init__(self, words: list[Pattern], said: str) -> None:
        self.words = words
        self.said = said
        self.at = 0
        self.found: list[Clause] = []

    def clauses(self) -> list[Clause]:
        while self.at < len(self.words):
            conjunction = self.operator("AND", "OR") if self.found or self.at else None
            forbidden = self.operator("NOT") is not None
            if self.operator(*_OPERATORS) is not None or self.at >= len(self.words):
                raise Refused(
                    f"Elasticsearch cannot read `{self.said}`: AND, OR and NOT are operators in a pattern.",
                    "write them in lower case, or put the value in quotes",
                )
            plain = conjunction is None and not forbidden
            joined = conjunction == "AND"
            occur = Occur.MUST_NOT if forbidden else Occur.MUST if joined else Occur.SHOULD
            self.found.append(Clause(occur, self.chunk() if plain else self.next(), joined))
        return self.found

    def operator(self, *names: str) -> str | None:
        if self.at < len(self.words) and self.words[self.at] in [(name,) for name in names]:
            return show(self.next())
        return None

    def next(self) -> Pattern:
        self.at += 1
        return self.words[self.at - 1]

    def chunk(self) -> Pattern:
        """Words without a star stay together, but the last one before AND, OR and a lone star stands alone."""
        words = [self.next()]
        if _is_plain(words[0]):
            while self.at < len(self.words) and _is_plain(self.words[self.at]) and not self.stands_alone(self.at):
                words.append(self.next())
        return pattern(part for at, word in enumerate(words) for part in ((" ", *word) if at else word))

    def stands_alone(self, at: int) -> bool:
        return at + 1 < len(self.words) and self.words[at + 1] in (("AND",), ("OR",), (Wild.ANY,))


def _is_plain(word: Pattern) -> bool:
    return len(word) == 1 and isinstance(word[0], str) and word[0] not in _OPERATORS
