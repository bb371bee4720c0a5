"""Texts that some patterns match and others do not, found by walking through all of them at once.

A pattern is an automaton whose states are the places in it; several patterns together are the product of theirs. The
walk goes by length, so the text that it finds is one of the shortest; where it comes to an end without one, there is
none, and that is a proof.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache, lru_cache
from typing import TypeAlias

from translator.meaning import Folding
from translator.meaning.letters import fold_ascii, fold_simple
from translator.values import Pattern, Wild

#: How many states of the product are looked at before a search gives up.
MOST_STATES = 5_000

#: Characters for places where anything may stand, the likeliest to be read easily first.
_ANYTHING = "xyz0189_-abcdefghijklmnopqrstuvw~#@é日\x01\x02"


@dataclass(frozen=True, slots=True)
class Shape:
    """The texts that one of ``patterns`` matches as a whole, letters being the same as ``folding`` says."""

    patterns: tuple[Pattern, ...]
    folding: Folding = Folding.NONE


class Open(Enum):
    """The search came to its bound: there may be a text, or none."""

    OPEN = "open"


OPEN = Open.OPEN

#: A text, None where there provably is none, or OPEN.
Found: TypeAlias = str | Open | None


@dataclass(slots=True)
class Budget:
    """What all searches for one formula may take together, counted and not timed: the same each time.

    ``states`` are those of the products of patterns, ``steps`` those of the searches for models.
    """

    states: int = 100_000
    steps: int = 60_000


def find(
    wanted: Sequence[Shape], banned: Sequence[Shape], *, most: int = MOST_STATES, budget: Budget | None = None
) -> Found:
    """A shortest text that every shape of ``wanted`` matches and none of ``banned``."""
    if any(all(_holds_banned(each, shape.folding, banned) for each in shape.patterns) for shape in wanted):
        return None
    # What is banned is banned alike, so one row of places for each way of folding is enough for all.
    together = {
        folding: tuple(pattern for shape in banned if shape.folding is folding for pattern in shape.patterns)
        for folding in Folding
    }
    bans = [_Walker(Shape(patterns, folding)) for folding, patterns in together.items() if patterns]
    budget = budget or Budget()
    return _Product([_Walker(shape) for shape in wanted], bans).search(min(most, budget.states), budget)


def _holds_banned(pattern: Pattern, folding: Folding, banned: Sequence[Shape]) -> bool:
    """Whether every text of ``pattern`` has a banned start, part or end: quicker to see than to search."""
    for shape in banned:
        if folding is not Folding.NONE and shape.folding is not folding:
            continue  # what folds in one way may not fold in another
        texts = [_folded_text(part, shape.folding) for part in pattern if isinstance(part, str)]
        start = texts[0] if texts and isinstance(pattern[0], str) else ""
        end = texts[-1] if texts and isinstance(pattern[-1], str) else ""
        for each in shape.patterns:
            match each:
                case (Wild.ANY,):
                    return True
                case (Wild.ANY, str(inside), Wild.ANY):
                    inside = _folded_text(inside, shape.folding)
                    if any(inside in text for text in texts):
                        return True
                case (Wild.ANY, str(last)) if end.endswith(_folded_text(last, shape.folding)):
                    return True
                case (str(first), Wild.ANY) if start.startswith(_folded_text(first, shape.folding)):
                    return True
    return False


@lru_cache(maxsize=8192)
def _folded_text(text: str, folding: Folding) -> str:
    return "".join(_folded(char, folding) for char in text)


class _Walker:
    """One pattern after the other of a shape, as places in one long row: bit ``i`` of a state is place ``i``."""

    def __init__(self, shape: Shape) -> None:
        self.folding = shape.folding
        self.steps: dict[str, int] = {}
        self.any = self.one = self.ends = self.open_ends = self.start = 0
        at = 0
        for pattern in shape.patterns:
            self.start |= 1 << at
            last: str | Wild | None = None
            for token in _tokens(pattern):
                bit = 1 << at
                if token is Wild.ANY:
                    self.any |= bit
                elif token is Wild.ONE:
                    self.one |= bit
                else:
                    key = _folded(str(token), self.folding)
                    self.steps[key] = self.steps.get(key, 0) | bit
                last = token
                at += 1
            self.ends |= 1 << at
            if last is Wild.ANY:
                self.open_ends |= 1 << (at - 1)
            at += 1
        self.start = self.closed(self.start)

    def closed(self, state: int) -> int:
        """A star may stand for nothing, so who is before it is behind it too."""
        while True:
            more = state | (state & self.any) << 1
            if more == state:
                return state
            state = more

    def takes(self, char: str) -> int:
        """The places from which this character leads on."""
        return self.steps.get(_folded(char, self.folding), 0) | self.one

    def next(self, state: int, taken: int) -> int:
        """What a state becomes by a character that leads on from ``taken``."""
        moved = (state & taken) << 1 | (state & self.any)
        return self.closed(moved) if moved & self.any else moved


def _tokens(pattern: Pattern) -> Iterator[str | Wild]:
    for part in pattern:
        if isinstance(part, Wild):
            yield part
        else:
            yield from part


def _folded(char: str, folding: Folding) -> str:
    match folding:
        case Folding.NONE:
            return char
        case Folding.ASCII:
            return fold_ascii(char)
        case Folding.SIGMA:
            return fold_simple(char)


class _Product:
    """All walkers side by side."""

    def __init__(self, wanted: Sequence[_Walker], banned: Sequence[_Walker]) -> None:
        self.wanted = wanted
        self.banned = banned
        self.walkers = (*wanted, *banned)
        #: Characters that all patterns take alike are one; the first of them stands for them.
        self.classes: dict[tuple[int, ...], str] = {}
        for char in _alphabet(self.walkers):
            self.classes.setdefault(tuple(walker.takes(char) for walker in self.walkers), char)
        self.steps = [(char, taken) for taken, char in self.classes.items()]

    def search(self, most: int, budget: Budget) -> Found:
        start = tuple(each.start for each in self.walkers)
        if self.hopeless(start):
            return None
        came: dict[tuple[int, ...], tuple[tuple[int, ...], str] | None] = {start: None}
        waiting = deque([start])
        first, *others = self.steps
        free = first[1][: len(self.wanted)]
        while waiting:
            here = waiting.popleft()
            budget.states -= 1
            if self.accepts(here):
                return _spelled(here, came)
            if len(came) > most:
                return OPEN
            # A character that no wanted shape waits for leads where the first one does, which stands in no pattern; or
            # to something worse, since what is banned may come nearer by it.
            waits = [(state, state & taken) for state, taken in zip(here, free, strict=False)]
            live = [
                step
                for step in others
                if any(at & taken != none for (at, none), taken in zip(waits, step[1], strict=False))
            ]
            for char, taken in (first, *live):
                there = tuple([w.next(state, t) for w, state, t in zip(self.walkers, here, taken, strict=True)])
                if there not in came and not self.hopeless(there):
                    came[there] = (here, char)
                    waiting.append(there)
        return None

    def accepts(self, state: tuple[int, ...]) -> bool:
        split = len(self.wanted)
        return all(each & walker.ends for walker, each in zip(self.wanted, state, strict=False)) and not any(
            each & walker.ends for walker, each in zip(self.banned, state[split:], strict=True)
        )

    def hopeless(self, state: tuple[int, ...]) -> bool:
        """Whether no text from here on can be right: a wanted shape is lost, or a banned one will match whatever."""
        split = len(self.wanted)
        return not all(state[:split]) or any(
            each & walker.open_ends for walker, each in zip(self.banned, state[split:], strict=True)
        )


def _spelled(state: tuple[int, ...], came: dict[tuple[int, ...], tuple[tuple[int, ...], str] | None]) -> str:
    chars: list[str] = []
    while (step := came[state]) is not None:
        state, char = step
        chars.append(char)
    return "".join(reversed(chars))


def _alphabet(walkers: Iterable[_Walker]) -> Iterator[str]:
    """One character for each way in which the patterns tell characters apart.

    First one that stands in no pattern, for the gaps; then those of the patterns with all that fold to the same.
    """
    named: dict[str, None] = {}
    folds = False
    for walker in walkers:
        folds = folds or walker.folding is not Folding.NONE
        named.update(dict.fromkeys(walker.steps))
    letters = dict.fromkeys(named)
    if folds:
        for char in named:
            letters.update(dict.fromkeys(same_letters(char)))
    used = {fold_simple(char) for char in letters}
    yield next((char for char in _ANYTHING if fold_simple(char) not in used), chr(_free(used)))
    yield from letters


def _free(used: set[str]) -> int:
    return next(code for code in range(0x4E00, 0x9FFF) if chr(code) not in used)


def same_letters(char: str) -> tuple[str, ...]:
    """The characters that are the same as ``char`` where letter case does not matter, itself among them."""
    folded = fold_simple(char)
    if folded.isascii():
        plain = (folded, folded.upper()) if folded.isalpha() else (folded,)
        return plain + _FOLD_TO_ASCII.get(folded, ())
    return _unfolded().get(folded, (char,))


#: The characters outside ASCII that are an ASCII letter in another case: the Kelvin sign and the long s.
_FOLD_TO_ASCII = {"k": ("\u212a",), "s": ("\u017f",)}


@cache
def _unfolded() -> dict[str, tuple[str, ...]]:
    """Simple folding, backwards. All letters that have a case lie in the first two planes."""
    found: dict[str, list[str]] = {}
    for code in (*range(0xD800), *range(0xE000, 0x20000)):
        char = chr(code)
        if (folded := fold_simple(char)) != char:
            found.setdefault(folded, [folded]).append(char)
    return {folded: tuple(chars) for folded, chars in found.items()}
