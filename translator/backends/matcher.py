"""The in-process matcher: a formula as a predicate over events, and as a small Python module that holds one.

A predicate is closures within closures: what each part of a formula means for its field's type is decided once,
when it is compiled, by `translator.meaning`. What Elasticsearch would answer with an error is found then too.

The matcher says everything that a formula can, but for regular expressions that could stall a stream of events: those
need an allowance.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, assert_never

from translator import logic
from translator.artefact import Backend, Emitted, Options, Predicate
from translator.backends import _python_text
from translator.dsl.emit import DEFAULT, Config
from translator.errors import Code, Diagnostic, TranslatorError, diagnose
from translator.expressions import Stalling, search
from translator.ledger import Effect, Loss, lose
from translator.logic import Formula, children
from translator.meaning import Bounds, Folding, Refused, Scope, Test, either, spelled
from translator.meaning.verdict import EVERYTHING, all_hold, negation
from translator.rule import Rule
from translator.schema import Ask, Field, FieldRef, Schema
from translator.source import Source
from translator.values import Scalar


def compile_(
    formula: Formula,
    *,
    source: Source | None = None,
    schema: Schema | None = None,
    config: Config = DEFAULT,
    may_stall: bool = False,
) -> Predicate:
    """A predicate that says of one event whether ``formula`` is true; it never raises and changes nothing.

    ``schema`` knows the fields that a search without a field, a field pattern or an object stands for; without one
    those are the fields of each event. ``config`` are Kibana's options: some change what it asks. ``may_stall`` takes
    regular expressions that need an engine which goes back in the text (Python's). Raises TranslatorError, with places
    in ``source``, for others of that kind, and where Elasticsearch would answer with an error.
    """
    compiler = _Compiler(schema or Schema.none(), source or Source(""), config, may_stall)
    test = compiler.test(formula)
    if compiler.found:
        raise TranslatorError(compiler.found)
    return test.holds


def emit(rule: Rule, formula: Formula, options: Options) -> Emitted:
    """A module that needs nothing but this package: it builds the formula again and defines ``matches(event)``.

    Raises TranslatorError where Elasticsearch would answer with an error.
    """
    config = Config(time_zone=options.time_zone)
    losses = tuple(_stalling(rule, formula))
    may_stall = bool(losses)
    compile_(formula, source=rule.whole, schema=options.schema, config=config, may_stall=may_stall)
    return Emitted(_python_text.write(rule.title, formula, options.schema, config, may_stall=may_stall), None, losses)


def _stalling(rule: Rule, formula: Formula) -> Iterator[Loss]:
    """The expressions that an event may search for without end; then it has no verdict."""
    for node, negated in logic.polar(formula):
        if isinstance(node, logic.Regex | logic.AnywhereRegex):
            try:
                search(node.expression, node.flags)
            except Stalling as error:
                effect = Effect.NARROWER.under_not() if negated else Effect.NARROWER
                yield lose(Code.STALLING, _unsafe(error), effect, rule.whole, node.span, _SAFE)


def _unsafe(error: Stalling) -> str:
    return f"An event may keep the search for this expression busy without end: {error}."


_SAFE = "write it without looking around, referring back or counting far"


def matches(text: str, schema: Schema) -> Predicate:
    """Run a module that `emit` wrote and return its predicate. It is code: run only what you wrote yourself."""
    names: dict[str, Any] = {}
    exec(compile(text, "<matcher>", "exec"), names)
    predicate: Predicate = names["matches"]
    return predicate


class _Compiler:
    """Carries the findings; goes through a formula without recursion, so that depth costs nothing."""

    def __init__(self, schema: Schema, source: Source, config: Config, may_stall: bool) -> None:
        self.schema = schema
        self.source = source
        self.config = config
        self.may_stall = may_stall
        self.found: list[Diagnostic] = []

    def test(self, formula: Formula) -> Test:
        """Children first: each part is made when the tests of its parts lie on top of ``made``."""
        pending: list[tuple[Formula, Scope, bool]] = [(formula, Scope(self.schema), False)]
        made: list[Test] = []
        while pending:
            here, scope, ready = pending.pop()
            parts = children(here)
            if not ready and parts:
                inner = scope.within(here.path) if isinstance(here, logic.Within) and here.path is not None else scope
                pending.append((here, scope, True))
                pending.extend((part, inner, False) for part in reversed(parts))
                continue
            operands = made[len(made) - len(parts) :]
            del made[len(made) - len(parts) :]
            made.append(self.guarded(here, operands, scope))
        return made.pop()

    def guarded(self, formula: Formula, operands: list[Test], scope: Scope) -> Test:
        try:
            return self.made(formula, operands, scope)
        except Refused as refused:
            self.found.append(diagnose(Code.BAD_FIELD_VALUE, refused.message, self.source, formula.span, refused.hint))
            return EVERYTHING
        except Stalling as error:
            self.found.append(diagnose(Code.STALLING, _unsafe(error), self.source, formula.span, _SAFE))
            return EVERYTHING

    def made(self, formula: Formula, operands: list[Test], scope: Scope) -> Test:
        match formula:
            case logic.And():
                return Test(all_hold(operand.holds for operand in operands))
            case logic.Or() | logic.AnyField():
                return either(operands)
            case logic.Not():
                return Test(negation(operands[0].holds))
            case logic.Within(path, _):
                if path is None:
                    raise Refused("Elasticsearch has no nested path null.", "name the path")
                return scope.nested(path, operands[0].holds, ignore_unmapped=self.config.nested_ignore_unmapped is True)
            case logic.Everything():
                return scope.everything
            case logic.Search(value, phrase):
                return scope.multi_match(value, phrase=phrase)
            case logic.SearchPattern(pattern):
                return scope.query_string((), pattern)
            case logic.Exists(field):
                return scope.exists(field)
            case logic.Equals(field, value) if _asked(field) is Ask.DATE:
                return scope.range(field, Bounds(gte=value, lte=value, time_zone=self.zone(value)))
            case logic.Equals(field, value, cased):
                return scope.term(field, value, self.folding(cased))
            case logic.Words(field, value):
                return scope.match(field, value)
            case logic.Phrase(field, value):
                return scope.match_phrase(field, value)
            case logic.Matches(field, pattern, cased) if _asked(field) is Ask.TERM or not cased:
                return scope.wildcard(field, pattern, self.folding(cased))
            case logic.Matches(field, pattern):
                return scope.query_string((field,), pattern)
            case logic.Compare(field, op, value, also):
                zone = self.zone(value) if _asked(field) is Ask.DATE else None
                sides = {op.word: value} if also is None else {op.word: value, also[0].word: also[1]}
                return scope.range(field, Bounds(**sides, time_zone=zone))
            case logic.Like(field, pattern, cased):
                return spelled.like(scope, field, pattern, self.folding(cased))
            case logic.Regex(field, expression, flags):
                return spelled.found(scope, field, search(expression, flags, may_stall=self.may_stall))
            case logic.Numeric(field, op, number):
                numeric: dict[str, Scalar] = {op.word: number}
                return spelled.number(scope, field, Bounds(**numeric, time_zone=None))
            case logic.InNetwork(field, network):
                return spelled.inside(scope, field, network)
            case logic.SameAs(field, other, side, cased):
                return spelled.same(scope, field, other, _SIDES[side], self.folding(cased))
            case logic.DatePart(field, unit, number):
                return spelled.moment(scope, field, unit.value, number)
            case logic.Anywhere(pattern, cased):
                return spelled.anywhere(pattern, self.folding(cased))
            case logic.AnywhereRegex(expression, flags):
                return spelled.found_anywhere(search(expression, flags, may_stall=self.may_stall))
            case _:
                assert_never(formula)

    def zone(self, value: Scalar) -> str | None:
        """Kibana sends no time zone with numbers and texts of digits."""
        return None if isinstance(value, str) and re.fullmatch(r"[0-9]+", value) else self.config.time_zone

    def folding(self, cased: bool) -> Folding:
        """Sigma's folding where the rule says so, else what Kibana is told."""
        if not cased:
            return Folding.SIGMA
        return Folding.ASCII if self.config.case_insensitive else Folding.NONE


_SIDES: dict[logic.Side, spelled.Comparison] = {
    logic.Side.WHOLE: str.__eq__,
    logic.Side.START: str.startswith,
    logic.Side.END: str.endswith,
    logic.Side.INSIDE: str.__contains__,
}


def _asked(field: Field) -> Ask:
    return field.ask if isinstance(field, FieldRef) else Ask.MATCH


BACKEND = Backend(
    summary="Python module with a predicate, for programs that judge events themselves",
    suffix=".py",
    emit=emit,
    matches=matches,
)
