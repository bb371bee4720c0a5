"""Sigma: written (`emit`), and understood through pySigma's reader (`check`)."""

from __future__ import annotations

from translator.kql.check import Checked
from translator.schema import Schema
from translator.source import Source


def check(source: Source, schema: Schema, *, elastic_names: bool = False) -> Checked:
    """What the detection of a Sigma rule means. Raises TranslatorError with every mistake.

    ``elastic_names`` gives the fields of Sigma's taxonomy the names that Elastic has for them.
    """
    from translator.sigma import reader  # pySigma is slow to import and KQL needs none of it

    return reader.check(source, schema, elastic_names=elastic_names)
