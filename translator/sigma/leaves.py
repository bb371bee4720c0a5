"""logic -> Sigma's own questions, leaf by leaf, with what each loses.

What Sigma has no words for: words and phrases of analysed text (substrings instead, a declared loss), one object of
a nested list (its conditions instead, a declared loss), a search over all fields (keywords, a declared loss); and,
refused whatever is allowed, field patterns that no schema expands, ranges of anything but numbers, moments in time,
versions, keys of flattened fields, a condition that is always true, and the value null.
"""

from __future__ import annotations

import math
import re
from ipaddress import IPv6Interface, ip_interface
from typing import assert_never

from translator import logic
from translator.errors import Code, Diagnostic, diagnose
from translator.ledger import Effect, Loss, lose
from translator.meaning import Refused
from translator.meaning.query_string import Occur, clauses
from translator.meaning.text import tokens
from translator.schema import ANALYSED_TEXT, EXACT_TEXT, INTEGERS, NUMBERS, Ask, FieldPattern, FieldRef, Type
from translator.sigma.detection import All, Item, No, Part, Some
from translator.source import Source, Span
from translator.values import Pattern, Scalar, Wild, show

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")

#: Stands in for a part that was refused, so that the walk can go on and find the other mistakes.
_REFUSED = Some(())


class Leaves:
    """Carries the source, the losses and the refusals through the walk."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.losses: list[Loss] = []
        self.impossible: list[Diagnostic] = []

    def part(self, formula: logic.Formula, negated: bool = False) -> Part:
        """``formula`` in Sigma's questions; ``negated`` says whether it stands under an odd number of nots."""
        match formula:
            case logic.And(items):
                said = [item for item in items if not isinstance(item, logic.Everything)] or [formula]
                return All(tuple(self.part(item, negated) for item in said if item is not formula))
            case logic.Or(items) | logic.AnyField(items):
                return Some(tuple(self.part(item, negated) for item in items))
            case logic.Not(logic.Exists(FieldRef(path))) if _is_name(path):
                return Item(path, "exists", (False,))
            case logic.Not(item):
                return No(self.part(item, not negated))
            case logic.Within(_, body):
                return self.within(formula, body, negated)
            case logic.Everything():
                return self.refuse(
                    Code.EVERYTHING,
                    "Sigma has no condition that is always true.",
                    formula.span,
                    "ask for a field that every event has, such as `@timestamp:*`",
                )
            case logic.Search(value, phrase):
                how = "phrase" if phrase else "words"
                self.lose(
                    Code.SEARCH,
                    f"Elasticsearch looks for these {how} in each field by its type; "
                    "what Sigma's keywords do depends on the backend.",
                    Effect.MIXED,
                    formula.span,
                    "name the field",
                )
                return Item(None, "text", ((str(value),),))
            case logic.SearchPattern(shape):
                self.lose(
                    Code.SEARCH,
                    "Elasticsearch looks for this pattern in each field by its type; what Sigma's "
                    "keywords do depends on the backend.",
                    Effect.MIXED,
                    formula.span,
                    "name the field",
                )
                return Item(None, "text", (shape,))
            case logic.Exists() | logic.Equals() | logic.Words() | logic.Phrase() | logic.Matches() | logic.Compare():
                return self.leaf(formula, negated)
            case logic.Like() | logic.Regex() | logic.Numeric() | logic.InNetwork() | logic.SameAs() | logic.DatePart():
                return _sigma_item(formula)
            case logic.Anywhere(shape, cased):
                return Item(None, "text", (shape,), cased)
            case logic.AnywhereRegex(expression, flags):
                return Item(None, _regex(flags), (expression,))
            case _:
                assert_never(formula)

    def within(self, formula: logic.Formula, body: logic.Formula, negated: bool) -> Part:
        """One question is the same inside its object; several may be met by different objects."""
        if len(list(logic.walk(body))) > 1:
            inverted = any(flipped for _, flipped in logic.polar(body))
            effect = Effect.MIXED if inverted else Effect.WIDER
            self.lose(
                Code.NESTED,
                "Sigma cannot ask that one object of the list satisfies all of this.",
                effect.under_not() if negated else effect,
                formula.span,
            )
        return self.part(body, negated)

    def leaf(self, leaf: logic.Leaf, negated: bool) -> Part:
        if isinstance(leaf.field, FieldPattern):
            return self.refuse(
                Code.FIELD_PATTERN,
                f"Sigma has no field patterns, and the schema knows no field of the shape {leaf.field.path}.",
                leaf.span,
                "give a schema that has the fields (--schema FILE)",
            )
        field = leaf.field
        if not _is_name(field.path):
            return self.refuse(
                Code.FIELD_NAME,
                f'Sigma cannot write a field that is called "{field.path}".',
                leaf.span,
                "rename the field; its name must not be empty, and a pipe begins a modifier",
            )
        match leaf:
            case logic.Exists():
                return Item(field.path, "exists", (True,))
            case logic.Compare(_, op, value, (second, bound)):
                self.lose(
                    Code.TWO_BOUNDS,
                    f"Sigma asks each bound on its own; two values of {field.path} may meet them.",
                    Effect.WIDER.under_not() if negated else Effect.WIDER,
                    leaf.span,
                )
                sides = ((op, value), (second, bound))
                return All(tuple(self.leaf(logic.Compare(field, *side, span=leaf.span), negated) for side in sides))
            case logic.Compare(_, op, value):
                number = _number(value) if field.type in NUMBERS else None
                if number is None:
                    return self.refuse(
                        Code.RANGE,
                        f"Sigma compares numbers only, and {field.path} is {_a(field.type)}.",
                        leaf.span,
                        "give the field's type with --schema FILE, if it is a number"
                        if field.type is Type.UNKNOWN and _number(value) is not None
                        else "leave the range to the SIEM's time picker, or list the values",
                    )
                return Item(field.path, op.word, (number,))
            case logic.Matches(_, shape, cased):
                return self.pattern(field, shape, cased, leaf.span)
            case logic.Equals(_, value, cased):
                return self.value(field, value, cased, False, leaf.span)
            case logic.Words(_, value):
                return self.value(field, value, True, False, leaf.span)
            case logic.Phrase(_, value):
                return self.value(field, value, True, True, leaf.span)
            case _:
                assert_never(leaf)

    def value(self, field: FieldRef, value: Scalar, cased: bool, phrase: bool, span: Span) -> Part:
        if value is None:
            return self.refuse(
                Code.NULL, "Elasticsearch answers a query for null with an error.", span, f"write `not {field.path}:*`"
            )
        text = str(value).lower() if isinstance(value, bool) else str(value)
        match field.type:
            case kind if kind in EXACT_TEXT:
                return Item(field.path, "text", ((text,) if text else (),), cased)
            case Type.IP:
                return self.address(field, text, span)
            case Type.BOOLEAN if text in ("true", "false"):
                return Item(field.path, "", (text == "true",))
            case kind if kind in NUMBERS and (number := _number(value)) is not None:
                if kind not in INTEGERS or isinstance(number, int):
                    return Item(field.path, "", (number,))
            case kind if kind in ANALYSED_TEXT:
                return self.words(field, [text] if phrase else [each.text for each in tokens(text)], span)
        return self.refuse(
            Code.TEXT_COMPARED,
            f"Sigma cannot say how Elasticsearch compares this value: {field.path} is {_a(field.type)}.",
            span,
        )

    def address(self, field: FieldRef, text: str, span: Span) -> Part:
        try:
            known = ip_interface(text)
        except ValueError:
            return self.refuse(
                Code.BAD_FIELD_VALUE,
                f'"{text}" is no IP address or network, and {field.path} is an ip.',
                span,
                "write an address such as 10.0.0.1, or a network such as 10.0.0.0/8",
            )
        # To Elasticsearch an IPv4 address in IPv6's clothes is that address, and a network of such is an error.
        mapped = known.ipv4_mapped if isinstance(known, IPv6Interface) else None
        return Item(field.path, "address", (text if mapped is None else str(mapped),))

    def words(self, field: FieldRef, texts: list[str], span: Span) -> Part:
        self.lose(
            Code.TOKENS,
            f"{field.path} is analysed text: Elasticsearch compares its words, Sigma the characters.",
            Effect.MIXED,
            span,
        )
        return Item(field.path, "text", tuple((Wild.ANY, text, Wild.ANY) for text in texts))

    def pattern(self, field: FieldRef, shape: Pattern, cased: bool, span: Span) -> Part:
        if field.type in EXACT_TEXT:
            if field.ask is Ask.MATCH and cased:
                return self.query_string(field, shape, span)
            return Item(field.path, "text", (shape,), cased)
        if field.type in ANALYSED_TEXT:
            self.lose(
                Code.TOKENS,
                f"{field.path} is analysed text: Elasticsearch compares each of its words with the "
                "pattern, Sigma the characters.",
                Effect.MIXED,
                span,
            )
            edge = (Wild.ANY,)
            return Item(field.path, "text", (edge + tuple(part for part in _trim(shape)) + edge,))
        return self.refuse(
            Code.TEXT_COMPARED,
            f"Sigma cannot say how Elasticsearch compares the pattern {show(shape)}: {field.path} is {_a(field.type)}.",
            span,
        )

    def query_string(self, field: FieldRef, shape: Pattern, span: Span) -> Part:
        """Kibana sends a pattern on a field it does not know as a query_string, which reads blanks as `or`."""
        try:
            found = clauses(shape)
        except Refused as refused:
            return self.refuse(Code.BAD_FIELD_VALUE, refused.message, span, refused.hint)
        by_role: dict[Occur, list[Part]] = {role: [] for role in Occur}
        for clause in found:
            words = clause.words
            item = (
                Item(field.path, "exists", (True,))
                if words == (Wild.ANY,)
                else Item(field.path, "text", (words,), True)
            )
            by_role[clause.occur].append(item)
        must, should, banned = (by_role[role] for role in (Occur.MUST, Occur.SHOULD, Occur.MUST_NOT))
        if not must and not banned:
            return Some(tuple(should))
        return All((*(must or ([Some(tuple(should))] if should else [])), *(No(each) for each in banned)))

    def refuse(self, code: Code, message: str, span: Span, hint: str | None = None) -> Part:
        self.impossible.append(diagnose(code, message, self.source, span, hint))
        return _REFUSED

    def lose(self, code: Code, message: str, effect: Effect, span: Span, remedy: str | None = None) -> None:
        self.losses.append(lose(code, message, effect, self.source, span, remedy))


def _is_name(path: str) -> bool:
    return path != "" and "|" not in path


def _sigma_item(leaf: logic.SigmaLeaf) -> Item:
    """A question of Sigma's own, as it is written."""
    path = leaf.field.path
    match leaf:
        case logic.Like(_, shape, cased):
            return Item(path, "text", (shape,), cased)
        case logic.Regex(_, expression, flags):
            return Item(path, _regex(flags), (expression,))
        case logic.Numeric(_, op, number):
            return Item(path, op.word, (number,))
        case logic.InNetwork(_, network):
            return Item(path, "cidr", (network,))
        case logic.SameAs(_, other, side, cased):
            words = ("cased" if cased else "", "fieldref", side.value)
            return Item(path, "|".join(word for word in words if word), (other.path,))
        case logic.DatePart(_, unit, number):
            return Item(path, unit.value, (number,))
        case _:
            assert_never(leaf)


def _regex(flags: str) -> str:
    return "|".join(["re", *flags])


def _trim(shape: Pattern) -> Pattern:
    start = 1 if shape[:1] == (Wild.ANY,) else 0
    return shape[start : -1 if shape[start:][-1:] == (Wild.ANY,) else None]


def _number(value: Scalar) -> int | float | None:
    """The number that a text spells, whole ones as int; None for what is no plain number."""
    text = str(value)
    if isinstance(value, bool) or _NUMBER.fullmatch(text) is None:
        return None
    try:
        return int(text)
    except ValueError:
        number = float(text)
    if not math.isfinite(number):
        return None
    return int(number) if number.is_integer() else number


def _a(kind: Type) -> str:
    name = kind.value.replace("_", " ")
    return "of unknown type" if kind is Type.UNKNOWN else f"{'an' if name[0] in 'aeio' else 'a'} {name}"
