"""Whether a loss can be the reason for a verdict that is not the rule's.

Each part that a loss is about may be true or false, whatever it is to the rule; all else is as it is. If no choice of
those gives the artefact's verdict, the loss is no excuse.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from translator import logic
from translator.ledger import Effect, Loss
from translator.source import NOWHERE, Source, Span
from translator.witness.parts import Judge, Region

_EITHER = frozenset({True, False})
_ONE = {truth: frozenset({truth}) for truth in (True, False)}


@dataclass(frozen=True, slots=True)
class Suspect:
    """A loss, and the parts of the formula that it is about."""

    loss: Loss
    parts: frozenset[int]

    def allows(self, verdict: bool) -> bool:
        """Whether its effect is of this kind: wider matches more."""
        return self.loss.effect in ((Effect.WIDER if verdict else Effect.NARROWER), Effect.MIXED)


class Excuses:
    """The losses of an artefact, each with the parts of the formula that its text in ``whole`` covers.

    A loss that covers no part is about all of it.
    """

    def __init__(self, judge: Judge, losses: Iterable[Loss], whole: Source) -> None:
        self.judge = judge
        places = _Places(judge, whole)
        suspects = [Suspect(loss, places.of(loss.span) or frozenset({0})) for loss in losses]
        self._losses: dict[bool, tuple[Loss, ...]] = {}
        self._doubtful: dict[bool, frozenset[int]] = {}
        for verdict in (True, False):
            allowing = [each for each in suspects if each.allows(verdict)]
            self._losses[verdict] = tuple(dict.fromkeys(each.loss for each in allowing))
            self._doubtful[verdict] = frozenset[int]().union(*(each.parts for each in allowing))

    def of(self, event: Mapping[str, Any], verdict: bool) -> tuple[Loss, ...]:
        """The losses that can make ``verdict`` of what the rule says of an event; none if they cannot."""
        doubtful = self._doubtful[verdict]
        if not doubtful or verdict not in _possible(self.judge, self.judge.look(event), 0, doubtful):
            return ()
        return self._losses[verdict]


class _Places:
    """The parts of a formula by the text that spells them."""

    def __init__(self, judge: Judge, whole: Source) -> None:
        found: dict[Span, list[int]] = defaultdict(list)
        leaves: dict[Span, list[int]] = defaultdict(list)
        for part in judge.parts:
            if part.node.span != NOWHERE:
                span = whole.to_root(part.node.span)
                found[span].append(part.number)
                if part.is_leaf:
                    leaves[span].append(part.number)
        self._all = sorted(found.items(), key=lambda each: each[0].start)
        self._leaves = sorted(leaves.items(), key=lambda each: each[0].start)
        self._starts = [span.start for span, _ in self._all]
        self._leaf_starts = [span.start for span, _ in self._leaves]
        self._longest = max((span.end - span.start for span, _ in self._leaves), default=0)

    def of(self, loss: Span) -> frozenset[int]:
        """The parts that a loss is about: its text holds the part's, or stands inside a leaf's."""
        return frozenset(self._inside(loss)) | frozenset(self._around(loss))

    def _inside(self, loss: Span) -> Iterator[int]:
        for at in range(bisect_left(self._starts, loss.start), bisect_right(self._starts, loss.end)):
            span, numbers = self._all[at]
            if span.end <= loss.end:
                yield from numbers

    def _around(self, loss: Span) -> Iterator[int]:
        if loss.start >= loss.end:
            return
        first = bisect_left(self._leaf_starts, loss.end - self._longest)
        for at in range(first, bisect_right(self._leaf_starts, loss.start)):
            span, numbers = self._leaves[at]
            if loss.end <= span.end:
                yield from numbers


def _possible(judge: Judge, region: Region, number: int, doubtful: frozenset[int]) -> frozenset[bool]:
    """The verdicts that a part may have."""
    if number in doubtful:
        return _EITHER
    part = judge.parts[number]
    match part.node:
        case logic.And() | logic.Or():
            decisive = isinstance(part.node, logic.Or)
            other = not decisive
            may_decide, may_not = False, True
            for child in part.children:
                inside = _possible(judge, region, child, doubtful)
                may_decide = may_decide or decisive in inside
                may_not = may_not and other in inside
            return _EITHER if may_decide and may_not else _ONE[decisive if may_decide else other]
        case logic.Not():
            return frozenset(not each for each in _possible(judge, region, part.children[0], doubtful))
        case logic.Within():
            objects = [_possible(judge, each, part.children[0], doubtful) for each in region.objects[number]]
            found = {True} if any(True in each for each in objects) else set()
            return frozenset(found | ({False} if all(False in each for each in objects) else set()))
        case _:
            return _ONE[region.verdicts[number]]
