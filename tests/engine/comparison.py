"""One question, several witnesses: what the engine returns beside what is answered here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tests.engine.node import Hits, Node, Refusal
from translator.artefact import Predicate
from translator.backends import matcher
from translator.dsl import judge
from translator.dsl.emit import DEFAULT, Config, emit
from translator.errors import TranslatorError
from translator.logic import Formula
from translator.meaning import JsonNumber, read_json
from translator.schema import Schema
from translator.source import Source


@dataclass(frozen=True, slots=True)
class Question:
    """A rule's text, its Query DSL, and who answers it here; a witness who refuses it is None."""

    text: str
    dsl: Mapping[str, Any] = field(repr=False)
    witnesses: Mapping[str, Predicate | None] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Difference:
    """A question that a witness answers otherwise than the engine."""

    question: Question
    witness: str
    engine: Hits | Refusal
    ours: Hits | None
    events: Mapping[int, Any] = field(repr=False)

    def __str__(self) -> str:
        lines = [f"{self.question.text}\n    {json.dumps(self.question.dsl)}"]
        if isinstance(self.engine, Refusal) or self.ours is None:
            said = self.engine if isinstance(self.engine, Refusal) else f"{len(self.engine)} documents"
            lines.append(f"    engine: {said}; {self.witness}: {'refuses' if self.ours is None else 'answers'}")
            return "\n".join(lines)
        for name, only in (("engine", self.engine - self.ours), (self.witness, self.ours - self.engine)):
            if only:
                event = spell(self.events[min(only)])
                lines.append(f"    {name} alone returns {len(only)} of {len(self.events)}: {event}")
        return "\n".join(lines)


def asked(text: str, formula: Formula, schema: Schema, config: Config = DEFAULT) -> Question:
    """The question that Kibana asks for ``formula``, with the matcher and the interpreter of Query DSL as witnesses."""
    return put(text, emit(formula, config), formula, schema, config)


def put(text: str, dsl: Mapping[str, Any], formula: Formula, schema: Schema, config: Config = DEFAULT) -> Question:
    """The question ``dsl``, which was written for ``formula``."""
    found: dict[str, Predicate | None] = {"matcher": None, "interpreter": None}
    with suppress(TranslatorError):
        found["matcher"] = matcher.compile_(formula, source=Source(text), schema=schema, config=config)
    with suppress(TranslatorError):
        found["interpreter"] = judge.compile_(dsl, schema)
    return Question(text, dsl, found)


def clauses(dsl: Any) -> Iterator[Mapping[str, Any]]:
    """The clauses of Query DSL that can be wrong, each alone."""
    match dsl:
        case list():
            for each in dsl:
                yield from clauses(each)
        case {"bool": body}:
            for each in body.values():
                yield from clauses(each)
        case {"nested": body}:
            yield dsl
            yield from clauses(body["query"])
        case dict():
            yield dsl


def differences(
    node: Node, index: str, events: Mapping[int, Any], questions: Sequence[Question]
) -> Iterator[Difference]:
    """Where the engine and a witness disagree, about a document or about whether the question can be answered."""
    answers = node.search_all(index, [each.dsl for each in questions])
    for question, engine in zip(questions, answers, strict=True):
        for name, test in question.witnesses.items():
            ours = None if test is None else frozenset(at for at, event in events.items() if test(event))
            if (None if isinstance(engine, Refusal) else engine) == ours:
                continue
            # Elasticsearch does not look at a clause where another one beside it can never be true; we do.
            alone = node.search_all(index, list(clauses(question.dsl))) if ours is None else []
            if any(isinstance(each, Refusal) for each in alone):
                continue
            yield Difference(question, name, engine, ours, events)


def report(found: Sequence[Difference]) -> str:
    """The first few of the differences, for people."""
    return "\n".join([f"{len(found)} differences", *(str(each) for each in found[:10])])


def spell(value: Any) -> str:
    """An event as JSON; its numbers as they were written."""
    match value:
        case dict():
            return "{" + ", ".join(f"{json.dumps(key)}: {spell(inner)}" for key, inner in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(spell(inner) for inner in value) + "]"
        case JsonNumber():
            return value.token
        case _:
            return json.dumps(value)


def filled(
    node: Node, index: str, mapping: Mapping[str, Any], texts: Sequence[str], settings: Mapping[str, Any] | None = None
) -> tuple[dict[int, Any], dict[int, Refusal]]:
    """Make an index of JSON texts; returns the events that it took, and the refusals of the others."""
    refused = node.index(index, mapping, texts, settings)
    return {at: read_json(text) for at, text in enumerate(texts) if at not in refused}, refused
