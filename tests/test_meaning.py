"""Laws of what a question means: patterns, letters, numbers, addresses, dates, words that act."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from ipaddress import ip_address, ip_network
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import strategies
from translator.meaning import Bounds, Refused, Scope, calendar, either, letters, numbers, query_string, unread
from translator.meaning.shapes import shaped
from translator.schema import Schema, Type, typed
from translator.values import Pattern, Wild, pattern

# Patterns.

SMALL = st.text("ab*?\n", max_size=8)


@given(
    st.lists(st.one_of(st.text("ab*?\n", min_size=1, max_size=3), st.sampled_from(Wild)), max_size=6).map(pattern),
    SMALL,
)
def test_a_pattern_is_a_regular_expression_over_the_whole_text(like: Pattern, text: str) -> None:
    """Python's `re` is the judge."""
    parts = {Wild.ANY: ".*", Wild.ONE: "."}
    judge = re.compile("".join(parts[part] if isinstance(part, Wild) else re.escape(part) for part in like), re.DOTALL)

    assert shaped(like)(text) is (judge.fullmatch(text) is not None)


def test_many_stars_take_no_longer_than_the_text() -> None:
    like: Pattern = (*(part for _ in range(500) for part in ("a", Wild.ANY)), "b")

    assert not shaped(like)("a" * 200_000)
    assert not shaped((Wild.ONE, Wild.ANY) * 300 + ("b",))("a" * 100_000)


# Letters.


def test_folding_keeps_every_code_point_one_code_point() -> None:
    """Where Unicode's full folding is one code point it is the simple one."""
    for code in (*range(0x20000), *range(0x20000, sys.maxunicode, 0x101)):
        char = chr(code)
        folded = letters.fold_simple(char)
        assert len(folded) == 1
        assert letters.fold_simple(folded) == folded
        if len(char.casefold()) == 1:
            assert folded == char.casefold()


def test_case_insensitive_folds_ascii_alone() -> None:
    """Kelvin's and Angstrom's signs, the long s and the Turkish letters stay what they are (reference 7.2)."""
    assert letters.fold_ascii("AbZ[\u212aÖſİ") == "abz[\u212aÖſİ"


# Numbers.


@given(
    st.integers(-200, 200),
    st.decimals(-150, 150, places=1),
    st.sampled_from(["gt", "gte", "lt", "lte"]),
    st.sampled_from([Type.LONG, Type.INTEGER, Type.SHORT, Type.BYTE, Type.DOUBLE]),
)
def test_a_bound_cuts_numbers_where_arithmetic_does(value: int, bound: Decimal, name: str, type_: Type) -> None:
    """``> 1.5`` is ``>= 2`` on integers (reference 7.2)."""
    if type_ is Type.BYTE and not -128 <= value <= 127:
        return
    test = Scope(Schema("s", {"n": typed("n", type_)})).range("n", Bounds(**{name: str(bound)}))
    truth = {"gt": value > bound, "gte": value >= bound, "lt": value < bound, "lte": value <= bound}[name]

    assert test.holds({"n": value}) is truth


@given(st.floats(allow_nan=False))
def test_doubles_are_read_as_they_are_written(number: float) -> None:
    said = repr(number).replace("inf", "Infinity")

    assert numbers.double(said) == numbers.double(f" {said}d\t") == number


@pytest.mark.parametrize(
    "said", ["", "x", "0x5", "1_000", "5,0", "5L", "5 7", "\uff15", "1e", ".", "+", "infinity", "nan"]
)
def test_what_java_does_not_read_is_no_number(said: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        numbers.double(said)


# Addresses.

ADDRESSES = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).map(str)
SCOPE = Scope(Schema("s", {"ip": typed("ip", Type.IP)}))


@given(ADDRESSES, ADDRESSES, st.integers(0, 32))
def test_a_network_holds_the_addresses_that_it_covers(address: str, base: str, length: int) -> None:
    """Python's `ipaddress` is the judge, among addresses of one version."""
    if ip_address(address).version != ip_address(base).version or "::ffff:" in f"{address} {base}":
        return
    holds = SCOPE.term("ip", f"{base}/{length}").holds({"ip": address})

    assert holds is (ip_address(address) in ip_network(f"{base}/{length}", strict=False))


@pytest.mark.parametrize(
    "value",
    [
        "010.0.0.1",
        "10.0",
        "10",
        "[::1]",
        "10.0.0.1:80",
        " 10.0.0.1",
        "",
        "10.0.0.0/33",
        "::/129",
        "10.0.0.0/-1",
        "::ffff:10.0.0.0/104",
        "10.0.0.1-10.0.0.9",
    ],
)
def test_what_is_no_address_is_refused(value: str) -> None:
    with pytest.raises(Refused):
        SCOPE.match("ip", value)


# Time.


@given(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)))
def test_the_calendar_agrees_with_pythons(at: datetime) -> None:
    since = at.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    wall = calendar.Wall(at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond * 1000)

    assert calendar.nanos(wall) == since // timedelta(microseconds=1) * 1000
    assert calendar.wall(calendar.nanos(wall)) == wall


@given(st.integers(-(10**27), 10**27))
def test_the_calendar_goes_back_and_forth_over_all_years(at: int) -> None:
    assert calendar.nanos(calendar.wall(at)) == at


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2035, 1, 1)),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]),
)
def test_clocks_of_zones_agree_with_pythons(at: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    nanos = (at.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000
    there = at.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=UTC)

    assert (
        calendar.to_clock(nanos, zone) == (there - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000
    )


def test_a_question_about_now_moves_with_the_clock() -> None:
    scope = Scope(Schema("s", {"t": typed("t", Type.DATE)}))
    event = {"t": datetime.now(UTC).isoformat()}

    assert scope.range("t", Bounds(gte="now-1m", lte="now+1m")).holds(event)
    assert not scope.range("t", Bounds(gte="now+1m")).holds(event)
    assert scope.term("t", "now/d").holds(event)


# Words that act in a query_string.


def asked(query: str) -> Pattern:
    """A query_string without escapes: stars are wildcards."""
    return pattern(Wild.ANY if each == "*" else each for each in re.split(r"(\*)", query))


@pytest.mark.parametrize(
    ("query", "hits", "misses"),
    [
        ("p AND q OR r", ["pq", "pqr"], ["p", "r", "pr", "qr"]),
        ("p OR q AND r", ["qr", "pqr"], ["p", "q", "pq", "r"]),
        ("p NOT q", ["p", "pr"], ["pq", "r", "q"]),
        ("p AND NOT q", ["p", "pr"], ["pq", "r"]),
        ("p OR NOT q", ["p", "pr"], ["pq", "r"]),
        ("NOT p", ["", "q"], ["p", "pq"]),
        ("p* q", ["p", "q"], ["r", ""]),
        ("p* AND q", ["pq"], ["p", "q"]),
        ("p\u3000q*", ["p", "q"], ["r"]),
        ("p\u00a0q", [], ["p", "q", "pq"]),
        ("p and q", [], ["p", "q", "pq"]),
        ("p q AND r", ["qr", "pqr"], ["p", "q", "pr"]),
        ("P* TO p", [], ["p"]),
    ],
)
def test_and_or_and_not_act_as_in_lucene(query: str, hits: list[str], misses: list[str]) -> None:
    """Lucene's classic parser has no precedence (reference 7.4). A letter is a value of the keyword."""
    test = Scope(Schema.from_yaml("f: keyword\n")).query_string(("f",), asked(query))

    assert [each for each in hits + misses if test.holds({"f": list(each)})] == hits


@pytest.mark.parametrize(
    "query", ["AND p", "p AND", "p AND AND q", "p NOT", "NOT NOT p", "OR", "p AND OR q", "NOT AND p"]
)
def test_words_that_do_not_fit_together_are_refused(query: str) -> None:
    with pytest.raises(Refused):
        query_string.clauses(asked(query))


# Tests together.


@given(st.lists(st.sampled_from(["root", "al*", "*ce", "*o*", "", "a b"]), max_size=5), strategies.events())
def test_several_questions_about_a_field_are_one_look(values: list[str], event: dict[str, object]) -> None:
    scope = Scope(Schema.from_yaml("user.name: {type: keyword, ignore_above: 4}\n"))
    tests = [scope.wildcard("user.name", asked(value)) for value in values]

    assert either(tests).holds(event) is any(test.holds(event) for test in tests)


def test_values_that_no_question_finds_are_told() -> None:
    schema = Schema.from_mapping(
        {
            "properties": {
                "ip": {"type": "ip"},
                "n": {"type": "long"},
                "k": {"type": "keyword", "ignore_above": 3},
                "d": {"type": "date"},
            }
        }
    )
    event = {"ip": ["10.0.0.1", "host"], "n": "", "k": ["abc", "abcd"], "d": "yesterday", "x": "what"}

    assert [(each.path, each.value) for each in unread(event, schema)] == [
        ("ip", "host"),
        ("k", "abcd"),
        ("d", "yesterday"),
    ]


def test_values_at_the_wrong_place_are_told() -> None:
    """Elasticsearch 8.19 refuses a document for each of these, and takes the empty ones."""
    schema = Schema.from_mapping(
        {
            "properties": {
                "user": {"properties": {"name": {"type": "keyword"}}},
                "legs": {"type": "nested", "properties": {"port": {"type": "long"}}},
                "labels": {"type": "flattened"},
            }
        }
    )
    wrong = [{"user": "x"}, {"user.name": {"first": "x"}}, {"legs": "x"}, {"labels": "x"}]
    right = [{"user": None}, {"legs": []}, {"labels": {}}, {"labels": {"env": None}}]

    assert [len(list(unread(event, schema))) for event in wrong] == [1, 1, 1, 1]
    assert [len(list(unread(event, schema))) for event in right] == [0, 0, 0, 0]
