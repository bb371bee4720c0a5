"""For every loss a rule that has it, refused unless allowed; and where the artefact can be run, an event that shows it."""

from __future__ import annotations

from typing import Any

import pytest

from translator.backends import backends
from translator.errors import Code, TranslatorError
from translator.ledger import Allowance, Effect, Fidelity
from translator.pipeline import compile_rule, convert
from translator.rule import Rule
from translator.schema import Schema
from translator.sources import read_text

SCHEMA = Schema.from_yaml(
    "user.name: keyword\nmessage: text\nn: nested\nn.a: keyword\nn.b: keyword\nwhen: date\nproduct: version\nport: long\n"
    "ip: ip\nlabels: flattened\n"
)


def kql(text: str) -> Rule:
    return read_text(text, format="kql", name="rule.kql")[0]


def sigma(detection: str) -> Rule:
    text = f"title: A rule\nlogsource:\n    category: test\ndetection:\n{detection}"
    return read_text(text, format="sigma", name="rule.yml")[0]


def selecting(item: str) -> Rule:
    return sigma(f"    selection:\n        {item}\n    condition: selection\n")


#: (rule, target, code, effect, an event on which the artefact differs from the rule, or None where it cannot be run)
LOSSES: list[tuple[Rule, str, Code, Effect, dict[str, Any] | None]] = [
    (selecting("user.name: admin"), "kql", Code.CASE, Effect.NARROWER, {"user.name": "Admin"}),
    (sigma("    s:\n        user.name: admin\n    condition: not s\n"), "kql", Code.CASE, Effect.WIDER, {"user.name": "ADMIN"}),
    (kql('message:"failed login"'), "sigma", Code.TOKENS, Effect.MIXED, None),
    (kql("message:fail*"), "sigma", Code.TOKENS, Effect.MIXED, None),
    (kql("n:{ a:x and b:y }"), "sigma", Code.NESTED, Effect.WIDER, None),
    (kql("not n:{ a:x and b:y }"), "sigma", Code.NESTED, Effect.NARROWER, None),
    (kql("n:{ a:x and not b:y }"), "sigma", Code.NESTED, Effect.MIXED, None),
    (selecting("user.name|cased: a?c"), "kql", Code.ONE_CHARACTER, Effect.WIDER, {"user.name": "abbc"}),
    (sigma("    s:\n        user.name|cased: a?c\n    condition: not s\n"), "kql", Code.ONE_CHARACTER, Effect.NARROWER, {"user.name": "ac"}),
    (selecting("user.name|cased: ' a*'"), "kql", Code.SPACE_EDGE, Effect.WIDER, {"user.name": "a b"}),
    (selecting("user.name|cased: '*a '"), "kql", Code.SPACE_EDGE, Effect.WIDER, {"user.name": "ba"}),
]


def ids(row: tuple[Any, ...]) -> str:
    return f"{row[2]} {row[1]} {row[3]}"


@pytest.mark.parametrize("row", LOSSES, ids=ids)
def test_a_loss_refuses_until_its_code_or_effect_is_allowed(row: tuple[Rule, str, Code, Effect, Any]) -> None:
    rule, target, code, effect, _ = row
    with pytest.raises(TranslatorError) as caught:
        convert(rule, to=target, schema=SCHEMA)

    assert [each.code for each in caught.value.diagnostics] == [code]
    assert str(effect) in caught.value.diagnostics[0].message
    for allow in ([str(code)], ["mixed"] if effect is Effect.MIXED else [str(effect)]):
        artefact = convert(rule, to=target, schema=SCHEMA, allow=allow)
        assert {loss.code for loss in artefact.losses} == {code}
        assert artefact.fidelity is Fidelity(str(effect))


@pytest.mark.parametrize("row", [row for row in LOSSES if row[4] is not None], ids=ids)
def test_the_event_shows_the_loss(row: tuple[Rule, str, Code, Effect, dict[str, Any]]) -> None:
    """A wider artefact matches what the rule does not; a narrower one misses what the rule matches."""
    rule, target, code, effect, event = row
    matches = backends()[target].matches
    assert matches is not None
    artefact = matches(convert(rule, to=target, schema=SCHEMA, allow=[str(code)]).text, SCHEMA)

    assert artefact(event) is (effect is Effect.WIDER)
    assert compile_rule(rule, schema=SCHEMA)(event) is (effect is not Effect.WIDER)


#: What a target cannot say, whatever is allowed.
IMPOSSIBLE = [
    ("foo*:x", "sigma", Code.FIELD_PATTERN),
    ("when > 2020-01-01", "sigma", Code.RANGE),
    ("user.name > a", "sigma", Code.RANGE),
    ("*:*", "sigma", Code.EVERYTHING),
    ("user.name:null", "sigma", Code.NULL),
    ("when:2020-01-01", "sigma", Code.TEXT_COMPARED),
    ("product:1.2.3", "sigma", Code.TEXT_COMPARED),
    ("labels.a:x", "sigma", Code.TEXT_COMPARED),
]


@pytest.mark.parametrize(("text", "target", "code"), IMPOSSIBLE)
def test_what_cannot_be_said_is_refused_whatever_is_allowed(text: str, target: str, code: Code) -> None:
    with pytest.raises(TranslatorError) as caught:
        convert(kql(text), to=target, schema=SCHEMA, allow=["mixed"])

    assert [each.code for each in caught.value.diagnostics] == [code]


@pytest.mark.parametrize("text", ["foo", '"foo bar"', "fo*"])
def test_a_search_in_every_field_becomes_keywords_if_that_is_allowed(text: str) -> None:
    with pytest.raises(TranslatorError) as caught:
        convert(kql(text), to="sigma", schema=SCHEMA)
    artefact = convert(kql(text), to="sigma", schema=SCHEMA, allow=["mixed"])

    assert {each.code for each in caught.value.diagnostics} == {Code.SEARCH}
    assert artefact.data["detection"]["condition"] == "keywords"


def test_every_loss_of_a_rule_is_reported_at_once() -> None:
    with pytest.raises(TranslatorError) as caught:
        convert(kql("message:a and n:{ a:x and b:y }"), to="sigma", schema=SCHEMA, allow=["wider"])

    assert [each.code for each in caught.value.diagnostics] == [Code.TOKENS]


def test_an_unknown_target_lists_the_others() -> None:
    with pytest.raises(TranslatorError) as caught:
        convert("a:1", to="splnk")

    assert caught.value.diagnostics[0].code is Code.UNKNOWN_TARGET
    assert "kql" in (caught.value.diagnostics[0].hint or "")


def test_an_unknown_allowance_lists_the_others() -> None:
    with pytest.raises(TranslatorError) as caught:
        Allowance.parse(["all"])

    assert caught.value.diagnostics[0].code is Code.BAD_ALLOW
    assert "wider" in (caught.value.diagnostics[0].hint or "")


def test_mixed_stands_for_wider_and_narrower() -> None:
    assert Allowance.parse(["mixed"]) == Allowance.parse(["wider", "narrower"])


def test_losses_that_pull_apart_are_mixed() -> None:
    artefact = convert(selecting("user.name: a?c"), to="kql", schema=SCHEMA, allow=["mixed"])

    assert {loss.effect for loss in artefact.losses} == {Effect.WIDER, Effect.NARROWER}
    assert artefact.fidelity is Fidelity.MIXED


def threshold_page() -> Rule:
    text = (
        "# Many Failed Logins [prebuilt-rule-1-0-1-many-failed-logins]\n\nToo many.\n\n**Rule type**: threshold\n\n"
        "## Rule query [_rule_query_1]\n\n```js\nevent.outcome:failure\n```\n"
    )
    return read_text(text, format="page", name="rule.md")[0]


def test_what_a_rule_needs_beyond_one_event_is_a_note_for_a_query_and_a_loss_for_a_rule() -> None:
    rule = threshold_page()
    query = convert(rule, to="kql")
    with pytest.raises(TranslatorError) as caught:
        convert(rule, to="sigma")
    written = convert(rule, to="sigma", allow=["wider"])

    assert Code.NEEDS_MORE in {note.code for note in query.notes}
    assert query.fidelity is Fidelity.EXACT
    assert {each.code for each in caught.value.diagnostics} == {Code.NEED_DROPPED}
    assert written.fidelity is Fidelity.WIDER


@pytest.mark.parametrize("text", ["- a\n", "a: nothing\n", "a: {type: keyword, colour: red}\n", "a: [1]\n"])
def test_a_schema_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(TranslatorError) as caught:
        Schema.from_yaml(text)

    assert caught.value.diagnostics[0].code is Code.BAD_SCHEMA
