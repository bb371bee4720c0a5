"""``sigma-kql check``."""

from __future__ import annotations

import json
import sys

import click

from translator import files
from translator.artefact import Options
from translator.backends import backends
from translator.cli import options
from translator.cli.report import Report
from translator.errors import Diagnostic, TranslatorError
from translator.ledger import Allowance, Fidelity
from translator.pipeline import needs, target
from translator.profiles import PROFILES
from translator.rule import Rule
from translator.sources import scan


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
    format_: str,
    quiet: bool,
    verbose: bool,
) -> None:
    """Parse and type-check rules; report every mistake, and what each target would lose. Writes nothing.

    Without --to, losses are told for every target and only mistakes fail.

    \b
    Examples:
      sigma-kql check rules/
      sigma-kql check rules/ --to sigma --format json
    """
    try:
        types = options.load_schema(schema)
        chosen = PROFILES[profile]
        allowance = chosen.extended(Allowance.parse(options.split(allow)))
        required = [target(name) for name in to]
        found = [
            each
            for path in paths
            for each in scan([files.File("<stdin>", sys.stdin.buffer.read()) if path == "-" else path], from_)
        ]
    except TranslatorError as error:
        raise options.usage(error) from None
    report = Report("text", quiet, verbose) if format_ == "text" else _Collecting("json", quiet, verbose)
    for each in found:
        if isinstance(each, TranslatorError):
            report.error(each)
            continue
        try:
            _check(each, Options(types, chosen.name), {backend.name for backend in required}, allowance, report)
        except TranslatorError as error:
            report.error(error, each.title)
    sys.exit(report.finish())


def _check(rule: Rule, settings: Options, required: set[str], allow: Allowance, report: Report) -> None:
    """Report one rule. Raises TranslatorError for its mistakes, and for losses of a required target."""
    checked = rule.check(settings.schema)
    notes: list[Diagnostic] = [*rule.notes, *checked.notes, *needs(rule)]
    fidelities: dict[str, str] = {}
    refused: list[Diagnostic] = []
    for name, backend in backends().items():
        if required and name not in required:
            continue
        try:
            emitted = backend.emit(rule, checked.formula, settings)
        except TranslatorError as error:
            fidelities[name] = "impossible"
            (refused if required else notes).extend(error.diagnostics)
            continue
        lost = [loss.refusal() for loss in dict.fromkeys(emitted.losses) if not allow.accepts(loss)]
        fidelities[name] = Fidelity.of(emitted.losses)
        (refused if required else notes).extend(lost)
    if refused:
        report.findings(notes, accepted=True)
        raise TranslatorError(dict.fromkeys(refused))
    about = ", ".join(f"{name} {fidelity}" for name, fidelity in fidelities.items())
    report.rule(rule.title, "valid", notes=dict.fromkeys(notes), about=f" ({about})")


class _Collecting(Report):
    """A report that a machine reads is what the command makes, so it goes to standard output."""

    def finish(self) -> int:
        click.echo(json.dumps({"findings": self.entries, "summary": self.summary()}, indent=2))
        return 1 if self.failed else 2 if self.read_nothing else 0
