"""Whether every spelling of a rule gives the same verdict: its artefacts run back on witnesses and on given events.

A difference is declared where a loss says it: a wider artefact matches more, and the verdict hangs on what the loss is
about. Any other difference is a mistake of ours, or of whoever changed the artefact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeAlias

from translator import live
from translator.artefact import Artefact, Backend, Predicate, Unheld
from translator.backends import backends
from translator.errors import Code, Diagnostic, TranslatorError
from translator.events import Event
from translator.ledger import Allowance, Effect, Fidelity, Loss
from translator.live.mapping import Replaced, mapped
from translator.logic import Formula
from translator.pipeline import convert, elastic_names, target
from translator.rule import Rule, query_rule
from translator.schema import Schema
from translator.source import Source
from translator.verification.equality import apart, asked_fields, comparable, reread, same
from translator.verification.losses import Excuses
from translator.witness import MOST, Witnesses, witnesses
from translator.witness.leaves import in_words
from translator.witness.parts import Judge

#: Every loss is accepted here, since what it does is what there is to see.
_ALL = Allowance(frozenset(Effect), frozenset())

#: How many differences of a target are made as small as can be.
_MOST_SHOWN = 10

#: Whether an artefact gives a verdict on an event.
_Still: TypeAlias = Callable[[Mapping[str, Any], bool], bool]

#: How many attempts are made to leave something out of an event that shows a difference.
_MOST_CUTS = 300


class Outcome(StrEnum):
    """What became of one target."""

    SAME = "same"
    #: Some verdicts differ, each as a loss says.
    DECLARED = "declared"
    #: A verdict differs that no loss declares.
    DIFFERS = "differs"
    #: The target cannot say the rule, whatever is allowed.
    IMPOSSIBLE = "impossible"
    #: What was written cannot be run back, or is answered with an error.
    FAILED = "failed"
    #: Only a foreign product can run it.
    UNVERIFIED = "unverified"


#: Outcomes in the order in which people want to read them.
_ORDER = (
    Outcome.DIFFERS,
    Outcome.FAILED,
    Outcome.DECLARED,
    Outcome.IMPOSSIBLE,
    Outcome.UNVERIFIED,
    Outcome.SAME,
)


@dataclass(frozen=True, slots=True)
class Case:
    """An event with the rule's verdict; ``why`` says what it is a witness of, ``line`` where it was given."""

    event: Mapping[str, Any]
    expected: bool
    why: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """A verdict that is not the rule's. ``losses`` declare it; ``deciding`` are the conditions that it hangs on.

    ``smallest`` is the event with all left out that makes no difference to the difference.
    """

    case: Case
    smallest: Mapping[str, Any]
    losses: tuple[Loss, ...] = ()
    deciding: tuple[str, ...] = ()
    other_deciding: tuple[str, ...] = ()

    @property
    def declared(self) -> bool:
        """Whether a loss says so."""
        return bool(self.losses)


@dataclass(frozen=True, slots=True)
class Judged:
    """A target's verdicts beside the rule's, and the ``text`` that gave them.

    ``refused`` are events that an engine does not take, by number.
    """

    target: str
    outcome: Outcome
    verdicts: tuple[bool | None, ...] = field(default=(), repr=False)
    differences: tuple[Difference, ...] = ()
    fidelity: Fidelity | None = None
    losses: tuple[Loss, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    refused: Mapping[int, str] = field(default_factory=dict)
    replaced: tuple[Replaced, ...] = ()
    proved: bool = False
    text: str = field(default="", repr=False)

    @property
    def undeclared(self) -> tuple[Difference, ...]:
        """The differences that no loss explains."""
        return tuple(each for each in self.differences if not each.declared)


@dataclass(frozen=True, slots=True)
class Report:
    """One verdict for each target and event: `cases` in order, the targets with differences first."""

    rule: Rule
    cases: tuple[Case, ...] = field(repr=False)
    targets: tuple[Judged, ...]
    witnesses: Witnesses = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether every difference is declared."""
        return all(each.outcome not in (Outcome.DIFFERS, Outcome.FAILED) for each in self.targets)

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        """What the witnesses tell about the rule itself."""
        return self.witnesses.findings


def verify(
    rule: Rule | str,
    events: Iterable[Mapping[str, Any] | Event] | None = None,
    engine: live.Engine | str | None = None,
    *,
    schema: Schema | None = None,
    to: Iterable[str] | None = None,
    against: Rule | str | None = None,
    most: int = MOST,
    fields: str | None = None,
) -> Report:
    """Run what each target (or those of ``to``) makes of ``rule`` on witnesses of the rule and on ``events``.

    ``engine`` is asked too, if given; ``against`` is another rule that should give the same verdicts. About ``most``
    witnesses are made. ``fields`` says which names a Sigma rule's fields have in the events, and in every artefact:
    Elastic's (``ecs``, if left out) or their own (``none``); left out, ``against`` has those that ``rule`` asks for.

    Raises TranslatorError where the rule is wrong, a target is unknown, or the engine is out of reach.
    """
    types = schema or Schema.default()
    chosen = {name: target(name) for name in to} if to is not None else backends()
    verifier = _Verifier(_rule(rule), types, most, fields)
    other = None if against is None else _Other(_rule(against), types, fields, verifier.formula)
    verifier.gather(other, events or ())
    judged = [verifier.backend(each) for each in chosen.values()]
    if other is not None:
        judged.append(verifier.other(other))
    if engine is not None:
        judged.append(verifier.engine(live.Engine(engine) if isinstance(engine, str) else engine))
    judged.sort(key=lambda each: _ORDER.index(each.outcome))
    return Report(verifier.rule, tuple(verifier.cases), tuple(judged), verifier.witnesses)


@dataclass(frozen=True)
class _Other:
    """A rule to compare with ``first``: where nobody says how its fields are called, by the names that both have."""

    rule: Rule
    schema: Schema
    fields: str | None
    first: Formula

    @cached_property
    def formula(self) -> Formula:
        elastic = _elastic(self.rule, self.fields)
        formula = self.rule.check(self.schema, elastic_names=elastic).formula
        if self.fields is not None or not elastic:
            return formula
        own = self.rule.check(self.schema, elastic_names=False).formula
        names = asked_fields(self.first)
        return own if len(names & asked_fields(own)) > len(names & asked_fields(formula)) else formula

    @cached_property
    def judge(self) -> Judge:
        return Judge(self.formula, self.schema, source=self.rule.whole)

    def apart(self, formula: Formula) -> Iterator[Mapping[str, Any]]:
        """Events that should satisfy one of the two and not the other."""
        return apart(formula, self.formula, self.schema)


class _Verifier:
    """Carries a rule's cases through its targets."""

    def __init__(self, rule: Rule, schema: Schema, most: int, fields: str | None) -> None:
        self.rule = rule
        self.schema = schema
        self.most = most
        elastic = _elastic(rule, fields)
        self.fields = "ecs" if elastic else "none"
        checked = rule.check(schema, elastic_names=elastic)
        self.formula = checked.formula
        # The witnesses have the names that the rule got, so what a name loses excuses nothing here.
        self.renamed = frozenset(checked.losses)
        self.witnesses = witnesses(self.formula, schema, source=rule.whole, most=most)
        self.cases: list[Case] = []

    @cached_property
    def judge(self) -> Judge:
        return Judge(self.formula, self.schema, source=self.rule.whole)

    def gather(self, other: _Other | None, events: Iterable[Mapping[str, Any] | Event]) -> None:
        """The events to judge: witnesses of the rule, of what it is compared with, and those given."""
        for each in self.witnesses.events:
            self.cases.append(Case(each.event, each.expected, self.about(each.leaf, each.why)))
        if other is not None:
            for each in witnesses(other.formula, self.schema, source=other.rule.whole, most=self.most).events:
                self.case(each.event, "a witness of the other rule")
            for event in other.apart(self.formula):
                self.case(event, "it tells the two rules apart")
        for number, given in enumerate(events, 1):
            match given:
                case Event(line, value):
                    self.case(value, "given", line)
                case _:
                    self.case(given, "given", number)

    def case(self, event: Mapping[str, Any], why: str, line: int | None = None) -> None:
        self.cases.append(Case(event, self.judge.matches(event), why, line))

    def about(self, leaf: int | None, why: str) -> str:
        return why if leaf is None else f"{in_words(self.judge.parts[leaf].node)}: {why}"

    def backend(self, backend: Backend) -> Judged:
        """The verdicts of the artefact's text, read back."""
        try:
            artefact = convert(self.rule, to=backend.name, schema=self.schema, allow=_ALL, fields=self.fields)
        except TranslatorError as error:
            return Judged(backend.name, Outcome.IMPOSSIBLE, diagnostics=error.diagnostics)
        if backend.matches is None:
            return Judged(
                backend.name, Outcome.UNVERIFIED, fidelity=artefact.fidelity, losses=artefact.losses,
                diagnostics=artefact.notes, text=artefact.text,
            )  # fmt: skip
        try:
            test = backend.matches(artefact.text, self.schema)
        except TranslatorError as error:
            return Judged(
                backend.name, Outcome.FAILED, fidelity=artefact.fidelity, losses=artefact.losses,
                diagnostics=error.diagnostics, text=artefact.text,
            )  # fmt: skip
        asked, refused = _asked(test), {}
        verdicts: list[bool | None] = []
        for number, each in enumerate(self.cases):
            found = asked(each.event)
            verdicts.append(found if isinstance(found, bool) else None)
            if isinstance(found, str):
                refused[number] = found
        judged = self.judged(artefact, tuple(verdicts), lambda event, verdict: asked(event) is verdict)
        return self.searched(replace(judged, refused=refused), asked)

    def judged(self, artefact: Artefact, verdicts: tuple[bool | None, ...], still: _Still | None) -> Judged:
        """What an artefact's verdicts come to. ``still`` asks it again, where it can be asked."""
        excuses = Excuses(self.judge, self.excusing(artefact.losses), self.rule.whole)
        found = [
            Difference(case, case.event, excuses.of(case.event, verdict)) for case, verdict in self.differing(verdicts)
        ]
        shown = [self.explained(each, still) if at < _MOST_SHOWN else each for at, each in enumerate(_sorted(found))]
        return Judged(
            artefact.target, _outcome(found), verdicts, tuple(_sorted(shown)), artefact.fidelity, artefact.losses,
            text=artefact.text,
        )  # fmt: skip

    def searched(self, judged: Judged, asked: Callable[[Mapping[str, Any]], bool | str]) -> Judged:
        """The same, if no verdict differs and nothing is lost, with what the artefact's text says as a formula:

        an event that tells it from the rule's, or that there is none.
        """
        if judged.outcome is not Outcome.SAME or judged.losses:
            return judged
        other = reread(judged.target, judged.text, self.schema)
        if other is None or not comparable(self.formula, other):
            return judged
        for event in apart(self.formula, other, self.schema):
            expected = self.judge.matches(event)
            if asked(event) is (not expected):
                case = Case(event, expected, "it tells the artefact from the rule")
                shown = self.explained(Difference(case, event), lambda said, verdict: asked(said) is verdict)
                return replace(judged, outcome=Outcome.DIFFERS, differences=(shown,))
        return replace(judged, proved=same(self.formula, other, self.schema))

    def differing(self, verdicts: Sequence[bool | None]) -> list[tuple[Case, bool]]:
        return [
            (case, verdict)
            for case, verdict in zip(self.cases, verdicts, strict=True)
            if verdict is not None and verdict is not case.expected
        ]

    def explained(self, difference: Difference, still: _Still | None) -> Difference:
        """The difference with a smaller event and what decides that."""
        expected = difference.case.expected
        smallest = difference.smallest
        if still is not None:
            smallest = _smallest(
                smallest, lambda event: self.judge.matches(event) is expected and still(event, not expected)
            )
        return replace(difference, smallest=smallest, deciding=_deciding(self.judge, smallest))

    def excusing(self, losses: Iterable[Loss]) -> Iterator[Loss]:
        """The losses that can change a verdict: what a rule needs beyond one event changes none on one."""
        return (each for each in losses if each.code is not Code.NEED_DROPPED and each not in self.renamed)

    def other(self, other: _Other) -> Judged:
        """The verdicts of the other rule; where no event tells the two apart, that may be a proof."""
        verdicts = tuple(other.judge.matches(each.event) for each in self.cases)
        found = _sorted(Difference(case, case.event) for case, _ in self.differing(verdicts))
        shown: list[Difference] = []
        for each in found[:_MOST_SHOWN]:
            small = self.explained(each, lambda event, verdict: other.judge.matches(event) is verdict)
            shown.append(replace(small, other_deciding=_deciding(other.judge, small.smallest)))
        proved = not found and same(self.formula, other.formula, self.schema)
        return Judged(
            other.rule.title, _outcome(found), verdicts, _sorted([*shown, *found[_MOST_SHOWN:]]), proved=proved,
            text=other.rule.query.text,
        )  # fmt: skip

    def engine(self, engine: live.Engine) -> Judged:
        """The verdicts of a running engine on the Query DSL."""
        name = f"dsl on {engine.shown}"
        try:
            artefact = convert(self.rule, to="dsl", schema=self.schema, allow=_ALL, fields=self.fields)
        except TranslatorError as error:
            return Judged(name, Outcome.IMPOSSIBLE, diagnostics=error.diagnostics)
        verdicts: list[bool | None] = []
        refused: dict[int, str] = {}
        replaced: dict[Replaced, None] = {}
        for start in range(0, len(self.cases), live.MOST_DOCUMENTS):
            events = [each.event for each in self.cases[start : start + live.MOST_DOCUMENTS]]
            with engine.index(mapped(self.schema, [self.formula], events), events) as index:
                replaced |= dict.fromkeys(index.mapping.replaced)
                refused |= {start + number: why for number, why in index.refused.items()}
                try:
                    hits = index.search(artefact.data)
                except TranslatorError as error:
                    if any(each.code is not Code.ENGINE_REFUSED for each in error.diagnostics):
                        raise
                    return Judged(
                        name, Outcome.FAILED, fidelity=artefact.fidelity, losses=artefact.losses,
                        diagnostics=error.diagnostics, replaced=tuple(replaced),
                    )  # fmt: skip
            verdicts += [None if number in index.refused else number in hits for number in range(len(events))]
        judged = self.judged(replace(artefact, target=name), tuple(verdicts), None)
        return replace(judged, refused=refused, replaced=tuple(replaced))


def _asked(test: Predicate) -> Callable[[Mapping[str, Any]], bool | str]:
    """``test``, which says why where the target's data has no place for an event."""

    def ask(event: Mapping[str, Any]) -> bool | str:
        try:
            return test(event)
        except Unheld as why:
            return str(why)

    return ask


def _outcome(found: Sequence[Difference]) -> Outcome:
    if not found:
        return Outcome.SAME
    return Outcome.DECLARED if all(each.declared for each in found) else Outcome.DIFFERS


def _sorted(found: Iterable[Difference]) -> tuple[Difference, ...]:
    """What no loss declares first, and the smallest event first."""
    return tuple(sorted(found, key=lambda each: (each.declared, len(live.written(each.smallest)))))


def _deciding(judge: Judge, event: Mapping[str, Any]) -> tuple[str, ...]:
    """The conditions that alone decide the event, in words."""
    decisions = sorted(judge.decisions(event))
    return tuple(f"{in_words(judge.parts[number].node)} is {str(truth).lower()}" for number, truth in decisions)


def _smallest(event: Mapping[str, Any], differs: Callable[[Mapping[str, Any]], bool]) -> Mapping[str, Any]:
    """The event with everything left out that can be without the difference being lost."""
    cuts = 0
    again = True
    while again and cuts < _MOST_CUTS:
        again = False
        for shorter in _shorter(event):
            cuts += 1
            if differs(shorter):
                event, again = shorter, True
                break
    return event


def _shorter(event: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    for key, value in event.items():
        yield {name: each for name, each in event.items() if name != key}
        if isinstance(value, Mapping):
            yield from ({**event, key: inner} for inner in _shorter(value))
        elif isinstance(value, list) and len(value) > 1:
            yield from ({**event, key: [*value[:at], *value[at + 1 :]]} for at in range(len(value)))
        elif isinstance(value, list) and value:
            yield {**event, key: value[0]}


def _elastic(rule: Rule, fields: str | None) -> bool:
    return elastic_names(rule, "dsl", fields)


def _rule(rule: Rule | str) -> Rule:
    return query_rule(Source(rule)) if isinstance(rule, str) else rule
