"""What a Sigma rule says of events, in every target: the same, or what the target declares.

Expected verdicts are the specification's and pySigma's; where both are silent, these tests say what was chosen.
"""

from __future__ import annotations

from typing import Any

import pytest

from translator.backends import backends
from translator.errors import Code, TranslatorError
from translator.ledger import Fidelity
from translator.pipeline import compile_rule, convert
from translator.rule import Rule
from translator.schema import Schema
from translator.sources import read_text

TARGETS = ("dsl", "kql", "matcher", "sigma")


def rule(detection: str) -> Rule:
    """A rule with these lines for its detection; without a condition they are one selection."""
    lines = detection.splitlines() if "condition:" in detection else ["selection:", *indented(detection.splitlines())]
    lines = lines if "condition:" in detection else [*lines, "condition: selection"]
    text = "\n".join(["title: A rule", "logsource:", "    category: test", "detection:", *indented(lines), ""])
    return read_text(text, format="sigma", name="rule.yml")[0]


def indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def judged(made: Rule, events: list[dict[str, Any]], schema: Schema) -> list[bool]:
    """The rule's verdicts, after each target's are held against them by what the target declares."""
    test = compile_rule(made, schema=schema)
    expected = [test(event) for event in events]
    for target in TARGETS:
        try:
            artefact = convert(made, to=target, schema=schema, allow=["mixed"])
        except TranslatorError as error:
            refused = {each.code.number[0] for each in error.diagnostics}
        else:
            refused = set()
        assert refused <= {"L", "T"}, target
        if refused:
            continue
        matches = backends()[target].matches
        assert matches is not None
        again = matches(artefact.text, schema)
        for event, verdict in zip(events, expected, strict=True):
            match artefact.fidelity:
                case Fidelity.EXACT:
                    assert again(event) is verdict, (target, event)
                case Fidelity.WIDER:
                    assert again(event) or not verdict, (target, event)
                case Fidelity.NARROWER:
                    assert verdict or not again(event), (target, event)
                case Fidelity.MIXED:
                    pass
    return expected


def check(detection: str, rows: list[tuple[dict[str, Any], bool]], schema: Schema | None = None) -> None:
    events = [event for event, _ in rows]
    verdicts = judged(rule(detection), events, schema or Schema.none())

    assert list(zip(events, verdicts, strict=True)) == rows


VALUES: list[tuple[str, list[tuple[Any, bool]]]] = [
    # Strings: the whole value, whatever the case; a list in the event is any of its values.
    ("f: Foo", [("foo", True), ("FOO", True), ("xfoo", False), ("", False), (None, False), (["a", "FOO"], True)]),
    ("f|cased: Foo", [("Foo", True), ("foo", False)]),
    ("f: ''", [("", True), ("a", False), (None, False), ([], False)]),
    ("f: [a, b]", [("A", True), ("b", True), ("c", False)]),
    ("f: 'a*c?'", [("abcd", True), ("acd", True), ("ABBC!", True), ("ac", False), ("xacd", False)]),
    ("f: '*'", [("a", True), ("", True), (None, False), ([], False)]),
    ("f: '?*'", [("a", True), ("", False)]),
    ("f|contains: b", [("abc", True), ("ABC", True), ("ac", False)]),
    ("f|contains: 'b c'", [("ab cd", True), ("b", False), ("bc", False)]),
    ("f|startswith: b", [("bc", True), ("ab", False)]),
    ("f|endswith: b", [("ab", True), ("bc", False)]),
    ("f|contains|all: [a, b]", [("xbxa", True), ("a", False), (["a", "b"], True)]),
    ("f|contains|cased: Ab", [("xAbx", True), ("xabx", False)]),
    # Backslashes: before a wildcard or another one they escape, elsewhere they are themselves.
    (r"f: 'C:\Tmp\\*'", [("C:\\Tmp\\a", True), ("C:\\Tmp\\", True), ("C:\\Tmp*", False)]),
    (r"f: 'C:\Tmp\*'", [("C:\\Tmp*", True), ("C:\\Tmp\\a", False)]),
    (r"f|contains: '\\\\.\\pipe\\'", [("x \\\\.\\pipe\\m", True), ("x \\.\\pipe\\m", False)]),
    (r"f: 'a\?b'", [("a?b", True), ("axb", False)]),
    # Numbers and texts that spell them are one.
    ("f: 150", [(150, True), ("150", True), (1500, False), ("0150", False)]),
    ("f: '0150'", [("0150", True), (150, False)]),
    ("f: 1.5", [(1.5, True), ("1.5", True)]),
    ("f: true", [(True, True), ("true", True), (False, False), ("false", False)]),
    ("f|gte: 1000", [(1000, True), ("999", False), (1000.0, True), ("12345678901234567890", True), ("abc", False)]),
    ("f|lt: 10", [(9, True), ("9", True), (10, False), (None, False), ([50, 5], True)]),
    ("f|gt: 1.5", [(2, True), (1.5, False)]),
    # Absence.
    ("f: null", [(None, True), ([], True), ("", False), ("a", False)]),
    ("f: [null, a]", [(None, True), ("a", True), ("b", False)]),
    ("f: []", [(None, True), ("a", False)]),
    ("f|exists: true", [("a", True), ("", True), (None, False)]),
    ("f|exists: false", [("a", False), (None, True)]),
    ("f|neq: a", [("A", False), ("b", True), (None, True), (["a", "b"], False)]),
    ("f|neq: [a, b]", [("b", False), ("c", True)]),
    ("f|contains|neq: a", [("xax", False), ("b", True)]),
    # Addresses.
    ("f|cidr: 10.0.0.0/8", [("10.1.2.3", True), ("11.1.2.3", False), ("10.x", False), (["1.1.1.1", "10.0.0.0"], True)]),
    ("f|cidr: 'fe80::/10'", [("FE80::1", True), ("fe80:0:0:0::1", True), ("::1", False)]),
    # What one value becomes.
    ("f|windash|contains: ' -enc'", [("x -enc", True), ("x /enc", True), ("x \u2013enc", True), ("x enc", False)]),
    ("f|windash|contains|all: ['-a', '-b']", [("/a -b", True), ("/a", False)]),
    ("f|base64: 'IEX('", [("SUVYKA==", True), ("SUVYKCdhJyk=", False)]),
    (
        "f|base64offset|contains: foobar",
        [("x Zm9vYmFy", True), ("hmb29iYXIx", True), ("!mb29iYX", True), ("foobar", False)],
    ),
    (
        "f|wide|base64offset|contains: 'IEX('",
        [
            ("-enc SQBFAFgAKAAnAGEAJwApAA==", True),
            ("-enc QUkARQBYACgAJwBhACcAKQA=", True),
            ("-enc QUJJAEUAWAAoACcAYQAnACkA", True),
            ("SUVYKCdhJyk=", False),
        ],
    ),
    ("f|utf16le|base64: a", [("YQA=", True)]),
    ("f|utf16be|base64: a", [("AGE=", True)]),
    ("f|utf16|base64: a", [("//5hAA==", True)]),
    ("f|wide|base64offset|contains: 'café('", [("YwBhAGYA6QAoAA==", True)]),
    ("f|wide: ab", [("a\0b\0", True), ("ab", False)]),
    # Expressions are searched for, and mind the case.
    (r"f|re: '^power(\.exe)?\s+-e'", [("power -e", True), ("power.exe  -enc", True), ("x power -e", False)]),
    ("f|re: Foo", [("xFoox", True), ("foo", False), (None, False), ([1, "Foo"], True)]),
    (r"f|re|i: 'start\s+cmd'", [("a START  CMD b", True), ("startcmd", False)]),
    ("f|re|m: '^b$'", [("a\nb\nc", True), ("ab", False)]),
    ("f|re|s: 'a.b'", [("a\nb", True)]),
    ("f|re: 'a.b'", [("a\nb", False)]),
    (r"f|re: '^C:\\Users\\[^\\]+\\'", [("C:\\Users\\bob\\a", True), ("C:\\Users\\bob", False)]),
    ("f|re: '[0-9]{3}'", [(1234, True), (12, False)]),
    ("f|re|startswith: 'a|b'", [("bx", True), ("xb", False)]),
    ("f|re|endswith: 'a|b'", [("xb", True), ("bx", False)]),
    (r"f|re: '(\s|^)-x(\s|$)'", [("-x", True), ("a -x b", True), ("a-x", False)]),
    # Moments, in UTC.
    (
        "f|hour: 3",
        [("2024-01-31T03:59:59Z", True), ("2024-01-31T03:00:00+01:00", False), ("2024-01-31 03:10:00.123", True)],
    ),
    ("f|minute: 59", [("2024-01-31T03:59:59Z", True), (1706673599000, True), ("soon", False)]),
    ("f|day: 31", [("2024-01-31", True)]),
    ("f|week: 5", [("2024-01-31", True), ("2024-01-28", False)]),
    ("f|month: [1, 2]", [("2024-02-01", True), ("2024-03-01", False)]),
    ("f|year: 2024", [("2024-02-01", True), (None, False)]),
    ("f|hour|gte: 22", [("2024-01-31T22:00:00Z", True), ("2024-01-31T21:59:00Z", False)]),
    # Letters beyond ASCII fold one by one; what folds to two letters does not.
    (
        "f: [ПРИВЕТ, straße, ILKER]",
        [("привет", True), ("STRASSE", False), ("\u0130lker", False), ("ilker", True), ("\u0131lker", False)],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("item", "rows"), VALUES, ids=[item for item, _ in VALUES])
def test_a_value_decides(item: str, rows: list[tuple[Any, bool]]) -> None:
    check(item, [({"f": value}, verdict) for value, verdict in rows])


def test_a_field_that_is_missing_satisfies_only_what_asks_for_that() -> None:
    asks = {"f: null", "f|exists: false", "f: [null, a]", "f: []", "f|neq: a", "f|neq: [a, b]", "f|contains|neq: a"}
    for item, _ in VALUES:
        check(item, [({"g": "a"}, item in asks)])


CONDITIONS: list[tuple[str, list[str]]] = [
    # The selections that hold in the events that match.
    ("a or b and not c", ["a", "b", "ab", "ac", "abc"]),
    ("(a or b) and not c", ["a", "b", "ab"]),
    ("not a and b or c", ["b", "c", "ac", "bc", "abc"]),
    ("1 of them", ["a", "b", "c", "ab", "ac", "bc", "abc"]),
    ("all of them", ["abc"]),
    ("any of a*", ["a", "ab", "ac", "abc"]),
    ("not 1 of them", [""]),
    ("not (a or not b)", ["b", "bc"]),
]


@pytest.mark.parametrize(("condition", "matching"), CONDITIONS, ids=[each for each, _ in CONDITIONS])
def test_a_condition_decides(condition: str, matching: list[str]) -> None:
    detection = "\n".join([*(f"{name}:\n    {name}: x" for name in "abc"), f"condition: {condition}"])
    events = ["", "a", "b", "c", "ab", "ac", "bc", "abc"]

    check(detection, [(dict.fromkeys(event, "X"), event in matching) for event in events])


def test_one_of_keeps_what_is_anded_in_each_selection() -> None:
    check(
        "s_1:\n    a: x\n    b: y\ns_2:\n    a: z\n    c: y\ncondition: 1 of s_*",
        [
            ({"a": "x", "b": "y"}, True),
            ({"a": "x", "c": "y"}, False),
            ({"a": "z", "c": "y"}, True),
            ({"b": "y"}, False),
        ],
    )


def test_a_list_of_maps_is_any_of_them() -> None:
    rows = [({"a": "x", "b": "y"}, True), ({"a": "x"}, False), ({"c": "z"}, True), ({"d": "lone word here"}, True)]

    check("selection:\n    - a: x\n      b: y\n    - c: z\n    - lone word\ncondition: selection", rows)


def test_one_of_several_conditions_is_enough() -> None:
    rows = [({"a": "x"}, True), ({"b": "x"}, True), ({"c": "x"}, False)]

    check("s:\n    a: x\nt:\n    b: x\ncondition:\n    - s\n    - t", rows)


def test_names_that_begin_like_operators_are_names() -> None:
    rows = [({"a": "x", "u": "b"}, True), ({"a": "x", "u": "c"}, False), ({"u": "b"}, False)]

    check("sel:\n    a: x\nadmin:\n    u: a\nnotadmin:\n    u: b\ncondition: sel and notadmin", rows)


def test_keywords_are_looked_for_in_all_values() -> None:
    check(
        "keywords:\n    - '<3 eo.oe'\n    - 'privilege::debug'\n    - 'a \"quoted\" (word) or b'\n    - 4625\n"
        "    - '* tail'\ncondition: keywords",
        [
            ({"m": "x <3 EO.OE y"}, True),
            ({"a": {"b": ["mimikatz privilege::debug"]}}, True),
            ({"m": 'A "quoted" (word) OR b'}, True),
            ({"code": 4625}, True),
            ({"m": "head and tail"}, True),
            ({"privilege::debug": "none"}, False),
        ],
    )
    check(
        "keywords:\n    '|all': [foo, bar]\ncondition: keywords",
        [({"a": "Foo", "b": "xbar"}, True), ({"a": "foo"}, False)],
    )
    check("keywords:\n    '|cased': Foo\ncondition: keywords", [({"a": "xFoo"}, True), ({"a": "foo"}, False)])
    check("keywords:\n    '|re': '^a+$'\ncondition: keywords", [({"x": {"y": "aaa"}}, True), ({"x": "ab"}, False)])


def test_one_field_is_compared_with_another() -> None:
    check(
        "a|fieldref: b",
        [({"a": "Bob", "b": "bob"}, True), ({"a": "x", "b": "y"}, False), ({"a": "x"}, False), ({"b": "x"}, False),
         ({"a": ["x", "y"], "b": ["z", "Y"]}, True), ({"a": 5, "b": "5"}, True), ({}, False)],
    )  # fmt: skip
    check("a|cased|fieldref: b", [({"a": "Bob", "b": "bob"}, False), ({"a": "Bob", "b": "Bob"}, True)])
    check(
        "a|fieldref|startswith: b", [({"a": "C:\\d\\x", "b": "c:\\D\\"}, True), ({"a": "C:\\e", "b": "C:\\d"}, False)]
    )
    check("a|fieldref|endswith: b", [({"a": "xy", "b": "Y"}, True), ({"a": "yx", "b": "Y"}, False)])
    check("a|fieldref|contains: b", [({"a": "xyz", "b": "Y"}, True), ({"a": "x", "b": "xy"}, False)])
    check(
        "s:\n    n: 1\nf:\n    a|fieldref: b\ncondition: s and not f",
        [({"n": 1, "a": "x", "b": "X"}, False), ({"n": 1, "a": "x"}, True)],
    )


SCHEMA = Schema.from_yaml(
    "ip: ip\nport: long\nshare: double\nflag: boolean\nwhen: date\nbody: text\nlabels: flattened\nv: version\n"
    "k: keyword\nw: wildcard\nn: nested\nn.a: keyword\n"
)

TYPED: list[tuple[str, list[tuple[dict[str, Any], bool]], str | None]] = [
    # A field's type may change the question; then the target says it, or says why it cannot.
    ("ip: 10.0.0.1", [({"ip": "10.0.0.1"}, True), ({"ip": "::ffff:a00:1"}, True), ({"ip": "10.0.0.2"}, False)], None),
    ("ip: '10.*'", [({"ip": "10.1.1.1"}, True), ({"ip": "110.1.1.1"}, False)], None),
    ("ip|startswith: '192.168.'", [({"ip": "192.168.0.9"}, True), ({"ip": "192.169.0.9"}, False)], None),
    ("ip: '2001:db8:*'", [({"ip": "2001:DB8::1"}, True), ({"ip": "2001:db9::1"}, False)], None),
    ("ip|cidr: 10.0.0.0/8", [({"ip": "10.1.1.1"}, True), ({"ip": "11.1.1.1"}, False)], None),
    ("ip|endswith: '.255'", [({"ip": "10.0.0.255"}, True), ({"ip": "10.0.255.0"}, False)], "L011"),
    ("port: 80", [({"port": 80}, True), ({"port": "80"}, True), ({"port": 8080}, False)], None),
    ("port: '80'", [({"port": 80}, True), ({"port": [79, 80]}, True)], None),
    ("port|startswith: 8", [], "S001"),
    ("port|startswith: '8'", [({"port": 8080}, True), ({"port": 18}, False)], "L011"),
    ("port|gte: 1024", [({"port": 1024}, True), ({"port": 80}, False)], None),
    ("share|lt: 0.5", [({"share": 0.25}, True), ({"share": 0.5}, False)], None),
    ("flag: true", [({"flag": True}, True), ({"flag": False}, False)], None),
    ("flag: 'True'", [({"flag": True}, True), ({"flag": "false"}, False)], None),
    ("when: '2024-01-31T00:00Z'", [({"when": "2024-01-31t00:00z"}, True), ({"when": "2024-01-31"}, False)], "L011"),
    ("when|month: 1", [({"when": "2024-01-31"}, True), ({"when": "2024-02-01"}, False)], "L022"),
    ("body|contains: word", [({"body": "x Words"}, True), ({"body": "sword"}, True), ({"body": "wor"}, False)], None),
    ("body: 'some words'", [({"body": "Some Words"}, True), ({"body": "some words more"}, False)], "L002"),
    ("body|contains: 'two words'", [({"body": "two words"}, True), ({"body": "xtwo wordsx"}, True)], "L002"),
    ("body|re: 'a b'", [({"body": "xa bx"}, True)], "L020"),
    ("body: '*'", [({"body": "x"}, True), ({}, False)], None),
    ("labels: x", [({"labels": {"a": "X"}}, True), ({"labels": {"a": "y"}}, False)], None),
    ("labels.a: x", [({"labels": {"a": "X"}}, True), ({"labels": {"b": "x"}}, False)], "L011"),
    ("labels.a|cased: x", [({"labels": {"a": "x"}}, True), ({"labels": {"a": "X"}}, False)], None),
    ("labels.a|contains: x", [({"labels": {"a": "yxy"}}, True), ({"labels": {"a": "y"}}, False)], "L011"),
    ("v: '1.2*'", [({"v": "1.2.3"}, True), ({"v": "1.3"}, False)], None),
    ("k|gt: 9", [({"k": "10"}, True), ({"k": "8"}, False), ({"k": 10}, True)], "L011"),
    ("k|cidr: 10.0.0.0/9", [({"k": "10.127.0.1"}, True), ({"k": "10.128.0.1"}, False)], "L011"),
    ("k|cidr: 'fe80::/10'", [({"k": "FE80::1"}, True)], "L011"),
    ("w|re: 'a+'", [({"w": "xaax"}, True), ({"w": "b"}, False)], None),
    ("k|contains: größe", [({"k": "XGRÖSSEX"}, False), ({"k": "xGRÖßEx"}, True)], "L001"),
    ("n.a: x", [({"n": [{"a": "y"}, {"a": "X"}]}, True), ({"n": {"a": "y"}}, False), ({"n": []}, False)], None),
    ("n.a: null", [({"n": [{"a": "y"}]}, False), ({"n": [{"b": "y"}]}, True), ({}, True)], None),
]  # fmt: skip


@pytest.mark.parametrize(("item", "rows", "code"), TYPED, ids=[item for item, *_ in TYPED])
def test_a_type_changes_how_a_question_is_asked_never_its_answer(
    item: str, rows: list[tuple[dict[str, Any], bool]], code: str | None
) -> None:
    """``code`` is what Query DSL cannot say exactly, so that nothing is written that was not allowed."""
    made = rule(item)
    if code == "S001":
        with pytest.raises(TranslatorError):
            made.check(SCHEMA)
        return
    check(item, rows, SCHEMA)
    if code is None:
        assert convert(made, to="dsl", schema=SCHEMA).fidelity is Fidelity.EXACT
        return
    with pytest.raises(TranslatorError) as caught:
        convert(made, to="dsl", schema=SCHEMA)
    assert {str(each.code) for each in caught.value.diagnostics} == {code}


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ("f|re: a", Code.REGEX),
        ("f|fieldref: g", Code.FIELDS_COMPARED),
        ("f|hour: 3", Code.DATE_PART),
        ("port|contains: '8'", Code.TEXT_COMPARED),
    ],
)
def test_what_kql_cannot_ask_at_all_is_refused_whatever_is_allowed(item: str, code: Code) -> None:
    with pytest.raises(TranslatorError) as caught:
        convert(rule(item), to="kql", schema=SCHEMA, allow=["mixed"])

    assert [each.code for each in caught.value.diagnostics] == [code]


def test_an_expression_that_could_stall_a_stream_needs_an_allowance() -> None:
    made = rule("f|re: '(?<!no)profile(?=x)'")
    with pytest.raises(TranslatorError) as caught:
        compile_rule(made, schema=Schema.none())
    with pytest.raises(TranslatorError):
        convert(made, to="matcher", schema=Schema.none())
    artefact = convert(made, to="matcher", schema=Schema.none(), allow=[str(Code.STALLING)])
    matches = backends()["matcher"].matches
    assert matches is not None
    test = matches(artefact.text, Schema.none())

    assert [each.code for each in caught.value.diagnostics] == [Code.STALLING]
    for predicate in (test, compile_rule(made, schema=Schema.none(), allow=["L024"])):
        assert [predicate({"f": value}) for value in ("profilex", "noprofilex", "profile")] == [True, False, False]
