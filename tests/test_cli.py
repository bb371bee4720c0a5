"""What a person at a terminal, a pipe and a CI job see."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from click.testing import CliRunner, Result

from tests.conftest import ROOT
from translator import __version__, events
from translator.cli import main
from translator.errors import TranslatorError

SEED = ROOT / "rules" / "persistence_periodic_tasks" / "rule.md"


def run(*arguments: object, stdin: bytes | str | None = None) -> Result:
    result = CliRunner().invoke(main, [str(each) for each in arguments], input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.mark.parametrize("target", ["sigma", "dsl", "kql", "matcher"])
def test_the_seed_rule_converts_to_every_target(target: str) -> None:
    result = run("convert", SEED, "--to", target, "-q")

    assert result.exit_code == 0
    assert "periodic" in result.stdout
    assert result.stderr == ""


def test_artefacts_go_to_standard_output_and_findings_to_standard_error() -> None:
    result = run("convert", "-", "--from", "kql", "--to", "dsl", stdin="odd.field:1")

    assert json.loads(result.stdout) == {"bool": {"should": [{"match": {"odd.field": "1"}}], "minimum_should_match": 1}}
    assert "<stdin>:1:1: T001 note:" in result.stderr


def test_quiet_says_only_what_is_wrong() -> None:
    assert run("convert", "-", "--from", "kql", "--to", "dsl", "-q", stdin="odd.field:1").stderr == ""


def test_a_folder_keeps_its_tree(tmp_path: Path) -> None:
    (tmp_path / "rules" / "deep").mkdir(parents=True)
    (tmp_path / "rules" / "one.kql").write_text("user.name:a")
    (tmp_path / "rules" / "deep" / "two.kql").write_text("user.name:b")
    (tmp_path / "rules" / "README.md").write_text("# about these rules\n")

    result = run("convert", tmp_path / "rules", "--to", "kql", "-o", tmp_path / "out")

    assert result.exit_code == 0
    assert {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.kql")} == {
        "one.kql",
        "deep/two.kql",
    }
    assert "2 rules: 2 exact" in result.stderr


def test_one_broken_rule_neither_hides_the_others_nor_is_hidden(tmp_path: Path) -> None:
    (tmp_path / "a.kql").write_text("user.name:a")
    (tmp_path / "b.kql").write_text("user.name:b and(c)")
    (tmp_path / "c.kql").write_text("user.name:c")

    result = run("convert", tmp_path, "--to", "kql", "-o", tmp_path / "out")

    assert result.exit_code == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.kql", "c.kql"]
    assert f"{tmp_path}/b.kql:1:16: K001" in result.stderr
    assert "2 exact, 1 broken" in result.stderr


def test_a_loss_refuses_the_rule_until_it_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "rule.kql"
    path.write_text('message:"failed password"')

    refused = run("convert", path, "--to", "sigma", "-o", tmp_path / "out.yml")
    by_effect = run("convert", path, "--to", "sigma", "--allow", "wider,narrower")
    by_code = run("convert", path, "--to", "sigma", "--allow", "L002")

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "L002" in refused.stderr
    assert not (tmp_path / "out.yml").exists()
    assert by_effect.exit_code == by_code.exit_code == 0
    assert yaml.safe_load(by_code.stdout)["detection"]["selection"] == {"message|contains": "failed password"}
    assert "L002 note" in by_code.stderr


def test_drift_is_found_and_shown(tmp_path: Path) -> None:
    source, out = tmp_path / "rule.kql", tmp_path / "out.kql"
    source.write_text("user.name:a")
    missing = run("convert", source, "--to", "kql", "-o", out, "--check")
    run("convert", source, "--to", "kql", "-o", out)
    same = run("convert", source, "--to", "kql", "-o", out, "--check")
    source.write_text("user.name:b")
    differs = run("convert", source, "--to", "kql", "-o", out, "--diff")

    assert (missing.exit_code, same.exit_code, differs.exit_code) == (1, 0, 1)
    assert "-user.name:a\n+user.name:b\n" in differs.stdout
    assert out.read_text() == "user.name:a\n"


def test_two_rules_with_one_id_are_not_written_over_each_other(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(SEED.read_text())
    (tmp_path / "b.md").write_text(SEED.read_text())

    result = run("convert", tmp_path, "--to", "sigma", "-o", tmp_path / "out")

    assert result.exit_code == 1
    assert "R003" in result.stderr
    assert len(list((tmp_path / "out").iterdir())) == 1


def test_two_titles_with_one_slug_get_the_id(tmp_path: Path) -> None:
    (tmp_path / "A b.kql").write_text("user.name:a")
    (tmp_path / "a_b.kql").write_text("user.name:b")

    assert run("convert", tmp_path, "--to", "kql", "-o", tmp_path / "out").exit_code == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names[0] == "a_b.kql"
    assert re.fullmatch(r"a_b_[0-9a-f-]{36}\.kql", names[1])


def test_findings_can_be_json(tmp_path: Path) -> None:
    path = tmp_path / "b.kql"
    path.write_text("user.name:b and(c)")
    result = run("convert", path, "--to", "kql", "--format", "json")
    found = json.loads(result.stderr)

    assert found["findings"][0] | {"message": "", "hint": ""} == {
        "code": "K001",
        "severity": "error",
        "message": "",
        "hint": "",
        "file": str(path),
        "line": 1,
        "column": 16,
        "end_line": 1,
        "end_column": 17,
    }
    assert found["summary"]["broken"] == 1


def test_check_writes_nothing_and_fails_on_mistakes_only(tmp_path: Path) -> None:
    path = tmp_path / "rule.kql"
    path.write_text('message:"failed password"')
    told = run("check", path)
    required = run("check", path, "--to", "sigma")
    as_json = run("check", path, "--to", "sigma", "--format", "json")

    assert (told.exit_code, told.stdout) == (0, "")
    assert "L002" in told.stderr
    assert required.exit_code == 1
    assert [each["code"] for each in json.loads(as_json.stdout)["findings"]] == ["L002"]
    assert list(tmp_path.iterdir()) == [path]


def test_match_writes_one_match_a_line(tmp_path: Path) -> None:
    events = tmp_path / "events.ndjson"
    events.write_text('{"user":{"name":"root"}}\n\n{"user.name":"eve"}\n{"user.name":["eve","root"]}\n')
    rule = tmp_path / "root.kql"
    rule.write_text("user.name:root")

    result = run("match", rule, "--events", events)
    failing = run("match", rule, "--events", events, "--fail-on-match")
    piped = run("match", rule, "--events", "-", "--format", "json", stdin=events.read_bytes())

    assert result.exit_code == 0
    assert [line.split("\t")[0] for line in result.stdout.splitlines()] == ["1", "4"]
    assert failing.exit_code == 1
    assert [json.loads(line)["line"] for line in piped.stdout.splitlines()] == [1, 4]


def test_a_line_that_is_no_event_is_reported_and_the_others_are_judged(tmp_path: Path) -> None:
    events = tmp_path / "events.ndjson"
    events.write_bytes(b'{"user.name":"root"}\n{"user.name":\n[1]\n\xff\n{"user.name":"root"}\n')
    rule = tmp_path / "root.kql"
    rule.write_text("user.name:root")

    result = run("match", rule, "--events", events)

    assert [line.split("\t")[0] for line in result.stdout.splitlines()] == ["1", "5"]
    assert [line for line in result.stderr.splitlines() if "F011" in line] == [
        line for number in (2, 3, 4) for line in result.stderr.splitlines() if f"events.ndjson:{number}:" in line
    ]
    assert result.exit_code == 1


@pytest.mark.parametrize(("shape", "start"), [("tree", "Is "), ("json", "{"), ("kibana", "{")])
def test_parse_shows_how_a_query_is_read(shape: str, start: str) -> None:
    assert run("parse", "a:(b or c*)", "--format", shape).stdout.startswith(start)


def test_a_code_is_explained() -> None:
    assert "not KQL" in run("codes", "K001").stdout
    assert "not KQL" in run("codes", "syntax").stdout
    assert run("codes", "K999").exit_code == 2


def test_targets_and_sources_are_listed() -> None:
    assert {each["target"] for each in json.loads(run("targets", "--format", "json").stdout)} >= {
        "dsl",
        "kql",
        "matcher",
        "sigma",
    }
    assert {each["format"] for each in json.loads(run("sources", "--format", "json").stdout)} >= {
        "kql",
        "page",
        "sigma",
    }


BAD_FILES: dict[str, tuple[bytes, str]] = {
    "empty.kql": (b"", "F003"),
    "blank.kql": (b" \n\n", "F003"),
    "binary.kql": (bytes(range(256)) * 8, "F004"),
    "utf16_without_mark.kql": ("user.name:a".encode("utf-16-le"), "F004"),
    "latin1.kql": ("user.name:é".encode("latin-1"), "F004"),
    "page.md": (b"# A page\n\nabout nothing.\n", "F00"),
    "no_query.md": (re.sub(rb"```js.*?```", b"", SEED.read_bytes(), flags=re.S), "F007"),
    "lucene.kql": (b"user.name:[a TO b] AND _exists_:host.name", "K005"),
    "eql.kql": (b'process where process.name == "x" and (user.name : "y")', "K005"),
    "esql.kql": (b'from logs-* | where user.name == "x"', "K005"),
    "long.kql": (b"user.name:" + b"x" * 10 * 2**20, "K004"),
    "deep.kql": (b"(" * 10_000 + b"a" + b")" * 10_000, "K002"),
    "bomb.yml": (
        b"a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        + b"".join(b"%c: &%c [%s]\n" % (98 + n, 98 + n, b",".join([b"*%c" % (97 + n)] * 10)) for n in range(8))
        + b"logsource: 1\ndetection: *i\n",
        "F008",
    ),
    "twice.yml": (b"title: a\ntitle: b\nlogsource: {category: x}\ndetection:\n  s: {a: b}\n  condition: s\n", "F008"),
    "tab.yml": (b"title: a\nlogsource:\n\tcategory: x\ndetection: 1\n", "F008"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_input_is_one_clear_error(name: str, tmp_path: Path) -> None:
    content, code = BAD_FILES[name]
    path = tmp_path / name
    path.write_bytes(content)

    result = run("convert", path, "--to", "sigma", "-o", tmp_path / "out" / "x.yml")
    heads = [line for line in result.stderr.splitlines() if line.startswith(str(path))]

    assert result.exit_code in (1, 2)
    assert len(heads) == 1, result.stderr[:2000]
    assert re.match(rf"{re.escape(str(path))}:\d+:\d+: {code}", heads[0])
    assert len(result.stderr) < 2000
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_read(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "rule.kql"
    path.write_bytes("user.name:é\r\nor user.name:b".encode(encoding))

    result = run("convert", path, "--to", "kql")

    assert (result.exit_code, result.stdout) == (0, 'user.name:("é" or b)\n')


@pytest.mark.parametrize(
    "arguments",
    [
        ["convert", "missing.md", "--to", "sigma"],
        ["convert", str(SEED), "--to", "nothing"],
        ["convert", str(SEED), "--to", "sigma", "--from", "nothing"],
        ["convert", str(SEED), "--to", "sigma", "--allow", "all"],
        ["convert", str(SEED), "--to", "sigma", "--schema", "missing.yml"],
        ["convert", str(SEED), "--to", "sigma", "--check"],
        ["convert", str(SEED)],
        ["convert", "", "--to", "sigma"],
        ["convert"],
        ["convrt"],
        ["match", "missing/", "--events", "-"],
    ],
)
def test_wrong_usage_ends_with_two(arguments: list[str]) -> None:
    result = run(*arguments, stdin=b"")

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr


def test_an_empty_folder_is_nothing_to_read(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# rules\n")

    assert run("convert", tmp_path, "--to", "sigma").exit_code == 2
    assert run("check", tmp_path).exit_code == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")
def test_what_may_not_be_read_or_written_is_said(tmp_path: Path) -> None:
    path = tmp_path / "rule.kql"
    path.write_text("a:1")
    path.chmod(0)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)

    assert run("convert", path, "--to", "kql").exit_code == 1
    assert run("convert", SEED, "--to", "kql", "-o", closed / "x.kql").exit_code == 1


def test_an_output_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("convert", SEED, "--to", "kql", "-o", tmp_path / "file" / "below" / "x.kql")

    assert result.exit_code == 1
    assert "F00" in result.stderr


def test_a_file_of_lines_that_are_no_events_is_read_in_linear_time(tmp_path: Path) -> None:
    (tmp_path / "events.ndjson").write_text("bad\n" * 50_000)

    (*_, last) = events.read(tmp_path / "events.ndjson")

    assert isinstance(last, TranslatorError)
    assert str(last).startswith(f"{tmp_path / 'events.ndjson'}:50000:1: F011")
    assert sum(len(each.diagnostics[0].source.text) for each in events.read(tmp_path / "events.ndjson")) == 150_000


def test_rules_to_match_can_come_from_standard_input(tmp_path: Path) -> None:
    (tmp_path / "events.ndjson").write_text('{"user":{"name":"a"}}\n')

    result = run("match", "-", "--from", "kql", "--events", tmp_path / "events.ndjson", stdin="user.name:a")

    assert result.exit_code == 0
    assert result.stdout.startswith("1\t")
    assert run("match", "-", "--from", "kql", "--events", "-", stdin="user.name:a").exit_code == 2


def test_an_empty_file_has_drifted(tmp_path: Path) -> None:
    (tmp_path / "x.kql").write_text("")

    result = run("convert", SEED, "--to", "kql", "-o", tmp_path / "x.kql", "--check", "-q")

    assert result.exit_code == 1
    assert "x.kql differs" in result.stderr


def test_the_files_of_a_pattern_go_to_a_folder(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.kql").write_text(f"user.name:{name}")

    result = run("convert", tmp_path / "*.kql", "--to", "dsl", "-o", tmp_path / "out")

    assert result.exit_code == 0
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == ["one.json", "two.json"]


def test_half_a_character_is_shown_by_its_number() -> None:
    assert '"\\ud800" (quoted)' in run("parse", 'a:"\\ud800"').stdout
    assert run("convert", "-", "--from", "kql", "--to", "kql", "-q", stdin='a:"\\ud800"').stdout == 'a:"\\ud800"\n'


@pytest.mark.parametrize("arguments", [["-v"], ["--format", "json"]])
def test_a_warning_weighs_more_than_a_note(arguments: list[str]) -> None:
    result = run(
        "check", "-", "--from", "kql", *arguments, stdin="process.name:a and process.args:null and odd.field:1"
    )

    said = result.stdout + result.stderr
    assert re.search(r'K205 warning:|"K205",\s+"severity": "warning"', said)
    assert re.search(r'T001 note:|"T001",\s+"severity": "note"', said)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_one_error() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*installed(), "convert", str(SEED), "--to", "kql", "-q"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert done.returncode == 1
    assert done.stderr == "Error: Standard input or output fails: no space left on device.\n"


def installed() -> list[str]:
    script = shutil.which("sigma-kql", path=str(Path(sys.executable).parent))
    return [script] if script else [sys.executable, "-m", "translator"]


def test_the_installed_script_runs() -> None:
    result = subprocess.run([*installed(), "--version"], capture_output=True, text=True, check=True)

    assert result.stdout == f"sigma-kql {__version__}\n"


def test_a_broken_pipe_is_no_traceback() -> None:
    command = f"{' '.join(installed())} codes --format json | head -c 1"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)

    assert "Traceback" not in result.stderr


def help_examples() -> Iterator[str]:
    context = click.Context(main)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        examples = re.findall(r"^ *(sigma-kql .+)$", command.help or "", re.M)
        assert examples, f"{name} has no example in its help"
        yield from examples
    yield from re.findall(r"^ *(?:echo .*\| )?(sigma-kql (?:convert|match) .+)$", main.help or "", re.M)


@pytest.mark.parametrize("example", list(help_examples()))
def test_the_examples_in_the_help_run(example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    shutil.copy(SEED, tmp_path / "rule.md")
    (tmp_path / "powershell.md").write_text(SEED.read_text().replace("event.category:file", 'message:"failed login"'))
    (tmp_path / "events.ndjson").write_text('{"user.name":"root"}\n')
    monkeypatch.chdir(tmp_path)
    if "--check" in example:
        run("convert", "rules/", "--to", "kql", "-o", "out/")
    words = re.findall(r"'[^']*'|\S+", example.split(" < ")[0])
    result = run(
        *(word.strip("'") for word in words[1:]),
        stdin=b'process.name:"curl" and not user.id:0' if "convert -" in example else b"{}\n",
    )

    allowed: dict[str, Any] = {"check rules/ --to sigma": 1, "fmt rules/ --check": 1}
    assert result.exit_code == next((status for text, status in allowed.items() if text in example), 0), result.stderr


def test_a_run_does_not_write_over_what_it_reads(tmp_path: Path) -> None:
    path = tmp_path / "rule_a.kql"
    path.write_text("user.name:   a")

    result = run("convert", path, "--to", "kql", "-o", tmp_path)

    assert result.exit_code == 1
    assert "is a source of this run" in result.stderr
    assert path.read_text() == "user.name:   a"


SCHEMAS = {
    "mapping.json": '{"logs": {"mappings": {"properties": {"a": {"type": "ip"}}}}}',
    "caps.json": '{"indices": ["logs"], "fields": {"a": {"ip": {"type": "ip", "searchable": true}}}}',
    "view.json": '[{"name": "a", "type": "ip", "esTypes": ["ip"]}]',
    "kibana.json": '{"data_view": {"fields": {"a": {"name": "a", "type": "ip", "esTypes": ["ip"]}}}}',
    "types.yml": "a: ip\n",
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_read_in_every_form_that_people_have(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(SCHEMAS[name])

    assert run("schema", "a", "--schema", path).stdout.startswith("a: ip (")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: keyword\nb: nothing\n", 2, "no field type"),
        ("process:\n  name: keyword\n", 1, "`process.name: keyword`"),
        ("a: ip\non: keyword\n", 2, "quotes"),
        ("a: ip\na: keyword\n", 2, "twice"),
        ('{"fields": }', 1, "no JSON"),
    ],
)
def test_a_mistake_in_a_schema_has_its_place(text: str, line: int, said: str, tmp_path: Path) -> None:
    path = tmp_path / "schema.yml"
    path.write_text(text)

    result = run("check", SEED, "--schema", path)

    assert result.exit_code == 2
    assert result.stderr.startswith(f"{path}:{line}:")
    assert said in result.stderr
