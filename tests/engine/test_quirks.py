"""What Elasticsearch does beside its documentation and nothing here copies: it is noticed when that changes."""

from __future__ import annotations

import json

import pytest

from tests.engine.node import Node
from translator.meaning import Scope
from translator.schema import Schema

pytestmark = pytest.mark.engine

MAPPING = {"properties": {"tag": {"type": "keyword", "ignore_above": 5}}}


def test_how_long_a_text_is_depends_on_its_spelling(node: Node) -> None:
    """For ``ignore_above`` UTF-8 is counted by code points, a text with an escape in it by UTF-16 units.

    An event that is a Python object has no spelling. It is taken for one with escapes.
    """
    tag = "😀😀aa"
    in_utf8, escaped = (json.dumps({"tag": tag}, ensure_ascii=ascii_only) for ascii_only in (False, True))
    node.index("lengths", MAPPING, [in_utf8, escaped])

    assert node.search("lengths", {"exists": {"field": "tag"}}) == {0}
    assert not Scope(Schema.from_mapping(MAPPING)).exists("tag").holds({"tag": tag})
