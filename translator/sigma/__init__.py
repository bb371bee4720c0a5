"""Sigma: written (`emit`), and understood through pySigma's reader (`check`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from translator.kql.check import Checked
from translator.schema import Schema
from translator.source import Source

if TYPE_CHECKING:
    from translator.sigma.processing import Processed


def check(source: Source, schema: Schema, *, elastic_names: bool = False, pipelines: tuple[str, ...] = ()) -> Checked:
    """What the detection of a Sigma rule means. Raises TranslatorError with every mistake.

    ``elastic_names`` gives the fields of Sigma's taxonomy the names that Elastic has for them; ``pipelines`` of
    pySigma's, by name or file, change the rule before.
    """
    from translator.sigma import reader  # pySigma is slow to import and KQL needs none of it

    return reader.check(source, schema, elastic_names=elastic_names, pipelines=pipelines)


def process(source: Source, pipelines: tuple[str, ...]) -> Processed | None:
    """What pySigma's pipelines make of the Sigma rule in ``source``; None where `check` has a mistake to tell.

    Raises TranslatorError for a name that is no pipeline.
    """
    from translator.sigma import reader

    return reader.process(source, pipelines)
