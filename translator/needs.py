"""What a rule asks for besides its query on one event, as data, so that a target that can say it does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from translator.located import Located
from translator.source import NOWHERE, Source, Span


@dataclass(frozen=True, slots=True)
class Cardinality:
    """``field`` has at least ``value`` different values among the events that are counted together."""

    field: str
    value: int


@dataclass(frozen=True, slots=True)
class Threshold:
    """At least ``value`` events that share ``fields`` (no field: all events together) within ``window``.

    Where there are cardinalities, they must hold too. ``window`` is a duration such as ``9m``: how far back each run
    of the rule looks, which is not how often it runs.
    """

    fields: tuple[str, ...]
    value: int
    cardinality: tuple[Cardinality, ...]
    window: str


@dataclass(frozen=True, slots=True)
class NewTerms:
    """The values of ``fields``, taken together, did not occur since ``since`` (date math such as ``now-14d``)."""

    fields: tuple[str, ...]
    since: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """The event's ``field`` has a value of the indicator's ``indicator`` field, or has none of them if ``negated``."""

    field: str
    indicator: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class ThreatMatch:
    """Some document of ``index`` that ``query`` and ``filters`` choose agrees with the event.

    ``mapping`` is alternatives, each a list of comparisons that hold together. ``path`` is the object that holds an
    indicator's own fields.
    """

    index: tuple[str, ...]
    query: Source | None = field(repr=False)
    language: str
    filters: tuple[Located, ...] = field(repr=False)
    mapping: tuple[tuple[Comparison, ...], ...]
    path: str


@dataclass(frozen=True, slots=True)
class ValueList:
    """An exception whose values stand in a list that Kibana keeps elsewhere; ``item`` is the exception's name."""

    id: str
    type: str
    item: str


@dataclass(frozen=True, slots=True)
class ExceptionList:
    """A list of exceptions that the rule names and an export does not hold, by Kibana's words for it."""

    id: str
    list_id: str
    type: str
    namespace_type: str


@dataclass(frozen=True, slots=True)
class Bound:
    """A comparison with a number: ``operator`` is lt, lte, gt, gte, eq or neq."""

    operator: str
    value: int | float


@dataclass(frozen=True, slots=True)
class Correlation:
    """What a Sigma correlation asks of the events that match one of ``rules`` (ids) within ``timespan`` (``15m``).

    Events that share ``group_by`` are taken together; ``aliases`` are names for fields that differ by rule, each with
    pairs of a rule's id and its field. ``bounds`` are for their number (event_count), or for the values of ``fields``
    (value_count and its kin; a ``percentile`` where it is one). A temporal correlation wants an event of each rule, or
    what ``condition`` says of them. ``generates`` says that its rules alert by themselves, too.
    """

    type: str
    rules: tuple[str, ...]
    group_by: tuple[str, ...]
    timespan: str
    bounds: tuple[Bound, ...] = ()
    fields: tuple[str, ...] = ()
    percentile: int | None = None
    condition: str | None = None
    aliases: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    generates: bool = False


Detail: TypeAlias = Threshold | NewTerms | ThreatMatch | ValueList | ExceptionList | Correlation


@dataclass(frozen=True, slots=True)
class Need:
    """Something that decides besides the query on one event: a threshold, new terms, another index, a list.

    ``kind`` is Elastic's rule type where it is one, ``correlation`` for Sigma's; ``message`` is a sentence, ``span``
    its place in the rule's source. ``detail`` is None where the file names the type of the rule and says no more. A
    target that leaves a need out matches more than the rule does.
    """

    kind: str
    message: str
    span: Span = NOWHERE
    detail: Detail | None = None
