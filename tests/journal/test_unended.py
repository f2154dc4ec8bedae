"""Calls that have begun and not ended."""

from __future__ import annotations

import pytest

from agcod_guard.call import Outcome
from agcod_guard.frames import Begin, End
from agcod_guard.journal.unended import UnderWay, Unended, call_overdue

OVERDUE_S = 60.0


def begun(number: int, at_s: float) -> UnderWay:
    begin = Begin(
        call_id=f"{number:016x}",
        wall_ns=0,
        mono_ns=0,
        account="Acmes",
        endpoint="eu",
        operation="CreateGiftCard",
        request_id=f"Acmes{number}",
    )
    return UnderWay(begin, at_s, "shop-1")


def end(number: int, outcome: Outcome = Outcome.SUCCESS) -> End:
    return End(
        call_id=f"{number:016x}",
        wall_ns=0,
        mono_ns=0,
        account="Acmes",
        endpoint="eu",
        operation="CreateGiftCard",
        duration_s=1.0,
        outcome=outcome,
    )


def test_a_call_is_overdue_once_and_not_before_its_time():
    unended = Unended(OVERDUE_S)
    unended.began(begun(1, at_s=100.0))

    assert list(unended.until(159.9)) == []
    assert list(unended.until(160.0)) == [begun(1, at_s=100.0)]
    assert list(unended.until(999.0)) == []


def test_a_call_that_has_ended_is_never_overdue():
    unended = Unended(OVERDUE_S)
    unended.began(begun(1, at_s=100.0))

    assert unended.ended(end(1))
    assert list(unended.until(999.0)) == []


@pytest.mark.parametrize(
    ("outcome", "all_ends", "counts"),
    [
        (Outcome.SUCCESS, False, True),
        (Outcome.NO_ANSWER, False, False),
        (Outcome.NO_ANSWER, True, True),
    ],
)
def test_the_end_of_an_overdue_call_counts_if_it_tells_more(outcome, all_ends, counts):
    unended = Unended(OVERDUE_S, all_ends=all_ends)
    unended.began(begun(1, at_s=0.0))
    list(unended.until(60.0))

    assert unended.ended(end(1, outcome)) is counts


def test_a_restart_goes_on_with_the_calls_under_way():
    before = Unended(OVERDUE_S)
    before.began(begun(1, at_s=0.0))
    before.began(begun(2, at_s=30.0))
    list(before.until(60.0))

    after = Unended(OVERDUE_S, under_way=before.under_way())

    assert list(after.until(999.0)) == [begun(2, at_s=30.0)]


def test_calls_that_never_end_do_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr("agcod_guard.journal.unended.MOST_COUNTED", 2)
    unended = Unended(OVERDUE_S)
    for number in range(3):
        unended.began(begun(number, at_s=float(number)))
    list(unended.until(999.0))

    assert unended.ended(end(0, Outcome.NO_ANSWER))  # forgotten: counts as new
    assert not unended.ended(end(2, Outcome.NO_ANSWER))


def test_an_overdue_call_is_a_failure_without_an_answer_on_the_incidents_scale():
    call = call_overdue(begun(1, at_s=100.0), 1_000.0, overdue_s=OVERDUE_S)

    assert call.outcome is Outcome.NO_ANSWER
    assert (call.started_at_s, call.ended_at_s) == (940.0, 1_000.0)
    assert call.source == "shop-1"
