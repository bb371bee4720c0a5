"""Elasticsearch's own fields of every document, as far as an event tells.

An event does not carry its id, its index or its number, so a comparison with those finds nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from translator.meaning.question import Refused
from translator.meaning.verdict import EVERYTHING, NOTHING, Test


class Answer(Enum):
    """What all documents answer alike."""

    ALL = "all"
    NONE = "none"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class _Field:
    exists: Answer
    compare: Answer
    shape: Answer


_NONE = _Field(Answer.NONE, Answer.NONE, Answer.NONE)
_FIELDS: dict[str, _Field] = {
    "_id": _Field(Answer.ALL, Answer.NONE, Answer.ERROR),
    "_index": _Field(Answer.ALL, Answer.NONE, Answer.NONE),
    "_seq_no": _Field(Answer.ALL, Answer.NONE, Answer.ERROR),
    "_version": _Field(Answer.ALL, Answer.ERROR, Answer.ERROR),
    "_source": _Field(Answer.ERROR, Answer.ERROR, Answer.ERROR),
    "_field_names": _Field(Answer.ERROR, Answer.ERROR, Answer.ERROR),
    "_doc_count": _Field(Answer.NONE, Answer.ERROR, Answer.NONE),
    "_routing": _NONE,
    "_ignored": _NONE,
    "_type": _NONE,
    "_tier": _NONE,
}
NAMES = frozenset(_FIELDS)


def exists(names: Iterable[str]) -> Test:
    """Whether one of the fields exists. Raises Refused where Elasticsearch cannot say."""
    answers = [(name, _FIELDS[name].exists) for name in names]
    for name, answer in answers:
        if answer is Answer.ERROR:
            raise _refused(name)
    return EVERYTHING if any(answer is Answer.ALL for _, answer in answers) else NOTHING


def compare(name: str) -> Test:
    """``term``, ``match``, ``range`` and the like."""
    return _answered(name, _FIELDS[name].compare)


def shape(name: str) -> Test:
    """A pattern."""
    return _answered(name, _FIELDS[name].shape)


def _answered(name: str, answer: Answer) -> Test:
    if answer is Answer.ERROR:
        raise _refused(name)
    return EVERYTHING if answer is Answer.ALL else NOTHING


def _refused(name: str) -> Refused:
    return Refused(f"Elasticsearch cannot search {name} so.", "name a field of the events")
