"""Query DSL -> logic: what people put into Kibana's filters.

The clauses that ask a question a formula can ask are read exactly; every other clause, and every option that would
change a verdict, is refused at its place. Boosts and names change no verdict.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from translator import logic
from translator.dsl import lucene, regexp
from translator.dsl.emit import spell
from translator.dsl.wildcard import decode
from translator.errors import Code, Diagnostic, TranslatorError, diagnose
from translator.located import Located
from translator.meaning import Folding, Refused, Scope
from translator.schema import EXACT_TEXT, Ask, FieldPattern, FieldRef, Schema, Type
from translator.source import Span
from translator.values import Pattern, Scalar, Wild, pattern

#: Keys that change scores and names only.
_WITHOUT_EFFECT = frozenset({"boost", "_name", "rewrite"})

_BOUNDS = {"gt": logic.RangeOp.GT, "gte": logic.RangeOp.GTE, "lt": logic.RangeOp.LT, "lte": logic.RangeOp.LTE}

#: What dates are read by anyway, so that saying it changes nothing.
_USUAL_FORMATS = frozenset(
    {
        "strict_date_optional_time",
        "strict_date_optional_time||epoch_millis",
        "date_optional_time",
    }
)

#: Clauses that people use and no formula can ask, and what to write instead.
_INSTEAD = {
    "simple_query_string": "write the condition in the rule's KQL query",
    "fuzzy": "list the spellings",
    "script": "a script runs in Elasticsearch only; write the condition in the rule's query",
    "geo_bounding_box": "KQL and Sigma ask no geographic questions",
    "geo_distance": "KQL and Sigma ask no geographic questions",
    "geo_shape": "KQL and Sigma ask no geographic questions",
    "geo_polygon": "KQL and Sigma ask no geographic questions",
}
_OTHERS = "use match_phrase, term, terms, wildcard, prefix, range, exists, bool or nested"

_SCORE_MODES = ("none", "avg", "sum", "min", "max")


class DslReader:
    """Carries the schema and the findings. ``shift`` is added to the document's offsets to give a node's span."""

    def __init__(self, schema: Schema, shift: int = 0) -> None:
        self.schema = schema
        self.shift = shift
        self.found: list[Diagnostic] = []
        self.notes: list[Diagnostic] = []
        self.unknown: dict[str, Located] = {}

    def clause(self, dsl: Located, nested: str | None = None) -> logic.Formula:
        """What one clause asks; `Everything` stands in for one that was refused. ``nested`` is the object around it."""
        if not isinstance(dsl.value, dict):
            return self.refuse(dsl, "A query is a map with one clause.", "write `term: {field: value}`")
        names = [name for name in dsl.value if name not in _WITHOUT_EFFECT]
        if len(names) != 1:
            return self.refuse(dsl, f"A query has one clause, not {len(names)}.", "put several into one `bool`")
        (name,) = names
        body = dsl.at(name)
        readers: dict[str, Callable[[Located, str | None], logic.Formula]] = {
            "bool": self.boolean,
            "exists": self.exists,
            "match": self.match,
            "match_phrase": self.match_phrase,
            "multi_match": self.multi_match,
            "nested": self.nested,
            "prefix": self.prefix,
            "query_string": self.query_string,
            "range": self.ranged,
            "regexp": self.regexp,
            "term": self.term,
            "terms": self.terms,
            "wildcard": self.wildcard,
            "match_all": self.match_all,
            "match_none": self.match_none,
        }
        if name not in readers:
            return self.refuse(body, f"The clause {name} cannot be said as a formula.", _INSTEAD.get(name, _OTHERS))
        if not isinstance(body.value, dict):
            return self.refuse(body, f"The clause {name} takes a map.", "write `field: value` in braces")
        return readers[name](body, nested)

    def match_all(self, body: Located, _: str | None) -> logic.Formula:
        self.options(body, ())
        return logic.Everything(span=self.span(body))

    def match_none(self, body: Located, _: str | None) -> logic.Formula:
        self.options(body, ())
        return self.nothing(body)

    def nothing(self, at: Located) -> logic.Formula:
        """No event."""
        span = self.span(at)
        return logic.Not(logic.Everything(span=span), span=span)

    def boolean(self, body: Located, nested: str | None) -> logic.Formula:
        """All of ``must`` and ``filter``, none of ``must_not``, and as many of ``should`` as are asked for."""
        self.options(body, {"must", "filter", "should", "must_not", "minimum_should_match", "adjust_pure_negative"})
        if body.value.get("adjust_pure_negative", True) is not True:
            return self.refuse(body.at("adjust_pure_negative"), "It changes what must_not alone means.", "leave it out")
        wanted = [self.clause(each, nested) for key in ("must", "filter") for each in _listed(body.at(key))]
        choices = [self.clause(each, nested) for each in _listed(body.at("should"))]
        excluded = [self.clause(each, nested) for each in _listed(body.at("must_not"))]
        if not (wanted or choices or excluded):
            return logic.Everything(span=self.span(body))
        # Where nothing else is wanted, one of the choices is, whatever their minimum says.
        # Beside `must_not` alone, no choices are no condition.
        least = max(self.least(body), 1 if choices and not wanted else 0) if wanted or choices else 0
        parts = [*wanted, *self.chosen(choices, least, body)]
        parts += [logic.Not(each, span=each.span) for each in excluded]
        return conjunction(parts, self.span(body))

    def least(self, body: Located) -> int:
        """How many choices are asked for."""
        said = body.value.get("minimum_should_match", 0)
        number = int(said) if isinstance(said, str) and re.fullmatch(r"[0-9]{1,9}", said) else said
        if isinstance(number, int) and not isinstance(number, bool) and number >= 0:
            return number
        self.refuse(body.at("minimum_should_match"), "`minimum_should_match` is no plain number.", "write 1")
        return 0

    def chosen(self, choices: list[logic.Formula], number: int, body: Located) -> list[logic.Formula]:
        if number == 0:
            return []
        if number > len(choices):
            return [self.nothing(body)]
        if number == 1:
            return [choices[0] if len(choices) == 1 else logic.Or(tuple(choices), span=self.span(body.at("should")))]
        if number == len(choices):
            return choices
        self.refuse(
            body.at("minimum_should_match"),
            f"{number} of {len(choices)} conditions are no formula.",
            "write out the combinations",
        )
        return []

    def exists(self, body: Located, nested: str | None) -> logic.Formula:
        self.options(body, {"field"})
        name = body.value.get("field")
        if not isinstance(name, str) or not name:
            return self.refuse(body, "exists asks for one field.", "write `exists: {field: name}`")
        if "*" in name:
            return logic.Exists(FieldPattern(_stars(name)), span=self.span(body.at("field")))
        return logic.Exists(self.field(name, body.at("field"), nested), span=self.span(body.at("field")))

    def term(self, body: Located, nested: str | None) -> logic.Formula:
        found = self.field_and_value(body, nested, "value", {"case_insensitive"})
        if found is None:
            return logic.Everything()
        field, value, options, span = found
        cased = self.cased(body, options)
        return self.folding(logic.Equals(asked(field, Ask.TERM), value, cased=cased, span=span), body)

    def terms(self, body: Located, nested: str | None) -> logic.Formula:
        names = [name for name in body.value if name not in _WITHOUT_EFFECT]
        if len(names) != 1 or not isinstance(body.value[names[0]], list):
            return self.refuse(body, "terms takes one field and a list of values.", "write the values out")
        entries = body.at(names[0])
        field = asked(self.field(names[0], entries, nested), Ask.TERM)
        items = tuple(
            logic.Equals(field, value, span=self.span(each))
            for each in entries.items()
            if (value := self.scalar(each)) is not None
        )
        if not entries.value:
            return self.nothing(entries)
        return items[0] if len(items) == 1 else logic.Or(items, span=self.span(entries))

    def match(self, body: Located, nested: str | None) -> logic.Formula:
        found = self.field_and_value(body, nested, "query", {"type", "operator", "lenient"})
        if found is None:
            return logic.Everything()
        field, value, options, span = found
        if options.get("type") == "phrase":  # Kibana's phrase filter before version 7
            return logic.Phrase(asked(field, Ask.MATCH), value, span=span)
        if options.get("type", "boolean") != "boolean" or str(options.get("operator", "or")).lower() != "or":
            return self.refuse(
                body, "This form of match cannot be said as a formula.", "use match_phrase, or one match for each word"
            )
        return logic.Words(asked(field, Ask.MATCH), value, span=span)

    def match_phrase(self, body: Located, nested: str | None) -> logic.Formula:
        found = self.field_and_value(body, nested, "query", {"slop"})
        if found is None:
            return logic.Everything()
        field, value, options, span = found
        if options.get("slop", 0) != 0:
            return self.refuse(body, "A phrase with gaps (slop) cannot be said as a formula.", "leave `slop` out")
        return logic.Phrase(asked(field, Ask.MATCH), value, span=span)

    def multi_match(self, body: Located, _: str | None) -> logic.Formula:
        """Only the form that Kibana itself sends for a value without a field."""
        self.options(body, {"query", "type", "lenient"})
        kind, value = body.value.get("type", "best_fields"), self.scalar(body.at("query"))
        if kind not in ("phrase", "best_fields") or body.value.get("lenient") is not True:
            return self.refuse(body, "This form of multi_match cannot be said as a formula.", "name the field")
        return logic.Search(value, phrase=kind == "phrase", span=self.span(body))

    def query_string(self, body: Located, nested: str | None) -> logic.Formula:
        """Only the form that Kibana itself sends for a pattern: of one field, or of none."""
        self.options(body, {"query", "fields"})
        names, text = body.value.get("fields", []), body.value.get("query")
        known = isinstance(text, str) and spell(shape := decode(text)) == text != ""
        match names:
            case [] if known:
                return logic.SearchPattern(shape, span=self.span(body))
            case [str(name)] if known and "*" not in name:
                field = asked(self.field(name, body.at("fields"), nested), Ask.MATCH)
                return logic.Matches(field, shape, span=self.span(body))
        return self.refuse(body, "This query_string cannot be said as a formula.", "it is Lucene; write it in KQL")

    def wildcard(self, body: Located, nested: str | None) -> logic.Formula:
        said = body.value.values()
        key = "wildcard" if any(isinstance(each, dict) and "wildcard" in each for each in said) else "value"
        found = self.field_and_value(body, nested, key, {"case_insensitive"})
        if found is None:
            return logic.Everything()
        field, value, options, span = found
        if not isinstance(value, str):
            return self.refuse(body, "A pattern is a text.", "put quotes around it")
        shape = decode(value)
        cased = self.cased(body, options)
        return self.folding(logic.Matches(asked(field, Ask.TERM), shape, cased=cased, span=span), body)

    def prefix(self, body: Located, nested: str | None) -> logic.Formula:
        found = self.field_and_value(body, nested, "value", {"case_insensitive"})
        if found is None:
            return logic.Everything()
        field, value, options, span = found
        shape = pattern([str(value), Wild.ANY])
        cased = self.cased(body, options)
        return self.folding(logic.Matches(asked(field, Ask.TERM), shape, cased=cased, span=span), body)

    def regexp(self, body: Located, nested: str | None) -> logic.Formula:
        """Lucene compares its expression with the whole value."""
        found = self.field_and_value(body, nested, "value", {"case_insensitive", "flags", "max_determinized_states"})
        if found is None:
            return logic.Everything()
        field, value, options, span = found
        if not isinstance(value, str):
            return self.refuse(body, "An expression is a text.", "put quotes around it")
        if options.get("flags", "ALL") != "NONE" and lucene.has_optional_operators(value):
            return self.refuse(
                body,
                "An optional operator of Lucene's (one of ~&<>@#) cannot be said as a formula.",
                'escape it with a backslash, or write "flags": "NONE"',
            )
        try:
            expression, letters = regexp.searched(value, folds=not self.cased(body, options))
            Scope(self.schema).regexp(field, value, lambda _: bool)
        except lucene.Malformed as error:
            return self.wrong(body, f"Elasticsearch cannot read the regexp: {error}.", "see Lucene's RegExp")
        except Refused as refused:
            return self.wrong(body, refused.message, refused.hint)
        if field.type not in EXACT_TEXT or field.details.normalizer:
            return self.refuse(
                body, f"On {field.path} of type {field.type}, regexp asks something else.", "ask a plain keyword"
            )
        return logic.Regex(asked(field, Ask.TERM), expression, letters, span=span)

    def ranged(self, body: Located, nested: str | None) -> logic.Formula:
        names = [name for name in body.value if name not in _WITHOUT_EFFECT]
        if len(names) != 1 or not isinstance(body.value[names[0]], dict):
            return self.refuse(body, "range takes one field and its bounds.", "write `range: {field: {gte: 5}}`")
        bounds = body.at(names[0])
        self.options(bounds, {*_BOUNDS, "format"})
        if bounds.value.get("format") not in (None, *_USUAL_FORMATS):
            return self.refuse(
                bounds.at("format"),
                "A date format of its own cannot be said as a formula.",
                "write the dates in ISO 8601 and leave `format` out",
            )
        field = asked(self.field(names[0], bounds, nested), Ask.TERM)
        sides = [(op, self.scalar(bounds.at(key))) for key, op in _BOUNDS.items() if bounds.value.get(key) is not None]
        match sides:
            case []:
                return logic.Exists(field, span=self.span(bounds))
            case [(op, value)]:
                return logic.Compare(field, op, value, span=self.span(bounds))
            case [(op, value), second] if {op.word[0], second[0].word[0]} == {"g", "l"}:
                return logic.Compare(field, op, value, second, span=self.span(bounds))
            case _:
                return self.refuse(
                    bounds, "A range has at most one lower and one upper bound.", "keep the narrower ones"
                )

    def nested(self, body: Located, _: str | None) -> logic.Formula:
        self.options(body, {"path", "query", "score_mode", "ignore_unmapped"})
        path = body.value.get("path")
        if not isinstance(path, str) or not path:
            return self.refuse(body, "nested asks for the path of its objects.", "write `path: name`")
        if body.value.get("score_mode", "none") not in _SCORE_MODES:
            return self.refuse(
                body.at("score_mode"), "There is no such score mode.", f"use one of {', '.join(_SCORE_MODES)}"
            )
        known = path in self.schema or self.schema.complete
        if body.value.get("ignore_unmapped") is True and known and self.schema.field(path).type is not Type.NESTED:
            return self.nothing(body)
        return logic.Within(path, self.clause(body.at("query"), path), span=self.span(body))

    def cased(self, body: Located, options: dict[str, Any]) -> bool:
        said = options.get("case_insensitive", False)
        if not isinstance(said, bool) and said not in ("true", "false"):
            self.refuse(body, "case_insensitive is true or false.", "write true")
        return said not in (True, "true")

    def folding(self, leaf: logic.Equals | logic.Matches, body: Located) -> logic.Formula:
        """A leaf that may mind no case: not every type takes that, and letters beyond a to z fold here only."""
        if leaf.cased:
            return leaf
        text = leaf.value if isinstance(leaf, logic.Equals) else "".join(map(str, leaf.pattern))
        try:
            scope = Scope(self.schema)
            if isinstance(leaf, logic.Equals):
                scope.term(leaf.field, leaf.value, Folding.ASCII)
            else:
                scope.wildcard(leaf.field, leaf.pattern, Folding.ASCII)
        except Refused as refused:
            self.wrong(body, refused.message, refused.hint)
        if not str(text).isascii():
            said = "Elasticsearch folds the letters a to z only; here the value's other letters count in any case too."
            self.notes.append(self.finding(body, Code.ASCII_FOLDING, said, None))
        return leaf

    def field_and_value(
        self, body: Located, nested: str | None, key: str, allowed: Collection[str]
    ) -> tuple[FieldRef, Scalar, dict[str, Any], Span] | None:
        """The field that a clause asks, the value under ``key`` (or alone), its options and its place."""
        names = [name for name in body.value if name not in _WITHOUT_EFFECT]
        if len(names) != 1:
            self.refuse(body, f"A clause asks one field, not {len(names)}.", "put several clauses into one `bool`")
            return None
        said = body.at(names[0])
        options: dict[str, Any] = {}
        value = said
        if isinstance(said.value, dict):
            self.options(said, {key, *allowed})
            options, value = said.value, said.at(key)
        scalar = self.scalar(value)
        if scalar is None:
            return None
        return self.field(names[0], said, nested), scalar, options, self.span(value)

    def scalar(self, at: Located) -> Scalar:
        """A value to compare with; None, which Elasticsearch takes for none, after a refusal."""
        if isinstance(at.value, str | int | float):
            return at.value
        self.refuse(at, "The clause has no value to compare with.", "write a text, a number, true or false")
        return None

    def field(self, name: str, at: Located, nested: str | None) -> FieldRef:
        """The field called ``name``: here a name is never a pattern."""
        field = self.schema.field(name)
        if self.schema.knows and name not in self.schema:
            self.unknown.setdefault(name, at)
        elif field.nested not in (None, nested):
            said = (
                f"{name} lies in the nested objects {field.nested}, and the filter does not ask inside them; "
                "it would never match."
            )
            self.found.append(
                self.finding(
                    at, Code.NESTED_OUTSIDE, said, f"put the clause into `nested: {{path: {field.nested}, query: ...}}`"
                )
            )
        return field

    def options(self, body: Located, known: Collection[str]) -> None:
        for key in body.value:
            if key not in known and key not in _WITHOUT_EFFECT:
                self.refuse(
                    body.at(key), f"The option {key} cannot be said as a formula.", "leave it out if it changes nothing"
                )

    def refuse(self, at: Located, message: str, hint: str) -> logic.Formula:
        """Note a refusal, and go on to find the other mistakes."""
        self.found.append(self.finding(at, Code.BAD_FILTER, message, hint))
        return logic.Everything()

    def wrong(self, at: Located, message: str, hint: str | None) -> logic.Formula:
        """Note what Elasticsearch answers with an error."""
        self.found.append(self.finding(at, Code.BAD_FIELD_VALUE, message, hint))
        return logic.Everything()

    def finding(self, at: Located, code: Code, message: str, hint: str | None) -> Diagnostic:
        return diagnose(code, message, at.source, at.span(), hint)

    def span(self, at: Located) -> Span:
        found = at.value_span()
        return Span(found.start + self.shift, found.end + self.shift)

    def settle(self) -> None:
        """Raises TranslatorError with everything that was refused."""
        if self.found:
            raise TranslatorError(dict.fromkeys(self.found))


def conjunction(parts: list[logic.Formula], span: Span) -> logic.Formula:
    """All of ``parts``; every event where there is none."""
    match parts:
        case []:
            return logic.Everything(span=span)
        case [one]:
            return one
        case _:
            return logic.And(tuple(parts), span=span)


def _stars(name: str) -> Pattern:
    return pattern(Wild.ANY if part == "*" else part for part in re.split(r"(\*)", name))


def asked(field: FieldRef, ask: Ask) -> FieldRef:
    """The field with the clause that was written, whatever Kibana would choose for KQL."""
    return field if field.ask is ask else replace(field, ask=ask)


def _listed(at: Located) -> tuple[Located, ...]:
    """Elasticsearch takes one clause alone for a list of one."""
    if at.value is None:
        return ()
    return at.items() if isinstance(at.value, list) else (at,)
