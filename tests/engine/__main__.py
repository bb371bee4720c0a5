"""``python -m tests.engine [--port N] [elasticsearch|opensearch]``: a node in the foreground, for people."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from types import FrameType

from tests.engine.jars import Engine, missing
from tests.engine.node import Node


def main() -> int:
    """Start a node, print its URL, and end it on Ctrl-C or a signal to end."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.engine", description="Start one node on the loopback interface."
    )
    parser.add_argument("engine", nargs="?", choices=[str(each) for each in Engine], default=str(Engine.ELASTICSEARCH))
    parser.add_argument("--port", type=int, default=0, help="where it listens (default: any port that is free)")
    options = parser.parse_args()
    if (lack := missing()) is not None:
        print(lack, file=sys.stderr)
        return 1
    ended = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        ended.set()

    try:
        node = Node(Engine(options.engine), port=options.port)
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    with node:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, end)
        print(node.url, flush=True)
        while not ended.wait(1) and node.process.poll() is None:
            pass
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
