"""ATT&CK 19: the table, and the tags that come of it."""

from __future__ import annotations

import csv
from collections import Counter
from importlib import resources
from pathlib import Path

import pytest

from tests.conftest import ndjson
from translator import attack
from translator.rule import Rule, Technique, Threat
from translator.sigma.tags import tags, threats
from translator.source import Source


def ruled(*threats: tuple[str, list[str]], framework: str = "MITRE ATT&CK") -> Rule:
    source = Source("a:b")
    return Rule(
        id="x",
        title="x",
        query=source,
        source=source,
        threats=tuple(
            Threat("TA", name, techniques=tuple(Technique(id_, "") for id_ in ids), framework=framework)
            for name, ids in threats
        ),
    )


def test_the_table_has_what_mitre_counts():
    """15 tactics, 222 techniques and 475 sub-techniques are active in 19; 149 are replaced and 12 gone."""
    table = resources.files("translator").joinpath("attack/attack.tsv").read_text("utf-8").splitlines()
    rows = list(csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE))
    state = Counter((row["kind"], bool(row["tactics"]), bool(row["replaced_by"])) for row in rows)

    assert state["tactic", True, False] == 15
    assert state["technique", True, False] == 222
    assert state["subtechnique", True, False] == 475
    assert sum(count for (_, _, replaced), count in state.items() if replaced) == 149
    assert sum(count for (_, active, replaced), count in state.items() if not active and not replaced) == 12


#: (id, the active one in its place, its tactics): from MITRE's list of what version 19 changed.
REPLACED = [
    ("T1562.001", "T1685", ("defense-impairment",)),
    ("T1089", "T1685", ("defense-impairment",)),
    ("T1070.001", "T1685.005", ("defense-impairment",)),
    ("T1656", "T1684.001", ("stealth",)),
    ("T1548", "T1548", ("privilege-escalation",)),
    ("T1053.003", "T1053.003", ("execution", "persistence", "privilege-escalation")),
]


@pytest.mark.parametrize(("id_", "active", "tactics"), REPLACED)
def test_a_technique_that_is_gone_has_an_active_one_in_its_place(id_: str, active: str, tactics: tuple[str, ...]):
    assert attack.current(id_) == active
    assert attack.tactics(id_) == tactics
    assert attack.tactics(active) == tactics


def test_an_id_that_mitre_never_gave_is_its_own():
    assert attack.current("t9999.001") == "T9999.001"
    assert attack.tactics("T9999.001") == ()
    assert attack.technique("T9999.001") is None


#: (threats, tags of version 19, tags of version 18)
TAGS = [
    ([("Persistence", ["T1053", "T1053.003"])], ["persistence", "t1053.003"], ["persistence", "t1053.003"]),
    ([("Defense Evasion", ["T1562", "T1562.001"])], ["defense-impairment", "t1685"], ["defense-evasion", "t1562.001"]),
    ([("Defense Evasion", ["T1014"])], ["stealth", "t1014"], ["defense-evasion", "t1014"]),
    (
        [("Defense Evasion", ["T1014", "T1562.001"])],
        ["stealth", "defense-impairment", "t1014", "t1685"],
        ["defense-evasion", "t1014", "t1562.001"],
    ),
    ([("Defense Evasion", ["T1548"])], ["privilege-escalation", "t1548"], ["defense-evasion", "t1548"]),
    ([("Defense Evasion", [])], ["stealth"], ["defense-evasion"]),
    ([("Command and Control", [])], ["command-and-control"], ["command-and-control"]),
    (
        [("Execution", ["T1059"]), ("Persistence", ["T1059", "T1136"])],
        ["execution", "t1059", "persistence", "t1136"],
        ["execution", "t1059", "persistence", "t1136"],
    ),
]


@pytest.mark.parametrize(("threats", "now", "before"), TAGS)
def test_tags_are_of_the_version_that_is_asked_for(threats: list, now: list[str], before: list[str]):
    rule = ruled(*threats)

    assert tags(rule) == [f"attack.{name}" for name in now]
    assert tags(rule, version=18) == [f"attack.{name}" for name in before]


def test_complete_tags_name_every_tactic_of_every_technique_before_the_techniques():
    rule = ruled(("Persistence", ["T1053", "T1053.003"]))

    assert tags(rule, complete=True) == [
        "attack.persistence",
        "attack.execution",
        "attack.privilege-escalation",
        "attack.t1053.003",
    ]


def test_other_frameworks_have_no_tags():
    assert tags(ruled(("Reconnaissance", ["AML.T0000"]), framework="MITRE ATLAS")) == []


@pytest.mark.shared
def test_every_change_from_version_18_is_in_the_table(shared: Path):
    with (shared / "reference" / "attack_v18_to_v19.tsv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row["change"] == "revoked":
                assert attack.current(row["id"]) == row["new"]
            if row["id"].startswith("T1"):
                assert attack.tactics(row["id"]) == tuple(row["tactics_in_v19"].split())


@pytest.mark.shared
def test_the_tags_of_real_rules_are_active(shared: Path):
    """Version 18's tags, of which 12 are replaced; after that every tag is a tactic or technique of version 19."""
    seen: set[str] = set()
    for each in ndjson(shared / "corpus" / "elastic_kql_rules.ndjson.gz"):
        rule = ruled(
            *(
                (
                    threat["tactic"]["name"],
                    [
                        part["id"]
                        for technique in threat.get("technique", [])
                        for part in (technique, *technique.get("subtechnique", []))
                    ],
                )
                for threat in each["threat"] or []
                if threat["framework"] == "MITRE ATT&CK"
            )
        )
        seen.update(tag.removeprefix("attack.") for tag in tags(rule, complete=True))

    techniques = {tag for tag in seen if tag[0] == "t" and tag[1].isdigit()}
    assert len(techniques) > 150
    assert all(found.tactics for id_ in techniques if (found := attack.technique(id_)))
    assert {tactic for id_ in techniques for tactic in attack.tactics(id_)} <= seen
    assert attack.SPLIT not in seen


@pytest.mark.parametrize(
    ("named", "counted"),
    [
        ("execution t1059 persistence t1053.005", {"Execution": ["T1059"], "Persistence": ["T1053.005"]}),
        ("t1105 command-and-control", {"Command and Control": ["T1105"]}),
        ("execution persistence t1053.005", {"Execution": ["T1053.005"], "Persistence": ["T1053.005"]}),
        ("command-and-control t1562.001", {"Command and Control": [], "Defense Impairment": ["T1562.001"]}),
        ("defense_evasion t1562.001", {"Defense Evasion": ["T1562.001"]}),
        ("t1059", {"Execution": ["T1059"]}),
        ("impact t9999 s0154", {"Impact": ["T9999"]}),
    ],
)
def test_tags_count_a_technique_under_its_own_tactics(named: str, counted: dict[str, list[str]]):
    """The tactics of the techniques are those of the table of ATT&CK's."""
    found = threats(f"attack.{each}" for each in named.split())

    assert {each.name: [one.id for one in each.techniques] for each in found} == counted
