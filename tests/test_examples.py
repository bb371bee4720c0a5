"""Every example runs, and does what its text says."""

from __future__ import annotations

import json
import runpy
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from sigma.collection import SigmaCollection
from sigma.rule import SigmaRule

from tests.conftest import ROOT
from tests.shell import Done, shell
from translator.backends import backends

EXAMPLES = ROOT / "examples"
RULES = ROOT / "rules"
SEED = "persistence_periodic_tasks"
ON_TEXT = "linux_sudo_refused_for_a_shell"


def beside(rule: str) -> dict[str, list[dict[str, Any]]]:
    """The events of a rule as PyYAML reads them."""
    loaded: dict[str, list[dict[str, Any]]] = yaml.safe_load((RULES / rule / "events.yaml").read_text("utf-8"))
    return loaded


def example(name: str, *arguments: object, folder: Path, stdin: str = "") -> Done:
    words = " ".join(f"'{each}'" for each in arguments)
    return shell(f"python '{EXAMPLES / name}' {words}", folder, stdin=stdin)


def test_the_demo_shows_every_language_and_no_verdict_that_differs(tmp_path: Path) -> None:
    events = beside(SEED)
    count = len(events["match"]) + len(events["no_match"])
    done = example("demo.py", folder=tmp_path)

    assert (done.status, done.stderr) == (0, "")
    assert "condition: selection and not filter_main_deletion" in done.stdout
    assert '"bool"' in done.stdout
    assert "not event.type:deletion" in done.stdout
    assert all(each["name"][:20] in done.stdout for side in events.values() for each in side)
    targets = len(backends())
    assert f"{count} events, {targets} artefacts read back, {targets * count} verdicts, 0 differ" in done.stdout


def test_the_demo_ends_with_1_where_a_verdict_differs(tmp_path: Path) -> None:
    folder = tmp_path / "wrong"
    shutil.copytree(RULES / SEED, folder)
    (folder / "events.yaml").write_text(
        "match:\n  - name: a file is deleted\n    event: {event.category: file, event.type: deletion}\n", "utf-8"
    )
    done = example("demo.py", folder, folder=tmp_path)

    assert done.status == 1
    targets = len(backends())
    assert f"1 events, {targets} artefacts read back, {targets} verdicts, {targets} differ" in done.stdout
    assert "no (wrong)" in done.stdout


def test_a_rule_becomes_sigma_that_pysigma_loads(tmp_path: Path) -> None:
    done = example("convert_rule.py", folder=tmp_path)
    (rule,) = SigmaCollection.from_yaml(done.stdout).rules
    assert isinstance(rule, SigmaRule)

    assert (done.status, done.stderr) == (0, "Potential Persistence via Periodic Tasks: exact\n")
    assert (rule.logsource.product, rule.logsource.category) == ("macos", "file_event")
    assert [str(tag) for tag in rule.tags] == ["attack.persistence", "attack.t1053.003"]
    assert rule.errors == []


def test_a_rule_that_would_lose_something_is_refused_until_that_is_allowed(tmp_path: Path) -> None:
    path = RULES / ON_TEXT / "rule.kql"
    refused = example("convert_rule.py", path, folder=tmp_path)
    allowed = example("convert_rule.py", path, "L002", folder=tmp_path)

    assert (refused.status, refused.stdout) == (1, "")
    assert "L002" in refused.stderr
    assert allowed.status == 0
    assert "message" in allowed.stdout
    assert "L002 mixed" in allowed.stderr or "L002 wider" in allowed.stderr or "L002 narrower" in allowed.stderr


def test_one_query_is_asked_inside_a_program() -> None:
    asked = runpy.run_path(str(EXAMPLES / "embed_matcher.py"))["asked"]
    events = beside(SEED)
    query = (
        'event.category:file and host.os.type:macos and not event.type:"deletion" and file.path:'
        "(/private/etc/periodic/* or /private/etc/defaults/periodic.conf or /private/etc/periodic.conf)"
    )

    assert asked(query, [each["event"] for side in events.values() for each in side]) == [
        each["event"] for each in events["match"]
    ]


def test_many_rules_are_asked_about_a_stream(tmp_path: Path) -> None:
    events = beside(SEED)
    lines = [json.dumps(each["event"]) for each in [*events["no_match"], *events["match"]]]
    first = len(events["no_match"]) + 1
    done = example("embed_matcher.py", RULES / SEED / "rule.md", folder=tmp_path, stdin="\n".join([*lines, "{", "[]"]))
    matches = [json.loads(line) for line in done.stdout.splitlines()]

    assert done.status == 0
    assert [each["line"] for each in matches] == list(range(first, len(lines) + 1))
    assert {each["title"] for each in matches} == {"Potential Persistence via Periodic Tasks"}
    assert f"<stdin>:{len(lines) + 1}:" in done.stderr
    assert f"<stdin>:{len(lines) + 2}:" in done.stderr


@pytest.fixture(scope="session")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two rules and their conversions, as somebody would commit them."""
    folder = tmp_path_factory.mktemp("committed")
    (folder / "rules").mkdir()
    (folder / "rules" / "curl.kql").write_text("process.name:curl", "utf-8")
    (folder / "rules" / SEED).mkdir()
    shutil.copy(RULES / SEED / "rule.md", folder / "rules" / SEED)
    assert ci("update", folder, "sigma kql").status == 0
    return folder


@pytest.fixture
def repository(committed: Path, tmp_path: Path) -> Path:
    """A copy of it to change."""
    return Path(shutil.copytree(committed, tmp_path / "repository"))


def ci(mode: str, folder: Path, targets: str = "kql", **variables: str) -> Done:
    script = EXAMPLES / "convert_in_ci" / "convert.sh"
    return shell(f"bash '{script}' {mode} rules converted {targets}", folder, **variables)


def test_in_ci_the_conversions_lie_in_a_folder_for_each_target(repository: Path) -> None:
    files = {path.relative_to(repository / "converted").as_posix() for path in repository.glob("converted/**/*.*")}

    assert files == {
        "sigma/curl.yml",
        f"sigma/{SEED}/potential_persistence_via_periodic_tasks.yml",
        "kql/curl.kql",
        f"kql/{SEED}/potential_persistence_via_periodic_tasks.kql",
    }
    assert len(SigmaCollection.load_ruleset([repository / "converted" / "sigma"]).rules) == 2
    assert ci("check", repository, "sigma kql").status == 0


def test_in_ci_a_conversion_that_was_edited_fails(repository: Path) -> None:
    edited = repository / "converted" / "kql" / "curl.kql"
    edited.write_text("process.name:wget\n", "utf-8")
    done = ci("check", repository)

    assert done.status == 1
    assert "-process.name:wget" in done.stdout
    assert "+process.name:curl" in done.stdout
    assert edited.read_text("utf-8") == "process.name:wget\n"


def test_in_ci_a_rule_that_changed_fails_until_it_is_converted_again(repository: Path) -> None:
    (repository / "rules" / "curl.kql").write_text("process.name:(curl or wget)", "utf-8")

    assert ci("check", repository).status == 1
    assert ci("update", repository).status == 0
    assert ci("check", repository).status == 0


def test_in_ci_a_conversion_without_a_rule_fails(repository: Path) -> None:
    (repository / "rules" / "curl.kql").unlink()

    assert ci("check", repository).status == 1
    assert ci("update", repository).status == 0
    assert not (repository / "converted" / "kql" / "curl.kql").exists()


def test_in_ci_a_broken_rule_fails_and_nothing_is_replaced(repository: Path) -> None:
    (repository / "rules" / "curl.kql").write_text("process.name:(curl", "utf-8")
    before = (repository / "converted" / "kql" / "curl.kql").read_text("utf-8")

    assert ci("update", repository).status == 1
    assert (repository / "converted" / "kql" / "curl.kql").read_text("utf-8") == before
    assert "curl.kql:1:" in ci("check", repository).stderr


def test_in_ci_a_loss_fails_until_it_is_allowed(repository: Path) -> None:
    (repository / "rules" / "text.kql").write_text("message:refused", "utf-8")

    assert ci("update", repository, "sigma").status == 1
    assert ci("update", repository, "sigma", ALLOW="L002").status == 0
    assert ci("check", repository, "sigma").status == 1
    assert ci("check", repository, "sigma", ALLOW="L002").status == 0


def test_in_ci_wrong_usage_is_explained(tmp_path: Path) -> None:
    done = shell(f"bash '{EXAMPLES}/convert_in_ci/convert.sh' chek rules out", tmp_path)

    assert (done.status, done.stdout) == (2, "")
    assert "convert.sh check  RULES OUTPUT [TARGET...]" in done.stderr
    assert "convert.sh update RULES OUTPUT [TARGET...]" in done.stderr


def test_the_action_does_the_check(repository: Path) -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    step = action["runs"]["steps"][-1]
    inputs = {"rules": "rules", "output": "converted", "to": "sigma kql", "allow": ""}
    variables = {
        name: inputs[text.removeprefix("${{ inputs.").removesuffix(" }}")] for name, text in step["env"].items()
    }
    good = shell(step["run"], repository, GITHUB_ACTION_PATH=str(ROOT), **variables)
    (repository / "converted" / "sigma" / "curl.yml").unlink()
    drifted = shell(step["run"], repository, GITHUB_ACTION_PATH=str(ROOT), **variables)

    assert (good.status, drifted.status) == (0, 1)


def test_the_workflow_gives_the_action_what_it_takes() -> None:
    inputs = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))["inputs"]
    workflow = yaml.safe_load((EXAMPLES / "convert_in_ci" / "workflow.yml").read_text("utf-8"))
    given = workflow["jobs"]["convert"]["steps"][-1]["with"]

    assert {name for name, each in inputs.items() if each.get("required")} <= given.keys() <= inputs.keys()
