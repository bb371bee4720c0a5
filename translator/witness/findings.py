"""What the search for witnesses says about a rule: parts that can never be true, and conditions that change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from translator import logic
from translator.errors import Code, Diagnostic, diagnose
from translator.schema import Field
from translator.source import NOWHERE, Source
from translator.witness.leaves import asked, in_words
from translator.witness.parts import Decision, Part
from translator.witness.search import Search
from translator.witness.space import Space

#: Conditions of a contradiction that are tried in pairs, to say which two exclude each other.
_MOST_PAIRED = 12

#: How much of a part's text a message shows.
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Impossible:
    """The decisions of leaves that provably no event shows."""

    space: Space
    decisions: frozenset[Decision]


def findings(impossible: Impossible, source: Source) -> tuple[Diagnostic, ...]:
    """Each contradiction and each idle condition once, the outermost that says it."""
    return tuple(dict.fromkeys(_Finder(impossible, source).found())) if impossible.decisions else ()


class _Finder:
    """Carries the text that the findings point into."""

    def __init__(self, impossible: Impossible, source: Source) -> None:
        self.space = impossible.space
        self.parts = impossible.space.parts
        self.decisions = impossible.decisions
        self.source = source
        #: The leaves of the event itself by their kind.
        self.alike: dict[tuple[int | None, tuple[Field, ...]], list[Part]] = {}
        for part in self.parts:
            if part.is_leaf and part.scope is None:
                self.alike.setdefault(self.kind(part), []).append(part)

    def found(self) -> Iterator[Diagnostic]:
        pending = [0]
        while pending:
            part = self.parts[pending.pop()]
            if not self.touched(part):
                continue
            if (never := self.constant(part)) is not None:
                yield self.contradiction(part) if never is False else self.tautology(part)
            elif part.is_leaf:
                yield from self.idle(part)
            else:
                pending.extend(reversed(part.children))

    def touched(self, part: Part) -> bool:
        """Whether a leaf in it cannot decide."""
        pending = [part.number]
        for number in pending:
            pending.extend(self.parts[number].children)
        return any((number, truth) in self.decisions for number in pending for truth in (True, False))

    def constant(self, part: Part) -> bool | None:
        """The one verdict that the part has on all events, or None. Inside a nested block nothing is claimed."""
        if part.scope is not None:
            return None
        return next((not truth for truth in (True, False) if self.excluded((part.number, truth))), None)

    def excluded(self, *wanted: Decision) -> bool:
        """Whether provably no event has all this."""
        search = Search(self.space)
        for number, truth in wanted:
            search.want(number, truth)
        return next(search.models, None) is None and not search.open

    def contradiction(self, part: Part) -> Diagnostic:
        whole = part.number == 0
        said = "The rule can never match" if whole else f"{self.shown(part)} can never be true"
        pair = self.pair(part)
        if pair is not None:
            first, second = pair
            message = f"{said}: {self.shown(first)} and {self.shown(second)} exclude each other."
            return self.say(Code.NEVER_TRUE, message, second, "change one of the two, or join them with `or`")
        return self.say(Code.NEVER_TRUE, f"{said}.", part, "leave it out, or change one of its conditions")

    def pair(self, part: Part) -> tuple[Part, Part] | None:
        """Two conditions of a conjunction that no event satisfies together."""
        items = self.conjuncts(part)
        if len(items) > _MOST_PAIRED:
            return None
        for first, second in combinations(items, 2):
            if self.excluded((first.number, True), (second.number, True)):
                return first, second
        return None

    def conjuncts(self, part: Part) -> list[Part]:
        if not isinstance(part.node, logic.And):
            return []
        inside = (self.parts[child] for child in part.children)
        return [each for child in inside for each in (self.conjuncts(child) or [child])]

    def tautology(self, part: Part) -> Diagnostic:
        said = "The rule matches every event" if part.number == 0 else f"{self.shown(part)} is always true"
        return self.say(Code.ALWAYS_TRUE, f"{said}.", part, "leave it out, or change one of its conditions")

    def idle(self, part: Part) -> Iterator[Diagnostic]:
        """A leaf that changes nothing, with the one that says it already, if it is one. Of twins the first stays."""
        needless = (part.number, True) in self.decisions
        other = self.instead(part, needless)
        if other is not None and other.node == part.node:
            if other.number > part.number:
                return
            why = "the same is said before"
        elif other is not None:
            why = f"{self.shown(other)} is {'true' if needless else 'false'} wherever it is"
        else:
            why = "where it is true, the rest decides as it does" if needless else "where it is false, so is the rest"
        yield self.say(
            Code.CHANGES_NOTHING,
            f"{self.shown(part)} changes nothing: {why}.",
            part,
            "leave it out, or say what it was meant to add",
        )

    def instead(self, part: Part, needless: bool) -> Part | None:
        """Another leaf that makes this one idle: it is true wherever this one is, or false wherever this one is."""
        if part.scope is not None:
            return None
        near = [each for each in self.alike[self.kind(part)] if each.number != part.number]
        twins = [each for each in near if each.node == part.node]
        for each in (*twins, *near):
            first, second = (part, each) if needless else (each, part)
            if not self.space.told_apart(first, second) and self.excluded((first.number, True), (second.number, False)):
                return each
        return None

    def kind(self, part: Part) -> tuple[int | None, tuple[Field, ...]]:
        """Where a leaf stands and what it asks: only among its like another one is looked for."""
        return part.parent, asked(part.node).fields

    def shown(self, part: Part) -> str:
        """A part's text, or its kind where no text spelled it."""
        if part.is_leaf:
            return f"`{_short(in_words(part.node))}`"
        span = part.node.span
        text = " ".join(self.source.text[span.start : span.end].split()) if span != NOWHERE else ""
        if not text:
            return f"the {type(part.node).__name__.lower()} of it"
        return f"`{_short(text)}`"

    def say(self, code: Code, message: str, part: Part, hint: str) -> Diagnostic:
        return diagnose(code, f"{message[0].upper()}{message[1:]}", self.source, part.node.span, hint)


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
