"""Many rules in one run: several processes change nothing, nothing floods, and all paths are read as one."""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.conftest import ROOT
from translator import yaml_reader
from translator.backends import backends
from translator.cli import main
from translator.errors import TranslatorError
from translator.pipeline import convert
from translator.source import Source
from translator.sources import read_text

SEED = ROOT / "rules" / "persistence_periodic_tasks" / "rule.md"

RULE = """title: {title}
id: {id}
name: {name}
status: {status}
logsource: {{category: process_creation, product: windows}}
detection:
  s: {{Image|endswith: '\\{title}.exe'}}
  condition: s
"""
FILTER = """title: Not by admins
logsource: {category: process_creation, product: windows}
filter:
  rules: [named_3, named_20]
  mine: {User: admin}
  condition: not mine
"""
CORRELATION = """title: Many times
id: 11111111-1111-4111-8111-111111111111
correlation:
  type: event_count
  rules: [named_5]
  group-by: [User]
  timespan: 5m
  condition: {gte: 10}
"""
GLOBAL = """action: global
logsource: {category: process_creation, product: windows}
---
title: First of two
id: 22222222-2222-4222-8222-222222222222
detection: {s: {User: a}, condition: s}
---
title: Second of two
id: 33333333-3333-4333-8333-333333333333
detection: {s: {User: b}, condition: s}
"""


def run(*arguments: object, stdin: bytes | None = None) -> Result:
    result = CliRunner().invoke(main, [str(each) for each in arguments], input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def sigma(number: int, status: str = "stable") -> str:
    return RULE.format(
        title=f"tool{number}", id=f"00000000-0000-4000-8000-{number:012}", name=f"named_{number}", status=status
    )


def rule(number: int, query: str, **more: object) -> dict[str, object]:
    return {
        "rule_id": f"00000000-0000-4000-9000-{number:012}",
        "name": f"Rule {number}",
        "type": "query",
        "language": "kuery",
        "query": query,
        "risk_score": 1,
        "severity": "low",
        **more,
    }


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """A folder with everything that makes trouble, and enough of it for several processes."""
    folder = tmp_path / "mixed"
    for number in range(60):
        path = folder / f"team_{number % 3}" / f"{number:03}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(sigma(number))
    for number in range(30):
        (folder / f"{number:03}.kql").write_text(f"user.name:u{number} and odd.field{number % 2}:1")
    (folder / "filter.yml").write_text(FILTER)
    (folder / "team_1" / "correlation.yml").write_text(CORRELATION)
    (folder / "zz_global.yml").write_text(GLOBAL)
    (folder / "again.yml").write_text(sigma(7))
    (folder / "team_2" / "same_title.yml").write_text(sigma(8).replace("0008", "9999"))
    (folder / "broken.yml").write_text("title: a\ntitle: b\nlogsource: {category: x}\ndetection: {s: {a: b}}\n")
    (folder / "broken.kql").write_text("a:1 and(b)")
    (folder / "binary.kql").write_bytes(bytes(range(256)) * 8)
    (folder / "README.md").write_text("# about these\n")
    lines = [json.dumps(rule(1, "a:1   or b:2")), '{"rule_id": ', json.dumps(rule(2, "a:[1 TO 2]", language="lucene"))]
    (folder / "export.ndjson").write_text("\n".join(lines))
    shutil.copy(SEED, folder / "page.md")
    with tarfile.open(tmp_path / "more.tar.gz", "w:gz") as archive:
        archive.add(SEED, "deep/page.md")
        archive.add(ROOT / "rules" / "linux_sudo_refused_for_a_shell" / "rule.kql", "deep/down/rule.kql")
    return folder


def outcome(result: Result, out: Path) -> tuple[int, str, str, dict[str, bytes]]:
    """All that can be seen of a run."""
    files = {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    return result.exit_code, result.stdout, result.stderr, files


@pytest.mark.parametrize("target", ["kql", "dsl"])
@pytest.mark.parametrize("more", [[], ["-v"], ["--format", "json"], ["--leave-out", "building-block"]])
def test_several_processes_give_what_one_gives(target: str, more: list[str], mixed: Path, tmp_path: Path) -> None:
    found = []
    for jobs in ("1", "2", "3"):
        out = tmp_path / "out"
        result = run(
            "convert", mixed, tmp_path / "more.tar.gz", "--to", target, "--allow", "mixed", "-o", out, "-j", jobs, *more
        )
        found.append(outcome(result, out))
        shutil.rmtree(out)

    status, _, said, files = found[0]
    assert status == 1
    assert len(files) > 90
    assert "R003" in said
    assert found[1] == found[0]
    assert found[2] == found[0]


def test_standard_output_is_in_order_whoever_converted(mixed: Path) -> None:
    found = [run("convert", mixed, "--to", "kql", "--allow", "mixed", "-j", jobs) for jobs in ("1", "auto")]

    assert found[0].stdout.index("tool0.exe") < found[0].stdout.index("tool59.exe")
    assert [each.stdout for each in found] == [found[0].stdout] * 2
    assert [each.stderr for each in found] == [found[0].stderr] * 2


def test_our_rules_are_converted_alike_by_any_number_of_processes(tmp_path: Path) -> None:
    found = []
    for jobs in ("1", "2"):
        paths = [path for path in sorted((ROOT / "rules").iterdir()) if path.is_dir()] * 2
        result = run("convert", *paths, ROOT / "examples", "--to", "sigma", "-o", tmp_path / "out", "-j", jobs)
        found.append(outcome(result, tmp_path / "out"))
        shutil.rmtree(tmp_path / "out")

    assert found[0] == found[1]


def test_a_filter_reaches_rules_of_another_path_and_each_keeps_its_folder(tmp_path: Path) -> None:
    for name, content in {"one/deep/a.yml": sigma(3), "two/b.yml": sigma(4), "filters/f.yml": FILTER}.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(content)

    paths = [tmp_path / name for name in ("one", "two/b.yml", "filters")]
    result = run("convert", *paths, "--to", "kql", "-o", tmp_path / "out", "--allow", "mixed")

    written = {
        path.relative_to(tmp_path / "out").as_posix(): path.read_text() for path in tmp_path.rglob("out/**/*.kql")
    }
    assert result.exit_code == 0, result.stderr
    assert sorted(written) == ["deep/tool3.kql", "tool4.kql"]
    assert "admin" in written["deep/tool3.kql"]
    assert "admin" not in written["tool4.kql"]


def test_an_archive_keeps_its_tree(mixed: Path, tmp_path: Path) -> None:
    assert mixed.exists()
    run("convert", tmp_path / "more.tar.gz", "--to", "kql", "-o", tmp_path / "out")

    names = [path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.kql")]
    assert len(names) == 2
    assert {name.rpartition("/")[0] for name in names} == {"deep", "deep/down"}


@pytest.mark.parametrize(
    ("kinds", "left"),
    [
        ([], {"Rule 1", "Rule 2", "Rule 3", "tool4", "tool5", "tool6"}),
        (["building-block"], {"Rule 1", "Rule 3", "tool4", "tool5", "tool6"}),
        (["disabled"], {"Rule 1", "Rule 2", "tool4", "tool5", "tool6"}),
        (["deprecated"], {"Rule 1", "Rule 2", "Rule 3", "tool4"}),
        (["disabled,building-block", "deprecated"], {"Rule 1", "tool4"}),
    ],
)
def test_kinds_of_rules_can_be_left_out(kinds: list[str], left: set[str], tmp_path: Path) -> None:
    lines = [rule(1, "a:1"), rule(2, "a:2", building_block_type="default"), rule(3, "a:3", enabled=False)]
    (tmp_path / "export.ndjson").write_text("\n".join(map(json.dumps, lines)))
    for number, status in ((4, "test"), (5, "deprecated"), (6, "unsupported")):
        (tmp_path / f"{number}.yml").write_text(sigma(number, status))

    words = [word for kind in kinds for word in ("--leave-out", kind)]
    result = run("convert", tmp_path, "--to", "kql", "-o", tmp_path / "out", "--allow", "mixed", "-v", *words)

    assert result.exit_code == 0, result.stderr
    assert set(re.findall(r"^(Rule \d|tool\d): (?!left out)", result.stderr, re.M)) == left
    assert len(list((tmp_path / "out").iterdir())) == len(left)
    if kinds:
        assert f"{6 - len(left)} left out" in result.stderr


def test_elastic_says_in_three_ways_that_a_rule_is_deprecated(tmp_path: Path) -> None:
    toml = '[metadata]\nmaturity = "{}"\n[rule]\nname = "{}"\ntype = "query"\nlanguage = "kuery"\nquery = "a:1"\n'
    (tmp_path / "_deprecated").mkdir()
    (tmp_path / "a.toml").write_text(toml.format("production", "Live"))
    (tmp_path / "b.toml").write_text(toml.format("deprecated", "Old"))
    (tmp_path / "_deprecated" / "c.toml").write_text(toml.format("production", "Older"))

    result = run("convert", tmp_path, "--to", "kql", "-o", tmp_path / "out", "--leave-out", "deprecated")

    assert "3 rules: 1 exact, 2 left out" in result.stderr
    assert [path.name for path in (tmp_path / "out").rglob("*.kql")] == ["live.kql"]


def test_a_rule_that_is_left_out_does_not_take_the_place_of_one_with_its_id(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(sigma(1, "deprecated"))
    (tmp_path / "b.yml").write_text(sigma(1))

    result = run(
        "convert", tmp_path, "--to", "kql", "-o", tmp_path / "out", "--allow", "mixed", "--leave-out", "deprecated"
    )

    assert result.exit_code == 0, result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--leave-out", "old"], "building-block, disabled, deprecated"),
        (["-j", "many"], "auto"),
        (["-j", "-1"], "auto"),
    ],
)
def test_wrong_words_end_with_two_and_list_the_right_ones(words: list[str], said: str) -> None:
    result = run("convert", SEED, "--to", "kql", *words)

    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


def test_what_is_wrong_with_many_rules_is_shown_for_some_and_counted_for_all(tmp_path: Path) -> None:
    for number in range(50):
        (tmp_path / f"{number:02}.kql").write_text(f"user.name:[a TO b] AND _exists_:host.x{number}")
    short, long = run("convert", tmp_path, "--to", "dsl"), run("convert", tmp_path, "--to", "dsl", "-v")
    quiet, as_json = (
        run("convert", tmp_path, "--to", "dsl", "-q"),
        run("convert", tmp_path, "--to", "dsl", "--format", "json"),
    )

    assert len(re.findall(r"^\S+\.kql:", short.stderr, re.M)) == 20
    assert "50 rules: 50 refused" in short.stderr
    assert re.search(r"K005 +30  more of these are not shown; -v shows all", short.stderr)
    assert re.search(r"K005 +30  more of these are not shown", quiet.stderr)
    assert len(re.findall(r"^\S+\.kql:", long.stderr, re.M)) == 50
    assert len(json.loads(as_json.stderr)["findings"]) == 50


def test_a_file_that_is_still_to_be_read_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "export.ndjson").write_text(json.dumps(rule(1, "a:1", name="z")) + "\n" + json.dumps(rule(2, "a:1")))
    (tmp_path / "z.kql").write_text("user.name:   z")

    result = run("convert", tmp_path, "--to", "kql", "-o", tmp_path, "--allow", "mixed")

    assert result.exit_code == 1
    assert result.stderr.count("z.kql is a source of this run") == 1
    assert (tmp_path / "z.kql").read_text() == "user.name:   z"


@pytest.mark.skipif(sys.platform == "win32", reason="signals of a terminal")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupted_run_ends_at_once_and_leaves_no_process(jobs: str, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    for number in range(3_000):
        (rules / f"{number}.kql").write_text(f"process.name:{number} or process.args:*{number}*")
    out = tmp_path / "out"
    command = [sys.executable, "-m", "translator", "convert", str(rules), "--to", "dsl", "-q", "-o", str(out)]
    started = subprocess.Popen([*command, "-j", jobs], stderr=subprocess.PIPE, text=True, start_new_session=True)
    while started.poll() is None and not (out.is_dir() and any(out.iterdir())):
        time.sleep(0.01)
    os.killpg(started.pid, signal.SIGINT)
    _, said = started.communicate(timeout=20)

    assert started.returncode == 1
    assert said.strip() == "Aborted!"
    with pytest.raises(ProcessLookupError):
        os.killpg(started.pid, 0)


#: The command as it is, but for the second that it waits before it shows anything.
IMPATIENT = """
import sys
from translator.cli import main, progress
progress._PATIENCE = 0
main(sys.argv[1:])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such terminal")
@pytest.mark.parametrize(("environment", "shown"), [({}, True), ({"CI": "true"}, False), ({"TERM": "dumb"}, False)])
def test_only_a_person_at_a_terminal_sees_progress(environment: dict[str, str], shown: bool, tmp_path: Path) -> None:
    import pty

    for number in range(50):
        (tmp_path / f"{number}.yml").write_text(sigma(number))
    inherited = {key: value for key, value in os.environ.items() if key not in ("CI", "TERM")}
    ours, theirs = pty.openpty()
    words = ["convert", str(tmp_path), "--to", "kql", "--allow", "mixed", "-o", str(tmp_path / "out")]
    started = subprocess.Popen(
        [sys.executable, "-c", IMPATIENT, *words], stderr=theirs, env={**inherited, "TERM": "xterm", **environment}
    )
    os.close(theirs)
    chunks = []
    try:
        while chunk := os.read(ours, 65536):
            chunks.append(chunk)
    except OSError:
        pass
    os.close(ours)
    text = b"".join(chunks).decode()

    assert started.wait() == 0
    assert bool(re.search(r"[\d,]+ rules, [\d,]+ a second", text)) == shown
    assert text.rstrip().splitlines()[-1].startswith("  R")
    assert "50 rules: 50 narrower" in text


@pytest.mark.parametrize("content", [sigma(1), GLOBAL, f"{sigma(5)}---\n{CORRELATION}", f"{sigma(3)}---\n{FILTER}"])
def test_nobody_changes_what_was_read_since_it_may_be_read_again(content: str) -> None:
    source = Source(content, "rule.yml")
    before = copy.deepcopy([each.value for each in yaml_reader.read_all(Source(content, "rule.yml"))])
    for found in read_text(content, name="rule.yml"):
        for target in backends():
            with suppress(TranslatorError):
                convert(found, to=target, allow=["mixed"])
        assert [each.value for each in yaml_reader.read_all(found.query)] == [
            each.value for each in yaml_reader.read_all(Source(found.query.text))
        ]

    assert [each.value for each in yaml_reader.read_all(source)] == before
