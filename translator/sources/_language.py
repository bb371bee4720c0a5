"""Refuses what is certainly not KQL, with a finding that names its language."""

from __future__ import annotations

from translator import kql
from translator.errors import Code, Diagnostic, TranslatorError, refuse
from translator.kql.languages import ADVICE, evidence
from translator.source import Source

__all__ = ["demand_kql", "evidence"]


def demand_kql(query: Source) -> None:
    """Refuse a query that is certainly not KQL with a finding that names its language."""
    found = evidence(query.text)
    if found is None:
        return
    hint: str | None = ADVICE[found.language]
    if not found.sure:
        mistake = _mistake(query)
        if mistake is None:
            return
        # Lucene is written for KQL by habit, one operator at a time: what the parser says of that one helps most.
        hint = mistake.hint if found.language == "Lucene" and mistake.hint else hint
    raise refuse(Code.OTHER_LANGUAGE, f"The query is written in {found.language}, not in KQL.", query, found.span, hint)


def _mistake(query: Source) -> Diagnostic | None:
    """Where the text stops being KQL, if that is what is wrong with it."""
    try:
        kql.parse(query)
    except TranslatorError as error:
        return next((each for each in error.diagnostics if each.code is Code.SYNTAX), None)
    return None
