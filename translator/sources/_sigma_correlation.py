"""The `correlation` of a Sigma rule, read with the place of every mistake."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from translator.errors import Code, Diagnostic, diagnose
from translator.needs import Bound, Correlation
from translator.source import Span
from translator.yaml_reader import Document, Path

_TEMPORAL = ("temporal", "temporal_ordered")
_COUNTING = ("event_count",)
_VALUES = ("value_count", "value_sum", "value_avg", "value_percentile", "value_median")
_OPERATORS = ("lt", "lte", "gt", "gte", "eq", "neq")
_TIMESPAN = re.compile(r"[1-9][0-9]*[smhdwMy]")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|\S")
_KEYS = ("type", "rules", "generate", "group-by", "timespan", "aliases", "condition")


@dataclass(frozen=True, slots=True)
class Reference:
    """A rule's id or name, and where it is said."""

    name: str
    span: Span


class Reader:
    """Carries the document and the mistakes that are found in it."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.mistakes: list[Diagnostic] = []
        said = document.value["correlation"]
        self.body: dict[Any, Any] = said if isinstance(said, dict) else {}
        if not isinstance(said, dict):
            self.mistake((), "A correlation is a map of keys to values.", "write `type:`, `rules:`, `timespan:`")

    def read(self) -> tuple[Correlation, tuple[Reference, ...]]:
        """The correlation, whose rules and aliases still go by the references that come with it."""
        for key in self.body:
            if key not in _KEYS:
                self.mistake((key,), f'A correlation has no key "{key}".', f"known are {', '.join(_KEYS)}")
        kind = self.kind()
        condition = self.body.get("condition")
        references = tuple(self.references(kind))
        return (
            Correlation(
                kind,
                tuple(each.name for each in references),
                self.texts("group-by"),
                self.timespan(),
                self.bounds(kind),
                self.fields(kind),
                self.percentile(),
                condition if isinstance(condition, str) else None,
                tuple(self.aliases()),
                self.generates(),
            ),
            references,
        )

    def kind(self) -> str:
        said = self.body.get("type")
        known = (*_COUNTING, *_VALUES, *_TEMPORAL)
        if said not in known:
            self.mistake(("type",), f'"{said}" is no type of correlation.', f"write one of {', '.join(known)}")
        return str(said)

    def references(self, kind: str) -> Iterator[Reference]:
        said = self.body.get("rules")
        for at, name in enumerate([said] if isinstance(said, str) else said if isinstance(said, list) else []):
            path: Path = ("rules",) if isinstance(said, str) else ("rules", at)
            if isinstance(name, str):
                yield Reference(name, self.span(*path))
            else:
                self.mistake(path, "A rule is named by its id or its name.", "put quotes around it")
        condition = self.body.get("condition")
        if said is not None and not isinstance(said, str | list):
            self.mistake(("rules",), "The rules are a list of ids and names.", "write `rules: [name]`")
        elif not said and kind in _TEMPORAL and isinstance(condition, str):
            words = dict.fromkeys(_WORD.findall(condition))
            yield from (Reference(word, self.span("condition")) for word in words if _is_name(word))
        elif not said:
            self.mistake(("rules",), "The correlation names no rules.", "write `rules:` with the ids or names of rules")

    def bounds(self, kind: str) -> tuple[Bound, ...]:
        said = self.body.get("condition")
        if isinstance(said, str) and kind in _TEMPORAL:
            return ()
        if said is None:
            if kind not in _TEMPORAL:
                self.mistake(("condition",), "The correlation has no condition.", "write `condition: {gte: 10}`")
            return ()
        if not isinstance(said, dict):
            self.mistake(("condition",), "The condition is a map of comparisons.", "write `condition: {gte: 10}`")
            return ()
        found = []
        for key, value in said.items():
            if key in ("field", "percentile"):
                continue
            if key not in _OPERATORS:
                self.mistake(("condition", key), f'"{key}" is no comparison.', f"write one of {', '.join(_OPERATORS)}")
            elif isinstance(value, bool) or not isinstance(value, int | float):
                self.mistake(("condition", key), "A comparison is with a number.", "write a number")
            else:
                found.append(Bound(key, value))
        if not found and not self.mistakes:
            self.mistake(("condition",), "The condition compares nothing.", f"write one of {', '.join(_OPERATORS)}")
        return tuple(found)

    def fields(self, kind: str) -> tuple[str, ...]:
        said = self.body.get("condition")
        value = said.get("field") if isinstance(said, dict) else None
        if value is None:
            if kind in _VALUES and isinstance(said, dict):
                self.mistake(("condition",), f"A correlation of type {kind} is about a field.", "write `field:` in it")
            return ()
        return self.listed(value, ("condition", "field"))

    def percentile(self) -> int | None:
        said = self.body.get("condition")
        value = said.get("percentile") if isinstance(said, dict) else None
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 100):
            self.mistake(
                ("condition", "percentile"), "A percentile is a whole number up to 100.", "write such a number"
            )
            return None
        return value

    def timespan(self) -> str:
        said = self.body.get("timespan")
        if not isinstance(said, str) or not _TIMESPAN.fullmatch(said):
            problem = "The correlation has no timespan." if said is None else f'"{said}" is no timespan.'
            self.mistake(("timespan",), problem, "write a number and one of s, m, h, d, w, M, y, such as 15m")
        return str(said)

    def aliases(self) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
        said = self.body.get("aliases")
        if said is None:
            return
        if not isinstance(said, dict):
            self.mistake(("aliases",), "Aliases are a map of names.", "write `alias: {rule: field}`")
            return
        for name, fields in said.items():
            if isinstance(fields, dict):
                yield str(name), tuple((str(rule), str(field)) for rule, field in fields.items())
            else:
                self.mistake(("aliases", name), "An alias is a map of rules to fields.", "write `alias: {rule: field}`")

    def generates(self) -> bool:
        said = self.body.get("generate", False)
        if not isinstance(said, bool):
            self.mistake(("generate",), "`generate` is true or false.", "write true or false")
        return said is True

    def texts(self, key: str) -> tuple[str, ...]:
        said = self.body.get(key)
        return () if said is None else self.listed(said, (key,))

    def listed(self, value: Any, path: Path) -> tuple[str, ...]:
        """A list of fields; one alone counts as a list."""
        found = [value] if isinstance(value, str) else value
        if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
            self.mistake(path, "A field's name is a text.", "write a text, or a list of them")
            return ()
        return tuple(found)

    def span(self, *path: Any) -> Span:
        return self.document.value_span("correlation", *path)

    def mistake(self, path: Path, message: str, hint: str) -> None:
        said = not path or path[0] in self.body
        span = self.span(*path) if said else self.document.span("correlation")
        self.mistakes.append(diagnose(Code.BAD_SIGMA, message, self.document.source, span, hint))


def _is_name(word: str) -> bool:
    return word not in ("and", "or", "not") and (word[0].isalpha() or word[0] == "_")
