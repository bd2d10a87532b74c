"""The line of training runs: order, places, likely waits, and leaving."""

from __future__ import annotations

import pytest

from charrnn.service.queue import QueueFullError, TrainingQueue


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_first_ones_run_and_the_others_are_told_their_place() -> None:
    line = TrainingQueue(workers=2, clock=Clock())
    places = [line.join(60) for _ in range(5)]
    assert [place.ahead for place in places] == [0, 0, 1, 2, 3]


def test_the_likely_wait_follows_the_clock_and_the_runs_ahead() -> None:
    clock = Clock()
    line = TrainingQueue(workers=2, clock=clock)
    line.join(60)
    clock.now = 10
    line.join(30)
    third, fourth, fifth = (line.join(100) for _ in range(3))
    clock.now = 20
    assert third.wait == 20  # the second run has 20 s left, the first 40 s
    assert fourth.wait == 40
    assert fifth.wait == 120  # after the third, which starts at 20 and takes 100


def test_leaving_frees_the_place_for_whoever_is_next() -> None:
    line = TrainingQueue(workers=1, clock=Clock())
    first, second, third = (line.join(60) for _ in range(3))
    second.leave()
    assert third.ahead == 1
    first.leave()
    assert (third.ahead, third.wait) == (0, 0)
    first.leave()  # twice is harmless
    assert line.places == [third]


def test_a_place_is_left_when_the_run_fails() -> None:
    line = TrainingQueue(workers=1)
    with pytest.raises(ZeroDivisionError), line.join(60):
        raise ZeroDivisionError
    assert line.places == []


def test_a_run_keeps_its_place_when_others_leave() -> None:
    line = TrainingQueue(workers=2, clock=Clock())
    places = [line.join(60) for _ in range(3)]
    places[0].leave()
    assert [place.ahead for place in places[1:]] == [0, 0]
    line.join(60)
    assert places[2].ahead == 0


def test_a_full_line_says_so() -> None:
    line = TrainingQueue(workers=1, longest=2)
    for _ in range(3):
        line.join(60)
    with pytest.raises(QueueFullError, match="try again"):
        line.join(60)
