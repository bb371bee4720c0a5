"""A detection rule: the parts that decide, and what people need to know about it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from enum import StrEnum
from typing import assert_never

from translator import kql, sigma
from translator.errors import Diagnostic
from translator.kql.check import Checked
from translator.schema import Schema
from translator.source import NOWHERE, Source, Span

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
class Need:
    """Something that decides besides the query on one event: a threshold, new terms, another index.

    ``kind`` is Elastic's rule type where it is one, ``message`` a sentence, ``span`` its place in the rule's source.
    """

    kind: str
    message: str
    span: Span = NOWHERE


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
    """One rule. ``query`` is the text that decides, cut from ``source``; everything else informs.

    ``type`` is one of Elastic's rule types, ``status`` a word of Sigma's or Elastic's, ``severity`` a level of either.
    ``interval`` and ``look_back`` are Elasticsearch date math (``5m``, ``now-9m``), dates are ``YYYY-MM-DD``, and
    ``risk_score`` is 0 to 100. A ``building_block`` alerts other rules, not people.
    """

    id: str
    title: str
    query: Source = field(repr=False)
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
    building_block: bool = False
    notes: tuple[Diagnostic, ...] = field(default=(), repr=False)

    def check(self, schema: Schema) -> Checked:
        """What the rule means for one event, typed by ``schema``. Raises TranslatorError."""
        match self.language:
            case Language.KQL:
                return kql.check(kql.parse(self.query), schema, self.query)
            case Language.SIGMA:
                return sigma.check(self.query, schema)
            case _:
                assert_never(self.language)


def derived_id(text: str) -> str:
    """The id of a rule whose source names none: the same text gives the same id, on every machine."""
    return str(uuid.uuid5(ID_NAMESPACE, text))


def query_rule(query: Source, *, title: str | None = None) -> Rule:
    """A rule that is nothing but a KQL query; it is called after its text's name."""
    return Rule(id=derived_id(query.text.strip()), title=title or query.root.name, query=query, source=query.root)
