"""What pySigma's Lucene backend writes for our rules, put to the engine that it is for."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import strategies as st

from tests import strategies
from tests.engine import drawing
from tests.engine.comparison import filled, spell
from tests.engine.node import Node, Refusal
from tests.test_targets_sql import asked_and_held, verdicts
from translator import logic
from translator.artefact import Artefact, Options
from translator.backends import backend
from translator.backends.matcher import compile_
from translator.errors import TranslatorError
from translator.ledger import Allowance
from translator.logic import Formula
from translator.pipeline import convert
from translator.rule import query_rule
from translator.schema import Schema
from translator.source import Source
from translator.sources import read_text
from translator.values import Wild

pytestmark = pytest.mark.engine

FIRST = int(os.environ.get("ENGINE_SEED", "1"))
ANYTHING = Allowance.parse(["mixed"])

FIELDS = Schema.from_yaml(
    "user.name: keyword\nfile.path: keyword\nprocess.pid: long\nsource.ip: ip\nevent.type: keyword\nmessage: text\n"
    "a/b: keyword\n"
)
MAPPING: dict[str, Any] = {"properties": {name: {"type": field.type.value} for name, field in FIELDS.fields.items()}}


def differences(
    node: Node, index: str, events: Mapping[int, Any], written: Sequence[tuple[Formula, Artefact]]
) -> Iterator[str]:
    """Where the engine returns something else than the formula and the artefact's losses allow."""
    texts = [artefact.text.removesuffix("\n") for _, artefact in written]
    queries = [{"query_string": {"query": each, "analyze_wildcard": True}} for each in texts]
    for (formula, artefact), found in zip(written, node.search_all(index, queries), strict=True):
        if isinstance(found, Refusal):
            yield f"{artefact.text}: {found}"
            continue
        test = compile_(formula, schema=FIELDS)
        allowed = verdicts({loss.effect for loss in artefact.losses})
        yield from (
            f"{artefact.rule.query.text}: {artefact.text} on {spell(event)}: {at in found}"
            for at, event in events.items()
            if (test(event), at in found) not in allowed
        )


def written(formula: Formula, profile: str) -> Artefact | None:
    target = backend("lucene")
    assert target is not None
    try:
        return target.write(query_rule(Source("x:y")), formula, Options(FIELDS, profile), ANYTHING)
    except TranslatorError:
        return None


def question(asked: Any, cased: bool, negated: bool) -> Formula:
    field = FIELDS.field("user.name")
    leaf: Formula = logic.Matches(field, asked, cased)
    if asked == (Wild.ANY,):
        leaf = logic.Exists(field)
    elif not any(isinstance(part, Wild) for part in asked):
        leaf = logic.Equals(field, "".join(map(str, asked)), cased)
    return logic.Not(leaf) if negated else leaf


def test_every_character_of_a_value_means_itself_to_the_engine(node: Node) -> None:
    """Faithful: letter case that does not matter is written out."""
    drawn = drawing.drawn(st.tuples(asked_and_held(), st.booleans(), st.booleans()), 600, FIRST)
    held = [json.dumps({"user": {"name": value}}) for (_, value), _, _ in drawn if len(value.encode()) < 8_000]
    events, _ = filled(node, "lucene-values", MAPPING, [*dict.fromkeys(held), "{}"])
    formulas = [question(asked, cased, negated) for (asked, _), cased, negated in drawn]
    made = [(formula, artefact) for formula in formulas if (artefact := written(formula, "faithful")) is not None]
    found = list(differences(node, "lucene-values", events, made))

    assert len(made) > 400
    assert found[:10] == []


def test_drawn_rules_return_what_they_match(node: Node) -> None:
    drawn = drawing.drawn(strategies.events(), 200, FIRST)
    events, refused = filled(node, "lucene-rules", MAPPING, [spell(each) for each in drawn])
    texts = dict.fromkeys(drawing.drawn(strategies.rule_queries, 300, FIRST))
    made = [
        (query_rule(Source(text)).check(FIELDS).formula, convert(text, to="lucene", schema=FIELDS, allow=ANYTHING))
        for text in texts
    ]
    found = list(differences(node, "lucene-rules", events, made))

    assert not refused
    assert sum(not each.losses for _, each in made) > 200
    assert found[:10] == []


#: Words of text, operators as values, names that need an escape, and Sigma's expressions.
RULES = [
    'message:"quick fox"',
    "message:fox",
    "message:(quick dog)",
    "message:qu*k",
    'not message:"fox quick"',
    'message:"quick.fox"',
    "message:dog.a",
    'message:"fox"',
    'message:"AND"',
    'message:"quick\\tfox"',
    "user.name:(AND or OR or NOT)",
    'user.name:">10"',
    'user.name:"a\tb"',
    'a/b:x and not a/b:"y z"',
    "not (not user.name:*)",
]
MESSAGES = ["The QUICK fox", "quick.fox", "the AND", "quick brown fox", "a dog", "fox quick", "dog a"]
EXPRESSIONS = ["^ro+t$", "oo", "R|x", "(?i)^ROOT", "a/b", 'a"b', "^$", r"\bb\b", "[<>]1", "a&b"]
TEXTS = ["AND", "OR", ">10", "a\tb", "root", "rooot", "Root", "", "x", "y z", "a/b", 'a"b', "a b", ">1", "a&b"]


def test_awkward_rules_return_what_they_match(node: Node) -> None:
    documents = [{"user": {"name": text}, "a/b": text} for text in TEXTS]
    documents += [{"message": text} for text in MESSAGES]
    events, refused = filled(node, "lucene-awkward", MAPPING, [json.dumps(each) for each in [*documents, {}]])
    rules = [query_rule(Source(text)) for text in RULES]
    for each in EXPRESSIONS:
        document = {
            "title": each,
            "logsource": {"product": "x"},
            "detection": {"s": {"user.name|re": each}, "condition": "s"},
        }
        rules += read_text(json.dumps(document), format="sigma")
    made = [(each.check(FIELDS).formula, convert(each, to="lucene", schema=FIELDS)) for each in rules]

    assert not refused
    assert [artefact.fidelity for _, artefact in made] == ["exact"] * len(made)
    assert list(differences(node, "lucene-awkward", events, made)) == []
