"""Rules in TOML, as Elastic's repository of detection rules keeps them: one rule a file, with its metadata."""

from __future__ import annotations

import re

from translator import toml_reader
from translator.errors import Code, TranslatorError, refuse
from translator.rule import Rule
from translator.source import Source, Span
from translator.sources import _elastic
from translator.sources._elastic import Around
from translator.sources._facts import Facts, Spelling
from translator.sources._format import SourceFormat

_RECOGNISED = re.compile(r"(?m)^[ \t]*\[[ \t]*rule[ \t]*\][ \t]*(?:#.*)?\r?$")

_SPELLING = Spelling(lambda key: ("rule", key), ("rule",))


def _recognises(source: Source) -> bool:
    return _RECOGNISED.search(source.text) is not None


def _read(source: Source) -> tuple[Rule, ...]:
    document = toml_reader.read(source)
    if not isinstance(document.value.get("rule"), dict):
        raise refuse(
            Code.NOT_A_RULE, "The file has no table [rule].", source, Span(0, 1), "write `[rule]` above the rule's keys"
        )
    metadata = Facts(document, Spelling(lambda key: ("metadata", key)))
    around = Around(
        status=metadata.text("maturity"),
        date=metadata.date("creation_date"),
        modified=metadata.date("updated_date"),
    )
    facts = Facts(document, _SPELLING, metadata.mistakes)
    try:
        return (_elastic.read(facts, around),)
    except TranslatorError as error:
        raise TranslatorError(dict.fromkeys([*metadata.mistakes, *error.diagnostics])) from None


SOURCE = SourceFormat("detection rules in TOML, one a file", (".toml",), _recognises, _read)
