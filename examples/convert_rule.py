"""Convert rules to Sigma in Python, and say what became of each.

    python examples/convert_rule.py [PATH] [ALLOWED ...]

PATH is a file or a folder. ALLOWED are losses to accept: ``wider``, ``narrower``, or codes such as ``L002``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import translator

SEED = Path(__file__).parents[1] / "rules" / "persistence_periodic_tasks" / "rule.md"


def main(path: Path, allowed: list[str]) -> int:
    """Write the Sigma rules to standard output and the outcome to standard error; returns the exit status."""
    status = 0
    for rule in translator.read(path):
        try:
            artefact = translator.convert(rule, to="sigma", allow=allowed)
        except translator.TranslatorError as error:
            # Nothing is lost silently: what was not allowed is refused, with its place and what to do about it.
            print(error, file=sys.stderr)
            status = 1
            continue
        print("---", artefact.text, sep="\n", end="")
        print(f"{rule.title}: {artefact.fidelity}", file=sys.stderr)
        for loss in artefact.losses:
            print(f"  {loss.code} {loss.effect}: {loss.message}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else SEED, sys.argv[2:]))
