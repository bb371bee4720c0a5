"""The page that Elastic's documentation has for each prebuilt rule, whatever markup it is written in.

A page is a rule printed for people, so it says less than the rule: not its id, its filters, the numbers of its
threshold, or whether the query is KQL. What is missing is reported, and nothing is invented in its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from translator.errors import Code, Diagnostic, TranslatorError, diagnose, refuse
from translator.rule import Rule, Technique, Threat, derived_id
from translator.source import Source, Span
from translator.sources import _markdown as markdown
from translator.sources._language import demand_kql
from translator.sources._lines import Item, Line, Section
from translator.sources._needs import BUILDING_BLOCK, KQL_TYPES, OTHER_TYPES, unsaid

_VERSION_PREFIX = re.compile(r"prebuilt-rule-\d+-\d+-\d+-")
_FALSE_POSITIVES = re.compile(r"(?:#{1,6}|\*\*)\s*false positives?(?: analysis)?[\s:]*(?:\*\*)?[\s:]*\Z", re.IGNORECASE)
_GUIDE_HEAD = re.compile(r"#{1,6}\s|\*\*[^*]+\*\*:?\s*\Z")
_DURATION = re.compile(r"\d+(?:ms|[smhdwMy])\Z")
_DATE_MATH = re.compile(r"now(?:[-+]\d+[smhdwMy])*(?:/[smhdwMy])?\Z")
_TRADE_MARK = re.compile(r"(?:\^?TM\^?|™)\Z")
_FACT = re.compile(r"\s*[*-]+\s+(Tactic|Technique|Sub-technique|Name|ID|Reference URL):\s*(.*?)\s*\Z")

_SEVERITIES = ("low", "medium", "high", "critical")


@dataclass(frozen=True, slots=True)
class Markup:
    """How a page's language writes what a rule's page needs. Lines are told to be code or not."""

    #: A page's title, the lines below it, and its sections by what they hold.
    outline: Callable[[Source], tuple[Section | None, tuple[Line, ...], dict[str, Section]]]
    label: Callable[[Line], tuple[str, str, Span] | None]
    items: Callable[[Iterable[Line]], Iterator[Item]]
    blocks: Callable[[Iterable[Line]], Iterator[tuple[Line, tuple[Line, ...]]]]
    #: The lines of the investigation guide, which is Markdown on every page.
    guide: Callable[[Source, Section], tuple[Line, ...]]
    #: How a title, the rule type, the query's heading and its block are written, for hints.
    title: str
    type: str
    query: str
    block: str


class Page:
    """Carries a page's parts, and the mistakes that are found in them."""

    def __init__(self, source: Source, markup: Markup) -> None:
        self.source = source
        self.markup = markup
        self.mistakes: list[Diagnostic] = []
        self.title, self.head, self.sections = markup.outline(source)
        self.labels: dict[str, tuple[str, Span]] = {}
        self.lists: dict[str, tuple[str, ...]] = {}
        for at, line in enumerate(self.head):
            if found := self.markup.label(line):
                name, value, span = found
                if name not in self.labels:
                    self.labels[name] = value, span
                    listed = () if value else self.markup.items(self.head[at + 1 :])
                    self.lists[name] = tuple(item.text for item in listed) or self._inline(value)

    def rule(self) -> Rule:
        """The rule of the page. Raises TranslatorError with every mistake."""
        if self.title is None and not self.labels:
            raise refuse(
                Code.NOT_A_RULE,
                "The page has no title and says no rule type, severity or query.",
                self.source,
                Span(0, 1),
                f"a rule's page begins with `{self.markup.title}` and `{self.markup.type}`",
            )
        if not self.labels and "query" not in self.sections:
            raise refuse(
                Code.NOT_A_RULE,
                "The page is not about a rule: it says no rule type and has no rule query.",
                self.source,
                self.title.line.span if self.title else Span(0, 1),
                f"a rule's page has the lines `{self.markup.type}` and `{self.markup.query}`",
            )
        type_ = self._type()
        query = self._query()
        demand_kql(query)
        title = self.title.title if self.title and self.title.title else self.source.name
        guide = self.markup.guide(self.source, self.sections["guide"]) if "guide" in self.sections else ()
        read = Rule(
            id=self._id(query),
            title=title,
            query=query,
            source=self.source,
            type=type_,
            description=self._description(),
            status="deprecated" if title.lower().startswith("deprecated - ") else "test",
            index=self.lists.get("Rule indices", ()),
            severity=self._word("Severity", _SEVERITIES),
            risk_score=self._number("Risk score", 100),
            interval=self._shaped("Runs every", _DURATION, "a duration such as 5m"),
            look_back=self._shaped("Searches indices from", _DATE_MATH, "date math such as now-9m"),
            maximum_alerts=self._number("Maximum alerts per execution"),
            references=tuple(markdown.address(each) for each in self.lists.get("References", ())),
            tags=self.lists.get("Tags", ()),
            version=self._text("Version"),
            authors=self.lists.get("Rule authors", ()),
            license=self._text("Rule license"),
            guide=self._text_of(guide),
            setup=self._text_of(self._lines("setup")),
            false_positives=tuple(_false_positives(guide)),
            threats=tuple(self._threats()),
            needs=unsaid(type_, self.labels["Rule type"][1]) if "Rule type" in self.labels else (),
            building_block=BUILDING_BLOCK in self.lists.get("Tags", ()),
            notes=tuple(self._unsaid()),
        )
        if self.mistakes:
            raise TranslatorError(self.mistakes)
        return read

    def _unsaid(self) -> Iterator[Diagnostic]:
        place = self.title.line.span if self.title else Span(0, 1)
        yield diagnose(
            Code.NOT_CARRIED,
            "A page carries neither the rule's id nor its filters; the id is derived from the page's name.",
            self.source,
            place,
        )
        if "Rule type" not in self.labels:
            yield diagnose(
                Code.NOT_CARRIED,
                "The page says no rule type; it is taken for a query rule.",
                self.source,
                place,
                f"write `{self.markup.type}`",
            )

    def _id(self, query: Source) -> str:
        if self.title and self.title.anchor:
            return derived_id(_VERSION_PREFIX.sub("", self.title.anchor, count=1))
        return derived_id(self.title.title if self.title and self.title.title else query.text.strip())

    def _type(self) -> str:
        written, span = self.labels.get("Rule type", ("query", Span(0, 1)))
        if written in OTHER_TYPES:
            said, needed = OTHER_TYPES[written]
            raise refuse(Code.OTHER_LANGUAGE, f"A rule of type {written} {said}.", self.source, span, needed)
        if written not in KQL_TYPES:
            self._mistake("Rule type", f"one of {', '.join([*KQL_TYPES, *OTHER_TYPES])}")
        return written

    def _query(self) -> Source:
        section = self.sections.get("query")
        if section is None:
            raise refuse(
                Code.NO_QUERY,
                f"The page has no section `{self.markup.query}`.",
                self.source,
                self.title.line.span if self.title else Span(0, 1),
                "where other headings have an anchor in brackets, this one needs one too",
            )
        block = next(self.markup.blocks(section.lines), None)
        if block is None:
            raise refuse(
                Code.NO_QUERY,
                f"There is no code block below `{self.markup.query}`.",
                self.source,
                section.line.span,
                f"put the query between two lines of {self.markup.block}",
            )
        fence, held = block
        if any(self.markup.label(replace(line, code=False)) for line in held):
            raise refuse(
                Code.NO_QUERY,
                "The code block of the query is not closed.",
                self.source,
                fence.span,
                f"close it with a line of {self.markup.block}",
            )
        query = self.source.cut(held[0].span.start, held[-1].span.end) if held else self.source.cut(0, 0)
        if not query.text.strip():
            raise refuse(
                Code.NO_QUERY, f"The code block below `{self.markup.query}` is empty.", self.source, fence.span
            )
        return query

    def _description(self) -> str | None:
        said = []
        for line in self.head:
            if self.markup.label(line):
                break
            said.append(line.text)
        return "\n".join(said).strip() or None

    def _text(self, name: str) -> str | None:
        value, _ = self.labels.get(name, ("", Span(0, 0)))
        return None if value in ("", "None") else value

    def _number(self, name: str, most: int | None = None) -> int | None:
        value = self._text(name)
        if value is None:
            return None
        if not (value.isascii() and value.isdigit() and (most is None or int(value) <= most)):
            self._mistake(name, "a whole number" if most is None else f"a whole number up to {most}")
            return None
        return int(value)

    def _word(self, name: str, words: tuple[str, ...]) -> str | None:
        value = self._text(name)
        if value is not None and value not in words:
            self._mistake(name, f"one of {', '.join(words)}")
        return value

    def _shaped(self, name: str, shape: re.Pattern[str], wanted: str) -> str | None:
        first = (self._text(name) or "None").split()[0]
        if first == "None":
            return None
        if not shape.match(first):
            self._mistake(name, wanted)
        return first

    def _mistake(self, name: str, wanted: str) -> None:
        value, span = self.labels[name]
        self.mistakes.append(
            diagnose(Code.BAD_VALUE, f'"{value}" is no value of {name}.', self.source, span, f"write {wanted}")
        )

    @staticmethod
    def _inline(value: str) -> tuple[str, ...]:
        return () if value in ("", "None") else tuple(part.strip() for part in value.split(","))

    def _lines(self, name: str) -> tuple[Line, ...]:
        return self.sections[name].lines if name in self.sections else ()

    def _text_of(self, lines: tuple[Line, ...]) -> str | None:
        return self.source.text[lines[0].span.start : lines[-1].span.end].strip() or None if lines else None

    def _threats(self) -> Iterator[Threat]:
        lines = self._lines("query")
        for at, line in enumerate(lines):
            found = self.markup.label(line)
            if found and found[0] == "Framework":
                yield from _framework(_TRADE_MARK.sub("", found[1]), self._below(lines[at + 1 :]))

    def _below(self, lines: Iterable[Line]) -> Iterator[Line]:
        """The lines up to the next label."""
        for line in lines:
            if self.markup.label(line):
                return
            yield line


def _false_positives(guide: Iterable[Line]) -> Iterator[str]:
    """What a guide says about false positives, an entry for each of its list's, or for each paragraph."""
    inside: list[Line] = []
    wanted = False
    for line in guide:
        if not line.code and _GUIDE_HEAD.match(line.text):
            if wanted:
                break
            wanted = _FALSE_POSITIVES.match(line.text) is not None
        elif wanted:
            inside.append(line)
    listed = tuple(markdown.items(inside))
    yield from (markdown.plain(item.text) for item in listed)
    if not listed:
        text = "\n".join(line.text for line in inside if not line.code)
        yield from (markdown.plain(part) for part in re.split(r"\n\s*\n", text) if part.strip())


def _framework(name: str, lines: Iterable[Line]) -> Iterator[Threat]:
    """The tactics of a ``Framework`` list; a technique belongs to the tactic before it."""
    facts: list[tuple[str, dict[str, str]]] = []
    for line in lines:
        if not (found := _FACT.match(line.text)):
            continue
        if found[1] in ("Tactic", "Technique", "Sub-technique"):
            facts.append((found[1], {}))
        elif facts:
            facts[-1][1][found[1]] = found[2]
    tactic: Threat | None = None
    for kind, fact in facts:
        known = fact.get("ID", ""), fact.get("Name", ""), markdown.address(fact.get("Reference URL", "")) or None
        if kind == "Tactic":
            if tactic:
                yield tactic
            tactic = Threat(*known, framework=name)
        elif tactic:
            tactic = replace(tactic, techniques=(*tactic.techniques, Technique(*known)))
    if tactic:
        yield tactic
