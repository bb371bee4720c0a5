"""Sigma YAML -> logic. pySigma reads modifiers and conditions; YAML's nodes give every finding its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sigma import exceptions, types
from sigma.conditions import (
    ConditionAND,
    ConditionIdentifier,
    ConditionNOT,
    ConditionOR,
    ConditionSelector,
    SigmaCondition,
)
from sigma.rule import SigmaDetection, SigmaDetectionItem, SigmaDetections, SigmaRule

from translator import logic, yaml_reader
from translator.errors import Code, Diagnostic, TranslatorError, diagnose
from translator.kql.check import Checked
from translator.schema import ANALYSED_TEXT, EXACT_TEXT, Ask, FieldRef, Schema, Type
from translator.sigma import codec
from translator.source import Source, Span
from translator.values import Wild

#: The key of the rule that an error of pySigma's is about.
_KEYS: dict[type[exceptions.SigmaError], str] = {
    exceptions.SigmaTitleError: "title",
    exceptions.SigmaIdentifierError: "id",
    exceptions.SigmaNameError: "name",
    exceptions.SigmaTaxonomyError: "taxonomy",
    exceptions.SigmaStatusError: "status",
    exceptions.SigmaDescriptionError: "description",
    exceptions.SigmaReferencesError: "references",
    exceptions.SigmaRelatedError: "related",
    exceptions.SigmaAuthorError: "author",
    exceptions.SigmaDateError: "date",
    exceptions.SigmaModifiedError: "modified",
    exceptions.SigmaLicenseError: "license",
    exceptions.SigmaTagError: "tags",
    exceptions.SigmaLogsourceError: "logsource",
    exceptions.SigmaFieldsError: "fields",
    exceptions.SigmaFalsePositivesError: "falsepositives",
    exceptions.SigmaScopeError: "scope",
    exceptions.SigmaLevelError: "level",
}

#: A selection that pySigma 1.5 takes for an operator and a name: it has no word border after its operators.
_MISREAD = re.compile(r"(?:not|and|or)(?=[A-Za-z0-9_-])")

_OPERATORS = {
    types.SigmaCompareExpression.CompareOperators.LT: logic.RangeOp.LT,
    types.SigmaCompareExpression.CompareOperators.LTE: logic.RangeOp.LTE,
    types.SigmaCompareExpression.CompareOperators.GT: logic.RangeOp.GT,
    types.SigmaCompareExpression.CompareOperators.GTE: logic.RangeOp.GTE,
}

#: Parentheses deeper than this would overflow pySigma's reader of conditions.
_DEEPEST = 50


#: Stands for each selection while pySigma reads the condition, which only looks at the names.
_PLACEHOLDER = SigmaDetection([SigmaDetectionItem("field", [], [types.SigmaNull()])])


def check(source: Source, schema: Schema) -> Checked:
    """What the detection of the Sigma rule in ``source`` means. Raises TranslatorError with every mistake."""
    reader = _Reader(yaml_reader.read(source), schema)
    formula = reader.rule()
    if reader.found:
        raise TranslatorError(reader.found)
    return Checked(formula, ())


class _Unsupported(Exception):
    """A value that has no formula yet; the message says which."""


class _Reader:
    """Carries the document, the schema and the findings."""

    def __init__(self, document: yaml_reader.Document, schema: Schema) -> None:
        self.document = document
        self.schema = schema
        self.found: list[Diagnostic] = []

    def rule(self) -> logic.Formula:
        rule = self.document.value
        if not isinstance(rule, dict) or not isinstance(rule.get("detection"), dict):
            self.mistake(Code.BAD_SIGMA, "A Sigma rule is a map with a `detection` map in it.", self.document.span("detection"),
                         "write `detection:` with a selection and a `condition`")
            return logic.Or(())
        self.header(rule)
        detection = rule["detection"]
        selections = {str(name): self.selection(value, ("detection", name))
                      for name, value in detection.items() if name not in ("condition", "timeframe")}
        conditions = detection.get("condition")
        if isinstance(conditions, str):
            return self.condition(conditions, selections, ("detection", "condition"))
        if isinstance(conditions, list) and conditions and all(isinstance(each, str) for each in conditions):
            return _one_or(logic.Or, [self.condition(each, selections, ("detection", "condition", at))
                                      for at, each in enumerate(conditions)], self.document.span("detection", "condition"))
        self.mistake(Code.BAD_SIGMA, "The detection has no condition." if conditions is None else "The condition is no text.",
                     self.document.span("detection", "condition") if conditions is not None else self.document.span("detection"),
                     "write `condition: selection` inside `detection`")
        return logic.Or(())

    def header(self, rule: dict[Any, Any]) -> None:
        """What pySigma says of everything but the detection, which is read piece by piece for its places."""
        plain = {**rule, "detection": {"selection": {"field": "value"}, "condition": "selection"}}
        for error in _errors(plain):
            key = next((key for kind, key in _KEYS.items() if isinstance(error, kind)), None) or _blamed(plain, error)
            self.mistake(Code.BAD_SIGMA, _sentence(error), self.document.span(key))

    def selection(self, value: Any, path: yaml_reader.Path) -> logic.Formula:
        span = self.document.span(*path)
        match value:
            case {}:
                if not value:
                    self.mistake(Code.BAD_SIGMA, "The selection is empty.", span, "write `field: value` in it")
                return _one_or(logic.And, [self.item(str(key), each, (*path, key)) for key, each in value.items()], span)
            case [] | None:
                self.mistake(Code.BAD_SIGMA, "The selection is empty.", span, "write `field: value` in it")
                return logic.Or(())
            case [*parts] if any(isinstance(part, dict) for part in parts):
                return _one_or(logic.Or, [self.selection(part, (*path, at)) for at, part in enumerate(parts)], span)
            case _:
                return self.item(None, value, path)

    def item(self, key: str | None, value: Any, path: yaml_reader.Path) -> logic.Formula:
        span = self.document.span(*path)
        try:
            item = SigmaDetectionItem.from_mapping(key, value)
            leaves = [self.leaf(item.field, each, span) for each in item.value or [types.SigmaNull()]]
        except exceptions.SigmaError as error:
            self.mistake(Code.BAD_SIGMA, _sentence(error), span)
            return logic.Or(())
        except _Unsupported as error:
            self.mistake(Code.SIGMA_UNSUPPORTED, str(error), span)
            return logic.Or(())
        linked = _one_or(logic.And if item.value_linking is ConditionAND else logic.Or, leaves, span)
        return logic.Not(linked, span=span) if item.negated else linked

    def leaf(self, name: str | None, value: types.SigmaType, span: Span) -> logic.Formula:
        if name is None:
            raise _Unsupported("Keywords (values without a field) are not supported.")
        field = self.schema.field(name)
        match value:
            case types.SigmaString():
                return self.text(field, value, span)
            case types.SigmaNull():
                return logic.Not(logic.Exists(field, span=span), span=span)
            case types.SigmaExists():
                exists = logic.Exists(field, span=span)
                return exists if value.exists else logic.Not(exists, span=span)
            case types.SigmaBool():
                return _plain(field, "true" if value.boolean else "false", value.boolean, span)
            case types.SigmaNumber():
                return _plain(field, str(value.number), str(value.number), span)
            case types.SigmaCIDRExpression():
                return logic.Words(field, value.cidr, span=span)
            case types.SigmaCompareExpression() if isinstance(value.number, types.SigmaNumber):
                return logic.Compare(field, _OPERATORS[value.op], str(value.number.number), span=span)
            case _:
                raise _Unsupported(f"{type(value).__name__.removeprefix('Sigma')} on {name} is not supported.")

    def text(self, field: FieldRef, value: types.SigmaString, span: Span) -> logic.Formula:
        try:
            pattern = codec.parts(value)
        except ValueError as error:
            raise _Unsupported(f"{field.path}: {error}.") from None
        cased = isinstance(value, types.SigmaCasedString)
        literal = "".join(part for part in pattern if isinstance(part, str))
        if field.type in ANALYSED_TEXT:
            raise _Unsupported(f"{field.path} is analysed text, which has no whole values to compare with.")
        if field.type not in EXACT_TEXT and Wild.ANY not in pattern and Wild.ONE not in pattern:
            return _plain(field, literal, literal, span)
        if any(isinstance(part, Wild) for part in pattern):
            if pattern == (Wild.ANY,):
                return logic.Exists(field, span=span)
            return logic.Matches(field, pattern, cased, span=span)
        return logic.Equals(field, literal, cased, span=span)

    def condition(self, text: str, selections: dict[str, logic.Formula], path: yaml_reader.Path) -> logic.Formula:
        span = self.document.value_span(*path)
        if (depth := _depth(text)) > _DEEPEST:
            self.mistake(Code.TOO_DEEP, f"The condition nests {depth} parentheses deep; the limit is {_DEEPEST}.", span,
                         "move parts of it into selections")
            return logic.Or(())
        for name in re.findall(r"[A-Za-z0-9_*-]+", text):
            if name in selections and _MISREAD.match(name):
                self.mistake(Code.SIGMA_NAME, f'pySigma 1 reads the selection name "{name}" as an operator and a name.', span,
                             f'call it "selection_{name}"')
                return logic.Or(())
        names = {name: _PLACEHOLDER for name in selections} or {"selection": _PLACEHOLDER}
        try:
            tree = SigmaCondition(text, SigmaDetections(names, [text])).parse(postprocess=False)
            return self.term(tree, selections, span)
        except exceptions.SigmaError as error:
            self.mistake(Code.BAD_SIGMA, _condition_problem(text, error), span)
            return logic.Or(())

    def term(self, tree: Any, selections: dict[str, logic.Formula], span: Span) -> logic.Formula:
        match tree:
            case ConditionAND(args=args):
                return _one_or(logic.And, [self.term(each, selections, span) for each in args], span)
            case ConditionOR(args=args):
                return _one_or(logic.Or, [self.term(each, selections, span) for each in args], span)
            case ConditionNOT(args=[inner]):
                return logic.Not(self.term(inner, selections, span), span=span)
            case ConditionIdentifier(identifier=name):
                if name not in selections:
                    raise exceptions.SigmaConditionError(f'there is no selection called "{name}"')
                return selections[name]
            case ConditionSelector(pattern=pattern, cond_class=kind):
                chosen = [selections[name] for name in _selected(pattern, selections)]
                if not chosen:
                    raise exceptions.SigmaConditionError(f'no selection has a name like "{pattern}"')
                return _one_or(logic.And if kind is ConditionAND else logic.Or, chosen, span)
            case _:
                raise exceptions.SigmaConditionError("it cannot be read")

    def mistake(self, code: Code, message: str, span: Span, hint: str | None = None) -> None:
        self.found.append(diagnose(code, message, self.document.source, span, hint))


def _errors(rule: dict[Any, Any]) -> list[exceptions.SigmaError]:
    return SigmaRule.from_dict(rule, collect_errors=True).errors


def _blamed(rule: dict[Any, Any], error: exceptions.SigmaError) -> str:
    """The key without which pySigma would not make this complaint; some of its errors are of no kind of their own."""
    without = ({name: value for name, value in rule.items() if name != key} for key in rule)
    clean = (str(error) not in map(str, _errors(rest)) for rest in without)
    return next((str(key) for key, found in zip(rule, clean, strict=True) if found), "title")


def _one_or(kind: type[logic.And] | type[logic.Or], items: list[logic.Formula], span: Span) -> logic.Formula:
    return items[0] if len(items) == 1 else kind(tuple(items), span=span)


def _plain(field: FieldRef, text: str, value: str | bool, span: Span) -> logic.Formula:
    """A value without letter case, asked as Kibana would ask it."""
    if field.ask is Ask.MATCH and field.type is not Type.UNKNOWN:
        return logic.Words(field, value, span=span)
    return logic.Equals(field, text, span=span)


def _selected(pattern: str, names: Iterator[str] | dict[str, Any]) -> list[str]:
    """The selections that a pattern means: a name that starts with `_` only where the pattern does too."""
    shape = re.compile(".*" if pattern == "them" else ".*".join(map(re.escape, pattern.split("*"))))
    return [name for name in names if shape.fullmatch(name) and (pattern.startswith("_") or not name.startswith("_"))]


def _depth(text: str) -> int:
    deepest = depth = 0
    for char in text:
        depth += (char == "(") - (char == ")")
        deepest = max(deepest, depth)
    return deepest


def _sentence(error: Exception) -> str:
    text = str(error.args[0] if error.args else error).strip()
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


def _condition_problem(text: str, error: Exception) -> str:
    return f"The condition `{text}` is wrong: {str(error.args[0] if error.args else error).rstrip('.')}."
