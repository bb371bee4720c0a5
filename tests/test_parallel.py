"""Work that processes share gives what one process gives, and ends cleanly whatever happens to them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from multiprocessing import active_children

import click
import pytest

from translator.cli import parallel


def squares(number: int) -> Iterator[int]:
    yield from (number, number * number)


def nothing(_: int) -> Iterator[int]:
    yield from ()


def process_of(_: int) -> Iterator[int]:
    yield os.getpid()


def dying(number: int) -> Iterator[int]:
    if number == 40:
        os.kill(os.getpid(), signal.SIGKILL)
    yield number


def failing(number: int) -> Iterator[int]:
    if number == 40:
        raise ValueError("forty")
    yield number


def run(
    function: Callable[[int], Iterable[int]], items: Iterable[int], jobs: int, weight: int = 0
) -> list[tuple[int, tuple[int, ...]]]:
    with closing(parallel.each(function, items, jobs, lambda _: weight)) as answers:
        return [(item, tuple(answer)) for item, answer in answers]


@pytest.mark.parametrize("jobs", [1, 2, 5])
@pytest.mark.parametrize("count", [0, 1, 32, 33, 48, 500])
def test_answers_come_in_the_order_of_the_questions(jobs: int, count: int) -> None:
    assert run(squares, range(count), jobs) == [(each, (each, each * each)) for each in range(count)]
    assert active_children() == []


def test_nothing_is_an_answer_too() -> None:
    assert run(nothing, range(100), 2) == [(each, ()) for each in range(100)]


def test_many_things_are_shared_and_few_are_done_here() -> None:
    assert len({answer for _, (answer,) in run(process_of, range(500), 2)} - {os.getpid()}) == 2
    assert {answer for _, (answer,) in run(process_of, range(32), 2)} == {os.getpid()}
    assert os.getpid() not in {answer for _, (answer,) in run(process_of, range(20), 2, weight=2**20)}


def test_items_are_asked_for_as_they_can_be_worked_on() -> None:
    asked = 0

    def items() -> Iterator[int]:
        nonlocal asked
        for number in range(10_000):
            asked += 1
            yield number

    with closing(parallel.each(squares, items(), 2)) as answers:
        for count, _ in enumerate(answers, 1):
            assert asked - count < 16 * 2 * 6
            if count == 5_000:
                break
    assert asked < 6_000
    assert active_children() == []


def test_a_process_that_dies_is_one_clear_error() -> None:
    with pytest.raises(click.ClickException, match=r"has died.*-j 1"):
        run(dying, range(500), 2)
    assert active_children() == []


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_is_raised_ends_the_run(jobs: int) -> None:
    with pytest.raises(ValueError, match="forty"):
        run(failing, range(500), jobs)
    assert active_children() == []
