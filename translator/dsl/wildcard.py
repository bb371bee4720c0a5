"""The text of a ``wildcard`` query -> pattern."""

from __future__ import annotations

import re

from translator.values import Pattern, Wild, pattern

_PARTS = re.compile(r"\\(.)|([*?])|([^\\*?]+)|(\\)", re.DOTALL)


def decode(text: str) -> Pattern:
    """A backslash takes whatever follows as it is, itself too; at the very end it is itself."""
    parts = _PARTS.findall(text)
    return pattern(Wild(wild) if wild else escaped or plain or last for escaped, wild, plain, last in parts)
