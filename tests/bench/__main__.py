"""Prints one line for each thing measured: the median of several runs, and a peer's beside it."""

from __future__ import annotations

import json
import platform
import random
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

import translator
from tests.bench import bulk
from tests.bench.clock import Timing, alternately, process
from translator import kql

ROOT = Path(__file__).parents[2]
RULES = ROOT / "rules"
SEED = RULES / "persistence_periodic_tasks" / "rule.md"

#: sigma-cli is the peer; `make bench` installs it into an environment of its own.
PEER = ROOT / ".venv-bench" / "bin" / "sigma"

OURS = (sys.executable, "-m", "translator")
ROUNDS = 7
EVENTS = 20_000


def main() -> None:
    print(f"Python {platform.python_version()}, {platform.machine()}, {ROUNDS} runs each, medians")
    print("\nWhole processes")
    with tempfile.TemporaryDirectory() as folder:
        _processes(Path(folder))
    print(f"\nMany rules: SigmaHQ's, {bulk.ROUNDS} runs each (goal: three times the peer's rate)")
    _bulk()
    print("\nReading KQL")
    _parsing()
    print(f"\nMatching {EVENTS:,} generated events, already decoded")
    _matching()


def _processes(folder: Path) -> None:
    (rule,) = translator.read(SEED)
    sigma = folder / "rule.yml"
    sigma.write_text(translator.convert(rule, to="sigma").text, "utf-8")
    ours = {
        "sigma-kql --version (goal 0.25 s)": process(*OURS, "--version"),
        "sigma-kql --help (goal 0.25 s)": process(*OURS, "--help"),
        "sigma-kql convert page --to sigma (goal 0.60 s)": process(*OURS, "convert", SEED, "--to", "sigma"),
        "sigma-kql convert page --to dsl (goal 0.60 s)": process(*OURS, "convert", SEED, "--to", "dsl"),
        "sigma-kql convert sigma --to dsl (goal 0.60 s)": process(*OURS, "convert", sigma, "--to", "dsl"),
    }
    peers = {
        "python -c pass": process(sys.executable, "-c", "pass"),
    }
    if PEER.exists():
        peers |= {
            # Its `version` asks a server. Of its Elastic targets this is the one that takes |cased.
            "peer: sigma --help": process(PEER, "--help"),
            "peer: sigma convert sigma -t eql": process(PEER, "convert", "-t", "eql", "--without-pipeline", sigma),
        }
    for name, timing in alternately(ours | peers, ROUNDS).items():
        _line(name, timing)
    if not PEER.exists():
        print("  peer: sigma-cli is not installed in .venv-bench, so there is nothing to compare with")


def _bulk() -> None:
    found = False
    for name, timing, rate in bulk.timings(OURS, PEER):
        _line(name, timing, rate)
        found = True
    if not found:
        print(f"  the rules are not at {bulk.SHARED} (set SIGMA_KQL_SHARED)")


def _parsing() -> None:
    queries = [rule.query for rule in _rules()]
    size = sum(len(query.text) for query in queries)
    schema = translator.Schema.default()
    tasks = {
        "parse": lambda: [kql.parse(query) for query in queries],
        "parse and check": lambda: [kql.check(kql.parse(query), schema, query) for query in queries],
    }
    for name, timing in alternately(tasks, ROUNDS).items():
        _line(name, timing, f"{len(queries) / timing.median:,.0f} queries/s, {size / timing.median / 1000:,.0f} kB/s")


def _matching() -> None:
    documents = list(_events(random.Random(1), EVENTS))
    lines = [orjson.dumps(document) for document in documents]
    (seed,) = translator.read(SEED)
    one, many = translator.compile(seed), translator.Matcher(_rules())
    found = sum(map(one, documents))
    timings = alternately(
        {
            "orjson.loads": lambda: _each(orjson.loads, lines),
            "json.loads": lambda: _each(json.loads, lines),
            f"one rule ({found:,} match)": lambda: _each(one, documents),
            f"Matcher with {len(many.rules)} rules": lambda: _each(many.match, documents),
        },
        ROUNDS,
    )
    for name, timing in timings.items():
        ratio = timing.median / timings["orjson.loads"].median
        _line(name, timing, f"{EVENTS / timing.median:,.0f} events/s, {ratio:.2f} of orjson.loads")


def _each(function: Callable[[Any], object], values: Iterable[Any]) -> None:
    # What comes back is dropped at once: a list of it all would be a benchmark of the garbage collector.
    for value in values:
        function(value)


def _rules() -> list[translator.Rule]:
    return [rule for path in sorted(RULES.glob("*/rule.*")) for rule in translator.read(path)]


def _events(chance: random.Random, count: int) -> Iterator[dict[str, Any]]:
    """File events as an endpoint agent sends them; about one in fourteen is one that the seed rule looks for."""
    for number in range(count):
        system = chance.choice(["macos", "macos", "linux", "windows"])
        folder = chance.choice(
            ["/private/etc/periodic/daily", "/tmp", "/Users/ada/Library", "/var/log", "/usr/local/bin"]
        )
        kind = chance.choice(["creation", "change", "deletion"])
        yield {
            "@timestamp": f"2026-03-02T04:{number // 60 % 60:02}:{number % 60:02}.000Z",
            "agent": {"id": f"{chance.getrandbits(128):032x}", "type": "endpoint", "version": "9.0.1"},
            "event": {"kind": "event", "category": ["file"], "type": [kind], "dataset": "endpoint.events.file"},
            "host": {"name": f"host-{number % 100}", "os": {"type": system, "family": system, "version": "15.3"}},
            "file": {"path": f"{folder}/{number}.sh", "name": f"{number}.sh", "size": number},
            "process": {"name": "zsh", "executable": "/bin/zsh", "pid": number, "args": ["zsh", "-c", "true"]},
            "user": {"id": "501", "name": "ada"},
        }


def _line(name: str, timing: Timing, rate: str = "") -> None:
    print(f"  {name:<50} {timing}{f'  {rate}' if rate else ''}")


if __name__ == "__main__":
    main()
