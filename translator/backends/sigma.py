"""Sigma YAML. The faithful profile says exactly what the rule says (``taxonomy: ecs``, ``|cased``), or declares a loss;
the portable one says it in the taxonomy of Sigma's own rules, for every other SIEM. A threshold becomes a correlation
beside the rule that finds its events.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from translator import sigma, yaml_writer
from translator.artefact import UNHELD, Backend, Emitted, Options, Predicate
from translator.backends.matcher import compile_
from translator.errors import Code, Diagnostic, TranslatorError, diagnose
from translator.ledger import Effect, Loss, lose
from translator.logic import Formula
from translator.needs import Correlation, Need, Threshold
from translator.profiles import PORTABLE
from translator.rule import Language, LogSource, Rule
from translator.schema import Schema
from translator.sigma import correlation_document, correlation_fields, document
from translator.sigma.correlation import Count, Uncountable, correlations, count
from translator.sigma.correlation_fields import Counted
from translator.sigma.emit import emit as emit_detection
from translator.sigma.log_source import infer
from translator.sigma.portable import Rewritten, rewrite
from translator.sigma.returned import complete
from translator.source import Source, Span

#: What says it, of the kinds of need that a query on single events and Sigma's counts leave out.
_REMEDIES = {
    "new_terms": "it takes the history of the fields' values: keep it a rule of Elastic's (elastic_rule)",
    "threat_match": "it takes an index of indicators: keep it a rule of Elastic's (elastic_rule)",
    "exceptions": UNHELD,
}

#: How a Sigma rule says that its fields go by Elastic's names.
_ECS = re.compile(r"^taxonomy:[ \t]*['\"]?ecs\b", re.MULTILINE)


def emit(rule: Rule, formula: Formula, options: Options) -> Emitted:
    """The rule as one Sigma document, or with a correlation where it counts. ``data`` is the document, or a list.

    A correlation is written as it was read, with the rules that it names, but where its fields get other names.
    """
    renamed = rule.sigma_header.get("taxonomy") == "ecs" and is_in_sigmas_names(rule)
    portable = options.profile == PORTABLE.name
    own = is_in_sigmas_names(rule) and not renamed
    if any(isinstance(need.detail, Correlation) for need in rule.needs) and (own or not (portable or renamed)):
        return Emitted(f"{rule.query.text.rstrip()}\n")
    log_source, notes = infer(rule, formula)
    if portable:
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
        data = complete(data, rule, faithful=not portable)
    counted = _counted(rule, _names(rule, log_source, renamed=renamed, portable=portable and not own))
    said: Any = [*correlation_document.documents(data, rule, counted.correlations)] if counted.correlations else data
    try:
        text = _text(rule, said)
    except yaml_writer.Unwritable as error:
        raise TranslatorError((_unwritable(rule, str(error)),)) from None
    return Emitted(text, said, (*losses, *counted.losses), (*notes, *counted.notes))


@dataclass(frozen=True, slots=True)
class _Counted:
    """What the rule counts, as correlations, and what is lost and told of all its needs."""

    correlations: tuple[Correlation, ...] = ()
    losses: tuple[Loss, ...] = ()
    notes: tuple[Diagnostic, ...] = ()


def _names(rule: Rule, log_source: LogSource, *, renamed: bool, portable: bool) -> Callable[[Count], Counted]:
    """What gives the fields that are counted by the names that the detection has."""
    if portable:
        return lambda said: correlation_fields.portable(said.threshold, log_source, rule, said.need)
    if renamed:
        return lambda said: correlation_fields.elastic(said.threshold, rule, said.need)
    return lambda said: Counted(said.threshold)


def _counted(rule: Rule, names: Callable[[Count], Counted]) -> _Counted:
    found = _Counted()
    for need in rule.needs:
        remedy = _REMEDIES.get(need.kind)
        try:
            said = count(rule, need)
        except Uncountable as why:
            said, remedy = None, why.hint
        if said is None:
            found = replace(found, losses=(*found.losses, _dropped(rule, need, remedy)))
            continue
        named = names(said)
        made = correlations(named.threshold, correlation_document.name(rule), said.span)
        several = (_several(rule, need),) if len(made) > 1 else ()
        losses, notes = (*found.losses, *named.losses, *several), (*found.notes, *named.notes, *_window(rule, said))
        found = _Counted(made, losses, notes)
    return found


def _several(rule: Rule, need: Need) -> Loss:
    return lose(
        Code.NEED_DROPPED,
        "A correlation has one condition, and the rule has several: each becomes a correlation of its own, which "
        "alerts without the others.",
        Effect.WIDER,
        rule.source,
        need.span,
        "keep it a rule of Elastic's (elastic_rule)",
    )


def _window(rule: Rule, said: Count) -> Iterator[Diagnostic]:
    """How a time span is another thing than the window of a run, and groups of Sigma's than Elastic's."""
    if not isinstance(said.need.detail, Threshold):
        return
    message = (
        f"The correlation's time span, {said.span}, is how far back each run of the rule looks "
        f"({rule.look_back or 'now-6m'}), not how often it runs ({rule.interval or '5m'}). Elastic counts at each run, "
        "Sigma leaves to its backends where a span begins."
    )
    yield diagnose(Code.WINDOW, message, rule.source, said.need.span)
    if said.threshold.fields:
        message = (
            f"Elastic counts no event without {' or '.join(said.threshold.fields)}, and one with several values for "
            "each of them; Sigma leaves both to its backends."
        )
        yield diagnose(Code.WINDOW, message, rule.source, said.need.span)


def _text(rule: Rule, said: Any) -> str:
    if not isinstance(said, list):
        return yaml_writer.write(said)
    comment = correlation_document.comment(rule) if any(isinstance(n.detail, Threshold) for n in rule.needs) else ""
    base, *counts = map(yaml_writer.write, said)
    return base + "".join(f"---\n{comment}{each}" for each in counts)


def is_in_sigmas_names(rule: Rule) -> bool:
    """Whether the rule's fields go by the names of Sigma's taxonomy already."""
    return rule.language is Language.SIGMA and not _ECS.search(rule.query.text)


def needs(rule: Rule) -> tuple[Loss, ...]:
    """What a target that judges single events leaves out: each makes the rule match more."""
    return tuple(_dropped(rule, need, _REMEDIES.get(need.kind)) for need in rule.needs)


def _dropped(rule: Rule, need: Need, remedy: str | None) -> Loss:
    return lose(Code.NEED_DROPPED, need.message, Effect.WIDER, rule.source, need.span, remedy)


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
    limits="words of analysed text, nested objects, field-less search, field patterns, ranges of non-numbers; "
    "two conditions of one threshold, new terms, indicator matches",
    separator="---\n",
)
