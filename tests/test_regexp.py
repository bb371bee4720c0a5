"""Regular expressions: one meaning in every engine, and no text that stalls one."""

from __future__ import annotations

import importlib.util
import re
import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from translator.dsl import lucene, regexp
from translator.expressions import Stalling, Unreadable, automaton, engines, search
from translator.expressions.reader import read

#: Small enough that expressions and texts meet often.
LETTERS = "aAbB1_ -.\n"

atoms = st.sampled_from(
    [
        "a",
        "B",
        "1",
        "_",
        " ",
        "-",
        r"\.",
        ".",
        r"\d",
        r"\w",
        r"\s",
        r"\D",
        r"\W",
        r"\S",
        "[ab]",
        "[^a]",
        "[a-c1]",
        r"[\w-]",
    ]
)
places = st.sampled_from(["^", "$", r"\b", r"\B", r"\A", r"\Z"])


def _more(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    counts = st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "{2,}", "*?"])
    return st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda two: f"(?:{two[0]}|{two[1]})"),
        st.tuples(inner, counts).map(lambda two: f"({two[0]}){two[1]}"),
        st.tuples(places, inner).map("".join),
        st.tuples(inner, places).map("".join),
        st.tuples(inner, places, inner).map("".join),
    )


expressions = st.recursive(atoms, _more, max_leaves=6)
texts = st.text(alphabet=LETTERS, max_size=8)
flags = st.sampled_from(["", "i", "m", "s", "im", "is", "ims"])


def python(expression: str, letters: str) -> re.Pattern[str]:
    """Python's engine, by RE2's rules: classes of ASCII, and a ``$`` that is the end."""
    said = re.ASCII
    for letter in letters:
        said |= {"i": re.I, "m": re.M, "s": re.S}[letter]
    if "m" not in letters:
        expression = expression.replace("$", r"\Z")
    return re.compile(expression, said)


@given(expressions, flags, texts)
@settings(max_examples=500)
def test_the_automaton_finds_what_python_finds(expression: str, letters: str, text: str) -> None:
    assume(text or r"\B" not in expression)  # Python finds no \\B in an empty text, RE2 does
    found = python(expression, letters).search(text) is not None

    assert automaton.searching(read(expression, letters))(text) is found


@pytest.mark.skipif(importlib.util.find_spec("re2") is None, reason="RE2 is an extra")
@given(expressions, flags, st.text(alphabet=LETTERS + "éÉſK😀\ud800", max_size=8))
@settings(max_examples=500)
def test_re2_finds_what_the_automaton_finds(expression: str, letters: str, text: str) -> None:
    tree = read(expression, letters)

    assert engines.searching(tree)(text) is automaton.searching(tree)(text)


@given(expressions, flags, texts)
@settings(max_examples=500)
def test_lucene_matches_a_whole_text_in_which_the_expression_is_found(expression: str, letters: str, text: str) -> None:
    """Both readers stand on other code than the writer; `tests/engine` holds it against Elasticsearch itself."""
    tree = read(expression, letters)
    try:
        written = regexp.lucene(tree)
    except regexp.Inexpressible:
        return

    whole = automaton.matching(lucene.read(written.value, folds=written.folds))
    assert whole(text) is automaton.searching(tree)(text)
    again = read(*regexp.searched(written.value, folds=written.folds))
    assert automaton.searching(again)(text) is whole(text)


@pytest.mark.parametrize(
    ("expression", "letters", "written", "folds"),
    [
        ("start", "", ".*start.*", False),
        ("^start", "", "start.*", False),
        ("end$", "", ".*end", False),
        (r"^power(\.exe)?\d+$", "", r"power(\.exe)?[0-9]+", False),
        (r"start\s+cmd", "i", ".*start[\t\n\x0c\r ]+cmd.*", True),
        (r"(?i)a-z[a-c]", "", r".*a\-z[A-Ca-c].*", True),
        ("(?i:a)b", "", ".*[Aa]b.*", False),
        ("größe", "i", ".*gr[Öö]ße.*", True),
        ("a|b$", "", ".*a.*|.*b", False),
        (r"(^|/)\.", "", r"\..*|.*/\..*", False),
        (r"\bfoo\b", "", "(.*[^0-9A-Z_a-z])?foo([^0-9A-Z_a-z].*)?", False),
        ("(?m)^a$", "", "(.*\n)?a(\n.*)?", False),
        ("a.b", "", ".*a[^\n]b.*", False),
        ("a.b", "s", ".*a.b.*", False),
        (r'a"b#c@d&e<f>g~h', "", r".*a\"b\#c\@d\&e\<f\>g\~h.*", False),
        (".*foo.*", "", ".*foo.*", False),
        (r"x{3,}y", "", ".*x{3}y.*", False),
    ],
)
def test_an_expression_has_this_spelling_in_lucene(expression: str, letters: str, written: str, folds: bool) -> None:
    assert regexp.lucene(read(expression, letters)) == regexp.Regexp(written, folds)


@pytest.mark.parametrize(
    "expression",
    [r"(?:a(?:\.|\b)){4}", r"(^a|b)+c", "a" * 1000, "a.{40}b", r"[^\\]{0,64}\\[^\\]{0,64}x.{0,64}y", "a{900}b{900}"],
)
def test_what_lucene_cannot_say_is_refused(expression: str) -> None:
    with pytest.raises(regexp.Inexpressible):
        regexp.lucene(read(expression))


@pytest.mark.parametrize(
    "expression", ["(?=a)b", "(?<!a)b", r"(a)\1", "(?>a)b", "a++b", "(a)(?(1)b|c)", "(?:a{99}){99}"]
)
def test_what_could_stall_a_stream_is_refused_unless_it_is_allowed(expression: str) -> None:
    with pytest.raises(Stalling):
        search(expression)

    assert search(expression, may_stall=True)("ab") is (re.search(expression, "ab") is not None)


@pytest.mark.parametrize(
    "expression", ["(", "[a", "*a", "a**", r"\q", "[[:alpha:]]", "(?P<a>", "[b-a]", "(" * 200 + ")" * 200]
)
def test_what_is_no_expression_is_refused(expression: str) -> None:
    with pytest.raises(Unreadable):
        read(expression)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("(a+)+$", "a" * 5000 + "b"),
        ("(a|aa)*c", "a" * 5000),
        ("(.*a){12}", "a" * 11 + "b" * 5000),
        (r"^(\w+\s?)*$", "word " * 1000 + "!"),
        ("(a?){30}a{30}b", "a" * 2000),
    ],
)
def test_no_text_stalls_the_search(expression: str, text: str) -> None:
    """Each of these takes an engine that goes back longer than anyone waits."""
    tree = read(expression)
    for test in (automaton.searching(tree), engines.searching(tree)):
        started = time.process_time()
        test(text)

        assert time.process_time() - started < 5


def test_what_an_automaton_remembers_has_a_limit() -> None:
    test = automaton.searching(read("a.{6}b"))
    text = "".join(chr(0x4E00 + number) for number in range(20_000))

    assert not test(text * 2)
    assert test(text + "a123456b")


@pytest.mark.parametrize(
    ("text", "matching", "other"),
    [
        ("abc", "abc", "xabc"),
        ("a.c", "a\nc", "ac"),
        ("*a", "*a", "a"),
        ("[]a]", "]", "b"),
        (r"\d\w\s", "1a ", "aa "),
        ('"a.b"', "a.b", "axb"),
        ("(|a)b", "|ab", "ab"),
        ("a{2,}", "aaa", "a"),
        ("a{1,2}{2}", "aaaa", "a"),
        (r"a\+b", "a+b", "aab"),
        ("^a$", "^a$", "a"),
    ],
)
def test_lucene_s_text_is_read_as_elasticsearch_reads_it(text: str, matching: str, other: str) -> None:
    """As Elasticsearch 8.19 answered."""
    test = automaton.matching(lucene.read(text))

    assert test(matching)
    assert not test(other)


@pytest.mark.parametrize(
    "text", ["a|", "[a-]", "a{2", "a{,2}", "(a", "a)", '"a', "a{3,2}", "[b-a]", "a\\", "[a", "[^]", r"\q"]
)
def test_lucene_s_text_that_elasticsearch_refuses_is_refused(text: str) -> None:
    """As Elasticsearch 8.19 answered."""
    with pytest.raises(lucene.Malformed):
        lucene.read(text)
