"""``sigma-kql convert``."""

from __future__ import annotations

import difflib
import gc
import os
import re
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import click

from translator import archives, files
from translator.artefact import Backend
from translator.cli import options, parallel
from translator.cli.conversion import KINDS, Attempt, Converter, Held, LeftOut, Untried, Written
from translator.cli.progress import Progress
from translator.cli.report import Report
from translator.errors import Code, TranslatorError, refuse
from translator.ledger import Allowance
from translator.pipeline import target
from translator.source import Source, Span
from translator.sources import Waiting, flattened, parts, together

#: So many new objects are made before Python looks for cycles.
_OBJECTS = 50_000


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
@click.option(
    "--leave-out",
    "leave_out",
    metavar="KIND,...",
    multiple=True,
    help=f"Pass over rules of these kinds: {', '.join(KINDS)}.",
)
@parallel.option
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
    leave_out: tuple[str, ...],
    jobs: int,
    format_: str,
    quiet: bool,
    verbose: bool,
) -> None:
    """Translate rules. Files, folders, archives, or - for standard input.

    All paths are read as one: a Sigma filter or correlation applies to the rules of any of them.

    \b
    Examples:
      sigma-kql convert rules/persistence_periodic_tasks/rule.md --to sigma
      sigma-kql convert rules/ --to kql -o out/
      sigma-kql convert rules/ --to kql -o out/ --check
      sigma-kql convert powershell.md --to sigma --allow L002
      sigma-kql convert rules/ --to dsl -o out/ -j auto --leave-out deprecated,disabled
    """
    kinds = _kinds(leave_out)
    try:
        backend = target(to)
        options.require_pipelines(pipelines)
        settings: dict[str, Any] = {
            "schema": options.load_schema(schema),
            "allow": Allowance.parse(options.split(allow)),
            "profile": profile,
            "attack": int(attack),
            "time_zone": time_zone,
            "pipelines": pipelines,
            "fields": fields,
        }
        found = parts(options.starts(paths), from_)
    except TranslatorError as error:
        raise options.usage(error) from None
    if (check or diff) and (output is None or output == "-"):
        raise click.UsageError("--check and --diff compare with files: name them with -o.")
    # Rules are many small objects without cycles: to look for those among them takes a tenth of the time.
    gc.set_threshold(_OBJECTS)
    progress = Progress(wanted=not quiet and not verbose and output not in (None, "-"))
    report = Report(format_, quiet, verbose, aside=progress.hide)
    written = _Output(paths, output, backend, report, compare=check or diff, diff=diff)
    converter = Converter(to, settings, kinds)
    seen: dict[str, str] = {}
    with closing(parallel.each(converter, found, jobs, weigh=lambda part: part.size)) as made:
        for each in _settled(progress.counting(flattened(made)), converter):
            if isinstance(each, TranslatorError):
                report.error(each)
                continue
            attempt, folder = each
            _finish(attempt, folder, written, converter, seen, report)
    sys.exit(report.finish())


def _settled(
    made: Iterator[tuple[str, Attempt | Held | TranslatorError]], converter: Converter
) -> Iterator[tuple[Attempt, Path] | TranslatorError]:
    """What became of every rule, once it is known what it is, and the folder below the output that it goes to."""
    for (path, each), results in together(made, _waiting):
        match each:
            case Attempt():
                yield each, _below(path, each.source.name)
            case Held():
                for found in results:
                    if isinstance(found, TranslatorError):
                        yield found
                    else:
                        yield each.attempt(found) or converter.untried(found), _below(path, found.source.name)
            case TranslatorError():
                yield each


def _waiting(made: tuple[str, Attempt | Held | TranslatorError]) -> Waiting | None:
    return made[1].waiting if isinstance(made[1], Held) else None


def _below(path: str, name: str) -> Path:
    """The folder of a file, as it lies below the folder or the archive that was named."""
    return _folder_below(path, os.path.dirname(name))  # noqa: PTH120 (many files lie in one folder)


@lru_cache(maxsize=1024)
def _folder_below(path: str, folder: str) -> Path:
    try:
        return Path(folder).relative_to(path)
    except ValueError:
        return Path()


def _finish(
    attempt: Attempt, folder: Path, written: _Output, converter: Converter, seen: dict[str, str], report: Report
) -> None:
    """Write what became of a rule, or say why not."""
    if isinstance(attempt.result, LeftOut):
        report.left_out(attempt.title, attempt.result.kind)
        return
    try:
        _unique(attempt, seen)
        result = converter.result(attempt.result.rule) if isinstance(attempt.result, Untried) else attempt.result
        if isinstance(result, TranslatorError):
            raise result
        written.add(attempt, result, folder)
    except TranslatorError as error:
        report.error(error, attempt.title)
        return
    report.rule(attempt.title, result.fidelity, losses=result.losses, notes=result.notes)


def _kinds(words: tuple[str, ...]) -> list[str]:
    kinds = options.split(words)
    for kind in kinds:
        if kind not in KINDS:
            raise click.UsageError(f'--leave-out takes no "{kind}"; write one of {", ".join(KINDS)}.')
    return kinds


def _many(paths: tuple[str, ...], output: str | None, backend: Backend) -> bool:
    """Whether the paths name more than one file, found or not.

    An archive may hold one file: where the output is called as an artefact is, it is meant to.
    """
    if len(paths) > 1 or files.is_folder(paths[0]) or files.matching(paths[0]) is not None:
        return True
    return _is_archive(paths[0]) and not (output or "").endswith(backend.suffix)


def _is_archive(path: str) -> bool:
    try:
        with Path(path).open("rb") as file:
            return Path(path).is_file() and archives.is_archive(file.read(archives.SAMPLE))
    except (OSError, ValueError):
        return False


def _unique(rule: Attempt, seen: dict[str, str]) -> None:
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
        self, paths: tuple[str, ...], output: str | None, backend: Backend, report: Report, *, compare: bool, diff: bool
    ) -> None:
        self.path = None if output in (None, "-") else Path(str(output))
        self.backend = backend
        self.report = report
        self.compare = compare
        self.diff = diff
        self.is_folder = _many(paths, output, backend) or (
            self.path is not None and (self.path.is_dir() or str(output).endswith(("/", "\\")))
        )
        self.paths = paths
        self.names: dict[Path, str] = {}
        self.count = 0

    def add(self, rule: Attempt, made: Written, folder: Path) -> None:
        if self.path is None:
            click.echo((self.backend.separator if self.count else "") + made.text, nl=False)
        elif not self.is_folder and self.count:
            raise refuse(
                Code.UNREADABLE,
                f"{self.path} holds one rule, and there is a second.",
                rule.source,
                Span(0, 1),
                "name a folder: -o out/",
            )
        else:
            self.put(self.path / folder / self.name(rule, folder) if self.is_folder else self.path, made.text)
        self.count += 1

    def name(self, rule: Attempt, folder: Path) -> str:
        """The title's slug, with the id where another rule has it."""
        slug, suffix = slugged(rule.title), self.backend.suffix
        name = f"{slug}{suffix}"
        if self.names.setdefault(folder / name, rule.id) != rule.id:
            name = f"{slug}_{rule.id}{suffix}"
        return name

    def put(self, path: Path, text: str) -> None:
        if (here := _identity(path)) is not None and here in self.sources:
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
        found = here is not None
        old = files.read(path).content.decode("utf-8", "replace") if found else ""
        if found and old == text:
            return
        if self.diff:
            lines = difflib.unified_diff(old.splitlines(True), text.splitlines(True), str(path), f"{path} (new)")
            click.echo("".join(line if line.endswith("\n") else f"{line}\n" for line in lines), nl=False)
        self.report.fail(f"{path} differs" if found else f"{path} is missing")

    @cached_property
    def sources(self) -> frozenset[tuple[int, int]]:
        """The files of this run, read or still to be read."""
        found: list[Path | TranslatorError] = []
        for path in self.paths:
            if files.is_folder(path):
                found.extend(files.walk(path))
            else:
                matched = files.matching(path)
                found.extend([Path(path)] if matched is None else matched)
        identities = [_identity(path) for path in found if isinstance(path, Path)]
        return frozenset(each for each in identities if each is not None)


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from all others, whatever its names; None where there is none."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino


def slugged(title: str) -> str:
    """A file name for a title: lower-case letters, digits and underscores, 100 at most."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")[:100].strip("_") or "rule"
