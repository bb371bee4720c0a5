"""Rules and documents drawn at random: the engine, the matcher and the interpreter of Query DSL are of one opinion."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from random import Random

import pytest

from tests import strategies
from tests.engine import drawing, sigma_drawing
from tests.engine.comparison import Difference, Question, asked, differences, filled, put, report, spell
from tests.engine.fields import MAPPING, REFUSED, VALUES
from tests.engine.mappings import mapping
from tests.engine.node import Node, Refusal
from translator import kql, logic
from translator.dsl.regexp import Inexpressible
from translator.errors import TranslatorError
from translator.ledger import Fidelity
from translator.logic import Formula
from translator.meaning import read_json, unread
from translator.pipeline import convert
from translator.schema import Schema
from translator.source import Source
from translator.sources import read_text

pytestmark = pytest.mark.engine

#: How many times more is drawn, and from which numbers.
ROUNDS = int(os.environ.get("ENGINE_ROUNDS", "1"))
FIRST = int(os.environ.get("ENGINE_SEED", "1"))
SEEDS = range(FIRST, FIRST + ROUNDS)


def formula_of(text: str, schema: Schema) -> Formula | None:
    """What a drawn query means; None where it says nothing that could be asked (a nested field outside its block)."""
    source = Source(text)
    try:
        return kql.check(kql.parse(source), schema, source).formula
    except TranslatorError:
        return None


#: The fields of `strategies`.
PLAIN = "user.name: keyword\nfile.path: keyword\nprocess.pid: long\nsource.ip: ip\nevent.type: keyword\n"


@pytest.mark.parametrize("number", SEEDS)
def test_rules_over_plain_fields(node: Node, number: int) -> None:
    schema = Schema.from_yaml(PLAIN)
    drawn = drawing.drawn(strategies.events(), 300, number)
    events, refused = filled(node, f"plain-{number}", mapping(schema, [], drawn), [spell(each) for each in drawn])
    texts = dict.fromkeys(drawing.drawn(strategies.rule_queries, 400, number))
    formulas = {text: formula for text in texts if (formula := formula_of(text, schema)) is not None}
    found = list(differences(node, f"plain-{number}", events, [asked(*each, schema) for each in formulas.items()]))

    assert not refused
    assert len(formulas) * len(events) >= 60_000
    assert not found, report(found)


def questions_of(random: Random, count: int, schema: Schema) -> list[Question]:
    """Drawn queries, each with some of Kibana's options."""
    found = []
    for _ in range(count):
        text = drawing.query(random)
        if (formula := formula_of(text, schema)) is not None:
            found.append(asked(text, formula, schema, drawing.config(random)))
    return found


@pytest.mark.parametrize("number", SEEDS)
def test_rules_over_fields_of_every_type(node: Node, number: int) -> None:
    random = Random(number)
    schema = Schema.from_mapping(MAPPING)
    events, _ = filled(node, f"typed-{number}", MAPPING, [drawing.document(random) for _ in range(400)])
    questions = questions_of(random, 600, schema)
    found = list(differences(node, f"typed-{number}", events, questions))

    assert len(questions) * len(events) >= 200_000
    assert not found, report(found)


@pytest.mark.parametrize("number", SEEDS)
def test_rules_over_fields_that_nobody_mapped(node: Node, number: int) -> None:
    """Elasticsearch guesses the types from the documents; the schema is what it then says of its index."""
    random = Random(number)
    index = f"guessed-{number}"
    events, _ = filled(node, index, {}, [drawing.document(random) for _ in range(300)])
    schema = Schema.from_mapping(node.request("GET", f"/{index}/_mapping"))
    questions = questions_of(random, 600, schema)
    found = list(differences(node, index, events, questions))

    assert len(questions) * len(events) >= 20_000
    assert not found, report(found)


#: Fields of which Elasticsearch reads no question where no document has a value.
DATES = ("at", "exact")


def test_every_query_that_the_engine_refuses_is_refused_here(node: Node) -> None:
    schema = Schema.from_mapping(MAPPING)
    node.index("refusals", MAPPING, [f"{{{', '.join(f'{json.dumps(name)}: {VALUES[name][0]}' for name in DATES)}}}"])
    texts = [text for listed in REFUSED.values() for text in listed]
    formulas = {text: formula for text in texts if (formula := formula_of(text, schema)) is not None}
    questions = [asked(text, formula, schema) for text, formula in formulas.items()]
    answers = node.search_all("refusals", [each.dsl for each in questions])

    assert len(formulas) == len(texts)
    assert [each.text for each, answer in zip(questions, answers, strict=True) if not isinstance(answer, Refusal)] == []
    assert [each.text for each in questions if any(each.witnesses.values())] == []


@pytest.mark.parametrize("number", SEEDS)
def test_every_document_that_the_engine_refuses_holds_what_nobody_finds(node: Node, number: int) -> None:
    """And the others hold nothing of the kind, but texts that are too long."""
    random = Random(number)
    schema = Schema.from_mapping(MAPPING)
    texts = [drawing.document(random) for _ in range(1000)]
    refused = node.index(f"unread-{number}", MAPPING, texts)
    wrong = [
        (text, found)
        for at, text in enumerate(texts)
        for found in [[each for each in unread(read_json(text), schema) if each.field.ignore_above is None]]
        if (at in refused) is not bool(found)
    ]

    assert len(refused) >= 20
    assert wrong == []


@pytest.mark.parametrize("number", SEEDS)
def test_rules_that_came_from_sigma(node: Node, number: int) -> None:
    """Where the Query DSL is exact, it returns what the rule means; where it is narrower, nothing else."""
    random = Random(number)
    schema = Schema.from_mapping(MAPPING)
    events, _ = filled(node, f"sigma-{number}", MAPPING, [drawing.document(random) for _ in range(300)])
    questions: list[Question] = []
    fidelities: dict[int, Fidelity] = {}
    for _ in range(600):
        text = sigma_drawing.rule(random)
        (rule,) = read_text(text, format="sigma")
        try:
            artefact = convert(rule, to="dsl", schema=schema, allow=("wider", "narrower"))
        except TranslatorError:
            continue
        question = put(text, artefact.data, rule.check(schema).formula, schema)
        fidelities[id(question)] = artefact.fidelity
        questions.append(question)
    found = [
        each
        for each in differences(node, f"sigma-{number}", events, questions)
        if not declared(each, fidelities[id(each.question)])
    ]

    assert len(questions) * len(events) >= 100_000
    assert not found, report(found)


def test_expressions_that_came_from_sigma(node: Node) -> None:
    random = Random(FIRST)
    schema = Schema.from_mapping(MAPPING)
    # What Elasticsearch stores for half a pair is a question mark; a rule of Sigma's is about the event's own text.
    texts = [text for text in (drawing.document(random) for _ in range(400)) if "\\ud800" not in text]
    events, _ = filled(node, "expressions", MAPPING, texts)
    questions = []
    for name in ("user.name", "name", "tag", "files.path", "title", "labels"):
        for expression in sigma_drawing.EXPRESSIONS:
            for flags in ("", "i", "s", "m"):
                formula = logic.Regex(schema.field(name), expression, flags)
                with suppress(TranslatorError, Inexpressible):
                    questions.append(asked(f"{name}|re|{flags}: {expression}", formula, schema))
    found = list(differences(node, "expressions", events, questions))

    assert len(questions) * len(events) >= 100_000
    assert not found, report(found)


def declared(found: Difference, fidelity: Fidelity) -> bool:
    """Whether a rule's losses say that the engine returns more, or less, than what the rule means."""
    if found.witness != "matcher" or isinstance(found.engine, Refusal) or found.ours is None:
        return False
    match fidelity:
        case Fidelity.EXACT:
            return False
        case Fidelity.NARROWER:
            return found.engine < found.ours
        case Fidelity.WIDER:
            return found.engine > found.ours
        case Fidelity.MIXED:
            return True
