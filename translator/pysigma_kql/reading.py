"""A rule of pySigma's, as its pipelines left it -> a rule of ours.

It goes through Sigma's own text: what pySigma holds is written out and read like any file. So every feature means here
what it means everywhere else, and what is not supported is refused by the same words.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

from sigma import types
from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.exceptions import SigmaFeatureNotSupportedByBackendError
from sigma.rule import SigmaRule

from translator import sources, yaml_writer
from translator.rule import LogSource, Rule, derived_id
from translator.schema import Schema, Type, typed
from translator.sigma import codec, document
from translator.sigma.detection import All, Item, No, Part, Some
from translator.sigma.gathering import gather
from translator.sigma.layout import arrange
from translator.source import Source

_COMPARED = {"LT": "lt", "LTE": "lte", "GT": "gt", "GTE": "gte"}

#: Questions that only some types answer.
_TYPES = {"cidr": Type.IP, **dict.fromkeys(_COMPARED.values(), Type.DOUBLE)}

_FLAGS = {"IGNORECASE": "i", "MULTILINE": "m", "DOTALL": "s"}


def part(tree: Any) -> Part:
    """What a parsed condition asks. Raises pySigma's error for what Sigma's text has no words for."""
    match tree:
        case ConditionAND(args=args):
            return All(tuple(part(each) for each in args if each is not None))
        case ConditionOR(args=args):
            return Some(tuple(part(each) for each in args if each is not None))
        case ConditionNOT(args=[inner]):
            return No(part(inner))
        case ConditionFieldEqualsValueExpression(field=field, value=value):
            return _item(field, value)
        case ConditionValueExpression(value=value):
            return _item(None, value)
        case _:
            raise _unsupported(tree)


def _item(field: str | None, value: Any) -> Part:
    match value:
        case types.SigmaExpansion():
            return Some(tuple(_item(field, each) for each in value.values))
        case types.SigmaString():
            try:
                text = codec.parts(value)
            except ValueError as error:
                raise SigmaFeatureNotSupportedByBackendError(f"{field}: {error}.") from None
            return Item(field, "text", (text,), cased=isinstance(value, types.SigmaCasedString))
        case types.SigmaBool():
            return Item(field, "", (value.boolean,))
        case types.SigmaNumber():
            return Item(field, "", (value.number,))
        case types.SigmaNull():
            return Item(field, "null", (None,))
        case types.SigmaExists():
            return Item(field, "exists", (bool(value.exists),))
        case types.SigmaCIDRExpression():
            return Item(field, "cidr", (value.cidr,))
        case types.SigmaCompareExpression() if isinstance(value.number, types.SigmaNumber):
            return Item(field, _COMPARED[value.op.name], (value.number.number,))
        case types.SigmaRegularExpression():
            flags = sorted(_FLAGS[flag.name] for flag in value.flags)
            return Item(field, "|".join(["re", *flags]), (str(value.regexp),))
        case types.SigmaFieldReference():
            edges = [
                word for word, wanted in (("startswith", value.starts_with), ("endswith", value.ends_with)) if wanted
            ]
            return Item(field, "|".join(["fieldref", *edges]), (value.field,))
        case _:
            raise _unsupported(value)


def schema(asked: Part) -> Schema:
    """The packaged types; a field that they do not know is taken for what the rule asks of it.

    Kibana's data view lists every field that is mapped, so what is unknown here is not unknown there.
    """
    packaged = Schema.default()
    types_: dict[str, Type] = {}
    for item in _items(asked):
        if item.field is not None and item.field not in packaged:
            wanted = _TYPES.get(item.operator)
            types_[item.field] = wanted or types_.get(item.field, Type.KEYWORD)
    fields = ChainMap({name: typed(name, each) for name, each in types_.items()}, cast("Any", packaged.fields))
    return replace(packaged, fields=fields)


def _items(part: Part) -> Iterator[Item]:
    pending = [part]
    while pending:
        match pending.pop():
            case All(parts) | Some(parts):
                pending.extend(parts)
            case No(inner):
                pending.append(inner)
            case Item() as item:
                yield item


def rule(said: SigmaRule, asked: Part) -> Rule:
    """The rule, whose detection is ``asked``. Raises TranslatorError where it is not valid."""
    title = said.title or "Untitled"
    head = Rule(
        id=str(said.id) if said.id is not None else derived_id(title),
        title=title,
        query=Source(""),
        source=Source(""),
        description=said.description,
        status=said.status.name.lower() if said.status is not None else None,
        severity=said.level.name.lower() if said.level is not None else None,
        references=tuple(said.references),
        authors=(said.author,) if said.author else (),
        license=getattr(said, "license", None),
        date=said.date.isoformat() if said.date is not None else None,
        modified=said.modified.isoformat() if said.modified is not None else None,
        false_positives=tuple(said.falsepositives),
    )
    source = LogSource(said.logsource.category, said.logsource.product, said.logsource.service)
    data = document.faithful(head, arrange(gather(asked)), source)
    del data["taxonomy"]
    if said.tags:
        data["tags"] = [str(tag) for tag in said.tags]
    text = yaml_writer.write({key: value for key, value in data.items() if key != "logsource" or value})
    (found,) = sources.read_text(text, format="sigma", name=title)
    return found


def _unsupported(what: Any) -> SigmaFeatureNotSupportedByBackendError:
    name = type(what).__name__.removeprefix("Sigma").removeprefix("Condition")
    return SigmaFeatureNotSupportedByBackendError(f"{name} is not supported by the Kibana KQL backend.")
