"""A Sigma correlation that counts the events of one rule, as Elastic's threshold rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from translator.backends.sigma import is_in_sigmas_names
from translator.errors import Code, Diagnostic, diagnose
from translator.ledger import Loss
from translator.needs import Correlation, Need
from translator.rule import Rule
from translator.sigma import correlation_fields
from translator.sigma.correlation import Count, Uncountable, count, seconds, timespan
from translator.sigma.correlation_fields import Counted

#: How often Kibana runs a rule that does not say so.
_EVERY = "5m"
_EVERY_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Counting:
    """A rule with its threshold in Elastic's terms; ``hints`` say why a need is none, by the need's message."""

    rule: Rule
    losses: tuple[Loss, ...] = ()
    notes: tuple[Diagnostic, ...] = ()
    hints: Mapping[str, str] = field(default_factory=dict)


def counting(rule: Rule) -> Counting:
    """``rule``, whose correlation is a threshold where Elastic can count so."""
    found = Counting(rule)
    for need in rule.needs:
        if not isinstance(need.detail, Correlation):
            continue
        try:
            said = count(rule, need)
        except Uncountable as why:
            found = replace(found, hints={**found.hints, need.message: why.hint})
            continue
        if said is not None:
            found = _counted(found, said)
    return found


def _counted(found: Counting, said: Count) -> Counting:
    rule, need = found.rule, said.need
    named = _named(rule, said)
    needs = tuple(
        Need("threshold", each.message, each.span, named.threshold) if each is need else each for each in rule.needs
    )
    interval = rule.interval or _interval(said.span)
    since = _look_back(rule, said.span)
    extra = rule.extra if since is not None else {key: value for key, value in rule.extra.items() if key != "to"}
    message = (
        f"Each run looks as far back as the correlation's time span, {said.span}, and there is one every "
        f"{interval or _EVERY}: Elastic counts at each run, Sigma leaves to its backends where a span begins."
    )
    note = diagnose(Code.WINDOW, message, rule.source, need.span)
    return replace(
        found,
        rule=replace(
            rule,
            type="threshold",
            needs=needs,
            look_back=since or f"now-{said.span}",
            interval=interval,
            extra=extra,
        ),
        losses=(*found.losses, *named.losses),
        notes=(*found.notes, *named.notes, note),
    )


def _named(rule: Rule, said: Count) -> Counted:
    """The fields that are counted by, with Elastic's names where the query has got them."""
    renamed = rule.sigma_header.get("taxonomy") == "ecs" and is_in_sigmas_names(rule)
    return correlation_fields.elastic(said.threshold, rule, said.need) if renamed else Counted(said.threshold)


def _look_back(rule: Rule, span: str) -> str | None:
    """Where the window begins that is said beside the correlation, if it is as long."""
    if rule.look_back is None:
        return None
    try:
        said = timespan(rule.look_back, str(rule.extra.get("to") or "now"))
    except Uncountable:
        return None
    return rule.look_back if said == span else None


def _interval(span: str) -> str | None:
    """Often enough that no event lies between the windows of two runs; None where Kibana's own will do."""
    length = seconds(span)
    return span if length is not None and length < _EVERY_SECONDS else None
