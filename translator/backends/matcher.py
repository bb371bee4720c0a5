"""The in-process matcher: a formula as a predicate over events, and as a small Python module that holds one.

A predicate is closures within closures: what each part of a formula means for its field's type is decided once,
when it is compiled, by `translator.meaning`. What Elasticsearch would answer with an error is found then too.

The matcher says everything that a formula can.
"""

from __future__ import annotations

import re
from typing import Any, assert_never

from translator import logic
from translator.artefact import Backend, Emitted, Options, Predicate
from translator.backends import _python_text
from translator.dsl.emit import DEFAULT, Config
from translator.errors import Code, Diagnostic, TranslatorError, diagnose
from translator.logic import Formula, children
from translator.meaning import Bounds, Folding, Refused, Scope, Test, either
from translator.meaning.verdict import EVERYTHING, all_hold, negation
from translator.rule import Rule
from translator.schema import Ask, Field, FieldRef, Schema
from translator.source import Source
from translator.values import Scalar


def compile_(
    formula: Formula, *, source: Source | None = None, schema: Schema | None = None, config: Config = DEFAULT
) -> Predicate:
    """A predicate that says of one event whether ``formula`` is true; it never raises and changes nothing.

    ``schema`` knows the fields that a search without a field, a field pattern or an object stands for; without one
    those are the fields of each event. ``config`` are Kibana's options: some change what it asks. Raises
    TranslatorError, with places in ``source``, where Elasticsearch would answer with an error.
    """
    compiler = _Compiler(schema or Schema.none(), source or Source(""), config)
    test = compiler.test(formula)
    if compiler.found:
        raise TranslatorError(compiler.found)
    return test.holds


def emit(rule: Rule, formula: Formula, options: Options) -> Emitted:
    """A module that needs nothing but this package: it builds the formula again and defines ``matches(event)``.

    Raises TranslatorError where Elasticsearch would answer with an error.
    """
    config = Config(time_zone=options.time_zone)
    compile_(formula, source=rule.whole, schema=options.schema, config=config)
    return Emitted(_python_text.write(rule.title, formula, options.schema, config))


def matches(text: str, schema: Schema) -> Predicate:
    """Run a module that `emit` wrote and return its predicate. It is code: run only what you wrote yourself."""
    names: dict[str, Any] = {}
    exec(compile(text, "<matcher>", "exec"), names)
    predicate: Predicate = names["matches"]
    return predicate


class _Compiler:
    """Carries the findings; goes through a formula without recursion, so that depth costs nothing."""

    def __init__(self, schema: Schema, source: Source, config: Config) -> None:
        self.schema = schema
        self.source = source
        self.config = config
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


def _asked(field: Field) -> Ask:
    return field.ask if isinstance(field, FieldRef) else Ask.MATCH


BACKEND = Backend(
    summary="Python module with a predicate, for programs that judge events themselves",
    suffix=".py",
    emit=emit,
    matches=matches,
)
