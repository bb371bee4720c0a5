"""Kibana's exports: one JSON object a line, rules among exception lists, connectors, saved objects and a summary."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from translator import json_reader
from translator.errors import Code, TranslatorError, refuse
from translator.located import Located
from translator.source import Source, Span
from translator.sources import _kibana
from translator.sources._format import Found, SourceFormat

_SUFFIXES = (".ndjson", ".jsonl")
_LINE = re.compile(r"[^\r\n]+")
_STARTED = re.compile(r"\s*\{")

#: How many lines are looked at before a text is taken for something else.
_LOOKED_AT = 20


def _recognises(source: Source) -> bool:
    """Lines that each begin an object (one line alone only in a file that says so), some of them Kibana's."""
    if not _STARTED.match(source.text):
        return False
    lines = [found[0] for found in islice(_LINE.finditer(source.text), _LOOKED_AT) if found[0].strip()]
    alone = len(lines) == 1 and not source.name.lower().endswith(_SUFFIXES)
    if alone or not all(_STARTED.match(line) for line in lines[:2]):
        return False
    return any(_kibana.kind_of(_peeked(line)) for line in lines)


def _peeked(line: str) -> Any:
    try:
        return json_reader.read(Source(line)).value
    except TranslatorError:
        return None


def _read(source: Source) -> Iterator[Found]:
    empty = True
    for found in _kibana.rules(_documents(source)):
        empty = False
        yield found
    if empty:
        raise refuse(Code.NO_QUERY, "Nothing in the file holds a query.", source, Span(0, 1), "export the rules too")


def _documents(source: Source) -> Iterator[Located | TranslatorError]:
    """Each line as a document; a broken one is an error at its place, and hides no other."""
    for found in _LINE.finditer(source.text):
        if found[0].isspace():
            continue
        try:
            yield json_reader.read(source.cut(found.start(), found.end()))
        except TranslatorError as error:
            yield error


SOURCE = SourceFormat("Kibana exports, one JSON object a line", _SUFFIXES, _recognises, _read, by_parts=True)
