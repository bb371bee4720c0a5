"""What a portable rule says about itself, and how the profile is chosen."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from tests.conftest import ROOT
from translator.cli import main
from translator.errors import Code, TranslatorError
from translator.pipeline import convert
from translator.rule import Rule, Technique, Threat
from translator.source import Source
from translator.sources import read, read_text

SEED = ROOT / "rules" / "persistence_periodic_tasks" / "rule.md"

QUERY = Source("event.dataset:okta.system and event.action:user.session.start")
RULE = Rule(
    id="12345678-1234-4234-8234-123456789012",
    title="Sign-in to okta by kthreadd (rundll32.exe)",
    query=QUERY,
    source=QUERY,
    status="production",
    description="Somebody signed in, see https://example.org/signing-in.",
    severity="low",
    risk_score=21,
    index=("logs-okta.system-*",),
    references=("https://example.org/a", "https://attack.mitre.org/techniques/T1078/", "https://example.org/a"),
    authors=("Ann", "Bob"),
    license="Elastic License v2",
    date="2024-01-31",
    modified="2024-02-29",
    false_positives=("administrators\n    at work", " "),
    tags=("Domain: Identity",),
    threats=(Threat("TA0005", "Defense Evasion", techniques=(Technique("T1562", ""), Technique("T1562.001", ""))),),
)


def data(rule: Rule, **settings: Any) -> dict[str, Any]:
    return convert(rule, to="sigma", profile="portable", **settings).data


def test_a_portable_rule_has_sigmas_own_keys_in_the_order_of_sigmahq():
    assert list(data(RULE)) == [
        "title", "id", "status", "description", "references", "author", "date", "modified", "license", "tags",
        "logsource", "detection", "falsepositives", "level",
    ]  # fmt: skip


def test_the_header_follows_sigmahqs_manner():
    made = data(RULE)

    assert made["title"] == "Sign-in to Okta by Kthreadd (rundll32.exe)"
    assert made["status"] == "test"
    assert made["references"] == ["https://example.org/a"]
    assert made["author"] == "Ann, Bob"
    assert made["license"] == "Elastic-2.0"
    assert made["falsepositives"] == ["Administrators at work"]
    assert made["tags"] == ["attack.defense-impairment", "attack.t1685"]
    assert data(RULE, attack=18)["tags"] == ["attack.defense-evasion", "attack.t1562.001"]


def test_what_a_rule_does_not_say_is_not_made_up():
    made = data(replace(RULE, false_positives=(), references=(), modified="2024-01-31", severity=None))

    assert made["falsepositives"] == ["Unknown"]
    assert made["references"] == ["https://example.org/signing-in"]
    assert "modified" not in made
    assert "level" not in made


def test_identifiers_and_dates_need_no_quotes():
    text = convert(RULE, to="sigma", profile="portable").text

    assert "\nid: 12345678-1234-4234-8234-123456789012\n" in text
    assert "\ndate: 2024-01-31\nmodified: 2024-02-29\n" in text
    assert yaml.safe_load(text)["date"] == date(2024, 1, 31)


def test_the_same_rule_keeps_its_id_in_both_profiles():
    assert data(RULE)["id"] == convert(RULE, to="sigma").data["id"] == RULE.id
    assert "related" not in data(RULE)


SIGMA = """\
title: Shell
id: 12345678-1234-4234-8234-123456789012
logsource:
    category: process_creation
    product: windows
detection:
    selection:
        Image: ['*\\cmd.exe', '*\\sh.exe']
    condition: selection
"""


def test_a_rule_that_is_in_sigmas_names_keeps_them():
    (rule,) = read_text(SIGMA, format="sigma")
    made = convert(rule, to="sigma", profile="portable")

    assert made.data["detection"]["selection"] == {"Image|endswith": ["\\cmd.exe", "\\sh.exe"]}
    assert made.losses == ()


def test_what_the_faithful_profile_wrote_can_be_made_portable():
    (seed,) = read(SEED)
    (faithful,) = read_text(convert(seed, to="sigma").text, format="sigma")
    again = data(faithful)

    assert {key: again[key] for key in ("logsource", "detection", "tags")} == {
        key: data(seed)[key] for key in ("logsource", "detection", "tags")
    }


def test_a_profile_that_does_not_exist_is_refused_with_the_names_of_those_that_do():
    with pytest.raises(TranslatorError, match="faithful, portable") as caught:
        convert(RULE, to="sigma", profile="portabel")

    assert caught.value.diagnostics[0].code is Code.UNKNOWN_PROFILE


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments])


def test_the_command_line_takes_the_profile_and_lists_what_it_did():
    result = run("convert", SEED, "--to", "sigma", "--profile", "portable")

    assert result.exit_code == 0
    assert yaml.safe_load(result.stdout)["detection"] == {
        "selection_folder": {"TargetFilename|startswith": "/private/etc/periodic/"},
        "selection_file": {"TargetFilename": ["/private/etc/defaults/periodic.conf", "/private/etc/periodic.conf"]},
        "condition": "1 of selection_*",
    }
    assert yaml.safe_load(result.stdout)["logsource"] == {"category": "file_event", "product": "macos"}
    assert result.stderr.count(f"{Code.FOLDED} note") == 3
    assert f"{Code.RENAMED} note: file.path is called TargetFilename here." in result.stderr
    assert f"{Code.CASE} note" in result.stderr


def test_the_command_line_takes_the_version_of_attack(tmp_path: Path):
    now, before = (run("convert", SEED, "--to", "sigma", "-q", "--attack", version).stdout for version in ("19", "18"))

    assert yaml.safe_load(now)["tags"] == yaml.safe_load(before)["tags"] == ["attack.persistence", "attack.t1053.003"]
    assert run("convert", SEED, "--to", "sigma", "--attack", "17").exit_code == 2


def test_check_counts_what_the_profile_accepts(tmp_path: Path):
    path = tmp_path / "rule.kql"
    path.write_text(QUERY.text)

    assert run("check", path, "--to", "sigma", "--profile", "portable").exit_code == 0
    path.write_text("event.category:process and event.type:start and host.os.type:linux and process.name:nc")
    assert run("check", path, "--to", "sigma").exit_code == 0
    assert run("check", path, "--to", "sigma", "--profile", "portable").exit_code == 1
