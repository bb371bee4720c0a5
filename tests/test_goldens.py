"""What each stage makes of our own rules, kept beside them: a change of output is seen, and reviewed as a diff.

Goldens say what the output *is*; that it is right is for the recorded answers and the verdicts to say.
``pytest tests/test_goldens.py --update-goldens`` writes them anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from translator import kibana, kql
from translator.backends import backends
from translator.errors import TranslatorError
from translator.pipeline import convert
from translator.rule import Rule
from translator.sources import read

FOLDERS = sorted(path for path in (ROOT / "rules").iterdir() if path.is_dir())


def stages(rule: Rule) -> Iterator[tuple[str, str]]:
    """The name of a golden, and its content."""
    yield "kibana_ast.json", json.dumps(kibana.from_ast(kql.parse(rule.query)), indent=2) + "\n"
    for name, backend in backends().items():
        try:
            yield f"{name}{backend.suffix}", convert(rule, to=name).text
        except TranslatorError as error:
            yield f"{name}.refused.txt", "".join(f"{each.code} {each.message}\n" for each in error.diagnostics)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_stage_writes_what_it_wrote(folder: Path, update_goldens: bool) -> None:
    (rule,) = (rule for path in sorted(folder.glob("rule.*")) for rule in read(path))
    golden = folder / "golden"
    made = dict(stages(rule))
    if update_goldens:
        golden.mkdir(exist_ok=True)
        for path in golden.iterdir():
            path.unlink()
        (golden / ".generated").touch()
        for name, content in made.items():
            (golden / name).write_text(content, "utf-8")

    assert {path.name: path.read_text("utf-8") for path in golden.iterdir() if path.name != ".generated"} == made
