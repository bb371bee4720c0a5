"""A rule's text with the places of its losses and findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from translator.errors import Diagnostic, Severity
from translator.ledger import Loss
from translator.rule import Rule
from translator.source import Source, Span
from translator.verification import Outcome, Report

#: How much of a line is shown around a place that is not in the query.
_AROUND = 60


@dataclass(frozen=True, slots=True)
class Place:
    """Where a note is about something, in the rule's file; text is given where the query does not hold the place."""

    line: int
    before: str = ""
    marked: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """A loss or a finding, told once, whatever number of targets and places it has."""

    number: int
    code: str
    summary: str
    kind: str
    message: str
    effect: str | None
    remedy: str | None
    targets: tuple[str, ...]
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of text that the same notes are about; ``starts`` are those whose place begins with it."""

    text: str
    kinds: tuple[str, ...] = ()
    starts: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Marked:
    """The text of a rule's query, filters and exceptions, and what there is to say of it."""

    segments: tuple[Segment, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class _Key:
    """What makes two remarks one note."""

    code: str
    summary: str
    kind: str
    message: str
    effect: str | None
    remedy: str | None


#: Kinds of notes in the order in which they are told; a place that has several is coloured as the first.
KINDS = ("error", "loss", "refused", "warning", "note")


def marked(report: Report) -> Marked:
    """The text of a report's rule with every loss, finding and refusal in it."""
    rule = report.rule
    targets: dict[_Key, dict[str, None]] = {}
    spans: dict[_Key, dict[Span, None]] = {}
    for key, target, span in _remarks(report):
        targets.setdefault(key, {})
        spans.setdefault(key, {})
        if target is not None:
            targets[key][target] = None
        if span is not None:
            spans[key][span] = None
    text = _Text(rule)
    notes: list[Note] = []
    ranges: list[tuple[int, int, Note]] = []
    for number, key in enumerate(sorted(targets, key=lambda each: KINDS.index(each.kind)), 1):
        inside = {span: text.ranges(span) for span in spans[key]}
        note = Note(
            number, key.code, key.summary, key.kind, key.message, key.effect, key.remedy, tuple(targets[key]),
            tuple(dict.fromkeys(text.place(span, shown=not inside[span]) for span in inside)),
        )  # fmt: skip
        notes.append(note)
        ranges += [(start, end, note) for found in inside.values() for start, end in found]
    return Marked(tuple(_segments(rule.whole.text, ranges)), tuple(notes))


def _remarks(report: Report) -> Iterator[tuple[_Key, str | None, Span | None]]:
    """Everything that is said of the rule, by which target, and where in its file."""
    root = report.rule.source.root
    for finding in (*report.findings, *report.rule.notes):
        yield _said(finding), None, _span(finding, root)
    for judged in report.targets:
        for loss in judged.losses:
            yield _lost(loss), judged.target, loss.span if _is(loss.source, root) else None
        for each in judged.diagnostics:
            yield _said(each, judged.outcome), judged.target, _span(each, root)


def _said(found: Diagnostic, outcome: Outcome | None = None) -> _Key:
    """A finding, or what a target says; that a target has no words for a rule is no mistake."""
    kind = str(found.severity)
    if found.severity is Severity.ERROR:
        kind = "refused" if outcome is Outcome.IMPOSSIBLE else "error"
    return _Key(str(found.code), found.code.summary, kind, found.message, None, found.hint)


def _lost(loss: Loss) -> _Key:
    return _Key(str(loss.code), loss.code.summary, "loss", loss.message, str(loss.effect), loss.remedy)


def _span(found: Diagnostic, root: Source) -> Span | None:
    return found.span if _is(found.source, root) else None


def _is(source: Source, root: Source) -> bool:
    return source is root or (source.name == root.name and source.text == root.text)


class _Text:
    """Knows which characters of a rule's text came from where in its file."""

    def __init__(self, rule: Rule) -> None:
        self.root = rule.source.root
        whole = rule.whole
        self.places = [whole.to_root(Span(at, at)).start for at in range(len(whole.text))]

    def ranges(self, span: Span) -> list[tuple[int, int]]:
        """The runs of the text that lie in a span of the file."""
        inside = [at for at, place in enumerate(self.places) if span.start <= place < span.end]
        runs: list[tuple[int, int]] = []
        for at in inside:
            if runs and runs[-1][1] == at:
                runs[-1] = (runs[-1][0], at + 1)
            else:
                runs.append((at, at + 1))
        return runs

    def place(self, span: Span, *, shown: bool) -> Place:
        """The line of a span, with its text where that is to be shown."""
        at = self.root.locate(span.start)
        if not shown:
            return Place(at.line)
        line = self.root.line(at.line)
        start = at.column - 1
        end = min(len(line), start + max(1, span.end - span.start), start + 2 * _AROUND)
        begin, last = max(0, start - _AROUND), min(len(line), end + _AROUND)
        return Place(at.line, line[begin:start], line[start:end], line[end:last])


def _segments(text: str, ranges: Iterable[tuple[int, int, Note]]) -> Iterator[Segment]:
    """The text cut wherever a range begins or ends."""
    starts: dict[int, list[Note]] = {}
    ends: dict[int, list[Note]] = {}
    for start, end, note in ranges:
        starts.setdefault(start, []).append(note)
        ends.setdefault(end, []).append(note)
    inside: list[Note] = []
    cuts = sorted({0, len(text), *starts, *ends})
    for start, end in pairwise(cuts):
        for note in ends.get(start, ()):
            inside.remove(note)
        begun = starts.get(start, [])
        inside += begun
        kinds = sorted({note.kind for note in inside}, key=KINDS.index)
        yield Segment(text[start:end], tuple(kinds), tuple(dict.fromkeys(begun)))
