"""Commands as a reader would type them, with `sigma-kql` and `python` those of this checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import ROOT


@dataclass(frozen=True, slots=True)
class Done:
    """What a command wrote and how it ended."""

    status: int
    stdout: str = field(repr=False)
    stderr: str

    @property
    def text(self) -> str:
        """All that a terminal would show, what went to standard error first."""
        return self.stderr + self.stdout


def environment(folder: Path) -> dict[str, str]:
    """Variables under which a shell finds this checkout's commands; they are put into ``folder``."""
    commands = folder / ".commands"
    commands.mkdir(exist_ok=True)
    for name, arguments in {"sigma-kql": "-P -m translator", "python": "", "python3": ""}.items():
        path = commands / name
        path.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n', "utf-8")
        path.chmod(0o755)
    ours = {"PATH": f"{commands}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "COLUMNS": "110"}
    return {name: value for name, value in os.environ.items() if name != "ALLOW"} | ours


def shell(command: str, folder: Path, *, stdin: str = "", **variables: str) -> Done:
    """Run ``command`` with bash in ``folder``."""
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment(folder) | variables,
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)
