"""``sigma-kql test``."""

from __future__ import annotations

import json
import sys
from itertools import chain

import click

from translator import explanation, junit
from translator.cli import options
from translator.cli.report import Report
from translator.errors import TranslatorError
from translator.rule import Rule
from translator.rule_trials import Beside, Trial, trials
from translator.sources import scan


@click.command()
@options.paths
@options.from_
@options.schema
@options.fields
@options.pipelines
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "junit"]),
    default="text",
    show_default=True,
    help="How the results are written.",
)
@options.quiet
@options.verbose
def test(
    paths: tuple[str, ...],
    from_: str | None,
    schema: str | None,
    fields: str | None,
    pipelines: tuple[str, ...],
    format_: str,
    quiet: bool,
    verbose: bool,
) -> None:
    """Judge the events that lie beside rules: in `events.yaml`, or in `NAME.events.yaml` beside the rule `NAME.md`.

    Each event says what verdict it expects. The rule is asked, and what each target makes of it, read back.

    \b
    Example:
      sigma-kql test rules/
    """
    report = Report("text", quiet, verbose)
    try:
        types = options.load_schema(schema)
        options.require_pipelines(pipelines)
        found = list(scan(options.starts(paths), from_))
    except TranslatorError as error:
        raise options.usage(error) from None
    tried: list[Trial] = []
    broken: list[TranslatorError] = []
    beside = Beside([each for each in found if isinstance(each, Rule)])
    for each in found:
        try:
            if isinstance(each, TranslatorError):
                raise each
            events = beside.events(each)
            if events is None:
                report.outcomes["without events"] += 1
                continue
            results = list(trials(each.through(pipelines), events, types, fields=fields))
        except TranslatorError as error:
            report.error(error)
            broken.append(error)
            continue
        wrong = [result for result in results if result.wrong]
        tried += results
        report.rule(each.title, "failed" if wrong else "passed", about=f" ({len(results)} events)")
        report.failed = report.failed or bool(wrong)
    _write(tried, broken, format_, verbose)
    if not tried and not report.failed:
        click.echo("No events lie beside the rules.", err=True)
        report.read_nothing = True
    sys.exit(report.finish())


def _write(tried: list[Trial], broken: list[TranslatorError], format_: str, verbose: bool) -> None:
    match format_:
        case "json":
            click.echo(json.dumps([_as_json(each) for each in tried], indent=2))
        case "junit":
            click.echo(_junit(tried, broken), nl=False)
        case _:
            for each in tried:
                if each.wrong:
                    mark = click.style("FAIL", fg="red")
                    expected = "should match" if each.event.expected else "should not match"
                    click.echo(
                        f"{mark} {each.rule.title}: {each.event.name} ({expected}; wrong: {', '.join(each.wrong)})"
                    )
                    if each.explanation is not None:
                        lines = explanation.text(each.explanation, paint=_painted).splitlines()
                        click.echo("".join(f"     {line}\n" for line in lines), nl=False)
                elif verbose:
                    click.echo(f"{click.style('ok', fg='green')}   {each.rule.title}: {each.event.name}")


def _as_json(tried: Trial) -> dict[str, object]:
    return {
        "rule": tried.rule.id,
        "title": tried.rule.title,
        "event": tried.event.name,
        "expected": tried.event.expected,
        "wrong": list(tried.wrong),
        "why": None if tried.explanation is None else str(tried.explanation),
    }


def _junit(tried: list[Trial], broken: list[TranslatorError]) -> str:
    suites: dict[str, list[Trial]] = {}
    for each in tried:
        suites.setdefault(each.rule.id, []).append(each)
    judged = (junit.Suite(trials_[0].rule.title, tuple(map(_case, trials_))) for trials_ in suites.values())
    wrong = (junit.broken(each.diagnostics[0].source.name, each.diagnostics[0].message, str(each)) for each in broken)
    return junit.write("sigma-kql test", chain(judged, wrong))


def _case(trial: Trial) -> junit.Case:
    if not trial.wrong:
        return junit.Case(trial.event.name, junit.Result.PASSED)
    return junit.Case(trial.event.name, junit.Result.FAILED, f"wrong: {', '.join(trial.wrong)}", str(trial.explanation))


def _painted(said: str, colour: str) -> str:
    return click.style(said, fg=colour)
