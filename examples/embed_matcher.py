"""Judge events inside a program: one query in three lines, or many rules over a stream.

    python examples/embed_matcher.py RULES < events.ndjson

RULES is a file or a folder. Each match is a line of JSON: the event's line, the rule's id and title.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

import translator
from translator import events
from translator.matcher import Matcher


def asked(query: str, documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The documents that a KQL query matches. A verdict never raises, whatever the document holds."""
    matches = translator.compile(query)
    return [document for document in documents if matches(document)]


def matched(rules: str, lines: BinaryIO) -> Iterator[dict[str, Any]]:
    """Every match of many rules in NDJSON, in the order of the events. Lines without an event go to standard error."""
    loaded = {rule.id: rule for rule in translator.read(rules)}
    matcher = Matcher(loaded.values())
    for event in events.stream(lines, "<stdin>"):
        if isinstance(event, translator.TranslatorError):
            print(event, file=sys.stderr)
            continue
        for rule in matcher.match(event.value):
            yield {"line": event.line, "id": rule, "title": loaded[rule].title}


if __name__ == "__main__":
    for match in matched(sys.argv[1], sys.stdin.buffer):
        print(json.dumps(match))
