"""Lists and chains of any length stay flat, in every language."""

from __future__ import annotations

import re
from typing import Any

import pytest

from translator.backends import backends
from translator.kql import ast, parse, print_
from translator.pipeline import convert
from translator.schema import Schema

CHAIN = " or ".join(f'destination.ip:"10.{i // 250}.{i % 250}.1"' for i in range(5000))
LIST = "destination.ip:(" + " or ".join(f'"10.{i // 250}.{i % 250}.1"' for i in range(5000)) + ")"
NEGATIONS = " and ".join(f'not user.name:"{i}"' for i in range(2000))


def depth(clause: Any) -> int:
    match clause:
        case {}:
            return max((depth(value) + (key == "bool") for key, value in clause.items()), default=0)
        case []:
            return max(map(depth, clause), default=0)
        case [*_]:
            return max(map(depth, clause))
        case _:
            return 0


@pytest.mark.parametrize("text", [CHAIN, LIST, NEGATIONS])
def test_long_chains_give_flat_dsl(text: str) -> None:
    assert depth(convert(text, to="dsl").data) < 5


@pytest.mark.parametrize("text", [CHAIN, LIST])
def test_long_chains_give_one_list_of_sigma(text: str) -> None:
    written = convert(text, to="sigma").text

    assert written.count("destination.ip") == 1
    assert len(re.findall(r"^ +- '?10\.", written, re.M)) == 5000


@pytest.mark.parametrize("target", ["dsl", "kql", "sigma", "matcher"])
def test_long_lists_are_judged_by_every_target(target: str) -> None:
    matches = backends()[target].matches
    assert matches is not None
    test = matches(convert(LIST, to=target).text, Schema.default())

    assert test({"destination": {"ip": ["192.168.0.1", "10.19.249.1"]}})
    assert not test({"destination": {"ip": "10.20.0.1"}})


def test_a_hundred_thousand_values_are_read_and_written() -> None:
    text = "user.name:(" + " or ".join(f"v{i}" for i in range(100_000)) + ")"
    query = parse(text)

    assert isinstance(query, ast.Is)
    assert isinstance(query.value, ast.AnyOf)
    assert len(query.value.items) == 100_000
    assert print_(query) == text


@pytest.mark.parametrize("target", ["dsl", "kql", "sigma", "matcher"])
def test_fifty_thousand_values_are_converted(target: str) -> None:
    """What grew with the square of the list would not end here."""
    text = "user.name:(" + " or ".join(f"v{i}" for i in range(50_000)) + ")"

    assert convert(text, to=target).text.count("v49999") == 1
