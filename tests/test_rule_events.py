"""The reader of `events.yaml`, and what every folder of `rules/` holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from translator import rule_events
from translator.errors import Code, Diagnostic, TranslatorError
from translator.meaning import JsonNumber
from translator.schema import Schema, Type
from translator.source import Source

RULES = Path(__file__).parent.parent / "rules"
FOLDERS = sorted(path for path in RULES.iterdir() if path.is_dir())


def read(text: str) -> rule_events.RuleEvents:
    return rule_events.read_source(Source(text, "events.yaml"))


def mistakes(text: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(TranslatorError) as raised:
        read(text)
    return raised.value.diagnostics


def places(text: str) -> list[tuple[int, int]]:
    at = [found.source.locate(found.span.start) for found in mistakes(text)]
    return [(each.line, each.column) for each in at]


def test_a_file_is_read_in_its_order() -> None:
    found = read(
        "match:\n"
        "  - name: a script\n"
        "    event: {file: {path: /tmp/a}}\n"
        "    why: it is one\n"
        "no_match:\n"
        "  - {name: nothing, event: {}}\n"
    )

    assert found.events == (
        rule_events.RuleEvent("a script", {"file": {"path": "/tmp/a"}}, True, "it is one"),
        rule_events.RuleEvent("nothing", {}, False),
    )
    assert [found.source.locate(event.span.start).line for event in found.events] == [2, 6]


def test_an_event_holds_what_the_same_text_says_in_json() -> None:
    written = '{"a": [1, -5, 0.5, 1.10, "1e3", true, false, null, ["x"]], "b.c": {}, "d": "2020-01-01"}'

    (event,) = read(f"match: [{{name: x, event: {written}}}]").events

    assert event.event == {"a": [1, -5, 0.5, 1.1, "1e3", True, False, None, ["x"]], "b.c": {}, "d": "2020-01-01"}


@pytest.mark.parametrize("token", ["1.10", "5.0", "1.0e+3", "-0", "-0.0", "1.0E-7"])
def test_a_number_keeps_its_spelling(token: str) -> None:
    """Elasticsearch's keywords hold a number by the characters of the document."""
    (event,) = read(f"match: [{{name: x, event: {{a: {token}}}}}]").events

    assert isinstance(event.event["a"], JsonNumber)
    assert event.event["a"].token == token


@pytest.mark.parametrize(
    ("text", "line", "column", "said", "hint"),
    [
        ("- a", 1, 1, "is a map with the lists", "write `match:`"),
        ("a", 1, 1, "is a map with the lists", "write `match:`"),
        ("match: []", 1, 1, "holds no event", "write `match:`"),
        ("{}", 1, 1, "holds no event", "write `match:`"),
        ("matches: []", 1, 1, 'no key "matches"', "use one of match, no_match, schema"),
        ("match:", 1, 1, "takes a list of events, not nothing", "match: []"),
        ("match: {name: a, event: {}}", 1, 1, "takes a list of events, not a map", "match: []"),
        ("match:\n  - a", 2, 5, "An entry is a map with `name` and `event`, not a text", "write `- {name"),
        ("match:\n  - name: a\n    evnt: {}\n    event: {}", 3, 5, 'no key "evnt"', "use one of name, event, why"),
        ("match:\n  - event: {}", 2, 5, "The event has no name", "sets this event apart"),
        ("match:\n  - name:\n    event: {}", 2, 5, "`name` takes a sentence, not nothing", "quotes"),
        ("match:\n  - name: '  '\n    event: {}", 2, 5, "`name` takes a sentence, not an empty text", "quotes"),
        ("match:\n  - name: 7\n    event: {}", 2, 5, "`name` takes a sentence, not a number", "quotes"),
        ("match:\n  - name: yes\n    event: {}", 2, 5, "`name` takes a sentence, not true or false", "quotes"),
        ("match:\n  - name: a\n    why: [b]\n    event: {}", 3, 5, "`why` takes a sentence, not a list", "quotes"),
        ("match:\n  - name: a", 2, 5, "The entry has no event", "below `event:`"),
        ("match:\n  - name: a\n    event: []", 3, 5, "`event` takes a map of fields, not a list", "event: {}"),
        ("match:\n  - name: a\n    event:", 3, 5, "`event` takes a map of fields, not nothing", "event: {}"),
        (
            "match:\n  - {name: a, event: {}}\n  - {name: a, event: {}}",
            3,
            6,
            'The name "a" is taken by the event on line 2',
            "sets this event apart",
        ),
        (
            "match:\n  - {name: a, event: {}}\nno_match:\n  - {name: a, event: {}}",
            4,
            6,
            "taken by the event on line 2",
            "sets this event apart",
        ),
        (
            "schema: [a]\nmatch: [{name: a, event: {}}]",
            1,
            1,
            "`schema` takes a map of fields to types, not a list",
            "field.name: type",
        ),
        ("schema: {a: keyward}\nmatch: [{name: a, event: {}}]", 1, 10, 'not "keyward"', "keyword"),
        ("schema: {a: [ip]}\nmatch: [{name: a, event: {}}]", 1, 10, "not a list", "keyword"),
        ("schema: {5: ip}\nmatch: [{name: a, event: {}}]", 1, 10, "A field's name is a text, not a number", "quotes"),
    ],
)
def test_a_mistake_of_form_is_reported_at_its_place(text: str, line: int, column: int, said: str, hint: str) -> None:
    (found,) = mistakes(text)

    assert places(text) == [(line, column)]
    assert found.code is Code.BAD_VALUE
    assert said in found.message
    assert hint in (found.hint or "")


@pytest.mark.parametrize(
    ("written", "said", "hint"),
    [
        ("2026-03-02", "as a date", "quotes"),
        ("2026-03-02T04:15:00Z", "as a date", "quotes"),
        ("2026-03-02 04:15:00", "as a date", "quotes"),
        ("yes", "reads `yes` as true", "write true"),
        ("Off", "reads `Off` as false", "write false"),
        ("True", "reads `True` as true", "write true"),
        ("~", "reads `~` as null", "write null"),
        ("", "reads nothing as null", "write null"),
        ("0x1F", "reads `0x1F` as the number 31", "write 31"),
        ("0755", "reads `0755` as the number 493", "write 493"),
        ("1_000", "reads `1_000` as the number 1000", "write 1000"),
        ("+5", "reads `+5` as the number 5", "write 5"),
        ("12:30:45", "as the number 45045", "quotes"),
        ("5.", "reads `5.` as the number 5.0", "write 5.0"),
        (".5", "reads `.5` as the number 0.5", "write 0.5"),
        (".inf", "no number inf", "quotes"),
        ("-.Inf", "no number -inf", "quotes"),
        (".nan", "no number nan", "quotes"),
        ("1e3", "as a text, JSON as a number", "1.0e+3"),
        ("1.5e3", "as a text, JSON as a number", "1.0e+3"),
        ("&here yes", "reads `yes` as true", "write true"),
        ("!!int '5'", "reads `'5'` as the number 5", "write 5"),
        ("!!binary aGk=", "JSON has no such value as a bytes", "lists and maps"),
    ],
)
def test_a_value_that_yaml_reads_in_its_own_way_is_refused(written: str, said: str, hint: str) -> None:
    """An author who writes one of these means something else than JSON would get."""
    text = f"match:\n  - name: a\n    event:\n      b: {{c: [d, {{e: {written} }}]}}"

    found = mistakes(text)[0]

    assert found.source.locate(found.span.start).line == 4
    assert said in found.message
    assert hint in (found.hint or "")


@pytest.mark.parametrize("key", ["5", "true", "null", "2020-01-01", "1.5"])
def test_a_name_that_is_no_text_is_refused(key: str) -> None:
    (found,) = mistakes(f"match:\n  - name: a\n    event:\n      {key}: x")

    assert "A field's name is a text" in found.message
    assert found.source.locate(found.span.start).line == 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("match:\n  - name: a\n    event: {b: 1, b: 2}", '"b" is said twice'),
        ("match: []\nmatch: []", '"match" is said twice'),
        ("match: [", "node content"),
        ("match: []\n---\nmatch: []", "second document"),
        ("match: [{name: a, event: {b: !!python/name:os.system x}}]", "no plain value"),
    ],
)
def test_what_is_no_plain_yaml_is_refused(text: str, said: str) -> None:
    (found,) = mistakes(text)

    assert found.code is Code.BAD_YAML
    assert said in found.message


def test_every_mistake_is_reported_in_the_order_of_the_file() -> None:
    text = "match:\n  - name: a\n    event: {b: yes}\n  - event: {c: 2020-01-01}\nno_matches: []\nno_match: x"

    assert places(text) == [(3, 13), (4, 5), (4, 13), (5, 1), (6, 1)]


def test_texts_in_quotes_are_taken_as_they_are() -> None:
    (event,) = read("match: [{name: x, event: {a: '2020-01-01', b: \"yes\", c: '5', d: 'null', e: \"1e3\"}}]").events

    assert event.event == {"a": "2020-01-01", "b": "yes", "c": "5", "d": "null", "e": "1e3"}


def test_a_file_is_found_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "events.yaml"
    with pytest.raises(TranslatorError) as missing:
        rule_events.read(path)
    path.write_bytes(b"\xef\xbb\xbfmatch: [{name: a, event: {}}]\r\n")
    found = rule_events.read(path)
    path.write_bytes(b"match: \xff")
    with pytest.raises(TranslatorError) as undecodable:
        rule_events.read(path)
    path.write_bytes(b"")
    with pytest.raises(TranslatorError) as empty:
        rule_events.read(path)

    assert [event.name for event in found.events] == ["a"]
    codes = [raised.value.diagnostics[0].code for raised in (missing, undecodable, empty)]
    assert codes == [Code.NOT_FOUND, Code.NOT_TEXT, Code.EMPTY]


def test_a_file_types_the_fields_that_the_schema_does_not_know() -> None:
    found = read(
        "schema:\n  acme.score: float\n  message: keyword\n  acme.legs: nested\n  acme.legs.ip: ip\n"
        "match: [{name: a, event: {}}]"
    )

    schema = found.schema(Schema.default())

    assert schema.field("acme.score").type is Type.FLOAT
    assert schema.field("message").type is Type.KEYWORD
    assert schema.field("acme.legs.ip").nested == "acme.legs"
    assert schema.field("host.ip") == Schema.default().field("host.ip")


def test_a_file_without_types_leaves_the_schema_alone() -> None:
    assert read("match: [{name: a, event: {}}]").schema(Schema.default()) is Schema.default()


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_every_folder_holds_one_rule_and_events_on_both_sides(folder: Path) -> None:
    rules = [name for name in ("rule.md", "rule.kql") if (folder / name).is_file()]
    verdicts = [event.expected for event in rule_events.read(folder / "events.yaml").events]

    assert len(rules) == 1
    assert len([verdict for verdict in verdicts if verdict]) >= 4
    assert len([verdict for verdict in verdicts if not verdict]) >= 4


def test_rules_are_pages_as_well_as_bare_queries() -> None:
    assert len(list(RULES.glob("*/rule.md"))) >= 5
    assert len(list(RULES.glob("*/rule.kql"))) >= 5
