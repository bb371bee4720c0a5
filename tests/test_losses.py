"""For every loss a rule that has it, refused unless allowed, and events that show it."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

import pytest

from translator.backends import backend, backends
from translator.errors import Code, TranslatorError
from translator.ledger import Allowance, Effect, Fidelity
from translator.pipeline import compile_rule, convert
from translator.rule import Rule
from translator.schema import Schema
from translator.sources import read_text

SCHEMA = Schema.from_yaml(
    "user.name: keyword\nmessage: text\nn: nested\nn.a: keyword\nn.b: keyword\nwhen: date\nproduct: version\n"
    "port: long\nip: ip\nlabels: flattened\nuser.id: keyword\ntags: keyword\n"
)


def kql(text: str) -> Rule:
    return read_text(text, format="kql", name="rule.kql")[0]


def sigma(detection: str, category: str = "test") -> Rule:
    product = "" if category == "test" else "    product: windows\n"
    text = f"title: A rule\nlogsource:\n    category: {category}\n{product}detection:\n{detection}"
    return read_text(text, format="sigma", name="rule.yml")[0]


def selecting(item: str) -> Rule:
    return sigma(f"    selection:\n        {item}\n    condition: selection\n")


def excluding(item: str) -> Rule:
    return sigma(f"    s:\n        {item}\n    condition: not s\n")


def ranged() -> Rule:
    """A rule with a filter that asks two bounds of one value."""
    filters = [{"query": {"range": {"port": {"gte": 1, "lt": 5}}}}]
    said = {"rule_id": "5f5e7a10-0000-4000-8000-00000000d001", "name": "x", "type": "query", "query": "ip:*"}
    text = json.dumps({**said, "filters": filters, "severity": "low", "risk_score": 1})
    return read_text(text, format="json", name="rule.json")[0]


KEYWORD = sigma("    k:\n        - two words\n    condition: k\n")
NO_KEYWORD = sigma("    k:\n        - t*s\n    condition: not k\n")

_Event: TypeAlias = dict[str, Any] | None

#: (rule, target, code, effect, an event that the rule matches and the artefact does not, one the other way round)
LOSSES: list[tuple[Rule, str, Code, Effect, _Event, _Event]] = [
    # Letter case.
    (selecting("user.name: admin"), "kql", Code.CASE, Effect.NARROWER, {"user.name": "Admin"}, None),
    (excluding("user.name: admin"), "kql", Code.CASE, Effect.WIDER, None, {"user.name": "ADMIN"}),
    (selecting("user.name: größe"), "dsl", Code.CASE, Effect.NARROWER, {"user.name": "GRÖßE"}, None),
    (excluding("user.name|contains: é"), "dsl", Code.CASE, Effect.WIDER, None, {"user.name": "xÉx"}),
    (selecting("message|contains|cased: Foo"), "dsl", Code.CASE, Effect.WIDER, None, {"message": "foo"}),
    (selecting("labels.a|startswith: x"), "dsl", Code.CASE, Effect.NARROWER, {"labels": {"a": "Xy"}}, None),
    # Words of analysed text.
    (kql('message:"two words"'), "sigma", Code.TOKENS, Effect.MIXED,
     {"message": "two, words"}, {"message": "xtwo wordsx"}),
    (kql("message:fail*"), "sigma", Code.TOKENS, Effect.MIXED, None, {"message": "unfailing"}),
    (selecting("message|contains: 'a b'"), "dsl", Code.TOKENS, Effect.MIXED, {"message": "xa bx"}, {"message": "a, b"}),
    (selecting("message: word"), "kql", Code.TOKENS, Effect.MIXED, None, {"message": "a word"}),
    (selecting("message: '***?'"), "dsl", Code.TOKENS, Effect.MIXED, None, {"message": ""}),
    # One object of a list.
    (kql("n:{ a:x and b:y }"), "sigma", Code.NESTED, Effect.WIDER, None, {"n": [{"a": "x"}, {"b": "y"}]}),
    (kql("not n:{ a:x and b:y }"), "sigma", Code.NESTED, Effect.NARROWER, {"n": [{"a": "x"}, {"b": "y"}]}, None),
    (kql("n:{ a:x and not b:y }"), "sigma", Code.NESTED, Effect.MIXED, {"n": [{"a": "x"}, {"b": "y"}]}, None),
    # Keywords.
    (KEYWORD, "dsl", Code.SEARCH, Effect.MIXED,
     {"message": "xtwo wordsx"}, {"message": "two, words"}),
    (KEYWORD, "kql", Code.SEARCH, Effect.MIXED, {"x": "two words x"}, None),
    (NO_KEYWORD, "kql", Code.SEARCH, Effect.MIXED, None, {"message": "t s"}),
    # Patterns that KQL cannot write.
    (selecting("user.name|cased: a?c"), "kql", Code.ONE_CHARACTER, Effect.WIDER, None, {"user.name": "abbc"}),
    (excluding("user.name|cased: a?c"), "kql", Code.ONE_CHARACTER, Effect.NARROWER, {"user.name": "ac"}, None),
    (selecting("user.name|cased: ' a*'"), "kql", Code.SPACE_EDGE, Effect.WIDER, None, {"user.name": "a b"}),
    (selecting("user.name|cased: '*a '"), "kql", Code.SPACE_EDGE, Effect.WIDER, None, {"user.name": "ba"}),
    (selecting("new.field|cased: 'a b*'"), "kql", Code.SPLIT, Effect.WIDER, None, {"new.field": "a, b"}),
    (excluding("new.field|contains|cased: 'a b'"), "kql", Code.SPLIT, Effect.NARROWER, {"new.field": "axb"}, None),
    # What a type compares otherwise.
    (selecting("user.name|gt: 9"), "dsl", Code.TEXT_COMPARED, Effect.MIXED, {"user.name": "10"}, {"user.name": "a"}),
    (selecting("new.field|gt: 9"), "kql", Code.TEXT_COMPARED, Effect.MIXED, {"new.field": 10}, {"new.field": "a"}),
    (selecting("user.name|cidr: 10.0.0.0/8"), "dsl", Code.TEXT_COMPARED, Effect.WIDER, None, {"user.name": "10.x"}),
    (selecting("new.field|cidr: 10.0.0.0/8"), "dsl", Code.TEXT_COMPARED, Effect.NARROWER,
     {"new.field": "10.1.1.1"}, None),
    (excluding("new.field|cidr: 10.0.0.0/8"), "kql", Code.TEXT_COMPARED, Effect.WIDER, None, {"new.field": "10.1.1.1"}),
    (selecting("labels.a: x"), "dsl", Code.TEXT_COMPARED, Effect.WIDER, None, {"labels": {"A": "x"}}),
    # One value of a list.
    (ranged(), "kql", Code.TWO_BOUNDS, Effect.WIDER, None, {"ip": "::1", "port": [0, 9]}),
    (ranged(), "sigma", Code.TWO_BOUNDS, Effect.WIDER, None, {"ip": "::1", "port": [0, 9]}),
    (kql("tags:a"), "sqlite", Code.LISTS, Effect.MIXED, {"tags": ["a", "b"]}, None),
    # Letter case between fields.
    (selecting("user.name|cased|fieldref: user.id"), "sqlite", Code.FIELDS_COMPARED, Effect.WIDER,
     None, {"user": {"name": "a", "id": "A"}}),
    # An expression that is never done searching has no verdict, so no event shows it.
    (selecting("user.name|re: '(?=a)b'"), "matcher", Code.STALLING, Effect.NARROWER, None, None),
]  # fmt: skip


WINDOWS = "host.os.type:windows and event.category:process and event.type:start"
_STARTED = {"host.os.type": "windows", "event.category": "process", "event.type": "start"}

#: (rule, target, profile, code, effect, one event as the rule's log has it and as the target's has it), where the rule
#: and the artefact give different verdicts because the target asks another log by other names.
ELSEWHERE: list[tuple[Rule, str, str, Code, Effect, dict[str, Any], dict[str, Any]]] = [
    (sigma("    s:\n        Details: DWORD (0x00000001)\n    condition: s\n", "registry_set"), "dsl", "faithful",
     Code.FIELD_APPROXIMATE, Effect.MIXED,
     {"Details": "DWORD (0x00000001)"}, {"registry": {"data": {"type": "SZ_DWORD", "strings": ["1"]}}}),
    (kql(f"{WINDOWS} and process.exit_code:1"), "sigma", "portable", Code.FIELD_UNMAPPED, Effect.NARROWER,
     {**_STARTED, "process.exit_code": 1}, {"ExitCode": 1}),
    (kql(f"{WINDOWS} and event.kind:signal and process.pid:7"), "sigma", "portable", Code.CLASSIFICATION, Effect.WIDER,
     {**_STARTED, "event.kind": "event", "process.pid": 7}, {"ProcessId": 7}),
]  # fmt: skip


@pytest.mark.parametrize("row", ELSEWHERE, ids=lambda row: f"{row[3]} {row[1]}")
def test_one_event_by_its_two_names_shows_the_loss(
    row: tuple[Rule, str, str, Code, Effect, dict[str, Any], dict[str, Any]],
) -> None:
    rule, target, profile, code, effect, event, renamed = row
    with pytest.raises(TranslatorError) as caught:
        convert(rule, to=target, profile=profile)
    artefact = convert(rule, to=target, profile=profile, allow=[str(code)])
    matches = backends()[target].matches
    assert matches is not None
    verdict = compile_rule(rule)(event)

    assert {each.code for each in caught.value.diagnostics} == {code}
    assert {(loss.code, loss.effect) for loss in artefact.losses} == {(code, effect)}
    assert verdict is (effect is not Effect.WIDER)
    assert matches(artefact.text, Schema.default())(renamed) is not verdict


#: Losses that no event can show, and why.
UNSHOWN = {
    Code.NEED_DROPPED: "what is left out decides on more than one event",
    Code.LOG_SOURCE: "an event does not say by which of them it would be asked",
    Code.STALLING: "the search that is never done gives no verdict",
}

#: Losses for which nothing is written, whatever is allowed: `IMPOSSIBLE` and `UNASKED` show them refused.
REFUSED = {
    Code.FIELD_PATTERN: "no selection names fields that nobody knows",
    Code.RANGE: "Sigma has no order but that of numbers",
    Code.EVERYTHING: "a selection asks something",
    Code.NULL: "Elasticsearch itself refuses the question",
    Code.FIELD_NAME: "another name would be another field",
    Code.REGEX: "the target would search for something else",
    Code.DATE_PART: "the target would count by another clock",
}


def test_every_loss_is_shown_by_an_event_or_stands_with_its_reason_here() -> None:
    losses = {code for code in Code if code.number.startswith("L")}
    shown = {row[2] for row in LOSSES if row[4] or row[5]} | {row[3] for row in ELSEWHERE}
    refused = {code for *_, code in IMPOSSIBLE} | {code for _, code in UNASKED}

    assert losses - shown - set(UNSHOWN) - set(REFUSED) == set()
    assert (shown & set(UNSHOWN)) | (shown & set(REFUSED)) | (set(UNSHOWN) & set(REFUSED)) == set()
    assert set(REFUSED) - refused == set()


def ids(row: tuple[Any, ...]) -> str:
    return f"{row[2]} {row[1]} {row[3]}"


def needs_its_plugin(target: str) -> None:
    if backend(target) is None:
        pytest.skip(f"pySigma's plugin for {target} is not installed")


@pytest.mark.parametrize("row", LOSSES, ids=ids)
def test_a_loss_refuses_until_its_code_or_effect_is_allowed(
    row: tuple[Rule, str, Code, Effect, _Event, _Event],
) -> None:
    rule, target, code, effect, *_ = row
    needs_its_plugin(target)
    with pytest.raises(TranslatorError) as caught:
        convert(rule, to=target, schema=SCHEMA)

    assert [each.code for each in caught.value.diagnostics] == [code]
    assert str(effect) in caught.value.diagnostics[0].message
    for allow in ([str(code)], ["mixed"] if effect is Effect.MIXED else [str(effect)]):
        artefact = convert(rule, to=target, schema=SCHEMA, allow=allow)
        assert {loss.code for loss in artefact.losses} == {code}
        assert artefact.fidelity is Fidelity(str(effect))


@pytest.mark.parametrize("row", [row for row in LOSSES if row[1] != "matcher"], ids=ids)
def test_an_event_shows_the_loss(row: tuple[Rule, str, Code, Effect, _Event, _Event]) -> None:
    """A wider artefact matches what the rule does not; a narrower one misses what the rule matches."""
    rule, target, code, effect, missed, extra = row
    needs_its_plugin(target)
    found = backend(target)
    assert found is not None
    assert found.matches is not None
    artefact = found.matches(convert(rule, to=target, schema=SCHEMA, allow=[str(code)]).text, SCHEMA)
    test = compile_rule(rule, schema=SCHEMA)

    assert missed is None or (test(missed) and not artefact(missed))
    assert extra is None or (artefact(extra) and not test(extra))
    assert {Effect.WIDER: extra, Effect.NARROWER: missed, Effect.MIXED: missed or extra}[effect] is not None
    assert {Effect.WIDER: missed, Effect.NARROWER: extra, Effect.MIXED: None}[effect] is None


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
    ("a|b:x", "sigma", Code.FIELD_NAME),
]

#: What only Sigma asks, of Query DSL.
UNASKED = [
    ("message|re: a", Code.REGEX),
    ("user.name|re: '(?:a|\\b){4}'", Code.REGEX),
    ("user.name|re: '(?=a)b'", Code.REGEX),
    ("user.name|re: 'a.{0,40}b.{0,40}c'", Code.REGEX),
    ("user.name|fieldref: message", Code.FIELDS_COMPARED),
    ("when|hour: 3", Code.DATE_PART),
    ("when: '2020-01-01'", Code.TEXT_COMPARED),
    ("port|contains: '8'", Code.TEXT_COMPARED),
    ("ip|endswith: '.1'", Code.TEXT_COMPARED),
    ("ip|gt: 1", Code.TEXT_COMPARED),
    ("labels.a|contains: x", Code.TEXT_COMPARED),
    ("user.name|cidr: '::/8'", Code.TEXT_COMPARED),
]


@pytest.mark.parametrize(("item", "code"), UNASKED)
def test_what_elasticsearch_cannot_ask_is_refused_whatever_is_allowed(item: str, code: Code) -> None:
    with pytest.raises(TranslatorError) as caught:
        convert(selecting(item), to="dsl", schema=SCHEMA, allow=["mixed"])

    assert [each.code for each in caught.value.diagnostics] == [code]
    assert caught.value.diagnostics[0].hint


@pytest.mark.parametrize(("text", "target", "code"), IMPOSSIBLE)
def test_what_cannot_be_said_is_refused_whatever_is_allowed(text: str, target: str, code: Code) -> None:
    with pytest.raises(TranslatorError) as caught:
        convert(kql(text), to=target, schema=SCHEMA, allow=["mixed"])

    assert [each.code for each in caught.value.diagnostics] == [code]


@pytest.mark.parametrize(("field", "hint"), [("new.field", "--schema FILE"), ("when", "time picker")])
def test_a_range_that_sigma_cannot_ask_says_what_would_help(field: str, hint: str) -> None:
    """A number is compared as soon as somebody says that it is one."""
    with pytest.raises(TranslatorError) as caught:
        convert(kql(f"{field} > 5"), to="sigma", schema=SCHEMA)
    (found,) = caught.value.diagnostics

    assert found.code is Code.RANGE
    assert hint in (found.hint or "")
    assert convert(kql("new.field > 5"), to="sigma", schema=Schema.from_yaml("new.field: long")).losses == ()


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
