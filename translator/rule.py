"""A detection rule: the parts that decide, and what people need to know about it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, assert_never, get_args

from translator import exception_lists, filters, kql, logic, sigma
from translator.errors import Code, Diagnostic, TranslatorError, diagnose, refuse
from translator.kql.check import Checked
from translator.located import Located
from translator.needs import Correlation, Need
from translator.query_dsl import DslReader
from translator.schema import Schema
from translator.source import Source, Span

#: UUIDv5 namespace for rules whose source gives them no id. Fixed for ever: ids depend on it.
ID_NAMESPACE = uuid.UUID("5d3c6c6e-9a3f-5c0b-8a0e-7f6a3f2f1b10")

#: The framework that Sigma's ``attack.`` tags are about.
ATTACK = "MITRE ATT&CK"


class Language(StrEnum):
    """The language that a rule's query is written in."""

    KQL = "kuery"
    SIGMA = "sigma"


@dataclass(frozen=True, slots=True)
class Technique:
    """A MITRE ATT&CK technique or sub-technique, as the rule names it."""

    id: str
    name: str
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Threat:
    """A tactic with the techniques that the rule counts under it, parents before their parts.

    Ids and names are those of ``framework``, which is MITRE's ATT&CK for nearly all rules.
    """

    id: str
    name: str
    reference: str | None = None
    techniques: tuple[Technique, ...] = ()
    framework: str = ATTACK


@dataclass(frozen=True, slots=True)
class Suppression:
    """Alerts that share ``fields`` become one: within ``duration``, or within each run of the rule where it is None.

    ``missing`` says what becomes of events without one of the fields: ``suppress`` or ``doNotSuppress``.
    """

    fields: tuple[str, ...]
    duration: str | None
    missing: str


@dataclass(frozen=True, slots=True)
class LogSource:
    """Sigma's log source."""

    category: str | None = None
    product: str | None = None
    service: str | None = None

    def __bool__(self) -> bool:
        return any((self.category, self.product, self.service))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: an event matches if ``query`` and all active ``filters`` do and no item of ``exceptions`` does.

    These three are cut from ``source``; an empty query asks nothing where there are filters. Everything else informs.
    ``type`` is one of Elastic's rule types, ``status`` a word of Sigma's or Elastic's, ``severity`` a level of either.
    ``interval`` and ``look_back`` are Elasticsearch date math (``5m``, ``now-9m``), dates are ``YYYY-MM-DD``, and
    ``risk_score`` is 0 to 100. A ``building_block`` alerts other rules, not people; a rule that is not ``enabled`` was
    switched off where it comes from. ``extra`` is what else an Elastic rule says, by Elastic's own keys;
    ``sigma_header`` is what else a Sigma rule says of itself, by Sigma's. ``pipelines`` are pySigma's, by name or file:
    a Sigma rule means what they make of it (`through`).
    """

    id: str
    title: str
    query: Source = field(repr=False)
    filters: tuple[Located, ...] = field(default=(), repr=False)
    exceptions: tuple[Located, ...] = field(default=(), repr=False)
    language: Language = Language.KQL
    source: Source = field(repr=False)
    type: str = "query"
    description: str | None = None
    status: str | None = None
    index: tuple[str, ...] = ()
    severity: str | None = None
    risk_score: int | None = None
    interval: str | None = None
    look_back: str | None = None
    maximum_alerts: int | None = None
    references: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    version: str | None = None
    authors: tuple[str, ...] = ()
    license: str | None = None
    date: str | None = None
    modified: str | None = None
    guide: str | None = field(default=None, repr=False)
    setup: str | None = field(default=None, repr=False)
    false_positives: tuple[str, ...] = ()
    threats: tuple[Threat, ...] = ()
    log_source: LogSource = LogSource()
    needs: tuple[Need, ...] = ()
    suppression: Suppression | None = None
    building_block: bool = False
    enabled: bool = True
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    sigma_header: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    pipelines: tuple[str, ...] = ()
    notes: tuple[Diagnostic, ...] = field(default=(), repr=False)

    @property
    def deprecated(self) -> bool:
        """Whether the rule is kept for the record only."""
        return self.status == "deprecated"

    @property
    def whole(self) -> Source:
        """The query, and behind it the filters and exceptions: what the spans of the rule's formula point into."""
        return _joined([self.query, *(part.source.cut(part.extent.start, part.extent.end) for part in self._beside)])

    @property
    def _beside(self) -> tuple[Located, ...]:
        return (*filter(filters.is_active, self.filters), *self.exceptions)

    def through(self, pipelines: Iterable[str]) -> Rule:
        """This Sigma rule as pySigma's processing pipelines make it: they say what it asks, and of which events.

        Raises TranslatorError for a name that is no pipeline, a rule that is not Sigma's, and a correlation.
        """
        names = tuple(pipelines)
        if not names:
            return self
        place = self.source, Span(0, 1)
        if self.language is not Language.SIGMA:
            said = "A pipeline of pySigma's changes Sigma rules, or what pySigma writes; this rule is none of Sigma's."
            raise refuse(Code.NO_PIPELINE, said, *place, "leave -p out, or write it to Sigma first (--to sigma)")
        if any(isinstance(need.detail, Correlation) for need in self.needs):
            said = "The pipeline would not reach the fields that the correlation counts by."
            raise refuse(Code.NO_PIPELINE, said, *place, "leave -p out")
        done = sigma.process(self.query, names)
        if done is None:
            return replace(self, pipelines=names)
        return replace(self, pipelines=names, log_source=done.log_source, index=done.index or self.index)

    def check(self, schema: Schema, *, elastic_names: bool = False) -> Checked:
        """What the rule means for one event, typed by ``schema``. Raises TranslatorError with every mistake.

        ``elastic_names`` gives the fields of Sigma's taxonomy the names that Elastic has for them.
        """
        if not self._beside:
            return self._query(schema, elastic_names)
        found: list[Diagnostic] = []
        checked = Checked(logic.Everything())
        if self.query.text.strip():
            try:
                checked = self._query(schema, elastic_names)
            except TranslatorError as error:
                found.extend(error.diagnostics)
        beside = _Beside(schema, len(self.query.text) + 1)
        wanted = [beside.part(each, filters.meaning) for each in self.filters if filters.is_active(each)]
        excluded = [beside.part(each, exception_lists.meaning) for each in self.exceptions]
        if found := [*found, *beside.found]:
            raise TranslatorError(dict.fromkeys(found))
        return Checked(_formula(checked.formula, wanted, excluded), (*checked.notes, *beside.notes(checked.formula)))

    def _query(self, schema: Schema, elastic_names: bool) -> Checked:
        match self.language:
            case Language.KQL:
                return kql.check(kql.parse(self.query), schema, self.query)
            case Language.SIGMA:
                return sigma.check(self.query, schema, elastic_names=elastic_names, pipelines=self.pipelines)
            case _:
                assert_never(self.language)


class _Beside:
    """Reads what stands beside a query; carries the place that the next part takes in the rule's whole text."""

    def __init__(self, schema: Schema, offset: int) -> None:
        self.schema = schema
        self.offset = offset
        self.found: list[Diagnostic] = []
        self.said: list[Diagnostic] = []
        self.unknown: dict[str, Located] = {}

    def part(self, part: Located, meaning: Callable[[Located, DslReader], logic.Formula]) -> logic.Formula:
        extent = part.extent
        reader = DslReader(self.schema, self.offset - extent.start)
        self.offset += extent.end - extent.start + 1
        formula = meaning(part, reader)
        self.found += reader.found
        self.said += reader.notes
        self.unknown = {**reader.unknown, **self.unknown}
        return formula

    def notes(self, query: logic.Formula) -> Iterator[Diagnostic]:
        """What is worth knowing; the fields that the schema does not know, but for the query's, which has its note."""
        yield from self.said
        said = {leaf.field.path for leaf in logic.walk(query) if isinstance(leaf, get_args(logic.Leaf))}
        names = [name for name in self.unknown if name not in said]
        if names:
            at = self.unknown[names[0]]
            message = f"The schema {self.schema.name} does not know {', '.join(names)}; treated as keyword."
            yield diagnose(Code.UNKNOWN_FIELD, message, at.source, at.span(), "give the types with --schema FILE")


def _formula(query: logic.Formula, wanted: list[logic.Formula], excluded: list[logic.Formula]) -> logic.Formula:
    """The query and the filters and not the exceptions; a query that asks nothing adds nothing."""
    parts = [*(query.items if isinstance(query, logic.And) else [query]), *wanted]
    if excluded:
        span = excluded[0].span | excluded[-1].span
        parts.append(logic.Not(excluded[0] if len(excluded) == 1 else logic.Or(tuple(excluded), span=span), span=span))
    asked = [part for part in parts if not isinstance(part, logic.Everything)] or parts[:1]
    return asked[0] if len(asked) == 1 else logic.And(tuple(asked), span=query.span)


def _joined(parts: Sequence[Source]) -> Source:
    """Cuts of one file as one text, each on lines of its own."""
    if len(parts) == 1:
        return parts[0]
    root = parts[0].root
    positions = [root_at for part in parts for root_at in _root_positions(part)]
    return root.spell("\n".join(part.text for part in parts), positions)


def _root_positions(source: Source) -> Sequence[int]:
    positions: Sequence[int] = source.positions or range(len(source.text) + 1)
    outer = source.outer
    while outer is not None and outer.outer is not None:
        inner, last = positions, len(outer.positions) - 1
        positions = [outer.positions[min(at, last)] for at in inner]
        outer = outer.outer
    return positions


def derived_id(text: str) -> str:
    """The id of a rule whose source names none: the same text gives the same id, on every machine."""
    return str(uuid.uuid5(ID_NAMESPACE, text))


def query_rule(query: Source, *, title: str | None = None) -> Rule:
    """A rule that is nothing but a KQL query; it is called after its text's name."""
    return Rule(id=derived_id(query.text.strip()), title=title or query.root.name, query=query, source=query.root)
