"""Every target's verdicts beside the rule's: what is the same, what a loss declares, what nobody declares."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from tests.conftest import ROOT
from tests.strategies import rule_queries
from translator import rule_events
from translator.artefact import Backend, Emitted, Options
from translator.errors import Code, TranslatorError
from translator.ledger import Effect, Loss, lose
from translator.logic import Formula
from translator.meaning import JsonNumber
from translator.rule import Rule
from translator.schema import Schema
from translator.source import Span
from translator.sources import read, read_text
from translator.verification import Outcome, Report, verify
from translator.verification.forms import as_json, chosen, text

SCHEMA = Schema.from_yaml(
    "user.name: keyword\nmessage: text\nn: nested\nn.a: keyword\nn.b: keyword\nwhen: date\nport: long\nip: ip\n"
)


def sigma(detection: str) -> Rule:
    written = f"title: A rule\nlogsource:\n    category: test\ndetection:\n{detection}"
    return read_text(written, format="sigma", name="rule.yml")[0]


def outcomes(report: Report) -> dict[str, Outcome]:
    return {each.target: each.outcome for each in report.targets}


@pytest.mark.parametrize("folder", sorted(path.parent.name for path in (ROOT / "rules").glob("*/events.yaml")))
def test_no_target_differs_on_the_rules_of_this_repository(folder: str) -> None:
    path = ROOT / "rules" / folder
    (rule,) = (rule for each in sorted(path.glob("rule.*")) for rule in read(each))
    beside = rule_events.read(path / "events.yaml")
    report = verify(rule, [each.event for each in beside.events], schema=beside.schema(Schema.default()), most=100)

    assert report.ok, text(report)
    assert [each.expected for each in report.cases if each.line] == [each.expected for each in beside.events]


@given(rule_queries)
@settings(max_examples=25)
def test_no_target_differs_on_drawn_rules(query: str) -> None:
    report = verify(query, most=40)

    assert set(outcomes(report).values()) == {Outcome.SAME}, text(report)


#: (rule, target, code): losses that an event shows.
DECLARED: list[tuple[Rule | str, str, Code]] = [
    (sigma("    s:\n        user.name: admin\n    condition: s\n"), "kql", Code.CASE),
    (sigma("    s:\n        user.name: admin\n    condition: not s\n"), "kql", Code.CASE),
    (sigma("    s:\n        user.name|cased: a?c\n    condition: s\n"), "kql", Code.ONE_CHARACTER),
    (sigma("    s:\n        user.name|cased: ' a*'\n    condition: s\n"), "kql", Code.SPACE_EDGE),
    (sigma("    s:\n        user.name: größe\n    condition: s\n"), "dsl", Code.CASE),
    ("n:{ a:x and b:y }", "sigma", Code.NESTED),
    ('message:"failed login"', "sigma", Code.TOKENS),
]


@pytest.mark.parametrize(
    ("rule", "target", "code"), DECLARED, ids=lambda each: str(each) if isinstance(each, Code) else ""
)
def test_a_declared_loss_is_shown_by_an_event(rule: Rule | str, target: str, code: Code) -> None:
    report = verify(rule, schema=SCHEMA, to=[target])
    (judged,) = report.targets

    assert report.ok
    assert judged.outcome is Outcome.DECLARED
    assert {loss.code for each in judged.differences for loss in each.losses} == {code}
    for each in chosen(judged.differences):
        effects = {loss.effect for loss in each.losses}
        assert effects <= ({Effect.NARROWER, Effect.MIXED} if each.case.expected else {Effect.WIDER, Effect.MIXED})


class Backends:
    """Makes targets that say something else than the rule, with or without declaring it."""

    def __init__(self, formula: str, losses: list[tuple[str, Effect]], code: Code = Code.CASE) -> None:
        self.formula = formula
        self.code = code
        self.losses = losses

    def emit(self, rule: Rule, formula: Formula, options: Options) -> Emitted:
        losses = [self.loss(rule, about, effect) for about, effect in self.losses]
        return Emitted(self.formula, None, losses)

    def loss(self, rule: Rule, about: str, effect: Effect) -> Loss:
        start = rule.query.text.index(about)
        return lose(self.code, "a test's", effect, rule.query, Span(start, start + len(about)))

    def register(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from translator import backends

        made = Backend("a test's", ".txt", self.emit, backends.backends()["kql"].matches).named("odd")
        monkeypatch.setattr(backends, "backend", lambda name: made)
        monkeypatch.setattr("translator.pipeline.backend", lambda name: made)


#: (rule, artefact, losses, outcome): a loss excuses only what hangs on its own text, and only in its direction.
EXCUSES: list[tuple[str, str, list[tuple[str, Effect]], Outcome]] = [
    ("user.name:a and port:1", "user.name:a and port:1", [], Outcome.SAME),
    ("user.name:a and port:1", "user.name:a", [], Outcome.DIFFERS),
    ("user.name:a and port:1", "user.name:a", [("port:1", Effect.WIDER)], Outcome.DECLARED),
    ("user.name:a and port:1", "user.name:a", [("port:1", Effect.NARROWER)], Outcome.DIFFERS),
    ("user.name:a and port:1", "user.name:a", [("port:1", Effect.MIXED)], Outcome.DECLARED),
    ("user.name:a and port:1", "user.name:a", [("user.name:a", Effect.WIDER)], Outcome.DIFFERS),
    ("user.name:a and port:1", "port:1", [("user.name:a", Effect.WIDER)], Outcome.DECLARED),
    ("user.name:a or port:1", "user.name:a", [("port:1", Effect.NARROWER)], Outcome.DECLARED),
    ("user.name:a and not port:1", "user.name:a", [("port:1", Effect.WIDER)], Outcome.DECLARED),
    ("user.name:(x or z)", "user.name:x", [("z", Effect.NARROWER)], Outcome.DECLARED),
    ("user.name:(x or z)", "user.name:x", [("x", Effect.NARROWER)], Outcome.DIFFERS),
    ("n:{ a:x and b:y }", "n:{ a:x }", [("b:y", Effect.WIDER)], Outcome.DECLARED),
    ("n:{ a:x and b:y }", "n:{ a:x }", [("a:x", Effect.WIDER)], Outcome.DIFFERS),
    ("user.name:a and port:1", "port:*", [("user.name:a and port:1", Effect.MIXED)], Outcome.DECLARED),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "artefact", "losses", "outcome"), EXCUSES)
def test_a_loss_excuses_what_it_is_about(
    rule: str, artefact: str, losses: list[tuple[str, Effect]], outcome: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    Backends(artefact, losses).register(monkeypatch)
    report = verify(rule, schema=SCHEMA, to=["odd"])

    assert outcomes(report) == {"odd": outcome}, text(report)
    assert report.ok is (outcome is not Outcome.DIFFERS)


def test_what_needs_more_than_one_event_excuses_no_verdict_on_one(monkeypatch: pytest.MonkeyPatch) -> None:
    Backends("user.name:a", [("user.name:a and port:1", Effect.WIDER)], Code.NEED_DROPPED).register(monkeypatch)

    assert outcomes(verify("user.name:a and port:1", schema=SCHEMA, to=["odd"])) == {"odd": Outcome.DIFFERS}


def test_an_artefact_that_cannot_be_read_back_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    Backends("user.name:(", []).register(monkeypatch)
    report = verify("user.name:a", schema=SCHEMA, to=["odd"])

    assert outcomes(report) == {"odd": Outcome.FAILED}
    assert not report.ok
    assert "K001" in text(report)


def test_what_a_target_cannot_say_is_no_failure() -> None:
    report = verify("when > 2020-01-01", schema=SCHEMA, to=["sigma", "dsl"])

    assert outcomes(report) == {"sigma": Outcome.IMPOSSIBLE, "dsl": Outcome.SAME}
    assert report.ok
    assert "L006" in text(report)


def test_the_event_shown_holds_nothing_that_makes_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    Backends("user.name:a", []).register(monkeypatch)
    given = {"user": {"name": ["b", "a"], "id": 7}, "@timestamp": "2024-01-01", "host": {"os": {"type": "x"}}}
    report = verify("user.name:a and port:1", [given], schema=SCHEMA, to=["odd"], most=0)
    smallest = [each.smallest for each in report.targets[0].differences if each.case.line == 1]

    assert smallest == [{"user": {"name": "a"}}]


def test_a_given_event_keeps_the_spelling_of_its_numbers() -> None:
    event = {"user.name": JsonNumber("1.50")}
    report = verify("user.name:1.50", [event], schema=SCHEMA)

    assert [each.expected for each in report.cases if each.line] == [True]
    assert report.ok


def test_a_rule_that_is_wrong_and_a_target_that_is_unknown_are_refused() -> None:
    with pytest.raises(TranslatorError):
        verify("user.name:(")
    with pytest.raises(TranslatorError) as caught:
        verify("user.name:a", to=["nowhere"])

    assert [each.code for each in caught.value.diagnostics] == [Code.UNKNOWN_TARGET]


#: Public mistakes of porting a rule by hand: (KQL, what became of it in Sigma, a counter-example or None).
PORTED: list[tuple[str, str, dict[str, Any] | None]] = [
    ("a : x and not (b : y and c : z)",
     "    sel:\n        a|cased: x\n    f1:\n        b|cased: y\n    f2:\n        c|cased: z\n"
     "    condition: sel and not f1 and not f2\n", {"a": "x", "b": "y"}),
    ("not process.name : *", "    sel:\n        process.name: ''\n    condition: sel\n", {}),
    ('process.name : "cmd*"', "    sel:\n        process.name|cased: 'cmd*'\n    condition: sel\n",
     {"process": {"name": "cmd"}}),
    ("a : x and b : y", "    sel:\n        a|cased: x\n        b|cased: y\n    condition: sel\n", None),
    ("a : x or not b : *", "    sel:\n        a|cased: x\n    n:\n        b: null\n    condition: sel or n\n", None),
    ("user.name : (root or amy)", "    sel:\n        user.name: [root, amy]\n    condition: sel\n",
     {"user": {"name": "ROOT"}}),
]  # fmt: skip


@pytest.mark.parametrize(("kql", "detection", "counter"), PORTED)
def test_two_rules_are_told_apart_by_an_event_or_proved_equal(
    kql: str, detection: str, counter: dict[str, Any] | None
) -> None:
    report = verify(kql, against=sigma(detection), to=[])
    (judged,) = report.targets

    assert report.ok is (counter is None)
    assert judged.proved is (counter is None)
    if counter is not None:
        assert counter in [each.smallest for each in judged.differences]
        assert all(each.deciding and each.other_deciding for each in judged.differences[:5])


def test_equal_rules_that_are_written_otherwise_are_proved_equal() -> None:
    first = "host.os.type:windows and not (process.name:(cmd.exe or powershell*) or user.name:SYSTEM)"
    second = (
        "not user.name:SYSTEM and not process.name:powershell* and not process.name:cmd.exe and host.os.type:windows"
    )
    (judged,) = verify(first, against=second, to=[]).targets

    assert (judged.outcome, judged.proved) == (Outcome.SAME, True)


def test_as_json_holds_every_verdict() -> None:
    report = verify("n:{ a:x and b:y }", [{"n": {"a": "x"}}], schema=SCHEMA)
    made = json.loads(json.dumps(as_json(report)))

    assert {each["target"] for each in made["targets"]} >= {"dsl", "kql", "matcher", "sigma"}
    assert all(len(each["verdicts"]) == len(made["events"]) for each in made["targets"])
    assert made["events"][-1] == {"event": {"n": {"a": "x"}}, "expected": False, "why": "given", "line": 1}
    assert made["coverage"] == {"conditions": 2, "covered": 4, "impossible": 0, "open": 0}


def test_targets_with_differences_come_first() -> None:
    report = verify("n:{ a:x and b:y }", schema=SCHEMA)

    assert report.targets[0].target == "sigma"
    assert text(report, every=True).count("\n  ") > len(report.cases)


#: Rules that an artefact once could not say, and the target: each is read back and gives the rule's verdicts.
READ_BACK: list[tuple[Rule | str, str]] = [
    # What KQL sends for a pattern on text stands in a filter of an Elastic rule.
    (sigma("    s:\n        message|contains: ['x11 ', '0x11']\n    condition: s\n"), "elastic_rule"),
    # An IPv4 address in IPv6's clothes is no network of IPv6.
    ('ip:"::ffff:127.0.0.1"', "sigma"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "target"), READ_BACK)
def test_what_was_written_is_read_back(rule: Rule | str, target: str) -> None:
    (judged,) = verify(rule, schema=SCHEMA, to=[target]).targets

    assert judged.outcome in (Outcome.SAME, Outcome.DECLARED)


@pytest.mark.parametrize("target", ["dsl", "kql", "sigma", "elastic_rule", "elastic_toml"])
def test_an_artefact_that_says_the_rule_is_proved_to(target: str) -> None:
    query = "user.name:(root or adm*) and not (port:22 or ip:10.0.0.0/8) and n:{ a:x and not b:y }"
    (judged,) = verify(query.partition(" and n:")[0], schema=SCHEMA, to=[target]).targets

    assert (judged.outcome, judged.proved) == (Outcome.SAME, True)


def test_a_difference_that_no_witness_shows_is_searched_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value said twice, and in the artefact once as another: no condition of the rule's asks for that."""
    from translator.backends.kql import BACKEND

    wrong = "user.name:(a or b or quite-another)"
    monkeypatch.setattr(
        "translator.verification.backends", lambda: {"kql": replace(BACKEND.named("kql"), emit=emitting(wrong))}
    )
    monkeypatch.setattr("translator.pipeline.backend", lambda name: replace(BACKEND.named(name), emit=emitting(wrong)))
    (judged,) = verify("user.name:(a or b or a)", schema=SCHEMA).targets

    assert judged.outcome is Outcome.DIFFERS
    assert judged.differences[0].smallest == {"user": {"name": "quite-another"}}
    assert judged.differences[0].case.expected is False


def emitting(text: str) -> Any:
    return lambda rule, formula, options: Emitted(text)


def test_rules_are_compared_by_the_names_that_both_have() -> None:
    source = "title: A\nlogsource: {category: process_creation, product: windows}\n"
    written = f"{source}detection:\n    s: {{%s: x}}\n    condition: s\n"
    own, taxonomy = (
        read_text(written % name, format="sigma", name="rule.yml")[0] for name in ("user.name|cased", "Image|cased")
    )

    assert verify("user.name:x", against=own, to=[]).targets[0].proved
    assert verify("process.executable:x", against=taxonomy, to=[]).targets[0].proved
