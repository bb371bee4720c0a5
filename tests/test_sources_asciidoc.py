"""A rule's page in AsciiDoc says what its Markdown says, from its own places."""

from __future__ import annotations

import pytest

from tests.test_sources_page import PAGE
from translator.errors import Code, Diagnostic, TranslatorError
from translator.rule import Rule
from translator.schema import Schema
from translator.sources import read_text

ADOC = """[[prebuilt-rule-8-9-1-netcat-run-by-a-service-linux]]
=== Netcat Run by a Service (Linux)

Finds netcat below a service.

A second paragraph.

*Rule type*: query

*Rule indices*:

* logs-endpoint.events.process-*
* auditbeat-*

*Severity*: medium

*Risk score*: 47

*Runs every*: 5m

*Searches indices from*: now-9m ({ref}/common-options.html#date-math[Date Math format], see also <<x, `more`>>)

*Maximum alerts per execution*: 100

*References*:

* https://example.org/a_b.html
* https://example.org/plain
* https://example.org/talk

*Tags*:

* OS: Linux
* Tactic: Execution

*Version*: 12

*Rule authors*:

* Us
* Them

*Rule license*: Elastic License v2


==== Investigation guide


[source, markdown]
----------------------------------
## Config

Turn it on.

```
==== Rule query
user.name:nobody
```

**False positive analysis**

* Backups that call [netcat](x.md),
  **once** a day.
* Health checks
    * and their helpers

**Response and remediation**

* Stop it.
----------------------------------

==== Setup


[source, markdown]
----
*Rule type*: eql
----

==== Rule query


[source, js]
----------------------------------
process.name:"nc" and
  file.path:(/tmp/* or "C:\\\\x`y") and not user.name:\\*

----------------------------------

*Framework*: MITRE ATT&CK^TM^

* Tactic:
** Name: Execution
** ID: TA0002
** Reference URL: https://attack.mitre.org/tactics/TA0002/
* Technique:
** Name: Command and Scripting Interpreter
** ID: T1059
** Reference URL: https://attack.mitre.org/techniques/T1059/
* Sub-technique:
** Name: Unix Shell
** ID: T1059.004
** Reference URL: https://attack.mitre.org/techniques/T1059/004/
* Tactic:
** Name: Persistence
** ID: TA0003
** Reference URL: https://attack.mitre.org/tactics/TA0003/
"""

SAME = (
    "id",
    "title",
    "type",
    "description",
    "status",
    "index",
    "severity",
    "risk_score",
    "interval",
    "look_back",
    "maximum_alerts",
    "references",
    "tags",
    "version",
    "authors",
    "license",
    "false_positives",
    "threats",
    "needs",
    "building_block",
)


def read(text: str) -> Rule:
    (rule,) = read_text(text, "asciidoc", "page.asciidoc")
    return rule


def refused(text: str) -> Diagnostic:
    with pytest.raises(TranslatorError) as error:
        read(text).check(Schema.none())
    (found,) = error.value.diagnostics
    return found


@pytest.mark.parametrize("name", SAME)
def test_a_page_says_what_its_markdown_says(name: str) -> None:
    (page,) = read_text(PAGE)
    (adoc,) = read_text(ADOC)

    assert getattr(adoc, name) == getattr(page, name)
    assert adoc.query.text.strip() == page.query.text.strip()


def test_guide_and_setup_are_what_stands_in_their_blocks() -> None:
    rule = read(ADOC)

    assert rule.guide is not None
    assert rule.guide.startswith("## Config\n")
    assert rule.guide.endswith("* Stop it.")
    assert "eql" in (rule.setup or "")


def test_a_mistake_in_the_query_is_where_the_page_says_it() -> None:
    found = refused(ADOC.replace("and not user.name:\\*", "and not user.name:\\*)"))
    at = found.source.locate(found.span.start)

    assert found.code is Code.SYNTAX
    assert found.source.line(at.line)[at.column - 1 :] == ")"


def test_a_guide_that_forgets_to_end_its_block_does_not_swallow_the_query() -> None:
    rule = read(ADOC.replace("* Stop it.\n----------------------------------\n", "* Stop it.\n"))

    assert rule.query.text.startswith('process.name:"nc"')


def test_lines_may_end_with_a_carriage_return() -> None:
    assert read(ADOC.replace("\n", "\r\n")).tags == ("OS: Linux", "Tactic: Execution")


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (ADOC.replace("*Rule type*: query", "*Rule type*: eql"), Code.OTHER_LANGUAGE, "EQL"),
        ("=== A\n\n*Rule type*: query\n\n==== Query\n", Code.NO_QUERY, "==== Rule query"),
        ("=== A\n\n*Rule type*: query\n\n==== Rule query\n\na:b\n", Code.NO_QUERY, "code block"),
        ("=== A\n\n*Rule type*: query\n\n==== Rule query\n\n----\n\n----\n", Code.NO_QUERY, "empty"),
        (ADOC.replace("*Severity*: medium", "*Severity*: bad"), Code.BAD_VALUE, "bad"),
        ("=== Something\n\nelse\n", Code.NOT_A_RULE, "not about a rule"),
        ("just text\n", Code.NOT_A_RULE, "no title"),
    ],
)
def test_what_is_no_rules_page_is_refused(text: str, code: Code, said: str) -> None:
    found = refused(text)

    assert found.code is code
    assert said in found.message
