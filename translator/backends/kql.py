"""KQL text for Kibana: what the rule says, in one canonical form."""

from __future__ import annotations

from translator import kql
from translator.artefact import Backend, Emitted, Options, Predicate
from translator.backends.matcher import compile_
from translator.kql import ast
from translator.kql.emit import emit as emit_query
from translator.ledger import Loss
from translator.logic import Formula
from translator.rule import Rule
from translator.schema import Schema
from translator.sigma.elastic import ask
from translator.source import Source


def emit(rule: Rule, formula: Formula, options: Options) -> Emitted:
    """The query as text, broken into lines at ``options.width``. ``data`` is the AST."""
    query, losses = spell(formula, rule.whole)
    return Emitted(kql.print_(query, width=options.width) + "\n", query, losses)


def spell(formula: Formula, source: Source) -> tuple[ast.Query, tuple[Loss, ...]]:
    """``formula`` as a query, and what that loses. Raises TranslatorError with what KQL cannot even nearly ask."""
    asked = ask(formula, source, regexes=False)
    query, losses = emit_query(asked.formula, source)
    return query, (*asked.losses, *losses)


def matches(text: str, schema: Schema) -> Predicate:
    """Parse the text again and judge events with it."""
    source = Source(text, "<kql>")
    return compile_(kql.check(kql.parse(source), schema, source).formula, source=source, schema=schema)


BACKEND = Backend(
    summary="Kibana query (KQL)",
    suffix=".kql",
    emit=emit,
    matches=matches,
    limits="letter case that does not matter, wildcards for one character, patterns with white space at an end, "
    "regular expressions, one field against another, parts of dates",
    separator="\n",
)
