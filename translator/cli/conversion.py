"""What becomes of the rules of a file: read and converted where they are read, in this process or in another.

A Sigma rule may turn out to be another once all files are read: filters add to it. It is converted as it stands, which
is thrown away in the few cases where it does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Any, TypeAlias, assert_never

from translator.errors import Diagnostic, TranslatorError
from translator.ledger import Fidelity, Loss
from translator.pipeline import convert
from translator.rule import Rule
from translator.source import Source
from translator.sources import End, Found, Part, Waiting, read_part

#: Words of Sigma's and Elastic's for a rule that is kept for the record only.
_RETIRED = frozenset({"deprecated", "unsupported"})

#: Elastic's repository keeps such rules in a folder.
_RETIRED_FOLDER = "_deprecated"

#: Kinds of rules that a run can leave out, and which rules are of that kind.
KINDS: dict[str, Callable[[Rule], bool]] = {
    "building-block": lambda rule: rule.building_block,
    "disabled": lambda rule: not rule.enabled,
    "deprecated": lambda rule: (
        rule.status in _RETIRED or _RETIRED_FOLDER in PurePath(rule.source.name.replace("\\", "/")).parts
    ),
}


@dataclass(frozen=True, slots=True)
class Written:
    """What `translator.pipeline.convert` made, without what nobody asks of it here."""

    text: str
    fidelity: Fidelity
    losses: tuple[Loss, ...]
    notes: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A rule of a ``kind`` that is not wanted."""

    kind: str


@dataclass(frozen=True, slots=True)
class Untried:
    """A rule with the id of another before it: most likely, nobody wants it converted."""

    rule: Rule = field(repr=False)


Result: TypeAlias = Written | TranslatorError | LeftOut | Untried


@dataclass(frozen=True, slots=True)
class Attempt:
    """A rule and what became of it; ``source`` is its file."""

    id: str
    title: str
    source: Source = field(repr=False)
    result: Result


@dataclass(frozen=True, slots=True)
class Held:
    """Something that others may change, and what its rules, as they stand now, became."""

    waiting: Waiting
    tried: tuple[tuple[Rule, Attempt], ...] = ()

    def attempt(self, rule: Rule) -> Attempt | None:
        """What became of ``rule``, if it is still the rule that was tried."""
        return next((attempt for tried, attempt in self.tried if tried is rule), None)


@dataclass
class Converter:
    """Converts rules to the target ``to``, with the ``settings`` of `translator.pipeline.convert`.

    It remembers the ids of the rules that it met: of several with one id, the others stay untried.
    """

    to: str
    settings: Mapping[str, Any]
    leave_out: Sequence[str] = ()
    met: set[str] = field(default_factory=set)

    def __call__(self, part: Part | End) -> Iterator[Attempt | Held | TranslatorError]:
        """What became of all in one file."""
        for found in read_part(part):
            match found:
                case TranslatorError():
                    yield found
                case Rule():
                    yield self.attempt(found)
                case Waiting(alone=True):
                    (results,) = found.settle([found.about])
                    yield Held(found, tuple((each, self.attempt(each)) for each in _rules(results)))
                case Waiting():
                    yield Held(found)
                case _:
                    assert_never(found)

    def attempt(self, rule: Rule) -> Attempt:
        """What becomes of ``rule``, where it is the first with its id."""
        attempt = self.untried(rule)
        if not isinstance(attempt.result, Untried) or rule.id in self.met:
            return attempt
        self.met.add(rule.id)
        return replace(attempt, result=self.result(rule))

    def untried(self, rule: Rule) -> Attempt:
        """``rule``, still to be converted if it is wanted."""
        kind = next((kind for kind in self.leave_out if KINDS[kind](rule)), None)
        return Attempt(rule.id, rule.title, rule.source, Untried(rule) if kind is None else LeftOut(kind))

    def result(self, rule: Rule) -> Written | TranslatorError:
        """``rule`` in the target's words, or why it has none."""
        try:
            made = convert(rule, to=self.to, **self.settings)
        except TranslatorError as error:
            return error
        return Written(made.text, made.fidelity, made.losses, made.notes)


def _rules(found: Sequence[Found]) -> Iterator[Rule]:
    return (each for each in found if isinstance(each, Rule))
