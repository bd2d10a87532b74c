"""The queue of training runs: order, slots, likely waits, and leaving."""

from __future__ import annotations

import pytest

from charrnn.service.queue import QueueFullError, TrainingQueue


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_first_runs_start_and_the_others_know_their_place() -> None:
    queue = TrainingQueue(runs_at_once=2, clock=Clock())
    slots = [queue.join(60) for _ in range(5)]
    assert [slot.ahead for slot in slots] == [0, 0, 1, 2, 3]


def test_the_likely_wait_follows_the_clock_and_the_runs_ahead() -> None:
    clock = Clock()
    queue = TrainingQueue(runs_at_once=2, clock=clock)
    queue.join(60)
    clock.now = 10
    queue.join(30)
    third, fourth, fifth = (queue.join(100) for _ in range(3))
    clock.now = 20
    assert third.wait == 20  # the second run has 20 s left, the first 40 s
    assert fourth.wait == 40
    assert fifth.wait == 120  # after the third, which starts at 20 and takes 100


def test_leaving_frees_the_slot_for_the_next() -> None:
    queue = TrainingQueue(runs_at_once=1, clock=Clock())
    first, second, third = (queue.join(60) for _ in range(3))
    queue.leave(second)
    assert third.ahead == 1
    queue.leave(first)
    assert (third.ahead, third.wait) == (0, 0)
    queue.leave(first)  # twice is harmless
    assert queue.slots == [third]


def test_a_slot_is_left_when_the_run_fails() -> None:
    queue = TrainingQueue(runs_at_once=1)
    with pytest.raises(ZeroDivisionError), queue.slot(60):
        raise ZeroDivisionError
    assert queue.slots == []


def test_a_run_keeps_its_slot_when_others_leave() -> None:
    queue = TrainingQueue(runs_at_once=2, clock=Clock())
    slots = [queue.join(60) for _ in range(3)]
    queue.leave(slots[0])
    assert [slot.ahead for slot in slots[1:]] == [0, 0]
    queue.join(60)
    assert slots[2].ahead == 0


def test_a_full_queue_says_so() -> None:
    queue = TrainingQueue(runs_at_once=1, max_waiting=2)
    for _ in range(3):
        queue.join(60)
    with pytest.raises(QueueFullError, match="try again"):
        queue.join(60)
