"""What a condition that is not true of an event nearly found there.

Each is tried, not guessed: the condition is asked again, of the value changed a little, or changed a little itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from translator import logic
from translator.artefact import Predicate
from translator.dsl.emit import DEFAULT
from translator.errors import TranslatorError
from translator.explanation.values import Seen, names
from translator.live import written
from translator.logic import Formula
from translator.meaning import unread
from translator.schema import ANALYSED_TEXT, EXACT_TEXT, Field, FieldRef, Schema
from translator.source import Source
from translator.values import Pattern, Wild, pattern
from translator.witness.leaves import Asked, How, asked, places
from translator.witness.parts import Judge, Part, Region, in_scope
from translator.witness.values import filled

#: How much of a value a note shows.
_WIDTH = 80


def near_misses(judge: Judge, part: Part, region: Region, looked: tuple[Seen, ...], schema: Schema) -> tuple[str, ...]:
    """What comes near to an answer, the likeliest reason first."""
    question = asked(part.node)
    if not question.fields:
        return ()
    there = [each for each in looked if each.value is not None]
    if not there:
        return tuple(_missing(part, region, schema))
    return tuple(dict.fromkeys(_Asker(judge, part, question, schema).notes(region, there)))


def _missing(part: Part, region: Region, schema: Schema) -> Iterator[str]:
    """Why there is no value where the condition looks."""
    found = names(region.event)
    for place in places(part.node, part.scope, schema).likely:
        shown = f"{part.scope}: {place}" if part.scope else place
        if place in found:
            value = found[place]
            what = "null" if value is None or value == [None] else "an empty list" if value == [] else written(value)
            yield f"field without a value: {shown} is {what}"
            continue
        other = next((name for name in found if name.lower() == place.lower()), None)
        if other is None:
            near = get_close_matches(place, found, n=1, cutoff=0.85)
            other = near[0] if near and near[0] != place else None
        yield f"field missing: {shown}" + (f"; the event has {other}" if other else "")


class _Asker:
    """Asks a condition anew, with one thing changed."""

    def __init__(self, judge: Judge, part: Part, question: Asked, schema: Schema) -> None:
        self.holds = judge.leaf(part)
        self.part = part
        self.question = question
        self.schema = schema
        self.fields = [each for each in question.fields if isinstance(each, FieldRef)]

    def notes(self, region: Region, looked: list[Seen]) -> Iterator[str]:
        yield from self.dropped(region, looked)
        folded = self.variant(_in_any_case(self.part.node))
        star = self.variant(_with_stars(self.part.node))
        for each in looked:
            event = {each.path: each.value}
            if folded is not None and folded(event):
                yield f"differs only in letter case: {_shown(each.value)}"
            elif star is not None and star(event):
                yield f"a star in quotes is a plain star; without them it would find {_shown(each.value)}"
            else:
                yield from self.changed(each)

    def variant(self, leaf: Formula | None) -> Predicate | None:
        """Another condition in the same place, where Elasticsearch takes it."""
        if leaf is None:
            return None
        try:
            return in_scope(leaf, self.part.scope, Source(""), self.schema, DEFAULT)
        except TranslatorError:
            return None

    def dropped(self, region: Region, looked: list[Seen]) -> Iterator[str]:
        """Values that the field's type does not take."""
        if self.part.scope is not None:
            return
        paths = {each.path for each in looked}
        asked_for = {each.path for each in self.fields}
        for each in unread(region.event, self.schema):
            if each.path in paths and each.field.path in asked_for:
                said = f"{each.field.path} is of type {each.field.type} and does not read {_shown(each.value)}"
                if isinstance(each.value, str) and each.field.ignore_above is not None and len(each.value) > 1:
                    too_long = len(each.value) > each.field.ignore_above
                    said = (
                        f"longer than the {each.field.ignore_above} characters that are indexed" if too_long else said
                    )
                yield said

    def changed(self, looked: Seen) -> Iterator[str]:
        """The first change to the value that would make the condition true."""
        if not isinstance(looked.value, str):
            return
        for why, change in _CHANGES:
            other = change(looked.value)
            if other != looked.value and self.holds({looked.path: other}):
                yield f"{why}: {_shown(looked.value)}"
                return
        yield from self.around(looked)

    def around(self, looked: Seen) -> Iterator[str]:
        """Whether what is looked for stands inside the value, or only some of its words do."""
        texts = [each for each in self.fields if each.type in EXACT_TEXT]
        if texts and self.question.how in (How.VALUE, How.WORDS, How.PHRASE, How.SHAPE):
            for like in self.question.patterns:
                wider = pattern([Wild.ANY, *like, Wild.ANY])
                test = self.variant(logic.Matches(texts[0], wider, cased=False)) if filled(like, "") else None
                if test is not None and test({looked.path: looked.value}):
                    yield f"the value holds it, with more around it: {_shown(looked.value)}"
                    return
        if self.question.how is How.PHRASE and any(each.type in ANALYSED_TEXT for each in self.fields):
            words = self.variant(logic.Words(self.fields[0], self.question.value))
            if words is not None and words({looked.path: looked.value}):
                yield f"has words of it, but not all in a row: {_shown(looked.value)}"
        if self.question.how is How.BOUNDS and texts and re.fullmatch(r"-?[0-9.]+", looked.value):
            yield f"{texts[0].path} is of type {texts[0].type}, so numbers are compared character by character"


def _in_any_case(leaf: Formula) -> Formula | None:
    """The same condition where letter case does not matter; None where it does not already."""
    match leaf:
        case logic.Equals(_, _, True) | logic.Matches(_, _, True) | logic.Like(_, _, True) | logic.SameAs(cased=True):
            return replace(leaf, cased=False)
        case logic.Words(field, value) | logic.Phrase(field, value) if _whole(field):
            return logic.Equals(field, value, cased=False)
        case _:
            return None


def _with_stars(leaf: Formula) -> Formula | None:
    """The same condition with the stars in its text taken for wildcards."""
    match leaf:
        case logic.Equals(field, str(text)) | logic.Words(field, str(text)) | logic.Phrase(field, str(text)) if (
            "*" in text and _whole(field)
        ):
            return logic.Matches(field, _starred(text))
        case _:
            return None


def _whole(field: Field) -> bool:
    return isinstance(field, FieldRef) and field.type in EXACT_TEXT


def _starred(text: str) -> Pattern:
    first, *rest = text.split("*")
    return pattern([first, *(part for each in rest for part in (Wild.ANY, each))])


#: What a value may have too much, or have otherwise, and how to undo it.
_CHANGES: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("has white space around it", str.strip),
    ("has its backslashes doubled", lambda text: text.replace("\\\\", "\\")),
    ("has slashes where backslashes are asked for", lambda text: text.replace("/", "\\")),
    ("has backslashes where slashes are asked for", lambda text: text.replace("\\", "/")),
    ("is in quotes", lambda text: text.strip("\"'")),
    ("spells accented letters otherwise", lambda text: unicodedata.normalize("NFC", text)),
    ("has a fraction of nothing", lambda text: text.removesuffix(".0")),
)


def _shown(value: Any) -> str:
    said = written(value)
    return said if len(said) <= _WIDTH else f"{said[:_WIDTH]}..."
