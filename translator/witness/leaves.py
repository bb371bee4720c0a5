"""What a leaf asks, in the few terms that witnesses are made from, and where in an event its answer stands.

A new kind of leaf is one more case of `asked`; everything else about witnesses follows from what that says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from enum import Enum
from typing import assert_never

from translator import logic
from translator.logic import Formula, RangeOp
from translator.meaning import Folding, Refused, flattened, metadata
from translator.meaning.keyword import asked as spelled
from translator.meaning.query_string import Occur, clauses
from translator.meaning.spelled import prefix_network
from translator.schema import EXACT_TEXT, Ask, Field, FieldPattern, FieldRef, Schema, Type
from translator.values import Pattern, Scalar, Wild, pattern, show
from translator.witness.regexes import samples
from translator.witness.shapes import Shape

#: Of a field pattern's fields only so many are given values.
_FEW = 3


class How(Enum):
    """The way in which a leaf looks at values."""

    VALUE = "value"
    WORDS = "words"
    PHRASE = "phrase"
    SHAPE = "shape"
    EXISTS = "exists"
    BOUNDS = "bounds"
    #: Two fields are compared with each other.
    SAME = "same"
    #: Nothing is known but what `Asked.examples` and `Asked.beside` say.
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Asked:
    """``value`` is compared as ``how`` says; ``patterns`` are the texts that are looked for, one of them being enough.

    ``query_string`` says that blanks in a pattern part what is looked for; ``raw`` that values are compared as an event
    spells them, whatever the field's type. ``examples`` are texts that should answer yes, ``beside`` others that should
    not. No field: it is looked for everywhere.
    """

    fields: tuple[Field, ...]
    how: How
    value: Scalar = None
    patterns: tuple[Pattern, ...] = ()
    bounds: tuple[tuple[RangeOp, Scalar], ...] = ()
    folding: Folding = Folding.NONE
    query_string: bool = False
    raw: bool = False
    examples: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


def asked(leaf: Formula) -> Asked:
    """What ``leaf`` asks. A field pattern's question is that of its first field."""
    match leaf:
        case logic.Exists(field):
            return Asked((field,), How.EXISTS, patterns=((Wild.ANY,),))
        case logic.Equals(field, value, cased):
            return Asked((field,), How.VALUE, value, _whole(value), folding=_folding(cased))
        case logic.Words(field, value):
            return Asked((field,), How.WORDS, value, _whole(value))
        case logic.Phrase(field, value):
            return Asked((field,), How.PHRASE, value, _whole(value))
        case logic.Matches(field, shape, cased):
            sent = cased and (isinstance(field, FieldPattern) or field.ask is not Ask.TERM)
            return Asked((field,), How.SHAPE, None, (shape,), folding=_folding(cased), query_string=sent)
        case logic.Compare(field, op, value, also):
            return Asked((field,), How.BOUNDS, bounds=((op, value), *([also] if also else [])))
        case logic.Search(value, phrase):
            return Asked((), How.PHRASE if phrase else How.WORDS, value, _whole(value))
        case logic.SearchPattern(shape):
            return Asked((), How.SHAPE, None, (shape,), query_string=True)
        case logic.Like(field, pattern_) if field.type is Type.IP and (network := prefix_network(pattern_)) is not None:
            return Asked((field,), How.VALUE, network)
        case logic.Like(field, pattern_, cased):
            return Asked((field,), How.SHAPE, patterns=(pattern_,), folding=_folding(cased), raw=True)
        case logic.Regex(field, expression, flags):
            return Asked((field,), How.OTHER, expression, raw=True, examples=samples(expression, flags))
        case logic.Numeric(field, op, number):
            return Asked((field,), How.BOUNDS, bounds=((op, number),), raw=True)
        case logic.InNetwork(field, network):
            return Asked((replace(field, type=Type.IP),), How.VALUE, network)
        case logic.SameAs(field, other, _, cased):
            return Asked((field, other), How.SAME, folding=_folding(cased), raw=True)
        case logic.DatePart(field, unit, number):
            moments, beside = _moments(unit, number)
            return Asked((field,), How.OTHER, f"{unit.value} {number}", raw=True, examples=moments, beside=beside)
        case logic.Anywhere(pattern_, cased):
            return Asked((), How.SHAPE, patterns=(_inside(pattern_),), folding=_folding(cased), raw=True)
        case logic.AnywhereRegex(expression, flags):
            return Asked((), How.OTHER, expression, raw=True, examples=samples(expression, flags))
        case logic.AnyField(items):
            inner = [asked(_innermost(item)) for item in items]
            return replace(inner[0], fields=tuple(field for each in inner for field in each.fields))
        case logic.And() | logic.Or() | logic.Not() | logic.Within() | logic.Everything():
            raise AssertionError(f"no leaf: {leaf}")
        case _:
            assert_never(leaf)


def in_words(leaf: Formula) -> str:
    """What a leaf asks, in a line for people."""
    question = asked(leaf)
    name = question.fields[0].path if question.fields else "any field"
    if len(question.fields) > 1 and question.how is not How.SAME:
        name = f"{name} or {len(question.fields) - 1} more"
    match question.how:
        case How.EXISTS:
            return f"{name}: *"
        case How.BOUNDS:
            return " and ".join(f"{name} {op.value} {value}" for op, value in question.bounds)
        case How.SAME:
            return f"{name} = {question.fields[1].path}"
        case How.OTHER:
            return f"{name}: {question.value}"
        case _:
            said = " or ".join(show(each) for each in question.patterns) or str(question.value)
            quoted = question.how is not How.SHAPE and (not said or said != said.strip() or set(said) & set(' *?"'))
            folded = "" if question.folding is Folding.NONE else " in any letter case"
            return f"{name}: {json.dumps(said, ensure_ascii=False) if quoted else said}{folded}"


def _moments(unit: logic.DateUnit, number: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Moments of which this is the part, and the nearest of which it is not, where there are such."""

    def spelled_moment(said: int) -> str | None:
        try:
            match unit:
                case logic.DateUnit.WEEK:
                    at = datetime.combine(date.fromisocalendar(2020, said, 3), time(12, 30))
                case _:
                    parts = {"year": 2024, "month": 1, "day": 15, "hour": 12, "minute": 30, unit.value: said}
                    at = datetime(parts["year"], parts["month"], parts["day"], parts["hour"], parts["minute"])
        except (ValueError, OverflowError):
            return None
        return f"{at.isoformat()}Z"

    found = [spelled_moment(each) for each in (number, number - 1, number + 1)]
    return tuple(each for each in found[:1] if each), tuple(each for each in found[1:] if each)


def _innermost(formula: Formula) -> Formula:
    while isinstance(formula, logic.Within):
        formula = formula.body
    return formula


def _whole(value: Scalar) -> tuple[Pattern, ...]:
    return () if value is None else (pattern([spelled(value)]),)


def _inside(part: Pattern) -> Pattern:
    """The shape of what contains ``part``."""
    start = () if part[:1] == (Wild.ANY,) else (Wild.ANY,)
    end = () if part[-1:] == (Wild.ANY,) else (Wild.ANY,)
    return (*start, *part, *end) if part else (Wild.ANY,)


def _folding(cased: bool) -> Folding:
    return Folding.NONE if cased else Folding.SIGMA


def shape_anywhere(question: Asked) -> Shape | None:
    """The texts that answer yes to what is looked for everywhere, where it is compared as the event spells it."""
    known = question.raw and not question.fields and question.patterns
    return Shape(question.patterns, question.folding) if known else None


def shape(question: Asked, field: FieldRef) -> Shape | None:
    """The texts that answer yes, where the field compares whole texts and nothing else has a say."""
    if question.raw:
        return Shape(question.patterns, question.folding) if question.patterns and field.type is not Type.IP else None
    plain = not (field.details.normalizer or field.details.split_queries_on_whitespace)
    if field.type not in EXACT_TEXT or field.type is Type.CONSTANT_KEYWORD or not plain:
        return None
    match question.how:
        case How.SHAPE if question.query_string:
            words = words_of(question.patterns[0])
            return None if words is None else Shape(words, question.folding)
        case How.SHAPE:
            return Shape(tuple(each for each in question.patterns if each), question.folding)
        case How.VALUE | How.WORDS | How.PHRASE | How.EXISTS if question.patterns:
            return Shape(question.patterns, question.folding)
        case _:
            return None


def words_of(query: Pattern) -> tuple[Pattern, ...] | None:
    """The patterns of which a ``query_string`` wants one; None where it says more than that."""
    try:
        found = clauses(query)
    except Refused:
        return None
    if any(clause.occur is not Occur.SHOULD for clause in found):
        return None
    return tuple(clause.words for clause in found)


@dataclass(frozen=True, slots=True)
class Places:
    """Where the values stand that decide a leaf, as paths inside what it is asked of.

    ``likely`` are where a value that answers yes may be put; any other path that ``reach`` fits counts too. If
    ``closed``, nothing else can answer yes.
    """

    likely: tuple[str, ...]
    reach: re.Pattern[str] | None = None
    closed: bool = True

    def touches(self, path: str) -> bool:
        """Whether a value at ``path`` has a say."""
        return path in self.likely or (self.reach is not None and self.reach.match(path) is not None)


def places(leaf: Formula, scope: str | None, schema: Schema) -> Places:
    """Where the answer to ``leaf`` stands in an event, or in an object under ``scope``."""
    question = asked(leaf)
    if not question.fields:
        return Places((_default_place(schema),), re.compile(""), closed=False) if scope is None else Places(())
    if question.how is How.SAME:
        return Places(tuple(path for field in question.fields for path in _paths(field, scope)), closed=False)
    found = [_of_field(field, question, scope, schema) for field in question.fields[:_FEW]]
    likely = tuple(dict.fromkeys(path for each in found for path in each.likely))
    rest = [path for field in question.fields[_FEW:] for path in _paths(field, scope)]
    reaches = [each.reach.pattern for each in found if each.reach] + [rf"{re.escape(path)}\Z" for path in rest]
    reach = re.compile("|".join(f"(?:{each})" for each in reaches)) if reaches else None
    return Places(likely, reach, all(each.closed for each in found) and not rest)


def _of_field(field: Field, question: Asked, scope: str | None, schema: Schema) -> Places:
    if field.path in metadata.NAMES:
        return Places(())
    inside = f"{scope}." if scope else ""
    if "*" in field.path or isinstance(field, FieldPattern):
        name = field.path.removeprefix(inside)
        shape = ".*".join(re.escape(each) for each in name.split("*"))
        foreign = scope is not None and not field.path.startswith(inside)
        return Places(
            () if foreign else (name.replace("*", "x"),), re.compile(rf"{shape}(?:\..*)?\Z", re.DOTALL), closed=False
        )
    if field.type is Type.OBJECT and question.how is not How.EXISTS:
        return Places(())
    own = tuple(_paths(field, scope))
    if question.how is How.EXISTS and _holds_others(field, schema):
        if scope and not field.path.startswith(inside):
            return Places(())
        name = field.path.removeprefix(inside)
        below = next((each for each in schema.fields if each.startswith(f"{field.path}.")), f"{field.path}.x")
        itself = () if field.type is Type.OBJECT else own
        return Places(
            (*itself, below.removeprefix(inside)), re.compile(rf"{re.escape(name)}\..*", re.DOTALL), closed=False
        )
    return Places(own)


def _holds_others(field: FieldRef, schema: Schema) -> bool:
    return field.type in (Type.OBJECT, Type.UNKNOWN) or bool(schema.unlisted and field.path not in schema.fields)


def _paths(field: Field, scope: str | None) -> Iterator[str]:
    """The paths of the field's values as seen from ``scope``: none for what lies in another object."""
    if isinstance(field, FieldPattern) or field.type in (Type.NESTED, Type.UNMAPPED):
        return
    place = flattened.root(field) if flattened.is_key(field) else field
    if scope is None:
        if field.nested is None or field.details.in_root:
            yield from place.reads
    elif field.nested in (None, scope):
        yield from (path.removeprefix(f"{scope}.") for path in place.reads if path.startswith(f"{scope}."))


def _default_place(schema: Schema) -> str:
    """Where a text goes that is looked for everywhere."""
    named = [name for name in schema.default_fields if "*" not in name]
    if named:
        return named[0].partition("^")[0]
    if "message" in schema or not schema.fields:
        return "message"
    texts = (name for name, each in schema.fields.items() if each.type in EXACT_TEXT and each.nested is None)
    return next(texts, "message")
