"""What hypothesis draws from: texts with the characters that languages fight over, queries, events."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from translator import values
from translator.kql import ast
from translator.logic import RangeOp
from translator.values import Pattern, Wild

#: Specials of KQL, Sigma, query_string and YAML, words that act, blanks of every kind, and some letters.
PIECES = st.sampled_from(
    [
        *"\\():<>\"*{}?/-+&|!=[]~^#@%'`,;. \t\n\r",
        "\u00a0",
        "\u3000",
        "\u2028",
        "\ufeff",
        "\x00",
        "\x1c",
        " or ",
        " and ",
        "not ",
        "or",
        "and",
        "not",
        "OR",
        "Not",
        "null",
        "true",
        "false",
        "AND",
        "TO",
        "a",
        "B",
        "é",
        "ß",
        "İ",
        "日本",
        "😀",
        "10",
        "0",
        "1.5",
        "@kuery-wildcard@",
        "C:\\Windows\\",
        "\\\\",
        "--",
        "no",
        "~",
    ]
)
texts = st.lists(PIECES, max_size=6).map("".join)


def patterns(wild: tuple[Wild, ...] = (Wild.ANY, Wild.ONE)) -> st.SearchStrategy[Pattern]:
    """Patterns with at least one wildcard."""
    parts = st.lists(st.one_of(texts, st.sampled_from(wild)), min_size=1, max_size=5)
    return parts.map(values.pattern).filter(lambda found: any(isinstance(part, Wild) for part in found))


literals = st.one_of(
    st.builds(ast.Literal, texts, st.just(True)),
    st.builds(ast.Literal, texts, st.just(False)),
    st.sampled_from([ast.Literal(None), ast.Literal(True), ast.Literal(False)]),
)
names = st.one_of(literals, st.builds(ast.Wildcard, patterns((Wild.ANY,))))


def _lists(inner: st.SearchStrategy[ast.Value]) -> st.SearchStrategy[ast.Value]:
    items = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(st.builds(ast.AnyOf, items), st.builds(ast.AllOf, items), st.builds(ast.NoneOf, inner))


listed = st.recursive(names, _lists, max_leaves=5)


def _queries(inner: st.SearchStrategy[ast.Query]) -> st.SearchStrategy[ast.Query]:
    items = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        st.builds(ast.And, items),
        st.builds(ast.Or, items),
        st.builds(ast.Not, inner),
        st.builds(ast.Nested, names, inner),
    )


queries: st.SearchStrategy[ast.Query] = st.recursive(
    st.one_of(
        st.builds(ast.Is, names, listed),
        st.builds(ast.Free, names),
        st.builds(ast.Range, names, st.sampled_from(RangeOp), names),
    ),
    _queries,
    max_leaves=8,
)

#: A few fields of each kind, so that generated rules and events meet.
FIELDS = {
    "user.name": ["root", "Root", "alice", "al*ce", "al?ce", "", "a b", "x\\y", "no", "1"],
    "file.path": ["/etc/passwd", "/etc/passwd/", "/ETC/passwd", "C:\\Temp\\a b.exe", "C:\\Temp", "*", "/etc/"],
    "process.pid": [0, 1, 42, 4242, -1],
    "source.ip": ["10.0.0.1", "10.0.1.1", "192.168.0.1", "::1", "2001:db8::1"],
    "event.type": ["deletion", "creation", "Deletion", "start"],
}
_QUESTIONS = {
    "user.name": ["root", '"Root"', "al*", "*ce", '"al*ce"', '""', '"a b"', '"x\\\\y"', "*o*", "no", "*", '"1"'],
    "file.path": ["/etc/*", "/etc/passwd", '"C:\\\\Temp\\\\a b.exe"', "C\\:\\\\Temp*", "*.exe", "*", '"*"'],
    "process.pid": ["0", "42", "4242", "*"],
    "source.ip": ["10.0.0.0/24", "10.0.0.1", '"::1"', '"2001:db8::/32"', "*"],
    "event.type": ["deletion", '"creation"', "d*n", "*"],
}


@st.composite
def _clauses(draw: st.DrawFn) -> str:
    name = draw(st.sampled_from(list(_QUESTIONS)))
    if name == "process.pid" and draw(st.booleans()):
        return f"{name} {draw(st.sampled_from(['<', '<=', '>', '>=']))} {draw(st.sampled_from(['0', '42', '100']))}"
    found = draw(st.lists(st.sampled_from(_QUESTIONS[name]), min_size=1, max_size=3))
    if len(found) == 1:
        return f"{name}:{found[0]}"
    return f"{name}:({draw(st.sampled_from([' or ', ' and ', ' or not ', ' and not ']).map(str)).join(found)})"


def _joined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(inner, min_size=2, max_size=4)
    return st.one_of(
        several.map(lambda parts: f"({' and '.join(parts)})"),
        several.map(lambda parts: f"({' or '.join(parts)})"),
        inner.map(lambda part: f"not ({part})"),
        inner.map(lambda part: f"not {part}" if not part.startswith("not ") else part),
    )


#: KQL over FIELDS, as text.
rule_queries = st.recursive(_clauses(), _joined, max_leaves=8)


def _drawn(draw: st.DrawFn, kind: str, one: st.SearchStrategy[Any]) -> Any:
    match kind:
        case "one":
            return draw(one)
        case "list":
            return draw(st.lists(one, min_size=1, max_size=3))
        case "list with null":
            return [None, draw(one)]
        case "empty":
            return []
        case _:
            return None


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """An event over FIELDS: keys nested or dotted, values single, listed, null or missing."""
    event: dict[str, Any] = {}
    for name, values_ in FIELDS.items():
        kind = draw(st.sampled_from(["missing", "one", "one", "one", "list", "null", "empty", "list with null"]))
        if kind == "missing":
            continue
        value = _drawn(draw, kind, st.sampled_from(values_))
        first, last = name.split(".")
        if draw(st.booleans()):
            event[name] = value
        else:
            event.setdefault(first, {})[last] = value
    return event
