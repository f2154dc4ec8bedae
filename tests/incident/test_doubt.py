"""Orders of which nobody knows the outcome, and when it becomes known."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from agcod_guard.call import Call, Endpoint, Outcome
from agcod_guard.incident.doubt import (
    MOST_ORDERS,
    UNDO_WINDOW_S,
    DoubtBook,
    DoubtfulOrder,
    advice,
)

START_S = 1_795_346_105.0
EU = Endpoint("eu")


def call(outcome: Outcome = Outcome.NO_ANSWER, **changes: object) -> Call:
    known: dict[str, object] = {
        "endpoint": EU,
        "operation": "CreateGiftCard",
        "outcome": outcome,
        "started_at_s": START_S,
        "duration_s": 6.0,
        "call_id": "00000000000000a1",
        "partner_id": "Acmes",
        "request_id": "Acmes33245001H2",
        "amount": Decimal("25.00"),
        "currency": "GBP",
        "exception": "ReadTimeout" if outcome is Outcome.NO_ANSWER else None,
        "status": None if outcome is Outcome.NO_ANSWER else 200,
    }
    return Call(**(known | changes))  # type: ignore[arg-type]


def book_of(*calls: Call) -> DoubtBook:
    book = DoubtBook()
    for each in calls:
        book.follow(each)
    return book


def only_order(book: DoubtBook) -> DoubtfulOrder:
    (order,) = book.open_orders()
    return order


def test_a_call_without_an_answer_leaves_its_order_in_doubt_with_every_fact():
    order = only_order(book_of(call()))

    assert order == DoubtfulOrder(
        account="Acmes",
        endpoint="eu",
        operation="CreateGiftCard",
        request_id="Acmes33245001H2",
        why="no response: ReadTimeout after 6.0 s",
        first_at_s=START_S,
        last_at_s=START_S + 6.0,
        attempts=1,
        amount=Decimal("25.00"),
        currency="GBP",
    )
    assert order.undo_until_s == START_S + UNDO_WINDOW_S


@pytest.mark.parametrize(
    "unknown",
    [
        call(Outcome.FAULT, status=502),
        call(Outcome.FAULT, status=503, error_type="ServiceUnavailable", marked=True),
        call(Outcome.FAULT, status=500, error_code="F400", error_type="X", marked=True),
        call(Outcome.ABANDONED, status=None, exception="CancelledError"),
    ],
    ids=["an HTML page", "no F-code", "RESEND", "the caller gave up"],
)
def test_an_order_is_in_doubt_wherever_amazon_may_have_carried_it_out(unknown):
    assert only_order(book_of(unknown)).request_id == "Acmes33245001H2"


@pytest.mark.parametrize(
    "known",
    [
        call(Outcome.SUCCESS),
        call(Outcome.REJECTED, error_code="F200"),
        call(Outcome.ACCOUNT, error_code="F300"),
        call(Outcome.THROTTLED, status=429),
        call(Outcome.DENIED, status=403),
        call(Outcome.FAULT, status=500, error_code="F500"),
        call(Outcome.ABANDONED, status=400),
        call(request_id=None),
        call(operation="GetGiftCardActivityPage"),
        call(request_id="F5000"),
        call(probe=True),
    ],
)
def test_no_other_call_leaves_an_order_in_doubt(known):
    assert book_of(known).open_orders() == []


@pytest.mark.parametrize(
    ("later", "by"),
    [
        (call(Outcome.SUCCESS), "SUCCESS"),
        (
            call(Outcome.ACCOUNT, error_code="F300", error_type="InsufficientFunds"),
            "F300 InsufficientFunds",
        ),
        (call(Outcome.SUCCESS, operation="CancelGiftCard"), "CancelGiftCard succeeded"),
    ],
)
def test_a_later_answer_for_the_same_request_id_closes_the_order(later, by):
    later = replace(later, started_at_s=START_S + 60, ended_at_s=START_S + 61)

    book = book_of(call(), later)

    assert book.open_orders() == []
    (closed,) = book.changed()
    assert (closed.closed_at_s, closed.closed_by) == (START_S + 61, by)


@pytest.mark.parametrize(
    "silent",
    [
        call(Outcome.FAULT, status=500, error_code="F500"),
        call(Outcome.THROTTLED, status=429),
        call(Outcome.DENIED, status=403),
    ],
)
def test_an_answer_that_never_reached_the_order_leaves_it_in_doubt(silent):
    order = only_order(book_of(call(), silent))

    assert order.attempts == 2
    assert order.why == "no response: ReadTimeout after 6.0 s"


def test_another_request_id_account_or_endpoint_closes_nothing():
    book = book_of(
        call(),
        call(Outcome.SUCCESS, request_id="Acmes33245002H2"),
        call(Outcome.SUCCESS, partner_id="Other"),
        call(Outcome.SUCCESS, endpoint=Endpoint("na")),
    )

    assert len(book.open_orders()) == 1


def test_the_window_to_cancel_counts_from_the_first_attempt_in_doubt():
    again = call(started_at_s=START_S + 300, call_id="00000000000000a2")

    order = only_order(book_of(call(), again))

    assert order.attempts == 2
    assert order.last_at_s == START_S + 306
    assert order.undo_until_s == START_S + UNDO_WINDOW_S


def test_a_call_that_hangs_and_then_ends_is_one_attempt():
    book = DoubtBook()

    book.follow(call(duration_s=60.0), has_ended=False)
    hanging = only_order(book)
    book.follow(call(duration_s=90.0))

    assert hanging.why == "no end recorded: it hangs, or its process died"
    assert hanging.unended == ("00000000000000a1",)
    ended = only_order(book)
    assert (ended.attempts, ended.unended) == (1, ())


def test_what_has_changed_is_told_once():
    book = book_of(call())
    book.forget_changed()

    book.follow(call(Outcome.SUCCESS))

    assert [each.closed_by for each in book.changed()] == ["SUCCESS"]


def test_a_book_goes_on_from_the_orders_that_were_kept():
    kept = book_of(call()).open_orders()

    book = DoubtBook(kept)
    book.follow(call(Outcome.SUCCESS))

    assert book.open_orders() == []


def test_orders_beyond_the_bound_are_counted(monkeypatch):
    monkeypatch.setattr("agcod_guard.incident.doubt.MOST_ORDERS", 2)

    book = book_of(*(call(request_id=f"Acmes{number}") for number in range(5)))

    assert len(book.open_orders()) == 2
    assert book.passed_over == 3
    assert MOST_ORDERS >= 10 * 3600  # an hour at the rate that Amazon allows


@pytest.mark.parametrize(
    ("operation", "later_s", "words"),
    [
        ("CreateGiftCard", 60, "or, if nobody wants it any more, CancelGiftCard it"),
        ("CreateGiftCard", 901, "too late to CancelGiftCard"),
        ("ActivateGiftCard", 60, "DeactivateGiftCard it in time"),
        ("LoadAmazonBalance", 60, "VoidAmazonBalanceLoad it in time"),
        ("CancelGiftCard", 60, "the answer tells what became of it"),
    ],
)
def test_the_advice_fits_the_operation_and_the_time_left(operation, later_s, words):
    order = only_order(book_of(call(operation=operation)))

    told = advice(order, START_S + later_s)

    assert told.startswith(f"send {operation} again with the same request id")
    assert words in told
