"""``sigma-kql targets``, ``sources`` and ``codes``: what there is."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from difflib import get_close_matches

import click

from translator.backends import backends, foreign
from translator.errors import Code
from translator.sources import sources as source_formats

_as_json = click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)


@click.command()
@_as_json
def targets(format_: str) -> None:
    """List what can be written, and what each target cannot say.

    \b
    Example:
      sigma-kql targets
    """
    _print(
        ["target", "suffix", "run back", "what it is", "cannot say"],
        [
            [name, each.suffix, "yes" if each.matches else "no", each.summary, each.limits]
            for name, each in (backends() | foreign()).items()
        ],
        format_,
    )


@click.command()
@_as_json
def sources(format_: str) -> None:
    """List what can be read.

    \b
    Example:
      sigma-kql sources
    """
    _print(
        ["format", "files", "what it is"],
        [[name, " ".join(each.suffixes), each.summary] for name, each in source_formats().items()],
        format_,
    )


@click.command()
@click.argument("code", required=False)
@_as_json
def codes(code: str | None, format_: str) -> None:
    """List every finding and loss, or explain one by its code or name.

    \b
    Examples:
      sigma-kql codes
      sigma-kql codes K001
    """
    chosen = list(Code)
    if code is not None:
        found = Code.numbered(code)
        if found is None:
            near = get_close_matches(code.upper(), [str(each) for each in Code] + [each.name for each in Code], n=1)
            click.echo(f'There is no code "{code}".{f" Did you mean {near[0]}?" if near else ""}', err=True)
            sys.exit(2)
        chosen = [found]
    _print(
        ["code", "name", "weight", "meaning"],
        [
            [
                each.number,
                each.name.lower(),
                "loss" if each.number.startswith("L") else str(each.severity),
                each.summary,
            ]
            for each in chosen
        ],
        format_,
    )


def _print(heads: Sequence[str], rows: Sequence[Sequence[str]], format_: str) -> None:
    if format_ == "json":
        click.echo(json.dumps([dict(zip(heads, row, strict=True)) for row in rows], indent=2))
        return
    widths = [max(len(each) for each in column) for column in zip(heads, *rows, strict=True)]
    for row in [heads, *rows]:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
