"""The nodes that the tests ask, started when the first test wants one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine.jars import Engine, missing
from tests.engine.node import Node


def _started(engine: Engine) -> Iterator[Node]:
    if (lack := missing()) is not None:
        pytest.skip(lack)
    with Node(engine) as node:
        yield node


@pytest.fixture(scope="session")
def node() -> Iterator[Node]:
    """Elasticsearch."""
    yield from _started(Engine.ELASTICSEARCH)


@pytest.fixture(scope="session")
def opensearch() -> Iterator[Node]:
    """OpenSearch, for the types that Elasticsearch's server alone does not have."""
    yield from _started(Engine.OPENSEARCH)
