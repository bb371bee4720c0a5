"""Timing that several things of one run share, so that a busy machine is busy for all of them."""

from __future__ import annotations

import resource
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of each run: on the wall, and of a processor, which a busy machine changes less."""

    runs: tuple[float, ...]
    processor: tuple[float, ...]

    @property
    def median(self) -> float:
        """Half of the runs took no longer."""
        return median(self.runs)

    def __str__(self) -> str:
        spread = f"{min(self.runs):.3f} to {max(self.runs):.3f}"
        return f"{self.median:.3f} s ({spread}; processor {median(self.processor):.3f})"


def alternately(tasks: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Timing]:
    """The time of each task, all of them once a round, after one round that does not count."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in tasks}
    for turn in range(rounds + 1):
        for name, task in tasks.items():
            wall, processor = time.perf_counter(), _processor()
            task()
            if turn:
                taken[name].append((time.perf_counter() - wall, _processor() - processor))
    return {name: Timing(*zip(*runs, strict=True)) for name, runs in taken.items()}


def process(*command: str | Path) -> Callable[[], object]:
    """A task that runs a whole process. Raises CalledProcessError where it fails."""
    words = [str(word) for word in command]
    return lambda: subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=True)


def _processor() -> float:
    """Seconds of a processor that this process and its children have used so far."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)
