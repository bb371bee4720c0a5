"""Artefacts with one fault each: what an emitter might get wrong, and what a hand might change."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from typing import Any

from translator.kql import ast
from translator.logic import RangeOp
from translator.values import Pattern, Wild, pattern

#: What was done, and the artefact with it.
Mutant = tuple[str, Any]


def inside(value: Any, local: Callable[[Any], Iterator[Mutant]]) -> Iterator[Mutant]:
    """Every copy of a tree of dicts and lists with one fault of ``local`` somewhere in it."""
    yield from local(value)
    match value:
        case dict():
            for key, inner in value.items():
                yield from ((why, {**value, key: other}) for why, other in inside(inner, local))
        case list():
            for at, inner in enumerate(value):
                yield from ((why, [*value[:at], other, *value[at + 1 :]]) for why, other in inside(inner, local))


def texts(said: str) -> Iterator[Mutant]:
    """A text that is a character off."""
    if said:
        yield "the last character changed", said[:-1] + ("y" if said[-1] != "y" else "z")
        yield "a character more at the end", f"{said}y"
        yield "a character more at the start", f"y{said}"


def stars(said: str) -> Iterator[Mutant]:
    """A pattern with a star too few or too many at an end."""
    if said.startswith("*"):
        yield "the first star dropped", said[1:]
    else:
        yield "a star put before", f"*{said}"
    if re.search(r"(?<!\\)(?:\\\\)*\*\Z", said):
        yield "the last star dropped", said[:-1]
    else:
        yield "a star put behind", f"{said}*"


def of_dsl(node: Any) -> Iterator[Mutant]:
    """Faults of a clause of Query DSL."""
    match node:
        case {"bool": {"filter": [_, _, *_] as items, **rest}} if "should" not in rest:
            yield "all became one", {"bool": {**rest, "should": items, "minimum_should_match": 1}}
            yield from (
                ("a clause dropped", {"bool": {**rest, "filter": _without(items, at)}}) for at in range(len(items))
            )
        case {"bool": {"should": [_, _, *_] as items, **rest}} if "filter" not in rest:
            kept = {key: value for key, value in rest.items() if key != "minimum_should_match"}
            yield "one became all", {"bool": {**kept, "filter": items}}
            yield from (
                ("a clause dropped", {"bool": {**rest, "should": _without(items, at)}}) for at in range(len(items))
            )
        case {"bool": {"must_not": item, **rest}} if not any(rest.values()):
            yield "a not dropped", item if isinstance(item, dict) else item[0]
        case {"wildcard": dict() as body}:
            ((field, how),) = body.items()
            for why, value in stars(how["value"]):
                yield why, {"wildcard": {field: {**how, "value": value}}}
            if how["value"].lower() != how["value"].upper():
                flipped = {**how, "case_insensitive": not how.get("case_insensitive")}
                yield "letter case flipped", {"wildcard": {field: flipped}}
        case {"term": dict() as body}:
            ((field, how),) = body.items()
            if isinstance(how, dict) and isinstance(how["value"], str):
                yield from ((why, {"term": {field: {**how, "value": value}}}) for why, value in texts(how["value"]))
                if how["value"].lower() != how["value"].upper():
                    flipped = {**how, "case_insensitive": not how.get("case_insensitive")}
                    yield "letter case flipped", {"term": {field: flipped}}
        case {"match": dict() as body} | {"match_phrase": dict() as body}:
            (kind,) = node
            ((field, value),) = body.items()
            yield "existence instead of a value", {"exists": {"field": field}}
            if isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value):
                yield "another number", {kind: {field: str(int(value) + 1)}}
        case {"range": dict() as body}:
            ((field, how),) = body.items()
            for op, other in {"gt": "gte", "gte": "gt", "lt": "lte", "lte": "lt"}.items():
                if op in how:
                    yield "a bound let in or out", {"range": {field: {other: how[op]}}}
        case {"exists": {"field": field}}:
            yield "another field", {"exists": {"field": f"{field}x"}}


def of_sigma(node: Any) -> Iterator[Mutant]:
    """Faults of the detection of a Sigma rule."""
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        rest = {name: each for name, each in node.items() if name != key}
        if key == "condition":
            yield from (("a not dropped", {**node, key: other}) for other in _replaced(value, "not ", ""))
            yield from (("and became or", {**node, key: other}) for other in _replaced(value, " and ", " or "))
            yield from (("or became and", {**node, key: other}) for other in _replaced(value, " or ", " and "))
            continue
        if "condition" in node:
            continue
        if rest:
            yield "an item dropped", rest
        if key.endswith("|cased"):
            yield "letter case flipped", {**rest, key.removesuffix("|cased"): value}
        for one, other in (("contains", "startswith"), ("startswith", "contains"), ("endswith", "contains")):
            if f"|{one}" in key:
                yield "another side of the value", {**rest, key.replace(one, other): value}
        for op, other in (("|gt", "|gte"), ("|lt", "|lte"), ("|gte", "|gt"), ("|lte", "|lt")):
            if key.endswith(op):
                yield "a bound let in or out", {**rest, key.removesuffix(op) + other: value}
        if isinstance(value, list) and len(value) > 1:
            yield from (("a value dropped", {**rest, key: _without(value, at)}) for at in range(len(value)))
        if isinstance(value, str) and "|" in key and "cidr" not in key and "exists" not in key:
            yield from ((why, {**rest, key: other}) for why, other in texts(value))


def of_kql(query: Any) -> Iterator[Mutant]:
    """Every copy of a KQL query with one fault in it."""
    match query:
        case ast.And(items):
            yield "and became or", ast.Or(items)
        case ast.Or(items):
            yield "or became and", ast.And(items)
        case ast.Not(item):
            yield "a not dropped", item
        case ast.AnyOf(items):
            yield "or became and", ast.AllOf(items)
        case ast.AllOf(items):
            yield "and became or", ast.AnyOf(items)
        case ast.NoneOf(item):
            yield "a not dropped", item
        case ast.Range(name, op, value):
            other = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}[op.value]
            yield "a bound let in or out", ast.Range(name, RangeOp(other), value)
        case ast.Is(name, value):
            yield from ((why, ast.Is(name, other)) for why, other in _values(value))
            yield from ((why, ast.Is(name, other)) for why, other in of_kql(value))
            return
    if isinstance(query, (ast.And, ast.Or, ast.AnyOf, ast.AllOf)):
        for at, item in enumerate(query.items):
            if len(query.items) > 2:
                yield "an item dropped", dataclasses.replace(query, items=tuple(_without(list(query.items), at)))
            made = _values(item) if isinstance(query, (ast.AnyOf, ast.AllOf)) else iter(())
            for why, other in (*made, *of_kql(item)):
                yield why, dataclasses.replace(query, items=(*query.items[:at], other, *query.items[at + 1 :]))
    elif isinstance(query, (ast.Not, ast.NoneOf)):
        made = _values(query.item) if isinstance(query, ast.NoneOf) else iter(())
        yield from ((why, dataclasses.replace(query, item=other)) for why, other in (*made, *of_kql(query.item)))
    elif isinstance(query, ast.Nested):
        yield from ((why, dataclasses.replace(query, body=other)) for why, other in of_kql(query.body))


def _values(value: Any) -> Iterator[Mutant]:
    match value:
        case ast.Wildcard([Wild.ANY]):
            return
        case ast.Wildcard(shape):
            for why, other in _patterns(shape):
                wild = any(isinstance(part, Wild) for part in other)
                yield why, ast.Wildcard(other) if wild else ast.Literal("".join(map(str, other)), quoted=True)
        case ast.Literal(str(said), quoted) if re.fullmatch(r"[A-Za-z_ -]+", said):
            yield from ((why, ast.Literal(other, quoted)) for why, other in texts(said))
            yield "letter case flipped", ast.Literal(said.swapcase(), quoted)


def _patterns(shape: Pattern) -> Iterator[Mutant]:
    first, last = shape[0], shape[-1]
    yield ("the first star dropped", shape[1:]) if first is Wild.ANY else ("a star put before", (Wild.ANY, *shape))
    yield ("the last star dropped", shape[:-1]) if last is Wild.ANY else ("a star put behind", (*shape, Wild.ANY))
    flipped = pattern(part if isinstance(part, Wild) else part.swapcase() for part in shape)
    if flipped != shape:
        yield "letter case flipped", flipped


def _without(items: list[Any], at: int) -> list[Any]:
    return [*items[:at], *items[at + 1 :]]


def _replaced(said: str, old: str, new: str) -> Iterator[str]:
    for found in re.finditer(re.escape(old), said):
        yield said[: found.start()] + new + said[found.end() :]
