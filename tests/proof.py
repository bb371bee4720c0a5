"""``python -m tests.proof [--every N] [elastic] [sigmahq]``: the rules of the corpora verified, and what came of it.

Every target's artefact of every rule is read back and judged on the rule's witnesses, in as many processes as there
are processors. It ends with 1 where a verdict differs that no loss declares, or an artefact cannot be read back.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from tests.conftest import ROOT, ndjson
from translator import yaml_writer
from translator.rule import Rule, query_rule
from translator.source import Source
from translator.sources import read_text
from translator.verification import Outcome, verify
from translator.verification.forms import text
from translator.witness import Reach

CORPORA = {"elastic": "elastic_kql_rules.ndjson.gz", "sigmahq": "sigmahq_rules.ndjson.gz"}

_PLACEHOLDER = re.compile(r"%([A-Za-z_][A-Za-z0-9_ -]*)%")


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one rule."""

    name: str
    seconds: float
    witnesses: int
    leaves: int
    reached: dict[Reach, int]
    outcomes: dict[str, Outcome]
    events: int
    verdicts: int
    differences: int
    proved: int
    wrong: str


@dataclass(frozen=True, slots=True)
class Figures:
    """What became of many."""

    rows: tuple[Row, ...]

    @property
    def wrong(self) -> list[str]:
        """The reports of the rules with an undeclared difference or an artefact that fails."""
        return [each.wrong for each in self.rows if each.wrong]

    @property
    def median(self) -> float:
        """Of the witnesses of a rule."""
        return median(each.witnesses for each in self.rows)

    @property
    def open(self) -> dict[str, int]:
        """The rules with decisions of which neither an event nor a proof was found."""
        return {each.name: each.reached[Reach.OPEN] for each in self.rows if each.reached[Reach.OPEN]}

    def count(self, reach: Reach) -> int:
        return sum(each.reached[reach] for each in self.rows)

    def outcomes(self) -> Counter[tuple[str, Outcome]]:
        """How often each target had each outcome."""
        return Counter((target, outcome) for each in self.rows for target, outcome in each.outcomes.items())

    def lines(self) -> Iterator[str]:
        """For people."""
        seconds = [each.seconds for each in self.rows]
        slowest = max(self.rows, key=lambda each: each.seconds)
        yield f"{len(self.rows)} rules in {sum(seconds):.0f} s of processor time"
        yield f"the slowest took {slowest.seconds:.1f} s: {slowest.name}"
        counts = [each.witnesses for each in self.rows]
        yield f"{sum(counts)} witnesses; of a rule {self.median:g} on the median, {min(counts)} to {max(counts)}"
        leaves = sum(each.leaves for each in self.rows)
        reached = ", ".join(f"{self.count(reach)} {reach}" for reach in Reach)
        yield f"{leaves} conditions; of their {2 * leaves} decisions {reached}"
        yield from (f"  open: {name} ({count})" for name, count in self.open.items())
        found = self.outcomes()
        for target in sorted({target for target, _ in found}):
            yield f"{target}: " + ", ".join(
                f"{found[target, outcome]} {outcome}" for outcome in Outcome if found[target, outcome]
            )
        verdicts, differences = (
            sum(counted) for counted in zip(*((each.verdicts, each.differences) for each in self.rows), strict=True)
        )
        yield f"{verdicts} verdicts, {differences} declared differences"
        yield f"{sum(each.proved for each in self.rows)} artefacts proved to say what the rule says, on any event"
        yield f"{len(self.wrong)} rules with an undeclared difference or an artefact that fails"


def rule_of(record: dict[str, Any]) -> Rule:
    """The rule of a line of a corpus. Placeholders in a Sigma rule get two values each."""
    if "query" in record:
        return query_rule(Source(record["query"], record["rule_id"]))
    (rule,) = read_text(record["yaml"], format="sigma", name=record["path"])
    if "|expand" in record["yaml"]:
        return rule.through([_values(tuple(sorted(set(_PLACEHOLDER.findall(record["yaml"])))))])
    return rule


@cache
def _values(names: tuple[str, ...]) -> str:
    """A pipeline of pySigma's, in a file, that gives placeholders their values."""
    said = {
        "name": "values",
        "priority": 1,
        "vars": {name: [f"{name} one", f"{name} two"] for name in names},
        "transformations": [{"id": "values", "type": "value_placeholders"}],
    }
    path = Path(tempfile.mkdtemp(prefix="proof-")) / "values.yml"
    path.write_text(yaml_writer.write(said), encoding="utf-8")
    return str(path)


def row(record: dict[str, Any]) -> Row:
    start = time.process_time()
    rule = rule_of(record)
    report = verify(rule)
    found = report.witnesses
    return Row(
        name=record.get("path") or record["rule_id"],
        seconds=time.process_time() - start,
        witnesses=len(found.events),
        leaves=len(found.leaves),
        reached={reach: found.count(reach) for reach in Reach},
        outcomes={each.target: each.outcome for each in report.targets},
        events=len(report.cases),
        verdicts=sum(len(each.verdicts) for each in report.targets),
        differences=sum(len(each.differences) - len(each.undeclared) for each in report.targets),
        proved=sum(each.proved for each in report.targets),
        wrong="" if report.ok else text(report),
    )


def records(shared: Path, corpus: str, every: int = 1) -> Iterator[dict[str, Any]]:
    """The lines of a corpus: each, or every so many-th."""
    return islice(ndjson(shared / "corpus" / CORPORA[corpus]), 0, None, every)


def prove(lines: Iterable[dict[str, Any]], processes: int = 1) -> Figures:
    """Verify the rules of these lines."""
    if processes == 1:
        return Figures(tuple(map(row, lines)))
    with ProcessPoolExecutor(processes) as pool:
        return Figures(tuple(pool.map(row, lines, chunksize=8)))


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.proof", description="Verify the rules of the corpora.")
    parser.add_argument("corpora", nargs="*", choices=[*CORPORA, []], help="which (default: all)")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every N-th rule")
    options = parser.parse_args(arguments)
    shared = Path(os.environ.get("SIGMA_KQL_SHARED", ROOT.parent / "shared"))
    wrong: list[str] = []
    for corpus in options.corpora or CORPORA:
        figures = prove(records(shared, corpus, options.every), os.cpu_count() or 1)
        print(corpus, *figures.lines(), *figures.wrong, sep="\n", flush=True)
        wrong += figures.wrong
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
