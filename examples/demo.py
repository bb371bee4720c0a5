"""The main job on one rule: a page becomes Sigma, Query DSL and KQL, and all of them give the same verdicts.

    python examples/demo.py [FOLDER]

FOLDER holds ``rule.md`` (or another rule file) and ``events.yaml``. Ends with 1 if a verdict differs.
"""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

import translator
from translator import rule_events
from translator.backends import backends
from translator.rule_events import RuleEvent

SEED = Path(__file__).parents[1] / "rules" / "persistence_periodic_tasks"

#: What is shown, and how it is coloured. The matcher has nothing to show: it is a program.
SHOWN = {"sigma": "yaml", "dsl": "json", "kql": "text"}


def main(folder: Path) -> int:
    """Show the artefacts and the table of verdicts; returns the exit status."""
    console = Console(width=None if sys.stdout.isatty() else 110)
    (rule,) = translator.read(next(folder.glob("rule.*")))
    beside = rule_events.read(folder / "events.yaml")
    schema = beside.schema(translator.Schema.default())
    artefacts = {name: translator.convert(rule, to=name, schema=schema) for name in backends()}

    console.rule(Text(f"{rule.title}, from {rule.source.name}"))
    console.print(Syntax(rule.query.text, "text", word_wrap=True))
    for name, language in SHOWN.items():
        console.rule(Text(f"{backends()[name].summary}, {artefacts[name].fidelity}"))
        console.print(Syntax(artefacts[name].text.rstrip("\n"), language, word_wrap=True))

    # Every verdict is given by the artefact's text alone, read back by the backend that wrote it.
    read_back = {
        name: matches(artefacts[name].text, schema)
        for name, backend in backends().items()
        if (matches := backend.matches)
    }
    verdicts = [(each, {name: test(each.event) for name, test in read_back.items()}) for each in beside.events]
    console.rule(Text("Verdicts"))
    console.print(_table(verdicts, list(read_back)))
    wrong = sum(verdict != each.expected for each, given in verdicts for verdict in given.values())
    console.print(
        f"{len(verdicts)} events, {len(read_back)} artefacts read back, "
        f"{len(verdicts) * len(read_back)} verdicts, {wrong} differ from the expected one"
    )
    return 1 if wrong else 0


def _table(verdicts: list[tuple[RuleEvent, dict[str, bool]]], names: list[str]) -> Table:
    table = Table("does it match?", "expected", *names)
    for each, given in verdicts:
        table.add_row(Text(each.name), _word(each.expected), *(_cell(given[name], each.expected) for name in names))
    return table


def _cell(verdict: bool, expected: bool) -> str:
    return f"[green]{_word(verdict)}[/]" if verdict == expected else f"[bold red]{_word(verdict)} (wrong)[/]"


def _word(verdict: bool) -> str:
    return "yes" if verdict else "no"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else SEED))
