"""Events from JSON text, with numbers that remember how they were written."""

from __future__ import annotations

import json
from typing import Any


class JsonNumber(float):
    """A JSON number with its spelling: a keyword holds exactly that."""

    __slots__ = ("token",)
    token: str

    def __new__(cls, token: str) -> JsonNumber:
        number = super().__new__(cls, token)
        number.token = token
        return number

    def __reduce__(self) -> tuple[type[JsonNumber], tuple[str]]:
        return JsonNumber, (self.token,)


def _integer(token: str) -> int | JsonNumber:
    # ``-0`` is another text than ``0``, and Python reads no integer of many thousand digits.
    return JsonNumber(token) if token == "-0" or len(token) > 4000 else int(token)


def read_json(text: str | bytes | bytearray) -> dict[str, Any]:
    """An event from its JSON text. Raises ValueError where the text is no JSON object."""
    event = json.loads(text, parse_float=JsonNumber, parse_int=_integer)
    if not isinstance(event, dict):
        raise ValueError("an event is a JSON object")
    return event
