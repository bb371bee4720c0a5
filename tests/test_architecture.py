"""The rules of ARCHITECTURE.md that a machine can check."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from tests.conftest import ROOT
from translator import logic
from translator.errors import Code

PACKAGE = ROOT / "translator"

#: Bottom up. A module imports from its own line or from one above it here.
LAYERS = [
    "values source",
    "errors junit ledger profiles attack schema schemas schema_readers packaged_schema archives files registry located "
    "quoting "
    "json_reader toml_reader yaml_reader yaml_writer expressions",
    "logic",
    "kql dsl sigma meaning rule needs filters exception_lists query_dsl",
    "sources",
    "artefact backends events rule_events witness",
    "pipeline matcher kibana rewrite live verification report_page explanation rule_trials",
    "cli pysigma_kql __main__",
]
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names.split()}

#: Third party -> the only places that know it.
FENCES = {
    "lark": {"kql/parser.py"},
    "sigma": {
        "sigma/reader.py",
        "sigma/modifiers.py",
        "sigma/questions.py",
        "sigma/codec.py",
        "sigma/processing.py",
        "backends/_pysigma",
        "pysigma_kql/",
    },
    "click": {"cli/"},
    "rich": {"cli/"},
    "yaml": {"yaml_reader.py"},
    "jinja2": {"report_page/templates/"},
    "markupsafe": {"report_page/templates/"},
}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text("utf-8"))


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module="translator", names=names):
                yield from (f"translator.{alias.name}" for alias in names)
            case ast.ImportFrom(module=str(module)):
                yield module


def test_imports_point_down() -> None:
    wrong = []
    for name, tree in modules():
        here = name.split("/")[0].removesuffix(".py")
        for module in imported(tree):
            _, _, there = module.partition("translator.")
            if here != "__init__" and there and RANK.get(there.split(".")[0], 0) > RANK[here]:
                wrong.append(f"{name} imports {module}")

    assert wrong == []


def test_third_parties_stay_behind_their_fences() -> None:
    wrong = []
    for name, tree in modules():
        for module in imported(tree):
            places = FENCES.get(module.split(".")[0])
            if places is not None and not any(name.startswith(place) for place in places):
                wrong.append(f"{name} imports {module}")

    assert wrong == []


def test_files_fit_on_a_few_screens() -> None:
    long = {name: len((PACKAGE / name).read_text("utf-8").splitlines()) for name, _ in modules()}

    assert {name: lines for name, lines in long.items() if lines > 450} == {}


def test_every_code_is_used_and_none_is_numbered_twice() -> None:
    numbers = [code.number for code in Code]
    text = "\n".join(path.read_text("utf-8") for path in PACKAGE.rglob("*.py"))

    assert len(numbers) == len(set(numbers))
    assert [code.name for code in Code if f"Code.{code.name}" not in text] == []


def test_every_code_has_a_test_that_shows_it() -> None:
    text = "\n".join(path.read_text("utf-8") for path in Path(__file__).parent.rglob("*.py"))

    assert [f"{code.name} {code}" for code in Code if not re.search(rf"\b({code.name}|{code.number})\b", text)] == []


def test_the_documentation_of_codes_is_the_table() -> None:
    rows = [
        f"| {code} | {code.name.lower()} | {'loss' if code.number[0] == 'L' else code.severity} | {code.summary} |"
        for code in Code
    ]
    text = (ROOT / "docs" / "codes.md").read_text("utf-8")

    assert text.endswith("\n".join(rows) + "\n")


def test_walking_reaches_every_kind_of_node() -> None:
    field = logic.Exists(None)  # type: ignore[arg-type]
    leaves = [field, logic.Everything(), logic.Search("a", phrase=True), logic.SearchPattern(("a",))]
    formula = logic.And((logic.Or((logic.Not(logic.Within("n", leaves[0])), logic.AnyField(tuple(leaves)))),))
    seen = {type(node) for node in logic.walk(formula)}

    others = {*get_args(logic.Leaf), *get_args(logic.SigmaLeaf), *get_args(logic.Keyword)}
    assert seen | others == set(get_args(logic.Formula))
