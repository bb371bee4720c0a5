"""Runs a query that was written for SQLite or DuckDB on one event, as a table of one row.

The row is the event as a flattener lays it out: a column for each field by its dotted name, of the type that the schema
says; what is missing is NULL, and so are null and an empty list. A list of one value is that value. One of several is
JSON where ECS says that the field is a list, which the artefact has declared as a loss; else the table has no place.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from threading import Lock
from typing import Any, TypeAlias

from translator.artefact import Predicate, Unheld
from translator.backends._pysigma_dialects import is_list
from translator.errors import Code, refuse
from translator.meaning import JsonNumber
from translator.schema import EXACT_TEXT, INTEGERS, NUMBERS, Schema, Type
from translator.source import Source, Span

#: A name and its column's type.
Column: TypeAlias = tuple[str, str]

#: Texts are in the way of names; a name is quoted by either mark, or is a word.
_TOKENS = re.compile(r"'(?:[^']|'')*'|--[^\n]*|`((?:[^`]|``)*)`|\"((?:[^\"]|\"\")*)\"|([A-Za-z_]\w*)")


class _Database:
    """A database in memory, and whose table it holds now."""

    def __init__(self, connection: Any, wrong: type[Exception]) -> None:
        self.connection = connection
        self.wrong = wrong
        self.lock = Lock()
        self.holder: object = None


@cache
def _sqlite(_: int) -> _Database:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.create_function("REGEXP", 2, _regexp, deterministic=True)
    return _Database(connection, sqlite3.Error)


@cache
def _duckdb(_: int) -> _Database:
    """One for each process and never given up: a copy of a process cannot even close what it has got from the other."""
    engine = importlib.import_module("duckdb")
    return _Database(engine.connect(":memory:"), engine.Error)


def sqlite_matches(text: str, schema: Schema) -> Predicate:
    """Run the query with Python's SQLite."""
    columns = list(_columns(text, schema, {"number": "NUMERIC", "boolean": "TEXT", "text": "TEXT"}))
    return _asking(_sqlite, text, columns, _sqlite_value)


def duckdb_is_there() -> bool:
    """Whether the engine itself is installed, which the backend does not need."""
    return find_spec("duckdb") is not None


def duckdb_matches(text: str, schema: Schema) -> Predicate:
    """Run the query with DuckDB, in memory."""
    columns = list(
        _columns(text, schema, {"number": "DOUBLE", "integer": "HUGEINT", "boolean": "BOOLEAN", "text": "VARCHAR"})
    )
    return _asking(_duckdb, text, columns, _duckdb_value)


def _asking(
    opened: Callable[[int], _Database], text: str, columns: list[Column], value: Callable[[Any, str], Any]
) -> Predicate:
    """Asks ``text`` of a table that holds one event at a time.

    The predicate raises Unheld for an event that the table has no place for. Raises TranslatorError for a query that
    the engine does not take.
    """
    names = ", ".join(f"{_quoted(name)} {type_}" for name, type_ in columns)
    create = f"CREATE TABLE logs ({names or 'nothing TEXT'})"
    insert = f"INSERT INTO logs VALUES ({', '.join('?' * (len(columns) or 1))})"
    statement = text.strip().rstrip(";")
    holder = object()

    def asked(row: list[Any] | None) -> bool:
        database = opened(os.getpid())
        with database.lock:
            execute = database.connection.execute
            if database.holder is not holder:
                execute("DROP TABLE IF EXISTS logs")
                execute(create)
                database.holder = holder
            execute("DELETE FROM logs")
            if row is not None:
                execute(insert, row)
            return execute(statement).fetchone() is not None

    def matches(event: Mapping[str, Any]) -> bool:
        flat = dict(_flat(event, ""))
        row = [value(_one(flat.get(name), name), type_) for name, type_ in columns] or [None]
        try:
            return asked(row)
        except opened(os.getpid()).wrong as error:
            raise Unheld(_sentence(error)) from None

    try:
        asked(None)
    except opened(os.getpid()).wrong as error:
        source = Source(text, "<sql>")
        said = f"The engine does not run the query: {_sentence(error)}."
        raise refuse(Code.ENGINE_REFUSED, said, source, Span(0, 1)) from None
    return matches


def _sentence(error: Exception) -> str:
    """What an engine complains about, without all that it could have been given instead."""
    return " ".join(str(error).partition("Candidate functions")[0].split())


def _columns(text: str, schema: Schema, types: Mapping[str, str]) -> Iterator[Column]:
    """The names in a query, each once whatever its letter case. A column that is really a word of SQL does no harm.

    A keyword, or what the schema does not know, is a number where it is compared by its size.
    """
    found: dict[str, str] = {}
    sized: set[str] = set()
    for token in _TOKENS.finditer(text):
        name = next((name for name in token.groups() if name is not None), None)
        if name is not None:
            found.setdefault(name.lower(), name.replace("``", "`").replace('""', '"'))
            if text[token.end() :].lstrip(" ")[:1] in ("<", ">"):
                sized.add(name.lower())
    for key, name in found.items():
        type_ = schema.field(name).type
        if type_ in NUMBERS or (type_ in EXACT_TEXT and key in sized):
            kind = "integer" if type_ in INTEGERS and "integer" in types else "number"
        else:
            kind = "boolean" if type_ is Type.BOOLEAN else "text"
        yield name, types[kind]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _flat(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """The leaves of an event by their dotted names. Objects in a list give their fields lists."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        gathered: dict[str, list[Any]] = {}
        for each in value:
            for name, inner in _flat(each, path):
                gathered.setdefault(name, []).extend(inner if isinstance(inner, list) else [inner])
        yield from gathered.items()
    else:
        yield path, value


def _one(value: Any, name: str) -> Any:
    """The one value of a field. Raises Unheld where it has several, and none of ECS's lists."""
    if not isinstance(value, list):
        return value
    values = list(_within(value))
    if len(values) > 1 and not is_list(name):
        raise Unheld(f"a column has no place for the {len(values)} values of {name}")
    return values[0] if len(values) == 1 else json.dumps(values, default=str) if values else None


def _within(values: list[Any]) -> Iterator[Any]:
    for each in values:
        if isinstance(each, list):
            yield from _within(each)
        elif each is not None:
            yield each


def _text(value: Any) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case JsonNumber():
            return value.token
        case float() if value.is_integer():
            return repr(value)
        case _:
            return str(value)


def _sqlite_value(value: Any, type_: str) -> Any:
    text = _text(value)
    if text is None or type_ == "TEXT":
        return text
    return text.strip()  # the column's affinity makes a number of a text that is one


def _duckdb_value(value: Any, type_: str) -> Any:
    text = _text(value)
    if text is None or type_ == "VARCHAR":
        return text
    if type_ == "BOOLEAN":
        return {"true": True, "false": False}.get(text)
    try:
        return int(text) if type_ == "HUGEINT" else float(text)
    except ValueError:
        try:
            return int(float(text))
        except (ValueError, OverflowError):
            return None


def _regexp(pattern: str, value: Any) -> bool:
    return value is not None and re.search(pattern, str(value)) is not None
