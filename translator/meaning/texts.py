"""Questions about whole texts, kept open so that several about one field become one.

A list of values is one look-up in a set, a list of prefixes one call; only what is left is asked one by one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias

from translator.meaning import letters
from translator.meaning.question import Folding
from translator.meaning.raw_json import JsonNumber
from translator.values import Pattern, Wild

TextTest: TypeAlias = Callable[[str], bool]
#: Brings texts that count as the same to one form.
Form: TypeAlias = Callable[[str], str]

#: ``Character.isWhitespace``.
_BLANKS = re.compile("[\t-\r\x1c-\x20\u1680\u2000-\u2006\u2008-\u200a\u2028\u2029\u205f\u3000]+")

_FILTERS: dict[str, Form] = {"lowercase": letters.lower, "uppercase": letters.upper}


def text(value: Any) -> str | None:
    """What a keyword field holds for a raw value: texts as they are, numbers and booleans as JSON spells them."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, JsonNumber):
        return value.token
    if isinstance(value, int):
        # Python spells no integer of many thousand digits.
        return str(int(value)) if value.bit_length() < 10_000 else str(Decimal(value))
    if isinstance(value, float):
        return repr(float(value)) if math.isfinite(value) else None
    return None


def spelled(value: str | int | float | bool) -> str:
    """A query's value as text: floating-point numbers as Java spells them, with an exponent from ten million on."""
    if isinstance(value, float) and not isinstance(value, JsonNumber) and math.isfinite(value):
        size = abs(value)
        if size and not 1e-3 <= size < 1e7:
            digits, _, exponent = f"{Decimal(repr(value)).normalize():E}".partition("E")
            return f"{digits if '.' in digits else f'{digits}.0'}E{int(exponent)}"
        return format(Decimal(repr(value)), "f") if "e" in repr(value) else repr(value)
    return text(value) or ""


def sent(value: str) -> str:
    """A query's text as Lucene reads it: a lone surrogate becomes a replacement character, not a question mark."""
    return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def split_at_blanks(value: str) -> list[str]:
    """The words between what Java takes for white space: no no-break space is."""
    return [word for word in _BLANKS.split(value) if word]


def stored(value: str) -> str:
    """A text as Lucene holds it: a lone surrogate has no UTF-8 and becomes a question mark."""
    return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")


@lru_cache(maxsize=1024)
def _form(filters: tuple[str, ...], folding: Folding, surrogates: bool) -> Form | None:
    steps: list[Form] = [stored] if surrogates else []
    steps += [_FILTERS[name] for name in filters if name in _FILTERS]
    if (fold := letters.folder(folding)) is not None:
        steps.append(fold)
    match steps:
        case []:
            return None
        case [only]:
            return only

    def formed(value: str) -> str:
        for step in steps:
            value = step(value)
        return value

    return formed


@lru_cache(maxsize=1024)
def short(limit: int) -> TextTest:
    """Whether a text has no more UTF-16 units than ``limit``."""

    def test(value: str) -> bool:
        length = len(value)
        return length <= limit and (
            2 * length <= limit or value.isascii() or length + sum(char > "\uffff" for char in value) <= limit
        )

    return test


@dataclass(frozen=True, slots=True)
class Reading:
    """How a field makes a text of a raw value: what null stands for, how long it may be, which form it takes.

    ``surrogates`` says that lone ones matter to a question; mostly they do not, and then cost nothing.
    """

    null: str | None = None
    limit: int | None = None
    filters: tuple[str, ...] = ()
    folding: Folding = Folding.NONE
    surrogates: bool = False

    @property
    def form(self) -> Form | None:
        """What is done to a text before it is compared, or None."""
        return _form(self.filters, self.folding, self.surrogates)

    def formed(self, value: str) -> str:
        """``value`` in the form in which it is compared."""
        form = self.form
        return value if form is None else form(value)


@dataclass(frozen=True, slots=True)
class Texts:
    """Accepts a raw value whose text is one of ``words``, has one of the starts, parts or ends, or passes a test.

    All are in the form that ``reading`` gives to values.
    """

    reading: Reading
    words: frozenset[str] = frozenset()
    starts: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    tests: tuple[TextTest, ...] = ()

    def __call__(self, value: Any) -> bool:
        spelled = self.reading.null if value is None else text(value)
        return spelled is not None and self.test(spelled)

    @staticmethod
    def joined(several: Sequence[Texts]) -> Texts:
        """Accepts what one of ``several`` does; all of them read values alike."""
        return Texts(
            several[0].reading,
            words=frozenset().union(*(each.words for each in several)),
            starts=tuple(start for each in several for start in each.starts),
            parts=tuple(part for each in several for part in each.parts),
            ends=tuple(end for each in several for end in each.ends),
            tests=tuple(test for each in several for test in each.tests),
        )

    @property
    def test(self) -> TextTest:
        """The test of a text, made anew each time."""
        return _formed(_limited(self.reading.limit, self.words, self._shapes()), self.reading.form)

    @property
    def other(self) -> Callable[[Any], bool]:
        """The test of any raw value, made anew each time."""
        test, null = self.test, self.reading.null

        def accept(value: Any) -> bool:
            spelled = null if value is None else text(value)
            return spelled is not None and test(spelled)

        return accept

    def _shapes(self) -> list[TextTest]:
        starts, ends = self.starts, self.ends
        tests: list[TextTest] = []
        if starts:
            tests.append(lambda value: value.startswith(starts))
        if ends:
            tests.append(lambda value: value.endswith(ends))
        if len(self.parts) < _MANY:
            tests.extend(map(_holding, self.parts))
        else:
            tests.append(holding_one(self.parts))
        return [*tests, *self.tests]


#: From how many parts on it is quicker to go through a text once than to look for each.
_MANY = 100


def _holding(part: str) -> TextTest:
    return lambda value: part in value


def holding_one(parts: Sequence[str]) -> TextTest:
    """Whether one of ``parts`` stands somewhere in a text: one look at each place, however many they are."""
    width = min(map(len, parts))
    begin: dict[str, tuple[str, ...]] = {}
    for part in dict.fromkeys(parts):
        begin[part[:width]] = (*begin.get(part[:width], ()), part)

    def passes(value: str) -> bool:
        for at in range(len(value) - width + 1):
            if (found := begin.get(value[at : at + width])) is not None and value.startswith(found, at):
                return True
        return False

    return passes


def _limited(limit: int | None, words: frozenset[str], shapes: Sequence[TextTest]) -> TextTest:
    """Words that are too long were never asked; a shape may fit a text that is."""
    if limit is None:
        return any_test([words.__contains__, *shapes] if words else shapes)
    fits = short(limit)
    if not shapes:
        return words.__contains__
    shape = any_test(shapes)
    if not words:
        return lambda value: shape(value) and fits(value)
    return lambda value: value in words or (shape(value) and fits(value))


def _formed(test: TextTest, form: Form | None) -> TextTest:
    if form is None:
        return test
    made = form
    return lambda value: test(made(value))


def any_test(tests: Sequence[TextTest]) -> TextTest:
    """Passes what one of ``tests`` passes."""
    match tests:
        case []:
            return lambda _: False
        case [only]:
            return only
        case [first, second]:
            return lambda value: first(value) or second(value)
        case [first, second, third]:
            return lambda value: first(value) or second(value) or third(value)

    def passes(value: str) -> bool:
        for test in tests:  # noqa: SIM110 - a generator costs more than the tests
            if test(value):
                return True
        return False

    return passes


def all_tests(tests: Sequence[TextTest]) -> TextTest:
    """Passes what all of ``tests`` pass."""
    match tests:
        case []:
            return lambda _: True
        case [only]:
            return only
        case [first, second]:
            return lambda value: first(value) and second(value)
        case _:
            return lambda value: all(test(value) for test in tests)


def one_word(reading: Reading, word: str) -> Texts:
    """Accepts one text; none if it is too long to be indexed."""
    formed = reading.formed(word)
    kept = reading.limit is None or short(reading.limit)(formed)
    return Texts(reading, words=frozenset({formed}) if kept else frozenset())


def one_shape(reading: Reading, like: Pattern, test: Callable[[Pattern], TextTest]) -> Texts:
    """Accepts the texts of one shape; ``test`` makes the test of a shape that is no start, part or end."""
    match like:
        case (str(start), Wild.ANY):
            return Texts(reading, starts=(start,))
        case (Wild.ANY, str(end)):
            return Texts(reading, ends=(end,))
        case (Wild.ANY, str(part), Wild.ANY):
            return Texts(reading, parts=(part,))
        case _:
            return Texts(reading, tests=(test(like),))
