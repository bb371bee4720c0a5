"""sigma-kql: detection rules in Elastic KQL and Sigma, said in other words with the same verdict, or a declared loss.

>>> import translator
>>> test = translator.compile("event.category:file and not event.type:deletion")
>>> test({"event": {"category": ["file"], "type": ["creation"]}})
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from translator import kibana
    from translator.artefact import Artefact, Predicate
    from translator.errors import Code, Diagnostic, TranslatorError
    from translator.explanation import Explanation, explain
    from translator.ledger import Effect, Fidelity, Loss
    from translator.matcher import Matcher
    from translator.pipeline import compile_dsl, convert
    from translator.pipeline import compile_rule as compile  # noqa: A004 - the public name
    from translator.rule import Rule
    from translator.schema import Schema
    from translator.sources import read, read_text
    from translator.verification import Report, verify

__version__ = "0.1.0"

#: Public name -> where it lives. Loaded on first use: `sigma-kql --version` should not wait for a parser.
_HOMES = {
    "Artefact": "artefact",
    "Predicate": "artefact",
    "Code": "errors",
    "Diagnostic": "errors",
    "TranslatorError": "errors",
    "Effect": "ledger",
    "Fidelity": "ledger",
    "Loss": "ledger",
    "Matcher": "matcher",
    "compile": "pipeline",
    "compile_dsl": "pipeline",
    "convert": "pipeline",
    "Explanation": "explanation",
    "explain": "explanation",
    "Report": "verification",
    "verify": "verification",
    "Rule": "rule",
    "Schema": "schema",
    "read": "sources",
    "read_text": "sources",
}

_RENAMED = {"compile": "compile_rule"}

__all__ = [
    "Artefact",
    "Code",
    "Diagnostic",
    "Effect",
    "Explanation",
    "Fidelity",
    "Loss",
    "Matcher",
    "Predicate",
    "Report",
    "Rule",
    "Schema",
    "TranslatorError",
    "compile",
    "compile_dsl",
    "convert",
    "explain",
    "kibana",
    "read",
    "read_text",
    "verify",
]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name == "kibana":
        return import_module("translator.kibana")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"translator.{_HOMES[name]}"), _RENAMED.get(name, name))
