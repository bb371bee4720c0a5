"""A formula in the Sigma that one target's backend says right, with what it cannot say.

The same questions are put another way where a backend would lose them in silence: a text as an expression, a number as
two bounds, existence as null, ``not`` at the leaves and true of a missing field. What no other way says is a loss.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_interface
from typing import assert_never

from translator import logic
from translator.backends._pysigma_dialects import Dialect, Existence, Flag, Truth, is_list
from translator.backends._pysigma_spelling import (
    LUCENE_WORDS,
    Engine,
    How,
    Inexpressible,
    Lost,
    Spelling,
    expression,
    search,
)
from translator.errors import Code, Diagnostic, TranslatorError, diagnose
from translator.ledger import Effect, Loss, lose
from translator.meaning.text import tokens
from translator.schema import ANALYSED_TEXT, FieldRef, Type
from translator.sigma.detection import All, Item, No, Part, Some
from translator.sigma.gathering import gather
from translator.sigma.leaves import Leaves
from translator.source import Source, Span
from translator.values import Pattern, Wild, pattern, show

#: Values that are equal to nothing where the field is missing, and not unequal either, if only those are.
_NUMERIC = frozenset({"", "gt", "gte", "lt", "lte", "address", "cidr"})


@dataclass(frozen=True, slots=True)
class Worded:
    """What to hand over, and what it loses. ``apart`` says that values must not be joined into lists."""

    part: Part
    losses: tuple[Loss, ...]
    apart: bool


def word(
    formula: logic.Formula, dialect: Dialect, source: Source, *, mapped: bool = False, exact: bool = False
) -> Worded:
    """Say ``formula`` for ``dialect``; ``source`` is the text that its spans point into.

    ``mapped`` says that a pipeline gives the fields other names; ``exact`` has letter case that does not matter written
    out as an expression where the target minds it, rather than lost.

    Raises TranslatorError with every part that the target cannot say, not even with a loss.
    """
    writer = _Writer(dialect, source, None if mapped else re.compile(dialect.names), exact)
    part = writer.part(formula, False)
    if found := [*writer.leaves.impossible, *writer.impossible]:
        raise TranslatorError(dict.fromkeys(found))
    losses = dict.fromkeys([*writer.leaves.losses, *writer.losses])
    # Values that differ in letter case are two while they are gathered; then the target needs no word for that.
    gathered = _uncased(gather(part)) if dialect.minds else gather(part)
    return Worded(gathered, tuple(losses), writer.apart)


class _Writer:
    """Carries the losses and the refusals through the walk."""

    def __init__(self, dialect: Dialect, source: Source, names: re.Pattern[str] | None, exact: bool) -> None:
        self.dialect = dialect
        self.source = source
        self.names = names
        self.exact = exact
        self.leaves = Leaves(source)
        self.losses: list[Loss] = []
        self.impossible: list[Diagnostic] = []
        self.apart = False
        self.span = Span(0, 0)
        #: Where ``not`` is asked of each leaf, since it is not the complement of what holds a missing field.
        self.inward = dialect.truth is not Truth.TWO_VALUED

    def part(self, formula: logic.Formula, negated: bool) -> Part:
        """``formula``; or, where ``not`` goes inward and ``negated``, what is true where it is false."""
        match formula:
            case logic.And(items) if any(not isinstance(item, logic.Everything) for item in items):
                said = [self.part(item, negated) for item in items if not isinstance(item, logic.Everything)]
                return self.joined(All, said, negated)
            case logic.Or(items) | logic.AnyField(items):
                return self.joined(Some, [self.part(item, negated) for item in items], negated)
            case logic.Not(item):
                inner = self.part(item, not negated)
                return inner if self.inward else self.negation(inner)
            case _:
                self.span = formula.span
                self.check(formula)
                if self.dialect.analyses and (words := _words(formula)) is not None:
                    return self.put(words, negated)
                return self.put(self.leaves.part(formula, negated), negated)

    def joined(self, kind: type[All] | type[Some], parts: Iterable[Part], negated: bool) -> Part:
        if self.inward and negated:
            kind = Some if kind is All else All
        return kind(tuple(parts))

    def check(self, formula: logic.Formula) -> None:
        """An object has no value that another product could look at; nor has a name that cannot be written."""
        if (
            self.names is not None
            and isinstance(formula, logic.Leaf)
            and self.names.fullmatch(formula.field.path) is None
        ):
            self.refuse(
                f"pySigma's backend writes the name {formula.field.path} as something else.",
                "write with --profile portable, or give a pipeline that names the target's fields (-p)",
                Code.FIELD_NAME,
            )
        match formula:
            case logic.Exists(FieldRef(path, type=Type.OBJECT | Type.NESTED)):
                self.refuse(
                    f"Only Elasticsearch knows whether the object {path} has any field.", "name one of its fields"
                )

    def put(self, part: Part, negated: bool) -> Part:
        match part:
            case All(parts):
                return self.joined(All, [self.put(each, negated) for each in parts], negated)
            case Some(parts):
                return self.joined(Some, [self.put(each, negated) for each in parts], negated)
            case No(inner):
                said = self.put(inner, not negated)
                return said if self.inward else self.negation(said)
            case Item():
                return self.item(part, negated)
            case _:
                assert_never(part)

    def item(self, item: Item, negated: bool) -> Part:
        if (
            item.field is not None
            and self.dialect.lists is not None
            and is_list(item.field)
            and item.operator not in ("exists", "null")
        ):
            effect = self.dialect.lists
            self.lose(
                Code.LISTS,
                f"{item.field} may hold a list, and the target compares it as one value.",
                effect if self.dialect.truth is Truth.THREE_VALUED else None,
                effect,
                negated,
            )
        if item.field is None:
            message = "What keywords are looked for in, and how, is up to the product."
            self.lose(Code.SEARCH, message, Effect.MIXED, Effect.MIXED, negated)
            return No(item) if self.inward and negated else item
        first, *more = item.operator.split("|")
        match first:
            case "exists" | "null":
                there = first == "exists" and item.values[0] is True
                return self.existence(item.field, there is not (self.inward and negated))
            case "text":
                said = self.texts(item, negated)
            case "address" | "cidr":
                said = self.addresses(item, negated)
            case "":
                said = self.plain(item, negated)
            case "re":
                said = self.expressions(item, "".join(more), negated)
            case "fieldref" | "cased":
                said = self.compared(item, negated)
            case "gt" | "gte" | "lt" | "lte":
                said = item
            case _:
                message = f"The product's own clock and format decide which {first} {item.field} has."
                self.lose(Code.DATE_PART, message, Effect.MIXED, Effect.MIXED, negated)
                said = item
        return self.complement(said, item) if self.inward and negated else said

    def complement(self, said: Part, item: Item) -> Part:
        """True where ``said`` is false, and where the field is missing."""
        if item.field is None:
            return No(said)
        if self.dialect.truth is not Truth.THREE_VALUED and item.operator not in _NUMERIC:
            return self.negation(said)
        asked = [item.field, *(str(value) for value in item.values if "fieldref" in item.operator)]
        return Some((*(self.existence(field, False) for field in asked), No(said)))

    def existence(self, field: str | None, there: bool) -> Part:
        exists, absent = Item(field, "exists", (True,)), Item(field, "null", (None,))
        match self.dialect.existence:
            case Existence.EXISTS:
                return exists if there else Item(field, "exists", (False,))
            case Existence.NEGATED:
                return exists if there else No(exists)
            case Existence.NULL:
                return No(absent) if there else absent
            case Existence.NULL_IF_ABSENT:
                return exists if there else absent
            case _:
                assert_never(self.dialect.existence)

    def negation(self, part: Part) -> Part:
        """``not`` of a part; never of another ``not``, nor of existence, which some backends write twice."""
        match part:
            case No(Item(field, "null")):
                return self.existence(field, False)
            case No(inner):
                return inner
            case Item(field, "exists", values):
                return self.existence(field, values[0] is False)
            case Item(field, "null"):
                return self.existence(field, True)
            case _:
                return No(part)

    def texts(self, item: Item, negated: bool) -> Part:
        """The values by the form that each takes."""
        found: dict[How, list[Pattern]] = {}
        for value in item.values:
            if isinstance(value, tuple):
                spelled = self.spelled(value, item.cased)
                if spelled.impossible is not None:
                    self.refuse(
                        f"The target cannot ask for {show(value)}: {spelled.impossible}.",
                        "leave this value to another target",
                    )
                for lost in spelled.lost:
                    self.lose_said(lost, negated)
                found.setdefault(spelled.how, []).append(value)
        parts = [each for how, values in found.items() for each in self.form(item, how, values)]
        if len(parts) == 1:
            return parts[0]
        return All(tuple(parts)) if item.every else Some(tuple(parts))

    def spelled(self, value: Pattern, cased: bool) -> Spelling:
        """How the dialect spells a text; with no case lost, if that is asked for and can be."""
        spelled = self.dialect.text(value, cased)
        narrows = [each for each in spelled.lost if each.code is Code.CASE and each.effect is Effect.NARROWER]
        if not (self.exact and self.dialect.minds and narrows) or spelled.impossible is not None:
            return spelled
        try:
            expression(value, self.dialect.engine, folded=True)
        except Inexpressible:
            return spelled
        return Spelling(How.FOLDED, tuple(each for each in spelled.lost if each not in narrows))

    def form(self, item: Item, how: How, values: list[Pattern]) -> Iterator[Item]:
        every = item.every and len(values) > 1
        if how in (How.PLAIN, How.CASED):
            self.apart |= how is How.CASED and self.dialect.apart
            cased = how is How.CASED or (self.dialect.minds and item.cased)
            yield replace(item, values=tuple(values), cased=cased, every=every)
            return
        try:
            said = tuple(expression(value, self.dialect.engine, folded=how is How.FOLDED) for value in values)
        except Inexpressible as error:
            self.refuse(f"The target has no expression for a value: {error}.", "leave it to another target", Code.REGEX)
            return
        yield Item(item.field, "re", said, every=every)

    def expressions(self, item: Item, flags: str, negated: bool) -> Part:
        """A rule's own expressions, as the target's engine has to be given them."""
        engine = self.dialect.engine
        try:
            said = tuple(search(str(value), flags, engine) for value in item.values)
        except Inexpressible as error:
            self.refuse(f"The target has no such expression: {error}.", "leave it to another target", Code.REGEX)
            return item
        if engine is Engine.LUCENE_FOLDED:
            if any(char in text for text in said for char in '"/'):
                hint = "leave it to another target"
                self.refuse("pySigma's backend writes no quote and no slash of an expression right.", hint, Code.REGEX)
            if "i" not in flags:
                message = "The target's expressions mind no letter case; the rule's do."
                self.lose(Code.CASE, message, None, Effect.WIDER, negated)
        elif engine is Engine.UNKNOWN:
            message = "How the target reads regular expressions is not known here."
            self.lose(Code.REGEX, message, Effect.MIXED, Effect.MIXED, negated)
        return replace(item, operator="re", values=said)

    def compared(self, item: Item, negated: bool) -> Part:
        """Two fields; letter by letter everywhere but where the whole table minds no case."""
        cased = item.operator.startswith("cased")
        if cased == bool(self.dialect.options.get("collate_nocase")):
            effect = Effect.WIDER if cased else Effect.NARROWER
            message = "The target compares fields with each other " + ("in any case." if cased else "letter by letter.")
            self.lose(Code.FIELDS_COMPARED, message, None, effect, negated)
        return replace(item, operator=item.operator.removeprefix("cased|"))

    def addresses(self, item: Item, negated: bool) -> Part:
        self.apart |= self.dialect.apart
        networks = [ip_interface(str(value)).network for value in item.values]
        whole = [each.num_addresses > 1 for each in networks]
        newer = any(each.version == 6 for each in networks)
        if not self.dialect.networks or (newer and not self.dialect.version_6):
            effect = Effect.MIXED if any(whole) and not self.dialect.networks else Effect.NARROWER
            message = f"The target compares {item.field} as a text, and an address has more than one spelling."
            self.lose(Code.TEXT_COMPARED, message, None, effect, negated)
        if any(whole) and not self.dialect.networks:
            beginnings = [each for network in networks for each in _beginnings(str(network))]
            return self.texts(Item(item.field, "text", tuple(beginnings)), negated)
        if self.dialect.labels and item.field is not None and self.names is not None:
            return replace(item, field=re.sub(r"[^A-Za-z0-9_]", "_", item.field))
        return item

    def plain(self, item: Item, negated: bool) -> Part:
        """Numbers and truth values."""
        self.apart |= self.dialect.apart
        if isinstance(item.values[0], bool):
            match self.dialect.flag:
                case Flag.BOOLEAN:
                    return item
                case Flag.TEXT:
                    return Item(item.field, "text", tuple((str(value).lower(),) for value in item.values))
                case Flag.WRONG:
                    message = f"The target compares texts, and {item.field} is a truth value."
                    self.lose(Code.TEXT_COMPARED, message, Effect.MIXED, Effect.MIXED, negated)
                    return item
                case _:
                    assert_never(self.dialect.flag)
        if not self.dialect.bounds:
            return item
        parts = tuple(
            All((Item(item.field, "gte", (value,)), Item(item.field, "lte", (value,)))) for value in item.values
        )
        return parts[0] if len(parts) == 1 else Some(parts)

    def lose_said(self, lost: Lost, negated: bool) -> None:
        effect = lost.effect.under_not() if negated else lost.effect
        self.losses.append(lose(lost.code, lost.message, effect, self.source, self.span, lost.remedy))

    def lose(self, code: Code, message: str, under_not: Effect | None, effect: Effect, negated: bool) -> None:
        """A loss whose effect under ``not`` is the opposite one, if no other is said."""
        stated = (under_not or effect.under_not()) if negated else effect
        self.losses.append(lose(code, message, stated, self.source, self.span))

    def refuse(self, message: str, hint: str, code: Code = Code.TEXT_COMPARED) -> None:
        self.impossible.append(diagnose(code, message, self.source, self.span, hint))


def _words(formula: logic.Formula) -> Part | None:
    """A question for the words of a text field, in texts that Lucene asks so: None where it would ask otherwise."""
    match formula:
        case logic.Phrase(FieldRef(path, type=kind), value) if kind in ANALYSED_TEXT:
            found = [str(value)] if tokens(str(value)) else []
        case logic.Words(FieldRef(path, type=kind), value) if kind in ANALYSED_TEXT:
            found = [each.text for each in tokens(str(value))]
        case logic.Matches(FieldRef(path, type=kind), shape, cased=True) if kind in ANALYSED_TEXT:
            blank = any(char.isspace() for part in shape if isinstance(part, str) for char in part)
            return None if blank else Item(path, "text", (shape,), cased=True)
        case _:
            return None
    # Letter case is folded on both sides, so that there is none to mind.
    return Item(path, "text", tuple((_quoted(each),) for each in found), cased=True) if found else None


def _beginnings(network: str) -> Iterator[Pattern]:
    """What the addresses of a network begin with."""
    from sigma.types import SigmaCIDRExpression

    for each in SigmaCIDRExpression(network).expand("*"):
        yield pattern([each.removesuffix("*"), Wild.ANY]) if each.endswith("*") else (each.partition("/")[0],)


def _quoted(text: str) -> str:
    """The backend quotes a text with a blank, and a blank at its end is no word: so any text can be a phrase."""
    said = " ".join(text.split())
    bare = said.isascii() and said.isalnum() and said not in LUCENE_WORDS
    return said if bare or " " in said else f"{said} "


def _uncased(part: Part) -> Part:
    match part:
        case All(parts):
            return All(tuple(map(_uncased, parts)))
        case Some(parts):
            return Some(tuple(map(_uncased, parts)))
        case No(inner):
            return No(_uncased(inner))
        case Item():
            return replace(part, cased=False)
        case _:
            assert_never(part)
