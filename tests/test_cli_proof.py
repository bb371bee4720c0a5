"""`verify`, `explain` and `test` at a terminal, in a pipe and on a build server."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from tests.conftest import ROOT
from translator.cli import main

SEED = ROOT / "rules" / "persistence_periodic_tasks" / "rule.md"


def run(*arguments: object, stdin: bytes | str | None = None, **variables: str) -> Result:
    result = CliRunner(env=variables).invoke(main, [str(each) for each in arguments], input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A folder with a rule in KQL and one in Sigma."""
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "kql.kql").write_text("user.name:root and process.pid > 5\n")
    sigma = "title: Any case\nid: 5f5e7a10-0000-4000-8000-0000000060aa\nlogsource:\n    category: test\ndetection:\n"
    (folder / "sigma.yml").write_text(f"{sigma}    s:\n        user.name: admin\n    condition: s\n")
    return folder


def test_verify_tells_the_verdicts_of_every_target(rules: Path) -> None:
    result = run("verify", rules)

    assert result.exit_code == 0
    assert "2 conditions, 4 of 4 decisions covered" in result.stdout
    assert "differ, as declared: L001" in result.stdout
    assert "kql does not match and the rule does (L001)" in result.stdout
    assert "2 rules: 2 the same" in result.stderr


def test_verify_fails_on_a_difference_that_no_loss_declares(rules: Path) -> None:
    (rules / "port.kql").write_text("user.name:root")
    result = run("verify", rules / "kql.kql", "--against", rules / "port.kql")

    assert result.exit_code == 1
    assert "DIFFER and no loss says so" in result.stdout
    assert '(UNDECLARED): {"user":{"name":"root"}}' in result.stdout


def test_verify_as_json_and_as_junit_is_read_by_machines(rules: Path) -> None:
    made = json.loads(run("verify", rules, "--format", "json", "-q").stdout)
    root = ElementTree.fromstring(run("verify", rules, "--format", "junit", "-q").stdout)

    assert [each["ok"] for each in made] == [True, True]
    assert {each["outcome"] for each in made[0]["targets"]} == {"same"}
    assert [suite.get("failures") for suite in root.findall("testsuite")] == ["0", "0"]
    assert {case.get("name") for case in root.iter("testcase")} >= {"dsl", "kql", "matcher", "sigma"}


def test_verify_puts_a_failure_into_junit(rules: Path) -> None:
    (rules / "port.kql").write_text("user.name:root")
    result = run("verify", rules / "kql.kql", "--against", rules / "port.kql", "--to", "dsl", "--format", "junit", "-q")
    (failure,) = ElementTree.fromstring(result.stdout).iter("failure")

    assert result.exit_code == 1
    assert "no loss says so" in str(failure.get("message"))


def test_verify_judges_given_events_and_tells_lines_that_are_none(rules: Path, tmp_path: Path) -> None:
    given = tmp_path / "events.ndjson"
    given.write_text('{"user.name": "root", "process.pid": 7}\n\nnonsense\n{"user.name": "x"}\n')
    result = run("verify", rules / "kql.kql", "--events", given, "-v")

    assert result.exit_code == 1
    assert "(2 of them given)" in result.stdout
    assert "events.ndjson:3:1: F011" in result.stderr
    assert "(given)" in result.stdout


def test_verify_says_what_changes_nothing(rules: Path) -> None:
    (rules / "twice.kql").write_text("user.name:(a or b or a)")
    result = run("verify", rules / "twice.kql")

    assert result.exit_code == 0
    assert "twice.kql:1:22: R014 warning" in result.stdout
    assert "2 provably impossible" in result.stdout


def test_verify_of_a_broken_rule_tells_it_and_goes_on(rules: Path) -> None:
    (rules / "broken.kql").write_text("user.name:(")
    result = run("verify", rules)

    assert result.exit_code == 1
    assert "K001" in result.stderr
    assert result.stdout.startswith("kql\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--to", "nowhere"), "U001"),
        (("--engine", "nowhere"), "U005"),
        (("--engine", "https://localhost", "--api-key", "a", "--user", "b"), "two ways"),
        (("--against", "missing.kql"), "F001"),
        (("--schema", "missing.yml"), "F001"),
        (("--timeout", "0"), "--timeout"),
    ],
)
def test_verify_used_wrongly_ends_with_2(arguments: tuple[str, ...], said: str) -> None:
    result = run("verify", SEED, *arguments)

    assert result.exit_code == 2
    assert said in result.stderr


def test_verify_of_nothing_ends_with_2(tmp_path: Path) -> None:
    assert run("verify", tmp_path).exit_code == 2
    assert run("verify", tmp_path / "none.kql").exit_code == 2


def test_an_engine_out_of_reach_fails_with_its_name_and_without_the_password() -> None:
    result = run("verify", SEED, "--engine", "http://me:secret@127.0.0.1:9", "--to", "dsl")

    assert result.exit_code == 1
    assert "http://127.0.0.1:9 cannot be asked" in result.stderr
    assert "secret" not in result.output


def test_explain_says_why_and_why_not() -> None:
    event = '{"event": {"category": "file"}, "host.os.type": "macOS", "file": {"Path": "/etc"}}\n'
    result = run("explain", SEED, "--events", "-", stdin=event)

    assert result.exit_code == 0
    assert result.stdout.startswith("line 1: Potential Persistence via Periodic Tasks: does not match")
    assert 'differs only in letter case: "macOS"' in result.stdout
    assert "field missing: file.path; the event has file.Path" in result.stdout
    assert "\x1b" not in result.stdout


def test_explain_has_colours_at_a_terminal() -> None:
    result = CliRunner().invoke(main, ["explain", str(SEED), "--events", "-"], input="{}\n", color=True)

    assert "\x1b[31m" in result.stdout


def test_explain_takes_one_line_of_many(tmp_path: Path) -> None:
    given = tmp_path / "events.ndjson"
    given.write_text('{"a": 1}\n{"a": 2}\n{"a": 3}\n')

    assert run("explain", SEED, "--events", given, "--line", "2").stdout.count("does not match") == 1
    missing = run("explain", SEED, "--events", given, "--line", "7")
    assert missing.exit_code == 1
    assert "There is no event on line 7." in missing.stderr


def test_explain_as_json_is_one_explanation_a_line() -> None:
    result = run("explain", SEED, "--events", "-", "--format", "json", stdin='{"file.path": 1.50}\n{}\n')
    made = [json.loads(line) for line in result.stdout.splitlines()]

    assert [each["line"] for each in made] == [1, 2]
    assert [each["matched"] for each in made] == [False, False]
    assert '"value":1.50' in result.stdout


def test_explain_of_a_broken_rule_or_event_ends_with_1(tmp_path: Path) -> None:
    broken = tmp_path / "broken.kql"
    broken.write_text("a:(")

    assert run("explain", broken, "--events", "-", stdin="{}\n").exit_code == 1
    assert run("explain", SEED, "--events", "-", stdin="nonsense\n").exit_code == 1
    assert run("explain", SEED, "--events", tmp_path / "none").exit_code == 2
    assert run("explain", "-", "--events", "-", stdin="{}\n").exit_code == 2


def test_test_judges_the_events_beside_the_rules_of_this_repository() -> None:
    result = run("test", ROOT / "rules")

    assert result.exit_code == 0
    assert result.stdout == ""
    assert "passed" in result.stderr


def beside(folder: Path, events: str, name: str = "events.yaml") -> None:
    (folder / name).write_text(events)


WRONG = """\
match:
  - name: a user in another case
    event: {user.name: Root}
no_match:
  - name: another user
    event: {user.name: alice}
"""


def test_test_explains_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "one.kql").write_text("user.name:root")
    beside(tmp_path, WRONG)
    result = run("test", tmp_path)

    assert result.exit_code == 1
    assert "FAIL one: a user in another case (should match; wrong: rule, dsl" in result.stdout
    assert 'differs only in letter case: "Root"' in result.stdout
    assert "another user" not in result.stdout
    assert "ok   one: another user" in run("test", tmp_path, "-v").stdout


def test_test_as_json_and_as_junit(tmp_path: Path) -> None:
    (tmp_path / "one.kql").write_text("user.name:root")
    beside(tmp_path, WRONG)
    made = json.loads(run("test", tmp_path, "--format", "json").stdout)
    (suite,) = ElementTree.fromstring(run("test", tmp_path, "--format", "junit").stdout)

    assert [(each["event"], bool(each["wrong"])) for each in made] == [
        ("a user in another case", True),
        ("another user", False),
    ]
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")


def test_each_rule_of_a_folder_has_events_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "one.kql").write_text("user.name:Root")
    (tmp_path / "two.kql").write_text("user.name:root")
    beside(tmp_path, WRONG, "one.events.yaml")
    result = run("test", tmp_path)

    assert result.exit_code == 0
    assert "1 passed, 1 without events" in result.stderr
    beside(tmp_path, WRONG)
    ambiguous = run("test", tmp_path)
    assert ambiguous.exit_code == 1
    assert "call it two.events.yaml for this rule" in ambiguous.stderr


def test_test_without_any_events_ends_with_2(tmp_path: Path) -> None:
    (tmp_path / "one.kql").write_text("user.name:root")
    result = run("test", tmp_path)

    assert result.exit_code == 2
    assert "No events lie beside the rules." in result.stderr


def test_a_build_server_sees_a_rule_that_is_broken(rules: Path) -> None:
    (rules / "broken.kql").write_text("user.name:(root")
    (rules / "kql.events.yaml").write_text("events: [")
    verified = run("verify", rules, "--format", "junit")
    tested = run("test", rules, "--format", "junit")
    (said,) = (each for each in json.loads(run("verify", rules, "--format", "json").stdout) if not each["ok"])

    assert verified.exit_code == tested.exit_code == 1
    for result, code in ((verified, "K001"), (tested, "F008")):
        (error,) = ElementTree.fromstring(result.stdout).iter("error")
        assert code in str(error.text)
    assert said["title"] == "broken"
    assert [each["code"] for each in said["findings"]] == ["K001"]


def test_explain_without_an_event_ends_with_2(rules: Path) -> None:
    result = run("explain", rules / "kql.kql", "--events", "-", stdin="")

    assert result.exit_code == 2
    assert "There is no event in standard input." in result.stderr


def test_a_rule_that_needs_a_pipeline_is_proved_with_it(tmp_path: Path) -> None:
    rule, pipeline, event = (tmp_path / name for name in ("rule.yml", "values.yaml.txt", "events.ndjson"))
    rule.write_text(
        "title: Admins\nlogsource:\n    category: test\ndetection:\n    s:\n"
        "        User|expand: '%admins%'\n    condition: s\n"
    )
    pipeline.write_text(
        "name: values\npriority: 1\nvars:\n    admins: [root, adm]\ntransformations:\n"
        "    - id: v\n      type: value_placeholders\n"
        "    - id: m\n      type: field_name_mapping\n      mapping:\n          User: user.name\n"
    )
    event.write_text('{"user": {"name": "ADM"}}\n')

    assert run("verify", rule).exit_code == 1
    assert run("verify", rule, "-p", pipeline).exit_code == 0
    explained = run("explain", rule, "--events", event, "-p", pipeline)
    assert "user.name: adm in any letter case" in explained.stdout
    assert run("verify", rule, "-p", "nowhere").exit_code == 2
