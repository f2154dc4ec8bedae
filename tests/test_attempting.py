"""What an attempt lets out: this order, and whatever only reads."""

from __future__ import annotations

import threading

import pytest

from agcod_guard.attempting import Order, Try, tries_here
from agcod_guard.call import Outcome
from agcod_guard.errors import ChangedRequestIdError
from agcod_guard.frames import Begin, End


def begun(
    request_id="Acmes1", operation="CreateGiftCard", account="Acmes", endpoint="eu"
):
    return Begin(
        call_id="0" * 16,
        wall_ns=0,
        mono_ns=0,
        account=account,
        endpoint=endpoint,
        operation=operation,
        request_id=request_id,
    )


def ended(operation="CreateGiftCard", outcome=Outcome.FAULT):
    return End(
        call_id="0" * 16,
        wall_ns=0,
        mono_ns=0,
        account="Acmes",
        endpoint="eu",
        operation=operation,
        duration_s=0.1,
        outcome=outcome,
    )


@pytest.fixture
def told():
    return []


@pytest.fixture
def order(told):
    return Order(told.append)


def test_outside_of_attempts_there_are_none():
    assert tries_here() == ()


def test_attempts_may_stand_within_attempts(order):
    outer, inner = Try(order), Try(Order(lambda begun: None))

    with outer:
        with inner:
            assert tries_here() == (outer, inner)
        assert tries_here() == (outer,)


def test_an_attempt_is_one_threads_own(order):
    seen = []
    with Try(order):
        thread = threading.Thread(target=lambda: seen.append(tries_here()))
        thread.start()
        thread.join()

    assert seen == [()]


def test_a_first_attempt_lets_everything_out(order, told):
    with Try(order):
        [attempt] = tries_here()
        for request_id in ("Acmes1", "Acmes2", None):
            attempt.admit(begun(request_id))

    assert list(order.sent_as) == [("Acmes1", "Acmes/eu"), ("Acmes2", "Acmes/eu")]
    assert order.unreadable
    assert len(told) == attempt.sent == 3


@pytest.mark.parametrize("request_id", ["Acmes2", "acmes1", "Acmes1 ", None])
def test_a_repeat_lets_no_other_order_out(order, told, request_id):
    first, repeat = Try(order), Try(order)
    with first:
        first.admit(begun())

    with repeat, pytest.raises(ChangedRequestIdError):
        repeat.admit(begun(request_id))

    assert (repeat.sent, len(told)) == (0, 1)


@pytest.mark.parametrize("elsewhere", [{"endpoint": "na"}, {"account": "Other"}])
def test_a_repeat_goes_nowhere_else_with_the_same_id(order, told, elsewhere):
    first, repeat = Try(order), Try(order)
    with first:
        first.admit(begun())

    with repeat, pytest.raises(ChangedRequestIdError) as caught:
        repeat.admit(begun(**elsewhere))

    assert (repeat.sent, len(told)) == (0, 1)
    assert "request id Acmes1 of Acmes/eu and would be" in str(caught.value)
    assert f"Acmes1 of {caught.value.refused_scope}, which" in str(caught.value)


def test_a_repeat_lets_a_cancel_of_the_same_order_out(order):
    first, repeat = Try(order), Try(order)
    with first:
        first.admit(begun())

    with repeat:
        repeat.admit(begun(operation="CancelGiftCard"))
        repeat.admit(begun("AcmesPage7", operation="GetGiftCardActivityPage"))

    assert repeat.sent == 2


def test_a_repeat_is_free_where_nothing_was_ordered_before(order):
    first, repeat = Try(order), Try(order)
    with first:
        first.admit(begun(None, operation="GetAvailableFunds"))

    with repeat:
        repeat.admit(begun("Acmes1"))
        with pytest.raises(ChangedRequestIdError):
            repeat.admit(begun("Acmes2"))


def test_an_attempt_that_is_over_follows_nothing(order, told):
    attempt = Try(order)
    with attempt:
        pass

    attempt.admit(begun())
    attempt.saw(ended())

    assert (attempt.sent, attempt.end, told) == (0, None, [])


def test_what_may_change_something_counts_before_what_only_reads(order):
    funds = ended("GetAvailableFunds", Outcome.SUCCESS)
    attempt = Try(order)
    with attempt:
        attempt.saw(funds)
        assert attempt.end is funds
        failed = ended()
        attempt.saw(failed)
        attempt.saw(funds)

    assert attempt.end is failed
