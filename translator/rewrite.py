"""The queries inside a file written anew, every other byte kept."""

from __future__ import annotations

from collections.abc import Iterable

from translator import kql
from translator.errors import Code, refuse
from translator.files import File
from translator.rule import Language, Rule
from translator.source import Source, Span


def formatted(file: File, rules: Iterable[Rule], width: int) -> bytes:
    """The content of ``file`` with the KQL of its rules in canonical form.

    ``rules`` were read from the file. Raises TranslatorError where one of them is not written in KQL, or is wrong.
    """
    text = file.decode().text
    newline = "\r\n" if "\r\n" in text else "\r" if "\r" in text and "\n" not in text else "\n"
    pieces: list[str] = []
    done = 0
    for rule in sorted(rules, key=lambda rule: _place(rule.query).start):
        if rule.language is not Language.KQL:
            raise refuse(Code.OTHER_LANGUAGE, "Only KQL can be formatted.", rule.query, Span(0, 1), "leave the file out")
        place = _place(rule.query)
        pieces += [text[done : place.start], query(rule.query, width, newline)]
        done = place.end
    return file.encode("".join([*pieces, text[done:]]))


def query(source: Source, width: int, newline: str = "\n") -> str:
    """A query in canonical form, its lines ended by ``newline``, with the white space around it kept. Raises TranslatorError where it is no KQL."""
    text = source.text
    bare = text.strip(" \t\r\n")
    start = text.index(bare)
    written = kql.print_(kql.parse(source), width=width).replace("\n", newline)
    return text[:start] + (written if bare else "") + text[start + len(bare) :]


def _place(source: Source) -> Span:
    return source.to_root(Span(0, len(source.text)))


