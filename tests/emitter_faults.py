"""Faults of an emitter: what one that gets something wrong each time would make of a formula.

An emitter with a fault is a sound one that is given another formula. Each function here changes one formula at every
place where the fault would show; where it returns the same formula, the fault does not show at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from translator import logic
from translator.logic import Formula, RangeOp
from translator.schema import Schema, Type, typed
from translator.values import Pattern, Wild, pattern

#: One node, whose children are changed already, as the faulty emitter takes it.
Change = Callable[[Formula], Formula]


def everywhere(formula: Formula, change: Change) -> Formula:
    """The formula with each node changed, those inside first."""
    match formula:
        case logic.And(items) | logic.Or(items):
            formula = replace(formula, items=tuple(everywhere(each, change) for each in items))
        case logic.Not(item):
            formula = replace(formula, item=everywhere(item, change))
        case logic.Within(_, body):
            formula = replace(formula, body=everywhere(body, change))
    return change(formula)


def _forgets_cased(node: Formula) -> Formula:
    return replace(node, cased=False) if isinstance(node, logic.Equals | logic.Matches) and _has_letters(node) else node


def _always_cased(node: Formula) -> Formula:
    return replace(node, cased=True) if isinstance(node, logic.Equals | logic.Matches) and _has_letters(node) else node


def _has_letters(node: logic.Equals | logic.Matches) -> bool:
    said = str(node.value) if isinstance(node, logic.Equals) else "".join(map(str, node.pattern))
    return said.lower() != said.upper()


def _drops_filters(node: Formula) -> Formula:
    if not isinstance(node, logic.And):
        return node
    kept = tuple(each for each in node.items if not isinstance(each, logic.Not))
    return node if not kept or kept == node.items else kept[0] if len(kept) == 1 else replace(node, items=kept)


def _drops_last_filter(node: Formula) -> Formula:
    if not isinstance(node, logic.And) or not isinstance(node.items[-1], logic.Not):
        return node
    return node.items[0] if len(node.items) == 2 else replace(node, items=node.items[:-1])


def _forgets_not(node: Formula) -> Formula:
    return node.item if isinstance(node, logic.Not) else node


def _or_for_and(node: Formula) -> Formula:
    return logic.Or(node.items, span=node.span) if isinstance(node, logic.And) else node


def _and_for_or(node: Formula) -> Formula:
    return logic.And(node.items, span=node.span) if isinstance(node, logic.Or) else node


def _shares_out_not(node: Formula) -> Formula:
    """`not (a or b)` as `not a or not b`, and `not (a and b)` as `not a and not b`."""
    match node:
        case logic.Not(logic.Or(items) | logic.And(items) as inner):
            return replace(inner, items=tuple(logic.Not(each, span=each.span) for each in items))
        case _:
            return node


def _drops_last_value(node: Formula) -> Formula:
    if not isinstance(node, logic.Or):
        return node
    return node.items[0] if len(node.items) == 2 else replace(node, items=node.items[:-1])


def _patterns(change: Callable[[Pattern], Pattern]) -> Change:
    def changed(node: Formula) -> Formula:
        if not isinstance(node, logic.Matches):
            return node
        made = change(node.pattern)
        return node if not made or made == (Wild.ANY,) else _shaped(node, made)

    return changed


def _shaped(node: logic.Matches, said: Pattern) -> Formula:
    """The question with another pattern; one without a wildcard is a plain value."""
    match said:
        case (str(whole),):
            return logic.Equals(node.field, whole, node.cased, span=node.span)
        case _:
            return replace(node, pattern=said)


def _as_text(node: Formula) -> Formula:
    """A star as a character."""
    if not isinstance(node, logic.Matches) or node.pattern == (Wild.ANY,):
        return node
    said = "".join(part.value if isinstance(part, Wild) else part for part in node.pattern)
    return _shaped(node, (said,))


def _star_behind(node: Formula) -> Formula:
    if not isinstance(node, logic.Equals) or not isinstance(node.value, str) or not node.value:
        return node
    return logic.Matches(node.field, (node.value, Wild.ANY), node.cased, span=node.span)


def _bounds(node: Formula) -> Formula:
    other = {RangeOp.GT: RangeOp.GTE, RangeOp.GTE: RangeOp.GT, RangeOp.LT: RangeOp.LTE, RangeOp.LTE: RangeOp.LT}
    return replace(node, op=other[node.op]) if isinstance(node, logic.Compare) else node


def _turns_bounds(node: Formula) -> Formula:
    other = {RangeOp.GT: RangeOp.LT, RangeOp.GTE: RangeOp.LTE, RangeOp.LT: RangeOp.GT, RangeOp.LTE: RangeOp.GTE}
    return replace(node, op=other[node.op]) if isinstance(node, logic.Compare) and node.also is None else node


def _flattens(node: Formula) -> Formula:
    return node.body if isinstance(node, logic.Within) else node


def _existence(node: Formula) -> Formula:
    kinds = logic.Equals | logic.Words | logic.Phrase | logic.Matches
    return logic.Exists(node.field, span=node.span) if isinstance(node, kinds) else node


def _one_word(node: Formula) -> Formula:
    return logic.Words(node.field, node.value, span=node.span) if isinstance(node, logic.Phrase) else node


#: What a faulty emitter does, and how.
FAULTS: dict[str, Change] = {
    "forgets that letter case matters": _forgets_cased,
    "takes all values with their letter case": _always_cased,
    "drops every filter": _drops_filters,
    "drops the last filter": _drops_last_filter,
    "forgets not": _forgets_not,
    "writes or for and": _or_for_and,
    "writes and for or": _and_for_or,
    "shares out a not as it is": _shares_out_not,
    "drops the last value": _drops_last_value,
    "drops the first star": _patterns(lambda said: said[1:] if said[0] is Wild.ANY else said),
    "drops the last star": _patterns(lambda said: said[:-1] if said[-1] is Wild.ANY else said),
    "puts a star before": _patterns(lambda said: pattern((Wild.ANY, *said))),
    "puts a star behind": _patterns(lambda said: pattern((*said, Wild.ANY))),
    "takes one character for any": _patterns(
        lambda said: tuple(Wild.ONE if each is Wild.ANY else each for each in said)
    ),
    "takes a star for a character": _as_text,
    "takes a text for a start": _star_behind,
    "lets a bound in or out": _bounds,
    "turns a bound round": _turns_bounds,
    "forgets nested objects": _flattens,
    "asks for existence": _existence,
    "takes a phrase for words": _one_word,
}

#: Types that one may take for another.
MISTAKEN = {
    Type.KEYWORD: Type.TEXT,
    Type.WILDCARD: Type.TEXT,
    Type.MATCH_ONLY_TEXT: Type.KEYWORD,
    Type.TEXT: Type.KEYWORD,
    Type.LONG: Type.KEYWORD,
    Type.INTEGER: Type.KEYWORD,
    Type.DATE: Type.KEYWORD,
    Type.BOOLEAN: Type.KEYWORD,
    Type.IP: Type.KEYWORD,
    Type.FLATTENED: Type.OBJECT,
}


def mistyped(schema: Schema, paths: Iterable[str]) -> Iterator[tuple[str, Schema]]:
    """The schema with one of the fields of another type, and what was done."""
    for path in paths:
        known = schema.fields.get(path)
        if known is not None and (other := MISTAKEN.get(known.type)) is not None:
            made = typed(path, other, nested=known.nested)
            yield f"takes {known.type} for {other}", replace(schema, fields={**schema.fields, path: made})
