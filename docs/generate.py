"""Writes the pages of this folder that are tables of the code: ``python docs/generate.py``."""

from __future__ import annotations

from pathlib import Path

from translator.errors import Code

_HEAD = """\
# Findings and losses

Every finding has a stable code; numbers are never reused. `K` is about KQL, `F` about files and formats, `S` about
Sigma, `T` about field types, `R` about rules, `U` about usage. `L` names a loss: it refuses a rule unless the profile
or `--allow` accepts it.

Written by `python docs/generate.py`.

| code | name | weight | meaning |
|---|---|---|---|
"""


def codes() -> str:
    """The page of all codes."""
    rows = (
        f"| {code} | {code.name.lower()} | {'loss' if code.number[0] == 'L' else code.severity} | {code.summary} |"
        for code in Code
    )
    return _HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    Path(__file__).with_name("codes.md").write_text(codes(), "utf-8")
