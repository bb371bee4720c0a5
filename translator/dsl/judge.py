"""What Elasticsearch returns for a Query DSL: the second witness.

Reads nothing but the JSON, and shares with the translation from KQL only what a field type makes of a value
(`translator.meaning`). So it finds out a clause that was chosen or spelled wrongly.

It knows the clauses that Kibana and this package send. What Elasticsearch answers with an error, and what it does not
know itself, is found when the query is compiled, every mistake with its place in the query's JSON text.

Errors are found in every clause, also in one that Elasticsearch never looks at because a clause beside it is on a field
that its index does not have.

Limits: ``match`` and ``match_phrase`` without options (no ``slop``, ``operator``, ``fuzziness``), ``multi_match``
only lenient and over the default fields, ``minimum_should_match`` only as a number, no scores.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from translator.dsl import document, lucene, query_string, regexp
from translator.dsl.document import Path
from translator.dsl.wildcard import decode
from translator.errors import Code, Diagnostic, TranslatorError, diagnose, refuse
from translator.expressions import automaton
from translator.meaning import Bounds, Folding, Refused, Scope, Test, calendar, either
from translator.meaning.verdict import Predicate, all_hold, negation
from translator.schema import Schema
from translator.source import Source, Span
from translator.values import Scalar

#: ``indices.query.bool.max_nested_depth``: how many queries may stand in one another, the innermost counted too.
DEEPEST = 30

#: No JSON that holds a query of `DEEPEST` levels is deeper.
_DEEPEST_JSON = 5 * DEEPEST

_Body: TypeAlias = Mapping[str, Any]

#: Options that change scores or names, never what is found.
_SILENT = frozenset({"boost", "_name"})


def compile_(dsl: Mapping[str, Any], schema: Schema) -> Predicate:
    """Whether Elasticsearch would return an event for ``dsl``, if its index were mapped as ``schema`` says.

    Raises TranslatorError with every mistake: what Elasticsearch answers with an error (T002, T004), and clauses that
    are not known here (T005).
    """
    nested = depth(dsl)
    if nested > DEEPEST or _json_depth(dsl) > _DEEPEST_JSON:
        said = f"The query is {nested} levels deep" if nested > DEEPEST else "A value is nested too deeply"
        raise refuse(
            Code.DSL_DEPTH,
            f"{said}; Elasticsearch takes {DEEPEST} levels of queries.",
            Source("", "<dsl>"),  # in place of a text that is too deep to be written
            Span(0, 1),
            "say it with fewer parentheses and `not`s",
        )
    judge = _Judge(dsl)
    test = judge.query(dsl, Scope(schema), ())
    if judge.found:
        raise TranslatorError(judge.found)
    return test.holds


def compile_text(text: str, schema: Schema) -> Predicate:
    """`compile_` for JSON text. Raises TranslatorError at the place where it is no JSON."""
    source = Source(text, "<dsl>")
    try:
        dsl = json.loads(text)
    except json.JSONDecodeError as error:
        span = Span(error.pos, error.pos + 1)
        raise refuse(Code.DSL_CLAUSE, f"The text is no JSON: {error.msg}.", source, span) from None
    except RecursionError:
        raise refuse(Code.DSL_DEPTH, "The JSON nests too deeply.", source, Span(0, 1)) from None
    return compile_(dsl, schema)


def depth(dsl: Any) -> int:
    """How many queries stand in one another, counted as Elasticsearch does: a term is one, a bool around it another."""
    deepest = 0
    pending: list[tuple[Any, int]] = [(dsl, 1)]
    while pending:
        here, level = pending.pop()
        if not isinstance(here, Mapping):
            continue
        deepest = max(deepest, level)
        for kind, body in here.items():
            if isinstance(body, Mapping):
                pending.extend((inner, level + 1) for inner in _inside(kind, body))
    return deepest


def _inside(kind: str, body: _Body) -> Iterable[Any]:
    match kind:
        case "bool":
            return [query for occur in _OCCURS for _, query in _queries(body.get(occur), ())]
        case "nested":
            return [body.get("query")]
        case _:
            return ()


_OCCURS = ("must", "filter", "should", "must_not")


def _queries(value: Any, path: Path) -> list[tuple[Path, Any]]:
    """The queries of one key of a ``bool``: a list of them, or one as it is."""
    if isinstance(value, list):
        return [((*path, at), each) for at, each in enumerate(value)]
    return [] if value is None else [(path, value)]


def _json_depth(value: Any) -> int:
    levels, here = 0, [value]
    while here and levels <= _DEEPEST_JSON:
        levels += 1
        here = [
            inner
            for each in here
            if isinstance(each, (dict, list))
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return levels


class _Mistake(Exception):
    """One mistake, at a path of the query."""

    def __init__(self, code: Code, message: str, path: Path, hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.path = path
        self.hint = hint


class _Judge:
    """Carries the findings."""

    def __init__(self, dsl: Any) -> None:
        self.dsl = dsl
        self.found: list[Diagnostic] = []

    def mistake(self, code: Code, message: str, path: Path, hint: str | None = None) -> None:
        source, span = document.locate(self.dsl, path)
        self.found.append(diagnose(code, message, source, span, hint))

    def query(self, dsl: Any, scope: Scope, path: Path) -> Test:
        """The test that ``dsl`` is; a mistake is noted and taken for "everything"."""
        at = path
        try:
            kind, body = _only(dsl, path, "A query is one clause with its body.")
            at = (*path, kind)
            return self.clause(kind, body, scope, at)
        except _Mistake as wrong:
            self.mistake(wrong.code, wrong.message, wrong.path, wrong.hint)
        except Refused as refused:
            self.mistake(Code.BAD_FIELD_VALUE, refused.message, at, refused.hint)
        except query_string.Unsupported as unsupported:
            self.mistake(
                Code.DSL_CLAUSE,
                f"The query_string holds {unsupported}, which Kibana always escapes.",
                at,
                "escape it with a backslash",
            )
        return scope.everything

    def clause(self, kind: str, body: Any, scope: Scope, path: Path) -> Test:
        match kind:
            case "bool":
                return self.bool(_options(body, path, {*_OCCURS, "minimum_should_match"}), scope, path)
            case "nested":
                options = _options(body, path, {"path", "query", "score_mode", "ignore_unmapped"})
                return self.nested(options, scope, path)
            case "match_all":
                _options(body, path, set())
                return scope.everything
            case "match_none":
                _options(body, path, set())
                return scope.nothing
            case "exists":
                return scope.exists(_text(_options(body, path, {"field"}), "field", path))
            case "term":
                name, options = _field(body, path, "value", {"case_insensitive"})
                return scope.term(name, _scalar(options, "value", path), _folding(options, path))
            case "terms":
                return _terms(body, scope, path)
            case "match":
                name, options = _field(body, path, "query", set())
                return scope.match(name, _scalar(options, "query", path))
            case "match_phrase":
                name, options = _field(body, path, "query", set())
                return scope.match_phrase(name, _scalar(options, "query", path))
            case "range":
                return _range(body, scope, path)
            case "wildcard":
                name, options = _field(body, path, "value", {"case_insensitive"})
                return scope.wildcard(name, decode(_text(options, "value", path)), _folding(options, path))
            case "regexp":
                name, options = _field(body, path, "value", {"case_insensitive", "flags", "max_determinized_states"})
                said, folding = _text(options, "value", path), _folding(options, path)
                return scope.regexp(name, said, lambda text: _expression(text, options, path), folding)
            case "query_string":
                return _query_string(_options(body, path, {"query", "fields"}), scope, path)
            case "multi_match":
                return _multi_match(_options(body, path, {"query", "type", "lenient"}), scope, path)
            case _:
                raise _Mistake(
                    Code.DSL_CLAUSE, f'The clause "{kind}" is not known here.', path, f"known are {', '.join(CLAUSES)}"
                )

    def bool(self, body: _Body, scope: Scope, path: Path) -> Test:
        must, filtered, should, banned = (
            [self.query(each, scope, at) for at, each in _queries(body.get(occur), (*path, occur))] for occur in _OCCURS
        )
        required = [*must, *filtered]
        if not (required or should):
            return Test(all_hold(negation(each.holds) for each in banned))
        least = _least(body, len(should), path)
        if not required:
            least = max(least, 1)
        tests = [each.holds for each in required]
        if least == 1 and should:
            chosen = either(should)
            if not required and not banned:
                return chosen
            tests.append(chosen.holds)
        elif least:
            tests.append(_at_least(least, [each.holds for each in should]))
        return Test(all_hold([*tests, *(negation(each.holds) for each in banned)]))

    def nested(self, body: _Body, scope: Scope, path: Path) -> Test:
        below = _text(body, "path", path)
        if "query" not in body or body.get("score_mode", "avg") not in _SCORE_MODES:
            raise _Mistake(
                Code.BAD_FIELD_VALUE,
                "Elasticsearch takes no nested query without a query and a known score_mode.",
                path,
            )
        lenient = _flag(body, "ignore_unmapped", path)
        if scope.nested(below, scope.everything.holds, ignore_unmapped=lenient) == scope.nothing:
            return scope.nothing
        inner = self.query(body["query"], scope.within(below), (*path, "query"))
        return scope.nested(below, inner.holds, ignore_unmapped=lenient)


_SCORE_MODES = ("none", "avg", "sum", "min", "max")

#: The clauses that are known.
CLAUSES = (
    "bool",
    "nested",
    "match_all",
    "match_none",
    "exists",
    "term",
    "terms",
    "match",
    "match_phrase",
    "range",
    "wildcard",
    "regexp",
    "query_string",
    "multi_match",
)


def _only(value: Any, path: Path, message: str) -> tuple[str, Any]:
    """The one key of an object, and what it holds."""
    if not isinstance(value, Mapping) or len(value) != 1:
        raise _Mistake(Code.BAD_FIELD_VALUE, f"{message} Elasticsearch answers anything else with an error.", path)
    ((key, inside),) = value.items()
    return str(key), inside


def _options(body: Any, path: Path, known: Iterable[str]) -> _Body:
    """The body of a clause, in which nothing is left unread."""
    if not isinstance(body, Mapping):
        raise _Mistake(Code.BAD_FIELD_VALUE, f"Elasticsearch wants an object as the body of {path[-1]}.", path)
    unknown = [key for key in body if key not in known and key not in _SILENT]
    if unknown:
        raise _Mistake(
            Code.DSL_CLAUSE,
            f'The option "{unknown[0]}" of {path[-1]} is not known here.',
            (*path, unknown[0]),
            "leave it out",
        )
    return body


def _field(body: Any, path: Path, main: str, known: Iterable[str]) -> tuple[str, _Body]:
    """The field that a clause is about, and its options; ``field: value`` is short for ``field: {main: value}``."""
    name, inside = _only(body, path, f"The body of {path[-1]} names one field.")
    if not isinstance(inside, Mapping):
        return name, {main: inside}
    return name, _options(inside, (*path, name), {main, *known})


def _scalar(options: _Body, key: str, path: Path) -> Scalar:
    value = options.get(key)
    if value is not None and not isinstance(value, (str, int, float)):
        raise _Mistake(
            Code.BAD_FIELD_VALUE,
            f"Elasticsearch takes no list and no object as the value of {path[-1]}.",
            path,
            "write a bool with one clause a value",
        )
    return value


def _text(options: _Body, key: str, path: Path) -> str:
    """A text; Elasticsearch reads numbers and booleans as their text, and null as a mistake."""
    value = _scalar(options, key, path)
    if value is None:
        raise _Mistake(Code.BAD_FIELD_VALUE, f'Elasticsearch wants a text as "{key}" of {path[-1]}.', path)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _folding(options: _Body, path: Path) -> Folding:
    return Folding.ASCII if _flag(options, "case_insensitive", path) else Folding.NONE


def _flag(options: _Body, key: str, path: Path) -> bool:
    match options.get(key, False):
        case True | "true":
            return True
        case False | "false":
            return False
        case _:
            raise _Mistake(Code.BAD_FIELD_VALUE, f'Elasticsearch takes true and false as "{key}".', path)


def _least(body: _Body, count: int, path: Path) -> int:
    """How many of ``count`` optional clauses must be true; a negative number says how many may be false."""
    said = body.get("minimum_should_match")
    if said is None:
        return 0
    text = str(said).strip()
    if not re.fullmatch(r"[+-]?[0-9]{1,9}", text):
        code = Code.DSL_CLAUSE if "%" in text or "<" in text else Code.BAD_FIELD_VALUE
        raise _Mistake(
            code, f'"minimum_should_match": {said!r} is no number.', (*path, "minimum_should_match"), "write a number"
        )
    number = int(text)
    return max(0, count + number if number < 0 else number)


def _at_least(least: int, tests: list[Predicate]) -> Predicate:
    return lambda event: sum(test(event) for test in tests) >= least


def _terms(body: Any, scope: Scope, path: Path) -> Test:
    said = {key: each for key, each in body.items() if key not in _SILENT} if isinstance(body, Mapping) else body
    name, listed = _only(said, path, "The body of terms names one field.")
    if not isinstance(listed, list):
        raise _Mistake(Code.BAD_FIELD_VALUE, "Elasticsearch wants a list of values in terms.", (*path, name))
    return either(scope.term(name, _scalar({"value": value}, "value", path)) for value in listed)


def _range(body: Any, scope: Scope, path: Path) -> Test:
    name, inside = _only(body, path, "The body of range names one field.")
    options = _options(inside, (*path, name), {*_BOUNDS, "time_zone"})
    bounds: dict[str, Scalar] = {}
    for key in options:
        if key in _BOUNDS:
            # Elasticsearch knows one lower and one upper bound: what is said last.
            bounds.pop(_BOUNDS[key], None)
            bounds[key] = _scalar(options, key, path)
    zone = _text(options, "time_zone", path) if "time_zone" in options else None
    if zone is not None and calendar.zone(zone) is None:
        raise _Mistake(
            Code.BAD_FIELD_VALUE,
            f'Elasticsearch knows no time zone "{zone}".',
            (*path, name, "time_zone"),
            "write an offset such as +02:00 or a name such as Europe/Berlin",
        )
    return scope.range(name, Bounds(**bounds, time_zone=zone))


#: The bounds, and which other bound each of them replaces.
_BOUNDS = {"gt": "gte", "gte": "gt", "lt": "lte", "lte": "lt"}


def _expression(text: str, options: _Body, path: Path) -> Callable[[str], bool]:
    """The test of a whole value. Lucene's optional operators are not known here."""
    flags = str(options.get("flags", "ALL")).upper()
    if flags != "NONE" and lucene.has_optional_operators(text):
        raise _Mistake(
            Code.DSL_CLAUSE,
            "The regexp holds an optional operator of Lucene's (one of ~&<>@#).",
            path,
            'escape it with a backslash, or write "flags": "NONE"',
        )
    if len(text.encode("utf-16-le", "surrogatepass")) // 2 > regexp.LONGEST:
        raise _Mistake(
            Code.BAD_FIELD_VALUE, f"Elasticsearch takes {regexp.LONGEST} characters of a regexp.", path, "shorten it"
        )
    try:
        tree = lucene.read(text, folds=_flag(options, "case_insensitive", path))
        if regexp.is_too_complex(tree):
            raise lucene.Malformed("its automaton grows too large")
        return automaton.matching(tree)
    except (lucene.Malformed, automaton.TooLarge) as error:
        raise _Mistake(
            Code.BAD_FIELD_VALUE, f"Elasticsearch cannot read the regexp: {error}.", path, "see Lucene's RegExp"
        ) from None


def _query_string(body: _Body, scope: Scope, path: Path) -> Test:
    names = body.get("fields", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise _Mistake(Code.BAD_FIELD_VALUE, "Elasticsearch wants a list of names as the fields of query_string.", path)
    return query_string.compile_(_text(body, "query", path), lambda words: scope.query_words(names, words))


def _multi_match(body: _Body, scope: Scope, path: Path) -> Test:
    kind = body.get("type", "best_fields")
    if kind not in ("best_fields", "phrase") or not _flag(body, "lenient", path):
        raise _Mistake(Code.DSL_CLAUSE, 'A multi_match is known only lenient, of "type" best_fields or phrase.', path)
    return scope.multi_match(_scalar(body, "query", path), phrase=kind == "phrase")
