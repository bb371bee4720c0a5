"""What a Sigma rule says of itself: the keys around its detection."""

from __future__ import annotations

import re
import uuid
from datetime import date, datetime
from pathlib import PurePath
from typing import Any

from translator import yaml_reader
from translator.errors import Code, Diagnostic, TranslatorError, diagnose
from translator.rule import Language, LogSource, Rule, derived_id
from translator.sigma.tags import threats
from translator.source import Source
from translator.sources import _elastic, _sigma_elastic
from translator.sources._needs import BUILDING_BLOCK, unsaid

_DATE = re.compile(r"(\d{4})[-/](\d{2})[-/](\d{2})\Z")
_NAMES = re.compile(r",\s*(?![^()]*\))")

#: Keys that a `Rule` has a place for, or that say how the rule was put together.
_CARRIED = frozenset(
    {"title", "id", "status", "description", "references", "author", "date", "modified", "license", "tags", "level"}
    | {"logsource", "detection", "elastic", "action", "filter", "correlation"}
)


class Header:
    """Carries a document, and the mistakes that are found in it."""

    def __init__(self, document: yaml_reader.Document) -> None:
        self.document = document
        self.mistakes: list[Diagnostic] = []

    def rule(self, query: Source) -> Rule:
        """The rule of the document, whose query is ``query``. Raises TranslatorError with every mistake."""
        source = self.document.source
        title = self.text("title") or PurePath(source.name).stem
        type_ = self.text("elastic", "type") or "query"
        id_, notes = self.id(title)
        tags = self.tags()
        kept = _elastic.kept(_sigma_elastic.facts(self.document, self.mistakes), type_)
        read = Rule(
            id=id_,
            title=title,
            query=query,
            language=Language.SIGMA,
            source=query.root,
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
            threats=kept.threats or threats(self.texts("tags")),
            log_source=self.log_source(),
            needs=kept.needs or unsaid(type_, source.to_root(self.document.value_span("elastic", "type"))),
            suppression=kept.suppression,
            enabled=kept.enabled,
            extra=kept.extra,
            building_block=BUILDING_BLOCK in tags or self.value("elastic", "building_block_type") is not None,
            sigma_header=self.others(),
            notes=notes,
        )
        if self.mistakes:
            raise TranslatorError(self.mistakes)
        return read

    def log_source(self) -> LogSource:
        return LogSource(*(self.text("logsource", key) for key in ("category", "product", "service")))

    def others(self) -> dict[str, Any]:
        """What no part of a `Rule` says, for who writes Sigma again; nothing for a rule that was Elastic's before."""
        if "elastic" in self.document.value:
            return {}
        found = {
            key: value
            for key, value in self.document.value.items()
            if isinstance(key, str) and key not in _CARRIED and value not in (None, "", [], {})
        }
        said = self.value("logsource")
        source = said if isinstance(said, dict) else {}
        beside = {key: each for key, each in source.items() if key not in ("category", "product", "service")}
        tags = self.value("tags")
        listed = {"tags": tags if isinstance(tags, list) else []}
        return {**found, **listed, **({"logsource": beside} if beside else {})}

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
            note = diagnose(
                Code.ID_REPLACED,
                f'The id "{said}" is no UUID; one was derived from it.',
                self.document.source,
                self.document.span("id"),
            )
            return derived_id(said), (note,)

    def mistake(self, path: tuple[str | int, ...], wanted: str) -> None:
        name = ".".join(str(key) for key in path if isinstance(key, str))
        found = diagnose(
            Code.BAD_VALUE,
            f'"{self.shown(path)}" is no value of {name}.',
            self.document.source,
            self.document.value_span(*path),
            f"write {wanted}",
        )
        if found not in self.mistakes:
            self.mistakes.append(found)

    def shown(self, path: tuple[str | int, ...]) -> str:
        span = self.document.value_span(*path)
        line = self.document.source.text[span.start : span.end].strip().splitlines()
        return line[0][:60] if line else ""
