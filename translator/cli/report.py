"""What a run has to say on standard error: findings as they come, and a summary at the end."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import click

from translator.errors import Code, Diagnostic, Severity, TranslatorError
from translator.ledger import Loss

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}

#: A run that met one of these alone had nothing to read.
_NOTHING_TO_READ = frozenset({Code.NOT_FOUND, Code.NO_RULES})

#: Beside losses, what refuses a rule that is right as it is.
_REFUSING = frozenset(
    {Code.OTHER_LANGUAGE, Code.DUPLICATE_ID, Code.SIGMA_UNSUPPORTED, Code.PLACEHOLDER, Code.TARGET_REFUSES}
)

#: In this order a summary counts, whatever came first; other outcomes follow.
_ORDER = ("exact", "wider", "narrower", "mixed", "refused", "broken", "left out")

#: So many rules are shown for one code, and so many messages in a summary; a long list hides the rest.
_MOST_SHOWN = 20
_MOST_SUMMED = 5


@dataclass
class Report:
    """Counts what became of the rules, and writes the findings."""

    format: str = "text"
    quiet: bool = False
    verbose: bool = False
    outcomes: Counter[str] = field(default_factory=Counter)
    losses: dict[Code, tuple[int, str]] = field(default_factory=dict)
    entries: list[dict[str, Any]] = field(default_factory=list)
    said: Counter[tuple[Code, str]] = field(default_factory=Counter)
    left: dict[str, tuple[int, str]] = field(default_factory=dict)
    shown: Counter[Code] = field(default_factory=Counter)
    hidden: Counter[Code] = field(default_factory=Counter)
    failed: bool = False
    read_nothing: bool = False
    #: Called before anything is said.
    aside: Callable[[], None] = lambda: None

    def rule(
        self,
        title: str,
        outcome: str,
        *,
        losses: Iterable[Loss] = (),
        notes: Iterable[Diagnostic] = (),
        about: str = "",
    ) -> None:
        """A rule that was written (or would be), with its losses and notes."""
        self.outcomes[outcome] += 1
        losses, notes = tuple(losses), tuple(notes)
        for loss in losses:
            self._count(loss.code, title)
        self.findings([*(loss.diagnostic() for loss in losses), *notes], accepted=True)
        if self.verbose:
            self._say(f"{title}: {outcome}{about}")

    def error(self, error: TranslatorError, title: str | None = None) -> None:
        """A rule that was refused, or a file that could not be read."""
        codes = {each.code for each in error.diagnostics}
        if codes <= _NOTHING_TO_READ:
            self.read_nothing = True
        else:
            self.failed = True
            refused = all(code.number.startswith("L") or code in _REFUSING for code in codes)
            self.outcomes["refused" if refused else "broken"] += 1
            for code in codes:
                self._count(code, title or error.diagnostics[0].source.name)
        if self._showing(codes):
            self.findings(self._places(error.diagnostics))

    def left_out(self, title: str, kind: str) -> None:
        """A rule that the caller does not want."""
        self.outcomes["left out"] += 1
        count, example = self.left.get(kind, (0, title))
        self.left[kind] = count + 1, example
        if self.verbose:
            self._say(f"{title}: left out ({kind})")

    def _showing(self, codes: Iterable[Code]) -> bool:
        """Whether something new about these codes is written; if not, it is counted."""
        if self.verbose or self.format == "json":
            return True
        if showing := any(self.shown[code] < _MOST_SHOWN for code in codes):
            self.shown.update(codes)
        else:
            self.hidden.update(codes)
        return showing

    def _places(self, found: Iterable[Diagnostic]) -> Iterable[Diagnostic]:
        """Findings that say the same of several places as one; JSON keeps each."""
        found = list(found)
        if self.format == "json":
            return found
        counts = Counter((each.code, each.message) for each in found)
        return [
            replace(each, message=_counted(each.message, counts.pop(key)))
            for each in found
            if (key := (each.code, each.message)) in counts
        ]

    def fail(self, message: str) -> None:
        """A check that failed."""
        self.failed = True
        self._say(click.style(message, fg="red"))

    def findings(self, diagnostics: Iterable[Diagnostic], *, accepted: bool = False) -> None:
        """Write findings; an error that was accepted is no more than a note."""
        for each in diagnostics:
            note = accepted and each.severity is Severity.ERROR
            quiet = self.quiet and (accepted or each.severity is Severity.NOTE)
            if self.format == "json":
                self.entries.append(as_json(each, "note" if note else each.severity))
            elif not quiet and not self._repeated(each, accepted) and (not accepted or self._showing([each.code])):
                self._say(_coloured(each, note))

    def _repeated(self, found: Diagnostic, accepted: bool) -> bool:
        """Whether a note said the same of another rule; a run over a folder tells it once, and counts."""
        if found.severity is Severity.ERROR and not accepted:
            return False
        key = (found.code, found.message)
        self.said[key] += 1
        return self.said[key] > 1

    def finish(self) -> int:
        """Write the summary; returns the exit status."""
        if self.format == "json":
            click.echo(json.dumps({"findings": self.entries, "summary": self.summary()}, indent=2), err=True)
        elif not self.quiet and (sum(self.outcomes.values()) > 1 or self.verbose):
            self._table()
        for code, count in sorted(self.hidden.items(), key=lambda each: each[0].number):
            self._say(f"  {code} {count:>4}  more of these are not shown; -v shows all.")
        if self.failed:
            return 1
        return 2 if self.read_nothing else 0

    def summary(self) -> dict[str, Any]:
        """Counts by outcome, and by code with an example."""
        return {
            "rules": sum(self.outcomes.values()),
            **dict(self._counts()),
            **({"left_out_as": {kind: count for kind, (count, _) in self.left.items()}} if self.left else {}),
            "codes": {str(code): {"count": count, "example": title} for code, (count, title) in self.losses.items()},
        }

    def _count(self, code: Code, title: str) -> None:
        count, example = self.losses.get(code, (0, title))
        self.losses[code] = (count + 1, example)

    def _counts(self) -> list[tuple[str, int]]:
        known = [(outcome, self.outcomes[outcome]) for outcome in _ORDER if outcome in self.outcomes]
        return [*known, *((outcome, count) for outcome, count in self.outcomes.items() if outcome not in _ORDER)]

    def _table(self) -> None:
        total = sum(self.outcomes.values())
        parts = ", ".join(f"{count} {outcome}" for outcome, count in self._counts())
        self._say(f"{total} rule{'s' if total != 1 else ''}: {parts}")
        for kind, (count, title) in self.left.items():
            self._say(f"  left {count:>4}  Left out as {kind}. For example: {title}")
        for code, (count, title) in sorted(self.losses.items(), key=lambda each: each[0].number):
            self._say(f"  {code} {count:>4}  {code.summary} For example: {title}")
        repeated: dict[Code, list[tuple[int, str]]] = {}
        for (code, message), count in self.said.items():
            if count > 1:
                repeated.setdefault(code, []).append((count, message))
        for code, messages in repeated.items():
            messages.sort(key=lambda each: -each[0])
            for count, message in messages[:_MOST_SUMMED]:
                self._say(f"  {code} {count:>4}  {message}")
            if others := messages[_MOST_SUMMED:]:
                said = f"{len(others)} other message{'s' if len(others) > 1 else ''} of this code"
                self._say(f"  {code} {sum(count for count, _ in others):>4}  {said}")

    def _say(self, text: str) -> None:
        self.aside()
        click.echo(text, err=True)


def _counted(message: str, count: int) -> str:
    return message if count == 1 else f"{message} In {count} places."


def as_json(diagnostic: Diagnostic, severity: str) -> dict[str, Any]:
    """A finding as plain values; lines and columns count from 1."""
    start = diagnostic.source.locate(diagnostic.span.start)
    end = diagnostic.source.locate(diagnostic.span.end)
    return {
        "code": str(diagnostic.code),
        "severity": str(severity),
        "message": diagnostic.message,
        "hint": diagnostic.hint,
        "file": diagnostic.source.name,
        "line": start.line,
        "column": start.column,
        "end_line": end.line,
        "end_column": end.column,
    }


def _coloured(diagnostic: Diagnostic, accepted: bool) -> str:
    head, *rest = diagnostic.render(note=accepted).splitlines()
    colour = "cyan" if accepted else _COLOURS[diagnostic.severity]
    return "\n".join([click.style(head, fg=colour), *rest])
