"""Whole corpora in one command each: nothing is broken by reading it, nothing is lost in the counting."""

from __future__ import annotations

import re
import shutil
import tarfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.bench.bulk import unpack
from translator.cli import main

pytestmark = pytest.mark.shared

#: Of many pages each tenth.
SAMPLE = 10


def converted(tmp_path: Path, *words: object) -> tuple[int, dict[str, int], str]:
    """The number of rules, how many came to what, and what was said; the same from one process and from two."""
    said = []
    for jobs in ("1", "2"):
        out = tmp_path / "out"
        result = CliRunner().invoke(main, ["convert", *map(str, words), "--to", "sigma", "-o", f"{out}/", "-j", jobs])
        assert result.exit_code in (0, 1), result.stderr
        said.append((result.stderr, {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}))
        shutil.rmtree(out)
    assert said[0] == said[1]

    text, files = said[0]
    found = re.search(r"^(\d+) rules: (.*)$", text, re.MULTILINE)
    assert found
    outcomes = {name: int(count) for count, name in re.findall(r"(\d+) ([a-z ]+)", found[2])}
    assert sum(outcomes.values()) == int(found[1])
    assert len(files) == sum(outcomes.get(name, 0) for name in ("exact", "wider", "narrower", "mixed"))
    assert text.count("\n") < 1500
    print(found[0])
    return int(found[1]), outcomes, text


def test_the_archive_of_toml_rules(shared: Path, tmp_path: Path) -> None:
    archive = shared / "corpus" / "elastic_rules_toml.tar.xz"
    count, outcomes, said = converted(tmp_path, archive)
    _, without, _ = converted(tmp_path, archive, "--leave-out", "building-block,disabled,deprecated")

    assert count == 534
    assert "broken" not in outcomes
    assert re.search(r"^  K005   46 ", said, re.MULTILINE)
    assert 0 < without["left out"] < 100


@pytest.mark.parametrize("archive", ["prebuilt_pages_markdown.tar.xz", "prebuilt_pages_asciidoc.tar.xz"])
def test_a_sample_of_the_pages(archive: str, shared: Path, tmp_path: Path) -> None:
    sample = tmp_path / "sample.tar"
    with tarfile.open(shared / "corpus" / archive) as pages, tarfile.open(sample, "w") as some:
        members = [member for member in pages if member.isfile()]
        for member in members[::SAMPLE]:
            some.addfile(member, pages.extractfile(member))
    count, outcomes, _ = converted(tmp_path, sample)

    assert count == len(members[::SAMPLE])
    assert "broken" not in outcomes
    assert outcomes["exact"] > 50


def test_sigmahq_rules(shared: Path, tmp_path: Path) -> None:
    assert unpack(tmp_path / "rules") == 2225
    count, outcomes, _ = converted(tmp_path, tmp_path / "rules", "--allow", "mixed")

    assert count == 2225
    assert "broken" not in outcomes
    assert outcomes["exact"] > 2000
