"""``sigma-kql check``."""

from __future__ import annotations

import json
import sys

import click

from translator.artefact import Backend, Options
from translator.backends import backends
from translator.cli import options
from translator.cli.report import Report
from translator.errors import Diagnostic, TranslatorError
from translator.ledger import Allowance
from translator.pipeline import Readings, needs, target
from translator.profiles import PROFILES
from translator.sources import scan

#: Every loss: which of them count is for `check` to say, not for a target to refuse.
_ANYTHING = Allowance.parse(["mixed"])


@click.command()
@options.paths
@click.option(
    "--to",
    "to",
    multiple=True,
    metavar="TARGET",
    shell_complete=options.complete_target,
    help="Fail where this target would lose something. May be given again.",
)
@options.from_
@options.schema
@options.profile
@options.allow
@options.fields
@options.pipelines
@options.format_
@options.quiet
@options.verbose
def check(
    paths: tuple[str, ...],
    to: tuple[str, ...],
    from_: str | None,
    schema: str | None,
    profile: str,
    allow: tuple[str, ...],
    fields: str | None,
    pipelines: tuple[str, ...],
    format_: str,
    quiet: bool,
    verbose: bool,
) -> None:
    """Parse and type-check rules; report every mistake, and what each target would lose. Writes nothing.

    Without --to, losses are told for every target of ours and only mistakes fail. Documents that are about others
    (Sigma's filters, correlations) find them in any of the paths.

    \b
    Examples:
      sigma-kql check rules/
      sigma-kql check rules/ --to sigma --format json
    """
    try:
        settings = Options(options.load_schema(schema), profile, pipelines=pipelines)
        allowance = PROFILES[profile].extended(Allowance.parse(options.split(allow)))
        required = [target(name) for name in to]
        options.require_pipelines(pipelines)
        found = list(scan(options.starts(paths), from_))
    except TranslatorError as error:
        raise options.usage(error) from None
    report = Report("text", quiet, verbose) if format_ == "text" else _Collecting("json", quiet, verbose)
    for each in found:
        if isinstance(each, TranslatorError):
            report.error(each)
            continue
        try:
            _check(Readings(each, settings, fields), required, allowance, report)
        except TranslatorError as error:
            report.error(error, each.title)
    sys.exit(report.finish())


def _check(readings: Readings, required: list[Backend], allow: Allowance, report: Report) -> None:
    """Report one rule. Raises TranslatorError for its mistakes, and for losses of a required target."""
    rule = readings.rule
    notes: list[Diagnostic] = [*rule.notes]
    if not required:
        notes += [*readings.towards(None)[1].notes, *needs(rule)]
    fidelities: dict[str, str] = {}
    refused: list[Diagnostic] = []
    about_artefacts: list[Diagnostic] = []
    for backend in required or backends().values():
        try:
            read, checked = readings.towards(backend)
            artefact = backend.write(read, checked.formula, readings.options, _ANYTHING, checked.losses)
        except TranslatorError as error:
            fidelities[backend.name] = "impossible"
            (refused if required else notes).extend(error.diagnostics)
            continue
        if required:
            notes += [*checked.notes, *needs(read, artefact)]
            about_artefacts += artefact.notes
        lost = [loss.refusal() for loss in artefact.losses if not allow.accepts(loss)]
        fidelities[backend.name] = artefact.fidelity
        (refused if required else notes).extend(lost)
    if refused:
        report.findings(dict.fromkeys(notes), accepted=True)
        raise TranslatorError(dict.fromkeys(refused))
    about = ", ".join(f"{name} {fidelity}" for name, fidelity in fidelities.items())
    report.rule(rule.title, "valid", notes=dict.fromkeys([*notes, *about_artefacts]), about=f" ({about})")


class _Collecting(Report):
    """A report that a machine reads is what the command makes, so it goes to standard output."""

    def finish(self) -> int:
        click.echo(json.dumps({"findings": self.entries, "summary": self.summary()}, indent=2))
        return 1 if self.failed else 2 if self.read_nothing else 0
