"""Many rules over a stream of events, for a program that embeds the matcher."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Literal

from translator import events
from translator.artefact import Predicate
from translator.errors import Code, Diagnostic, TranslatorError, diagnose
from translator.pipeline import compile_rule
from translator.rule import Rule
from translator.schema import Schema
from translator.source import Span


class Matcher:
    """Rules compiled once, asked about one event after the other.

    ``fields`` says how a Sigma rule's fields are called: by Elastic's names (``ecs``) or their own. Raises
    TranslatorError with everything that is wrong: a rule that cannot be compiled, two rules with one id.
    """

    def __init__(self, rules: Iterable[Rule], *, schema: Schema | None = None, fields: str | None = None) -> None:
        self.rules = tuple(rules)
        found: list[Diagnostic] = list(_duplicates(self.rules))
        self._tests: list[tuple[str, Predicate]] = []
        for rule in self.rules:
            try:
                self._tests.append((rule.id, compile_rule(rule, schema=schema, fields=fields)))
            except TranslatorError as error:
                found.extend(error.diagnostics)
        if found:
            raise TranslatorError(found)

    def match(self, event: Mapping[str, Any]) -> tuple[str, ...]:
        """The ids of the rules that match ``event``, in the order of the rules."""
        return tuple(name for name, test in self._tests if test(event))

    def match_ndjson(
        self,
        source: bytes | str | Path | BinaryIO,
        *,
        engine: Literal["auto", "plain"] = "auto",
        on_error: Callable[[TranslatorError], None] | None = None,
    ) -> Iterator[tuple[int, str]]:
        """Each match in ``source`` (bytes, a path, or an open binary file) as (line from 1, rule id), as it is found.

        A line that holds no event goes to ``on_error``, and the next is judged; without it, it raises
        TranslatorError. ``engine`` is ``auto`` for the fastest there is.
        """
        for event in _events(source):
            if isinstance(event, TranslatorError):
                if on_error is None:
                    raise event
                on_error(event)
                continue
            for name in self.match(event.value):
                yield event.line, name


def _events(source: bytes | str | Path | BinaryIO) -> Iterator[events.Event | TranslatorError]:
    match source:
        case bytes():
            return events.stream(BytesIO(source), "<events>")
        case str() | Path():
            return events.read(source)
        case _:
            return events.stream(source, getattr(source, "name", "<events>"))


def _duplicates(rules: Iterable[Rule]) -> Iterable[Diagnostic]:
    seen: dict[str, Rule] = {}
    for rule in rules:
        before = seen.setdefault(rule.id, rule)
        if before is not rule:
            yield diagnose(
                Code.DUPLICATE_ID,
                f"{rule.source.name} and {before.source.name} have one id, {rule.id}.",
                rule.source,
                Span(0, 1),
                "leave one of them out",
            )
