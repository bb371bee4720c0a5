"""Named sets of losses that a caller accepts beforehand; what neither the profile nor the caller accepts is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from translator.errors import Code, refuse
from translator.ledger import Allowance
from translator.source import Source, Span


@dataclass(frozen=True, slots=True)
class Profile:
    """How an artefact is to be written, and the losses that are accepted for it.

    An accepted loss is reported like any other, and the artefact keeps the fidelity that it has with it.
    """

    name: str
    summary: str
    accepts: frozenset[Code] = frozenset()

    def extended(self, allow: Allowance) -> Allowance:
        """What the profile accepts, and what ``allow`` adds to it."""
        return replace(allow, codes=allow.codes | self.accepts)


FAITHFUL = Profile("faithful", "says what the rule says, in Elastic's field names; accepts no loss")
PORTABLE = Profile(
    "portable",
    "the taxonomy and style of Sigma's own rules; accepts that letter case does not matter",
    frozenset({Code.CASE}),
)

PROFILES: Mapping[str, Profile] = {each.name: each for each in (FAITHFUL, PORTABLE)}


def profile(name: str) -> Profile:
    """The profile called ``name``. Raises TranslatorError that lists the others."""
    if (found := PROFILES.get(name)) is None:
        raise refuse(
            Code.UNKNOWN_PROFILE,
            f'There is no profile "{name}".',
            Source(name, "--profile"),
            Span(0, len(name)),
            f"write one of {', '.join(PROFILES)}",
        )
    return found
