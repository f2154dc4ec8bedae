"""At which moments repeats may be sent, and what is remembered for it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from agcod_guard.capture import pacing
from agcod_guard.capture.pacing import CALLS_PER_S, FirstSent, Pace

moments = st.floats(0, 1e9, allow_nan=False)


@given(wanted=st.lists(st.tuples(moments, st.floats(0, 30)), min_size=1))
def test_no_moment_is_given_twice_and_none_outside_its_bounds(wanted):
    pace, given_s = Pace(), []
    for from_s, for_s in wanted:
        at_s = pace.reserve("Acmes", from_s, from_s + for_s)
        if at_s is not None:
            assert from_s - 1e-6 <= at_s <= from_s + for_s + 1e-6
            given_s.append(at_s)

    assert len(given_s) == len(set(given_s))


def test_never_more_than_ten_repeats_begin_in_a_second():
    pace = Pace()

    given_s = [pace.reserve("Acmes", 100.0, 130.0) for _ in range(400)]

    told_s = [at_s for at_s in given_s if at_s is not None]
    assert len(told_s) == 30 * CALLS_PER_S + 1
    for at_s in told_s:
        assert sum(at_s <= other_s < at_s + 1 for other_s in told_s) <= CALLS_PER_S


def test_a_repeat_leaves_room_for_the_calls_that_are_made_now():
    pace = Pace()
    pace.sent("Acmes", 100.0)

    assert pace.reserve("Acmes", 100.0, 130.0) == 100.1


def test_accounts_do_not_share_a_rate():
    pace = Pace()
    pace.reserve("Acmes", 100.0, 130.0)

    assert pace.reserve("Other", 100.0, 130.0) == 100.0


def test_threads_never_get_the_same_moment():
    pace, together = Pace(), threading.Barrier(8)

    def reserve(_):
        together.wait(5)
        return [pace.reserve("Acmes", 100.0, 200.0) for _ in range(50)]

    with ThreadPoolExecutor(8) as pool:
        given_s = [at_s for each in pool.map(reserve, range(8)) for at_s in each]

    assert len(set(given_s)) == 400


def test_the_past_is_forgotten(monkeypatch):
    monkeypatch.setattr(pacing, "_MOST_SLOTS", 20)
    pace = Pace()

    for second in range(1_000):
        pace.sent("Acmes", float(second))

    assert len(pace._taken) <= 21


def test_the_first_time_of_an_order_counts():
    first_sent = FirstSent()

    assert first_sent.of("Acmes", "Acmes1", 100.0) == 100.0
    assert first_sent.of("Acmes", "Acmes1", 200.0) == 100.0
    assert first_sent.of("Other", "Acmes1", 200.0) == 200.0


def test_only_so_many_orders_are_remembered(monkeypatch):
    monkeypatch.setattr(pacing, "MOST_ORDERS", 3)
    first_sent = FirstSent()

    for number in range(10):
        first_sent.of("Acmes", f"Acmes{number}", float(number))

    assert first_sent.of("Acmes", "Acmes9", 99.0) == 9.0
    assert first_sent.of("Acmes", "Acmes0", 99.0) == 99.0
