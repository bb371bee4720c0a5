"""Names for selections: the role, and what the selection is about."""

from __future__ import annotations

import re
from collections.abc import Iterator

from translator.sigma.detection import Item, Map
from translator.values import show

#: What SigmaHQ's authors call a selection on one of the taxonomy's fields.
_WORDS = {
    "CallTrace": "calltrace",
    "CommandLine": "cli",
    "CurrentDirectory": "dir",
    "DestinationHostname": "dst_host",
    "DestinationIp": "dst_ip",
    "DestinationPort": "dst_port",
    "EventID": "eid",
    "GrantedAccess": "access",
    "Hashes": "hash",
    "Image": "img",
    "ImageLoaded": "dll",
    "OriginalFileName": "pe",
    "ParentCommandLine": "parent_cli",
    "ParentImage": "parent",
    "QueryName": "query",
    "ScriptBlockText": "script",
    "SourceIp": "src_ip",
    "SourcePort": "src_port",
    "TargetFilename": "file",
    "TargetObject": "key",
    "destination.ip": "dst_ip",
    "destination.port": "dst_port",
    "source.ip": "src_ip",
    "source.port": "src_port",
}

#: Fields that hold paths; values that all end with a folder, or begin with a dot, are about just that.
_PATHS = frozenset(
    {
        "CurrentDirectory",
        "Image",
        "ImageLoaded",
        "ParentImage",
        "Path",
        "TargetFilename",
        "exe",
        "file.path",
        "name",
    }
)

#: Names that say little without what they are the names of, and what says nothing about them either.
_VAGUE = frozenset(
    {
        "action",
        "address",
        "arn",
        "args",
        "category",
        "code",
        "command_line",
        "count",
        "dataset",
        "domain",
        "email",
        "executable",
        "id",
        "ip",
        "key",
        "kind",
        "level",
        "method",
        "mode",
        "module",
        "name",
        "number",
        "outcome",
        "path",
        "port",
        "product",
        "provider",
        "reason",
        "result",
        "role",
        "size",
        "status",
        "type",
        "user",
        "value",
        "version",
    }
)
_HOLDERS = frozenset({"audit", "data", "field", "properties"})

#: What tells selections on one field apart.
_SHAPES = {"startswith": "start", "endswith": "end", "contains": "part", "": "exact"}


def name(role: str, items: Map) -> str:
    """``role``, and a short value that says it alone, or what the first field is about."""
    first = items[0]
    if role == "filter_main" and len(items) == 1 and len(first.values) == 1 and (word := _whole_word(first)):
        return f"{role}_{word}"
    return f"{role}_{_about(first)}"


def others(taken: str, items: Map) -> Iterator[str]:
    """More names for a selection, for where ``taken`` is another's: by what else is in it, then by number."""
    if len(items) > 1:
        yield f"{taken}_{_about(items[1]).removeprefix(f'{_about(items[0])}_')}"
    if len(items[0].values) == 1 and (word := _last_word(items[0])):
        yield f"{taken}_{word}"
    elif items[0].operator == "text":
        yield f"{taken}_{'all' if items[0].every else _SHAPES[items[0].shape]}"
    number = 2
    while True:
        yield f"{taken}_{number}"
        number += 1


def _about(item: Item) -> str:
    field = item.field or "keywords"
    if field in _PATHS and item.operator == "text":
        said = [value for value in item.written if isinstance(value, tuple)]
        if item.shape == "startswith" and all(show(value).endswith(("/", "\\")) for value in said):
            return "parent_folder" if field == "ParentImage" else "folder"
        if item.shape == "endswith" and all(show(value).startswith(".") for value in said):
            return "ext"
    return _WORDS.get(field) or _slug(field)


def _slug(field: str) -> str:
    """The end of a field's name, with what stands before it where it says too little alone: ``actor_id``."""
    *before, last = [_spaced(part) for part in field.split(".")]
    return f"{before[-1]}_{last}" if before and last in _VAGUE and before[-1] not in _HOLDERS else last or "field"


def _spaced(part: str) -> str:
    """A name's words in small letters with underscores between them."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", part)
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")


def _whole_word(item: Item) -> str | None:
    value = item.values[0]
    text = value[0] if isinstance(value, tuple) and len(value) == 1 else None
    return text.lower() if isinstance(text, str) and re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{2,23}", text) else None


def _last_word(item: Item) -> str | None:
    """The last word of a value that tells it from its like."""
    value = item.values[0]
    words = re.findall(r"\b[A-Za-z][A-Za-z0-9]{2,19}\b", show(value) if isinstance(value, tuple) else str(value))
    return words[-1].lower() if words else None
