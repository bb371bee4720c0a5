"""Sigma -> Sigma: the portable profile brings a house's dialect to the habits of Sigma's own rules."""

from __future__ import annotations

import json
from typing import Any

import pytest

from translator.pipeline import compile_rule, convert
from translator.schema import Schema
from translator.sources import read_text

#: Stars for modifiers, lists of one, slashes in dates, tags of an older ATT&CK, a selection called after nothing.
HOUSE = r"""
title: my house rule
id: 0f2c7a0e-29be-4e6c-9d1c-52f4f8d0a7f1
status: experimental
date: 2024/03/01
tags: [attack.defense_evasion, attack.t1562.001, attack.execution, attack.t1059]
logsource: {category: process_creation, product: windows}
detection:
  sel1:
    - Image: ['*\cmd.exe']
    - CommandLine: '*abc*'
  f1: {ParentImage: ['C:\x\\*', 'C:\y\\*']}
  condition: sel1 and not f1
level: high
"""

DETECTION = {
    "selection_img": {"Image|endswith": "\\cmd.exe"},
    "selection_cli": {"CommandLine|contains": "abc"},
    "filter_main_parent_folder": {"ParentImage|startswith": ["C:\\x\\\\", "C:\\y\\\\"]},
    "condition": "1 of selection_* and not filter_main_parent_folder",
}

#: The same in Elastic's names, which Sigma's `taxonomy` says.
ELASTIC = (
    HOUSE.replace(" Image:", " process.executable:")
    .replace("CommandLine:", "process.command_line:")
    .replace("ParentImage:", "process.parent.executable:")
)

EVENTS = {
    '{"Image": "C:\\\\CMD.EXE"}': True,
    '{"CommandLine": "x ABC"}': True,
    '{"CommandLine": "x abc", "ParentImage": "c:\\\\Y\\\\z.exe"}': False,
    '{"Image": "cmd.exe"}': False,
}


def portable(text: str) -> Any:
    (rule,) = read_text(text, format="sigma")
    return convert(rule, to="sigma", profile="portable")


def test_a_house_dialect_becomes_sigmas_own() -> None:
    artefact = portable(HOUSE)
    (again,) = read_text(artefact.text, format="sigma")
    test = compile_rule(again, schema=Schema.none())

    assert artefact.fidelity == "exact"
    assert artefact.data["title"] == "My House Rule"
    assert str(artefact.data["date"]) == "2024-03-01"
    assert artefact.data["tags"] == ["attack.defense-impairment", "attack.execution", "attack.t1685", "attack.t1059"]
    assert {text: test(json.loads(text)) for text in EVENTS} == EVENTS


def test_what_is_sigmas_own_already_stays() -> None:
    once = portable(HOUSE).text

    assert portable(once).text == once


def test_values_of_a_nested_field_are_no_list_in_kql() -> None:
    """Two entries of the list may have them, which one block of KQL would not say."""
    types = Schema.from_yaml("n: nested\nn.a: keyword\n")
    text = "title: T\nlogsource: {product: x}\ndetection: {s: {n.a|cased: [x, y]}, condition: s}\n"
    (rule,) = read_text(text, format="sigma")

    assert convert(rule, to="kql", schema=types, fields="none").text == "n:{ a:x } or n:{ a:y }\n"


@pytest.mark.parametrize("text", [HOUSE, f"{ELASTIC}taxonomy: ecs\n"])
def test_selections_are_said_by_modifiers_and_called_for_what_they_are_about(text: str) -> None:
    artefact = portable(text)

    assert artefact.data["detection"] == DETECTION
    assert "taxonomy" not in artefact.data
