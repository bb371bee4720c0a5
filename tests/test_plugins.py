"""A backend or a source is one file: the ones of docs/backends.md, dropped in and installed by somebody else."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "backends.md").read_text("utf-8")
BACKEND, SOURCE = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
ENTRY_POINTS = {
    "sigma_kql.backends": "pairs = acme_pairs:BACKEND",
    "sigma_kql.sources": "queries = acme_queries:SOURCE",
}

#: The targets that stand on nobody's plugins.
OURS = {"dsl", "elastic_rule", "elastic_toml", "kql", "matcher", "sigma"}

QUERY = "event.category:process and process.name:curl"
(PAIRS,) = re.findall(r"```console\n\$ sigma-kql convert rule.kql --to pairs\n(.*?)```", PAGE, re.DOTALL)

#: Both fields are keywords in ECS, which Elasticsearch compares as wholes, letter by letter.
EVENTS = {
    '{"event": {"category": ["network", "process"]}, "process": {"name": "curl"}}': True,
    '{"event.category": "process", "process.name": "curl"}': True,
    '{"event.category": "process", "process.name": "Curl"}': False,
    '{"event.category": "process", "process.name": "curl --version"}': False,
    '{"event.category": "process"}': False,
}

#: Runs the witnesses of the round-trip tests, and prints each one's verdicts on the events of standard input.
CONFORMANCE = """
import json, sys
from tests.test_round_trips import witnesses
from translator import Schema, read
(rule,) = read(sys.argv[1])
events = json.load(sys.stdin)
print(json.dumps({name: [test(event) for event in events] for name, test in witnesses(rule, Schema.default())}))
"""


def run(*arguments: str, path: Path, input: str = "", status: int = 0) -> str:  # noqa: A002
    """What Python writes to standard output, with ``path`` searched first for modules."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(path), str(ROOT)])}
    done = subprocess.run(
        [sys.executable, "-P", *arguments],
        cwd=path,
        env=environment,
        input=input,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def dropped(tmp_path: Path) -> Path:
    """A checkout with one more file."""
    shutil.copytree(ROOT / "grammars", tmp_path / "grammars")
    shutil.copytree(ROOT / "translator", tmp_path / "translator", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "translator" / "backends" / "pairs.py").write_text(BACKEND, "utf-8")
    (tmp_path / "rule.kql").write_text(QUERY, "utf-8")
    return tmp_path


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder with what an installer leaves there of somebody else's distribution."""
    (tmp_path / "acme_pairs.py").write_text(BACKEND, "utf-8")
    (tmp_path / "acme_queries.py").write_text(SOURCE, "utf-8")
    information = tmp_path / "acme_rules-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-rules\nVersion: 1.0\n", "utf-8")
    (information / "entry_points.txt").write_text(
        "".join(f"[{group}]\n{entry}\n" for group, entry in ENTRY_POINTS.items()), "utf-8"
    )
    (tmp_path / "rule.kql").write_text(QUERY, "utf-8")
    (tmp_path / "ours.queries").write_text(f"curl ran:: {QUERY}\nwget ran:: process.name:wget\n", "utf-8")
    return tmp_path


def targets(path: Path) -> dict[str, str]:
    answer = json.loads(run("-m", "translator", "targets", "--format", "json", path=path))
    return {each["target"]: each["what it is"] for each in answer}


def test_a_module_among_the_backends_is_a_target(dropped: Path) -> None:
    assert targets(dropped).keys() >= OURS | {"pairs"}
    assert targets(dropped)["pairs"] == "Pairs of field and value"
    assert run("-m", "translator", "convert", "rule.kql", "--to", "pairs", path=dropped) == PAIRS


def test_a_module_among_the_backends_is_judged_with_the_others(dropped: Path) -> None:
    verdicts = json.loads(run("-c", CONFORMANCE, "rule.kql", path=dropped, input=f"[{','.join(EVENTS)}]"))

    assert set(verdicts) == {"rule", "pairs"} | OURS
    assert all(given == list(EVENTS.values()) for given in verdicts.values()), verdicts


def test_a_backend_refuses_in_its_own_words_and_writes_nothing(dropped: Path) -> None:
    (dropped / "rule.kql").write_text("process.name:curl*", "utf-8")

    assert run("-m", "translator", "convert", "rule.kql", "--to", "pairs", path=dropped, status=1) == ""


def test_an_entry_point_of_a_distribution_is_a_target(installed: Path) -> None:
    assert targets(installed).keys() >= OURS | {"pairs"}
    assert run("-m", "translator", "convert", "rule.kql", "--to", "pairs", path=installed) == PAIRS


def test_an_entry_point_of_a_distribution_is_a_source(installed: Path) -> None:
    formats = json.loads(run("-m", "translator", "sources", "--format", "json", path=installed))
    run("-m", "translator", "convert", "ours.queries", "--to", "pairs", "-o", "out/", path=installed)

    assert "queries" in {each["format"] for each in formats}
    assert {path.name: path.read_text("utf-8") for path in (installed / "out").iterdir()} == {
        "curl_ran.pairs": PAIRS,
        "wget_ran.pairs": "process.name=wget\n",
    }


def test_a_mistake_in_a_source_of_somebody_elses_is_shown_in_their_file(installed: Path) -> None:
    (installed / "ours.queries").write_text(f"curl ran:: {QUERY}\nbroken:: process.name:(wget\n", "utf-8")
    answer = run("-m", "translator", "check", "ours.queries", "--format", "json", path=installed, status=1)
    (found,) = (each for each in json.loads(answer)["findings"] if each["severity"] == "error")

    assert (found["code"], found["file"], found["line"]) == ("K001", "ours.queries", 2)
