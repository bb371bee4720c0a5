"""``sigma-kql schema``."""

from __future__ import annotations

import json
import sys

import click

from translator.cli import options
from translator.errors import TranslatorError
from translator.schema import Schema


@click.command()
@click.argument("fields", nargs=-1, required=True, metavar="FIELD...")
@options.schema
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
def schema(fields: tuple[str, ...], schema: str | None, format_: str) -> None:
    """Say how a field is typed, and who says so; other sources that say something else are named too.

    Ends with 1 if the schema does not know a field.

    \b
    Examples:
      sigma-kql schema process.name source.ip
      sigma-kql schema message --format json
    """
    try:
        types = options.load_schema(schema)
    except TranslatorError as error:
        raise options.usage(error) from None
    found = [_entry(types, name) for name in fields]
    if format_ == "json":
        click.echo(json.dumps(found, indent=2))
    else:
        for entry in found:
            click.echo(_line(entry))
    sys.exit(0 if all(entry["known"] for entry in found) else 1)


def _entry(types: Schema, name: str) -> dict[str, object]:
    field = types.field(name)
    return {
        "field": name,
        "known": name in types,
        "type": str(field.type),
        "asked as": field.ask.value,
        "nested in": field.nested,
        "ignore_above": field.ignore_above,
        "sources": [{"type": str(kind), "source": source} for kind, source in types.origins(name)],
        "did you mean": list(types.similar(name)) if name not in types else [],
    }


def _line(entry: dict[str, object]) -> str:
    if not entry["known"]:
        near = entry["did you mean"]
        meant = f"; did you mean {' or '.join(near)}?" if isinstance(near, list) and near else ""
        return f"{entry['field']}: unknown{meant}"
    sources = entry["sources"] if isinstance(entry["sources"], list) else []
    first, *others = sources
    text = f"{entry['field']}: {first['type']} ({first['source']})"
    if others:
        text += "; conflicts: " + ", ".join(f"{each['type']} ({each['source']})" for each in others)
    for key in ("nested in", "ignore_above"):
        if entry[key] is not None:
            text += f"; {key} {entry[key]}"
    return text
