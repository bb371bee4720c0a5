"""Sigma rules in YAML, one or more in a file.

This module reads what a rule says about itself. What its detection means is for `translator.sigma.check`, once a
schema is at hand; the query of such a rule is its whole document.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import PurePath
from typing import Any

from translator import yaml_reader
from translator.errors import Code, Diagnostic, TranslatorError, diagnose, refuse
from translator.rule import Language, LogSource, Rule, Technique, Threat, derived_id
from translator.source import Source, Span
from translator.sources._format import Found, SourceFormat
from translator.sources._needs import BUILDING_BLOCK, unsaid

_KEY = r"['\"]?(?:logsource|detection|correlation)['\"]?[ \t]*:"
_RECOGNISED = re.compile(rf"(?:\A|[\r\n]){_KEY}")
#: The first line that says something: YAML's, where the file is not a text that merely shows a rule.
_FIRST = re.compile(r"(?:\s*(?:#[^\r\n]*|---[ \t]*)[\r\n])*\s*(?:['\"]?[\w.-]+['\"]?[ \t]*:(?:\s|\Z)|%YAML|---\s)")

#: A line that ends a document and may begin another. YAML takes it for nothing else, even inside a block of text.
_MARKER = re.compile(r"(?:\A|(?<=[\r\n]))(?:---|\.\.\.)(?=\s|\Z)")
_NOTHING = re.compile(r"(?:[ \t]*(?:[#%][^\r\n]*)?[\r\n])*[ \t]*(?:[#%][^\r\n]*)?\Z")

#: Keys that make a document something else than a rule on its own.
_UNSUPPORTED = {
    "correlation": ("A correlation takes several events.", "give the rules that it names one by one"),
    "filter": ("A filter is a part of other rules.", "write its conditions into the rules that it names"),
    "action": ("Documents that complete one another (`action`) are not part of Sigma 2.", "write each rule in full"),
}

_DATE = re.compile(r"(\d{4})[-/](\d{2})[-/](\d{2})\Z")
_NAMES = re.compile(r",\s*(?![^()]*\))")
_TECHNIQUE = re.compile(r"attack\.(t\d{4}(?:\.\d{3})?)\Z", re.IGNORECASE)

#: ATT&CK's tactics, of version 18 and of version 19, which gave TA0005 another name.
_TACTICS = {
    "reconnaissance": ("TA0043", "Reconnaissance"),
    "resource-development": ("TA0042", "Resource Development"),
    "initial-access": ("TA0001", "Initial Access"),
    "execution": ("TA0002", "Execution"),
    "persistence": ("TA0003", "Persistence"),
    "privilege-escalation": ("TA0004", "Privilege Escalation"),
    "defense-evasion": ("TA0005", "Defense Evasion"),
    "stealth": ("TA0005", "Stealth"),
    "defense-impairment": ("TA0112", "Defense Impairment"),
    "credential-access": ("TA0006", "Credential Access"),
    "discovery": ("TA0007", "Discovery"),
    "lateral-movement": ("TA0008", "Lateral Movement"),
    "collection": ("TA0009", "Collection"),
    "command-and-control": ("TA0011", "Command and Control"),
    "exfiltration": ("TA0010", "Exfiltration"),
    "impact": ("TA0040", "Impact"),
}


def _recognises(source: Source) -> bool:
    return _RECOGNISED.search(source.text) is not None and _FIRST.match(source.text) is not None


def _read(source: Source) -> Iterator[Found]:
    empty = True
    for part in _documents(source):
        empty = False
        try:
            yield _Header(yaml_reader.read(part)).rule()
        except TranslatorError as error:
            yield error
    if empty:
        raise refuse(Code.NOT_A_RULE, "The file holds no YAML document.", source, Span(0, 1))


SOURCE = SourceFormat("Sigma rules in YAML, one or more in a file", (".yml", ".yaml"), _recognises, _read)


def _documents(source: Source) -> Iterator[Source]:
    """The documents of a file, so that a broken one hides no other."""
    starts = [0, *(found.end() for found in _MARKER.finditer(source.text))]
    ends = [*(found.start() for found in _MARKER.finditer(source.text)), len(source.text)]
    for start, end in zip(starts, ends, strict=True):
        if not _NOTHING.match(source.text, start, end):
            yield source.cut(start, end) if (start, end) != (0, len(source.text)) else source


class _Header:
    """Carries a document, and the mistakes that are found in it."""

    def __init__(self, document: yaml_reader.Document) -> None:
        self.document = document
        self.mistakes: list[Diagnostic] = []

    def rule(self) -> Rule:
        """The rule of the document. Raises TranslatorError with every mistake of its header."""
        source = self.document.source
        if not isinstance(self.document.value, dict):
            raise refuse(Code.NOT_A_RULE, "A Sigma rule is a map of keys to values.", source, self.document.span(),
                         "write `title:`, `logsource:` and `detection:`")
        for key, (said, instead) in _UNSUPPORTED.items():
            if key in self.document.value:
                raise refuse(Code.SIGMA_UNSUPPORTED, said, source, self.document.span(key), instead)
        if "detection" not in self.document.value:
            raise refuse(Code.NO_QUERY, "The rule has no detection.", source, Span(0, 1),
                         "write `detection:` with a selection and a `condition`")
        title = self.text("title") or PurePath(source.name).stem
        type_ = self.text("elastic", "type") or "query"
        id_, notes = self.id(title)
        tags = self.tags()
        read = Rule(
            id=id_,
            title=title,
            query=source,
            language=Language.SIGMA,
            source=source.root,
            type=type_,
            description=self.text("description"),
            status=self.text("status"),
            index=self.texts("elastic", "index"),
            severity=self.text("level"),
            risk_score=self.number("elastic", "risk_score", most=100),
            interval=self.text("elastic", "interval"),
            look_back=self.text("elastic", "from"),
            maximum_alerts=self.number("elastic", "max_signals"),
            references=self.texts("references"),
            tags=tags,
            version=self.version(),
            authors=self.authors(),
            license=self.text("license"),
            date=self.date("date"),
            modified=self.date("modified"),
            guide=self.text("elastic", "note"),
            setup=self.text("elastic", "setup"),
            false_positives=self.false_positives(),
            threats=_threats(self.texts("tags")),
            log_source=LogSource(self.text("logsource", "category"), self.text("logsource", "product"),
                                 self.text("logsource", "service")),
            needs=unsaid(type_, source.to_root(self.document.value_span("elastic", "type"))),
            building_block=BUILDING_BLOCK in tags or self.value("elastic", "building_block_type") is not None,
            notes=notes,
        )
        if self.mistakes:
            raise TranslatorError(self.mistakes)
        return read

    def value(self, *path: str) -> Any:
        """What stands at ``path``, None where nothing does."""
        value = self.document.value
        for at, key in enumerate(path):
            if value is None:
                return None
            if not isinstance(value, dict):
                self.mistake(path[:at], "a map of keys to values")
                return None
            value = value.get(key)
        return value

    def text(self, *path: str) -> str | None:
        value = self.value(*path)
        if value is None or isinstance(value, str):
            return (value or "").strip() or None
        self.mistake(path, "a text; put quotes around it")
        return None

    def texts(self, *path: str) -> tuple[str, ...]:
        """A list of texts; one text alone counts as a list, as pySigma's older readers took it."""
        value = self.value(*path)
        if value is None:
            return ()
        if isinstance(value, str):
            return (value,)
        if not isinstance(value, list):
            self.mistake(path, "a list of texts")
            return ()
        for at, each in enumerate(value):
            if not isinstance(each, str):
                self.mistake((*path, at), "a text; put quotes around it")
        return tuple(each for each in value if isinstance(each, str))

    def number(self, *path: str, most: int | None = None) -> int | None:
        value = self.value(*path)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or value < 0 or (most is not None and value > most):
            self.mistake(path, "a whole number" if most is None else f"a whole number up to {most}")
            return None
        return value

    def date(self, key: str) -> str | None:
        value = self.value(key)
        if value is None:
            return None
        if isinstance(value, date) and not isinstance(value, datetime):
            return value.isoformat()
        if isinstance(value, str) and (found := _DATE.match(value.strip())):
            return "-".join(found.groups())
        self.mistake((key,), "a date such as 2025-01-31")
        return None

    def version(self) -> str | None:
        value = self.value("elastic", "version")
        if value is None or isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
            return None if value is None else str(value)
        self.mistake(("elastic", "version"), "a whole number")
        return None

    def authors(self) -> tuple[str, ...]:
        if isinstance(self.value("author"), list):
            return self.texts("author")
        said = self.text("author")
        return tuple(name.strip() for name in _NAMES.split(said) if name.strip()) if said else ()

    def false_positives(self) -> tuple[str, ...]:
        said = self.texts("falsepositives")
        return () if [each.lower() for each in said] == ["unknown"] else said

    def tags(self) -> tuple[str, ...]:
        """Elastic's tags where the rule came from there, with what Sigma's tags say besides ATT&CK; else Sigma's."""
        said, elastic = self.texts("tags"), self.texts("elastic", "tags")
        if not elastic:
            return said
        return (*elastic, *(tag for tag in said if not tag.startswith("attack.") and tag not in elastic))

    def id(self, title: str) -> tuple[str, tuple[Diagnostic, ...]]:
        said = self.text("id")
        if said is None:
            return derived_id(title), ()
        try:
            return str(uuid.UUID(said)), ()
        except ValueError:
            note = diagnose(Code.ID_REPLACED, f'The id "{said}" is no UUID; one was derived from it.',
                            self.document.source, self.document.span("id"))
            return derived_id(said), (note,)

    def mistake(self, path: tuple[str | int, ...], wanted: str) -> None:
        name = ".".join(str(key) for key in path if isinstance(key, str))
        found = diagnose(Code.BAD_VALUE, f'"{self.shown(path)}" is no value of {name}.', self.document.source,
                         self.document.value_span(*path), f"write {wanted}")
        if found not in self.mistakes:
            self.mistakes.append(found)

    def shown(self, path: tuple[str | int, ...]) -> str:
        span = self.document.value_span(*path)
        line = self.document.source.text[span.start : span.end].strip().splitlines()
        return line[0][:60] if line else ""


def _threats(tags: tuple[str, ...]) -> tuple[Threat, ...]:
    """The tactics that are named, each with the techniques that follow it; tags give no technique a name."""
    found: list[tuple[tuple[str, str], list[Technique]]] = []
    for tag in tags:
        if technique := _TECHNIQUE.match(tag):
            if found:
                found[-1][1].append(Technique(technique[1].upper(), ""))
        elif tactic := _TACTICS.get(tag.lower().removeprefix("attack.").replace("_", "-")):
            found.append((tactic, []))
    return tuple(Threat(id_, name, techniques=tuple(techniques)) for (id_, name), techniques in found)
