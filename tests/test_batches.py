"""How a text is cut: every symbol is read, in its place, and step k alone decides."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn.training.batches import Streams, Windows, shrink_to_text


@settings(deadline=None)
@given(st.integers(2, 300), st.integers(1, 8), st.integers(0, 40))
def test_streams_read_on_where_they_stopped(length, N, T):
    ids = np.arange(length)
    N, T = shrink_to_text(length, N, T)
    streams = Streams(ids, N, T)
    windows = [streams.window(k) for k in range(len(streams))]
    x = np.concatenate([w.x for w in windows])  # (part, N)
    part = (length - 1) // N
    np.testing.assert_array_equal(x, np.arange(part)[:, None] + part * np.arange(N))
    np.testing.assert_array_equal(np.concatenate([w.y for w in windows]), x + 1)
    assert [w.first for w in windows] == [k == 0 for k in range(len(streams))]
    again = streams.window(len(streams))
    np.testing.assert_array_equal(again.x, windows[0].x)
    assert again.first


@settings(deadline=None)
@given(st.integers(2, 200), st.integers(1, 8), st.integers(1, 20), st.integers(1, 25))
def test_windows_start_every_stride_once_an_epoch(length, N, T, stride):
    N, T = shrink_to_text(length, N, T)
    windows = Windows(np.arange(length), N, T, stride, random_seed=1)
    read = [windows.window(k) for k in range(len(windows))]
    starts = np.concatenate([w.x[0] for w in read])
    assert sorted(starts) == list(range(0, length - T, stride))
    for w in read:
        np.testing.assert_array_equal(w.x, w.x[0] + np.arange(T)[:, None])
        np.testing.assert_array_equal(w.y, w.x + 1)


def test_each_epoch_has_an_order_of_its_own_that_is_drawn_again_alike():
    ids = np.arange(100)
    one, two = Windows(ids, 99, 1, 1, 5), Windows(ids, 99, 1, 1, 5)
    np.testing.assert_array_equal(one.window(1).x, two.window(1).x)
    assert (one.window(0).x != one.window(1).x).any()


@pytest.mark.parametrize(
    ("length", "N", "T", "expected"),
    [
        (1000, 16, 32, (16, 32)),
        (100, 16, 32, (3, 32)),
        (20, 16, 32, (1, 19)),
        (2, 16, 32, (1, 1)),
        (36, 4, 0, (1, 35)),
    ],
)
def test_a_batch_shrinks_to_its_text(length, N, T, expected):
    assert shrink_to_text(length, N, T) == expected


@pytest.mark.parametrize("length", [0, 1])
def test_a_text_needs_two_symbols(length):
    with pytest.raises(ValueError, match="at least 2"):
        shrink_to_text(length, 16, 32)


@pytest.mark.parametrize(
    "batches", [Streams(np.arange(41), 2, 5), Windows(np.arange(41), 2, 5, 5, 0)]
)
def test_first_marks_the_first_window_of_every_epoch(batches):
    assert len(batches) > 2
    first = [batches.window(step).first for step in range(2 * len(batches))]
    assert first == ([True] + [False] * (len(batches) - 1)) * 2


def test_every_stream_that_has_room_is_kept():
    assert shrink_to_text(9, 4, 2) == (4, 2)
    assert shrink_to_text(8, 4, 2) == (3, 2)
    assert shrink_to_text(9, 1, 0) == (1, 8)
    with pytest.raises(ValueError, match="at least 2 characters"):
        shrink_to_text(1, 1, 1)
