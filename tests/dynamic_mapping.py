"""The mapping of an index after documents were put into it: Elasticsearch's dynamic mapping, as far as it is needed.

Recorded cases hold the mapping that an index began with; the engine then added a field for each new name.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}(-[0-9]{2}(T[0-9:.,]*(Z|[+-][0-9:]+)?)?)?|[0-9]{4}/[0-9]{2}/[0-9]{2}( .*)?")


def learn(mapping: Mapping[str, Any], documents: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """``mapping`` with the fields that ``documents`` add to it, in their order."""
    learned = copy.deepcopy(dict(mapping))
    for document in documents:
        for path, value in _values(document, ""):
            _add(learned, path.split("."), value)
    return learned


def _values(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _values(each, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for each in value:
            yield from _values(each, path)
    elif value is not None:
        yield path, value


def _add(learned: dict[str, Any], parts: list[str], value: Any) -> None:
    here, dynamic = learned, learned.get("dynamic", True)
    for at, part in enumerate(parts):
        if here.get("type", "object") not in ("object", "nested") or here.get("enabled") is False:
            return
        dynamic = here.get("dynamic", dynamic)
        properties = here.setdefault("properties", {})
        rest = ".".join(parts[at:])
        if rest in properties:
            return
        if part not in properties:
            if dynamic in (False, "false", "strict") or ".".join(parts[: at + 1]) in learned.get("runtime", {}):
                return
            properties[part] = {} if at + 1 < len(parts) else _typed(learned, value)
        here = properties[part]


def _typed(learned: Mapping[str, Any], value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"type": "boolean"}
    if isinstance(value, int):
        return {"type": "long"}
    if isinstance(value, float):
        return {"type": "float"}
    if learned.get("date_detection", True) and _DATE.fullmatch(value):
        return {"type": "date"}
    for template in learned.get("dynamic_templates", ()):
        for each in template.values():
            if each.get("match_mapping_type") == "string":
                return dict(each["mapping"])
    return {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}}
