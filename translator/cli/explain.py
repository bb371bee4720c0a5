"""``sigma-kql explain``."""

from __future__ import annotations

import sys

import click

from translator import events, files
from translator.cli import options
from translator.cli.report import Report
from translator.errors import TranslatorError
from translator.explanation import Explainer, as_json, text
from translator.live import written
from translator.sources import scan


@click.command()
@click.argument("rule", metavar="RULE", type=click.Path(allow_dash=True))
@click.option(
    "--events",
    "events_path",
    required=True,
    metavar="FILE",
    type=click.Path(allow_dash=True),
    help="NDJSON, one event a line (.gz too); - is standard input.",
)
@click.option(
    "--line",
    "chosen",
    multiple=True,
    type=click.IntRange(min=1),
    metavar="N",
    help="Explain the event on this line alone. May be given again.",
)
@options.from_
@options.schema
@options.fields
@options.pipelines
@options.format_
@options.quiet
@options.verbose
def explain(
    rule: str,
    events_path: str,
    chosen: tuple[int, ...],
    from_: str | None,
    schema: str | None,
    fields: str | None,
    pipelines: tuple[str, ...],
    format_: str,
    quiet: bool,
    verbose: bool,
) -> None:
    """Say why a rule matches events or not: each condition's verdict, the values it saw, and what it nearly found.

    With -v nothing is left out of long lists. With --format json each line is one explanation.

    \b
    Examples:
      sigma-kql explain rule.md --events events.ndjson
      echo '{"process": {"name": "CMD.exe"}}' | sigma-kql explain rule.md --events -
    """
    report = Report("text", quiet, verbose)
    if rule == "-" and events_path == "-":
        raise click.UsageError("Only one of the rule and the events can be standard input.")
    try:
        types = options.load_schema(schema)
        options.require_pipelines(pipelines)
        found = list(scan([files.File("<stdin>", sys.stdin.buffer.read()) if rule == "-" else rule], from_))
    except TranslatorError as error:
        raise options.usage(error) from None
    explainers: list[Explainer] = []
    for each in found:
        try:
            if isinstance(each, TranslatorError):
                raise each
            explainers.append(Explainer(each.through(pipelines), schema=types, fields=fields))
        except TranslatorError as error:
            report.error(error)
    try:
        lines = events.stream(sys.stdin.buffer, "<stdin>") if events_path == "-" else events.read(events_path)
    except TranslatorError as error:
        report.error(error)
        sys.exit(report.finish() or 1)
    left = set(chosen)
    none = True
    for event in lines if explainers else ():
        none = False
        if isinstance(event, TranslatorError):
            report.findings(event.diagnostics)
            report.failed = True
            continue
        if chosen and event.line not in chosen:
            continue
        left.discard(event.line)
        for explainer in explainers:
            explanation = explainer.explain(event.value)
            if format_ == "json":
                click.echo(written({"line": event.line, **as_json(explanation)}))
            else:
                click.echo(f"line {event.line}: {text(explanation, paint=_painted, every=verbose)}")
    if none and explainers:
        raise click.UsageError(f"There is no event in {'standard input' if events_path == '-' else events_path}.")
    if left and explainers:
        report.fail(f"There is no event on line {', '.join(map(str, sorted(left)))}.")
    sys.exit(report.finish())


def _painted(said: str, colour: str) -> str:
    return click.style(said, fg=colour)
