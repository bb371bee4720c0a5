"""The events that lie beside a rule, put to the rule and to what every target makes of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from translator import rule_events
from translator.backends import backends
from translator.errors import Code, TranslatorError, refuse
from translator.explanation import Explainer, Explanation
from translator.pipeline import compile_rule, convert
from translator.rule import Rule
from translator.rule_events import RuleEvent, RuleEvents
from translator.schema import Schema
from translator.source import Source, Span

#: The name of a file of events; with the rule's own name before it where a folder holds several rules.
NAME = "events.yaml"


@dataclass(frozen=True, slots=True)
class Trial:
    """One event of a rule. ``wrong`` are those who give another verdict than it expects: ``rule``, or a target."""

    rule: Rule
    event: RuleEvent
    wrong: tuple[str, ...]
    explanation: Explanation | None = field(default=None, repr=False)


class Beside:
    """Finds the events of rules that were read together."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.files: dict[Path, set[str]] = {}
        for rule in rules:
            path = Path(rule.source.root.name)
            self.files.setdefault(path.parent, set()).add(path.name)

    def events(self, rule: Rule) -> RuleEvents | None:
        """The events beside a rule, None where there are none.

        Raises TranslatorError where the file is wrong, or where several rules might mean it.
        """
        path = Path(rule.source.root.name)
        own, shared = path.parent / f"{path.stem}.{NAME}", path.parent / NAME
        if own.is_file():
            return rule_events.read(own)
        if not shared.is_file():
            return None
        if len(self.files.get(path.parent, ())) > 1:
            raise refuse(Code.BAD_VALUE, f"{shared} lies beside several rules.", Source("", str(shared)), Span(0, 0),
                         f"call it {own.name} for this rule")  # fmt: skip
        return rule_events.read(shared)


def trials(rule: Rule, beside: RuleEvents, schema: Schema, *, fields: str | None = None) -> Iterator[Trial]:
    """The verdicts on each event; one that is wrong is explained.

    ``fields`` says which names a Sigma rule's fields have in the events: their own, if left out. Raises TranslatorError
    where the rule is wrong.
    """
    types = beside.schema(schema)
    tests = {"rule": compile_rule(rule, schema=types, fields=fields)}
    for name, backend in backends().items():
        if backend.matches is not None:
            try:
                tests[name] = backend.matches(convert(rule, to=name, schema=types, fields=fields or "none").text, types)
            except TranslatorError:
                continue  # what a target cannot say, or says with a loss, is for `check` and `verify` to tell
    explainer: Explainer | None = None
    for each in beside.events:
        wrong = tuple(name for name, matches in tests.items() if matches(each.event) is not each.expected)
        if wrong:
            explainer = explainer or Explainer(rule, schema=types, fields=fields)
        yield Trial(rule, each, wrong, explainer.explain(each.event) if wrong and explainer else None)
