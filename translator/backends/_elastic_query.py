"""A formula as the query and the filters of an Elastic rule, with no loss that the two together can avoid.

What is and-ed at the top goes into the query where KQL says it exactly. Where it would lose (letter case that does not
matter, `?`, two bounds of one value), the part stands beside the query as a filter in Query DSL, which says it.
"""

from __future__ import annotations

from collections.abc import Iterator

from translator import kql, logic
from translator.artefact import Options
from translator.backends import dsl
from translator.backends._elastic_document import Asked, filter_
from translator.backends.kql import spell
from translator.errors import Diagnostic, TranslatorError
from translator.ledger import Loss
from translator.rule import Rule


def ask(rule: Rule, formula: logic.Formula, options: Options) -> tuple[Asked, tuple[Loss, ...], tuple[Diagnostic, ...]]:
    """What decides, the losses of Query DSL, and what Elasticsearch will answer with an error."""
    parts = (formula,) if _is_exact(formula, rule) else tuple(_conjuncts(formula)) or (formula,)
    kept = [part for part in parts if _is_exact(part, rule)]
    beside = [dsl.emit(rule, part, options) for part in parts if part not in kept]
    notes = [note for each in beside for note in each.notes]
    query = ""
    if kept:
        said = kept[0] if len(kept) == 1 else logic.And(tuple(kept), span=formula.span)
        query = kql.print_(spell(said, rule.whole)[0], width=options.width)
        notes += dsl.emit(rule, said, options).notes
    losses = tuple(loss for each in beside for loss in each.losses)
    return Asked(query, "kuery", tuple(filter_(each.data) for each in beside)), losses, tuple(dict.fromkeys(notes))


def _is_exact(part: logic.Formula, rule: Rule) -> bool:
    """Whether KQL says a part as it is."""
    try:
        return not spell(part, rule.whole)[1]
    except TranslatorError:
        return False


def _conjuncts(formula: logic.Formula) -> Iterator[logic.Formula]:
    """What is and-ed at the top, however it was grouped."""
    pending = [formula]
    while pending:
        here = pending.pop()
        if isinstance(here, logic.And):
            pending.extend(reversed(here.items))
        else:
            yield here
