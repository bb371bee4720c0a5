"""A test of events, made so that several tests of one field can be asked in one pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from translator.meaning import document
from translator.meaning.question import Accept

#: Event -> verdict. Never raises on an event and never changes it.
Predicate: TypeAlias = Callable[[Mapping[str, Any]], bool]


@dataclass(frozen=True, slots=True)
class Values:
    """How a test looks at an event: some value at one of ``paths`` is accepted. ``nulls`` are asked too."""

    paths: tuple[str, ...]
    accept: Accept
    nulls: bool = False

    @property
    def holds(self) -> Predicate:
        """The test of an event, made anew each time."""
        if self.paths == _EVERYWHERE:
            return document.any_leaf(self.accept)
        return any_holds([document.any_value(path, self.accept, nulls=self.nulls) for path in self.paths])


class Test:
    """``holds(event)`` is the verdict; ``values`` is how, where it is one look at one field.

    The predicate of such a look is made when it is first needed: mostly the look is merged into another before.
    """

    __slots__ = ("_holds", "values")
    __test__ = False  # no test of pytest's

    def __init__(self, holds: Predicate | None, values: Values | None = None) -> None:
        self._holds = holds
        self.values = values

    @property
    def holds(self) -> Predicate:
        """Event -> verdict."""
        if self._holds is None:
            self._holds = _false if self.values is None else self.values.holds
        return self._holds


def some_value(paths: tuple[str, ...], accept: Accept, *, nulls: bool = False) -> Test:
    """Some value at one of ``paths`` is accepted."""
    return Test(None, Values(paths, accept, nulls))


#: Stands for the paths of all values; no field is called so.
_EVERYWHERE = ("\0",)


def everywhere(accept: Accept) -> Test:
    """Some value of the event is accepted, in whatever field."""
    return Test(None, Values(_EVERYWHERE, accept))


def _false(_: Mapping[str, Any]) -> bool:
    return False


def _true(_: Mapping[str, Any]) -> bool:
    return True


NOTHING = Test(_false)
EVERYTHING = Test(_true)


def any_holds(predicates: Iterable[Predicate]) -> Predicate:
    """True where one of ``predicates`` is."""
    tests = tuple(each for each in predicates if each is not _false)
    if any(each is _true for each in tests):
        return _true
    match tests:
        case ():
            return _false
        case (only,):
            return only
        case (first, second):
            return lambda event: first(event) or second(event)
        case (first, second, third):
            return lambda event: first(event) or second(event) or third(event)

    def one_holds(event: Mapping[str, Any]) -> bool:
        for test in tests:  # noqa: SIM110 - a generator costs more than the tests
            if test(event):
                return True
        return False

    return one_holds


def all_hold(predicates: Iterable[Predicate]) -> Predicate:
    """True where all of ``predicates`` are."""
    tests = tuple(each for each in predicates if each is not _true)
    if any(each is _false for each in tests):
        return _false
    match tests:
        case ():
            return _true
        case (only,):
            return only
        case (first, second):
            return lambda event: first(event) and second(event)
        case (first, second, third):
            return lambda event: first(event) and second(event) and third(event)
        case (first, second, third, fourth):
            return lambda event: first(event) and second(event) and third(event) and fourth(event)

    def each_holds(event: Mapping[str, Any]) -> bool:
        for test in tests:  # noqa: SIM110 - a generator costs more than the tests
            if not test(event):
                return False
        return True

    return each_holds


def negation(predicate: Predicate) -> Predicate:
    """True where ``predicate`` is not."""
    if predicate is _true:
        return _false
    if predicate is _false:
        return _true
    return lambda event: not predicate(event)


def either(tests: Iterable[Test]) -> Test:
    """True where one of ``tests`` is; tests of the same field become one look at it."""
    looks: dict[tuple[tuple[str, ...], bool], list[Accept]] = {}
    predicates: list[Predicate] = []
    asked = list(tests)
    if len(asked) == 1:
        return asked[0]
    for test in asked:
        if test.values is None:
            predicates.append(test.holds)
        else:
            looks.setdefault((test.values.paths, test.values.nulls), []).append(test.values.accept)
    merged = [Values(paths, document.any_accepts(accepts), nulls) for (paths, nulls), accepts in looks.items()]
    if len(merged) == 1 and not predicates:
        return Test(None, merged[0])
    return Test(any_holds([*(each.holds for each in merged), *predicates]))
