"""The backend: pySigma parses a rule and applies its pipelines, the translator does the rest.

Letter case is accepted as lost, as the backends beside this one do; all else that KQL (or the asked format) cannot say
raises pySigma's "feature not supported" error.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, ClassVar

from sigma.conversion.base import TextQueryBackend
from sigma.conversion.state import ConversionState
from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import SigmaFeatureNotSupportedByBackendError
from sigma.processing.pipeline import ProcessingPipeline
from sigma.rule import SigmaRule

from translator.artefact import Artefact
from translator.errors import TranslatorError
from translator.pipeline import convert
from translator.pysigma_kql import reading
from translator.schema import Schema
from translator.sigma.detection import Part

#: The loss that sibling backends accept too.
_ACCEPTED = ("L001",)

#: A query on one line, which one pastes.
_ONE_LINE = 1_000_000


class KibanaKqlBackend(TextQueryBackend):
    """Kibana queries (KQL), and what goes around them in Kibana."""

    name: ClassVar[str] = "Kibana KQL"
    identifier: ClassVar[str] = "kibana_kql"
    formats: ClassVar[dict[str, str]] = {
        "default": "Kibana queries (KQL), for Discover and for rules",
        "kibana_ndjson": "Saved searches with KQL queries, as Kibana imports them",
        "siem_rule": "Detection rules with KQL queries, as Elastic Security imports them",
        "dsl": "Elasticsearch Query DSL, which minds no letter case either",
    }
    requires_pipeline: ClassVar[bool] = False

    def __init__(
        self,
        processing_pipeline: ProcessingPipeline | None = None,
        collect_errors: bool = False,
        index_pattern: str = "logs-*",
        fields: str = "none",
        **options: Any,
    ) -> None:
        super().__init__(processing_pipeline, collect_errors, **options)
        #: The id of the data view that saved searches refer to.
        self.index_pattern = index_pattern
        #: ``ecs`` gives fields Elastic's names, by the table of `sigma-kql`; ``none`` leaves that to pipelines.
        self.fields = fields

    def convert_condition(self, cond: Any, state: ConversionState) -> Any:
        """What the condition asks; it is written when the format is known."""
        return reading.part(cond)

    def finish_query(self, rule: SigmaRule | SigmaCorrelationRule, query: Any, state: ConversionState) -> Any:
        """Nothing: no part of a query is deferred."""
        return query

    def convert_correlation_rule(self, rule: SigmaCorrelationRule, *arguments: Any, **options: Any) -> list[Any]:
        """Kibana's query judges single events. Always raises."""
        raise SigmaFeatureNotSupportedByBackendError(
            "Correlation rules are not supported by the Kibana KQL backend: KQL judges single events.",
            source=rule.source,
        )

    def finalize_query_default(self, rule: SigmaRule, query: Any, index: int, state: ConversionState) -> str:
        """The query as text, on one line."""
        return self._written(rule, query, "kql").text.strip()

    def finalize_query_kibana_ndjson(
        self, rule: SigmaRule, query: Any, index: int, state: ConversionState
    ) -> dict[str, Any]:
        """A saved search with the query."""
        asked = {"query": self._written(rule, query, "kql").text.strip(), "language": "kuery"}
        held = "kibanaSavedObjectMeta.searchSourceJSON.index"
        search = {"query": asked, "filter": [], "indexRefName": held}
        return {
            "id": _id(rule, index),
            "type": "search",
            "attributes": {
                "title": f"SIGMA - {rule.title}",
                "description": rule.description or "",
                "columns": [],
                "sort": [["@timestamp", "desc"]],
                "kibanaSavedObjectMeta": {"searchSourceJSON": json.dumps(search, ensure_ascii=False)},
            },
            "references": [{"id": self.index_pattern, "name": held, "type": "index-pattern"}],
        }

    def finalize_query_siem_rule(
        self, rule: SigmaRule, query: Any, index: int, state: ConversionState
    ) -> dict[str, Any]:
        """A detection rule; what KQL cannot say stands beside its query as filters."""
        data: dict[str, Any] = self._written(rule, query, "elastic_rule").data
        indices = state.processing_state.get("index")
        if indices:
            data["index"] = [indices] if isinstance(indices, str) else list(indices)
        return data

    def finalize_query_dsl(self, rule: SigmaRule, query: Any, index: int, state: ConversionState) -> dict[str, Any]:
        """The body of a search."""
        return {"query": self._written(rule, query, "dsl").data}

    def finalize_output_kibana_ndjson(self, queries: list[dict[str, Any]]) -> list[str]:
        """A line for each."""
        return list(_lines(queries))

    def finalize_output_siem_rule(self, queries: list[dict[str, Any]]) -> list[str]:
        """A line for each."""
        return list(_lines(queries))

    def finalize_output_dsl(self, queries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The bodies."""
        return list(queries)

    def _written(self, rule: SigmaRule, asked: Part, target: str) -> Artefact:
        try:
            read = reading.rule(rule, asked)
            schema = reading.schema(asked) if self.fields == "none" else Schema.default()
            return convert(read, to=target, schema=schema, allow=_ACCEPTED, width=_ONE_LINE, fields=self.fields)
        except TranslatorError as error:
            found = "; ".join(dict.fromkeys(f"{each.code} {each.message}" for each in error.diagnostics))
            raise SigmaFeatureNotSupportedByBackendError(found, source=rule.source) from error


def _lines(queries: Iterable[dict[str, Any]]) -> Iterable[str]:
    return (json.dumps(each, ensure_ascii=False, separators=(",", ":")) for each in queries)


def _id(rule: SigmaRule, index: int) -> str:
    return f"{rule.id}" if index == 0 else f"{rule.id}-{index}"
