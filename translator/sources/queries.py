"""A list of named queries in YAML or JSON, for those who keep no more than that: ``- {name: ..., query: ...}``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from translator import json_reader, yaml_reader
from translator.errors import Code, TranslatorError, refuse
from translator.located import Located
from translator.rule import Rule, derived_id, query_rule
from translator.source import Source, Span
from translator.sources._format import Found, SourceFormat
from translator.sources._language import demand_kql

#: What an entry may say, all of it texts.
_KEYS = ("name", "query", "id", "description")

#: How such a list begins: an entry with a name or a query, in YAML's block form or between brackets.
_RECOGNISED = re.compile(
    r"""(?:\s*(?:\#[^\r\n]*|---[ \t]*)[\r\n])*\s*(?:-\s+\{?|\[\s*\{)\s*['"]?(?:name|query)['"]?\s*:\s""", re.VERBOSE
)
#: Keys that Kibana's rules and Sigma's have, and these lists have not.
_FOREIGN = re.compile(r"""(?m)(?:^\s*-?\s*|[{,]\s*)['"]?(?:rule_id|risk_score|language|detection|logsource)['"]?\s*:""")

_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)


def _recognises(source: Source) -> bool:
    return (
        _RECOGNISED.match(source.text) is not None
        and re.search(r"\bquery['\"]?\s*:", source.text) is not None
        and _FOREIGN.search(source.text) is None
    )


def _read(source: Source) -> Iterator[Found]:
    json = source.text.lstrip().startswith("[{") or source.name.lower().endswith(".json")
    document = json_reader.read(source) if json else yaml_reader.read(source)
    if not isinstance(document.value, list) or not document.value:
        raise refuse(
            Code.NOT_A_RULE,
            "The file is no list of queries.",
            source,
            Span(0, 1),
            "write `- name: ...` and below it `query: ...`",
        )
    for number, entry in enumerate(document.value):
        try:
            texts = _texts(document, number, entry)
            query = (
                document.text(number, "query")
                if isinstance(document, Located)
                else _aligned(source, document.value_span(number, "query"), entry["query"])
            )
            demand_kql(query)
            yield _rule(query, texts)
        except TranslatorError as error:
            yield error


def _texts(document: Located | yaml_reader.Document, number: int, entry: Any) -> dict[str, str]:
    source, span = document.source, document.value_span(number)
    if not isinstance(entry, dict):
        raise refuse(
            Code.NOT_A_RULE,
            "An entry is a map with `name` and `query`.",
            source,
            span,
            "write `- name: ...` and below it `query: ...`",
        )
    for key in entry:
        if key not in _KEYS:
            raise refuse(
                Code.BAD_VALUE,
                f'There is no key "{key}" here.',
                source,
                document.span(number, key),
                f"use {', '.join(_KEYS)}",
            )
        if not isinstance(entry[key], str) or not entry[key].strip():
            raise refuse(
                Code.BAD_VALUE, f"`{key}` takes a text.", source, document.span(number, key), "put it in quotes"
            )
    for key in ("name", "query"):
        if key not in entry:
            raise refuse(
                Code.NO_QUERY if key == "query" else Code.NOT_A_RULE,
                f"The entry has no {key}.",
                source,
                span,
                f"write `{key}: ...`",
            )
    return entry


def _rule(query: Source, texts: dict[str, str]) -> Rule:
    rule = query_rule(query, title=texts["name"].strip())
    return replace(rule, id=derived_id(texts.get("id", texts["name"]).strip()), description=texts.get("description"))


def _aligned(source: Source, literal: Span, text: str) -> Source:
    """A scalar of YAML, each character with its place, or all of them at its start where that cannot be told."""
    return source.spell(text, _positions(source.text, literal, text) or [literal.start] * (len(text) + 1))


def _positions(whole: str, literal: Span, text: str) -> Sequence[int] | None:
    """Lays the text beside its scalar: blanks may be folded or indented, everything else stands there or is escaped."""
    at, end = literal.start, literal.end
    quote = whole[at : at + 1]
    if quote in ("|", ">"):
        at = whole.find("\n", at, end) + 1 or end
    elif quote in ("'", '"'):
        at += 1
    found: list[int] = []
    for char in text:
        escape = _ESCAPE.match(whole, at, end) if quote == '"' else None
        while not char.isspace() and at < end and whole[at].isspace():
            at += 1
            escape = _ESCAPE.match(whole, at, end) if quote == '"' else None
        found.append(at)
        if escape:
            at = escape.end()
        elif at < end and whole[at] == char:
            at += 2 if quote == char == "'" else 1
        elif char.isspace():
            at += at < end and whole[at].isspace()
        else:
            return None
    return [*found, at]


SOURCE = SourceFormat("a YAML or JSON list of {name, query}", (".yml", ".yaml", ".json"), _recognises, _read)
