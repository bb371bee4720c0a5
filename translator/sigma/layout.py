"""Arranges Sigma's questions as a careful author would: few selections, named for their role, one condition.

What is and-ed at the top is one ``selection``; what a top-level ``not`` excludes is a ``filter_main_*``; an ``or``
over several fields becomes several ``selection_*``. Everything deeper is spelled out in the condition.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TypeAlias, assert_never

from translator.sigma import naming
from translator.sigma.detection import All, Detection, Item, Map, No, Part, Selection, Some

_ALL = "selection_"


@dataclass(frozen=True, slots=True)
class _Ref:
    name: str


@dataclass(frozen=True, slots=True)
class _OneOf:
    """One of these selections, whose names share a prefix."""

    prefix: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Both:
    terms: tuple[_Term, ...]


@dataclass(frozen=True, slots=True)
class _Either:
    terms: tuple[_Term, ...]


@dataclass(frozen=True, slots=True)
class _Without:
    term: _Term


_Term: TypeAlias = _Ref | _OneOf | _Both | _Either | _Without


def arrange(part: Part) -> Detection:
    """Selections and a condition that say ``part``."""
    layout = _Layout()
    term = layout.top(part)
    # What is looked for stands before what is excluded.
    ordered = sorted(layout.selections.items(), key=lambda each: each[0].startswith("filter_"))
    return Detection(tuple(ordered), layout.spell(term))


def _maps(part: Part) -> Map | None:
    """The items of ``part``, if one map can hold it: no key twice."""
    items = part.parts if isinstance(part, All) else (part,)
    found = tuple(item for item in items if isinstance(item, Item) and item.field is not None)
    if len(found) != len(items) or len({item.key for item in found}) != len(found):
        return None
    return found


def _keywords(part: Part) -> Map | None:
    return (part,) if isinstance(part, Item) and part.field is None else None


def _alternatives(part: Part) -> tuple[Map, ...] | None:
    """The maps of an ``or``, if each of its parts fits into one."""
    parts = part.parts if isinstance(part, Some) else (part,)
    found = [_maps(each) for each in parts]
    return tuple(each for each in found if each) if all(found) else None


class _Layout:
    """Names selections while the condition grows."""

    def __init__(self) -> None:
        self.selections: dict[str, Selection] = {}

    def top(self, part: Part) -> _Term:
        parts = part.parts if isinstance(part, All) else (part,)
        base: list[Item] = []
        choices: list[Part] = []
        filters: list[Part] = []
        others: list[Part] = []
        for each in parts:
            match each:
                case Item(str()) if each.key not in {item.key for item in base}:
                    base.append(each)
                case Some() if _alternatives(each):
                    choices.append(each)
                case No(inner) if _alternatives(inner):
                    filters.append(inner)
                case _:
                    others.append(each)
        terms: list[_Term] = []
        if base:
            terms.append(self.select("selection", (tuple(base),)))
        terms += [self.choice(each, alone=len(choices) == 1) for each in choices]
        terms += [self.term(each, "selection") for each in others]
        if filters:
            terms.append(_Without(self.filters(filters)))
        return terms[0] if len(terms) == 1 else _Both(tuple(terms))

    def choice(self, part: Part, *, alone: bool) -> _Term:
        """An ``or`` over fields: a selection each, or one selection of several maps beside another such ``or``."""
        maps = _alternatives(part) or ()
        if not alone:
            return self.select(naming.name("selection", maps[0]), maps)
        return _OneOf("selection_", tuple(self.select(naming.name("selection", each), (each,)).name for each in maps))

    def filters(self, parts: list[Part]) -> _Term:
        maps = [each for part in parts for each in _alternatives(part) or ()]
        names = tuple(self.select(naming.name("filter_main", each), (each,)).name for each in maps)
        return _OneOf("filter_main_", names)

    def term(self, part: Part, role: str) -> _Term:
        """Any part, spelled out in the condition."""
        if found := _maps(part) or _keywords(part):
            return self.select("keywords" if found[0].field is None else naming.name(role, found), (found,))
        match part:
            case All(parts):
                items = [each for each in parts if isinstance(each, Item) and each.field is not None]
                rest: list[Part] = [each for each in parts if each not in items]
                if len(items) > 1 and _maps(All(tuple(items))):
                    rest.insert(0, All(tuple(items)))
                else:
                    rest = list(parts)
                return _Both(tuple(self.term(each, role) for each in rest))
            case Some(parts):
                return _Either(tuple(self.term(each, role) for each in parts))
            case No(inner):
                return _Without(self.term(inner, "filter_main" if role == "selection" else "selection"))
            case Item():
                return self.select(naming.name(role, (part,)), ((part,),))
            case _:
                assert_never(part)

    def select(self, wanted: str, selection: Selection) -> _Ref:
        """Keep a selection under ``wanted``, or under the next free name like it; the same selection is kept once."""
        for free in chain((wanted,), naming.others(wanted, selection[0])):
            if self.selections.setdefault(free, selection) == selection:
                return _Ref(free)
        raise AssertionError("the names do not end")

    def spell(self, term: _Term, tightness: int = 0) -> str:
        """The condition's text; ``or`` is loosest (0), then ``and`` (1), then ``not`` (2)."""
        match term:
            case _Ref(name):
                return name
            case _OneOf(prefix, names):
                alike = [name for name in self.selections if name.startswith(prefix)]
                if len(dict.fromkeys(names)) > 1 and set(alike) == set(names):
                    return f"1 of {prefix}*"
                return self.spell(_either(tuple(_Ref(name) for name in dict.fromkeys(names))), tightness)
            case _Both(terms):
                said = " and ".join(self.spelled(terms))
                return f"({said})" if tightness > 1 and " and " in said else said
            case _Either(terms):
                said = " or ".join(self.spell(each, 1) for each in terms)
                return f"({said})" if tightness > 0 else said
            case _Without(inner):
                return f"not {self.spell(inner, 3)}" if tightness < 3 else f"(not {self.spell(inner, 3)})"
            case _:
                assert_never(term)

    def spelled(self, terms: tuple[_Term, ...]) -> Iterator[str]:
        """The and-ed parts of a condition; selections that are all asked for are so at the place of the first."""
        alike = [name for name in self.selections if name.startswith(_ALL)]
        asked = [term.name for term in terms if isinstance(term, _Ref) and term.name in alike]
        together = len(asked) > 1 and len(asked) == len(alike)
        for term in terms:
            if not (together and isinstance(term, _Ref) and term.name in alike):
                yield self.spell(term, 2)
            elif term.name == asked[0]:
                yield f"all of {_ALL}*"


def _either(terms: tuple[_Term, ...]) -> _Term:
    return terms[0] if len(terms) == 1 else _Either(terms)
