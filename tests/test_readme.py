"""What the README shows is what happens: its commands are run, its Python is run, its links lead somewhere."""

from __future__ import annotations

import doctest
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.test_kibana import cases, reaches_scripted_field
from tests.conftest import ROOT
from tests.shell import shell
from tests.test_architecture import LAYERS

#: Pages whose commands are run: ``console`` blocks, in one folder for the whole page.
PAGES = ["README.md", "examples/convert_in_ci/README.md"]

#: Commands of people, which need a network, a repository or minutes.
NOT_RUN = ("git ", "make ")

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_STATUS = re.compile(r"  # ends with (\d)$")


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / page).read_text("utf-8")
    return [body for name, body in _BLOCK.findall(text) if name == language]


def commands(block: str) -> Iterator[tuple[str, str]]:
    """The commands of a ``console`` block, each with what the page says it shows."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, shown = re.sub(r"\\\n> *", "", part).partition("\n")
        yield command, shown


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The checkout's rules and examples, and the files that the pages speak of."""
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    return tmp_path


@pytest.mark.parametrize("page", PAGES)
def test_every_command_shows_what_the_page_says(page: str, folder: Path) -> None:
    here = folder / Path(page).parent
    if here != folder:
        (here / "rules").mkdir()
        shutil.copy(folder / "rules" / "persistence_periodic_tasks" / "rule.md", here / "rules")
    ran = 0
    for block in blocks(page, "console"):
        for command, shown in commands(block):
            if command.startswith(NOT_RUN):
                continue
            status = _STATUS.search(command)
            done = shell(command, here)
            ran += 1

            assert done.status == int(status[1] if status else 0), f"{command}\n{done.text}"
            assert _says(shown, done.text), f"{command}\n--- the page says\n{shown}\n--- it showed\n{done.text}"

    assert ran


def _says(shown: str, text: str) -> bool:
    """Whether ``text`` is as shown, where three dots stand for anything, on a line of their own for any lines."""
    if not shown.strip():
        return True
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "..." else re.escape(line.rstrip()).replace(r"\.\.\.", ".*") + r"[ \t]*\n"
        for line in shown.rstrip("\n").split("\n")
    )
    return re.fullmatch(pattern, text.rstrip("\n") + "\n") is not None


def test_every_python_block_gives_what_the_readme_says(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False)
    names: dict[str, object] = {}
    for number, block in enumerate(blocks("README.md", "python")):
        test = doctest.DocTestParser().get_doctest(block, names, f"block {number}", "README.md", 0)
        assert test.examples
        result = runner.run(test, clear_globs=False)
        names = test.globs
        assert result.failed == 0


def test_every_make_target_that_a_page_names_exists() -> None:
    text = "\n".join(
        (ROOT / page).read_text("utf-8") for page in ["README.md", "CONTRIBUTING.md", "examples/README.md"]
    )
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE))

    assert {"demo", "test", "check", "bench"} <= named
    for target in named:
        assert subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, check=False).returncode == 0, (
            target
        )


@pytest.mark.parametrize(
    "page",
    sorted(
        path.relative_to(ROOT).as_posix()
        for folder in (".", "docs", "examples", "rules")
        for path in (ROOT / folder).glob("*.md")
    ),
)
def test_every_link_of_a_page_leads_to_a_file(page: str) -> None:
    text = re.sub(r"```.*?```", "", (ROOT / page).read_text("utf-8"), flags=re.DOTALL)
    targets = [
        target for target in re.findall(r"\]\(([^)\s]+)\)", text) if not target.startswith(("http:", "https:", "#"))
    ]

    assert [target for target in targets if not ((ROOT / page).parent / target.partition("#")[0]).exists()] == []


def test_the_readme_lists_the_commands_that_there_are(tmp_path: Path) -> None:
    listed = re.findall(r"^\| `(\w+)", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    (section,) = re.findall(r"^Commands:\n((?:  .*\n)+)", shell("sigma-kql --help", tmp_path).stdout, re.MULTILINE)

    assert listed == re.findall(r"^  (\w+)", section, re.MULTILINE)


def test_the_readme_counts_the_recorded_answers_right() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    said = [int(each.replace(",", "")) for each in re.findall(r"([\d,]+) (?:recorded queries|have Query DSL)", text)]
    recorded = list(cases())

    assert said == [len(recorded), sum("error" not in case and not reaches_scripted_field(case) for case in recorded)]


def test_the_layers_in_the_picture_are_those_of_the_imports() -> None:
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", (ROOT / "ARCHITECTURE.md").read_text("utf-8"), re.MULTILINE)

    assert [(int(number), names.replace("`", "")) for number, names in rows] == list(enumerate(LAYERS))


def test_what_the_picture_names_is_in_the_tree() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    cells = re.findall(r"^\| (`translator/.+?) \|", text, re.MULTILINE)
    named = {name.removeprefix("translator/").rstrip("/") for cell in cells for name in re.findall("`(.+?)`", cell)}
    there = {path.name for path in (ROOT / "translator").iterdir() if path.suffix == ".py" or path.is_dir()}

    assert len(named) > 20
    assert named - there == set()
