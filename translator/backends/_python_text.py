"""A formula as Python text that builds it again.

Every part that holds other parts gets a line of its own, so that the text nests no deeper than a leaf does: Python
reads no more than two hundred parentheses in one another.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from typing import Any

from translator import logic
from translator.dsl.emit import Config
from translator.logic import Formula, children
from translator.schema import Field, FieldPattern, FieldRef, Schema, Type

_WIDTH = 110

_IMPORTS = {
    "translator.backends.matcher": ("compile_",),
    "translator.dsl.emit": ("Config",),
    "translator.logic": (
        "And",
        "AnyField",
        "Anywhere",
        "AnywhereRegex",
        "Compare",
        "DatePart",
        "DateUnit",
        "Equals",
        "Everything",
        "Exists",
        "InNetwork",
        "Like",
        "Matches",
        "Not",
        "Numeric",
        "Or",
        "Phrase",
        "RangeOp",
        "Regex",
        "SameAs",
        "Search",
        "SearchPattern",
        "Side",
        "Within",
        "Words",
    ),
    "translator.schema": ("Ask", "Details", "FieldPattern", "FieldRef", "Schema", "Type"),
    "translator.values": ("Wild",),
}


def write(title: str, formula: Formula, schema: Schema, config: Config, *, may_stall: bool = False) -> str:
    """A module with one name of worth, ``matches``, which says of an event whether ``formula`` is true."""
    writer = _Writer()
    last = writer.formula(formula)
    options = "".join(
        f", {name}={said}"
        for name, said in (("schema", writer.schema(formula, schema)), ("config", writer.config(config)))
        if said
    )
    options += ", may_stall=True" if may_stall else ""
    body = "\n".join([*writer.fields.values(), *writer.lines, f"\nmatches = compile_({last}{options})"])
    shown = " ".join(title.split()).replace("\\", "/").replace('"', "'").encode("utf-8", "replace").decode()
    head = f'"""{shown or "A rule"}: ``matches(event)`` is the verdict. Written by sigma-kql, and needs it."""'
    imports = "\n".join(
        f"from {module} import {', '.join(used)}"
        for module, names in _IMPORTS.items()
        if (used := [name for name in names if f"{name}(" in body or f"{name}." in body])
    )
    return f"{head}\n\n{imports}\n\n{body}\n"


class _Writer:
    """Gives names to fields and parts."""

    def __init__(self) -> None:
        self.fields: dict[Field, str] = {}
        self.lines: list[str] = []

    def formula(self, formula: Formula) -> str:
        """The name or text of a formula; its parts come first."""
        pending: list[tuple[Formula, bool]] = [(formula, False)]
        made: list[str] = []
        while pending:
            here, ready = pending.pop()
            parts = children(here)
            if parts and not ready:
                pending.append((here, True))
                pending.extend((part, False) for part in reversed(parts))
                continue
            operands = made[len(made) - len(parts) :]
            del made[len(made) - len(parts) :]
            made.append(self.part(here, operands))
        return made.pop()

    def part(self, formula: Formula, operands: list[str]) -> str:
        match formula:
            case logic.And() | logic.Or() | logic.AnyField():
                return self.named(f"{type(formula).__name__}({_tuple(operands)})")
            case logic.Not():
                return self.named(f"Not({operands[0]})")
            case logic.Within(path, _):
                return self.named(f"Within({path!r}, {operands[0]})")
            case _:
                return self.leaf(formula)

    def named(self, said: str) -> str:
        name = f"part_{len(self.lines) + 1}"
        self.lines.append(f"{name} = {said}")
        return name

    def leaf(self, formula: Formula) -> str:
        return f"{type(formula).__name__}({', '.join(_arguments(formula, self.said))})"

    def said(self, value: Any) -> str:
        return self.field(value) if isinstance(value, (FieldRef, FieldPattern)) else spell(value)

    def field(self, field: Field) -> str:
        name = f"field_{len(self.fields) + 1}"
        found = self.fields.setdefault(field, f"{name} = {spell(field)}")
        return found.partition(" ")[0]

    def schema(self, formula: Formula, schema: Schema) -> str:
        """The schema, where a part of the formula asks it for fields."""
        if schema is Schema.none() or not any(map(_asks_schema, logic.walk(formula))):
            return ""
        if schema is Schema.default():
            return "Schema.default()"
        listed = {name: spell(each) for name, each in schema.fields.items()}
        return (
            f"Schema({schema.name!r}, {_dict(listed)}, default_fields={spell(schema.default_fields)}, "
            f"unlisted={_dict({name: spell(each) for name, each in schema.unlisted.items()})}, "
            f"complete={schema.complete})"
        )

    def config(self, config: Config) -> str:
        return "" if config == Config() else spell(config)


def _asks_schema(formula: Formula) -> bool:
    match formula:
        case logic.Search() | logic.SearchPattern():
            return True
        case logic.Exists(field):
            return "*" in field.path or not isinstance(field, FieldRef) or field.type in (Type.OBJECT, Type.UNKNOWN)
        case logic.Matches(field, _):
            return "*" in field.path
        case _:
            return False


def spell(value: Any) -> str:
    """A value as an expression. A part that has its default is left out."""
    match value:
        case Enum():
            return f"{type(value).__name__}.{value.name}"
        case tuple():
            return _tuple(map(spell, value))
        case float() if not math.isfinite(value):
            return f"float({str(value)!r})"
        case _ if is_dataclass(value):
            return f"{type(value).__name__}({', '.join(_arguments(value))})"
        case _:
            return repr(value)


def _arguments(value: Any, said: Callable[[Any], str] = spell) -> Iterator[str]:
    """The arguments that build a value again, as positions where they can be. Spans are left out."""
    plain = True
    for each in fields(value):
        part = getattr(value, each.name)
        if not each.compare:
            continue
        if each.default is not MISSING and part == each.default:
            plain = False
        else:
            yield said(part) if plain and not each.kw_only else f"{each.name}={said(part)}"


def _tuple(items: Iterable[str]) -> str:
    said = list(items)
    flat = ", ".join(said)
    if len(flat) <= _WIDTH:
        return f"({flat}{',' if len(said) == 1 else ''})"
    return "(\n" + "".join(f"    {item},\n" for item in said) + ")"


def _dict(items: Mapping[str, str]) -> str:
    return "{" + "".join(f"\n    {name!r}: {said}," for name, said in items.items()) + "}"
