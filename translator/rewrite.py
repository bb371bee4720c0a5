"""The queries inside a file written anew, every other byte kept."""

from __future__ import annotations

from collections.abc import Iterable

from translator import kql
from translator.errors import Code, TranslatorError, refuse
from translator.files import File
from translator.quoting import Edit, Quoted, rewritten
from translator.rule import Language, Rule
from translator.source import Source, Span


def formatted(file: File, rules: Iterable[Rule], width: int, mistakes: list[TranslatorError] | None = None) -> bytes:
    """The content of ``file`` with the KQL of its rules in canonical form.

    ``rules`` were read from the file. A query in a string is escaped as that string asks; one that is canonical already
    keeps its spelling. Raises TranslatorError where a query is not written in KQL, or is wrong (unless ``mistakes``
    takes such errors, and the query stays as it is), where its string cannot hold it, and where the file lies in an
    archive.
    """
    found = [rule for rule in rules if rule.query.text.strip()]
    if not found:
        return file.content
    if not file.content:
        raise refuse(
            Code.UNREADABLE,
            f"{file.name} lies in an archive, which is not rewritten.",
            found[0].source,
            Span(0, 1),
            "unpack the archive, and format the folder",
        )
    text = found[0].source.text
    newline = "\r\n" if "\r\n" in text else "\r" if "\r" in text and "\n" not in text else "\n"
    edits = []
    for rule in found:
        try:
            new = _canonical(rule, width, newline)
        except TranslatorError as error:
            if mistakes is None:
                raise
            mistakes.append(error)
            continue
        if new != rule.query.text:
            edits.append(Edit(rule.query, new))
    return file.encode(rewritten(edits, newline)) if edits else file.content


def _canonical(rule: Rule, width: int, newline: str) -> str:
    if rule.language is not Language.KQL:
        raise refuse(Code.OTHER_LANGUAGE, "Only KQL can be formatted.", rule.query, Span(0, 1), "leave the file out")
    return query(rule.query, width, "\n" if _in_quotes(rule.query) else newline)


def query(source: Source, width: int, newline: str = "\n") -> str:
    """A query in canonical form, its lines ended by ``newline``, with the white space around it kept.

    Raises TranslatorError where it is no KQL.
    """
    text = source.text
    bare = text.strip(" \t\r\n")
    start = text.index(bare)
    written = kql.print_(kql.parse(source), width=width).replace("\n", newline)
    return text[:start] + (written if bare else "") + text[start + len(bare) :]


def _in_quotes(source: Source) -> bool:
    """Whether the text is what a string says, in which a line end is a line feed."""
    return isinstance(source, Quoted) or (source.outer is not None and _in_quotes(source.outer))
