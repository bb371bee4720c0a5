"""KQL in a file of its own: the whole text is the query, and the file's name is the rule's title."""

from __future__ import annotations

from pathlib import PurePath

from translator import kql
from translator.errors import TranslatorError
from translator.rule import Rule, query_rule
from translator.source import Source
from translator.sources._format import SourceFormat
from translator.sources._language import demand_kql, evidence

_SUFFIXES = (".kql", ".kuery")


def _recognises(source: Source) -> bool:
    """By the suffix; a text that is no file must be KQL that asks a field, since any word is KQL."""
    if source.name.lower().endswith(_SUFFIXES):
        return True
    if not source.name.startswith("<") or evidence(source.text) or ":" not in source.text:
        return False
    try:
        kql.parse(source)
    except TranslatorError:
        return False
    return True


def _read(source: Source) -> tuple[Rule, ...]:
    demand_kql(source)
    path = PurePath(source.name.strip("<>"))
    # A folder that holds one rule as `rule.kql` is what the rule is called by.
    return (query_rule(source, title=path.parent.name if path.stem == "rule" and path.parent.name else path.stem),)


SOURCE = SourceFormat("KQL text: the whole file is one query", _SUFFIXES, _recognises, _read)
