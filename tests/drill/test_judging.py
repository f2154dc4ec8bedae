"""When the machine is to blame."""

from __future__ import annotations

from dataclasses import replace

from agcod_guard.drill.judging import slowness
from agcod_guard.drill.story import REAL_TIME, STANDARD


def test_a_machine_that_keeps_up_is_not_blamed(truth):
    assert slowness(truth.attempts, STANDARD) is None
    assert slowness((), STANDARD) is None


def test_a_call_that_took_longer_than_any_may_shows_a_busy_machine(truth):
    first = replace(truth.attempts[0], started_at_s=truth.attempts[0].ended_at_s - 2.3)

    remark = slowness((first, *truth.attempts[1:]), STANDARD)

    assert "too busy" in remark
    assert "a call with a timeout of 1 s took 2.3 s" in remark
    assert "--real-time" in remark


def test_a_time_without_any_call_shows_a_busy_machine(truth, attempt):
    late = attempt(4.5, "Drill9", "SUCCESS")

    assert "for 2.5 s not one call ended" in slowness((*truth.attempts, late), STANDARD)


def test_in_real_time_the_same_is_nothing_to_speak_of(truth, attempt):
    late = attempt(4.5, "Drill9", "SUCCESS")

    assert slowness((*truth.attempts, late), REAL_TIME) is None
