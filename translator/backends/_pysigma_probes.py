"""What a pySigma backend that we have no row for can say: told by what it makes of small rules.

Two rules that mean different things and become the same text have lost what tells them apart, whichever the backend
and its version. What one text means to the product is not told so; there the safe reading is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from translator.backends import _pysigma_plugins as plugins
from translator.backends import _pysigma_spelling as spelling
from translator.backends._pysigma_dialects import Dialect, Existence, Flag, Truth
from translator.backends._pysigma_spelling import Engine, How, Lost, Speller, Spelling
from translator.errors import Code
from translator.ledger import Effect
from translator.values import Pattern, Wild

_UNKNOWN = "pySigma's backend does not say whether letter case counts, so it may count otherwise than in the rule."


@cache
def dialect(module: str, plugin: str, summary: str) -> Dialect:
    """How to drive a backend, by what it was seen to write."""
    probe = _Probe(plugins.load(module, plugin))
    return Dialect(
        module=module,
        plugin=plugin,
        summary=summary,
        suffix=".txt",
        text=_speller(probe),
        engine=Engine.UNKNOWN,
        truth=Truth.THREE_VALUED,
        existence=Existence.NEGATED if probe.says({"f|exists": True}) else Existence.NULL,
        networks="172.17." not in (probe.text({"f|cidr": "172.16.0.0/15"}) or ""),
        flag=Flag.BOOLEAN if probe.tells({"f": True}, {"f": False}) else Flag.TEXT,
        apart=not probe.tells({"f|cased": ["Foo", "Bar"]}, {"f": ["Foo", "Bar"]}),
        # The precedence of the language is not known here; some backends have it wrong.
        attributes={"parenthesize": True},
        limits="what its backend does not write; what the product makes of it is not known here",
    )


class _Probe:
    """Converts selections; None stands for what the backend refuses."""

    def __init__(self, kind: type[Any]) -> None:
        self.kind = kind

    def text(self, selection: Mapping[str, Any]) -> str | None:
        from sigma.collection import SigmaCollection

        rule: dict[str, Any] = {
            "title": "Probe",
            "logsource": {"category": "process_creation", "product": "windows"},
            "detection": {"selection": dict(selection), "condition": "selection"},
        }
        try:
            return str(self.kind().convert(SigmaCollection.from_dicts([rule])))
        except Exception:  # a refusal is an answer, whatever its kind
            return None

    def says(self, selection: Mapping[str, Any]) -> bool:
        return self.text(selection) is not None

    def tells(self, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        """Whether both can be said, and not by one text."""
        first, second = self.text(one), self.text(other)
        return first is not None and second is not None and first != second


def _speller(probe: _Probe) -> Speller:
    whole = probe.tells({"f|cased": "Foo"}, {"f": "Foo"})
    pattern = probe.tells({"f|cased": "F*o"}, {"f": "F*o"})
    one = probe.tells({"f": "a?b"}, {"f": "a*b"})
    backslash = probe.tells({"f": "a\\b"}, {"f": "ab"})
    star = probe.tells({"f": "a\\*b"}, {"f": "a*b"})

    def spell(said: Pattern, cased: bool) -> Spelling:
        minds = whole if spelling.is_whole(said) else pattern
        text = spelling.literal(said)
        lost: list[Lost] = []
        if spelling.has_case(said) and not minds:
            effect = Effect.WIDER if cased else Effect.NARROWER
            lost.append(Lost(Code.CASE, _UNKNOWN, effect))
        if Wild.ONE in said and not one:
            message = "pySigma's backend writes `*` for a wildcard of one character."
            lost.append(Lost(Code.ONE_CHARACTER, message, Effect.WIDER))
        if "\\" in text and not backslash:
            lost.append(Lost(Code.TEXT_COMPARED, "pySigma's backend leaves backslashes out.", Effect.MIXED))
        if ("*" in text or "?" in text) and not star:
            lost.append(Lost(Code.TEXT_COMPARED, "pySigma's backend writes a star for a wildcard.", Effect.WIDER))
        return Spelling(How.CASED if cased and minds and spelling.has_case(said) else How.PLAIN, tuple(lost))

    return spell
