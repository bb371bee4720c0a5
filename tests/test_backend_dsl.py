"""The target ``dsl``: the text it writes, what it declares as lost, what it refuses."""

from __future__ import annotations

import json

import pytest

from translator import logic
from translator.artefact import Artefact, Options
from translator.backends import dsl
from translator.errors import Code, TranslatorError
from translator.ledger import NOTHING_ALLOWED, Allowance, Effect, Fidelity
from translator.logic import Equals, Formula, Matches, Not
from translator.rule import query_rule
from translator.schema import Schema
from translator.source import Source
from translator.values import Wild

SCHEMA = Schema.from_yaml("name: keyword\nmessage: text\nip: ip\nport: long\nat: date\n")
NAME = SCHEMA.field("name")
RULE = query_rule(Source("name: x"))


def write(formula: Formula, allow: Allowance = NOTHING_ALLOWED, time_zone: str | None = None) -> Artefact:
    return dsl.BACKEND.named("dsl").write(RULE, formula, Options(SCHEMA, time_zone=time_zone), allow)


def of_kql(text: str, time_zone: str | None = None) -> Artefact:
    rule = query_rule(Source(text))
    options = Options(SCHEMA, time_zone=time_zone)
    return dsl.BACKEND.named("dsl").write(rule, rule.check(SCHEMA).formula, options, NOTHING_ALLOWED)


def test_the_text_is_the_query_as_json() -> None:
    artefact = of_kql('name: "Gr\\u00f6\\u00dfe \\ud83d" and at >= 2020-01-01', time_zone="Zulu")

    assert json.loads(artefact.text.encode("utf-8")) == artefact.data
    assert "Größe \\ud83d" in artefact.text
    assert '"time_zone": "Zulu"' in artefact.text
    assert (artefact.fidelity, artefact.verified) == (Fidelity.EXACT, True)


def test_the_text_is_judged_without_the_formula() -> None:
    test = dsl.matches(of_kql("name: (a* or b) and not message: foo").text, SCHEMA)

    assert test({"name": "abc", "message": "bar"})
    assert not test({"name": "abc", "message": "a Foo"})


@pytest.mark.parametrize(
    ("formula", "effect"),
    [
        (Equals(NAME, "größe", cased=False), Effect.NARROWER),
        (Matches(NAME, ("Ä", Wild.ANY), cased=False), Effect.NARROWER),
        (Not(Equals(NAME, "größe", cased=False)), Effect.WIDER),
    ],
)
def test_letters_that_elasticsearch_does_not_fold_are_a_loss(formula: Formula, effect: Effect) -> None:
    with pytest.raises(TranslatorError) as caught:
        write(formula)
    artefact = write(formula, Allowance.parse(["case"]))

    assert [each.code for each in caught.value.diagnostics] == [Code.CASE]
    assert [loss.effect for loss in artefact.losses] == [effect]


@pytest.mark.parametrize(
    "formula",
    [
        Equals(NAME, "cmd.exe", cased=False),
        Equals(NAME, "größe"),
        Matches(NAME, (Wild.ANY, "日本-2"), cased=False),
    ],
)
def test_texts_without_such_letters_lose_nothing(formula: Formula) -> None:
    assert write(formula).losses == ()


@pytest.mark.parametrize(
    "formula",
    [
        Matches(SCHEMA.field("ip"), ("10.", Wild.ANY), cased=False),
        Matches(SCHEMA.field("port"), (Wild.ANY, "80"), cased=False),
        Equals(SCHEMA.field("port"), "80", cased=False),
    ],
)
def test_what_kibana_never_asks_and_the_type_does_not_take_is_refused(formula: Formula) -> None:
    with pytest.raises(TranslatorError) as caught:
        write(formula)

    assert [each.code for each in caught.value.diagnostics] == [Code.BAD_FIELD_VALUE]


def test_what_kibana_sends_in_vain_is_written_with_a_warning() -> None:
    artefact = of_kql("ip: 10.* or name: x")

    assert [note.code for note in artefact.notes] == [Code.ALWAYS_FAILS]
    assert artefact.notes[0].source.text[artefact.notes[0].span.start :].startswith("ip: 10.*")
    with pytest.raises(TranslatorError):
        dsl.matches(artefact.text, SCHEMA)


def test_a_query_deeper_than_elasticsearch_takes_is_refused() -> None:
    """29 bools around a term pass; the 30th is one too many (run on Elasticsearch 8.19 and 9.2)."""

    def nots(count: int) -> Formula:
        formula: Formula = logic.Equals(NAME, "x")
        for _ in range(count):
            formula = Not(formula)
        return formula

    assert dsl.matches(write(nots(28)).text, SCHEMA)({"name": "x"})
    with pytest.raises(TranslatorError) as caught:
        write(nots(29))
    assert [each.code for each in caught.value.diagnostics] == [Code.DSL_DEPTH]
