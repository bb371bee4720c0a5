"""A formula in the words of Sigma's taxonomy: logic -> logic, with what that loses and what it only renames.

Conditions that the log source says already are left out (`portable_folding`), fields get the names that they have in
the log (`portable_names` and its tables), and letter case stops to matter, as Sigma's authors expect. What cannot be
said so keeps its own name, as a loss.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import assert_never

from translator import logic, values
from translator.errors import Code, Diagnostic, diagnose
from translator.ledger import Effect, Loss, lose
from translator.meaning import Refused
from translator.meaning.query_string import Occur, clauses
from translator.rule import LogSource
from translator.schema import EXACT_TEXT, Ask, FieldPattern, FieldRef, Type
from translator.sigma import portable_cloud, portable_host
from translator.sigma.log_source import UNKNOWN
from translator.sigma.portable_folding import CLASSIFICATION, conjuncts, fold
from translator.sigma.portable_names import How, Rename, find, other
from translator.source import Source, Span
from translator.values import Pattern, Scalar, Wild

_TABLES = (*portable_host.TABLES, *portable_cloud.TABLES)

#: Types whose values another log holds as texts.
_TEXTS = EXACT_TEXT | {Type.BOOLEAN, Type.FLATTENED}

_KEEP = "write it with the faithful profile, which is all in Elastic's names"


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A formula over the fields of a log source of Sigma's; what that loses, and what is only said otherwise."""

    formula: logic.Formula
    losses: tuple[Loss, ...] = ()
    notes: tuple[Diagnostic, ...] = ()


def rewrite(formula: logic.Formula, log_source: LogSource, source: Source) -> Rewritten:
    """Say ``formula`` as the taxonomy of ``log_source`` does; ``source`` is the text that its spans point into."""
    writer = _Writer(log_source, source, formula)
    said = writer.top(formula)
    return Rewritten(said, tuple(writer.losses.values()), tuple(writer.notes.values()))


class _Writer:
    """Carries the log source, the losses and the notes through the walk, each said once."""

    def __init__(self, log_source: LogSource, source: Source, formula: logic.Formula) -> None:
        self.log_source = log_source
        self.source = source
        self.losses: dict[object, Loss] = {}
        self.notes: dict[object, Diagnostic] = {}
        self.whole = formula
        #: Whether a field pattern names all that is being said, so that one place of a list is as good as another.
        self.spread = False

    def top(self, formula: logic.Formula) -> logic.Formula:
        """What is and-ed at the top, without what the log source says."""
        if self.log_source == UNKNOWN:
            self.lose(
                Code.LOG_SOURCE,
                "Without a log source nothing tells which events to ask.",
                Effect.MIXED,
                Span(0, 1),
                "say what it reads: `data_stream.dataset:...`, or `event.category:...` and its system",
            )
        folded = fold(formula, self.log_source)
        for each in folded.needless:
            self.note(Code.FOLDED, f"`{self.text(each.span)}` is what the log source says, and left out.", each.span)
        kept = [each for each in folded.rest if not self.is_classification(each)]
        for each in folded.rest:
            if each not in kept:
                self.lose(
                    Code.CLASSIFICATION,
                    f"`{self.text(each.span)}` is left out: only Elastic classifies events so.",
                    Effect.WIDER,
                    each.span,
                )
        if not kept:
            return logic.Everything(span=formula.span)
        said = tuple(self.formula(each, False) for each in kept)
        return said[0] if len(said) == 1 else logic.And(said, span=formula.span)

    def is_classification(self, formula: logic.Formula) -> bool:
        """Whether all of it is about what Elastic adds to events, which this log has no field for."""
        fields = [node.field.path for node in logic.walk(formula) if isinstance(node, logic.Leaf)]
        return bool(fields) and all(path in CLASSIFICATION and self.find(path) is None for path in fields)

    def find(self, path: str) -> Rename | None:
        return find(_TABLES, self.log_source, path)

    def formula(self, formula: logic.Formula, negated: bool) -> logic.Formula:
        match formula:
            case logic.And(items):
                return replace(formula, items=tuple(self.formula(item, negated) for item in items))
            case logic.Or(items):
                said = tuple(self.formula(item, negated) for item in items)
                always = any(isinstance(item, logic.Everything) or logic.Not(item) in said for item in said)
                return logic.Everything(span=formula.span) if always else replace(formula, items=said)
            case logic.AnyField(items):
                self.spread = True
                said = tuple(self.formula(item, negated) for item in items)
                self.spread = False
                return logic.Or(said, span=formula.span)
            case logic.Not(item):
                return replace(formula, item=self.formula(item, not negated))
            case logic.Within(_, body):
                return replace(formula, body=self.formula(body, negated))
            case logic.Everything() | logic.Search() | logic.SearchPattern():
                return formula
            case logic.Like() | logic.Regex() | logic.Numeric() | logic.InNetwork() | logic.SameAs() | logic.DatePart():
                return self.own(formula, negated)
            case logic.Anywhere() | logic.AnywhereRegex():
                return formula
            case logic.Exists() | logic.Equals() | logic.Words() | logic.Phrase() | logic.Matches() | logic.Compare():
                return self.leaf(formula, negated)
            case _:
                assert_never(formula)

    def leaf(self, leaf: logic.Leaf, negated: bool) -> logic.Formula:
        path = leaf.field.path
        row = self.find(path)
        if row is None:
            return self.unmapped(leaf, negated)
        if (name := re.sub(r"\.(?:\*|\d+)(?=\.|\Z)", "", row.name)) != row.name:
            row = replace(row, name=name)
            if row.effect is None and not self.spread and "*" not in path:
                row = replace(row, effect=Effect.WIDER, why="a log's lists have no numbers for their entries")
        said = self.by_value(leaf, row, negated) if row.how is How.VALUES else self.renamed(leaf, row, negated)
        return self.unmapped(leaf, negated) if said is None else said

    def own(self, leaf: logic.SigmaLeaf, negated: bool) -> logic.Formula:
        """A question that only Sigma asks, in a Sigma rule with Elastic's names: put to the field of the other name."""
        said = replace(leaf, field=self.named(leaf.field, leaf.span, negated))
        return (
            replace(said, other=self.named(said.other, leaf.span, negated)) if isinstance(said, logic.SameAs) else said
        )

    def named(self, field: FieldRef, span: Span, negated: bool) -> FieldRef:
        """The field by its other name, where that holds the same values."""
        row = self.find(field.path)
        if row is None or row.how is not How.SAME or row.effect is not None:
            self.lose(
                Code.FIELD_UNMAPPED, self.without_a_name(field.path), _under(Effect.NARROWER, negated), span, _KEEP
            )
            return field
        if row.name != field.path:
            self.note(Code.RENAMED, f"{field.path} is called {row.name} here.", span)
        return _text_field(row.name, field.type)

    def without_a_name(self, path: str) -> str:
        return f"Sigma has no name for {path} in {_called(self.log_source)}; it keeps its own."

    def unmapped(self, leaf: logic.Leaf, negated: bool) -> logic.Formula:
        path = leaf.field.path
        message = self.without_a_name(path)
        self.lose(Code.FIELD_UNMAPPED, message, _under(Effect.NARROWER, negated), leaf.span, _KEEP)
        if isinstance(leaf.field, FieldPattern):
            return leaf
        return self.question(leaf, path, _text_field(path, leaf.field.type), leaf.field, negated)

    def renamed(self, leaf: logic.Leaf, row: Rename, negated: bool) -> logic.Formula | None:
        """The question put to the other field; None where that cannot be."""
        path = leaf.field.path
        kind = leaf.field.type if isinstance(leaf.field, FieldRef) else Type.UNKNOWN
        field = _text_field(row.name, _type(leaf, row, kind))
        if row.how is How.SAME:
            self.tell(leaf, row, row.effect, negated)
            asked = leaf.field if isinstance(leaf.field, FieldRef) else other(path)
            return self.question(leaf, path, field, asked, negated)
        if (said := self.reshaped(leaf, row, field)) is None:
            return None
        if row.how is How.ARGUMENT and _is_option(leaf):
            row = replace(row, effect=Effect.MIXED, why="an option is looked for after a blank, but may come first")
        self.tell(leaf, row, row.effect, negated)
        self.case(leaf, negated)
        return said

    def reshaped(self, leaf: logic.Leaf, row: Rename, field: FieldRef) -> logic.Formula | None:
        """The value as a part of the other field's."""
        match leaf:
            case logic.Exists() if row.how is not How.HASH:
                return logic.Exists(field, span=leaf.span)
            case logic.Exists():
                shapes = _shapes(row, (Wild.ANY,), self.log_source)
            case logic.Matches(_, shape):
                shapes = _shapes(row, shape, self.log_source)
            case logic.Equals(_, value) | logic.Words(_, value) | logic.Phrase(_, value) if _said(value):
                shapes = _shapes(row, (_said(value),), self.log_source)
            case _:
                return None
        said = tuple(logic.Matches(field, shape, cased=False, span=leaf.span) for shape in shapes)
        return said[0] if len(said) == 1 else logic.Or(said, span=leaf.span)

    def by_value(self, leaf: logic.Leaf, row: Rename, negated: bool) -> logic.Formula | None:
        match leaf:
            case logic.Equals(_, value) | logic.Words(_, value) | logic.Phrase(_, value):
                found = row.values.get(_said(value).lower())
            case _:
                found = None
        if found is None:
            return None
        formula, effect = found
        self.tell(leaf, row, effect, negated)
        self.case(leaf, negated)
        return formula

    def tell(self, leaf: logic.Leaf, row: Rename, effect: Effect | None, negated: bool) -> None:
        """Note the new name, or lose what it does not say."""
        path = leaf.field.path
        if effect is None or (row.only and not self.may_have(*row.only)):
            if row.name != path:
                self.note(Code.RENAMED, f"{path} is called {row.name} here.", leaf.span)
            return
        how = "" if row.how is How.SAME else f" ({row.how.value})"
        said = f"{row.name}{how} is not quite {path}: {row.why}."
        self.lose(Code.FIELD_APPROXIMATE, said, _under(effect, negated), leaf.span)

    def may_have(self, path: str, words: frozenset[str]) -> bool:
        """Whether the rule may match an event whose field has one of ``words``, by what is and-ed at the top."""
        for each in conjuncts(self.whole):
            items = each.items if isinstance(each, logic.Or) else (each,)
            said = [
                _said(item.value).lower()
                for item in items
                if isinstance(item, logic.Equals | logic.Words | logic.Phrase) and item.field.path == path
            ]
            if len(said) == len(items):
                return bool(words & set(said))
        return True

    def question(self, leaf: logic.Leaf, path: str, field: FieldRef, asked: FieldRef, negated: bool) -> logic.Formula:
        """The same question to another field, whatever the letter case."""
        match leaf:
            case logic.Exists() | logic.Compare():
                return replace(leaf, field=field)
            case logic.Matches(_, shape) if asked.ask is Ask.MATCH and asked.type in EXACT_TEXT and leaf.cased:
                self.case(leaf, negated)
                return self.split(leaf, shape, field)
            case logic.Matches():
                self.case(leaf, negated)
                return replace(leaf, field=field, cased=False)
            case logic.Equals(_, value) | logic.Words(_, value) | logic.Phrase(_, value) if field.type is Type.KEYWORD:
                self.case(leaf, negated)
                return logic.Equals(field, None if value is None else _said(value), cased=False, span=leaf.span)
            case logic.Equals() | logic.Words() | logic.Phrase():
                return replace(leaf, field=field)
            case _:
                assert_never(leaf)

    def split(self, leaf: logic.Matches, shape: Pattern, field: FieldRef) -> logic.Formula:
        """A pattern on a field that no data view lists, which Elasticsearch splits at its blanks."""
        try:
            found = clauses(shape)
        except Refused:
            return replace(leaf, field=replace(field, ask=Ask.MATCH))  # which the emitter refuses, with its reason
        roles = {
            role: tuple(
                logic.Exists(field, span=leaf.span)
                if clause.words == (Wild.ANY,)
                else logic.Matches(field, clause.words, cased=False, span=leaf.span)
                for clause in found
                if clause.occur is role
            )
            for role in Occur
        }
        must, should, banned = roles[Occur.MUST], roles[Occur.SHOULD], roles[Occur.MUST_NOT]
        if must or banned:
            required = must or ((logic.Or(should),) if should else ())
            return logic.And((*required, *(logic.Not(each) for each in banned)), span=leaf.span)
        return should[0] if len(should) == 1 else logic.Or(should, span=leaf.span)

    def case(self, leaf: logic.Leaf, negated: bool) -> None:
        """Sigma folds letter case: a loss where the rule minds it and the value has letters."""
        field = leaf.field
        match leaf:
            case logic.Matches(_, shape, True):
                text = "".join(part for part in shape if isinstance(part, str))
            case logic.Equals(_, str() as text, True) | logic.Words(_, str() as text) | logic.Phrase(_, str() as text):
                pass
            case _:
                return
        if text.lower() != text.upper() and _minds_case(field):
            self.lose(
                Code.CASE,
                f"Letter case counts in {field.path}; Sigma does not mind it.",
                _under(Effect.WIDER, negated),
                leaf.span,
            )

    def text(self, span: Span) -> str:
        """What the rule says there, on one line and not too long."""
        said = " ".join(self.source.text[span.start : span.end].split())
        return said if len(said) <= 60 else f"{said[:57]}..."

    def lose(self, code: Code, message: str, effect: Effect, span: Span, remedy: str | None = None) -> None:
        self.losses.setdefault((code, message, effect), lose(code, message, effect, self.source, span, remedy))

    def note(self, code: Code, message: str, span: Span) -> None:
        self.notes.setdefault((code, message), diagnose(code, message, self.source, span))


def _under(effect: Effect, negated: bool) -> Effect:
    return effect.under_not() if negated else effect


def _said(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _called(source: LogSource) -> str:
    return "/".join(part for part in (source.product, source.category, source.service) if part)


def _text_field(name: str, kind: Type) -> FieldRef:
    """The other field: what Elasticsearch compares as a whole text is one there too."""
    return other(name) if kind in _TEXTS else FieldRef(name, kind, Ask.TERM)


def _minds_case(field: FieldRef | FieldPattern) -> bool:
    if field.path.endswith(".caseless"):
        return False
    if isinstance(field, FieldPattern):
        return True
    return field.type in EXACT_TEXT | {Type.FLATTENED} and "lowercase" not in field.details.normalizer


def _type(leaf: logic.Leaf, row: Rename, kind: Type) -> Type:
    """The type of the other field's values; a value that is no number needs a text."""
    if row.how is not How.SAME:
        return Type.KEYWORD
    number = isinstance(leaf, logic.Exists) or re.fullmatch(r"\d+", _said(getattr(leaf, "value", "")))
    if row.type is Type.LONG and not number:
        return Type.KEYWORD
    return row.type or kind


def _shapes(row: Rename, shape: Pattern, log_source: LogSource) -> tuple[Pattern, ...]:
    """The patterns that a value's shape makes in the other field, one for each separator that paths may have."""
    star = (Wild.ANY,)
    match row.how:
        case How.ARGUMENT:
            # A blank before it tells an option from a hyphen in a word.
            return (_joined((*star, " " if _starts_with(shape, "-") else "", *shape, *star)),)
        case How.PART | How.HASH:
            return (_joined((*star, row.mark or "", *shape, *star)),)
        case How.EXTENSION:
            return (_joined((*star, ".", *shape)),)
        case How.NAME if shape[0] is Wild.ANY:
            return (shape,)
        case How.NAME:
            return tuple(_joined((*star, mark, *shape)) for mark in _separators(row, shape, log_source))
        case How.FOLDER if shape[-1] is Wild.ANY:
            return (shape,)
        case How.FOLDER:
            return tuple(
                _joined((*shape, "" if _ends_in(shape, mark) else mark, *star))
                for mark in _separators(row, shape, log_source)
            )
        case How.SAME | How.VALUES:
            return (shape,)
        case _:
            assert_never(row.how)


def _is_option(leaf: logic.Leaf) -> bool:
    match leaf:
        case logic.Matches(_, shape):
            return _starts_with(shape, "-")
        case logic.Equals(_, value) | logic.Words(_, value) | logic.Phrase(_, value):
            return _said(value).startswith("-")
        case _:
            return False


def _starts_with(shape: Pattern, text: str) -> bool:
    return isinstance(shape[0], str) and shape[0].startswith(text)


def _separators(row: Rename, shape: Pattern, log_source: LogSource) -> tuple[str, ...]:
    """What stands between folders: by the log source's system, or by what the value looks like."""
    text = values.show(shape).lower()
    if row.mark:
        return (row.mark,)
    if log_source.product in ("linux", "macos") or text.startswith("/"):
        return ("/",)
    if log_source.product == "windows" or text.endswith((".exe", ".dll")) or re.match(r"[a-z]:\\", text):
        return ("\\",)
    return ("/", "\\")


def _ends_in(shape: Pattern, text: str) -> bool:
    return isinstance(shape[-1], str) and shape[-1].endswith(text)


def _joined(parts: tuple[str | Wild, ...]) -> Pattern:
    """A pattern without two stars in a row."""
    found: list[str | Wild] = []
    for part in values.pattern(parts):
        if not (part is Wild.ANY and found and found[-1] is Wild.ANY):
            found.append(part)
    return tuple(found)
