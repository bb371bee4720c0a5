"""Sigma rules that were read together: filters become part of the rules that they are about, correlations find theirs.

The query of such a rule holds more than one document. What another file says of it has its place where this file
refers to it.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from translator.errors import Code, Diagnostic, TranslatorError, diagnose, refuse
from translator.needs import Correlation, Need
from translator.rule import LogSource, Rule
from translator.source import Source, Span
from translator.sources._format import Found
from translator.sources._sigma_correlation import Reference

_MARK = "\n---\n"

#: Documents that complete all behind them would complete the next rule, too.
_COMPLETES = re.compile(r"^action:", re.MULTILINE)
_RESET = Source("action: reset")


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """A rule that stands by itself, and the name that others know it by."""

    rule: Rule
    name: str | None = None


@dataclass(frozen=True, slots=True)
class FilterDraft:
    """Conditions for the rules that ``references`` name (None: for all) and whose log source is ``log_source``."""

    title: str
    query: Source = field(repr=False)
    log_source: LogSource
    references: tuple[Reference, ...] | None
    span: Span


@dataclass(frozen=True, slots=True)
class CorrelationDraft:
    """A correlation: ``rule`` is what it says of itself, with its own document for a query."""

    rule: Rule
    name: str | None
    correlation: Correlation
    references: tuple[Reference, ...]
    span: Span


Draft = RuleDraft | FilterDraft | CorrelationDraft


def settle(drafts: Sequence[Draft]) -> list[tuple[Found, ...]]:
    """What each of ``drafts`` comes to: a rule, an error where it does not find what it names; of a filter, nothing."""
    rules = _filtered(drafts)
    correlating = _Correlating(rules, [each for each in drafts if isinstance(each, CorrelationDraft)])
    correlated = {id(draft): correlating.rule(draft) for draft in drafts if isinstance(draft, CorrelationDraft)}

    def loud(found: Found) -> Found:
        """A rule that alerts through a correlation only is a building block."""
        silent = isinstance(found, Rule) and found.id in correlating.silent
        return replace(found, building_block=True) if isinstance(found, Rule) and silent else found

    results: list[tuple[Found, ...]] = []
    for draft in drafts:
        match draft:
            case RuleDraft():
                results.append((loud(rules[id(draft)].rule),))
            case CorrelationDraft():
                results.append((loud(correlated[id(draft)]),))
            case FilterDraft():
                results.append(tuple(_idle(draft, list(rules.values()))))
    return results


def _filtered(drafts: Sequence[Draft]) -> dict[int, RuleDraft]:
    """The rules, each with the filters that are about it, by their drafts' identity."""
    filters = [each for each in drafts if isinstance(each, FilterDraft)]
    found = {}
    for draft in drafts:
        if isinstance(draft, RuleDraft):
            applied = [each for each in filters if _is_about(each, draft)]
            found[id(draft)] = replace(draft, rule=_with(draft.rule, applied)) if applied else draft
    return found


def _with(rule: Rule, filters: Sequence[FilterDraft]) -> Rule:
    query = together(rule.source, [(rule.query, Span(0, 1)), *((each.query, Span(0, 1)) for each in filters)])
    notes = tuple(
        diagnose(
            Code.FILTERED,
            f'The filter "{each.title}" of {each.query.root.name} is part of the rule.',
            rule.source,
            Span(0, 1),
        )
        for each in filters
    )
    return replace(rule, query=query, notes=(*rule.notes, *notes))


def _is_about(draft: FilterDraft, other: RuleDraft) -> bool:
    wanted, given = draft.log_source, other.rule.log_source
    for here, there in zip(_parts(wanted), _parts(given), strict=True):
        if here is not None and here != there:
            return False
    return draft.references is None or any(_names(each.name, other) for each in draft.references)


def _parts(source: LogSource) -> tuple[str | None, str | None, str | None]:
    return source.category, source.product, source.service


def _names(reference: str, draft: RuleDraft | CorrelationDraft) -> bool:
    return reference == draft.name or _id(reference) == draft.rule.id


def _id(text: str) -> str | None:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return None


def _idle(draft: FilterDraft, rules: Sequence[RuleDraft]) -> Iterator[TranslatorError]:
    """An error where the filter names rules of which none was read."""
    named = draft.references is None or any(_names(each.name, rule) for each in draft.references for rule in rules)
    if not rules or not named:
        said = "No rule that the filter is about was read with it."
        hint = "read it together with the rules that it names: give the folder that holds both"
        yield refuse(Code.REFERENCE, said, draft.query, draft.span, hint)


class _Correlating:
    """Carries the rules that were read, and the ids of those that alert through a correlation only."""

    def __init__(self, rules: dict[int, RuleDraft], correlations: Sequence[CorrelationDraft]) -> None:
        self.rules = list(rules.values())
        self.correlations = correlations
        self.silent: set[str] = set()

    def rule(self, draft: CorrelationDraft) -> Found:
        """The correlation with the rules that it names, and theirs."""
        mistakes: list[Diagnostic] = []
        parts: list[tuple[Source, Span]] = []
        ids: dict[str, str] = {}
        sources: set[LogSource] = set()
        for reference in draft.references:
            found = self.found(reference.name)
            if found is None or found is draft:
                said = f'No rule with the id or the name "{reference.name}" was read with the correlation.'
                hint = "read it together with the rules that it names: give the folder that holds all of them"
                mistakes.append(diagnose(Code.REFERENCE, said, draft.rule.query, reference.span, hint))
                continue
            place = draft.rule.query.to_root(reference.span)
            result = found.rule if isinstance(found, RuleDraft) else self.inner(found, [draft])
            if isinstance(result, TranslatorError):
                mistakes.extend(result.diagnostics)
                continue
            ids[reference.name] = result.id
            sources.add(result.log_source)
            parts.append((result.query, place))
            if _COMPLETES.search(result.query.text):
                parts.append((_RESET, place))
            if not draft.correlation.generates:
                self.silent.add(result.id)
        if mistakes:
            return TranslatorError(mistakes)
        return self.joined(draft, parts, ids, sources)

    def inner(self, draft: CorrelationDraft, outer: list[CorrelationDraft]) -> Found:
        """A correlation among a correlation's rules."""
        if any(self.reaches(draft, each) for each in outer):
            said = "The correlation counts itself, by way of another."
            return refuse(Code.REFERENCE, said, outer[0].rule.query, outer[0].span, "name rules of events")
        return self.rule(draft)

    def reaches(self, start: CorrelationDraft, goal: CorrelationDraft) -> bool:
        pending, seen = [start], set()
        while pending:
            here = pending.pop()
            if here is goal:
                return True
            if id(here) in seen:
                continue
            seen.add(id(here))
            inside = (self.found(each.name) for each in here.references)
            pending.extend(each for each in inside if isinstance(each, CorrelationDraft))
        return False

    def found(self, name: str) -> RuleDraft | CorrelationDraft | None:
        drafts: list[RuleDraft | CorrelationDraft] = [*self.rules, *self.correlations]
        return next((each for each in drafts if _names(name, each)), None)

    def joined(
        self, draft: CorrelationDraft, parts: list[tuple[Source, Span]], ids: dict[str, str], sources: set[LogSource]
    ) -> Rule:
        said = draft.correlation
        aliases = tuple(
            (alias, tuple((ids.get(rule, rule), path) for rule, path in fields)) for alias, fields in said.aliases
        )
        detail = replace(said, rules=tuple(ids[each.name] for each in draft.references), aliases=aliases)
        query = together(draft.rule.source, [*parts, (draft.rule.query, Span(0, 1))])
        need = Need("correlation", in_words(said), draft.rule.query.to_root(draft.span), detail)
        log_source = sources.pop() if len(sources) == 1 else LogSource()
        return replace(draft.rule, query=query, needs=(*draft.rule.needs, need), log_source=log_source)


def in_words(said: Correlation) -> str:
    """What the correlation asks, in a sentence."""
    names = ", ".join(said.rules)
    grouped = f" that share {', '.join(said.group_by)}" if said.group_by else ""
    counted = " and ".join(f"{each.operator} {each.value}" for each in said.bounds)
    match said.type:
        case "event_count":
            what = f"the number of events of {names}{grouped} is {counted}"
        case "temporal" | "temporal_ordered":
            order = ", in this order" if said.type == "temporal_ordered" else ""
            what = f"there are events{grouped} of {said.condition or names}{order}"
        case _:
            kind = said.type.removeprefix("value_")
            what = f"the {kind} of the values of {', '.join(said.fields)} in events of {names}{grouped} is {counted}"
    return f"The rule alerts when {what} within {said.timespan}."


def together(root: Source, parts: Sequence[tuple[Source, Span]]) -> Source:
    """Documents as one text of ``root``; what is of another file has its place at the part's span."""
    text = ""
    positions: list[int] = []
    end = 0
    for source, place in parts:
        if positions:
            text += _MARK
            positions += [end] * len(_MARK)
        own = source.root is root
        text += source.text
        positions += [source.to_root(Span(at, at)).start if own else place.start for at in range(len(source.text))]
        end = source.to_root(Span(len(source.text), len(source.text))).start if own else place.end
    return root.spell(text, [*positions, end])
