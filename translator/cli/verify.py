"""``sigma-kql verify``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

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
from translator.verification import Report as Verified
from translator.verification import forms
from translator.verification import verify as verify_rule
from translator.witness import MOST

if TYPE_CHECKING:
    from translator.report_page import Section


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
@options.pipelines
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "junit", "html"]),
    default="text",
    show_default=True,
    help="How the verdicts are written; html is a page that needs nothing beside it.",
)
@click.option("-o", "--output", metavar="FILE", help="Write the verdicts to this file; - is standard output.")
@click.option(
    "--navigator", metavar="FILE", help="Write a layer for MITRE's ATT&CK Navigator too: what the rules detect."
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
    pipelines: tuple[str, ...],
    format_: str,
    output: str | None,
    navigator: str | None,
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
      sigma-kql verify rules/ --format html -o report.html --navigator layer.json
      sigma-kql verify rule.md --to sigma -v
      sigma-kql verify rule.md --against rules/persistence_periodic_tasks/rule.md
    """
    if navigator == "-" and output in (None, "-"):
        raise click.UsageError("--navigator - and the verdicts would share standard output; give one of them a file.")
    try:
        types = options.load_schema(schema)
        options.require_pipelines(pipelines)
        asked = None if engine is None else Engine(engine, api_key, user, password, ca_file, timeout)
        for name in to:
            target(name)
        found = list(scan(options.starts(rules), from_))
        other = None if against is None else _only(against)
    except TranslatorError as error:
        raise options.usage(error) from None
    report = Report("text", quiet, verbose)
    given = [] if events_path is None else _events(events_path, report)
    made: list[str] = []
    reports = []
    broken: list[tuple[str, TranslatorError]] = []
    page = _Page(len(found), wanted=format_ == "html")
    out = _Output(output)
    for number, each in enumerate(found, 1):
        if isinstance(each, TranslatorError):
            report.error(each)
            page.broken(each, number)
            broken.append((each.diagnostics[0].source.name, each))
            continue
        try:
            judged = verify_rule(
                each.through(pipelines),
                given,
                asked,
                schema=types,
                to=to or None,
                against=other,
                most=most,
                fields=fields or ("none" if pipelines else None),
            )
        except TranslatorError as error:
            report.error(error, each.title)
            page.broken(error, number, each)
            broken.append((each.title, error))
            continue
        # As text, the verdicts tell the findings themselves.
        notes = () if format_ == "text" else judged.findings
        report.rule(each.title, "the same" if judged.ok else "different", notes=notes)
        report.failed = report.failed or not judged.ok
        match format_:
            case "text" if not (quiet and judged.ok):
                out.say(forms.text(judged, every=verbose))
            case "json":
                made.append(written(forms.as_json(judged)))
            case "junit":
                reports.append(judged)
            case "html":
                page.add(judged, number)
    if format_ == "json":
        made += [written(forms.as_json_broken(name, error)) for name, error in broken]
        out.say("[" + ",\n".join(made) + "]")
    if format_ == "junit":
        out.say(forms.as_junit(reports, broken), end="")
    if format_ == "html":
        place = None if asked is None else asked.shown
        facts = {"Field types": types.name, "Engine": place, "Events": events_path, "Against": against}
        for piece in page.pieces(facts):
            out.say(piece, end="")
    try:
        out.finish()
        if navigator is not None:
            _write_layer(navigator, [each for each in found if isinstance(each, Rule)])
    except TranslatorError as error:
        report.error(error)
    sys.exit(report.finish())


class _Output:
    """Where the verdicts go: to standard output as they come, or to a file at the end, in one step."""

    def __init__(self, path: str | None) -> None:
        self.path = None if path == "-" else path
        self.parts: list[str] = []

    def say(self, text: str, end: str = "\n") -> None:
        if self.path is None:
            click.echo(text + end, nl=False)
        else:
            self.parts.append(text + end)

    def finish(self) -> None:
        """Raises TranslatorError where the file cannot be written."""
        if self.path is not None:
            files.write(self.path, "".join(self.parts))


class _Page:
    """Gathers the parts of an HTML page, if one is wanted."""

    def __init__(self, rules: int, *, wanted: bool) -> None:
        self.rules = rules
        self.wanted = wanted
        self.sections: list[Section] = []

    def add(self, judged: Verified, number: int) -> None:
        from translator import report_page

        budget = report_page.Budget.of(self.rules)
        self.sections.append(report_page.section(judged, number, budget, report_page.placement(judged.rule)))

    def broken(self, error: TranslatorError, number: int, rule: Rule | None = None) -> None:
        from translator import report_page

        if self.wanted:
            self.sections.append(report_page.broken(error, number, rule))

    def pieces(self, facts: Mapping[str, str | None]) -> Iterator[str]:
        from translator import report_page

        yield from report_page.write(self.sections, [(name, said) for name, said in facts.items() if said])


def _write_layer(path: str, rules: Iterable[Rule]) -> None:
    """What the rules detect, for MITRE's Navigator. Raises TranslatorError where the file cannot be written."""
    from translator import report_page
    from translator.attack import navigator

    layer = navigator.layer(((each.title, report_page.placement(each)) for each in rules), "sigma-kql")
    text = json.dumps(layer, indent=2) + "\n"
    if path == "-":
        click.echo(text, nl=False)
    else:
        files.write(path, text)


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
