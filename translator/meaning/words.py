"""Texts: both sides are split into words by the field's analyzer, and words are compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from translator.meaning import keyword, letters
from translator.meaning.question import Accept, Bounds, Folding, Kind, Refused, given, never
from translator.meaning.shapes import folded, shaped
from translator.meaning.text import words as standard_words
from translator.meaning.texts import TextTest, sent, spelled, split_at_blanks, stored, text
from translator.schema import FieldRef
from translator.values import Pattern, Scalar

#: A word and its position.
Word: TypeAlias = tuple[str, int]
Analyzer: TypeAlias = Callable[[str], Sequence[Word]]

_STOP_WORDS = (
    "a an and are as at be but by for if in into is it no not of on or such that the their then there these they "
    "this to was will with"
)
_STOP = frozenset(_STOP_WORDS.split())


def _numbered(words: Sequence[str]) -> Sequence[Word]:
    return [(word, at) for at, word in enumerate(words)]


def _whole(said: str) -> Sequence[Word]:
    return [(said, 0)]


def _blank(said: str) -> Sequence[Word]:
    return _numbered(split_at_blanks(said))


def _letters(said: str) -> Sequence[Word]:
    runs = "".join(char if char.isalpha() else " " for char in letters.lower(said))
    return _numbered(runs.split())


def _without_stops(said: str) -> Sequence[Word]:
    return [(word, at) for word, at in _letters(said) if word not in _STOP]


def _standard(said: str) -> Sequence[Word]:
    return _numbered(standard_words(said))


_ANALYZERS: dict[str, Analyzer] = {
    "standard": _standard,
    "keyword": _whole,
    "whitespace": _blank,
    "simple": _letters,
    "stop": _without_stops,
}
_KEEPING_CASE = ("keyword", "whitespace")


def analyzer(field: FieldRef) -> Analyzer:
    """How the field splits a text; an analyzer that is not known here is taken for ``standard``."""
    return _ANALYZERS.get(field.details.analyzer, _standard)


def _asked(field: FieldRef, value: Scalar) -> str:
    return spelled(given(value, field))


#: Texts remembered: the questions of a rule come one after the other, and mostly look at one text.
_MOST_TEXTS = 8


@lru_cache(maxsize=_MOST_TEXTS)
def _split(analyzer: str, said: str) -> tuple[Sequence[Word], frozenset[str]]:
    """The words of a text, and what they are without their places."""
    words = _ANALYZERS.get(analyzer, _standard)(stored(said))
    return words, frozenset(word for word, _ in words)


@lru_cache(maxsize=_MOST_TEXTS)
def _lowered(said: str) -> str:
    return said.lower()


_Test: TypeAlias = Callable[[Sequence[Word], frozenset[str]], bool]


def _accepting(field: FieldRef, test: _Test, clues: Sequence[str] = ()) -> Accept:
    """Accepts a value whose words pass ``test``. One of ``clues`` is in the value if it is ASCII, or it cannot pass."""
    name = field.details.analyzer
    certain = bool(clues) and name == "standard" and all(clue.isascii() for clue in clues)

    def accept(value: Any) -> bool:
        said = text(value)
        if said is None:
            return False
        if certain and said.isascii():
            lowered = _lowered(said)
            if not any(clue in lowered for clue in clues):
                return False
        return test(*_split(name, said))

    return accept


def _some(field: FieldRef, test: TextTest) -> Accept:
    return _accepting(field, lambda _, found: any(map(test, found)))


def some_word(field: FieldRef, test: TextTest) -> Accept:
    """Accepts a value of which a word passes ``test``."""
    return _some(field, test)


def exists(field: FieldRef) -> Accept:
    """Any value, even one without a word in it."""
    return lambda value: text(value) is not None


def term(field: FieldRef, value: Scalar, folding: Folding = Folding.NONE) -> Accept:
    """One of the words, to which the value is compared as it stands."""
    said = keyword.asked(given(value, field))
    fold = letters.folder(folding)
    if fold is None:
        return _some(field, lambda word: word == said)
    folder, same = fold, fold(said)
    return _some(field, lambda word: folder(word) == same)


def match(field: FieldRef, value: Scalar) -> Accept:
    """One of the words of the value; none if it has none."""
    wanted = frozenset(word for word, _ in analyzer(field)(sent(_asked(field, value))))
    return _one_of(field, wanted) if wanted else never


def _one_of(field: FieldRef, wanted: frozenset[str]) -> Accept:
    return _accepting(field, lambda _, found: not wanted.isdisjoint(found), tuple(wanted))


def phrase(field: FieldRef, value: Scalar) -> Accept:
    """The words of the value, in a row, within one value of the document."""
    wanted = analyzer(field)(sent(_asked(field, value)))
    if not wanted:
        return never
    if len(wanted) == 1:
        return _one_of(field, frozenset({wanted[0][0]}))
    if not field.details.positions:
        raise Refused(
            f"{field.path} is indexed without positions, so Elasticsearch finds no phrase in it.",
            "ask for the words one by one",
        )
    (first, start), *rest = wanted
    steps = [(word, at - start) for word, at in rest]

    needed = frozenset(word for word, _ in wanted)

    def in_a_row(words: Sequence[Word], found: frozenset[str]) -> bool:
        if not needed <= found:
            return False
        places = set(words)
        return any(word == first and all((each, at + step) in places for each, step in steps) for word, at in words)

    return _accepting(field, in_a_row, (max(needed, key=len),))


def range_(field: FieldRef, bounds: Bounds) -> Accept:
    """One of the words lies inside the bounds, which are not split."""
    return _some(field, keyword.between(bounds, keyword.asked))


def wildcard(field: FieldRef, like: Pattern, folding: Folding = Folding.NONE) -> Accept:
    """One of the words has the shape as it stands; no word is empty."""
    return _some(field, shaped(folded(like, sent), letters.folder(folding)))


def piece(field: FieldRef, like: Pattern) -> Accept:
    """One of the words has the shape, which the analyzer lower-cases but never splits."""
    keeps_case = field.details.analyzer in _KEEPING_CASE
    return _some(field, shaped(like if keeps_case else folded(like, letters.lower)))


def keeps(field: FieldRef, said: str) -> bool:
    """Whether the analyzer finds a word in ``said``."""
    return bool(analyzer(field)(said))


KIND = Kind(exists=exists, term=term, match=match, phrase=phrase, range=range_, wildcard=wildcard, piece=piece)
