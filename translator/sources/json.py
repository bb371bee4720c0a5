"""Kibana's API answers and single rules in JSON: one document, a rule or many."""

from __future__ import annotations

import re
from collections.abc import Iterator

from translator import json_reader
from translator.errors import Code, TranslatorError, refuse
from translator.located import Located
from translator.source import Source, Span
from translator.sources import _kibana
from translator.sources._format import Found, SourceFormat
from translator.sources.ndjson import SOURCE as LINES

_STARTED = re.compile(r"\s*[\[{]")

#: Something that only Kibana's objects say; it spares a look into every other JSON file of a folder.
_TRACE = re.compile(
    r'"(?:rule_id|ruleId|risk_score|riskScore|alertTypeId|rule_type_id|searchSourceJSON|list_id'
    r'|attributes|language|type)"\s*:'
)

#: The lists that answers of several rules come in: ``_find``, and scripts around it.
_LISTS = ("data", "rules", "objects", "saved_objects", "items")


def _recognises(source: Source) -> bool:
    if not _STARTED.match(source.text) or not _TRACE.search(source.text) or LINES.recognises(source):
        return False
    try:
        document = json_reader.read(source)
    except TranslatorError:
        # What is broken and has the name of a rule is worth a word; any other file is none of ours.
        return re.search(r'"(?:rule_id|ruleId|searchSourceJSON)"\s*:', source.text) is not None
    return any(_kibana.kind_of(each.value) for each in _documents(document))


def _read(source: Source) -> Iterator[Found]:
    empty = True
    for found in _kibana.rules(_documents(json_reader.read(source))):
        empty = False
        yield found
    if empty:
        raise refuse(Code.NO_QUERY, "Nothing in the file holds a query.", source, Span(0, 1), "export the rules too")


def _documents(document: Located) -> tuple[Located, ...]:
    """The objects of a document: its own, those of a list, or those of the list in an answer."""
    if isinstance(document.value, list):
        return document.items()
    if isinstance(document.value, dict) and _kibana.kind_of(document.value) is None:
        for key in _LISTS:
            if isinstance(document.value.get(key), list):
                return document.at(key).items()
    return (document,)


SOURCE = SourceFormat("a Kibana rule, saved object or list of them in one document", (".json",), _recognises, _read)
