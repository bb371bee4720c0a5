"""The translator as a backend of pySigma's: ``kibana_kql``."""

from __future__ import annotations

from translator.pysigma_kql.backend import KibanaKqlBackend

__all__ = ["KibanaKqlBackend"]
