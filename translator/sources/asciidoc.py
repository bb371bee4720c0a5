"""The documentation page of a prebuilt rule in AsciiDoc, which Elastic's pages are made from."""

from __future__ import annotations

import re
from dataclasses import replace

from translator.rule import Rule
from translator.source import Source
from translator.sources import _asciidoc as adoc
from translator.sources import _markdown as markdown
from translator.sources._format import SourceFormat
from translator.sources._lines import Line, Section
from translator.sources._page import Markup, Page

_RECOGNISED = re.compile(r"(?:\A|[\r\n])(?:\*Rule type\*:|={2,6}[ \t]+Rule query[ \t]*(?:[\r\n]|\Z))")

_SECTIONS = {"investigation guide": "guide", "setup": "setup", "rule query": "query"}


def _recognises(source: Source) -> bool:
    return "Rule " in source.text and _RECOGNISED.search(source.text) is not None


def _read(source: Source) -> tuple[Rule, ...]:
    return (Page(source, _ASCIIDOC).rule(),)


SOURCE = SourceFormat("a prebuilt rule's documentation page in AsciiDoc", (".asciidoc", ".adoc"), _recognises, _read)


def _outline(source: Source) -> tuple[Section | None, tuple[Line, ...], dict[str, Section]]:
    """The page's title, the lines below it, and its sections by what they hold."""
    lines = tuple(adoc.lines(source))
    title, head, sections = _sections(lines)
    if "query" in sections:
        return title, head, sections
    # A guide that forgets to close a block must not swallow the query.
    return _sections(tuple(replace(line, code=False) for line in lines))


def _sections(lines: tuple[Line, ...]) -> tuple[Section | None, tuple[Line, ...], dict[str, Section]]:
    found = list(adoc.headings(lines))
    title = next(((at, each) for at, each in found if each.title.lower() not in _SECTIONS), None)
    named = [(at, each) for at, each in found if each.title.lower() in _SECTIONS and (title is None or at > title[0])]
    ends = [*(at for at, _ in named[1:]), len(lines)]
    sections = {
        _SECTIONS[each.title.lower()]: replace(each, lines=lines[at + 1 : end])
        for (at, each), end in zip(named, ends, strict=False)
    }
    begin = title[0] + 1 if title else 0
    return title[1] if title else None, lines[begin : named[0][0] if named else len(lines)], sections


def _guide(source: Source, section: Section) -> tuple[Line, ...]:
    """The guide stands in a block, as the Markdown that the rule holds."""
    for _, held in adoc.blocks(section.lines):
        if not held:
            return ()
        text = source.cut(held[0].span.start, held[-1].span.end)
        return tuple(replace(line, span=text.to_root(line.span)) for line in markdown.lines(text))
    return section.lines


_ASCIIDOC = Markup(
    outline=_outline,
    label=adoc.label,
    items=adoc.items,
    blocks=adoc.blocks,
    guide=_guide,
    title="=== Title",
    type="*Rule type*: query",
    query="==== Rule query",
    block="four or more hyphens",
)
