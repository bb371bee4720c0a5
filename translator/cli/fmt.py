"""``sigma-kql fmt``."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from translator import files, rewrite
from translator.cli import options
from translator.cli.report import Report
from translator.errors import TranslatorError
from translator.files import File
from translator.rule import Rule
from translator.source import Span
from translator.sources import scan


@click.command()
@options.paths
@options.from_
@click.option("--check", is_flag=True, help="Change nothing; end with 1 if a file would change.")
@click.option("--diff", is_flag=True, help="Like --check, and show the difference.")
@click.option("--width", type=click.IntRange(min=20), default=100, show_default=True, help="The widest line.")
@options.quiet
def fmt(paths: tuple[str, ...], from_: str | None, check: bool, diff: bool, width: int, quiet: bool) -> None:
    """Write the KQL of files in one canonical form, in place; - reads standard input and writes standard output.

    The query keeps its meaning to the last key of its Query DSL, and a page keeps every other byte. In a file of many
    rules, those that are broken or in another language are reported and left as they are.

    \b
    Examples:
      sigma-kql fmt rules/ --check
      echo 'a:1   OR b:(x OR y)' | sigma-kql fmt - --from kql
    """
    report = Report(quiet=quiet)
    try:
        for file, found in _files(paths, from_):
            for each in found:
                if isinstance(each, TranslatorError):
                    report.error(each)
            if rules := [each for each in found if isinstance(each, Rule)]:
                _format(file, rules, report, compare=check or diff, diff=diff, width=width)
    except TranslatorError as error:
        raise options.usage(error) from None
    sys.exit(report.finish())


def _files(paths: tuple[str, ...], format_: str | None) -> Iterator[tuple[File, list[Rule | TranslatorError]]]:
    """Each file with what was found in it."""
    stdin = [File("<stdin>", sys.stdin.buffer.read())] if "-" in paths else []
    starts = (stdin[0] if path == "-" else Path(path) for path in paths)
    by_file: dict[str, list[Rule | TranslatorError]] = {}
    seen: set[tuple[str, str, Span]] = set()
    for found in scan(starts, format_):
        if isinstance(found, Rule):
            # Paths may overlap, and a query is written anew once.
            place = found.source.name, found.id, found.query.to_root(Span(0, len(found.query.text)))
            if place in seen:
                continue
            seen.add(place)
        name = found.source.name if isinstance(found, Rule) else found.diagnostics[0].source.name
        by_file.setdefault(name, []).append(found)
    for name, each in by_file.items():
        given = next((start for start in stdin if start.name == name), None)
        yield given or (files.read(name) if Path(name).is_file() else File(name, b"")), each


def _format(file: File, rules: list[Rule], report: Report, *, compare: bool, diff: bool, width: int) -> None:
    mistakes: list[TranslatorError] = []
    try:
        content = rewrite.formatted(file, rules, width, mistakes)
        for mistake in mistakes:
            report.error(mistake)
        if len(mistakes) == len(rules):
            return
        changed = content != file.content
        if file.name == "<stdin>" and not compare:
            sys.stdout.buffer.write(content)
        elif changed and not compare:
            files.write_bytes(file.name, content)
    except TranslatorError as error:
        report.error(error)
        return
    report.outcomes["formatted" if changed and not compare else "to format" if changed else "unchanged"] += 1
    if changed and compare:
        report.fail(f"{file.name} would change")
        if diff:
            _show(file, content)


def _show(file: File, content: bytes) -> None:
    old, new = (each.decode().text.splitlines(keepends=True) for each in (file, File(file.name, content)))
    for line in difflib.unified_diff(old, new, file.name, f"{file.name} (formatted)"):
        click.echo(line if line.endswith("\n") else f"{line}\n", nl=False)
