"""Sigma YAML. The faithful profile says exactly what the rule says (``taxonomy: ecs``, ``|cased``), or declares a loss;
the portable one says it in the taxonomy of Sigma's own rules, for every other SIEM.
"""

from __future__ import annotations

import re

from translator import sigma, yaml_writer
from translator.artefact import Backend, Emitted, Options, Predicate
from translator.backends.matcher import compile_
from translator.errors import Code, Diagnostic, TranslatorError, diagnose
from translator.ledger import Effect, Loss, lose
from translator.logic import Formula
from translator.needs import Correlation
from translator.profiles import PORTABLE
from translator.rule import Language, Rule
from translator.schema import Schema
from translator.sigma import document
from translator.sigma.emit import emit as emit_detection
from translator.sigma.log_source import infer
from translator.sigma.portable import Rewritten, rewrite
from translator.sigma.returned import complete
from translator.source import Source, Span

#: How a Sigma rule says that its fields go by Elastic's names.
_ECS = re.compile(r"^taxonomy:[ \t]*['\"]?ecs\b", re.MULTILINE)


def emit(rule: Rule, formula: Formula, options: Options) -> Emitted:
    """The rule as one Sigma document. ``data`` is the document as plain values.

    A correlation is written as it was read, with the rules that it names.
    """
    renamed = rule.sigma_header.get("taxonomy") == "ecs" and is_in_sigmas_names(rule)
    if not renamed and any(isinstance(need.detail, Correlation) for need in rule.needs):
        return Emitted(f"{rule.query.text.rstrip()}\n")
    log_source, notes = infer(rule, formula)
    if options.profile == PORTABLE.name:
        own = is_in_sigmas_names(rule) and not renamed
        rewritten = Rewritten(formula) if own else rewrite(formula, log_source, rule.whole)
        emitted = emit_detection(rewritten.formula, rule.whole, styled=True)
        data = document.portable(rule, emitted.detection, log_source, attack=options.attack)
        # One field's losses are told once, where it is first asked.
        told = {(loss.code, loss.message, loss.effect): loss for loss in reversed(emitted.losses)}
        losses, notes = (*rewritten.losses, *reversed(told.values())), (*notes, *rewritten.notes)
    else:
        emitted = emit_detection(formula, rule.whole)
        data = document.faithful(rule, emitted.detection, log_source, attack=options.attack)
        losses = emitted.losses
    if rule.sigma_header:
        data = complete(data, rule, faithful=options.profile != PORTABLE.name)
    try:
        text = yaml_writer.write(data)
    except yaml_writer.Unwritable as error:
        raise TranslatorError((_unwritable(rule, str(error)),)) from None
    return Emitted(text, data, (*losses, *needs(rule)), notes)


def is_in_sigmas_names(rule: Rule) -> bool:
    """Whether the rule's fields go by the names of Sigma's taxonomy already."""
    return rule.language is Language.SIGMA and not _ECS.search(rule.query.text)


def needs(rule: Rule) -> tuple[Loss, ...]:
    """What a target that judges single events leaves out: each makes the rule match more."""
    return tuple(lose(Code.NEED_DROPPED, need.message, Effect.WIDER, rule.source, need.span) for need in rule.needs)


def matches(text: str, schema: Schema) -> Predicate:
    """Read a Sigma rule back, through pySigma, and judge events with it."""
    source = Source(text, "<sigma>")
    return compile_(sigma.check(source, schema).formula, source=source, schema=schema)


def _unwritable(rule: Rule, why: str) -> Diagnostic:
    return diagnose(
        Code.TEXT_COMPARED,
        f"YAML cannot hold a value of this rule: {why}.",
        rule.whole,
        Span(0, 1),
        "write the character in full, or leave it to a wildcard",
    )


BACKEND = Backend(
    summary="Sigma rule (YAML)",
    suffix=".yml",
    emit=emit,
    matches=matches,
    limits="words of analysed text, nested objects, field-less search, field patterns, ranges of non-numbers",
    separator="---\n",
)
