"""Decoded values, shared by every language.

No escape character ever reaches these types: each language spells and reads them in its own ``codec``.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import TypeAlias


class Wild(Enum):
    """The two wildcards that detection languages know."""

    ANY = "*"
    ONE = "?"

    def __repr__(self) -> str:
        return f"Wild.{self.name}"


#: Text with wildcards in it. Two texts never stand side by side, and no text is empty.
Pattern: TypeAlias = tuple[str | Wild, ...]

#: What a query compares with. KQL has no numbers: a number stays the text that was written.
Scalar: TypeAlias = str | int | float | bool | None


def pattern(parts: Iterable[str | Wild]) -> Pattern:
    """Bring ``parts`` into the one form of `Pattern`: texts joined, empty texts dropped."""
    joined: list[str | Wild] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part != "":
            joined.append(part)
    return tuple(joined)


def show(parts: Pattern) -> str:
    """Spell ``parts`` for a message; escapes nothing, so it cannot be read back."""
    return "".join(part.value if isinstance(part, Wild) else part for part in parts)
