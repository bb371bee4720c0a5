"""Laws of the portable profile, for formulas that nobody would write."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sigma.rule import SigmaRule

from tests.strategies import patterns, queries, texts
from translator import kql, logic
from translator.backends import sigma
from translator.backends.matcher import compile_
from translator.errors import Code, TranslatorError
from translator.ledger import Allowance
from translator.pipeline import convert
from translator.rule import LogSource, Rule
from translator.schema import Schema, Type, typed
from translator.sigma import document
from translator.sigma.emit import emit
from translator.sigma.portable import rewrite
from translator.source import Source
from translator.values import Wild
from translator.yaml_writer import Unwritable, write

EVERYTHING = Allowance(codes=frozenset(code for code in Code if code.number.startswith("L")))
NOWHERE = Source("a:b")
RULE = Rule(id="12345678-1234-4234-8234-123456789012", title="x", query=NOWHERE, source=NOWHERE)
SYSTEMS = st.sampled_from([LogSource("process_creation", system) for system in ("windows", "linux", None)])
FIELDS = st.sampled_from(["process.executable", "process.name", "process.args", "process.command_line", "user.name"])


def _leaf(path: str, value: Any) -> logic.Formula:
    field = typed(path, Type.KEYWORD)
    if value is None:
        return logic.Exists(field)
    return logic.Matches(field, value) if isinstance(value, tuple) else logic.Equals(field, value)


values = st.one_of(texts, patterns((Wild.ANY,)).filter(lambda shape: shape != (Wild.ANY,)), st.none())
formulas = st.recursive(
    st.builds(_leaf, FIELDS, values),
    lambda inner: st.one_of(
        st.builds(lambda items: logic.And(tuple(items)), st.lists(inner, min_size=2, max_size=3)),
        st.builds(lambda items: logic.Or(tuple(items)), st.lists(inner, min_size=2, max_size=3)),
        st.builds(logic.Not, inner),
    ),
    max_leaves=6,
)
events = st.dictionaries(
    st.sampled_from(["Image", "CommandLine", "User"]), st.one_of(texts, texts.map(lambda text: f"C:\\{text}/{text}"))
)


@given(formulas, SYSTEMS, st.lists(events, min_size=1, max_size=4))
@settings(max_examples=300)
def test_what_is_written_says_what_was_meant(formula: logic.Formula, log_source: LogSource, seen: list[dict[str, str]]):
    rewritten = rewrite(formula, log_source, NOWHERE).formula
    try:
        detection = emit(rewritten, NOWHERE, styled=True).detection
        text = write(document.portable(RULE, detection, log_source))
    except (TranslatorError, Unwritable):
        return
    expected = compile_(rewritten, source=NOWHERE, schema=Schema.none())
    found = sigma.matches(text, Schema.none())

    assert [found(event) for event in seen] == [expected(event) for event in seen]


def test_a_field_whose_name_sigma_cannot_spell_is_refused():
    for query in ('"a|b":c', '"":c', 'not "a|b":*'):
        with pytest.raises(TranslatorError) as caught:
            convert(query, to="sigma", allow=EVERYTHING)

        assert {each.code for each in caught.value.diagnostics} == {Code.FIELD_NAME}


@given(queries)
@settings(max_examples=200)
def test_any_query_is_written_so_that_it_loads_or_is_refused(query: kql.ast.Query):
    try:
        said = kql.print_(query)
    except kql.printer.Unspellable:
        return
    source = Source(f"event.category:process and event.type:start and host.os.type:linux and ({said})")
    rule = Rule(id="12345678-1234-4234-8234-123456789012", title="x", query=source, source=source)
    try:
        artefact = convert(rule, to="sigma", schema=Schema.none(), profile="portable", allow=EVERYTHING)
    except TranslatorError:
        return
    loaded = SigmaRule.from_yaml(artefact.text, collect_errors=True)

    assert loaded.errors == []
    assert [condition.parsed for condition in loaded.detection.parsed_condition]
