"""A tree as a test of texts whose time grows with the text alone, whatever the expression.

The tree becomes a list of steps, and the steps a deterministic automaton, of which no more is made than the texts
that are met ask for. Nothing is ever tried twice, so no text can stall it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias, assert_never

from translator.expressions.tree import LAST, WORD, At, Chars, Choice, Edge, Repeat, Row, Tree

#: An expression that takes more steps is refused.
MOST_STEPS = 4_000

#: How many transitions are remembered before all are forgotten.
_MOST_KNOWN = 20_000


class TooLarge(ValueError):
    """The expression counts so far that it takes too many steps."""


def searching(tree: Tree) -> Callable[[str], bool]:
    """Whether ``tree`` is found anywhere in a text. Raises TooLarge."""
    return _Automaton(tree, anchored=False).accepts


def matching(tree: Tree) -> Callable[[str], bool]:
    """Whether a whole text is what ``tree`` says. Raises TooLarge."""
    return _Automaton(Row((tree, Edge(At.END))), anchored=True).accepts


class _Kind(IntEnum):
    """What stands beside a place in the text."""

    NOTHING = 0
    NEWLINE = 1
    WORD = 2
    OTHER = 3


_WORD_CODES = frozenset(code for low, high in WORD for code in range(low, high + 1))


def _kind(char: str) -> _Kind:
    code = ord(char)
    return _Kind.NEWLINE if code == 10 else _Kind.WORD if code in _WORD_CODES else _Kind.OTHER


def _holds(at: At, before: _Kind, behind: _Kind) -> bool:
    match at:
        case At.START:
            return before is _Kind.NOTHING
        case At.END:
            return behind is _Kind.NOTHING
        case At.LINE_START:
            return before <= _Kind.NEWLINE
        case At.LINE_END:
            return behind <= _Kind.NEWLINE
        case At.BORDER:
            return (before is _Kind.WORD) != (behind is _Kind.WORD)
        case At.INSIDE:
            return (before is _Kind.WORD) == (behind is _Kind.WORD)
        case _:
            assert_never(at)


@dataclass(frozen=True, slots=True)
class _Take:
    """Take one character between the bounds: in at an even place of ``bounds``, out at an odd one."""

    bounds: tuple[int, ...]

    def takes(self, code: int) -> bool:
        return bisect_right(self.bounds, code) % 2 == 1


@dataclass(frozen=True, slots=True)
class _Go:
    """Go on at each of ``to``."""

    to: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Stand:
    """Go on to the next step at such a place only."""

    at: At


#: The last step is the end of the list: the expression was found.
_Step: TypeAlias = _Take | _Go | _Stand


def _steps(tree: Tree) -> list[_Step]:
    steps: list[_Step] = []
    written = 0

    def add(step: _Step) -> int:
        steps.append(step)
        return len(steps) - 1

    def write(part: Tree) -> None:
        nonlocal written
        written += 1  # a part may be written often and take no step
        if max(written, len(steps)) > MOST_STEPS:
            raise TooLarge(f"it takes more than {MOST_STEPS} steps")
        match part:
            case Chars(ranges):
                add(_Take(tuple(bound for low, high in ranges for bound in (low, high + 1))))
            case Edge(at):
                add(_Stand(at))
            case Row(items):
                for item in items:
                    write(item)
            case Choice(items):
                fork = add(_Go(()))
                starts, ends = [], []
                for item in items:
                    starts.append(len(steps))
                    write(item)
                    ends.append(add(_Go(())))
                steps[fork] = _Go(tuple(starts))
                for end in ends:
                    steps[end] = _Go((len(steps),))
            case Repeat(item, least, most):
                for _ in range(least):
                    write(item)
                if most is None:
                    fork = add(_Go(()))
                    write(item)
                    add(_Go((fork,)))
                    steps[fork] = _Go((fork + 1, len(steps)))
                    return
                forks = []
                for _ in range(most - least):
                    forks.append(add(_Go(())))
                    write(item)
                for fork in forks:
                    steps[fork] = _Go((fork + 1, len(steps)))
            case _:
                assert_never(part)

    write(tree)
    return steps


class _State(dict[str, "_State"]):
    """Where the search can be, and where each character leads from there, found when it is first met."""

    __slots__ = ("automaton", "before", "found", "places")

    def __init__(self, automaton: _Automaton, places: frozenset[int], before: _Kind, *, found: bool = False) -> None:
        super().__init__()
        self.automaton = automaton
        self.places = places
        self.before = before
        self.found = found

    def __missing__(self, char: str) -> _State:
        following = self if self.found else self.automaton.step(self, char)
        self[char] = following
        return following


class _Automaton:
    def __init__(self, tree: Tree, *, anchored: bool) -> None:
        self.steps = _steps(tree)
        self.again = frozenset() if anchored else frozenset({0})
        self.goal = _State(self, frozenset(), _Kind.NOTHING, found=True)
        self.known: dict[tuple[frozenset[int], _Kind], _State] = {}
        self.transitions = 0
        self.forget()

    def forget(self) -> None:
        self.known.clear()
        self.goal.clear()
        self.transitions = 0
        self.start = self.state(frozenset({0}), _Kind.NOTHING)

    def state(self, places: frozenset[int], before: _Kind) -> _State:
        key = (places, before)
        if key not in self.known:
            self.known[key] = _State(self, places, before)
        return self.known[key]

    def accepts(self, text: str) -> bool:
        state = self.start
        for char in text:
            state = state[char]
        return state.found or self.reached(state.places, state.before, _Kind.NOTHING) is None

    def step(self, state: _State, char: str) -> _State:
        self.transitions += 1
        if self.transitions > _MOST_KNOWN:
            self.forget()
        kind, code = _kind(char), ord(char)
        reached = self.reached(state.places, state.before, kind)
        if reached is None:
            return self.goal
        return self.state(self.again.union(at + 1 for at, take in reached if take.takes(code)), kind)

    def reached(self, places: Iterable[int], before: _Kind, behind: _Kind) -> list[tuple[int, _Take]] | None:
        """The steps that take the next character; None where the expression is found already."""
        pending, seen, found = list(places), set(places), []
        while pending:
            at = pending.pop()
            if at == len(self.steps):
                return None
            to: tuple[int, ...] = ()
            match self.steps[at]:
                case _Take() as take:
                    found.append((at, take))
                case _Stand(place) if _holds(place, before, behind):
                    to = (at + 1,)
                case _Stand():
                    pass
                case _Go(targets):
                    to = targets
            pending.extend(each for each in to if each not in seen)
            seen.update(to)
        return found


def effort(tree: Tree, most: int) -> int:
    """How many steps are looked at to make the whole automaton of ``tree``, which has no edges; counts to ``most``.

    Raises TooLarge.
    """
    automaton = _Automaton(tree, anchored=True)
    takes = {at: step for at, step in enumerate(automaton.steps) if isinstance(step, _Take)}
    bounds = {bound for take in takes.values() for bound in take.bounds}
    codes = [code for code in sorted(bounds | {0}) if code <= LAST]
    # Sets of steps are the bits of a number: each state is compared with each character, which is most of the work.
    taking = {sum(1 << at for at, take in takes.items() if take.takes(code)) for code in codes}
    reached_from: dict[int, int | None] = {}

    def reached(place: int) -> int | None:
        if place not in reached_from:
            found = automaton.reached((place,), _Kind.OTHER, _Kind.OTHER)
            reached_from[place] = None if found is None else sum(1 << at for at, _ in found)
        return reached_from[place]

    pending = [1]
    seen = set(pending)
    spent = 0
    while pending and spent < most:
        found = [reached(place) for place in _bits(pending.pop())]
        if None in found:
            continue
        here = 0
        for each in found:
            here |= each or 0
        spent += here.bit_count()
        for taken in taking:
            following = (here & taken) << 1
            if following and following not in seen:
                seen.add(following)
                pending.append(following)
    return min(spent, most)


def _bits(number: int) -> Iterator[int]:
    """The places of the bits that are set."""
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest
