"""Whether a loss can be the reason for a verdict that is not the rule's.

Each part that a loss is about may be true or false, whatever it is to the rule; all else is as it is. If no choice of
those gives the artefact's verdict, the loss is no excuse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from translator import logic
from translator.ledger import Effect, Loss
from translator.witness.parts import Judge, Region

_EITHER = frozenset({True, False})


@dataclass(frozen=True, slots=True)
class Suspect:
    """A loss, and the parts of the formula that it is about."""

    loss: Loss
    parts: frozenset[int]

    def allows(self, verdict: bool) -> bool:
        """Whether its effect is of this kind: wider matches more."""
        return self.loss.effect in ((Effect.WIDER if verdict else Effect.NARROWER), Effect.MIXED)


def may_differ(judge: Judge, region: Region, suspects: Sequence[Suspect], verdict: bool) -> bool:
    """Whether the losses of the right effect can make ``verdict`` of what the rule says of an event."""
    doubtful = frozenset(number for each in suspects if each.allows(verdict) for number in each.parts)
    return bool(doubtful) and verdict in _possible(judge, region, 0, doubtful)


def _possible(judge: Judge, region: Region, number: int, doubtful: frozenset[int]) -> frozenset[bool]:
    """The verdicts that a part may have."""
    if number in doubtful:
        return _EITHER
    part = judge.parts[number]
    match part.node:
        case logic.And() | logic.Or():
            decisive = isinstance(part.node, logic.Or)
            other = not decisive
            inside = [_possible(judge, region, child, doubtful) for child in part.children]
            found = {decisive} if any(decisive in each for each in inside) else set()
            return frozenset(found | ({other} if all(other in each for each in inside) else set()))
        case logic.Not():
            return frozenset(not each for each in _possible(judge, region, part.children[0], doubtful))
        case logic.Within():
            objects = [_possible(judge, each, part.children[0], doubtful) for each in region.objects[number]]
            found = {True} if any(True in each for each in objects) else set()
            return frozenset(found | ({False} if all(False in each for each in objects) else set()))
        case _:
            return frozenset({region.verdicts[number]})
