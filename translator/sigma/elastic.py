"""What only Sigma asks, as Elasticsearch can ask it: logic -> logic, with what that loses.

Elasticsearch compares by a field's type, Sigma compares what an event spells. On texts that are not analysed both are
one question. On analysed text a word inside a value is found by its pattern, and all else is asked by its words, which
is a declared loss; an address that begins so is a network. Keywords become Elasticsearch's search in all fields, which
is a declared loss.

Refused, whatever is allowed: one field compared with another; parts of dates; patterns on numbers, booleans and dates;
regular expressions, but in Query DSL, on texts that are not analysed, where Lucene has one that says the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import assert_never

from translator import logic, values
from translator.dsl import regexp
from translator.errors import Code, Diagnostic, TranslatorError, diagnose
from translator.expressions.reader import Irregular, Unreadable
from translator.ledger import Effect, Loss, lose
from translator.meaning.spelled import prefix_network
from translator.meaning.text import tokens
from translator.schema import ANALYSED_TEXT, EXACT_TEXT, Ask, FieldRef, Type
from translator.source import Source, Span
from translator.values import Pattern, Wild

#: Characters that the standard analyzer never parts from one another.
_WORD = re.compile(r"[A-Za-z0-9_]*[A-Za-z0-9][A-Za-z0-9_]*")

#: Where a ``query_string`` parts words.
_BLANKS = re.compile("[ \t\r\n\u3000]+")


@dataclass(frozen=True, slots=True)
class Asked:
    """A formula of nothing but what Elasticsearch asks (and regular expressions), and what it does not say."""

    formula: logic.Formula
    losses: tuple[Loss, ...] = ()


def ask(formula: logic.Formula, source: Source, *, regexes: bool) -> Asked:
    """Say ``formula`` in Elasticsearch's questions; ``regexes`` says whether the target has regular expressions.

    Raises TranslatorError with every part that it cannot ask, whatever is allowed.
    """
    if not any(isinstance(node, (logic.SigmaLeaf, logic.Keyword)) for node in logic.walk(formula)):
        return Asked(formula)
    writer = _Writer(source, regexes=regexes)
    said = writer.formula(formula, False)
    if writer.impossible:
        raise TranslatorError(writer.impossible)
    return Asked(said, tuple(writer.losses))


class _Writer:
    """Carries the losses and the refusals through the walk."""

    def __init__(self, source: Source, *, regexes: bool) -> None:
        self.source = source
        self.regexes = regexes
        self.losses: list[Loss] = []
        self.impossible: list[Diagnostic] = []

    def formula(self, formula: logic.Formula, negated: bool) -> logic.Formula:
        match formula:
            case logic.And(items) | logic.Or(items) | logic.AnyField(items):
                return replace(formula, items=tuple(self.formula(item, negated) for item in items))
            case logic.Not(item):
                return replace(formula, item=self.formula(item, not negated))
            case logic.Within(_, body):
                return replace(formula, body=self.formula(body, negated))
            case logic.Everything() | logic.Search() | logic.SearchPattern():
                return formula
            case logic.Exists() | logic.Equals() | logic.Words() | logic.Phrase() | logic.Matches() | logic.Compare():
                return formula
            case logic.Like():
                return self.like(formula, negated)
            case logic.Regex():
                return self.regex(formula)
            case logic.Numeric():
                return self.numeric(formula, negated)
            case logic.InNetwork():
                return self.network(formula, negated)
            case logic.SameAs(field, other):
                said = f"Elasticsearch cannot compare {field.path} with {other.path} of the same event."
                return self.refuse(Code.FIELDS_COMPARED, said, formula, "write to the matcher or to sigma")
            case logic.DatePart(field, unit):
                said = f"Elasticsearch cannot ask for the {unit.value} of {field.path} without a script."
                return self.refuse(Code.DATE_PART, said, formula, "write to the matcher or to sigma")
            case logic.Anywhere():
                return self.anywhere(formula, negated)
            case logic.AnywhereRegex():
                said = "Elasticsearch cannot search all fields for a regular expression."
                return self.refuse(Code.REGEX, said, formula, "name the field")
            case _:
                assert_never(formula)

    def like(self, leaf: logic.Like, negated: bool) -> logic.Formula:
        field = leaf.field
        match field.type:
            case Type.IP if (network := prefix_network(leaf.pattern)) is not None:
                return logic.Words(field, network, span=leaf.span)
            case Type.VERSION:
                return _whole(replace(field, ask=Ask.TERM), leaf)
            case Type.FLATTENED if field.details.key_of is None:
                return _whole(replace(field, ask=Ask.TERM), leaf)
            case Type.FLATTENED:
                return self.key(leaf, negated)
            case kind if kind in EXACT_TEXT:
                return _whole(replace(field, ask=Ask.TERM), leaf)
            case kind if kind in ANALYSED_TEXT:
                return self.words(leaf, negated)
            case kind:
                shown = values.show(leaf.pattern)
                said = f'Elasticsearch cannot compare {field.path}, which is {_a(kind)}, with "{shown}".'
                return self.refuse(Code.TEXT_COMPARED, said, leaf, "write a value of that type")

    def words(self, leaf: logic.Like, negated: bool) -> logic.Formula:
        """On analysed text."""
        field, pattern = leaf.field, leaf.pattern
        match pattern:
            case (Wild.ANY, str(word), Wild.ANY) if _WORD.fullmatch(word) and field.details.analyzer == "standard":
                if leaf.cased and word.lower() != word.upper():
                    said = f"{field.path} is analysed text, in which letter case does not count."
                    self.lose(Code.CASE, said, Effect.WIDER, leaf.span, negated)
                return logic.Matches(field, pattern, span=leaf.span)
        said = f"{field.path} is analysed text: Elasticsearch compares its words, Sigma the characters."
        self.lose(Code.TOKENS, said, Effect.MIXED, leaf.span, negated)
        texts = [part for part in pattern if isinstance(part, str)]
        phrases = [logic.Phrase(field, text, span=leaf.span) for text in texts if tokens(text)]
        if not phrases:
            return logic.Exists(field, span=leaf.span)
        return phrases[0] if len(phrases) == 1 else logic.And(tuple(phrases), span=leaf.span)

    def key(self, leaf: logic.Like, negated: bool) -> logic.Formula:
        """On a key of a flattened field, which takes whole values and beginnings."""
        field = leaf.field
        match leaf.pattern:
            case () | (str(),):
                if not leaf.cased:
                    said = f"Elasticsearch folds the letters of {field.path}'s own name with those of its value."
                    self.lose(Code.TEXT_COMPARED, said, Effect.WIDER, leaf.span, negated)
                return _whole(replace(field, ask=Ask.TERM), leaf)
            case (str(start), Wild.ANY):
                if not leaf.cased and start.lower() != start.upper():
                    said = f"Elasticsearch minds letter case at the beginning of {field.path}."
                    self.lose(Code.CASE, said, Effect.NARROWER, leaf.span, negated)
                return logic.Matches(field, leaf.pattern, span=leaf.span)
            case _:
                said = f"Elasticsearch takes no pattern but a beginning for {field.path}, a key of a flattened field."
                return self.refuse(Code.TEXT_COMPARED, said, leaf, "write whole values")

    def regex(self, leaf: logic.Regex) -> logic.Formula:
        if not self.regexes:
            return self.refuse(
                Code.REGEX,
                "KQL has no regular expressions.",
                leaf,
                "write to dsl, or say it with contains and wildcards",
            )
        if leaf.field.type not in EXACT_TEXT or leaf.field.details.normalizer:
            how = "normalizes" if leaf.field.type in EXACT_TEXT else "does not keep"
            said = f"Elasticsearch {how} the texts of {leaf.field.path}, so it cannot search them for the expression."
            return self.refuse(Code.REGEX, said, leaf, "ask a field of type keyword or wildcard")
        try:
            regexp.written(leaf.expression, leaf.flags)
        except (Irregular, Unreadable, regexp.Inexpressible) as error:
            said = f"Elasticsearch cannot search for this expression: {error}."
            return self.refuse(Code.REGEX, said, leaf, "say it with contains and wildcards, or write to the matcher")
        return leaf

    def numeric(self, leaf: logic.Numeric, negated: bool) -> logic.Formula:
        field = leaf.field
        if field.type is Type.UNKNOWN and self.regexes:
            return logic.Compare(field, leaf.op, leaf.number, span=leaf.span)
        if field.type not in EXACT_TEXT:
            said = f"Elasticsearch cannot compare {field.path}, which is {_a(field.type)}, with a number."
            return self.refuse(Code.TEXT_COMPARED, said, leaf, "ask a field that is a number")
        said = f"Elasticsearch compares {field.path} as a text: 10 comes before 9."
        self.lose(
            Code.TEXT_COMPARED, said, Effect.MIXED, leaf.span, negated, "give the field's type with --schema FILE"
        )
        return logic.Compare(field, leaf.op, str(leaf.number), span=leaf.span)

    def network(self, leaf: logic.InNetwork, negated: bool) -> logic.Formula:
        """On texts, version 4 by what its addresses begin with; on what is not known as on an address."""
        field, span = leaf.field, leaf.span
        remedy = "give the field's type with --schema FILE"
        if field.type is Type.UNKNOWN:
            said = f"The schema does not know {field.path}: Elasticsearch finds its addresses only if it is an ip."
            self.lose(Code.TEXT_COMPARED, said, Effect.NARROWER, span, negated, remedy)
            return logic.Words(replace(field, ask=Ask.MATCH), leaf.network, span=span)
        network = ip_network(leaf.network)
        if field.type not in EXACT_TEXT or isinstance(network, IPv6Network):
            said = f"Elasticsearch cannot look for the network {network} in {field.path}, which is {_a(field.type)}."
            return self.refuse(Code.TEXT_COMPARED, said, leaf, "ask a field that is an ip")
        said = f"{field.path} is a text: Elasticsearch compares what it begins with, also where it is no address."
        self.lose(Code.TEXT_COMPARED, said, Effect.WIDER, span, negated, remedy)
        asked = replace(field, ask=Ask.TERM)
        shapes = [_beginning(part) for part in network.subnets(new_prefix=-(-network.prefixlen // 8) * 8)]
        parts = tuple(_whole(asked, logic.Like(asked, shape, True, span=span)) for shape in shapes)
        return parts[0] if len(parts) == 1 else logic.Or(parts, span=span)

    def anywhere(self, leaf: logic.Anywhere, negated: bool) -> logic.Formula:
        said = (
            "Elasticsearch searches each field by its type, and texts by their words; a keyword is any part of a value."
        )
        self.lose(Code.SEARCH, said, Effect.MIXED, leaf.span, negated, "name the field")
        match leaf.pattern:
            case (str(text),):
                return logic.Search(text, phrase=True, span=leaf.span)
            case _:
                return logic.SearchPattern(_unparted((Wild.ANY, *leaf.pattern, Wild.ANY)), span=leaf.span)

    def refuse(self, code: Code, message: str, leaf: logic.Formula, hint: str) -> logic.Formula:
        self.impossible.append(diagnose(code, message, self.source, leaf.span, hint))
        return leaf

    def lose(
        self, code: Code, message: str, effect: Effect, span: Span, negated: bool, remedy: str | None = None
    ) -> None:
        effect = effect.under_not() if negated else effect
        self.losses.append(lose(code, message, effect, self.source, span, remedy))


def _whole(field: FieldRef, leaf: logic.Like) -> logic.Formula:
    """The whole value, of a type that Elasticsearch compares so."""
    if any(isinstance(part, Wild) for part in leaf.pattern):
        return logic.Matches(field, leaf.pattern, leaf.cased, span=leaf.span)
    return logic.Equals(field, "".join(map(str, leaf.pattern)), leaf.cased, span=leaf.span)


def _unparted(pattern: Pattern) -> Pattern:
    """A pattern with a star for each blank, at which a ``query_string`` would part it."""
    found: list[str | Wild] = []
    for part in pattern:
        pieces: list[str | Wild] = [part]
        if isinstance(part, str):
            first, *more = _BLANKS.split(part)
            pieces = [first, *(each for text in more for each in (Wild.ANY, text))]
        found.extend(pieces)
    return collapsed(found)


def collapsed(parts: list[str | Wild]) -> Pattern:
    """The pattern of ``parts``, without two stars in a row."""
    kept: list[str | Wild] = []
    for part in parts:
        if part != "" and not (part is Wild.ANY and kept[-1:] == [Wild.ANY]):
            kept.append(part)
    return values.pattern(kept)


def _beginning(network: IPv4Network) -> Pattern:
    """What the addresses of a network begin with whose prefix is whole octets."""
    octets = str(network.network_address).split(".")[: network.prefixlen // 8]
    if len(octets) == 4:
        return (".".join(octets),)
    return (f"{'.'.join(octets)}.", Wild.ANY) if octets else (Wild.ANY, ".", Wild.ANY, ".", Wild.ANY, ".", Wild.ANY)


def _a(kind: Type) -> str:
    name = kind.value.replace("_", " ")
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
