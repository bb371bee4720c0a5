"""``sigma-kql match``."""

from __future__ import annotations

import json
import sys

import click

from translator import events
from translator.cli import options
from translator.cli.report import Report
from translator.errors import TranslatorError
from translator.matcher import Matcher
from translator.pipeline import needs
from translator.rule import Rule
from translator.sources import scan


@click.command()
@click.argument("rules", nargs=-1, required=True, metavar="RULES...", type=click.Path(allow_dash=True, readable=False))
@click.option(
    "--events",
    "events_path",
    required=True,
    metavar="FILE",
    type=click.Path(allow_dash=True, readable=False),
    help="NDJSON, one event a line (.gz too); - is standard input.",
)
@click.option("--fail-on-match", is_flag=True, help="End with 1 if a rule matches.")
@options.from_
@options.schema
@options.fields
@options.pipelines
@options.format_
@options.quiet
@options.verbose
def match(
    rules: tuple[str, ...],
    events_path: str,
    fail_on_match: bool,
    from_: str | None,
    schema: str | None,
    fields: str | None,
    pipelines: tuple[str, ...],
    format_: str,
    quiet: bool,
    verbose: bool,
) -> None:
    """Run rules over events. Writes one match a line: the event's line, the rule's id, its title.

    With --format json each line is a JSON object. A line that is no event is reported, and the others are judged.

    \b
    Examples:
      sigma-kql match rules/ --events events.ndjson
      sigma-kql match rule.md --events - --fail-on-match < events.ndjson
    """
    if (*rules, events_path).count("-") > 1:
        raise click.UsageError("Standard input holds rules or events, once.")
    report = Report("text", quiet, verbose)
    loaded: dict[str, Rule] = {}
    try:
        types = options.load_schema(schema)
        options.require_pipelines(pipelines)
        found = list(scan(options.starts(rules), from_))
    except TranslatorError as error:
        raise options.usage(error) from None
    for each in found:
        if isinstance(each, TranslatorError):
            report.error(each)
            continue
        try:
            rule = each.through(pipelines)
            Matcher([rule], schema=types, fields=fields)
            if rule.id in loaded:
                Matcher([loaded[rule.id], rule], schema=types, fields=fields)
        except TranslatorError as error:
            report.error(error, each.title)
            continue
        loaded[rule.id] = rule
        report.findings([*each.notes, *needs(each)])
    matcher = Matcher(loaded.values(), schema=types, fields=fields)
    matched = False
    try:
        lines = events.stream(sys.stdin.buffer, "<stdin>") if events_path == "-" else events.read(events_path)
    except TranslatorError as error:
        report.error(error)
        sys.exit(report.finish() or 1)
    for event in lines if loaded else ():
        if isinstance(event, TranslatorError):
            report.findings(event.diagnostics)
            report.failed = True
            continue
        for name in matcher.match(event.value):
            matched = True
            click.echo(_line(event.line, loaded[name], format_))
    status = report.finish()
    sys.exit(1 if fail_on_match and matched else status)


def _line(number: int, rule: Rule, format_: str) -> str:
    if format_ == "json":
        return json.dumps({"line": number, "id": rule.id, "title": rule.title})
    return f"{number}\t{rule.id}\t{rule.title}"
