"""Which leaves must be true, and which false, for a part of a formula to decide an event: a search with backtracking.

What is wanted of parts comes down to what is wanted of leaves, and that to values at places. Where a part may be had in
several ways (one item of an `Or`, one field of many), one after the other is tried. A search that comes to its end
without a bound having cut it short has proved that there is no such event.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, TypeAlias

from translator import logic
from translator.witness.parts import Part
from translator.witness.pool import Atom, Bits
from translator.witness.shapes import Open
from translator.witness.space import Space

#: How many steps a search may take before it gives up.
MOST_STEPS = 600

#: How many fields are compared with each other.
_BOTH = 2

#: How many steps it takes before it looks at all choices at once.
_CARELESS = 20


@dataclass(frozen=True, slots=True)
class Goal:
    """A part is to be true, or false, of an event or of one object in it."""

    part: int
    truth: bool
    instance: int


@dataclass(frozen=True, slots=True)
class Put:
    """A leaf is to be answered by a value at this place."""

    atom: int
    place: str
    instance: int


@dataclass(frozen=True, slots=True)
class Bar:
    """These leaves are all to be false: a long list of values is barred at once."""

    atoms: Bits
    instance: int


#: A way to go on, where there are several.
Option: TypeAlias = Goal | Put
Step: TypeAlias = Option | Bar


@dataclass(frozen=True, slots=True)
class Instance:
    """An event (scope and parent None), or one object under a nested path of an instance, with its values by place."""

    scope: str | None
    parent: int | None
    values: dict[str, tuple[Any, ...]]


#: The event itself first, then the objects in it.
Model: TypeAlias = tuple[Instance, ...]


@dataclass(slots=True)
class _State:
    """What has been settled so far."""

    scopes: list[str | None] = field(default_factory=lambda: [None])
    parents: list[int | None] = field(default_factory=lambda: [None])
    put: dict[tuple[int, str], tuple[int, ...]] = field(default_factory=dict)
    #: The leaves that are to be true of each instance, and those that are to be false.
    held: list[Bits] = field(default_factory=lambda: [0])
    banned: list[Bits] = field(default_factory=lambda: [0])
    #: Instance, nested part: no object there may satisfy the part's body.
    forbidden: list[tuple[int, int]] = field(default_factory=list)
    choices: list[tuple[Option, ...]] = field(default_factory=list)

    def copy(self) -> _State:
        return _State(
            list(self.scopes),
            list(self.parents),
            dict(self.put),
            list(self.held),
            list(self.banned),
            list(self.forbidden),
            list(self.choices),
        )


class _Conflict(Exception):
    """What is wanted contradicts itself."""


class Search:
    """The models in which all goals hold, as an iterator; ``open`` says afterwards whether it may have missed some."""

    def __init__(self, space: Space, turn: int = 0, most: int = MOST_STEPS) -> None:
        self.space = space
        self.most = most
        self.turn = turn
        self.open = False
        self.steps = 0
        self.start = _State()
        self.goals: list[Step] = []

    def want(self, part: int, truth: bool) -> Search:
        """Also want a part of the event to be true or false."""
        self.goals.append(Goal(part, truth, 0))
        return self

    def decide(self, leaf: int, truth: bool, *, alone: bool = True, together: bool = False) -> Search:
        """Also want this leaf to decide alone, being ``truth``.

        Inside a nested block one object is made for it; ``alone`` forbids others of its kind there. With
        ``together`` others may decide as well: what is or-ed with the leaf is as it comes.
        """
        parts = self.space.parts
        chain = [leaf]
        while (above := parts[chain[-1]].parent) is not None:
            chain.append(above)
        chain.reverse()
        instance = 0
        forbidden: list[tuple[int, int]] = []
        for number, child in pairwise(chain):
            node = parts[number].node
            match node:
                case logic.And():
                    others = (other for other in parts[number].children if other != child)
                    self.goals.extend(Goal(other, True, instance) for other in others)
                case logic.Or() if not together:
                    self.goals.extend(self._all_false(parts[number], instance, but=child))
                case logic.Within(path, _):
                    forbidden.append((instance, number))
                    instance = self._new(self.start, path, instance)
        # Only now, since what is made for the leaf itself is no other object.
        self.start.forbidden.extend(forbidden if alone else ())
        self.goals.append(Goal(leaf, truth, instance))
        return self

    @property
    def models(self) -> Iterator[Model]:
        """The models, most natural first."""
        pending: list[tuple[_State, Iterator[Option]]] = []
        state, steps = self.start, list(self.goals)
        while True:
            self.steps += 1
            self.space.budget.steps -= 1
            if self.steps > self.most or self.space.budget.steps < 0:
                self.open = True
                return
            try:
                self._settle(state, steps)
                options = self._choice(state)
            except _Conflict:
                options = ()
            else:
                if options is None:
                    yield self._model(state)
                    options = ()
            if options:
                pending.append((state, iter(options)))
            while pending:
                before, rest = pending[-1]
                if (option := next(rest, None)) is not None:
                    state, steps = before.copy(), [option]
                    break
                pending.pop()
            else:
                return

    def _new(self, state: _State, scope: str | None, parent: int) -> int:
        state.scopes.append(scope)
        state.parents.append(parent)
        state.held.append(0)
        state.banned.append(0)
        return len(state.scopes) - 1

    def _settle(self, state: _State, steps: list[Step]) -> None:
        """Take the steps and all that follows from them. Raises _Conflict."""
        changed: dict[tuple[int, str], None] = {}
        while steps:
            step = steps.pop()
            match step:
                case Put(atom, place, instance):
                    here = (instance, place)
                    state.put[here] = (*state.put.get(here, ()), atom)
                    changed[here] = None
                case Bar(atoms, instance):
                    self._bar(state, atoms, instance, changed)
                case Goal(number, truth, instance):
                    part = self.space.parts[number]
                    if part.is_leaf:
                        self._leaf(state, part, truth, instance, steps, changed)
                    else:
                        self._part(state, part, truth, instance, steps)
        for instance, place in changed:
            wanted = state.put.get((instance, place), ())
            if not wanted:
                continue
            found = self.space.pool(state.scopes[instance], place).fill(wanted, state.banned[instance])
            if not isinstance(found, tuple):
                self.open = self.open or self._avoidable(wanted, state.banned[instance], found)
                raise _Conflict

    def _part(self, state: _State, part: Part, truth: bool, instance: int, steps: list[Step]) -> None:
        match part.node:
            case logic.And() | logic.Or():
                if not truth and isinstance(part.node, logic.Or):
                    steps.extend(self._all_false(part, instance))
                elif truth and isinstance(part.node, logic.And):
                    steps.extend(Goal(child, True, instance) for child in part.children)
                else:
                    state.choices.append(tuple(Goal(child, truth, instance) for child in part.children))
            case logic.Not():
                steps.append(Goal(part.children[0], not truth, instance))
            case logic.Within(path, _):
                self._within(state, part, path, truth, instance, steps)
            case _:
                if not truth:
                    raise _Conflict

    def _all_false(self, part: Part, instance: int, but: int | None = None, *, twins: bool = False) -> Iterator[Step]:
        """What makes every child false, except ``but``, and with ``twins`` except those that say the same."""
        inside = self.space.inside(part)
        leaves = inside.leaves
        if but is not None and self.space.parts[but].is_leaf:
            own = 1 << self.space.atom_of[but].number
            leaves = leaves if own & inside.several else leaves & ~own
        if leaves:
            yield Bar(leaves, instance)
        for child in inside.others:
            if child != but:
                yield Goal(child, False, instance)

    def _bar(self, state: _State, atoms: Bits, instance: int, changed: dict[tuple[int, str], None]) -> None:
        if atoms & (state.held[instance] | self.space.always):
            raise _Conflict
        if atoms & ~state.banned[instance]:
            state.banned[instance] |= atoms
            changed.update(dict.fromkeys(here for here in state.put if here[0] == instance))

    def _within(
        self, state: _State, part: Part, path: str | None, truth: bool, instance: int, steps: list[Step]
    ) -> None:
        if not truth:
            state.forbidden.append((instance, part.number))
            here = [at for at, scope in enumerate(state.scopes) if scope == path and state.parents[at] == instance]
            steps.extend(Goal(part.children[0], False, at) for at in here)
            return
        if path is None or (part.scope is not None and not path.startswith(f"{part.scope}.")):
            raise _Conflict
        made = self._new(state, path, instance)
        steps.append(Goal(part.children[0], True, made))
        for where, number in state.forbidden:
            other = self.space.parts[number]
            if where == instance and isinstance(other.node, logic.Within) and other.node.path == path:
                steps.append(Goal(other.children[0], False, made))

    def _leaf(
        self,
        state: _State,
        part: Part,
        truth: bool,
        instance: int,
        steps: list[Step],
        changed: dict[tuple[int, str], None],
    ) -> None:
        atom = self.space.atom_of[part.number]
        bit = 1 << atom.number
        if not truth:
            self._bar(state, bit, instance, changed)
            return
        if state.banned[instance] & bit:
            raise _Conflict
        if state.held[instance] & bit or self.space.always & bit:
            return
        state.held[instance] |= bit
        if atom.number in self.space.twins:
            twins = self.space.twins[atom.number]
            if len(twins) < _BOTH:
                raise _Conflict
            steps.extend(Put(twin.number, place, instance) for twin, place in twins)
            return
        options = self._puts(state, atom, instance)
        if len(options) == 1:
            steps.extend(options)
        else:
            state.choices.append(options)

    def _puts(self, state: _State, atom: Atom, instance: int) -> tuple[Put, ...]:
        """Where a value for the leaf may go: first where there is one anyway."""
        if not atom.places.likely:
            self.open = self.open or not atom.places.closed
        used = [place for at, place in state.put if at == instance and atom.places.touches(place)]
        return tuple(Put(atom.number, place, instance) for place in dict.fromkeys([*used, *atom.places.likely]))

    def _choice(self, state: _State) -> tuple[Option, ...] | None:
        """The ways to go on: None if all is settled. Choices that are settled already are dropped.

        A search that has had to go back looks at all choices, and takes the one with the fewest ways first.
        """
        careful = self.steps > _CARELESS
        best: tuple[Option, ...] | None = None
        kept: list[tuple[Option, ...]] = []
        while state.choices and (careful or best is None):
            options = state.choices.pop()
            known = [self._known(state, option) for option in options]
            if any(each is True for each in known):
                continue
            left = [option for option, each in zip(options, known, strict=True) if each is None]
            if careful:
                left = [option for option in left if self._viable(state, option)]
            if not left:
                return ()
            if best is None or len(left) < len(best):
                kept.extend(() if best is None else (best,))
                best = tuple(left)
            else:
                kept.append(tuple(left))
        state.choices.extend(reversed(kept))
        if best is None:
            return None
        size = len(best)
        order = sorted(range(size), key=lambda at: (self._cost(state, best[at]), (at - self.turn) % size))
        return tuple(best[at] for at in order)

    def _viable(self, state: _State, step: Option) -> bool:
        """Whether a step does not contradict at once what is settled."""
        banned = state.banned[step.instance]
        if isinstance(step, Put):
            return self._fits(state, step.instance, step.place, (step.atom,), banned)
        part, truth = self._inside(step)
        if not part.is_leaf:
            return True
        atom = self.space.atom_of[part.number]
        if truth:
            (place, *others) = atom.places.likely or ("", "")
            several = bool(others) or bool(self.space.always >> atom.number & 1)
            return several or self._fits(state, step.instance, place, (atom.number,), banned)
        here = [place for at, place in state.put if at == step.instance and atom.places.touches(place)]
        return all(self._fits(state, step.instance, place, (), banned | 1 << atom.number) for place in here)

    def _fits(self, state: _State, instance: int, place: str, more: tuple[int, ...], banned: int) -> bool:
        """Whether values answer what is wanted of a place, and ``more``."""
        wanted = tuple(dict.fromkeys((*state.put.get((instance, place), ()), *more)))
        found = self.space.pool(state.scopes[instance], place).fill(wanted, banned)
        if isinstance(found, tuple):
            return True
        self.open = self.open or self._avoidable(wanted, banned, found)
        return False

    def _avoidable(self, wanted: Sequence[int], banned: int, found: Open | None) -> bool:
        """Whether a conflict may not be one: the search was cut short, or a leaf's value could stand elsewhere."""
        if any(self.space.nowhere(number, banned) for number in wanted):
            return False
        return found is not None or not all(self.space.atoms[number].places.closed for number in wanted)

    def _known(self, state: _State, step: Option) -> bool | None:
        """Whether a step is taken already, or contradicts what is."""
        if isinstance(step, Put):
            return True if step.atom in state.put.get((step.instance, step.place), ()) else None
        part, truth = self._inside(step)
        if not part.is_leaf:
            return None
        bit = 1 << self.space.atom_of[part.number].number
        if (state.held[step.instance] | self.space.always) & bit:
            return truth
        return not truth if state.banned[step.instance] & bit else None

    def _inside(self, goal: Goal) -> tuple[Part, bool]:
        """The part inside one or more nots."""
        part, truth = self.space.parts[goal.part], goal.truth
        while isinstance(part.node, logic.Not):
            part, truth = self.space.parts[part.children[0]], not truth
        return part, truth

    def _cost(self, state: _State, step: Option) -> int:
        """What is simplest comes first: a field left out, then a field's first value, then the rest."""
        if isinstance(step, Put):
            return 0
        part, truth = self._inside(step)
        if not part.is_leaf:
            return 4
        atom = self.space.atom_of[part.number]
        used = any(at == step.instance and atom.places.touches(place) for at, place in state.put)
        return (3 if used else 2) if truth else (1 if used else 0)

    def _model(self, state: _State) -> Model:
        values: Sequence[dict[str, tuple[Any, ...]]] = [{} for _ in state.scopes]
        for (instance, place), wanted in state.put.items():
            found = self.space.pool(state.scopes[instance], place).fill(wanted, state.banned[instance])
            assert isinstance(found, tuple), "settled before"
            values[instance][place] = found
        return tuple(
            Instance(scope, parent, held)
            for scope, parent, held in zip(state.scopes, state.parents, values, strict=True)
        )
