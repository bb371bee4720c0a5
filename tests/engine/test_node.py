"""A node is on the loopback interface, apart from all others, and leaves nothing behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.engine.node import Node, Refusal

pytestmark = pytest.mark.engine

_CHILD = """
from tests.engine.jars import Engine
from tests.engine.node import Node

with Node(Engine.ELASTICSEARCH) as node:
    print(node.url, node.folder, flush=True)
    node.process.wait()
"""


def within(seconds: float, holds: Callable[[], bool]) -> bool:
    """Whether it becomes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.05)
    return holds()


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_cluster/health", timeout=5):
            return True
    except urllib.error.URLError:
        return False


def test_the_judge_is_elasticsearch_8_19_on_this_machine_alone(node: Node) -> None:
    nodes = node.request("GET", "/_nodes/_local/settings")["nodes"]
    (described,) = nodes.values()

    assert described["version"].startswith("8.19.")
    assert node.url.startswith("http://127.0.0.1:")
    assert described["settings"]["network"]["host"] == "127.0.0.1"


def test_a_node_dies_with_its_parent_and_takes_its_folder_along(node: Node) -> None:
    command = [sys.executable, "-c", _CHILD]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8") as parent:
        assert parent.stdout is not None
        url, folder = parent.stdout.readline().split()
        assert answers(url)
        assert url != node.url
        assert Path(folder) != node.folder
        parent.kill()

    assert within(30, lambda: not answers(url))
    assert within(30, lambda: not Path(folder).exists())


def test_a_node_in_the_foreground_prints_where_it_is_and_ends_when_told() -> None:
    command = [sys.executable, "-m", "tests.engine"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8") as started:
        assert started.stdout is not None
        url = started.stdout.readline().strip()
        assert answers(url)
        started.send_signal(signal.SIGTERM)

    assert started.returncode == 0
    assert not answers(url)


def test_a_refusal_names_the_innermost_cause(node: Node) -> None:
    node.index("refusal", {"properties": {"ip": {"type": "ip"}}}, ['{"ip": "10.0.0.1"}'])
    with pytest.raises(Refusal) as raised:
        node.search("refusal", {"term": {"ip": "10.*"}})
    together = node.search_all("refusal", [{"term": {"ip": "10.*"}}, {"nonsense": {}}, {"match_all": {}}])

    assert (raised.value.status, raised.value.kind) == (400, "illegal_argument_exception")
    assert "'10.*' is not an IP string literal." in raised.value.reason
    assert [type(each) for each in together] == [Refusal, Refusal, frozenset]
