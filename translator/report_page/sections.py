"""A rule's part of the page, and what the head of the page has to know of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from translator.attack.navigator import Placement
from translator.errors import TranslatorError
from translator.ledger import Fidelity
from translator.live import written
from translator.report_page.marks import Note, marked
from translator.report_page.templates import Markup, rendered
from translator.rule import Rule
from translator.source import Span
from translator.verification import Difference, Outcome, Report, forms
from translator.witness import Reach

#: Targets whose texts people want to read first.
_READ_FIRST = ("sigma", "dsl", "kql")

#: Outcomes that make people look at a text.
_TOLD_FIRST = (Outcome.DIFFERS, Outcome.FAILED, Outcome.DECLARED)

#: How much of an event is shown in a row of verdicts, and in what shows a difference.
_EVENT = 400
_SMALLEST = 2_000


class Verdict(StrEnum):
    """What became of a rule on the page."""

    DIFFERS = "differs"
    FAILED = "fails"
    BROKEN = "not judged"
    DECLARED = "as declared"
    IMPOSSIBLE = "cannot be said"
    UNVERIFIED = "not run here"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Budget:
    """How much of a rule is shown, so that a page of many rules can be opened; differences are always shown.

    ``rows`` are events on which all agree, ``characters`` those of a target's text; a text that people read first gets
    twice as many, and one whose verdicts differ four times.
    """

    rows: int
    characters: int

    @classmethod
    def of(cls, rules: int) -> Budget:
        """For a page of so many rules."""
        count = max(rules, 1)
        return cls(max(8, min(300, 6_000 // count)), max(2_400, min(60_000, 1_000_000 // count)))


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one target, for the totals and the list of rules."""

    name: str
    verdict: Verdict
    said: str
    fidelity: Fidelity | None


@dataclass(frozen=True, slots=True)
class Section:
    """A rule as the page tells it; ``number`` makes its anchors."""

    number: int
    title: str
    file: str
    verdict: Verdict
    events: int
    covered: str
    targets: tuple[Told, ...]
    codes: tuple[str, ...]
    placement: Placement
    body: Markup

    @property
    def anchor(self) -> str:
        """Where the rule stands on the page."""
        return f"rule-{self.number}"


@dataclass(frozen=True, slots=True)
class _Text:
    """A target's text, or as much of it as there is room for."""

    target: str
    shown: str
    more: int


@dataclass(frozen=True, slots=True)
class _Cell:
    """One verdict. ``sign`` says beside it whether it is another than the rule's, and whether a loss says so."""

    mark: str
    kind: str = ""
    sign: str = ""


@dataclass(frozen=True, slots=True)
class _Row:
    """An event with all verdicts on it, the rule's first."""

    cells: tuple[_Cell, ...]
    event: str
    why: str
    differs: bool


@dataclass(frozen=True, slots=True)
class _Shown:
    """A difference by its smallest event."""

    said: str
    codes: tuple[str, ...]
    event: str
    why: str
    deciding: tuple[str, ...]
    other_deciding: tuple[str, ...]


def section(report: Report, number: int, budget: Budget, placement: Placement) -> Section:
    """A report's part of the page, written out."""
    rule = report.rule
    text = marked(report)
    told = tuple(Told(each.target, _verdict(each.outcome), forms.told(each), each.fidelity) for each in report.targets)
    verdict = min((each.verdict for each in told), key=list(Verdict).index, default=Verdict.SAME)
    rows = list(_rows(report))
    differing = [row for row in rows if row.differs]
    agreeing = [row for row in rows if not row.differs]
    body = rendered(
        "rule.html",
        anchor=f"rule-{number}",
        rule=rule,
        place=_place(rule),
        summary=forms.summary(report),
        targets=told,
        text=text,
        numbers=_numbers(text.notes),
        texts=list(_texts(report, budget)),
        differences=[(each.target, list(map(_shown, forms.chosen(each.differences)))) for each in report.targets],
        columns=[each.target for each in report.targets if each.verdicts],
        rows=[*differing, *agreeing[: budget.rows]],
        more=max(0, len(agreeing) - budget.rows),
    )
    witnesses = report.witnesses
    reached, open_ = witnesses.count(Reach.COVERED), witnesses.count(Reach.OPEN)
    codes = tuple(dict.fromkeys(each.code for each in text.notes))
    return Section(
        number, rule.title, rule.source.root.name, verdict, len(report.cases), f"{reached} of {reached + open_}",
        told, codes, placement, body,
    )  # fmt: skip


def broken(error: TranslatorError, number: int, rule: Rule | None = None) -> Section:
    """The part of a file that holds no rule, or of a rule that is wrong: what is wrong with it, and where."""
    first = error.diagnostics[0]
    codes = tuple(dict.fromkeys(str(each.code) for each in error.diagnostics))
    title = rule.title if rule is not None else first.source.name
    body = rendered("broken.html", anchor=f"rule-{number}", findings=[each.render() for each in error.diagnostics])
    return Section(number, title, first.source.name, Verdict.BROKEN, 0, "", (), codes, Placement(), body)


def _verdict(outcome: Outcome) -> Verdict:
    match outcome:
        case Outcome.SAME:
            return Verdict.SAME
        case Outcome.DECLARED:
            return Verdict.DECLARED
        case Outcome.DIFFERS:
            return Verdict.DIFFERS
        case Outcome.IMPOSSIBLE:
            return Verdict.IMPOSSIBLE
        case Outcome.FAILED:
            return Verdict.FAILED
        case Outcome.UNVERIFIED:
            return Verdict.UNVERIFIED
        case _:
            assert_never(outcome)


def _place(rule: Rule) -> str:
    root = rule.query.root
    return f"{root.name}:{root.locate(rule.query.to_root(Span(0, 0)).start).line}"


def _numbers(notes: tuple[Note, ...]) -> Mapping[str, int]:
    """The note that a code leads to: the first that has it."""
    return {each.code: each.number for each in reversed(notes)}


def _texts(report: Report, budget: Budget) -> Iterator[_Text]:
    """The targets' texts: those whose verdicts differ first, then those that people read first."""
    order = {name: at for at, name in enumerate(_READ_FIRST)}
    for each in sorted(
        report.targets, key=lambda one: (one.outcome not in _TOLD_FIRST, order.get(one.target, len(order)))
    ):
        if each.text:
            room = budget.characters * (2 if each.target in order else 1) * (4 if each.undeclared else 1)
            yield _Text(each.target, each.text[:room], max(0, len(each.text) - room))


def _rows(report: Report) -> Iterator[_Row]:
    judged = [each for each in report.targets if each.verdicts]
    declared = [{id(each.case): each.declared for each in one.differences} for one in judged]
    for at, case in enumerate(report.cases):
        cells = [_Cell(_mark(case.expected))]
        for one, known in zip(judged, declared, strict=True):
            verdict = one.verdicts[at]
            if verdict is None or verdict is case.expected:
                cells.append(_Cell(_mark(verdict)))
            elif known.get(id(case), False):
                cells.append(_Cell(_mark(verdict), "declared", "~"))
            else:
                cells.append(_Cell(_mark(verdict), "differs", "≠"))
        why = f"{case.why}, line {case.line}" if case.line is not None else case.why
        yield _Row(tuple(cells), _cut(written(case.event), _EVENT), why, any(each.kind for each in cells))


def _mark(verdict: bool | None) -> str:
    return "?" if verdict is None else "M" if verdict else "·"


def _cut(said: str, room: int) -> str:
    return said if len(said) <= room else f"{said[:room]}…"


def _shown(difference: Difference) -> _Shown:
    case = difference.case
    return _Shown(
        "does not match and the rule does" if case.expected else "matches and the rule does not",
        tuple(dict.fromkeys(str(loss.code) for loss in difference.losses)),
        _cut(written(difference.smallest), _SMALLEST),
        f"event {case.line}, {case.why}" if case.line is not None else case.why,
        difference.deciding,
        difference.other_deciding,
    )
