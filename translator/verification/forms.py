"""A verification as text for people, as JSON, and as JUnit's XML for a build server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, assert_never

from translator import junit
from translator.errors import TranslatorError
from translator.live import written
from translator.verification import Difference, Judged, Outcome, Report
from translator.witness import Reach
from translator.witness.pool import canonical

#: How many events of a target are shown, of those that a loss declares and of those that none does.
_MOST_DECLARED = 3
_MOST_UNDECLARED = 10

#: How much of an event a line shows.
_WIDTH = 400


def text(report: Report, *, every: bool = False) -> str:
    """A table of the targets, those with differences first, and the events that show the differences.

    ``every`` adds a line for each event, again those with differences first.
    """
    return "\n".join([*_lines(report), *(_matrix(report) if every else ())]) + "\n"


def _matrix(report: Report) -> Iterator[str]:
    """A column for the rule and for each target: ``M`` for a match, ``.`` for none, ``?`` where nobody can say."""
    judged = [each for each in report.targets if each.verdicts]
    yield f"  rule, {', '.join(each.target for each in judged)}"
    rows = [
        (case, "".join(_mark(each) for each in (case.expected, *(one.verdicts[at] for one in judged))))
        for at, case in enumerate(report.cases)
    ]
    for case, marks in sorted(rows, key=lambda row: len(set(row[1]) - {"?"}) < 2):
        yield f"  {marks}  {_cut(written(case.event))}  ({case.why})"


def _mark(verdict: bool | None) -> str:
    return "?" if verdict is None else "M" if verdict else "."


def _cut(said: str) -> str:
    return said if len(said) <= _WIDTH else f"{said[:_WIDTH]}..."


def _lines(report: Report) -> Iterator[str]:
    yield report.rule.title
    yield f"  {summary(report)}"
    rows = [(each.target, str(each.fidelity or "-"), told(each)) for each in report.targets]
    widths = [max((len(row[at]) for row in rows), default=0) for at in (0, 1)]
    for target, fidelity, said in rows:
        yield f"  {target.ljust(widths[0])}  {fidelity.ljust(widths[1])}  {said}"
    for each in report.targets:
        yield from _shown(each)
    for finding in report.findings:
        yield from (f"  {line}" for line in finding.render().splitlines()[:1])


def summary(report: Report) -> str:
    """How many events there are, and what they cover."""
    matched = sum(each.expected for each in report.cases)
    given = sum(each.line is not None for each in report.cases)
    counted = f"{len(report.cases)} events" + (f" ({given} of them given)" if given else "")
    witnesses = report.witnesses
    reached, open_ = witnesses.count(Reach.COVERED), witnesses.count(Reach.OPEN)
    all_ = f"{len(witnesses.leaves)} conditions, {reached} of {reached + open_} decisions covered"
    idle = witnesses.count(Reach.IMPOSSIBLE)
    return f"{counted}, {matched} match; {all_}" + (f", {idle} provably impossible" if idle else "")


def told(judged: Judged) -> str:
    """What became of a target, in a line."""
    count = len(judged.verdicts) - len(judged.refused)
    codes = ", ".join(dict.fromkeys(str(each.code) for each in judged.losses))
    match judged.outcome:
        case Outcome.SAME if judged.proved:
            said = f"the same on all {count}, and provably on every event there can be"
        case Outcome.SAME:
            said = f"the same on all {count}" + (f" (declared, not shown: {codes})" if codes else "")
        case Outcome.DECLARED:
            said = f"{len(judged.differences)} of {count} differ, as declared: {codes}"
        case Outcome.DIFFERS:
            said = f"{len(judged.undeclared)} of {count} DIFFER and no loss says so"
        case Outcome.IMPOSSIBLE:
            said = f"cannot say it: {_first(judged)}"
        case Outcome.FAILED:
            said = f"FAILS: {_first(judged)}"
        case Outcome.UNVERIFIED:
            said = "only a foreign product can run it"
    if judged.refused:
        said += f"; {len(judged.refused)} events not taken, such as: {next(iter(judged.refused.values()))}"
    if judged.replaced:
        types = ", ".join(dict.fromkeys(f"{each.type} by {each.by}" for each in judged.replaced))
        said += f"; types replaced: {types}"
    return said


def _first(judged: Judged) -> str:
    return "; ".join(dict.fromkeys(f"{each.code} {each.message}" for each in judged.diagnostics[:3]))


def _shown(judged: Judged) -> Iterator[str]:
    for each in chosen(judged.differences):
        now = "does not match and the rule does" if each.case.expected else "matches and the rule does not"
        why = ", ".join(dict.fromkeys(str(loss.code) for loss in each.losses)) or "UNDECLARED"
        yield f"    {judged.target} {now} ({why}): {_cut(written(each.smallest))}"
        given = f"event {each.case.line}, " if each.case.line is not None else ""
        because = f"; {' and '.join(each.deciding)}" if each.deciding else ""
        yield f"      {given}{each.case.why}{because}"
        if each.other_deciding:
            yield f"      there: {' and '.join(each.other_deciding)}"


def chosen(differences: Iterable[Difference]) -> list[Difference]:
    """The differences worth showing: each smallest event once, and of each declaration a few."""
    left = {True: _MOST_DECLARED, False: _MOST_UNDECLARED}
    seen: set[str] = set()
    found: list[Difference] = []
    for each in differences:
        key = canonical(each.smallest)
        if key not in seen and left[each.declared]:
            seen.add(key)
            left[each.declared] -= 1
            found.append(each)
    return found


def as_json(report: Report) -> dict[str, Any]:
    """The report as plain values; `live.written` writes them so that numbers in events keep their spelling."""
    return {
        "id": report.rule.id,
        "title": report.rule.title,
        "ok": report.ok,
        "events": [
            {"event": each.event, "expected": each.expected, "why": each.why, "line": each.line}
            for each in report.cases
        ],
        "coverage": {
            "conditions": len(report.witnesses.leaves),
            **{str(reach): report.witnesses.count(reach) for reach in Reach},
        },
        "findings": [{"code": str(each.code), "message": each.message} for each in report.findings],
        "targets": [_target(each) for each in report.targets],
    }


def _target(judged: Judged) -> dict[str, Any]:
    return {
        "target": judged.target,
        "outcome": str(judged.outcome),
        "fidelity": None if judged.fidelity is None else str(judged.fidelity),
        "proved": judged.proved,
        "verdicts": list(judged.verdicts),
        "losses": [
            {"code": str(each.code), "effect": str(each.effect), "message": each.message} for each in judged.losses
        ],
        "differences": [
            {
                "event": each.case.event,
                "smallest": each.smallest,
                "expected": each.case.expected,
                "got": not each.case.expected,
                "declared": list(dict.fromkeys(str(loss.code) for loss in each.losses)),
                "why": each.case.why,
                "line": each.case.line,
                "deciding": list(each.deciding),
            }
            for each in judged.differences
        ],
        "diagnostics": [{"code": str(each.code), "message": each.message} for each in judged.diagnostics],
        "refused": {str(number): why for number, why in judged.refused.items()},
        "replaced": [{"field": each.path, "type": str(each.type), "by": str(each.by)} for each in judged.replaced],
    }


def as_junit(reports: Iterable[Report], broken: Iterable[tuple[str, TranslatorError]] = ()) -> str:
    """A suite for each rule, a case for each target; a suite for each rule or file that is wrong, by its name."""
    judged = (junit.Suite(each.rule.title, tuple(map(_case, each.targets))) for each in reports)
    wrong = (junit.broken(name, error.diagnostics[0].message, str(error)) for name, error in broken)
    return junit.write("sigma-kql verify", chain(judged, wrong))


def as_json_broken(name: str, error: TranslatorError) -> dict[str, Any]:
    """A rule or a file that is wrong, as plain values."""
    found = [{"code": str(each.code), "message": each.message} for each in error.diagnostics]
    return {"title": name, "ok": False, "findings": found}


def _case(judged: Judged) -> junit.Case:
    match judged.outcome:
        case Outcome.DIFFERS | Outcome.FAILED:
            result = junit.Result.FAILED
        case Outcome.IMPOSSIBLE | Outcome.UNVERIFIED:
            result = junit.Result.SKIPPED
        case Outcome.SAME | Outcome.DECLARED:
            result = junit.Result.PASSED
        case _:
            assert_never(judged.outcome)
    shown = "\n".join([told(judged), *(line.strip() for line in _shown(judged))])
    return junit.Case(judged.target, result, told(judged), shown)
