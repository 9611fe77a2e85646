"""Small pieces of work in threads: their order, and how far ahead of it they are begun."""
import threading
import time

import pytest
from patience import PATIENCE

from mmpconv.parallel import in_order, shown


def test_results_keep_their_order_while_few_items_are_taken_ahead():
    taken, most_ahead, lock = 0, 0, threading.Lock()

    def items():
        nonlocal taken
        for item in range(500):
            taken += 1
            yield item

    def slow_when_even(item):
        with lock:
            time.sleep(0.0001 * (item % 2))
        return -item

    for number, result in enumerate(shown(in_order(slow_when_even, items(), 2), 500, 'title')):
        assert result == -number
        most_ahead = max(most_ahead, taken - number)
    assert number == 499 and most_ahead == 2 * 4


def test_threads_work_at_the_same_time():
    together = threading.Barrier(3, timeout=PATIENCE)
    assert sorted(in_order(lambda _: together.wait(), range(3), 3)) == [0, 1, 2]


def test_an_error_comes_in_its_turn_and_ends_the_work():
    done = []

    def work(item):
        done.append(item)
        return 1 / (item - 5)

    results = in_order(work, range(1000), 1)
    assert [next(results) for _ in range(5)] == [1 / (item - 5) for item in range(5)]
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert len(done) < 20


def test_whoever_stops_early_leaves_no_work_waiting():
    begun = []
    results = in_order(lambda item: begun.append(item) or time.sleep(0.01), range(1000), 2)
    next(results)
    results.close()
    number = len(begun)
    assert number <= 8
    time.sleep(0.05)
    assert len(begun) == number
