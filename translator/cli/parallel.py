"""One thing done to many, by several processes, with the answers in the order of the questions."""

from __future__ import annotations

import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from multiprocessing import get_context
from typing import Any, TypeVar

import click

T = TypeVar("T")
R = TypeVar("R")

#: A batch holds so many things at most, and no more of what `weigh` counts unless one thing alone is heavier.
_LONGEST = 16
_HEAVIEST = 2**20

#: Fewer batches are done before other processes have begun.
_FEW = 3

#: So many batches for each process are begun, or done and not yet asked for.
_AHEAD = 4


def _jobs(_: click.Context, __: click.Parameter, value: str) -> int:
    if value == "auto" or (value.isascii() and value.isdecimal()):
        return (0 if value == "auto" else int(value)) or processors()
    raise click.BadParameter(f"{value!r} is no number of processes; write 1, 2, ... or auto.")


option = click.option(
    "-j",
    "--jobs",
    "jobs",
    callback=_jobs,
    default="1",
    show_default=True,
    metavar="N|auto",
    help="Processes that share the work; auto (or 0) is one for each processor.",
)


def processors() -> int:
    """How many processors this process may use."""
    allowed: Callable[[int], set[int]] | None = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def each(
    function: Callable[[T], Iterable[R]],
    items: Iterable[T],
    jobs: int,
    weigh: Callable[[T], int] = lambda _: 0,
) -> Generator[tuple[T, Iterable[R]], None, None]:
    """Every item in its order, with what ``function`` yields for it.

    With one job, or few items, everything is done here, and lazily. Otherwise ``function`` (with what it carries) and
    the items go to ``jobs`` processes, each of which keeps its own ``function`` for the whole run; items are asked for
    as they can be worked on. ``weigh`` counts bytes: heavy items travel in small batches. Close the generator to end
    the processes before all is done. Raises ClickException where a process dies; what ``function`` raises ends the run
    as it does with one job.
    """
    batches = _batches(items, weigh)
    first = [] if jobs < 2 else list(islice(batches, _FEW))
    if len(first) < _FEW:
        yield from ((item, function(item)) for item in chain(*first, items if jobs < 2 else ()))
        return
    # What the first things load, the copies of this process need not load again.
    here = [(item, tuple(function(item))) for item in first[0]] if len(first[0]) == _LONGEST else []
    left = chain(first[1:] if here else first, batches)
    # A copy of this process begins at once; elsewhere it cannot be made, or not safely.
    context = get_context("fork" if sys.platform == "linux" else None)
    pool = ProcessPoolExecutor(jobs, context, _begin, (function,))
    begun: deque[tuple[list[T], Future[list[tuple[R, ...]]]]] = deque()
    try:
        for batch in islice(left, jobs * _AHEAD):
            begun.append((batch, pool.submit(_answers, batch)))
        yield from here
        while begun:
            batch, answers = begun.popleft()
            yield from zip(batch, answers.result(), strict=True)
            for following in islice(left, 1):
                begun.append((following, pool.submit(_answers, following)))
    except BrokenProcessPool:
        raise click.ClickException(
            "A process that shared the work has died, perhaps for want of memory. Run it again with -j 1."
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _batches(items: Iterable[T], weigh: Callable[[T], int]) -> Iterator[list[T]]:
    batch: list[T] = []
    weight = 0
    for item in items:
        weight += weigh(item)
        batch.append(item)
        if len(batch) == _LONGEST or weight >= _HEAVIEST:
            yield batch
            batch, weight = [], 0
    if batch:
        yield batch


_function: Callable[[Any], Iterable[Any]]


def _begin(function: Callable[[Any], Iterable[Any]]) -> None:
    """Make another process ready. Ctrl-C reaches all those of a terminal; the one that asks ends the others."""
    global _function
    _function = function
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _answers(batch: list[Any]) -> list[tuple[Any, ...]]:
    return [tuple(_function(item)) for item in batch]
