"""Rules in KQL and in Sigma, and documents, drawn at random over `fields`; the same ones for the same seed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.engine.fields import BOUNDS, QUESTIONS, REFUSED, SEARCHES, VALUES, WRONG
from translator.dsl.emit import Config

Drawn = TypeVar("Drawn")

_ABOVE = (" < ", " <= ", " > ", " >= ")
_INSIDE = {"kind": ["a", "b", "*", "(a and b)", "(a or x)", "a*"], "port": ["22", "80", "*"], "ip": ["10.0.0.0/8", "*"]}


def drawn(strategy: st.SearchStrategy[Drawn], count: int, number: int) -> list[Drawn]:
    """``count`` examples of a strategy of hypothesis."""
    found: list[Drawn] = []

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        deadline=None,
    )
    @given(strategy)
    def collect(example: Drawn) -> None:
        found.append(example)

    collect()
    return found


def document(random: Random) -> str:
    """A document as JSON: names dotted or nested, values alone or in lists; now and then one that is refused."""
    wrong = random.choice([*WRONG]) if random.random() < 0.05 else None
    names = random.sample(list(VALUES), random.randint(1, 12))
    top: dict[str, str] = {}
    inner: dict[str, dict[str, str]] = {}
    for name in dict.fromkeys([*names, *([wrong] if wrong else [])]):
        value = _value(random, WRONG[name] if name == wrong else VALUES[name])
        first, _, rest = name.partition(".")
        if not rest or random.random() < 0.5:
            top[name] = value
        else:
            inner.setdefault(first, {})[rest] = value
    for first, entries in inner.items():
        made = _object(entries)
        top[first] = random.choice([made, made, made, f"[{made}]", f"[[{made}], null]"])
    return ascii_json(_object(top))


def ascii_json(text: str) -> str:
    """The same JSON in ASCII: of a text in UTF-8 Elasticsearch takes another length for ``ignore_above``."""
    return "".join(char if char.isascii() else json.dumps(char)[1:-1] for char in text)


def _value(random: Random, values: Sequence[str]) -> str:
    """One of ``values``, a list of some, or what stands for none."""
    kind = random.random()
    if kind < 0.08:
        return random.choice(["null", "[]", "[null]", "[[], null]"])
    if kind < 0.35:
        several = random.choices(values, k=random.randint(1, 3))
        if kind < 0.15:
            several.insert(random.randint(0, len(several)), random.choice(["null", "[]", f"[{random.choice(values)}]"]))
        return f"[{', '.join(several)}]"
    return random.choice(values)


def _object(entries: dict[str, str]) -> str:
    return "{" + ", ".join(f"{json.dumps(key)}: {value}" for key, value in entries.items()) + "}"


def query(random: Random, depth: int = 3) -> str:
    """A query in KQL."""
    kind = random.random()
    if depth and kind < 0.35:
        parts = [query(random, depth - 1) for _ in range(random.randint(2, 3))]
        return f"({random.choice([' and ', ' or ']).join(parts)})"
    if depth and kind < 0.45:
        return f"not ({query(random, depth - 1)})"
    if kind < 0.55:
        return _of_one_object(random)
    if kind < 0.68:
        name = random.choice(list(BOUNDS))
        return f"{name}{random.choice(_ABOVE)}{random.choice(BOUNDS[name])}"
    if kind < 0.73:
        return random.choice(SEARCHES)
    if kind < 0.75:
        return refused(random)
    name = random.choice(list(QUESTIONS))
    values = random.choices(QUESTIONS[name], k=random.choice([1, 1, 1, 2, 3]))
    if len(values) == 1:
        return f"{name}:{values[0]}"
    return f"{name}:({random.choice([' or ', ' and ', ' or not ', ' and not ']).join(values)})"


def refused(random: Random) -> str:
    """A query of one clause that Elasticsearch answers with an error."""
    return random.choice([query for queries in REFUSED.values() for query in queries])


def _of_one_object(random: Random) -> str:
    """A question about one object of ``legs``."""
    parts = []
    for _ in range(random.randint(1, 3)):
        name = random.choice([*_INSIDE, "hops", "range", "all"])
        match name:
            case "hops":
                said = f"hops:{{ kind:{random.choice('xy*')} and port:{random.choice('12')} }}"
            case "range":
                said = f"port{random.choice(_ABOVE)}{random.choice(['22', '79'])}"
            case "all":
                said = "*:*"
            case _:
                said = f"{name}:{random.choice(_INSIDE[name])}"
        parts.append(f"not {said}" if random.random() < 0.25 else said)
    return f"legs:{{ {random.choice([' and ', ' or ']).join(parts)} }}"


def config(random: Random) -> Config:
    """Kibana's options, mostly its own."""
    return Config(
        time_zone=random.choice([None, None, "Zulu", "America/New_York", "+05:30", "Europe/Berlin"]),
        nested_ignore_unmapped=random.choice([None, None, True, False]),
        case_insensitive=random.choice([None, None, True, False]),
    )
