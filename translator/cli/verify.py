"""``sigma-kql verify``."""

from __future__ import annotations

import sys

import click

from translator import events, files
from translator.cli import options
from translator.cli.report import Report
from translator.errors import TranslatorError
from translator.events import Event
from translator.live import Engine, written
from translator.pipeline import target
from translator.rule import Rule
from translator.sources import scan
from translator.verification import forms
from translator.verification import verify as verify_rule
from translator.witness import MOST


@click.command()
@click.argument("rules", nargs=-1, required=True, metavar="RULES...", type=click.Path(allow_dash=True))
@click.option(
    "--events",
    "events_path",
    metavar="FILE",
    type=click.Path(allow_dash=True),
    help="More events to judge, as NDJSON (.gz too); - is standard input.",
)
@click.option(
    "--to",
    "to",
    multiple=True,
    metavar="TARGET",
    shell_complete=options.complete_target,
    help="Verify this target alone. May be given again. Left out: all that can be run back.",
)
@click.option("--against", metavar="FILE", help="A rule that should give the same verdicts, in whatever format.")
@click.option(
    "--witnesses",
    "most",
    type=click.IntRange(min=0),
    default=MOST,
    show_default=True,
    metavar="N",
    help="About how many witness events to make for a rule; those that cover a condition are made all.",
)
@click.option(
    "--engine",
    metavar="URL",
    help="Ask this Elasticsearch or OpenSearch too, through an index that is made for it and deleted again.",
)
@click.option("--api-key", envvar="SIGMA_KQL_API_KEY", help="API key for the engine (or $SIGMA_KQL_API_KEY).")
@click.option("--user", envvar="SIGMA_KQL_USER", help="Name for the engine (or $SIGMA_KQL_USER).")
@click.option("--password", envvar="SIGMA_KQL_PASSWORD", help="Password for the engine (or $SIGMA_KQL_PASSWORD).")
@click.option("--ca-file", metavar="PEM", help="Certificates to trust beside the usual ones.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="How long one request may take.",
)
@options.from_
@options.schema
@options.fields
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "junit"]),
    default="text",
    show_default=True,
    help="How the verdicts are written.",
)
@options.quiet
@options.verbose
def verify(
    rules: tuple[str, ...],
    events_path: str | None,
    to: tuple[str, ...],
    against: str | None,
    most: int,
    engine: str | None,
    api_key: str | None,
    user: str | None,
    password: str | None,
    ca_file: str | None,
    timeout: float,
    from_: str | None,
    schema: str | None,
    fields: str | None,
    format_: str,
    quiet: bool,
    verbose: bool,
) -> None:
    """Run every target's artefact back on events that cover the rule, and compare the verdicts.

    The events are made from the rule: for each condition one that it alone decides by being true and one by being
    false, and near misses around them. A difference that a loss declares is shown; any other ends with 1.

    \b
    Examples:
      sigma-kql verify rules/
      sigma-kql verify rules/ --events events.ndjson --format junit
      sigma-kql verify rule.md --to sigma -v
      sigma-kql verify rule.md --against rules/persistence_periodic_tasks/rule.md
    """
    try:
        types = options.load_schema(schema)
        asked = None if engine is None else Engine(engine, api_key, user, password, ca_file, timeout)
        for name in to:
            target(name)
        found = [
            each
            for path in rules
            for each in scan([files.File("<stdin>", sys.stdin.buffer.read()) if path == "-" else path], from_)
        ]
        other = None if against is None else _only(against)
    except TranslatorError as error:
        raise options.usage(error) from None
    report = Report("text", quiet, verbose)
    given = [] if events_path is None else _events(events_path, report)
    made: list[str] = []
    reports = []
    for each in found:
        if isinstance(each, TranslatorError):
            report.error(each)
            continue
        try:
            judged = verify_rule(
                each, given, asked, schema=types, to=to or None, against=other, most=most, fields=fields
            )
        except TranslatorError as error:
            report.error(error, each.title)
            continue
        # As text, the verdicts tell the findings themselves.
        notes = () if format_ == "text" else judged.findings
        report.rule(each.title, "the same" if judged.ok else "different", notes=notes)
        report.failed = report.failed or not judged.ok
        match format_:
            case "text" if not (quiet and judged.ok):
                click.echo(forms.text(judged, every=verbose))
            case "json":
                made.append(written(forms.as_json(judged)))
            case "junit":
                reports.append(judged)
    if format_ == "json":
        click.echo("[" + ",\n".join(made) + "]")
    if format_ == "junit":
        click.echo(forms.as_junit(reports), nl=False)
    sys.exit(report.finish())


def _only(path: str) -> Rule:
    """The rule of a file that holds one."""
    found = list(scan([path], None))
    for each in found:
        if isinstance(each, TranslatorError):
            raise each
    if len(found) != 1 or not isinstance(found[0], Rule):
        raise click.UsageError(f"--against takes a file with one rule; {path} holds {len(found)}.")
    return found[0]


def _events(path: str, report: Report) -> list[Event]:
    """The events of a file; a line that holds none is reported."""
    try:
        lines = list(events.stream(sys.stdin.buffer, "<stdin>") if path == "-" else events.read(path))
    except TranslatorError as error:
        report.error(error)
        sys.exit(report.finish() or 1)
    found: list[Event] = []
    for each in lines:
        if isinstance(each, TranslatorError):
            report.findings(each.diagnostics)
            report.failed = True
        else:
            found.append(each)
    return found
