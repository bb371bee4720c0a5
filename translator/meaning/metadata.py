"""Elasticsearch's own fields of every document, as 8.19 answers for them and as far as an event tells.

An event does not carry its id, its index or its number, so a comparison with those finds nothing here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

from translator.meaning.question import Refused
from translator.meaning.verdict import EVERYTHING, NOTHING, Test
from translator.values import Pattern, Wild


class Answer(Enum):
    """What all documents answer alike."""

    ALL = "all"
    NONE = "none"
    ERROR = "error"


_ALL, _NONE, _ERROR = Answer.ALL, Answer.NONE, Answer.ERROR


@dataclass(frozen=True, slots=True)
class _Field:
    """Answers by query; ``named`` says whether a field pattern of a ``query_string`` reaches it."""

    exists: Answer = _NONE
    match: Answer = _NONE
    range: Answer = _NONE
    wildcard: Answer = _NONE
    piece: Answer = _NONE
    named: bool = False


_FIELDS: dict[str, _Field] = {
    "_id": _Field(_ALL, _NONE, _ERROR, _ERROR, _ERROR, named=True),
    "_index": _Field(_ALL, _NONE, _ERROR, named=True),
    "_index_mode": _Field(_ALL, _NONE, _ERROR, named=True),
    "_seq_no": _Field(_ALL, _NONE, _NONE, _ERROR, _ERROR),
    "_version": _Field(_ALL, _ERROR, _ERROR, _ERROR),
    "_source": _Field(_ERROR, _ERROR, _ERROR, _ERROR),
    "_field_names": _Field(_ERROR, _NONE, _ERROR, _ERROR, _ERROR),
    "_doc_count": _Field(_ERROR, _ERROR, _ERROR, _ERROR),
    "_data_stream_timestamp": _Field(_ERROR, _ERROR, _ERROR, _ERROR),
    "_nested_path": _Field(_ERROR),
    "_ignored_source": _Field(_NONE, _ERROR, _ERROR, _ERROR),
    "_routing": _Field(),
    "_ignored": _Field(),
    "_type": _Field(),
    "_tier": _Field(),
}
NAMES = frozenset(_FIELDS)
_ONE_VALUE = ("_index", "_index_mode")
#: Fields that a field pattern of a ``query_string`` reaches, if it is not a lone star.
NAMED = frozenset(name for name, field in _FIELDS.items() if field.named)


def exists(name: str) -> Test:
    """``exists``, as all of these raises Refused where Elasticsearch answers with an error."""
    return _answered(name, _FIELDS[name].exists)


def any_exists(names: Iterable[str]) -> Test:
    """Whether one of the fields exists; an error of one is an error."""
    tests = [exists(name) for name in sorted(names)]
    return EVERYTHING if EVERYTHING in tests else NOTHING


def match(name: str) -> Test:
    """``term``, ``match`` and ``match_phrase``."""
    return _answered(name, _FIELDS[name].match)


def range_(name: str) -> Test:
    """``range``."""
    return _answered(name, _FIELDS[name].range)


def wildcard(name: str) -> Test:
    """``wildcard``."""
    return _answered(name, _FIELDS[name].wildcard)


def piece(name: str, like: Pattern) -> Test:
    """A word with a star in a ``query_string``. What an index has one value of takes a last star only."""
    if name in _ONE_VALUE and not (len(like) == 2 and isinstance(like[0], str) and like[1] is Wild.ANY):
        return _answered(name, _ERROR)
    return _answered(name, _FIELDS[name].piece)


Meta = Callable[[str], Test]


def _answered(name: str, answer: Answer) -> Test:
    if answer is _ERROR:
        raise Refused(f"Elasticsearch cannot search {name} so.", "name a field of the events")
    return EVERYTHING if answer is _ALL else NOTHING
