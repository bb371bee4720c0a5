"""Makes ``fields.tsv`` from lists of field types: ``python -m translator.schemas.build ECS.json ALL.json``.

The first list has ECS with what its mappings say (``ignore_above``); the second has, for every field of Elastic's
packages, the types that each source gives it. Names and types are facts.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

#: Sources by precedence: the key in the table, the prefix of its name in the list, what it is called for people.
SOURCES = (
    ("E", "ecs-", "ECS"),
    ("P", "endpoint", "endpoint package"),
    ("I", "integration-schemas", "integrations 2024-07"),
    ("J", "integrations-", "integrations 2023-06"),
    ("K", "package-storage", "integrations 2023-01"),
    ("B", "beats-", "Beats"),
    ("N", "non-ecs", "detection rules' own fields"),
    ("G", "endgame", "Endgame"),
)

#: Where one source gives a field several types, the one that stands further left.
_PREFERRED = [
    "keyword",
    "wildcard",
    "constant_keyword",
    "text",
    "match_only_text",
    "flattened",
    "ip",
    "date",
    "date_nanos",
    "boolean",
    "double",
    "float",
    "half_float",
    "scaled_float",
    "unsigned_long",
    "long",
    "integer",
    "short",
    "byte",
    "version",
    "nested",
    "geo_point",
    "binary",
    "ip_range",
    "date_range",
    "object",
]
_SAME = {"group": "object", "number": "double"}


def rows(ecs: Mapping[str, Any], every: Mapping[str, Mapping[str, list[str]]]) -> Iterator[str]:
    """A line a field: name, type, source, ``ignore_above``, other types as ``type:source`` (empty ones cut off)."""
    for name in sorted({*ecs, *every}):
        found = dict(_types(every.get(name, {})))
        if name in ecs:
            found = {"E": ecs[name]["type"], **found}
        if not found:
            continue
        source = next(key for key, _, _ in SOURCES if key in found)
        above = str(ecs[name]["ignore_above"] or "") if name in ecs else ""
        others = " ".join(
            f"{found[key]}:{key}" for key, _, _ in SOURCES if key in found and found[key] != found[source]
        )
        kind = "" if found[source] == "keyword" else found[source]
        yield "\t".join([name, kind, source, above, others]).rstrip("\t")


def _types(by_source: Mapping[str, list[str]]) -> Iterator[tuple[str, str]]:
    for key, prefix, _ in SOURCES:
        kinds = {
            _SAME.get(kind, kind) for source, types in by_source.items() if source.startswith(prefix) for kind in types
        }
        preferred = [kind for kind in _PREFERRED if kind in kinds]
        if preferred:
            yield key, preferred[0]


def _load(path: str) -> Any:
    content = Path(path).read_bytes()
    return json.loads(gzip.decompress(content) if path.endswith(".gz") else content)


if __name__ == "__main__":
    lines = list(rows(_load(sys.argv[1]), _load(sys.argv[2])))
    Path(__file__).with_name("fields.tsv").write_text("\n".join(lines) + "\n", "utf-8")
    print(f"{len(lines)} fields")
