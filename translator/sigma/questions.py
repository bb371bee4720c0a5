"""What a value of Sigma's asks of a field, by the field's type.

Sigma compares whole values as an event spells them, letter case aside. Where Elasticsearch does the same, by the
field's type, the question is one that Kibana asks, too; else it is one of Sigma's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sigma import types

from translator import logic
from translator.meaning import Refused, Scope
from translator.schema import EXACT_TEXT, NUMBERS, Ask, FieldRef, Schema, Type
from translator.sigma import codec
from translator.sigma.elastic_names import Renaming
from translator.sigma.modifiers import Expression, Values
from translator.source import Span
from translator.values import Pattern, Wild, pattern

_OPERATORS = {
    types.CompareOperators.LT: logic.RangeOp.LT,
    types.CompareOperators.LTE: logic.RangeOp.LTE,
    types.CompareOperators.GT: logic.RangeOp.GT,
    types.CompareOperators.GTE: logic.RangeOp.GTE,
}

_UNITS = {
    types.TimestampPart.MINUTE: logic.DateUnit.MINUTE,
    types.TimestampPart.HOUR: logic.DateUnit.HOUR,
    types.TimestampPart.DAY: logic.DateUnit.DAY,
    types.TimestampPart.WEEK: logic.DateUnit.WEEK,
    types.TimestampPart.MONTH: logic.DateUnit.MONTH,
    types.TimestampPart.YEAR: logic.DateUnit.YEAR,
}

#: The numbers that a part of a date can have.
_LIMITS = {
    logic.DateUnit.MINUTE: range(60),
    logic.DateUnit.HOUR: range(24),
    logic.DateUnit.DAY: range(1, 32),
    logic.DateUnit.WEEK: range(1, 54),
    logic.DateUnit.MONTH: range(1, 13),
}

_HOLDS = {
    logic.RangeOp.LT: int.__lt__,
    logic.RangeOp.LTE: int.__le__,
    logic.RangeOp.GT: int.__gt__,
    logic.RangeOp.GTE: int.__ge__,
}


class Unasked(Exception):
    """A value that no formula can ask, at ``span``; ``placeholder`` is what it waits for, if it does."""

    def __init__(self, message: str, span: Span, placeholder: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.span = span
        self.placeholder = placeholder


class Asker:
    """Puts questions to the fields of a schema."""

    def __init__(self, schema: Schema, renaming: Renaming | None = None) -> None:
        self.schema = schema
        self.renaming = renaming
        self.scope = Scope(schema)
        #: The fields that were asked, where they were first asked.
        self.fields: dict[str, Span] = {}
        self.known: dict[str, FieldRef] = {}

    def item(self, values: Values, spans: Sequence[Span], span: Span) -> logic.Formula:
        """All of an item: its values, one of which must hold, or all; ``spans`` are those of the values."""
        given = values.values or (types.SigmaNull(),)
        asked = [self.value(values, value, where) for value, where in zip(given, spans, strict=True)]
        linked = _joined(logic.And if values.every else logic.Or, asked, span)
        return logic.Not(linked, span=span) if values.negated else linked

    def value(self, item: Values, value: types.SigmaType, span: Span) -> logic.Formula:
        if isinstance(value, types.SigmaExpansion):
            return _joined(logic.Or, [self.value(item, each, span) for each in value.values], span)
        if item.field is None:
            return _keyword(value, span)
        field = self.field(item.field, span)
        return self.placed(field, self.asked(field, item, value, span))

    def field(self, name: str, span: Span) -> FieldRef:
        """The field that a rule calls ``name``, looked for once."""
        if name not in self.known:
            self.known[name] = self.found(name, span)
        return self.known[name]

    def found(self, name: str, span: Span) -> FieldRef:
        known = self.renaming is None or name in self.schema.fields
        path = name if known or self.renaming is None else self.renaming.path(name, span)
        self.fields.setdefault(path, span)
        field = self.schema.field(path)
        # What is not known is a keyword here, for which Kibana would not ask so.
        return replace(field, ask=Ask.TERM) if field.type is Type.UNKNOWN else field

    def placed(self, field: FieldRef, leaf: logic.Formula) -> logic.Formula:
        """Sigma reaches into nested objects by itself."""
        if field.nested is None or field.details.in_root:
            return leaf
        if isinstance(leaf, logic.Not):
            return replace(leaf, item=logic.Within(field.nested, leaf.item, span=leaf.span))
        return logic.Within(field.nested, leaf, span=leaf.span)

    def asked(self, field: FieldRef, item: Values, value: types.SigmaType, span: Span) -> logic.Formula:
        match value:
            case types.SigmaString():
                return self.text(field, _pattern(value, span), isinstance(value, types.SigmaCasedString), span)
            case types.SigmaNull():
                return logic.Not(logic.Exists(field, span=span), span=span)
            case types.SigmaExists():
                exists = logic.Exists(field, span=span)
                return exists if value.exists else logic.Not(exists, span=span)
            case types.SigmaBool():
                return self.text(field, ("true" if value.boolean else "false",), True, span)
            case types.SigmaTimestampPart():
                return logic.DatePart(field, _UNITS[value.timestamp_part], int(value.number), span=span)
            case types.SigmaNumber():
                return self.text(field, (str(value.number),), True, span)
            case types.SigmaCIDRExpression():
                return self.network(field, str(value.network), span)
            case types.SigmaCompareExpression():
                return self.compared(field, value, span)
            case types.SigmaFieldReference():
                return self.referred(field, item, value, span)
            case Expression():
                return logic.Regex(field, _expression(value, span), value.letters, span=span)
            case _:
                kind = type(value).__name__.removeprefix("Sigma")
                raise Unasked(f"{kind} on {field.path} is not supported.", span)

    def text(self, field: FieldRef, shape: Pattern, cased: bool, span: Span) -> logic.Formula:
        if shape == (Wild.ANY,):
            return logic.Exists(field, span=span)
        literal = not any(isinstance(part, Wild) for part in shape)
        said = "".join(part for part in shape if isinstance(part, str))
        if field.type in EXACT_TEXT:
            if literal:
                return logic.Equals(field, said, cased, span=span)
            return logic.Matches(field, shape, cased, span=span)
        if literal and field.type in NUMBERS | {Type.IP, Type.BOOLEAN} and self.takes(field, said):
            return logic.Words(field, said.lower() == "true" if field.type is Type.BOOLEAN else said, span=span)
        return logic.Like(field, shape, cased, span=span)

    def takes(self, field: FieldRef, said: str) -> bool:
        """Whether the field's type reads ``said``, and so compares it as Sigma does."""
        if field.type is Type.BOOLEAN:
            return said.lower() in ("true", "false")
        try:
            self.scope.match(field, said)
        except Refused:
            return False
        return field.type is not Type.IP or "/" not in said

    def network(self, field: FieldRef, said: str, span: Span) -> logic.Formula:
        if field.type is Type.IP:
            return logic.Words(field, said, span=span)
        return logic.InNetwork(field, said, span=span)

    def compared(self, field: FieldRef, value: types.SigmaCompareExpression, span: Span) -> logic.Formula:
        op, number = _OPERATORS[value.op], value.number
        if isinstance(number, types.SigmaTimestampPart):
            unit = _UNITS[number.timestamp_part]
            if unit not in _LIMITS:
                raise Unasked(f"A {unit.value} of {field.path} can only be compared for equality.", span)
            kept = [each for each in _LIMITS[unit] if _HOLDS[op](each, int(number.number))]
            parts: list[logic.Formula] = [logic.DatePart(field, unit, each, span=span) for each in kept]
            return _joined(logic.Or, parts, span)
        if field.type in NUMBERS:
            return logic.Compare(field, op, str(number.number), span=span)
        return logic.Numeric(field, op, number.number, span=span)

    def referred(self, field: FieldRef, item: Values, value: types.SigmaFieldReference, span: Span) -> logic.Formula:
        sides = {
            (False, False): logic.Side.WHOLE,
            (True, False): logic.Side.START,
            (False, True): logic.Side.END,
            (True, True): logic.Side.INSIDE,
        }
        side = sides[value.starts_with, value.ends_with]
        return logic.SameAs(field, self.field(value.field, span), side, "cased" in item.words, span=span)

    def unknown(self) -> dict[str, Span]:
        """The fields that the schema does not know, where it knows any."""
        return {path: span for path, span in self.fields.items() if self.schema.knows and path not in self.schema}


def _keyword(value: types.SigmaType, span: Span) -> logic.Formula:
    """A value without a field is looked for inside all values."""
    match value:
        case types.SigmaString():
            shape = _trimmed(_pattern(value, span))
            if not shape:
                raise Unasked("A keyword of nothing but wildcards says nothing.", span)
            return logic.Anywhere(shape, isinstance(value, types.SigmaCasedString), span=span)
        case types.SigmaBool():
            return logic.Anywhere(("true" if value.boolean else "false",), span=span)
        case types.SigmaNumber() if not isinstance(value, types.SigmaTimestampPart):
            return logic.Anywhere((str(value.number),), span=span)
        case Expression():
            return logic.AnywhereRegex(_expression(value, span), value.letters, span=span)
        case _:
            raise Unasked("Keywords (values without a field) are texts, numbers and regular expressions.", span)


def _trimmed(shape: Pattern) -> Pattern:
    """Without the stars at the ends, which a keyword has anyway."""
    start = 1 if shape[:1] == (Wild.ANY,) else 0
    end = len(shape) - 1 if len(shape) > start and shape[-1] is Wild.ANY else len(shape)
    return shape[start:end]


def _pattern(value: types.SigmaString, span: Span) -> Pattern:
    """The pattern of a string, without two stars in a row. Raises Unasked."""
    _refuse_placeholders(value, span)
    return pattern(_collapsed(codec.parts(value)))


def _collapsed(parts: Pattern) -> Iterator[str | Wild]:
    before: str | Wild | None = None
    for part in parts:
        if part is not Wild.ANY or before is not Wild.ANY:
            yield part
        before = part


def _expression(value: Expression, span: Span) -> str:
    _refuse_placeholders(value.regexp, span)
    return value.written


def _refuse_placeholders(value: types.SigmaString, span: Span) -> None:
    for part in value.s:
        if isinstance(part, types.Placeholder):
            raise Unasked(f"The placeholder %{part.name}% has no values here.", span, part.name)


def _joined(kind: type[logic.And] | type[logic.Or], items: list[logic.Formula], span: Span) -> logic.Formula:
    return items[0] if len(items) == 1 else kind(tuple(items), span=span)
