"""Sigma: written (`emit`), and understood through pySigma's reader (`check`)."""

from __future__ import annotations

from translator.kql.check import Checked
from translator.schema import Schema
from translator.source import Source


def check(source: Source, schema: Schema) -> Checked:
    """What the detection of a Sigma rule means. Raises TranslatorError with every mistake."""
    from translator.sigma import reader  # pySigma is slow to import and KQL needs none of it

    return reader.check(source, schema)
