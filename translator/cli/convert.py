"""``sigma-kql convert``."""

from __future__ import annotations

import difflib
import re
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from translator import files
from translator.artefact import Artefact
from translator.cli import options
from translator.cli.report import Report
from translator.errors import Code, TranslatorError, refuse
from translator.ledger import Allowance
from translator.pipeline import convert as convert_rule
from translator.pipeline import target
from translator.rule import Rule
from translator.source import Source, Span
from translator.sources import scan


@dataclass(frozen=True, slots=True)
class _Read:
    """A rule, and the folder below the output that mirrors where it lay."""

    rule: Rule
    folder: Path


@click.command()
@options.paths
@click.option(
    "--to",
    "to",
    required=True,
    metavar="TARGET",
    shell_complete=options.complete_target,
    help="What to write; see `sigma-kql targets`.",
)
@options.from_
@click.option(
    "-o", "--output", metavar="PATH", help="A folder (or a file, for one rule) to write to; - is standard output."
)
@click.option("--check", is_flag=True, help="Write nothing; end with 1 if the output differs from what is there.")
@click.option("--diff", is_flag=True, help="Like --check, and show the difference.")
@options.schema
@options.profile
@options.allow
@options.attack
@options.fields
@options.pipelines
@click.option(
    "--time-zone", metavar="ZONE", help="Time zone for dates without one (dsl). The detection engine sends Zulu."
)
@options.format_
@options.quiet
@options.verbose
def convert(
    paths: tuple[str, ...],
    to: str,
    from_: str | None,
    output: str | None,
    check: bool,
    diff: bool,
    schema: str | None,
    profile: str,
    allow: tuple[str, ...],
    attack: str,
    fields: str | None,
    pipelines: tuple[str, ...],
    time_zone: str | None,
    format_: str,
    quiet: bool,
    verbose: bool,
) -> None:
    """Translate rules. Files, folders, or - for standard input.

    \b
    Examples:
      sigma-kql convert rules/persistence_periodic_tasks/rule.md --to sigma
      sigma-kql convert rules/ --to kql -o out/
      sigma-kql convert rules/ --to kql -o out/ --check
      sigma-kql convert powershell.md --to sigma --allow L002
    """
    try:
        backend = target(to)
        settings: dict[str, Any] = {
            "schema": options.load_schema(schema),
            "allow": Allowance.parse(options.split(allow)),
            "profile": profile,
            "attack": int(attack),
            "time_zone": time_zone,
            "pipelines": pipelines,
            "fields": fields,
        }
    except TranslatorError as error:
        raise options.usage(error) from None
    if (check or diff) and (output is None or output == "-"):
        raise click.UsageError("--check and --diff compare with files: name them with -o.")
    report = Report(format_, quiet, verbose)
    sources: set[Path] = set()
    written = _Output(
        output,
        backend.suffix,
        backend.separator,
        report,
        compare=check or diff,
        diff=diff,
        many=_many(paths),
        sources=sources,
    )
    seen: dict[str, str] = {}
    for found in _read(paths, from_):
        if isinstance(found, TranslatorError):
            report.error(found)
            continue
        rule = found.rule
        sources.add(Path(rule.source.name).resolve())
        try:
            _unique(rule, seen)
            artefact = convert_rule(rule, to=to, **settings)
            written.add(artefact, found.folder)
        except TranslatorError as error:
            report.error(error, rule.title)
            continue
        report.rule(rule.title, artefact.fidelity, losses=artefact.losses, notes=artefact.notes)
    sys.exit(report.finish())


def _read(paths: tuple[str, ...], format_: str | None) -> Iterator[_Read | TranslatorError]:
    for path in paths:
        base = Path(path)
        start = files.File("<stdin>", sys.stdin.buffer.read()) if path == "-" else path
        try:
            for found in scan([start], format_):
                if isinstance(found, TranslatorError):
                    yield found
                else:
                    here = Path(found.source.name).parent
                    yield _Read(found, here.relative_to(base) if files.is_folder(path) else Path())
        except TranslatorError as error:
            raise options.usage(error) from None


def _many(paths: tuple[str, ...]) -> bool:
    """Whether the paths name more than one file, found or not."""
    return len(paths) > 1 or files.is_folder(paths[0]) or files.matching(paths[0]) is not None


def _unique(rule: Rule, seen: dict[str, str]) -> None:
    """Two rules with one id would be one rule in any SIEM. Raises TranslatorError for the second."""
    if (before := seen.get(rule.id)) is not None:
        raise refuse(
            Code.DUPLICATE_ID,
            f"The rule has the id {rule.id}, which a rule in {before} has too.",
            rule.source,
            Span(0, 1),
            "convert versions of one rule in separate runs",
        )
    seen[rule.id] = rule.source.name


class _Output:
    """Where artefacts go: standard output, a file for one rule, or a folder that keeps the tree."""

    def __init__(
        self,
        output: str | None,
        suffix: str,
        separator: str,
        report: Report,
        *,
        compare: bool,
        diff: bool,
        many: bool,
        sources: set[Path],
    ) -> None:
        self.sources = sources
        self.path = None if output in (None, "-") else Path(str(output))
        self.suffix = suffix
        self.separator = separator
        self.report = report
        self.compare = compare
        self.diff = diff
        self.is_folder = many or (self.path is not None and (self.path.is_dir() or str(output).endswith(("/", "\\"))))
        self.names: dict[Path, str] = {}
        self.count = 0

    def add(self, artefact: Artefact, folder: Path) -> None:
        if self.path is None:
            click.echo((self.separator if self.count else "") + artefact.text, nl=False)
        elif not self.is_folder and self.count:
            raise refuse(
                Code.UNREADABLE,
                f"{self.path} holds one rule, and there is a second.",
                artefact.rule.source,
                Span(0, 1),
                "name a folder: -o out/",
            )
        else:
            self.put(self.path / folder / self.name(artefact, folder) if self.is_folder else self.path, artefact.text)
        self.count += 1

    def name(self, artefact: Artefact, folder: Path) -> str:
        """The title's slug, with the id where another rule has it."""
        slug = slugged(artefact.rule.title)
        name = f"{slug}{self.suffix}"
        if self.names.setdefault(folder / name, artefact.rule.id) != artefact.rule.id:
            name = f"{slug}_{artefact.rule.id}{self.suffix}"
        return name

    def put(self, path: Path, text: str) -> None:
        if path.resolve() in self.sources:
            raise refuse(
                Code.UNREADABLE,
                f"{path} is a source of this run; it is not written over.",
                Source("", str(path)),
                Span(0, 0),
                "write to another folder with -o",
            )
        if not self.compare:
            files.write(path, text)
            return
        found = path.exists()
        old = files.read(path).content.decode("utf-8", "replace") if found else ""
        if found and old == text:
            return
        if self.diff:
            lines = difflib.unified_diff(old.splitlines(True), text.splitlines(True), str(path), f"{path} (new)")
            click.echo("".join(line if line.endswith("\n") else f"{line}\n" for line in lines), nl=False)
        self.report.fail(f"{path} differs" if found else f"{path} is missing")


def slugged(title: str) -> str:
    """A file name for a title: lower-case letters, digits and underscores, 100 at most."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")[:100].strip("_") or "rule"
