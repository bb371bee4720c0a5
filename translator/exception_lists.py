"""Exceptions of a rule -> logic: events that the query finds and the rule must not alert on.

An item is excluded where all of its entries are true; the items of all lists are alternatives. The questions are
those that Kibana builds (``buildExceptionFilter``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from translator import logic
from translator.dsl.wildcard import decode
from translator.errors import Code, Diagnostic, diagnose
from translator.located import Located
from translator.needs import Need, ValueList
from translator.query_dsl import DslReader, asked, conjunction
from translator.schema import Ask, FieldRef

_TYPES = "match, match_any, wildcard, exists or nested"

#: The fields that tell an item's operating systems, in events of Elastic's integrations and of its endpoint agent.
_SYSTEM_FIELDS = ("host.os.type", "host.os.name.caseless")


@dataclass(frozen=True, slots=True)
class Sorted:
    """The items that apply, and what must be said about the others."""

    items: tuple[Located, ...]
    needs: tuple[Need, ...]
    notes: tuple[Diagnostic, ...]


def sort(items: Iterable[Located], *, now: datetime | None = None) -> Sorted:
    """Set apart the items that have expired by ``now`` and those whose values Kibana keeps in a list elsewhere.

    Without them the rule matches more: an expired item is no longer applied in Kibana either, a value list is a need.
    """
    applied: list[Located] = []
    needs: list[Need] = []
    notes: list[Diagnostic] = []
    for item in items:
        end = _moment(item)
        if end is not None:
            passed = end <= (now or datetime.now(UTC))
            said = "has expired and is not applied" if passed else "is applied, and will end"
            notes.append(
                diagnose(
                    Code.EXPIRING,
                    f"The exception {_name(item)} {said} ({item.value['expire_time']}).",
                    item.source,
                    item.span("expire_time"),
                )
            )
            if passed:
                continue
        if listed := next((entry for entry in item.at("entries").items() if entry.at("type").value == "list"), None):
            needs.append(_value_list(item, listed))
        else:
            applied.append(item)
    return Sorted(tuple(applied), tuple(needs), tuple(notes))


def meaning(item: Located, reader: DslReader) -> logic.Formula:
    """The events that an item excludes. ``reader`` collects what cannot be said."""
    entries = item.at("entries")
    if not entries.items():
        return reader.refuse(
            item, f"The exception {_name(item)} has no entries; it would exclude every event.", "take it out"
        )
    parts = [_entry(entry, reader, None) for entry in entries.items()]
    said = item.at("os_types")
    systems = tuple(each.value for each in said.items())
    if said.value not in (None, []) and not all(isinstance(system, str) for system in systems or (None,)):
        return reader.refuse(said, "os_types is a list of names such as windows.", "write the names in brackets")
    if systems:
        span = reader.span(said)
        parts.append(
            logic.Or(
                tuple(
                    logic.Phrase(reader.field(name, said, None), system, span=span)
                    for name in _SYSTEM_FIELDS
                    for system in systems
                ),
                span=span,
            )
        )
    return conjunction(parts, reader.span(entries))


def _entry(entry: Located, reader: DslReader, path: str | None) -> logic.Formula:
    """One entry; ``path`` is the object that a nested entry's fields lie in."""
    name = entry.at("field").value
    if not isinstance(name, str) or not name:
        return reader.refuse(entry, "An entry of an exception names a field.", "write `field: name`")
    kind, operator = str(entry.at("type").value), entry.at("operator").value
    if kind == "nested" and path is None:
        inner = [_entry(each, reader, name) for each in entry.at("entries").items()]
        if not inner:
            return reader.refuse(entry, "A nested entry has no entries of its own.", "take it out")
        return logic.Within(name, conjunction(inner, reader.span(entry.at("entries"))), span=reader.span(entry))
    if operator not in ("included", "excluded"):
        return reader.refuse(
            entry.at("operator"), f"An entry's operator is included or excluded, not {operator!r}.", "write included"
        )
    questions: dict[str, Callable[[], logic.Formula]] = {
        "match": lambda: _phrase(entry.at("value"), field, reader),
        "match_any": lambda: _phrases(entry.at("value"), field, reader),
        "wildcard": lambda: _wildcard(entry.at("value"), field, reader),
        "exists": lambda: logic.Exists(field, span=reader.span(entry)),
    }
    if kind not in questions:
        return reader.refuse(
            entry.at("type"), f"An entry of type {kind!r} cannot be said as a formula.", f"use {_TYPES}"
        )
    field = reader.field(f"{path}.{name}" if path else name, entry.at("field"), path)
    question = questions[kind]()
    return logic.Not(question, span=question.span) if operator == "excluded" else question


def _phrase(value: Located, field: FieldRef, reader: DslReader) -> logic.Formula:
    return logic.Phrase(field, reader.scalar(value), span=reader.span(value))


def _phrases(values: Located, field: FieldRef, reader: DslReader) -> logic.Formula:
    if not values.items():
        return reader.refuse(values, "match_any takes a list of values.", "write the values in brackets")
    parts = tuple(_phrase(each, field, reader) for each in values.items())
    return parts[0] if len(parts) == 1 else logic.Or(parts, span=reader.span(values))


def _wildcard(value: Located, field: FieldRef, reader: DslReader) -> logic.Formula:
    if not isinstance(value.value, str):
        return reader.refuse(value, "A pattern is a text.", "put quotes around it")
    return logic.Matches(asked(field, Ask.TERM), decode(value.value), span=reader.span(value))


def _value_list(item: Located, entry: Located) -> Need:
    id_, type_ = (str(entry.at("list", key).value) for key in ("id", "type"))
    message = (
        f"The exception {_name(item)} excludes the values of the list {id_}, which Kibana keeps apart from its "
        "rules; no export holds it."
    )
    return Need("value_list", message, item.source.to_root(entry.value_span()), ValueList(id_, type_, _name(item)))


def _name(item: Located) -> str:
    return str(item.at("name").value or item.at("item_id").value)


def _moment(item: Located) -> datetime | None:
    """When an item ends; a time that cannot be read is none, as the item says nothing then."""
    said = item.at("expire_time").value
    if not isinstance(said, str):
        return None
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
