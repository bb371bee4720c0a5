"""pySigma's processing pipelines on the way to our own targets: they make of a rule what they make of pySigma's."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from tests.conftest import ndjson
from translator import logic
from translator.backends import backends
from translator.errors import Code, TranslatorError
from translator.pipeline import compile_rule, convert
from translator.rule import Rule
from translator.schema import Schema
from translator.sources import read_text

pytest.importorskip("sigma.pipelines.elasticsearch")

from sigma.backends.elasticsearch.elasticsearch_lucene import LuceneBackend
from sigma.collection import SigmaCollection
from sigma.exceptions import SigmaError
from sigma.pipelines.elasticsearch.windows import ecs_windows
from sigma.processing.pipeline import ProcessingPipeline
from sigma.rule import SigmaDetection, SigmaRule
from sigma.types import SigmaFieldReference

RULE = (
    "title: A rule\nlogsource: {{product: windows, category: process_creation}}\n"
    "detection:\n    selection:\n{items}    condition: {condition}\n"
)

#: Every target of ours.
OWN = sorted(backends())


def text(*items: str, condition: str = "selection") -> str:
    return RULE.format(items="".join(f"        {item}\n" for item in items), condition=condition)


def rule(*items: str, condition: str = "selection") -> Rule:
    return read_text(text(*items, condition=condition), "sigma", "rule.yml")[0]


def written(folder: Path, transformations: str, more: str = "") -> str:
    path = folder / "pipeline.yml"
    path.write_text(f"name: ours\npriority: 10\n{more}transformations:\n{transformations}", "utf-8")
    return str(path)


def lucene(said: str, pipeline: ProcessingPipeline) -> str:
    """What pySigma's own backend writes."""
    (query,) = LuceneBackend(pipeline).convert(SigmaCollection.from_yaml(said))
    return str(query)


def asked(formula: logic.Formula) -> set[str]:
    leaves = (*get_args(logic.Leaf), *get_args(logic.SigmaLeaf))
    return {leaf.field.path for leaf in logic.walk(formula) if isinstance(leaf, leaves)}


def test_fields_get_the_names_that_pysigma_gives_them() -> None:
    items = ("Image|endswith: '\\x.exe'", "ParentCommandLine|contains: [one, two]", "Own: 3", "EventID: 1")
    named = set(re.findall(r"([\w.]+):", lucene(text(*items), ecs_windows())))

    assert "process.executable.caseless" in named
    assert asked(rule(*items).through(["ecs_windows"]).check(Schema.default()).formula) == named


@pytest.mark.parametrize("target", OWN)
def test_every_target_of_ours_says_what_the_pipeline_left(target: str) -> None:
    """And its artefact, read back, judges events under these names."""
    artefact = convert(rule("CommandLine: one"), to=target, pipelines=["ecs_windows"], allow=["L001"])
    matches = backends()[target].matches
    assert matches is not None
    test = matches(artefact.text, Schema.default())

    assert test({"process": {"command_line": "one"}})
    assert not test({"CommandLine": "one"})


def test_the_pipeline_s_names_are_kept_unless_elastic_s_are_asked_for(tmp_path: Path) -> None:
    path = written(tmp_path, "  - {id: names, type: field_name_mapping, mapping: {CommandLine: process.title}}\n")
    said = rule("CommandLine: one", "Image: two")
    kept = convert(said, to="dsl", pipelines=[path]).text
    renamed = convert(said, to="dsl", pipelines=[path], fields="ecs").text

    assert '"process.title' in kept
    assert '"Image"' in kept
    assert '"process.title' in renamed
    assert '"process.executable' in renamed


def test_placeholders_get_the_values_of_the_pipeline(tmp_path: Path) -> None:
    more = "vars:\n  admins: [root, 'adm*']\n  host: web\n"
    path = written(tmp_path, "  - {type: value_placeholders}\n", more)
    items = ("User|expand: '%admins%'", "Computer|expand: 'x-%host%-1'")
    query = lucene(text(*items), ProcessingPipeline.from_yaml(Path(path).read_text("utf-8")))
    test = compile_rule(rule(*items), schema=Schema.none(), pipelines=[path])

    assert query == r"(User:(root OR adm*)) AND Computer:x\-web\-1"
    assert test({"User": "root", "Computer": "x-web-1"})
    assert test({"User": "admin", "Computer": "x-web-1"})
    assert not test({"User": "%admins%", "Computer": "x-web-1"})
    assert not test({"User": "root", "Computer": "web"})


def test_a_placeholder_minds_case_and_anchors_as_its_item_says(tmp_path: Path) -> None:
    path = written(tmp_path, "  - {type: value_placeholders}\n", "vars: {who: [Root], path: 'a.c'}\n")
    cased = compile_rule(rule("User|cased|expand: '%who%'"), schema=Schema.none(), pipelines=[path])
    searched = compile_rule(rule("User|re|i|expand: '^%path%$'"), schema=Schema.none(), pipelines=[path])

    assert cased({"User": "Root"})
    assert not cased({"User": "root"})
    assert searched({"User": "ABC"})
    assert not searched({"User": "xabc"})


def test_a_placeholder_that_no_pipeline_knows_is_refused_where_it_stands(tmp_path: Path) -> None:
    path = written(tmp_path, "  - {type: value_placeholders, include: [other]}\n", "vars: {other: x}\n")
    for pipelines in ([], [path]):
        with pytest.raises(TranslatorError) as caught:
            convert(rule("User: x", "Image|expand: '%who%'"), to="dsl", pipelines=pipelines)
        (found,) = caught.value.diagnostics
        assert found.code is Code.PLACEHOLDER
        assert found.source.locate(found.span.start).line == 6
        assert "-p" in (found.hint or "")


REFUSED = [
    ("  - {type: value_placeholders}\n", "", 3),
    ("  - {type: rule_failure, message: not here}\n", "", 3),
    ("  - type: detection_item_failure\n    message: no\n"
     "    field_name_conditions: [{type: include_fields, fields: [User]}]\n", "", 5),
    ("  - {type: drop_detection_item}\n", "", 7),
    ("  - {type: value_placeholders}\n", "vars: {who: x}\nfinalizers: [{type: concat}]\n", 3),
    ("  - {type: value_placeholders}\n", "vars: {who: x}\npostprocessing: [{type: embed, prefix: x}]\n", 3),
]  # fmt: skip


@pytest.mark.parametrize(("transformations", "more", "line"), REFUSED)
def test_what_a_pipeline_refuses_is_refused_where_the_rule_says_it(
    tmp_path: Path, transformations: str, more: str, line: int
) -> None:
    path = written(tmp_path, transformations, more)
    with pytest.raises(TranslatorError) as caught:
        convert(rule("User: x", "Image|expand: '%who%'"), to="dsl", pipelines=[path])
    (found,) = caught.value.diagnostics

    assert found.code is Code.TARGET_REFUSES
    assert found.source.name == "rule.yml"
    assert found.source.locate(found.span.start).line == line


def test_a_query_that_a_pipeline_writes_for_another_backend_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "  - {type: query_expression_placeholders, expression: '{field} lookup {id}'}\n")
    with pytest.raises(TranslatorError) as caught:
        convert(rule("User|expand: '%who%'"), to="dsl", pipelines=[path])

    assert [each.code for each in caught.value.diagnostics] == [Code.SIGMA_UNSUPPORTED]


CHANGES = [
    # What a condition adds, and how the old one is kept in brackets.
    "  - {type: add_condition, conditions: {channel: Security}}\n",
    "  - {type: add_condition, negated: true, conditions: {channel: Security}}\n",
    # One field as several, a value as another, one that is not asked any more.
    "  - {type: field_name_mapping, mapping: {a: [b, c]}}\n",
    "  - {type: map_string, mapping: {x: [y, 'z*']}}\n",
    "  - {type: replace_string, regex: '^x$', replacement: yy}\n",
    "  - {type: drop_detection_item, field_name_conditions: [{type: include_fields, fields: [a]}]}\n",
    "  - {type: drop_detection_item, field_name_conditions: [{type: include_fields, fields: [n]}]}\n",
    "  - {type: field_name_prefix, prefix: data.}\n",
    "  - {type: set_value, value: 7, field_name_conditions: [{type: include_fields, fields: [n]}]}\n",
    "  - {type: change_logsource, product: linux}\n  - {type: add_condition, conditions: {os: 1}, rule_conditions: "
    "[{type: logsource, product: linux}]}\n",
]  # fmt: skip

VALUES = [None, "x", "y", "zebra", "yy", "w", 3, 7, "Security", 1]


def events() -> Iterator[dict[str, Any]]:
    chosen = random.Random(5)
    for _ in range(800):
        names = chosen.sample(["a", "b", "c", "n", "k", "channel", "os", "data.a", "data.n"], 5)
        yield {name: value for name in names if (value := chosen.choice(VALUES)) is not None}


@pytest.mark.parametrize("transformations", CHANGES)
def test_a_pipeline_changes_verdicts_as_pysigma_s_own_tree_says(tmp_path: Path, transformations: str) -> None:
    """The tree that pySigma hands to its backends is judged by hand here."""
    path = written(tmp_path, transformations)
    said = (
        "title: A rule\nlogsource: {product: windows}\ndetection:\n"
        "    s:\n        a: [x, w]\n        n: 3\n    t:\n        - a: y\n        - k: x\n"
        "    condition: s or (not t and k)\n    k:\n        k: w\n"
    )
    (read,) = read_text(said, "sigma", "rule.yml")
    test = compile_rule(read, schema=Schema.none(), pipelines=[path])
    theirs = ProcessingPipeline.from_yaml(Path(path).read_text("utf-8")).apply(SigmaRule.from_yaml(said))
    assert isinstance(theirs, SigmaRule)
    tree = theirs.detection.parsed_condition[0].parsed
    drawn = list(events())

    assert [event for event in drawn if test(event) is not holds(tree, event)] == []
    assert {test(event) for event in drawn} == {True, False}


def holds(tree: Any, event: dict[str, Any]) -> bool:
    """pySigma's condition on an event of single values; what was dropped counts as nothing."""
    kind = type(tree).__name__
    if kind in ("ConditionAND", "ConditionOR"):
        parts = [holds(each, event) for each in tree.args if each is not None]
        return all(parts) if kind == "ConditionAND" else any(parts)
    if kind == "ConditionNOT":
        return not holds(tree.args[0], event)
    wanted = re.escape(str(tree.value)).replace(r"\*", ".*")
    return tree.field in event and re.fullmatch(wanted, str(event[tree.field]), re.IGNORECASE) is not None


def test_a_filter_goes_through_the_pipeline_of_the_rule_that_it_is_about(tmp_path: Path) -> None:
    path = written(tmp_path, "  - {type: field_name_mapping, mapping: {a: b, User: who}}\n")
    said = (
        text("a: x").replace("title: A rule", "title: A rule\nname: one")
        + "---\ntitle: Not root\nlogsource: {product: windows, category: process_creation}\n"
        "filter:\n    rules: [one]\n    root: {User: root}\n    condition: not root\n"
    )
    (read,) = read_text(said, "sigma")
    test = compile_rule(read, schema=Schema.none(), pipelines=[path])

    assert test({"b": "x", "who": "me"})
    assert not test({"b": "x", "who": "root"})
    assert not test({"a": "x"})


def test_findings_stay_where_the_rule_says_it_and_what_is_added_stands_at_the_detection(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "  - {type: field_name_mapping, mapping: {Image: user.name}}\n"
        "  - {type: add_condition, conditions: {event.code: AbC}}\n",
    )
    with pytest.raises(TranslatorError) as caught:
        convert(rule("Image: [one, two]"), to="kql", pipelines=[path])
    places = {each.source.text[each.span.start : each.span.end] for each in caught.value.diagnostics}

    assert {each.code for each in caught.value.diagnostics} == {Code.CASE}
    assert places == {"one", "two", "detection"}


def test_a_pipeline_s_index_and_log_source_are_the_rule_s(tmp_path: Path) -> None:
    path = written(
        tmp_path, "  - {type: set_state, key: index, val: [mine-*]}\n  - {type: change_logsource, product: linux}\n"
    )
    said = rule("a: x")

    assert convert(said, to="elastic_rule", pipelines=[path], schema=Schema.none()).data["index"] == ["mine-*"]
    assert convert(said, to="sigma", pipelines=[path], schema=Schema.none()).data["logsource"] == {"product": "linux"}


def test_a_pipeline_that_is_none_is_one_error(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yml"
    broken.write_text("- 1\n", "utf-8")
    for name, said in (("ecs_window", "ecs_windows"), (str(broken), "cannot be read")):
        with pytest.raises(TranslatorError) as caught:
            convert(rule("a: x"), to="dsl", pipelines=[name])
        assert [each.code for each in caught.value.diagnostics] == [Code.UNKNOWN_PIPELINE]
        assert said in str(caught.value)


def test_a_pipeline_changes_nothing_but_sigma_rules() -> None:
    correlation = (
        text("a: x").replace("title: A rule", "title: A rule\nname: one")
        + "---\ntitle: Many\ncorrelation:\n    type: event_count\n    rules: [one]\n    group-by: [User]\n"
        "    timespan: 5m\n    condition: {gte: 3}\n"
    )
    many = read_text(correlation, "sigma")[-1]
    for said, target in ((many, "sigma"), (many, "dsl"), ("a:x", "dsl"), ("a:x", "kql")):
        with pytest.raises(TranslatorError) as caught:
            convert(said, to=target, pipelines=["ecs_windows"])
        assert [each.code for each in caught.value.diagnostics] == [Code.NO_PIPELINE]


@pytest.mark.shared
def test_rules_of_the_corpus_ask_the_fields_that_pysigma_s_pipeline_leaves(shared: Path) -> None:
    rows = [each["yaml"] for each in ndjson(shared / "corpus" / "sigmahq_rules.ndjson.gz")]
    count = 0
    for said in random.Random(11).sample(rows, 200):
        try:
            theirs = ecs_windows().apply(SigmaRule.from_yaml(said))
            (read,) = read_text(said, "sigma")
            formula = read.through(["ecs_windows"]).check(Schema.none()).formula
        except (SigmaError, TranslatorError) as error:
            assert isinstance(error, TranslatorError), error  # noqa: PT017
            assert {each.code for each in error.diagnostics} == {Code.PLACEHOLDER}  # noqa: PT017
            continue
        assert isinstance(theirs, SigmaRule)
        named = {name for each in theirs.detection.detections.values() for name in fields_of(each)}
        count += 1
        assert asked(formula) <= named, read.title

    assert count >= 195


def fields_of(detection: SigmaDetection) -> Iterator[str]:
    for each in detection.detection_items:
        if isinstance(each, SigmaDetection):
            yield from fields_of(each)
        elif each.field is not None:
            yield each.field
            yield from (value.field for value in each.value if isinstance(value, SigmaFieldReference))
