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


def asked(query: str, documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The documents that a KQL query matches. A verdict never raises, whatever the document holds."""
    matches = translator.compile(query)
    return [document for document in documents if matches(document)]


def matched(rules: str, lines: BinaryIO) -> Iterator[dict[str, Any]]:
    """Every match of many rules in NDJSON, in the order of the events. Lines without an event go to standard error."""
    loaded = {rule.id: rule for rule in translator.read(rules)}
    matcher = translator.Matcher(loaded.values())
    for line, name in matcher.match_ndjson(lines, on_error=lambda error: print(error, file=sys.stderr)):
        yield {"line": line, "id": name, "title": loaded[name].title}


if __name__ == "__main__":
    for match in matched(sys.argv[1], sys.stdin.buffer):
        print(json.dumps(match))
