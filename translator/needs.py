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


Detail: TypeAlias = Threshold | NewTerms | ThreatMatch | ValueList


@dataclass(frozen=True, slots=True)
class Need:
    """Something that decides besides the query on one event: a threshold, new terms, another index, a value list.

    ``kind`` is Elastic's rule type where it is one, ``message`` a sentence, ``span`` its place in the rule's source.
    ``detail`` is None where the file names the type of the rule and says no more. A target that leaves a need out
    matches more than the rule does.
    """

    kind: str
    message: str
    span: Span = NOWHERE
    detail: Detail | None = None
