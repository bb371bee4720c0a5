"""The documentation page of a prebuilt rule: everything it says, from where it says it."""

from __future__ import annotations

import pytest

from translator.errors import Code, Diagnostic, TranslatorError
from translator.rule import Language, Rule, Technique, Threat, derived_id
from translator.source import Span
from translator.sources import read_text

PAGE = """---
applies_to:
  stack: all
mapped_pages:
  - https://example.org/netcat.html
---

# Netcat Run by a Service (Linux) [prebuilt-rule-8-17-4-netcat-run-by-a-service-linux]

Finds netcat below a service.

A second paragraph.

**Rule type**: query

**Rule indices**:

* logs-endpoint.events.process-*
* auditbeat-*

**Severity**: medium

**Risk score**: 47

**Runs every**: 5m

**Searches indices from**: now-9m ({{ref}}/common-options.html#date-math[Date Math format], see also more)

**Maximum alerts per execution**: 100

**References**:

* [https://example.org/a_b.html](https://example.org/a_b.md)
* https://example.org/plain
* [a talk](https://example.org/talk)

**Tags**:

* OS: Linux
* Tactic: Execution

**Version**: 12

**Rule authors**:

* Us
* Them

**Rule license**: Elastic License v2

## Investigation guide [_investigation_guide_7]

## Config

Turn it on.

```
## Rule query [_rule_query_0]
user.name:nobody
```

**False positive analysis**

* Backups that call [netcat](docs-content://x.md),
  **once** a day.
* Health checks
    * and their helpers

**Response and remediation**

* Stop it.

## Setup [_setup_7]

**Setup**

```sh
# Title in a shell
cat <<EOF
```

## Rule query [_rule_query_8]

```js
process.name:"nc" and
  file.path:(/tmp/* or "C:\\\\x`y") and not user.name:\\*
```

**Framework**: MITRE ATT&CKTM

* Tactic:

    * Name: Execution
    * ID: TA0002
    * Reference URL: [https://attack.mitre.org/tactics/TA0002/](https://attack.mitre.org/tactics/TA0002/)

* Technique:

    * Name: Command and Scripting Interpreter
    * ID: T1059
    * Reference URL: [https://attack.mitre.org/techniques/T1059/](https://attack.mitre.org/techniques/T1059/)

* Sub-technique:

    * Name: Unix Shell
    * ID: T1059.004
    * Reference URL: [https://attack.mitre.org/techniques/T1059/004/](https://attack.mitre.org/techniques/T1059/004/)

* Tactic:

    * Name: Persistence
    * ID: TA0003
    * Reference URL: [https://attack.mitre.org/tactics/TA0003/](https://attack.mitre.org/tactics/TA0003/)
"""

QUERY = """process.name:"nc" and
  file.path:(/tmp/* or "C:\\\\x`y") and not user.name:\\*"""

BARE = "# Netcat\n\n**Rule type**: query\n\n## Rule query\n\n```\na:b\n```\n"


def read(text: str) -> Rule:
    (rule,) = read_text(text, "page", "page.md")
    return rule


def refused(text: str) -> Diagnostic:
    with pytest.raises(TranslatorError) as error:
        read(text)
    (found,) = error.value.diagnostics
    return found


def place(found: Diagnostic) -> tuple[int, int]:
    at = found.source.locate(found.span.start)
    return at.line, at.column


def test_a_page_says_everything_about_its_rule():
    rule = read(PAGE)

    assert rule.title == "Netcat Run by a Service (Linux)"
    assert rule.description == "Finds netcat below a service.\n\nA second paragraph."
    assert (rule.type, rule.language, rule.status) == ("query", Language.KQL, "test")
    assert rule.index == ("logs-endpoint.events.process-*", "auditbeat-*")
    assert (rule.severity, rule.risk_score) == ("medium", 47)
    assert (rule.interval, rule.look_back, rule.maximum_alerts) == ("5m", "now-9m", 100)
    assert rule.references == ("https://example.org/a_b.html", "https://example.org/plain", "https://example.org/talk")
    assert rule.tags == ("OS: Linux", "Tactic: Execution")
    assert rule.version == "12"
    assert rule.authors == ("Us", "Them")
    assert rule.license == "Elastic License v2"
    assert rule.threats == (
        Threat(
            "TA0002",
            "Execution",
            "https://attack.mitre.org/tactics/TA0002/",
            (
                Technique("T1059", "Command and Scripting Interpreter", "https://attack.mitre.org/techniques/T1059/"),
                Technique("T1059.004", "Unix Shell", "https://attack.mitre.org/techniques/T1059/004/"),
            ),
        ),
        Threat("TA0003", "Persistence", "https://attack.mitre.org/tactics/TA0003/"),
    )


def test_the_query_is_verbatim_and_knows_its_place_in_the_page():
    rule = read(PAGE)

    assert rule.query.text == QUERY
    assert rule.query.outer is rule.source
    at = QUERY.index("user.name")
    start = rule.query.to_root(Span(at, at + 9)).start
    assert rule.source.text[start:].startswith("user.name:\\*")
    assert rule.source.locate(start).line == PAGE[: PAGE.index("not user.name")].count("\n") + 1


def test_headings_and_code_of_a_guide_stay_in_the_guide():
    rule = read(PAGE)

    assert rule.guide is not None
    assert rule.guide.startswith("## Config")
    assert rule.guide.endswith("* Stop it.")
    assert rule.setup is not None
    assert "# Title in a shell" in rule.setup


def test_false_positives_are_the_guides_one_line_each():
    assert read(PAGE).false_positives == ("Backups that call netcat, once a day.", "Health checks and their helpers")


@pytest.mark.parametrize(
    ("heading", "text", "found"),
    [
        ("## False positive analysis:", "- One\n- Two", ("One", "Two")),
        ("### False Positives", "First words\nof it.\n\nSecond.", ("First words of it.", "Second.")),
        ("**False positives**:", "* `nc` alone", ("`nc` alone",)),
        ("## Falsely positive", "- One", ()),
    ],
)
def test_false_positives_have_many_headings(heading: str, text: str, found: tuple[str, ...]):
    guide = f"## Investigation guide [_investigation_guide_1]\n\n{heading}\n\n{text}\n\n## Rule query [_rule_query_1]"

    assert read(BARE.replace("## Rule query", guide)).false_positives == found


def test_all_versions_of_a_page_share_one_id():
    newer = PAGE.replace("prebuilt-rule-8-17-4-", "prebuilt-rule-9-0-11-")
    plain = PAGE.replace("prebuilt-rule-8-17-4-", "")

    assert read(PAGE).id == read(newer).id == read(plain).id == derived_id("netcat-run-by-a-service-linux")


def test_without_an_anchor_the_title_gives_the_id_and_without_a_title_the_query():
    assert read(BARE).id == derived_id("Netcat")
    assert read(BARE.replace("# Netcat\n", "")).id == derived_id("a:b")


def test_missing_sections_and_none_are_nothing():
    labels = ["References", "Rule indices", "Runs every", "Searches indices from", "Version"]
    rule = read(BARE.replace(": query", ": query\n\n" + "\n\n".join(f"**{label}**: None" for label in labels)))

    assert (rule.references, rule.index, rule.interval, rule.look_back, rule.version) == ((), (), None, None, None)
    assert (rule.severity, rule.risk_score, rule.threats, rule.guide) == (None, None, (), None)


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_of_other_systems_change_nothing_but_themselves(end: str):
    rule = read(PAGE.replace("\n", end))

    assert rule.query.text == QUERY.replace("\n", end)
    assert (rule.title, rule.tags, rule.threats) == (read(PAGE).title, read(PAGE).tags, read(PAGE).threats)
    assert rule.false_positives == read(PAGE).false_positives


@pytest.mark.parametrize("type_", ["threshold", "new_terms", "threat_match"])
def test_a_rule_that_needs_more_than_one_event_says_so_and_invents_nothing(type_: str):
    rule = read(PAGE.replace("**Rule type**: query", f"**Rule type**: {type_}"))

    (need,) = rule.needs
    assert rule.type == need.kind == type_
    assert "does not say" in need.message
    assert rule.source.text[need.span.start : need.span.end] == type_


@pytest.mark.parametrize(("type_", "said"), [("eql", "EQL"), ("esql", "ES|QL"), ("machine_learning", "no query")])
def test_a_rule_type_in_another_language_is_refused_by_name(type_: str, said: str):
    found = refused(PAGE.replace("**Rule type**: query", f"**Rule type**: {type_}"))

    assert found.code is Code.OTHER_LANGUAGE
    assert said in found.message
    assert "needs" in str(found.hint)
    assert place(found) == (14, 16)


def test_lucene_in_a_page_is_refused_at_its_place():
    found = refused(BARE.replace("a:b", "a:b and\n  _exists_:c"))

    assert found.code is Code.OTHER_LANGUAGE
    assert place(found) == (9, 3)


def test_building_blocks_and_deprecated_rules_are_marked():
    rule = read(PAGE.replace("* OS: Linux", "* Rule Type: BBR").replace("# Netcat", "# Deprecated - Netcat"))

    assert rule.building_block
    assert rule.status == "deprecated"
    assert not read(PAGE).building_block


def test_what_a_page_does_not_carry_is_a_note():
    assert [note.code for note in read(PAGE).notes] == [Code.NOT_CARRIED]


def test_a_guide_that_leaves_a_code_block_open_does_not_swallow_the_query():
    assert read(PAGE.replace("user.name:nobody\n```\n", "user.name:nobody\n")).query.text == QUERY


def test_a_longer_fence_may_hold_shorter_ones():
    fenced = BARE.replace("## Rule query", "## Setup\n\n````\n```js\n## Rule query\n```\n````\n\n## Rule query")

    assert read(fenced).query.text == "a:b"


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("Some words about nothing.\n", Code.NOT_A_RULE, 1, 1),
        ("\n# A page\n\nabout nothing\n", Code.NOT_A_RULE, 2, 1),
        ("# Netcat\n\n**Rule type**: query\n", Code.NO_QUERY, 1, 1),
        ("# Netcat\n\n## Rule query\n\na:b\n", Code.NO_QUERY, 3, 1),
        ("# Netcat\n\n## Rule query\n\n```js\n\n```\n", Code.NO_QUERY, 5, 1),
        (BARE.replace("query\n\n##", "sql\n\n##"), Code.BAD_VALUE, 3, 16),
        (BARE.replace("query\n\n##", "query\n**Risk score**: high\n\n##"), Code.BAD_VALUE, 4, 17),
        (BARE.replace("query\n\n##", "query\n**Risk score**: 101\n\n##"), Code.BAD_VALUE, 4, 17),
        (BARE.replace("query\n\n##", "query\n**Severity**: grave\n\n##"), Code.BAD_VALUE, 4, 15),
        (BARE.replace("query\n\n##", "query\n**Runs every**: often\n\n##"), Code.BAD_VALUE, 4, 17),
        (BARE.replace("query\n\n##", "query\n**Searches indices from**: 9m\n\n##"), Code.BAD_VALUE, 4, 28),
    ],
)
def test_a_page_that_is_no_rule_is_one_clear_error(text: str, code: Code, line: int, column: int):
    found = refused(text)

    assert found.code is code
    assert place(found) == (line, column)


def test_all_wrong_values_are_reported_at_once():
    with pytest.raises(TranslatorError) as error:
        read(BARE.replace("query\n\n##", "query\n**Severity**: grave\n\n**Risk score**: high\n\n##"))

    assert [found.code for found in error.value.diagnostics] == [Code.BAD_VALUE, Code.BAD_VALUE]


@pytest.mark.parametrize(
    "spelled", ["**Rule type:** threshold", "**Rule type** : threshold", "**Rule type**:threshold"]
)
def test_a_label_may_have_its_colon_inside(spelled: str) -> None:
    (rule,) = read_text(PAGE.replace("**Rule type**: query", spelled), format="page")

    assert rule.type == "threshold"
    assert rule.needs


def test_a_page_without_a_rule_type_says_that_one_was_assumed() -> None:
    (rule,) = read_text(PAGE.replace("**Rule type**: query", ""), format="page")

    assert rule.type == "query"
    assert any("no rule type" in note.message for note in rule.notes)


def test_a_block_that_is_not_closed_is_said_at_its_fence() -> None:
    text = PAGE.replace("not user.name:\\*\n```\n", "not user.name:\\*\n")
    with pytest.raises(TranslatorError) as caught:
        read_text(text, format="page")

    (found,) = caught.value.diagnostics
    assert "not closed" in found.message
    assert found.source.line(found.source.locate(found.span.start).line) == "```js"
