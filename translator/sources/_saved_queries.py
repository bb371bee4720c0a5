"""Queries that people saved in Kibana: in searches, dashboards and their panels, visualizations and saved queries.

A saved object keeps much of itself as JSON inside strings; a query is found wherever it lies, with its place in the
file. Every query that asks something becomes a rule of its own.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from translator import filters, json_reader
from translator.errors import Code, TranslatorError, refuse
from translator.located import Located
from translator.rule import Rule, derived_id
from translator.sources._format import Found

#: Keys under which a part of a saved object is called something.
_NAMES = ("title", "label", "name")

#: Texts that hold JSON.
_JSON = re.compile(r"\s*[\[{]")
_JSON_KEYS = re.compile(r"(?:JSON|visState|[iI]nput)\Z")

#: Where the text of a query stands: in the first for Kibana's own two languages.
_TEXTS = ("query", "esql", "sql")

_OTHER_LANGUAGES = {"lucene": "Lucene", "esql": "ES|QL", "sql": "SQL", "eql": "EQL"}


@dataclass(frozen=True, slots=True)
class _Query:
    """A query as it lies in an object: ``{query, language}``, the filters beside it, and the names on the way to it."""

    query: Located
    filters: tuple[Located, ...]
    names: tuple[str, ...]


def read(saved: Located, titles: Mapping[str, str]) -> Iterator[Found]:
    """A rule for each query of a saved object; ``titles`` are the index patterns of the file by their ids."""
    try:
        queries = list(_queries(saved.at("attributes"), ()))
    except TranslatorError as error:
        yield error
        return
    for number, each in enumerate(queries):
        try:
            yield _rule(saved, each, number, titles)
        except TranslatorError as error:
            yield error


def _rule(saved: Located, found: _Query, number: int, titles: Mapping[str, str]) -> Rule:
    language = found.query.at("language")
    said = str(language.value or next(iter(found.query.value)))
    if said != "kuery":
        name = _OTHER_LANGUAGES.get(said, f'"{said}"')
        raise refuse(
            Code.OTHER_LANGUAGE,
            f"The query is written in {name}, not in KQL.",
            language.source,
            language.value_span(),
            "rewrite it as KQL, or leave it where it is",
        )
    title = ": ".join(dict.fromkeys(found.names)) or str(saved.value.get("type"))
    query = found.query.text("query")
    return Rule(
        id=_id(saved, number, title),
        title=title,
        query=query,
        filters=found.filters,
        source=saved.source.root,
        description=_text(saved.at("attributes", "description")),
        index=tuple(_index(saved, titles)),
    )


def _id(saved: Located, number: int, title: str) -> str:
    """The object's own id for its first query, ids derived from it for the others."""
    said = str(saved.value.get("id") or title)
    if number:
        return derived_id(f"{said}/{number}")
    try:
        return str(uuid.UUID(said))
    except ValueError:
        return derived_id(said)


def _index(saved: Located, titles: Mapping[str, str]) -> Iterator[str]:
    """The data views that the object refers to, where the file holds them."""
    for each in saved.at("references").items():
        title = titles.get(str(each.at("id").value))
        if each.at("type").value == "index-pattern" and title:
            yield from (part.strip() for part in title.split(",") if part.strip())


def _queries(at: Located, names: tuple[str, ...]) -> Iterator[_Query]:
    """The queries below ``at`` in its order; those that ask nothing are passed over."""
    match at.value:
        case dict():
            name = next((said for key in _NAMES if (said := _text(at.at(key)))), None)
            inner = (*names, name) if name and name not in names else names
            for key in at.value:
                here = at.at(key)
                if _is_query(here):
                    beside = _filters(at) if key == "query" else ()
                    if any(here.value.get(language, "").strip() for language in _TEXTS) or beside:
                        yield _Query(here, beside, inner)
                else:
                    yield from _queries(_opened(here, str(key)), inner)
        case list():
            for each in at.items():
                yield from _queries(each, names)


def _filters(at: Located) -> tuple[Located, ...]:
    """The filters that stand beside a query and are switched on."""
    beside = at.at("filter") if isinstance(at.value.get("filter"), list) else at.at("filters")
    return tuple(each for each in beside.items() if filters.is_active(each))


def _is_query(at: Located) -> bool:
    """A query with its language, or one in ES|QL or SQL, which Kibana keeps under the language's name alone."""
    if not isinstance(at.value, dict):
        return False
    keys = ("query", "language") if "query" in at.value else tuple(at.value)
    return bool(keys) and set(keys) <= {*_TEXTS, "language"} and all(isinstance(at.value.get(key), str) for key in keys)


def _opened(at: Located, key: str) -> Located:
    """A text that holds JSON as what it holds."""
    if isinstance(at.value, str) and _JSON_KEYS.search(key) and _JSON.match(at.value):
        return json_reader.read(at.text())
    return at


def _text(at: Located) -> str | None:
    return at.value.strip() or None if isinstance(at.value, str) else None
