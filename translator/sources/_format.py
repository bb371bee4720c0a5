"""What a source format is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from translator.errors import TranslatorError
from translator.rule import Rule
from translator.source import Source

#: What reading gives: a rule, or why there is none.
Found: TypeAlias = Rule | TranslatorError


@dataclass(frozen=True, slots=True)
class Waiting:
    """A part of a file that is settled with all others read with it.

    ``settle`` is given what all of them are ``about``, and returns what each comes to. One that is ``alone`` changes
    nothing else, and nothing but what is not alone changes it: what it comes to by itself can be made use of early.
    """

    about: Any
    settle: Callable[[Sequence[Any]], Sequence[Sequence[Found]]]
    alone: bool = False


@dataclass(frozen=True, slots=True)
class SourceFormat:
    """A format that rules come in. A module of this package with a constant ``SOURCE`` is one, under its own name.

    ``recognises`` judges a file by its text (and its name, where the text cannot tell). ``read`` yields the file's
    rules, and an error for each part that holds a broken one; it raises where nothing can be read at all. What rules in
    other files may change it yields as `Waiting`.
    """

    summary: str
    suffixes: tuple[str, ...]
    recognises: Callable[[Source], bool]
    read: Callable[[Source], Iterable[Found | Waiting]]
    name: str = ""
    #: Whether ``read`` can refuse a part of a file for a byte that is no text, and read the others.
    by_parts: bool = False

    def named(self, name: str) -> SourceFormat:
        """This format under the name of its module or entry point."""
        return replace(self, name=name)

    def claims(self, name: str) -> bool:
        """Whether a file called ``name`` ought to be of this format."""
        return name.lower().endswith(self.suffixes)
