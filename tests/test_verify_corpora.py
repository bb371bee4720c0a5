"""The corpora verified: no undeclared difference, every condition covered, and no rule that takes long."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import proof
from translator.verification import Outcome
from translator.witness import Reach

pytestmark = pytest.mark.shared

#: Of SigmaHQ's rules one of so many; ``python -m tests.proof`` takes all.
EVERY = 8


def test_elastics_rules_are_verified_and_every_condition_is_covered(shared: Path) -> None:
    found = proof.prove(proof.records(shared, "elastic"), processes=2)
    outcomes = found.outcomes()
    print(*found.lines(), sep="\n")

    assert found.wrong == []
    assert found.open == {}
    assert found.median >= 20
    assert all(
        outcomes[target, Outcome.SAME] == 488 for target in ("dsl", "elastic_rule", "elastic_toml", "kql", "matcher")
    )
    assert outcomes["sigma", Outcome.SAME] + outcomes["sigma", Outcome.DECLARED] >= 480


def test_sigmahqs_rules_are_verified_and_every_condition_is_covered(shared: Path) -> None:
    found = proof.prove(proof.records(shared, "sigmahq", EVERY), processes=2)
    outcomes = found.outcomes()
    print(*found.lines(), sep="\n")

    assert found.wrong == []
    assert found.open == {}
    assert found.median >= 20
    assert found.count(Reach.COVERED) > 5_000
    assert outcomes["sigma", Outcome.SAME] == outcomes["matcher", Outcome.SAME] == len(found.rows)


def test_the_longest_lists_are_verified_as_well(shared: Path) -> None:
    """A thousand and more values in one rule: what is made for it grows no faster than the list."""
    long = [each for each in proof.records(shared, "sigmahq") if each["yaml"].count("\n") > 1_000]
    found = proof.prove(long, processes=2)
    print(*found.lines(), sep="\n")

    assert len(long) >= 4
    assert found.wrong == []
    assert found.open == {}
    assert max(each.witnesses for each in found.rows) > 4_000
