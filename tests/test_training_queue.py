"""The queue of training runs: order, places, likely waits, fairness, and leaving."""

from __future__ import annotations

import random

import pytest

from charrnn.service.training_queue import OVERDUE, SHORT, QueueFullError, Slot, TrainingQueue


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def queue_of(runs_at_once: int = 2) -> tuple[TrainingQueue, Clock]:
    clock = Clock()
    return TrainingQueue(runs_at_once, clock=clock), clock


def play(queue: TrainingQueue, clock: Clock, real: dict[Slot, float]) -> dict[Slot, float]:
    """Let every run take its real seconds; returns the time at which each started."""
    started: dict[Slot, float] = {}
    while queue.slots:
        running = queue.running
        started |= {slot: slot.started for slot in running if slot.started is not None}
        ends = {slot: started[slot] + real[slot] for slot in running}
        first = min(ends, key=lambda slot: ends[slot])
        clock.now = max(clock.now, ends[first])
        queue.leave(first, finished=True)
    return started


def test_the_first_runs_start_and_the_others_know_their_place() -> None:
    queue, _ = queue_of()
    slots = [queue.join(60) for _ in range(5)]
    assert [slot.ahead for slot in slots] == [0, 0, 1, 2, 3]


def test_the_likely_wait_follows_the_clock_and_the_runs_ahead() -> None:
    queue, clock = queue_of()
    queue.join(60)
    clock.now = 10
    queue.join(30)
    third, fourth, fifth = (queue.join(100) for _ in range(3))
    clock.now = 20
    assert third.wait == 20  # the second run has 20 s left, the first 40 s
    assert fourth.wait == 40
    assert fifth.wait == 120  # after the third, which starts at 20 and takes 100


def test_the_wait_follows_what_is_expected_and_what_progress_leaves() -> None:
    queue, clock = queue_of(1)
    first = queue.join(120, expected=30)
    second = queue.join(120, expected=20)
    third = queue.join(120, expected=20)
    assert (second.wait, third.wait) == (30, 50)
    clock.now = 10
    first.measure(5.0)
    assert (second.wait, third.wait) == (5, 25)


def test_the_wait_learns_from_how_long_runs_really_took() -> None:
    queue, clock = queue_of(1)
    for _ in range(12):
        queue.join(120, expected=20)
        clock.now += 30
        queue.leave(queue.slots[0], finished=True)
    queue.join(120, expected=20)
    assert queue.join(120, expected=20).wait == pytest.approx(30, rel=0.05)


def test_the_wait_learns_how_long_a_process_takes_to_start() -> None:
    queue, clock = queue_of(1)
    for _ in range(15):
        queue.join(120, expected=0.1)
        clock.now += 2.1
        queue.leave(queue.slots[0], finished=True)
    slots = [queue.join(120, expected=0.1) for _ in range(6)]  # two run at once, being short
    assert [slot.wait for slot in slots] == pytest.approx([0, 0, 2.1, 2.1, 4.2, 4.2], rel=0.1)


def test_a_short_run_never_waits_for_a_long_one() -> None:
    queue, clock = queue_of()
    long = [queue.join(120, expected=100) for _ in range(6)]
    clock.now = 1
    short = [queue.join(120, expected=3) for _ in range(3)]
    assert short[0].started == 1
    assert [slot.wait for slot in short] == [0, 3, 6]
    started = play(queue, clock, {**dict.fromkeys(long, 100.0), **dict.fromkeys(short, 3.0)})
    assert [started[slot] for slot in short] == [1, 4, 7]


def test_long_runs_take_no_more_places_than_there_are() -> None:
    queue, _ = queue_of()
    for _ in range(6):
        queue.join(120, expected=SHORT + 1)
    assert len(queue.running) == 2
    for _ in range(6):
        queue.join(120, expected=SHORT)
    assert len(queue.running) == 3


def test_a_long_run_is_not_starved_by_short_ones() -> None:
    queue, clock = queue_of()
    for _ in range(3):
        queue.join(120, expected=5)
    long = queue.join(120, expected=100)
    while long.started is None:
        assert clock.now < OVERDUE + 10
        clock.now += 5
        for slot in queue.running:
            queue.leave(slot, finished=True)
            queue.join(120, expected=5)  # there is always another short one
    assert clock.now >= OVERDUE


def test_a_client_with_many_runs_lets_others_go_first() -> None:
    queue, _ = queue_of()
    crowd = [queue.join(120, 100, "busy") for _ in range(20)]
    other = queue.join(120, 100, "other")
    assert other.ahead == 1
    queue.leave(crowd[0])
    assert not other.waiting
    assert crowd[2].waiting


def test_a_client_takes_half_of_the_places_at_most() -> None:
    queue = TrainingQueue(runs_at_once=1, max_waiting=10)
    for _ in range(6):
        queue.join(60, client="busy")
    with pytest.raises(QueueFullError, match="try again"):
        queue.join(60, client="busy")
    for number in range(5):
        queue.join(60, client=f"client {number}")


@pytest.mark.parametrize("seed", range(5))
def test_the_wait_that_is_shown_is_the_wait_that_comes(seed: int) -> None:
    """Real lengths differ from the expected ones by up to a tenth either way."""
    dice, (queue, clock) = random.Random(seed), queue_of()
    real: dict[Slot, float] = {}
    for _ in range(25):
        expected = dice.choice([2.0, 4.0, 9.0, 40.0, 100.0])
        slot = queue.join(120, expected, f"client {dice.randrange(8)}")
        real[slot] = expected * dice.uniform(0.9, 1.1)
    shown = {slot: slot.wait for slot in queue.slots}
    for slot, at in play(queue, clock, real).items():
        assert shown[slot] == pytest.approx(at, rel=0.2, abs=2.0)


def test_leaving_frees_the_slot_for_the_next() -> None:
    queue, _ = queue_of(1)
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
    queue, _ = queue_of()
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


def test_the_wait_learns_how_long_a_run_takes_to_start_and_to_end() -> None:
    queue, clock = queue_of(1)
    slot = queue.join(120, expected=20, clocked=True)
    clock.now = 3
    slot.begin()
    slot.measure(20)
    clock.now = 24  # a second later than its progress said
    queue.leave(slot, finished=True)
    queue.join(120, expected=20, clocked=True)
    assert queue.join(120, expected=20).wait == pytest.approx(3 + 20 + 1)


def test_a_clocked_run_takes_as_long_as_it_says_however_slow_the_machine_is() -> None:
    queue, clock = queue_of(1)
    for clocked in (False, True):
        slot = queue.join(120, expected=20, clocked=clocked)
        clock.now += 20 if clocked else 60
        queue.leave(slot, finished=True)
    queue.join(120, expected=20, clocked=True)
    assert queue.join(120, expected=20).wait == pytest.approx(20)


def test_a_process_that_is_late_to_start_tells_what_the_others_will_need() -> None:
    clock = Clock()
    queue = TrainingQueue(1, clock=clock, startup=1.0)
    first = queue.join(120, expected=20)
    waiting = queue.join(120, expected=20)
    last = queue.join(120, expected=20)
    assert last.wait == pytest.approx(2 * 21)
    clock.now = 4  # its process has not started yet
    assert first.begun is None
    assert last.wait - waiting.wait == pytest.approx(4 + 20)


def test_the_time_of_a_run_begins_when_its_process_trains() -> None:
    clock = Clock()
    slot = TrainingQueue(1, clock=clock).join(10)
    clock.now = 30  # a busy machine
    assert (slot.used, slot.trained) == (30, 0)
    slot.begin()
    clock.now = 34
    assert slot.trained == 4
