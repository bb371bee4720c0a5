"""The documentation page of a prebuilt rule in Markdown."""

from __future__ import annotations

import re
from dataclasses import replace

from translator.rule import Rule
from translator.source import Source
from translator.sources import _markdown as markdown
from translator.sources._format import SourceFormat
from translator.sources._lines import Line, Section
from translator.sources._page import Markup, Page

_RECOGNISED = re.compile(
    r"(?:\A|[\r\n])(?:\*\*Rule type(?:\*\*[ \t]*:|:[ \t]*\*\*)|##[ \t]+Rule query[ \t]*(?:\[|[\r\n]|\Z))"
)

#: Sections whose anchors the page generator numbers; a guide's own headings have no such anchor.
_SECTIONS = {"investigation guide": "guide", "setup": "setup", "rule query": "query"}


def _recognises(source: Source) -> bool:
    return "Rule " in source.text and _RECOGNISED.search(source.text) is not None


def _read(source: Source) -> tuple[Rule, ...]:
    return (Page(source, _MARKDOWN).rule(),)


SOURCE = SourceFormat("a prebuilt rule's documentation page in Markdown", (".md", ".markdown"), _recognises, _read)


def _outline(source: Source) -> tuple[Section | None, tuple[Line, ...], dict[str, Section]]:
    """The page's title, the lines below it, and its sections by what they hold."""
    lines = tuple(markdown.lines(source))
    title, head, sections = _sections(lines)
    if "query" in sections:
        return title, head, sections
    # A guide that forgets to close a code block must not swallow the query.
    return _sections(tuple(replace(line, code=False) for line in lines))


def _sections(lines: tuple[Line, ...]) -> tuple[Section | None, tuple[Line, ...], dict[str, Section]]:
    headings = [(at, found) for at, line in enumerate(_after_front_matter(lines)) if (found := markdown.heading(line))]
    title = next(((at, found) for at, found in headings if found.level == 1), None)
    named = [(at, found) for at, found in headings if found.level == 2 and found.title.lower() in _SECTIONS]
    if any(found.anchor for _, found in named):
        named = [(at, found) for at, found in named if found.anchor]
    begin = title[0] + 1 if title else 0
    named = [(at, found) for at, found in named if at >= begin]
    ends = [*(at for at, _ in named[1:]), len(lines)]
    sections = {
        _SECTIONS[found.title.lower()]: replace(found, lines=lines[at + 1 : end])
        for (at, found), end in zip(named, ends, strict=False)
    }
    return title[1] if title else None, lines[begin : named[0][0] if named else len(lines)], sections


def _after_front_matter(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """The lines, those of the YAML before the page made code, so that their numbers stay."""
    if not lines or lines[0].text.rstrip() != "---":
        return lines
    end = next((at for at, line in enumerate(lines[1:], 1) if line.text.rstrip() == "---"), 0)
    return (*(replace(line, code=True) for line in lines[: end + 1]), *lines[end + 1 :])


def _guide(_: Source, section: Section) -> tuple[Line, ...]:
    return section.lines


_MARKDOWN = Markup(
    outline=_outline,
    label=markdown.label,
    items=markdown.items,
    blocks=markdown.blocks,
    guide=_guide,
    title="# Title",
    type="**Rule type**: query",
    query="## Rule query",
    block="three backticks",
)
