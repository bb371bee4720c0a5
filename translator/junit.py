"""JUnit's XML, as build servers read it: suites of cases, each passed, failed, skipped or broken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from xml.etree import ElementTree


class Result(Enum):
    """What became of a case; the value is the element that says so, if there is one."""

    PASSED = None
    FAILED = "failure"
    SKIPPED = "skipped"
    #: It could not even be tried.
    BROKEN = "error"


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that was tried; ``text`` is what there is to read about it."""

    name: str
    result: Result
    message: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Suite:
    """Cases under one name."""

    name: str
    cases: tuple[Case, ...]


def write(name: str, suites: Iterable[Suite]) -> str:
    """The suites as a document."""
    root = ElementTree.Element("testsuites", {"name": _plain(name)})
    for suite in suites:
        counts = {"failures": Result.FAILED, "errors": Result.BROKEN, "skipped": Result.SKIPPED}
        element = ElementTree.SubElement(
            root, "testsuite", {"name": _plain(suite.name), "tests": str(len(suite.cases))}
        )
        for key, result in counts.items():
            element.set(key, str(sum(case.result is result for case in suite.cases)))
        for case in suite.cases:
            _write(element, suite, case)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def broken(name: str, message: str, text: str) -> Suite:
    """A suite for what could not be tried."""
    return Suite(name, (Case("rule", Result.BROKEN, message, text),))


def _write(element: ElementTree.Element, suite: Suite, case: Case) -> None:
    found = ElementTree.SubElement(element, "testcase", {"name": _plain(case.name), "classname": _plain(suite.name)})
    if case.result.value is not None:
        ElementTree.SubElement(found, case.result.value, {"message": _plain(case.message)}).text = _plain(case.text)
    elif case.text:
        ElementTree.SubElement(found, "system-out").text = _plain(case.text)


def _plain(said: str) -> str:
    """Without the characters that XML cannot hold."""
    return "".join(char if char.isprintable() or char in "\t\n" else "\N{REPLACEMENT CHARACTER}" for char in said)
