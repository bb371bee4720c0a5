"""Timing that several things of one run share, so that a busy machine is busy for all of them."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of each run."""

    runs: tuple[float, ...]

    @property
    def median(self) -> float:
        """Half of the runs took no longer."""
        return median(self.runs)

    def __str__(self) -> str:
        return f"{self.median:.3f} s ({min(self.runs):.3f} to {max(self.runs):.3f}, {len(self.runs)} runs)"


def alternately(tasks: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Timing]:
    """The time of each task, all of them once a round, after one round that does not count."""
    taken: dict[str, list[float]] = {name: [] for name in tasks}
    for turn in range(rounds + 1):
        for name, task in tasks.items():
            begin = time.perf_counter()
            task()
            if turn:
                taken[name].append(time.perf_counter() - begin)
    return {name: Timing(tuple(runs)) for name, runs in taken.items()}


def process(*command: str | Path) -> Callable[[], object]:
    """A task that runs a whole process. Raises CalledProcessError where it fails."""
    words = [str(word) for word in command]
    return lambda: subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=True)
