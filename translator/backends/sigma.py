"""Sigma YAML that says exactly what the rule says: ``taxonomy: ecs`` and ``|cased``, or a declared loss."""

from __future__ import annotations

from translator import sigma, yaml_writer
from translator.artefact import Backend, Emitted, Options, Predicate
from translator.backends.matcher import compile_
from translator.errors import Code, Diagnostic, TranslatorError, diagnose
from translator.ledger import Effect, Loss, lose
from translator.logic import Formula
from translator.rule import Rule
from translator.schema import Schema
from translator.sigma import document
from translator.sigma.emit import emit as emit_detection
from translator.sigma.log_source import infer
from translator.source import Source, Span


def emit(rule: Rule, formula: Formula, options: Options) -> Emitted:
    """The rule as one Sigma document. ``data`` is the document as plain values."""
    emitted = emit_detection(formula, rule.query)
    log_source, notes = infer(rule, formula)
    data = document.document(rule, emitted.detection, log_source)
    try:
        text = yaml_writer.write(data)
    except yaml_writer.Unwritable as error:
        raise TranslatorError((_unwritable(rule, str(error)),)) from None
    return Emitted(text, data, (*emitted.losses, *needs(rule)), notes)


def needs(rule: Rule) -> tuple[Loss, ...]:
    """What a target that judges single events leaves out: each makes the rule match more."""
    return tuple(
        lose(Code.NEED_DROPPED, need.message, Effect.WIDER, rule.source, need.span) for need in rule.needs
    )


def matches(text: str, schema: Schema) -> Predicate:
    """Read a Sigma rule back, through pySigma, and judge events with it."""
    source = Source(text, "<sigma>")
    return compile_(sigma.check(source, schema).formula, source=source, schema=schema)


def _unwritable(rule: Rule, why: str) -> Diagnostic:
    return diagnose(Code.TEXT_COMPARED, f"YAML cannot hold a value of this rule: {why}.", rule.query, Span(0, 1),
                    "write the character in full, or leave it to a wildcard")


BACKEND = Backend(
    summary="Sigma rule (YAML)",
    suffix=".yml",
    emit=emit,
    matches=matches,
    limits="words of analysed text, nested objects, field-less search, field patterns, ranges of non-numbers",
    separator="---\n",
)
