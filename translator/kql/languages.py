"""Tells KQL from the other languages that Elastic's rules are written in.

Nearly every text is KQL of some kind, so two sorts of evidence are kept apart. What no author of KQL can have meant
is *sure*. Everything else only explains why a text is not KQL, once Kibana's grammar has said so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from translator.source import Span


@dataclass(frozen=True, slots=True)
class Evidence:
    """A trace of another language: which one, where, and whether it settles the matter."""

    language: str
    span: Span
    sure: bool


_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)

_EVENT = r"(?:any|process|file|network|registry|library|driver|dns|authentication|iam|configuration|session|[a-z_]\w*)"

#: (language, sure, shape). Quoted texts are blanked out before a shape is sought. The first that fits speaks.
_SHAPES: tuple[tuple[str, bool, str], ...] = (
    ("EQL", True, rf"\A\s*(?:sequence|sample)\b[^\[]*\[\s*{_EVENT}\s+where\b"),
    (
        "ES|QL",
        True,
        r"\A\s*(?:from|row|show|metrics|ts)\s[^|]*\|\s*(?:where|eval|stats|keep|drop|sort|limit|dissect"
        r"|grok|enrich|rename|mv_expand)\b",
    ),
    ("Lucene", True, r"(?<![\w.])_(?:exists|missing)_\s*:"),
    ("Lucene", True, r"[\w.*-]\s*:\s*[\[{][^\]}:()]{1,200}?\sTO\s[^\]}:()]{1,200}?[\]}]"),
    (
        "Lucene",
        True,
        r"[\w.]\s*:\s*/"
        r"(?=(?:[^\s/\\]|\\/){0,200}?(?:\.\+|\\[dws]|\[[^\]]{1,50}\][*+?{]|\(\?:|\{\d+,?\d*\}))"
        r"[^\n]{0,2000}/(?:\s|\)|\Z)",
    ),
    ("EQL", False, rf"\A\s*{_EVENT}\s+where\s"),
    ("ES|QL", False, r"\A\s*(?:from|row|show|metrics|ts)\s"),
    (
        "Lucene",
        False,
        r"&&|\|\||(?:\A|[\s(])[+!-][\w.@]+\s*:|\w:[<>]=?\S|Q[~^]\d|\w~\d?(?=[\s)]|\Z)|\)\^\d"
        r"|(?<=[\s(:])/(?:[^\s/\\]|\\/)*(?:[\[{|+]|\\[dws.])[^\s]*/(?=[\s)]|\Z)",
    ),
    ("SQL", False, r"\A\s*select\s.*\sfrom\s"),
    ("Sigma", False, r"(?m)\A(?=[\s\S]*^logsource\s*:)(?=[\s\S]*^detection\s*:)"),
    ("JSON", False, r"\A\s*[{\[]\s*(?:Q|[{\[])"),
    ("TOML", False, r"(?m)^\[\[?[\w.]+\]\]?\s*$"),
)
_COMPILED = tuple(
    (name, sure, re.compile(shape, re.IGNORECASE if name != "Lucene" else 0)) for name, sure, shape in _SHAPES
)

#: What a reader of another language's text can do.
ADVICE = {
    "EQL": "EQL has sequences and functions of its own; rewrite its conditions as `field:value and ...`",
    "ES|QL": "ES|QL is a pipe of commands; rewrite its `where` conditions as `field:value and ...`",
    "Lucene": "write ranges as `field >= 5 and field < 9`, existence as `field:*`, and regular expressions as "
    "wildcards, or leave the rule in Lucene",
    "SQL": "rewrite its `where` conditions as `field:value and ...`",
    "Sigma": "read it with --from sigma",
    "JSON": "a Kibana export or Query DSL is no query text",
    "TOML": "a rule's TOML file is no query text",
}


def evidence(text: str) -> Evidence | None:
    """The first trace in ``text`` of a language other than KQL, or None."""
    bare = _QUOTED.sub(lambda quoted: "Q" * len(quoted[0]), text)
    for language, sure, shape in _COMPILED:
        if found := shape.search(bare):
            return Evidence(language, Span(found.start(), max(found.end(), found.start() + 1)), sure)
    return None
