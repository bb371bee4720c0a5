"""What Elastic calls the fields of Sigma's taxonomy: the tables of the portable profile, read the other way round.

Only fields that hold the value itself have a way back. A field that no table has keeps its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from translator import logic
from translator.errors import Code, Diagnostic, diagnose
from translator.ledger import Effect, Loss, lose
from translator.rule import LogSource
from translator.sigma import portable_cloud, portable_host
from translator.sigma.portable_names import How, Table, find, fitting
from translator.source import Source, Span

_TABLES = (*portable_host.TABLES, *portable_cloud.TABLES)

#: What a difference does to the question when it is put to Elastic's field instead.
_TURNED = {None: None, Effect.WIDER: Effect.NARROWER, Effect.NARROWER: Effect.WIDER, Effect.MIXED: Effect.MIXED}


@dataclass(frozen=True, slots=True)
class Named:
    """Elastic's name for a field, and how far its values say the same: ``effect`` None is a plain renaming."""

    path: str
    effect: Effect | None = None
    why: str = ""


@lru_cache(maxsize=4096)
def named(log_source: LogSource, name: str) -> Named | None:
    """What Elastic calls the field ``name`` of ``log_source``; None where it is not known, or goes by its name."""
    tables = tuple(fitting(_TABLES, log_source))
    if any(name in table for table in tables):
        return None
    own = list(filter(None, (_checked(log_source, path, name) for path in _own(tables, name))))
    shared = list(filter(None, (_checked(log_source, path, name) for path in _shared(tables, name))))
    exact = [each for each in own if each.effect is None]
    # Events of a category are Elastic's own, or moved to Elastic's fields; what a service logs is kept as it was.
    found = [*exact, *own, *shared] if log_source.category else [*exact, *shared, *own]
    return found[0] if found else None


def _checked(log_source: LogSource, path: str, name: str) -> Named | None:
    """``path``, if the way there leads back to ``name``."""
    back = find(_TABLES, log_source, path)
    if back is None or back.how is not How.SAME or back.name != name:
        return None
    return Named(path, _TURNED[back.effect], back.why)


def _own(tables: Iterable[Table], name: str) -> Iterator[str]:
    """The rows that are about the field alone, the most particular first."""
    for table in tables:
        rows = ((path, row) for path, row in table.items() if not path.endswith(".*"))
        yield from (path for path, row in rows if row.how is How.SAME and row.name == name)


def _shared(tables: Iterable[Table], name: str) -> Iterator[str]:
    """The rows that speak of many fields, those whose name says most first."""
    for table in tables:
        rows = [(path, row) for path, row in table.items() if path.endswith(".*") and row.how is How.SAME]
        for path, row in sorted(rows, key=lambda each: -len(each[1].name)):
            rest = name.removeprefix(row.name)
            if name.startswith(row.name) and rest and not (row.camel and rest[0].isupper()):
                yield path[:-1] + (_snake(rest) if row.camel else rest)


def _snake(name: str) -> str:
    """``deviceDetail.isManaged`` as ``device_detail.is_managed``."""
    return re.sub(r"(?<=[a-z0-9])[A-Z]", lambda letter: f"_{letter[0].lower()}", name)


class Renaming:
    """Gives fields Elastic's names, and remembers where each was first asked."""

    def __init__(self, log_source: LogSource) -> None:
        self.log_source = log_source
        self.tables = tuple(fitting(_TABLES, log_source))
        self.given: dict[str, tuple[Named, Span]] = {}
        #: The fields that no table has, where there are tables for the log source.
        self.kept: set[str] = set()

    def path(self, name: str, span: Span) -> str:
        """Elastic's name for a field that is asked at ``span``."""
        found = named(self.log_source, name)
        if found is not None:
            self.given.setdefault(name, (found, span))
            return found.path
        if self.tables and not any(name in table for table in self.tables):
            self.kept.add(name)
        return name

    def notes(self, source: Source) -> Iterator[Diagnostic]:
        """The fields that go by another name, and hold the same."""
        for name, (found, span) in self.given.items():
            if found.effect is None:
                yield diagnose(Code.RENAMED, f"{name} is called {found.path} by Elastic.", source, span)

    def losses(self, formula: logic.Formula, source: Source) -> Iterator[Loss]:
        """The fields that hold nearly the same or keep their names, each once for each way in which that counts."""
        near = {found.path: (name, found) for name, (found, _) in self.given.items() if found.effect is not None}
        told: dict[tuple[str, Effect], Loss] = {}
        for node, negated in logic.polar(formula):
            if not isinstance(node, logic.Leaf | logic.SigmaLeaf):
                continue
            path = node.field.path
            if path in near:
                name, found = near[path]
                code, effect = Code.FIELD_APPROXIMATE, found.effect or Effect.MIXED
                said = f"{path} is not quite {name}: {found.why}."
            elif path in self.kept:
                code, effect = Code.FIELD_UNMAPPED, Effect.NARROWER
                said = f"Elastic's name for {path} is not known; it keeps Sigma's."
            else:
                continue
            effect = effect.under_not() if negated else effect
            told.setdefault(
                (path, effect), lose(code, said, effect, source, node.span, "keep Sigma's names: --fields none")
            )
        yield from told.values()
