"""Rules and documents drawn at random: the engine, the matcher and the interpreter of Query DSL are of one opinion."""

from __future__ import annotations

import os
from random import Random

import pytest

from tests import strategies
from tests.engine import drawing, sigma_drawing
from tests.engine.comparison import Difference, Question, asked, differences, filled, report, spell
from tests.engine.fields import MAPPING
from tests.engine.mappings import mapping
from tests.engine.node import Node, Refusal
from translator import kql
from translator.errors import TranslatorError
from translator.ledger import Fidelity
from translator.logic import Formula
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


@pytest.mark.parametrize("number", SEEDS)
def test_rules_over_fields_of_every_type(node: Node, number: int) -> None:
    random = Random(number)
    schema = Schema.from_mapping(MAPPING)
    events, _ = filled(node, f"typed-{number}", MAPPING, [drawing.document(random) for _ in range(400)])
    questions = []
    for _ in range(600):
        text = drawing.query(random)
        if (formula := formula_of(text, schema)) is not None:
            questions.append(asked(text, formula, schema, drawing.config(random)))
    found = list(differences(node, f"typed-{number}", events, questions))

    assert len(questions) * len(events) >= 100_000
    assert not found, report(found)


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
        question = asked(text, rule.check(schema).formula, schema)
        assert question.dsl == artefact.data
        fidelities[id(question)] = artefact.fidelity
        questions.append(question)
    found = [
        each
        for each in differences(node, f"sigma-{number}", events, questions)
        if not declared(each, fidelities[id(each.question)])
    ]

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
