"""How far a long run is, for who waits at a terminal; nothing for pipes, files and the logs of machines."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.status import Status

T = TypeVar("T")

#: A run that takes no longer than this many seconds shows nothing, and none shows more than one thing in between.
_PATIENCE = 1.0
_BETWEEN = 0.1


class Progress:
    """A line at the foot of standard error that counts, and steps aside for whatever else is said."""

    def __init__(self, *, wanted: bool = True) -> None:
        self.wanted = wanted and _watched()
        self.begun = time.monotonic()
        self.shown_at = self.begun + _PATIENCE - _BETWEEN
        self.count = 0
        self.line: Status | None = None

    def counting(self, items: Iterable[T]) -> Iterator[T]:
        """``items``, each counted."""
        try:
            for item in items:
                self.count += 1
                if self.wanted:
                    self.show()
                yield item
        finally:
            self.hide()

    def show(self) -> None:
        """Show the count, unless it was shown just now."""
        now = time.monotonic()
        if now - self.shown_at < _BETWEEN:
            return
        self.shown_at = now
        text = f"{self.count:,} rules, {self.count / (now - self.begun):,.0f} a second"
        if self.line is None:
            from rich.console import Console
            from rich.status import Status

            self.line = Status(text, console=Console(stderr=True))
            self.line.start()
        else:
            self.line.update(text)

    def hide(self) -> None:
        """Take the line away, for something else to be said."""
        if self.line is not None:
            self.line.stop()
            self.line = None


def _watched() -> bool:
    """Whether a person looks at standard error."""
    return sys.stderr.isatty() and not os.environ.get("CI") and os.environ.get("TERM") != "dumb"
