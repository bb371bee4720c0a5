"""Sigma rules on the command line: what lies in other paths of the run counts, and `check` says what `convert` does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from translator.cli import main

RULE = (
    "title: A rule\nname: one\nid: 6f0a7b5c-5a0e-4a83-9d5e-3a4d1f5b7c01\n"
    "logsource: {product: windows, category: process_creation}\n"
    "detection:\n    selection:\n        Image|endswith: '\\x.exe'\n    condition: selection\n"
)
FILTER = (
    "title: Not root\nlogsource: {product: windows, category: process_creation}\n"
    "filter:\n    rules: [one]\n    root: {User: root}\n    condition: not root\n"
)
CORRELATION = (
    "title: Many\nid: 6f0a7b5c-5a0e-4a83-9d5e-3a4d1f5b7c02\ncorrelation:\n    type: event_count\n    rules: [one]\n"
    "    group-by: [User]\n    timespan: 5m\n    condition: {gte: 3}\n"
)
EVENTS = '{"Image": "C:\\\\x.exe", "User": "me"}\n{"Image": "C:\\\\x.exe", "User": "root"}\n'


def run(*arguments: object, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments], input=stdin)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "rule.yml": RULE,
        "filter.yml": FILTER,
        "many.yml": CORRELATION,
        "events.ndjson": EVENTS,
    }.items():
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def test_match_applies_a_filter_that_another_path_holds(folder: Path) -> None:
    rule, beside, events = folder / "rule.yml", folder / "filter.yml", folder / "events.ndjson"

    def lines(*arguments: object, stdin: str | None = None) -> list[str]:
        done = run("match", *arguments, "--events", events, "-q", stdin=stdin)
        assert done.exit_code == 0, done.output
        return [line.split("\t")[0] for line in done.stdout.splitlines()]

    assert lines(rule) == ["1", "2"]
    assert lines(rule, beside) == lines(beside, rule) == lines(rule, "-", stdin=FILTER) == ["1"]


def test_check_finds_the_rules_of_a_filter_and_of_a_correlation_in_other_paths(folder: Path) -> None:
    rule, beside, many = folder / "rule.yml", folder / "filter.yml", folder / "many.yml"
    alone = run("check", many, "--format", "json")
    together = run("check", rule, beside, many, "--format", "json")

    assert [each["code"] for each in json.loads(alone.stdout)["findings"]] == ["S006"]
    assert alone.exit_code == 1
    assert together.exit_code == 0, together.output
    found = json.loads(together.stdout)
    assert found["summary"]["valid"] == 2
    assert "S007" in {each["code"] for each in found["findings"]}


def test_test_asks_the_rule_with_the_filter_of_another_path(folder: Path) -> None:
    (folder / "rule.events.yaml").write_text(
        "match:\n  - {name: me, event: {Image: 'C:\\x.exe', User: me}}\n"
        "no_match:\n  - {name: root, event: {Image: 'C:\\x.exe', User: root}}\n",
        "utf-8",
    )
    alone = run("test", folder / "rule.yml")
    filtered = run("test", folder / "rule.yml", folder / "filter.yml")

    assert alone.exit_code == 1
    assert filtered.exit_code == 0, filtered.output


def test_fmt_reads_all_paths_at_once_and_a_file_that_is_named_twice_once(folder: Path) -> None:
    path = folder / "a.kql"
    path.write_text("a:1   or b:2", "utf-8")
    done = run("fmt", path, folder / "a.kql", "-q")
    broken = run("fmt", folder / "many.yml", path, "--check")

    assert done.exit_code == 0, done.output
    assert path.read_text("utf-8") == "a:1 or b:2"
    assert "S006" in broken.stderr


TARGETS = ["kql", "dsl", "sigma", "matcher", "elastic_rule", "lucene"]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("more", [[], ["--fields", "none"], ["--fields", "ecs"], ["-p", "ecs_windows"]], ids=" ".join)
@pytest.mark.parametrize("item", ["Image|endswith: '\\x.exe'", "Details: x", "Image|expand: '%who%'"])
def test_check_says_what_convert_does(tmp_path: Path, item: str, more: list[str], target: str) -> None:
    """The same status and the same codes, in every target and under every name that a field can have."""
    path = tmp_path / "rule.yml"
    path.write_text(
        RULE.replace("Image|endswith: '\\x.exe'", item).replace("process_creation", "registry_set"), "utf-8"
    )
    checked = run("check", path, "--to", target, "--format", "json", *more)
    converted = run("convert", path, "--to", target, "--format", "json", *more)

    assert checked.exit_code == converted.exit_code
    codes = [
        {each["code"] for each in json.loads(text)["findings"] if each["severity"] == "error"}
        for text in (checked.stdout, converted.stderr)
    ]
    assert codes[0] == codes[1]


def test_commands_take_pipelines(folder: Path) -> None:
    (folder / "ecs.ndjson").write_text('{"process": {"executable": "C:\\\\x.exe"}}\n' + EVENTS, "utf-8")
    plain = run("match", folder / "rule.yml", "--events", folder / "ecs.ndjson", "-q")
    piped = run("match", folder / "rule.yml", "--events", folder / "ecs.ndjson", "-p", "ecs_windows", "-q")
    written = run("convert", folder / "rule.yml", "--to", "dsl", "-p", "ecs_windows", "-q")

    assert [line.split("\t")[0] for line in plain.stdout.splitlines()] == ["2", "3"]
    assert [line.split("\t")[0] for line in piped.stdout.splitlines()] == ["1"]
    assert "process.executable" in written.stdout


@pytest.mark.parametrize("command", [["check"], ["match", "--events", "-"]])
def test_a_pipeline_that_is_none_is_wrong_usage_told_once(folder: Path, command: list[str]) -> None:
    done = run(*command, folder / "rule.yml", folder / "many.yml", "-p", "ecs_window")

    assert done.exit_code == 2
    assert done.output.count("U010") == 1


def test_a_pipeline_is_refused_for_a_rule_of_another_language(tmp_path: Path) -> None:
    path = tmp_path / "rule.kql"
    path.write_text("a:1", "utf-8")
    for command in (["convert", "--to", "dsl"], ["check"]):
        done = run(*command, path, "-p", "ecs_windows")
        assert done.exit_code == 1
        assert "U011" in done.stderr
    assert run("convert", path, "--to", "lucene", "-p", "ecs_windows").exit_code == 0
