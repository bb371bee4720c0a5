"""Why a rule matched an event, or did not: the rule as a tree, each part with its verdict, its place and what it saw.

The verdicts are the matcher's, asked leaf by leaf; nothing here decides one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias, assert_never

from translator import logic
from translator.explanation.near import near_misses
from translator.explanation.values import Seen, seen
from translator.live import written
from translator.logic import Formula
from translator.meaning import unread
from translator.pipeline import elastic_names
from translator.rule import Rule, query_rule
from translator.schema import Schema
from translator.source import NOWHERE, Source, Span
from translator.witness.leaves import in_words
from translator.witness.parts import Judge, Part, Region

#: How many false items of an `or`, or true ones of an `and`, are shown before the rest is counted.
_MOST_ALIKE = 5

#: How many values of a field are shown, and how much of each.
_MOST_VALUES = 5
_WIDTH = 120


class Kind(StrEnum):
    """What a step of an explanation is."""

    AND = "and"
    OR = "or"
    NOT = "not"
    NESTED = "nested"
    OBJECT = "object"
    EVERYTHING = "everything"
    CONDITION = "condition"


@dataclass(frozen=True, slots=True)
class Step:
    """A part of the rule and its verdict. ``decides``: the event's verdict would turn if this condition's did.

    ``span`` is a place in the rule's file, None where no text spelled the part. ``seen`` are the event's values where
    the condition looks, and ``notes`` what it nearly found.
    """

    kind: Kind
    said: str
    verdict: bool
    span: Span | None = None
    decides: bool = False
    seen: tuple[Seen, ...] = ()
    notes: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()

    def walk(self) -> Iterator[Step]:
        """This step and all inside it, outermost first."""
        pending = [self]
        while pending:
            here = pending.pop()
            yield here
            pending.extend(reversed(here.steps))


@dataclass(frozen=True, slots=True)
class Explanation:
    """A rule's verdict on an event, and how it came about. ``unread`` are values that their fields do not take."""

    rule: Rule
    event: Mapping[str, Any] = field(repr=False)
    matched: bool
    root: Step = field(repr=False)
    unread: tuple[str, ...] = ()

    @property
    def deciding(self) -> tuple[Step, ...]:
        """The conditions that alone decide."""
        return tuple(step for step in self.root.walk() if step.decides)

    def __str__(self) -> str:
        return text(self)


class Explainer:
    """A rule made ready to be explained on many events. Raises TranslatorError where the rule is wrong."""

    def __init__(self, rule: Rule | str, *, schema: Schema | None = None, fields: str | None = None) -> None:
        self.rule = query_rule(Source(rule)) if isinstance(rule, str) else rule
        self.schema = schema or Schema.default()
        self.formula: Formula = self.rule.check(
            self.schema, elastic_names=elastic_names(self.rule, None, fields)
        ).formula
        self.source = self.rule.whole
        self.judge = Judge(self.formula, self.schema, source=self.source)

    def explain(self, event: Mapping[str, Any]) -> Explanation:
        """How the rule comes to its verdict on ``event``."""
        region = self.judge.look(event)
        deciding = frozenset(number for number, _ in self.judge.decisions(event))
        dropped = tuple(_dropped(each.path, each.field.type, each.value) for each in unread(event, self.schema))
        root = self.step(self.judge.parts[0], region, deciding)
        return Explanation(self.rule, event, self.judge.matches(event), root, dropped)

    def step(self, part: Part, region: Region, deciding: frozenset[int]) -> Step:
        verdict = region.verdicts[part.number]
        span = None if part.node.span == NOWHERE else self.source.to_root(part.node.span)
        inside = tuple(self.judge.parts[child] for child in part.children)
        match part.node:
            case logic.And() | logic.Or() | logic.Not():
                steps = tuple(self.step(each, region, deciding) for each in inside)
                kind = Kind.AND if isinstance(part.node, logic.And) else Kind.OR
                kind = Kind.NOT if isinstance(part.node, logic.Not) else kind
                return Step(kind, str(kind), verdict, span, steps=steps)
            case logic.Within(path, _):
                found = region.objects[part.number]
                steps = tuple(
                    Step(
                        Kind.OBJECT, f"object {number} of {len(found)}", each.verdicts[inside[0].number],
                        steps=(self.step(inside[0], each, deciding),),
                    )
                    for number, each in enumerate(found, 1)
                )  # fmt: skip
                notes = () if verdict else _scattered(self.judge, inside[0], found)
                return Step(Kind.NESTED, f"some one object of {path}", verdict, span, notes=notes, steps=steps)
            case logic.Everything():
                return Step(Kind.EVERYTHING, "every event", verdict, span)
            case _:
                looked = seen(self.judge, part, region, self.schema)
                notes = () if verdict else near_misses(self.judge, part, region, looked, self.schema)
                words = in_words(part.node)
                return Step(Kind.CONDITION, words, verdict, span, part.number in deciding, looked, notes)


def explain(
    rule: Rule | str, event: Mapping[str, Any], *, schema: Schema | None = None, fields: str | None = None
) -> Explanation:
    """Why ``rule`` (or a KQL text) matches ``event`` or not; ``fields`` are as in `translator.compile`.

    Raises TranslatorError where the rule is wrong.
    """
    return Explainer(rule, schema=schema, fields=fields).explain(event)


def _scattered(judge: Judge, body: Part, found: tuple[Region, ...]) -> tuple[str, ...]:
    """Whether each condition is true of some object, though no one object satisfies all."""
    if not found:
        return ("the event has no such object",)
    if not isinstance(body.node, logic.And):
        return ()
    each_somewhere = all(any(region.verdicts[child] for region in found) for child in body.children)
    return ("each condition is true of some object, but no one object satisfies all",) if each_somewhere else ()


def _dropped(path: str, type_: str, value: Any) -> str:
    return f"{path}: {_cut(written(value))} is not read, since the field is of type {type_}"


# Forms.

#: A text and the name of a colour -> the text in that colour.
Paint: TypeAlias = Callable[[str, str], str]


def _plain(said: str, _: str) -> str:
    return said


def text(explanation: Explanation, *, paint: Paint = _plain, every: bool = False) -> str:
    """The explanation for a person. ``every`` leaves nothing out of long lists."""
    verdict = "matches" if explanation.matched else "does not match"
    head = paint(f"{explanation.rule.title}: {verdict}", "green" if explanation.matched else "red")
    writer = _Writer(explanation.rule, paint, every)
    lines = [head, *writer.lines(explanation.root, 1)]
    lines += [paint(f"  {each}", "yellow") for each in explanation.unread]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class _Writer:
    rule: Rule
    paint: Paint
    every: bool

    def lines(self, step: Step, depth: int) -> Iterator[str]:
        indent = "  " * depth
        mark = self.paint("yes", "green") if step.verdict else self.paint("no ", "red")
        yield f"{indent}{mark} {step.said}{self.beside(step)}"
        for note in step.notes:
            yield f"{indent}    {self.paint(note, 'yellow')}"
        shown = step.steps if self.every else _worth_showing(step)
        for each in shown:
            yield from self.lines(each, depth + 1)
        if (left := len(step.steps) - len(shown)) > 0:
            yield f"{indent}  ... and {left} more that {'are' if left > 1 else 'is'} {_word(step.kind is Kind.AND)}"

    def beside(self, step: Step) -> str:
        values = ", ".join(
            f"{each.path} = {_cut(written(each.value))}" + ("" if each.answers or not step.verdict else " (not this)")
            for each in step.seen[:_MOST_VALUES]
        )
        more = f", and {len(step.seen) - _MOST_VALUES} more" if len(step.seen) > _MOST_VALUES else ""
        decides = self.paint("  <- decides", "cyan") if step.decides else ""
        return (f"   [{values}{more}]" if values else "") + self.place(step) + decides

    def place(self, step: Step) -> str:
        if step.span is None or step.kind is not Kind.CONDITION:
            return ""
        at = self.rule.source.root.locate(step.span.start)
        return f"   (line {at.line}, column {at.column})"


def _worth_showing(step: Step) -> tuple[Step, ...]:
    """Of many that say the same only a few: what makes an `and` false, and an `or` true, is always shown."""
    if step.kind not in (Kind.AND, Kind.OR):
        return step.steps
    usual = step.kind is Kind.AND
    telling = [each for each in step.steps if each.verdict is not usual or _has_notes(each)]
    room = max(_MOST_ALIKE - len(telling), 1)
    alike = [each for each in step.steps if each not in telling][:room]
    chosen = {id(each) for each in (*telling, *alike)}
    return tuple(each for each in step.steps if id(each) in chosen)


def _has_notes(step: Step) -> bool:
    return any(each.notes and not each.notes[0].startswith("field missing") for each in step.walk())


def _word(verdict: bool) -> str:
    return "true" if verdict else "false"


def _cut(said: str) -> str:
    return said if len(said) <= _WIDTH else f"{said[:_WIDTH]}..."


def as_json(explanation: Explanation) -> dict[str, Any]:
    """The explanation as plain values; `live.written` writes them so that numbers keep their spelling."""
    return {
        "id": explanation.rule.id,
        "title": explanation.rule.title,
        "matched": explanation.matched,
        "unread": list(explanation.unread),
        "root": _step_json(explanation.rule, explanation.root),
    }


def _step_json(rule: Rule, step: Step) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": str(step.kind), "said": step.said, "verdict": step.verdict}
    if step.span is not None:
        start, end = (rule.source.root.locate(at) for at in (step.span.start, step.span.end))
        found |= {"line": start.line, "column": start.column, "end_line": end.line, "end_column": end.column}
    match step.kind:
        case Kind.CONDITION:
            found["decides"] = step.decides
            found["seen"] = [{"path": each.path, "value": each.value, "answers": each.answers} for each in step.seen]
        case Kind.AND | Kind.OR | Kind.NOT | Kind.NESTED | Kind.OBJECT:
            found["steps"] = [_step_json(rule, each) for each in step.steps]
        case Kind.EVERYTHING:
            pass
        case _:
            assert_never(step.kind)
    return found | ({"notes": list(step.notes)} if step.notes else {})
