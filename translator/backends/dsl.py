"""Elasticsearch Query DSL: the JSON that Kibana would send for the rule's query.

What it cannot say:

* Letter case beyond ASCII. ``case_insensitive`` folds the letters a to z only, so a value that must match in any case
  and holds another letter (``Größe``) matches less than it should: a declared loss. Not declared are the two characters
  outside ASCII that fold to an ASCII letter (the Kelvin sign to k, the long s to s), which would stand in an event.
* More than 30 queries in one another (29 bools around a leaf). Kibana puts one more around what it sends.
* Patterns that mind no case on anything but texts: addresses, numbers, booleans and dates take no ``wildcard`` query.
* Some of what only Sigma asks (`translator.sigma.elastic`).

What Kibana would send although Elasticsearch answers it with an error (``ip:10.*``) is written as Kibana sends it, with
a warning.
"""

from __future__ import annotations

from collections.abc import Iterator

from translator import logic
from translator.artefact import Backend, Emitted, Options, Predicate
from translator.backends import matcher
from translator.dsl import document, judge
from translator.dsl.emit import Config
from translator.dsl.emit import emit as emit_query
from translator.errors import Code, Diagnostic, TranslatorError, diagnose, refuse
from translator.ledger import Effect, Loss, lose
from translator.logic import Formula
from translator.meaning import Folding, Refused, Scope
from translator.rule import Rule
from translator.schema import Schema
from translator.sigma.elastic import ask


def emit(rule: Rule, formula: Formula, options: Options) -> Emitted:
    """The query as JSON text. ``data`` is the query as plain values."""
    config = Config(time_zone=options.time_zone)
    asked = ask(formula, rule.whole, regexes=True)
    formula = asked.formula
    data = emit_query(formula, config)
    if (nested := judge.depth(data)) > judge.DEEPEST:
        raise refuse(
            Code.DSL_DEPTH,
            f"As Query DSL this is {nested} levels deep; Elasticsearch takes {judge.DEEPEST}.",
            rule.whole,
            formula.span,
            "say it with fewer parentheses and `not`s",
        )
    if wrong := list(_impossible(rule, formula, options.schema)):
        raise TranslatorError(wrong)
    losses = (*asked.losses, *_case(rule, formula))
    return Emitted(document.write(data) + "\n", data, losses, tuple(_failing(rule, formula, options.schema, config)))


def matches(text: str, schema: Schema) -> Predicate:
    """Judge events as Elasticsearch would with this query, of which nothing but the JSON is known."""
    return judge.compile_text(text, schema)


def _case(rule: Rule, formula: Formula) -> Iterator[Loss]:
    for node, negated in logic.polar(formula):
        match node:
            case logic.Equals(_, str(text), cased=False):
                pass
            case logic.Matches(_, pattern, cased=False):
                text = "".join(part for part in pattern if isinstance(part, str))
            case _:
                continue
        letters = "".join(dict.fromkeys(char for char in text if _has_case(char)))
        if letters:
            effect = Effect.NARROWER.under_not() if negated else Effect.NARROWER
            message = f"Elasticsearch folds ASCII letters only; {letters} must stand in an event as written."
            yield lose(Code.CASE, message, effect, rule.whole, node.span, "add the other spellings as values")


def _has_case(char: str) -> bool:
    return char > "\x7f" and not char == char.lower() == char.upper() == char.casefold()


def _impossible(rule: Rule, formula: Formula, schema: Schema) -> Iterator[Diagnostic]:
    """Questions that Kibana never asks, and that the field's type does not take."""
    scope = Scope(schema)
    for node in logic.walk(formula):
        try:
            match node:
                case logic.Equals(field, value, cased=False):
                    scope.term(field, value, Folding.ASCII)
                case logic.Matches(field, pattern, cased=False):
                    scope.wildcard(field, pattern, Folding.ASCII)
        except Refused as refused:
            yield diagnose(Code.BAD_FIELD_VALUE, refused.message, rule.whole, node.span, refused.hint)


def _failing(rule: Rule, formula: Formula, schema: Schema, config: Config) -> Iterator[Diagnostic]:
    """What Elasticsearch will answer with an error, as warnings."""
    try:
        matcher.compile_(formula, source=rule.whole, schema=schema, config=config)
    except TranslatorError as error:
        for found in error.diagnostics:
            yield Diagnostic(Code.ALWAYS_FAILS, found.message, found.source, found.span, found.hint)


BACKEND = Backend(
    summary="Elasticsearch Query DSL (JSON)",
    suffix=".json",
    emit=emit,
    matches=matches,
    limits="letter case of letters outside ASCII, more than 30 queries in one another, one field against another, "
    "parts of dates, some regular expressions, substrings of analysed text",
)
