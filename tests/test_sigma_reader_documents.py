"""Files with several documents: what completes a rule, what filters it, and what counts its events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sigma.collection import SigmaCollection
from sigma.correlations import SigmaCorrelationRule

from translator.errors import Code, TranslatorError
from translator.needs import Bound, Correlation
from translator.pipeline import compile_rule, convert
from translator.rule import Rule
from translator.schema import Schema
from translator.sources import read, read_text

BASE = """\
title: Base
id: 5f5e7a10-0000-4000-8000-000000000001
name: base
logsource:
    category: process_creation
    product: windows
detection:
    selection:
        Image: a
    condition: selection
"""
OTHER = BASE.replace("Base", "Other").replace("base", "other").replace("0001", "0002").replace("Image: a", "Image: b")
FILTER = """\
title: No Admins
logsource:
    product: windows
filter:
    rules: [base]
    admins:
        User|startswith: adm
    condition: not admins
"""
COUNT = """\
title: Many
id: 5f5e7a10-0000-4000-8000-000000000003
correlation:
    type: event_count
    rules:
        - base
        - 5f5e7a10-0000-4000-8000-000000000002
    group-by: User
    timespan: 5m
    condition:
        gte: 10
level: high
"""
EVENTS: list[dict[str, Any]] = [
    {"Image": "A", "User": "bob"},
    {"Image": "a", "User": "ADMIN"},
    {"Image": "b", "User": "adm"},
    {"Image": "c"},
]


def rules(*documents: str) -> list[Rule]:
    return read_text("---\n".join(documents), "sigma", "rules.yml")


def verdicts(rule: Rule) -> list[bool]:
    test = compile_rule(rule, schema=Schema.none())
    return [test(event) for event in EVENTS]


def mistakes(*documents: str) -> list[tuple[Code, int, int]]:
    with pytest.raises(TranslatorError) as caught:
        rules(*documents)
    places = [(each.code, each.source.locate(each.span.start)) for each in caught.value.diagnostics]
    return [(code, place.line, place.column) for code, place in places]


def test_a_filter_is_part_of_the_rules_that_it_names() -> None:
    base, other = rules(BASE, FILTER, OTHER)

    assert verdicts(base) == [True, False, False, False]
    assert verdicts(other) == [False, False, True, False]
    assert [note.code for note in base.notes] == [Code.FILTERED]
    assert other.notes == ()


@pytest.mark.parametrize(
    ("old", "new", "hits"),
    [
        ("[base]", "any", True),
        ("[base]", "[]", True),
        ("[base]", "base", True),
        ("[base]", "[5F5E7A10-0000-4000-8000-000000000001, unknown]", True),
        ("    product: windows", "    product: linux", False),
        ("    product: windows", "    product: windows\n    category: process_creation", True),
        ("    product: windows", "    product: windows\n    service: security", False),
    ],
)
def test_a_filter_is_about_the_rules_of_its_log_source(old: str, new: str, hits: bool) -> None:
    """As pySigma applies filters."""
    (base,) = rules(BASE, FILTER.replace(old, new, 1))

    assert verdicts(base) == [True, not hits, False, False]


def test_a_filter_may_lie_in_another_file(tmp_path: Path) -> None:
    (tmp_path / "a_filter.yml").write_text(FILTER)
    (tmp_path / "base.yml").write_text(BASE)
    (base,) = read(tmp_path)

    assert verdicts(base) == [True, False, False, False]
    assert "a_filter.yml" in base.notes[0].message
    assert base.source.name.endswith("base.yml")
    assert convert(base, to="sigma", schema=Schema.none()).fidelity == "exact"


def test_a_mistake_in_a_filter_has_its_place_in_its_file() -> None:
    base = rules(BASE, FILTER.replace("not admins", "not admin"))[0]
    with pytest.raises(TranslatorError) as caught:
        base.check(Schema.none())
    (mistake,) = caught.value.diagnostics

    assert mistake.source.locate(mistake.span.start).line == 19


@pytest.mark.parametrize(
    ("documents", "code", "line", "column"),
    [
        ((FILTER,), Code.REFERENCE, 5, 12),
        ((OTHER, FILTER), Code.REFERENCE, 16, 12),
        ((BASE, FILTER.replace("    rules: [base]\n", "")), Code.BAD_SIGMA, 15, 1),
        ((BASE, FILTER.replace("[base]", "{a: b}")), Code.BAD_SIGMA, 16, 5),
        ((BASE, FILTER.replace("    product: windows", "    definition: x")), Code.BAD_SIGMA, 13, 1),
        ((BASE, "title: x\nlogsource: {product: windows}\nfilter: []\n"), Code.BAD_SIGMA, 14, 1),
    ],
)
def test_a_filter_that_cannot_be_applied_is_a_mistake(
    documents: tuple[str, ...], code: Code, line: int, column: int
) -> None:
    assert mistakes(*documents) == [(code, line, column)]


def test_a_correlation_is_kept_with_the_rules_that_it_names() -> None:
    count, base, other = rules(COUNT, BASE, OTHER)
    (need,) = count.needs

    assert (count.title, count.severity, count.log_source) == ("Many", "high", base.log_source)
    assert need.detail == Correlation("event_count", (base.id, other.id), ("User",), "5m", (Bound("gte", 10),))
    assert need.message == (
        "The rule alerts when the number of events of base, 5f5e7a10-0000-4000-8000-000000000002 that share User "
        "is gte 10 within 5m."
    )
    assert count.source.locate(need.span.start).line == 3
    assert verdicts(count) == [True, True, True, False]
    assert (count.building_block, base.building_block, other.building_block) == (False, True, True)


def test_the_rules_of_a_correlation_alert_by_themselves_where_it_says_so() -> None:
    _, base, _ = rules(COUNT.replace("    timespan", "    generate: true\n    timespan"), BASE, OTHER)

    assert not base.building_block


def test_a_correlation_counts_filtered_rules_and_other_correlations() -> None:
    outer = COUNT.replace("Many", "Outer").replace("0003", "0004").replace("- base\n", "- many\n")
    named = COUNT.replace("title: Many", "title: Many\nname: many")
    found = {rule.title: rule for rule in rules(outer, named, BASE, FILTER, OTHER)}

    assert verdicts(found["Many"]) == [True, False, True, False]
    assert verdicts(found["Outer"]) == [True, False, True, False]
    assert found["Many"].building_block


def test_what_needs_several_events_is_a_loss_but_to_sigma() -> None:
    count, *_ = rules(COUNT, BASE, OTHER)
    written = convert(count, to="sigma", schema=Schema.none())
    with pytest.raises(TranslatorError) as caught:
        convert(count, to="elastic_toml", schema=Schema.none(), allow=["L001"])

    collection = SigmaCollection.from_yaml(written.text)
    assert written.fidelity == "exact"
    assert [type(each) for each in collection].count(SigmaCorrelationRule) == 1
    assert Code.NEED_DROPPED in {each.code for each in caught.value.diagnostics}
    again = next(rule for rule in read_text(written.text, "sigma") if rule.needs)
    assert again.needs[0].detail == count.needs[0].detail


@pytest.mark.parametrize(
    ("old", "new", "line", "column"),
    [
        ("type: event_count", "type: many", 4, 11),
        ("    type: event_count\n", "", 3, 1),
        ("5m", "5 minutes", 9, 15),
        ("5m", "0m", 9, 15),
        ("    timespan: 5m\n", "", 3, 1),
        ("gte: 10", "above: 10", 11, 16),
        ("gte: 10", "gte: many", 11, 14),
        ("    condition:\n        gte: 10\n", "", 3, 1),
        ("group-by: User", "group-by: 5", 8, 15),
        ("group-by: User", "group: User", 8, 12),
        ("event_count", "value_count", 11, 9),
        ("gte: 10", "gte: 10\n        percentile: 200", 12, 21),
        ("    group-by", "    generate: maybe\n    group-by", 8, 15),
        ("    group-by", "    aliases: [a]\n    group-by", 8, 14),
    ],
)
def test_a_mistake_in_a_correlation_has_its_place(old: str, new: str, line: int, column: int) -> None:
    assert mistakes(COUNT.replace(old, new, 1), BASE, OTHER) == [(Code.BAD_SIGMA, line, column)]


def test_a_correlation_that_names_an_unknown_rule_or_itself_is_a_mistake() -> None:
    assert mistakes(COUNT, OTHER) == [(Code.REFERENCE, 6, 11)]
    itself = COUNT.replace("title: Many", "title: Many\nname: base")
    assert mistakes(itself, OTHER) == [(Code.REFERENCE, 7, 11)]
    first = COUNT.replace("title: Many", "title: Many\nname: one").replace("- base", "- two")
    second = first.replace("one", "two").replace("- two", "- one").replace("0003", "0004")
    assert {code for code, _, _ in mistakes(first, second, OTHER)} == {Code.REFERENCE}


def test_other_correlations_are_read_with_all_that_they_say() -> None:
    temporal = COUNT.replace("event_count", "temporal").replace(
        "    condition:\n        gte: 10\n", "    condition: base and not other\n"
    )
    values = (
        COUNT.replace("event_count", "value_percentile")
        .replace("gte: 10", "field: [a, b]\n        percentile: 95\n        lt: 1.5\n        gt: 1")
        .replace(
            "    timespan",
            "    aliases:\n        who:\n            base: User\n            other: Account\n    timespan",
        )
    )
    details = [rule.needs[0].detail for text in (temporal, values) for rule in rules(text, BASE, OTHER) if rule.needs]
    ids = ("5f5e7a10-0000-4000-8000-000000000001", "5f5e7a10-0000-4000-8000-000000000002")

    assert details == [
        Correlation("temporal", ids, ("User",), "5m", condition="base and not other"),
        Correlation(
            "value_percentile", ids, ("User",), "5m", (Bound("lt", 1.5), Bound("gt", 1)), ("a", "b"), 95,
            aliases=(("who", ((ids[0], "User"), ("other", "Account"))),),
        ),
    ]  # fmt: skip


GLOBAL = """\
action: global
title: Shared
logsource:
    product: windows
detection:
    shared:
        Image: a
    condition: shared and own
"""
OWN = "detection:\n    own:\n        User: bob\n"


def test_a_global_document_completes_the_rules_behind_it() -> None:
    """As pySigma's collections put them together: what is global has the last word."""
    text = "---\n".join([GLOBAL, OWN, "action: repeat\n" + OWN.replace("bob", "admin"), "action: reset\n", BASE])
    first, second, third = rules(text)

    assert [rule.title for rule in (first, second, third)] == ["Shared", "Shared", "Base"]
    assert verdicts(first) == [True, False, False, False]
    assert verdicts(second) == [False, True, False, False]
    assert verdicts(third) == [True, True, False, False]
    for rule, theirs in zip((first, second, third), SigmaCollection.from_yaml(text).rules, strict=True):
        assert (rule.title, rule.log_source.product) == (theirs.title, theirs.logsource.product)


def test_a_mistake_in_what_is_shared_has_its_place() -> None:
    rule, *_ = rules(GLOBAL.replace("and own", "and gone"), OWN)
    with pytest.raises(TranslatorError) as caught:
        rule.check(Schema.none())
    (mistake,) = caught.value.diagnostics
    place = mistake.source.locate(mistake.span.start)

    assert (place.line, place.column) == (8, 27)


def test_what_completes_one_rule_of_a_correlation_completes_no_other() -> None:
    shared = GLOBAL.replace("title: Shared", "title: Shared\nname: base")
    count, *_ = rules(COUNT, shared, OWN, "action: reset\n", OTHER)

    assert verdicts(count) == [True, False, True, False]


@pytest.mark.parametrize(
    ("encoding", "bom", "end"),
    [("utf-8", False, "\n"), ("utf-8", True, "\n"), ("utf-8", False, "\r\n"), ("utf-8", False, "\r"),
     ("utf-16-le", True, "\r\n"), ("utf-16-be", True, "\n")],
)  # fmt: skip
def test_the_same_rule_in_other_bytes_is_the_same_rule(tmp_path: Path, encoding: str, bom: bool, end: str) -> None:
    text = ("\ufeff" if bom else "") + BASE.replace("Base", "Café").replace("Image: a", "Image: café")
    path = tmp_path / "rule.yml"
    path.write_bytes(text.replace("\n", end).encode(encoding))
    (rule,) = read(path)

    assert rule.title == "Café"
    assert compile_rule(rule, schema=Schema.none())({"Image": "CAFÉ"})


def test_anchors_and_merge_keys_are_yaml_and_bombs_are_not() -> None:
    text = BASE.replace(
        "    selection:", "    base: &base\n        Image: a\n        User: bob\n    selection:\n        <<: *base"
    )
    (rule,) = rules(text.replace("        Image: a\n    condition", "        Image: b\n    condition"))
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{chr(98 + at)}: &{chr(98 + at)} [{', '.join([f'*{chr(97 + at)}'] * 9)}]\n" for at in range(8)
    )

    assert compile_rule(rule, schema=Schema.none())({"Image": "b", "User": "bob"})
    assert [code for code, _, _ in mistakes(bomb + BASE)] == [Code.BAD_YAML]
