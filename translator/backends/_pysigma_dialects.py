"""What pySigma's backends can and cannot say, one row for each target that is known by name.

A backend that has no row is asked what it can say (`_pysigma_probes`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from translator.backends import _pysigma_spelling as spelling
from translator.backends._pysigma_spelling import Engine, Speller
from translator.ledger import Effect


class Truth(Enum):
    """What becomes of ``not f: x`` where the event has no f."""

    #: It is true, as Sigma and KQL have it.
    TWO_VALUED = "two"
    #: It is neither true nor false, and so no match.
    THREE_VALUED = "three"
    #: That, for numbers and addresses only.
    THREE_VALUED_NUMBERS = "numbers"


class Existence(Enum):
    """How it is asked whether a field is there, and whether it is not."""

    EXISTS = "exists: true", "exists: false"
    #: The backend knows ``exists`` not at all.
    NULL = "not null", "null"
    #: It writes ``exists: false`` as a bare `NOT`, which does something else beside an `OR`.
    NULL_IF_ABSENT = "exists: true", "null"
    #: Nobody says how tight its `NOT` is, and a `not` of ours gets parentheses.
    NEGATED = "exists: true", "not exists: true"


class Flag(Enum):
    """How a truth value is asked for."""

    BOOLEAN = "boolean"
    TEXT = "text"
    #: What the backend writes is no valid question.
    WRONG = "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a target is driven.

    ``module`` and ``plugin`` name the backend's class; ``text`` spells texts; ``comment`` is a line that the language
    ignores. ``lists`` is the effect of a field that holds several values, None where any of them may match.
    ``apart`` keeps the backend from joining values into a list, which loses what single values keep.
    """

    module: str
    plugin: str
    summary: str
    suffix: str
    text: Speller
    comment: str | None = None
    truth: Truth = Truth.TWO_VALUED
    #: Whether every text is compared as it is written, as KQL does on a keyword.
    minds: bool = False
    existence: Existence = Existence.EXISTS
    flag: Flag = Flag.BOOLEAN
    #: Whether addresses of version 6 and their networks are compared as addresses.
    version_6: bool = True
    #: Whether a network is asked for as one. If not, its addresses' beginnings are, which pySigma joins by a bare `OR`.
    networks: bool = True
    #: Whether a number is compared as two bounds, since the operator for equal takes texts only.
    bounds: bool = False
    lists: Effect | None = None
    apart: bool = False
    #: Whether a text field is asked for its words, as Elasticsearch's `match` and `match_phrase` do.
    analyses: bool = False
    #: Whether the names of fields are made labels, but for those of networks.
    labels: bool = False
    #: The names that the backend can write, where no pipeline brings others.
    names: str = ".+"
    engine: Engine = Engine.SEARCHED
    #: How the rule's index patterns are handed over: as a list, or not at all.
    index: bool = False
    #: What its class is made with, and what is set on it then.
    options: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    #: Characters that the backend writes raw where a string of the language holds none.
    escapes: Mapping[str, str] = field(default_factory=dict)
    #: The pipelines for the fields of Sigma's taxonomy.
    pipelines: tuple[str, ...] = ()
    #: The only log source's product that these pipelines are for.
    product: str | None = None
    limits: str = ""


_ES = "sigma.backends.elasticsearch"
_LUCENE_LIMITS = "letter case that does not matter"
_PLAIN_NAMES = r"[A-Za-z_]\w*"

#: The backend leaves in a name what Lucene's query parser takes for more.
_LUCENE_NAMES = {"field_escape_pattern": re.compile(r"[\s:(){}\[\]\"^~\\/<>=!+*?|&]")}

#: The backend leaves bare what is a word of SQL, and a quote in a name.
_DUCKDB_NAMES = {"field_quote_pattern": re.compile("(?!)"), "field_escape": '"'}

_LINE_ENDS = {"\n": "\\n", "\r": "\\r"}

#: The backend quotes a name for the hyphen it begins with, and for no other character of EQL's.
_EQL_NAMES = {"field_quote_pattern": re.compile(r"(?!(?:[A-Za-z_@][A-Za-z0-9_@]*)(?:\.[A-Za-z_@][A-Za-z0-9_@]*)*\Z)")}

_MISSING = "a missing field and an empty text are the same there"

DIALECTS: Mapping[str, Dialect] = {
    "duckdb": Dialect(
        module="sigma_backend_duckdb",
        plugin="DuckDBBackend",
        attributes=_DUCKDB_NAMES,
        summary="SQL for DuckDB",
        suffix=".sql",
        text=spelling.duckdb,
        comment="-- {}",
        truth=Truth.THREE_VALUED,
        version_6=False,
        networks=False,
        lists=Effect.MIXED,
        limits="fields of several values, addresses of several spellings, keywords",
    ),
    "elastalert": Dialect(
        module=_ES,
        plugin="ElastalertBackend",
        summary="ElastAlert rule (YAML)",
        suffix=".yml",
        text=spelling.lucene,
        existence=Existence.NULL_IF_ABSENT,
        engine=Engine.LUCENE,
        minds=True,
        attributes=_LUCENE_NAMES,
        analyses=True,
        comment="# {}",
        index=True,
        pipelines=("ecs_windows",),
        product="windows",
        limits=_LUCENE_LIMITS,
    ),
    "eql": Dialect(
        module=_ES,
        plugin="EqlBackend",
        attributes=_EQL_NAMES,
        escapes=_LINE_ENDS,
        names="[^`]+",
        summary="Elastic's Event Query Language",
        suffix=".eql",
        text=spelling.eql,
        engine=Engine.LUCENE_FOLDED,
        comment="// {}",
        truth=Truth.THREE_VALUED,
        existence=Existence.NULL,
        flag=Flag.WRONG,
        bounds=True,
        lists=Effect.MIXED,
        apart=True,
        index=True,
        pipelines=("ecs_windows",),
        product="windows",
        limits="patterns that mind letter case, truth values, fields of several values",
    ),
    "esql": Dialect(
        module=_ES,
        plugin="ESQLBackend",
        escapes=_LINE_ENDS,
        names="[^`]+",
        summary="Elastic's ES|QL",
        suffix=".esql",
        text=spelling.esql,
        engine=Engine.LUCENE,
        minds=True,
        comment="// {}",
        truth=Truth.THREE_VALUED,
        lists=Effect.NARROWER,
        index=True,
        pipelines=("ecs_windows",),
        product="windows",
        limits=f"{_LUCENE_LIMITS}, fields of several values, keywords",
    ),
    "kusto": Dialect(
        module="sigma.backends.kusto",
        plugin="KustoBackend",
        summary="Kusto, for Microsoft Sentinel",
        suffix=".kusto",
        text=spelling.kusto,
        comment="// {}",
        truth=Truth.THREE_VALUED_NUMBERS,
        flag=Flag.WRONG,
        version_6=False,
        lists=Effect.MIXED,
        apart=True,
        names=_PLAIN_NAMES,
        pipelines=("sentinel_asim",),
        limits=f"names with dots, truth values, addresses of version 6, fields of several values; {_MISSING}",
    ),
    "loki": Dialect(
        module="sigma.backends.loki",
        plugin="LogQLBackend",
        summary="LogQL, for Grafana Loki",
        suffix=".logql",
        text=spelling.loki,
        engine=Engine.WHOLE,
        comment="# {}",
        truth=Truth.THREE_VALUED_NUMBERS,
        existence=Existence.NULL,
        labels=True,
        flag=Flag.TEXT,
        lists=Effect.MIXED,
        limits=f"fields of several values; {_MISSING}",
    ),
    "lucene": Dialect(
        module=_ES,
        plugin="LuceneBackend",
        summary="Lucene query string, for Kibana and Elasticsearch",
        suffix=".lucene",
        text=spelling.lucene,
        existence=Existence.NULL_IF_ABSENT,
        engine=Engine.LUCENE,
        minds=True,
        attributes=_LUCENE_NAMES,
        analyses=True,
        pipelines=("ecs_windows",),
        product="windows",
        limits=_LUCENE_LIMITS,
    ),
    "microsoft365defender": Dialect(
        module="sigma.backends.kusto",
        plugin="KustoBackend",
        summary="Kusto, for Microsoft Defender XDR",
        suffix=".kusto",
        text=spelling.kusto,
        comment="// {}",
        truth=Truth.THREE_VALUED_NUMBERS,
        flag=Flag.WRONG,
        version_6=False,
        lists=Effect.MIXED,
        apart=True,
        names=_PLAIN_NAMES,
        pipelines=("microsoft_xdr",),
        limits=f"names with dots, truth values, addresses of version 6, fields of several values; {_MISSING}",
    ),
    "opensearch": Dialect(
        module="sigma.backends.opensearch",
        plugin="OpensearchLuceneBackend",
        summary="Lucene query string, for OpenSearch",
        suffix=".lucene",
        text=spelling.lucene,
        existence=Existence.NULL_IF_ABSENT,
        engine=Engine.LUCENE,
        minds=True,
        attributes=_LUCENE_NAMES,
        analyses=True,
        pipelines=("ecs_windows",),
        product="windows",
        limits=_LUCENE_LIMITS,
    ),
    "splunk": Dialect(
        module="sigma.backends.splunk",
        plugin="SplunkBackend",
        summary="Splunk's search language",
        suffix=".spl",
        text=spelling.splunk,
        comment="``` {} ```",
        pipelines=("splunk_windows",),
        product="windows",
        limits="letter case that matters, wildcards for one character, literal stars",
    ),
    "sqlite": Dialect(
        module="sigma.backends.sqlite",
        plugin="sqliteBackend",
        summary="SQL for SQLite, and for Zircolite",
        suffix=".sql",
        text=spelling.sqlite,
        comment="-- {}",
        version_6=False,
        networks=False,
        lists=Effect.MIXED,
        options={"collate_nocase": True},
        limits="fields of several values, addresses of several spellings, letter case outside ASCII, keywords",
    ),
}

#: The same queries, in the rule that Kibana imports.
SIEM_RULE = "siem_rule"

#: Fields of ECS that are lists, by their names' shapes.
_LISTS = re.compile(
    r"event\.(?:category|type)|tags|related\..+|(?:.+\.)?(?:args|env_vars|roles|capabilities\.(?:effective|permitted))"
    r"|(?:host|observer)\.(?:ip|mac)|dns\.(?:answers(?:\..+)?|header_flags|resolved_ip)|registry\.data\.strings"
    r"|file\.attributes|email\.(?:attachments(?:\..+)?|(?:to|from|cc|bcc|reply_to)\.address)"
    r"|(?:.+\.)?x509\.(?:alternative_names|(?:issuer|subject)\.(?!distinguished_name).+)"
    r"|container\.image\.(?:tag|hash\.all)|orchestrator\.resource\.(?:annotation|ip|label)|rule\.author"
)


def is_list(path: str) -> bool:
    """Whether ECS says that the field holds a list."""
    return _LISTS.fullmatch(path) is not None
