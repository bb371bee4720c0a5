"""What a Sigma rule says of itself comes back when it is written as Sigma again; pySigma is the judge."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from sigma.rule import SigmaRule

from tests.conftest import ndjson
from translator.errors import TranslatorError
from translator.pipeline import convert
from translator.schema import Schema
from translator.sources import read_text

RULE = """\
title: A Rule of Many Keys
id: 5f5e7a10-0000-4000-8000-000000000001
name: many_keys
related:
    - id: 5f5e7a10-0000-4000-8000-000000000002
      type: derived
status: experimental
description: What it detects
references:
    - https://example.org/a
author: One, Another (Some, Company)
date: 2024-01-31
modified: 2024-02-29
license: DRL-1.1
tags:
    - attack.execution
    - attack.t1059.001
    - attack.g0016
    - cve.2021-44228
    - detection.emerging-threats
taxonomy: sigma
scope:
    - server
logsource:
    category: process_creation
    product: windows
    definition: needs command lines
    note: ours
detection:
    selection:
        Image: a
    condition: selection
fields:
    - Image
falsepositives:
    - Backups
level: high
our_key: kept
"""


def said(rule: SigmaRule) -> dict[str, Any]:
    """What pySigma reads from a header; the order of authors and the like is the rule's own."""
    names = ["title", "id", "name", "status", "description", "references", "author", "date", "modified", "license"]
    names += [
        "tags",
        "taxonomy",
        "scope",
        "fields",
        "falsepositives",
        "level",
        "logsource",
        "custom_attributes",
        "related",
    ]
    found = {name: getattr(rule, name) for name in names}
    return {**found, "custom": rule.logsource.custom_attributes, "definition": rule.logsource.definition}


def written(text: str) -> str:
    (rule,) = read_text(text, "sigma", "rule.yml")
    return convert(rule, to="sigma", schema=Schema.none()).text


def test_every_key_comes_back() -> None:
    assert said(SigmaRule.from_yaml(written(RULE))) == said(SigmaRule.from_yaml(RULE))


def test_what_is_written_again_stays_the_same() -> None:
    once = written(RULE)

    assert written(once) == once


def test_what_a_rule_does_not_say_is_not_said_for_it() -> None:
    short = "title: x\nlogsource:\n    product: linux\ndetection:\n    a:\n        b: c\n    condition: a\n"

    assert set(SigmaRule.from_yaml(written(short)).to_dict()) == {*SigmaRule.from_yaml(short).to_dict(), "id"}


@pytest.mark.shared
def test_every_key_of_sigmahq_comes_back(shared: Path) -> None:
    rows = list(ndjson(shared / "corpus" / "sigmahq_rules.ndjson.gz"))
    for row in random.Random(3).sample(rows, 400):
        try:
            again = written(row["yaml"])
        except TranslatorError:
            continue
        first, second = said(SigmaRule.from_yaml(row["yaml"])), said(SigmaRule.from_yaml(again))
        # White space is no part of what a text says.
        for found in (first, second):
            found |= {key: "".join(found[key].split()) for key in ("description", "author") if found[key]}
        assert second == first, row["path"]
