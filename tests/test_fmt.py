"""`fmt` rewrites queries where they lie, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.conftest import ROOT
from translator.cli import main
from translator.sources import read

SEED = ROOT / "rules" / "persistence_periodic_tasks" / "rule.md"


def run(*arguments: object, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["fmt", *(str(each) for each in arguments)], input=stdin, catch_exceptions=False)


def test_standard_input_goes_to_standard_output() -> None:
    result = run("-", "--from", "kql", stdin=b'a:1   OR b:(x OR "y") and NOT c:z\n')

    assert result.stdout == 'a:1 or b:(x or "y") and not c:z\n'


def test_a_wide_query_is_broken_at_its_words() -> None:
    result = run(
        "-", "--from", "kql", "--width", "30", stdin=b"process.name:(curl or wget or fetch) and not user.name:root"
    )

    assert result.stdout == "process.name:(\n  curl or wget or fetch\n) and\nnot user.name:root"


def test_a_page_keeps_every_other_byte(tmp_path: Path) -> None:
    page = tmp_path / "rule.md"
    page.write_bytes(SEED.read_bytes())
    (rule,) = read(page)
    before, _, after = SEED.read_text().partition(rule.query.text)

    assert run(page, "--width", "60").exit_code == 0
    text = page.read_text()
    assert text.startswith(before)
    assert text.endswith(after)
    assert text != SEED.read_text()
    assert run(page, "--width", "60", "--check").exit_code == 0


@pytest.mark.parametrize(("encoding", "newline"), [("utf-8-sig", "\r\n"), ("utf-16", "\n"), ("utf-8", "\r")])
def test_encoding_mark_and_line_ends_stay(encoding: str, newline: str, tmp_path: Path) -> None:
    path = tmp_path / "rule.kql"
    path.write_bytes(f"user.name:é  or{newline}user.name:b and user.id:c{newline}".encode(encoding))

    assert run(path, "--width", "20").exit_code == 0
    expected = newline.join(["user.name:é or", "user.name:b and", "user.id:c", ""])
    assert path.read_bytes() == expected.encode(encoding)


def test_check_and_diff_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "rule.kql"
    path.write_text("a:1  OR b:2\n")
    checked, shown = run(path, "--check"), run(path, "--diff")

    assert (checked.exit_code, shown.exit_code) == (1, 1)
    assert "-a:1  OR b:2\n+a:1 or b:2\n" in shown.stdout
    assert path.read_text() == "a:1  OR b:2\n"


def test_a_broken_query_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.kql").write_text("a:1 and(b)")
    (tmp_path / "b.kql").write_text("a:1  or b:2")
    result = run(tmp_path)

    assert result.exit_code == 1
    assert "K001" in result.stderr
    assert (tmp_path / "a.kql").read_text() == "a:1 and(b)"
    assert (tmp_path / "b.kql").read_text() == "a:1 or b:2"


def test_sigma_is_not_formatted(tmp_path: Path) -> None:
    path = tmp_path / "rule.yml"
    path.write_text("title: a\nlogsource: {category: x}\ndetection:\n  s: {a: b}\n  condition: s\n")

    assert run(path).exit_code == 1
    assert "Only KQL" in run(path).stderr


def test_the_good_rules_of_a_mixed_export_are_formatted(tmp_path: Path) -> None:
    said = '"risk_score":1,"severity":"low"}'
    lines = [
        '{"rule_id":"a","name":"A","type":"query","language":"kuery","query":"a:1   OR b:2",' + said,
        '{"rule_id":"b","name":"B","type":"query","language":"lucene","query":"a:[1   TO 2]",' + said,
        '{"rule_id":"c","name":"C","type":"eql","language":"eql","query":"process   where true",' + said,
        '{"rule_id": broken   OR not',
        '{"rule_id":"d","name":"D","type":"query","language":"kuery","query":"a:1   and(b)",' + said,
        '{"rule_id":"e","name":"E \xff","type":"query","language":"kuery","query":"a:1   OR b:2",' + said,
        '{"rule_id":"f","name":"F","type":"query","language":"kuery","query":"c:1   AND d:2",' + said,
    ]
    path = tmp_path / "export.ndjson"
    path.write_bytes("\n".join(lines).encode("latin-1"))

    checked, done = run(path, "--check"), run(path)

    assert checked.exit_code == done.exit_code == 1
    assert "would change" in checked.stderr
    wanted = [lines[0].replace("   OR", " or"), *lines[1:6], lines[6].replace("   AND", " and")]
    assert path.read_bytes().decode("latin-1").split("\n") == wanted
    assert [line.split(" ")[1] for line in done.stderr.splitlines() if line.startswith(f"{path}:")] == [
        "K005",
        "K005",
        "F012",
        "F004",
        "K001",
    ]
    assert "1 formatted" in done.stderr
