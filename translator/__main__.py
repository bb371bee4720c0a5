"""``python -m translator`` is ``sigma-kql``."""

from translator.cli import main

main(prog_name="sigma-kql")
