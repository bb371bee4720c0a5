"""What an Elastic rule says under its keys, whatever container holds it and however it spells the keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from translator.errors import Code, Diagnostic, diagnose
from translator.located import Located, Path

_DATE = re.compile(r"(\d{4})[-/](\d{2})[-/](\d{2})")


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a container spells the keys of Elastic's API."""

    #: Where the value of a key stands in a document.
    place: Callable[[str], Path]
    #: The map that holds what has no place of its own in a `Rule`, and the API's key for one of that map's.
    rest: Path = ()
    key: Callable[[str], str] = str


#: The detection engine's API and its exports: keys as they are documented, at the top.
API = Spelling(lambda key: (key,))


def camel(key: str) -> str:
    """``risk_score`` as Kibana keeps it inside: ``riskScore``."""
    first, *rest = key.split("_")
    return first + "".join(word.capitalize() for word in rest)


def snake(key: str) -> str:
    """``riskScore`` as the API spells it: ``risk_score``."""
    return re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", key)


@dataclass
class Facts:
    """Typed looks at a document. A value of the wrong kind is noted as a mistake, and counts as none."""

    document: Located
    spelling: Spelling = API
    mistakes: list[Diagnostic] = field(default_factory=list)

    def at(self, key: str, *path: Any) -> Located:
        """What stands under ``key``, or below it."""
        first, *rest = (*self.spelling.place(key), *path)
        return self.document.at(first, *rest)

    def value(self, key: str, *path: Any) -> Any:
        """The plain value under ``key``; None where there is none."""
        return self.at(key, *path).value

    def text(self, key: str, *path: Any) -> str | None:
        """A text, None where it is blank."""
        at = self.at(key, *path)
        if at.value is None or isinstance(at.value, str):
            return (at.value or "").strip() or None
        self.mistake(at, "a text; put quotes around it")
        return None

    def texts(self, key: str, *path: Any) -> tuple[str, ...]:
        """A list of texts; one text alone counts as a list."""
        at = self.at(key, *path)
        if at.value is None:
            return ()
        if isinstance(at.value, str):
            return (at.value,)
        if not isinstance(at.value, list):
            self.mistake(at, "a list of texts")
            return ()
        for each in at.items():
            if not isinstance(each.value, str):
                self.mistake(each, "a text; put quotes around it")
        return tuple(each for each in at.value if isinstance(each, str))

    def number(self, key: str, *path: Any, most: int | None = None) -> int | None:
        """A whole number from 0, also where it is written ``47.0``."""
        at = self.at(key, *path)
        value = int(at.value) if isinstance(at.value, float) and at.value.is_integer() else at.value
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or value < 0 or (most is not None and value > most):
            self.mistake(at, "a whole number" if most is None else f"a whole number up to {most}")
            return None
        return value

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        at = self.at(key)
        if at.value is None or isinstance(at.value, bool):
            return default if at.value is None else at.value
        self.mistake(at, "true or false")
        return default

    def word(self, key: str, words: tuple[str, ...]) -> str | None:
        """One of ``words``."""
        said = self.text(key)
        if said is None or said in words:
            return said
        self.mistake(self.at(key), f"one of {', '.join(words)}")
        return None

    def date(self, key: str) -> str | None:
        """A day, of whatever the text says besides."""
        said = self.value(key)
        if said is None:
            return None
        found = _DATE.match(said.isoformat() if isinstance(said, date) else str(said))
        if not found:
            self.mistake(self.at(key), "a date such as 2025-01-31")
        return "-".join(found.groups()) if found else None

    def entries(self, key: str, *path: Any) -> tuple[Located, ...]:
        """A list of maps."""
        at = self.at(key, *path)
        if at.value is not None and not isinstance(at.value, list):
            self.mistake(at, "a list")
        found = at.items()
        for each in found:
            if not isinstance(each.value, dict):
                self.mistake(each, "a map of keys to values")
        return tuple(each for each in found if isinstance(each.value, dict))

    def rest(self) -> Mapping[str, Any]:
        """Everything that is said beside the rule's main parts, by the API's keys."""
        value = self.document.at(*self.spelling.rest).value
        return {self.spelling.key(key): each for key, each in value.items()} if isinstance(value, dict) else {}

    def below(self, at: Located) -> Facts:
        """Looks at a part of the document, with the same list of mistakes."""
        return Facts(at, API, self.mistakes)

    def mistake(self, at: Located, wanted: str) -> None:
        """Note that a value is not what its key takes."""
        span = at.value_span()
        shown = at.source.text[span.start : span.end].strip().splitlines()
        name = ".".join(key for key in at.path if isinstance(key, str))
        found = diagnose(
            Code.BAD_VALUE, f"{(shown or [''])[0][:60]} is no value of {name}.", at.source, span, f"write {wanted}"
        )
        if found not in self.mistakes:
            self.mistakes.append(found)
