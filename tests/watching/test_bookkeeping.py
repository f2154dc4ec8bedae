"""The books of orders in doubt and of troubles, as the frames of the journal tell."""

from __future__ import annotations

from decimal import Decimal
from itertools import count

import msgspec
import pytest

from agcod_guard.call import Outcome
from agcod_guard.frames import Begin, End, Frame
from agcod_guard.journal.stream import Taken, event_of
from agcod_guard.ports import NO_BOOKS
from agcod_guard.watching.bookkeeping import Bookkeeper, BooksState

OVERDUE_S = 60.0
EPOCH_S = 1_795_346_000.0

_ids = count(1)


def begin(**changes: object) -> Begin:
    facts: dict[str, object] = {
        "call_id": f"{next(_ids):016x}",
        "wall_ns": 0,
        "mono_ns": 0,
        "account": "Acmes",
        "endpoint": "eu",
        "operation": "CreateGiftCard",
        "request_id": "Acmes1",
        "amount": Decimal("25.00"),
        "currency": "GBP",
    }
    return Begin(**(facts | changes))  # type: ignore[arg-type]


def end(begun: Begin, outcome: Outcome = Outcome.SUCCESS, **changes: object) -> End:
    facts = {name: getattr(begun, name) for name in Begin.__struct_fields__} | {
        "outcome": outcome,
        "duration_s": 1.0,
    }
    return End(**(facts | changes))  # type: ignore[arg-type]


def taken(*frames: tuple[float, Frame]) -> list[Taken]:
    found = []
    for at_s, frame in frames:
        event = event_of(frame, at_s, source="shop-1")
        assert event is not None
        found.append(Taken(event, frame, "shop-1", "a.seg", 0))
    return found


def bookkeeper(**known: object) -> Bookkeeper:
    return Bookkeeper(lambda at_s: at_s + EPOCH_S, overdue_s=OVERDUE_S, **known)  # type: ignore[arg-type]


def test_a_call_without_an_answer_is_a_row_and_its_answer_closes_it():
    first, again = begin(), begin()
    kept = bookkeeper()

    kept.follow(
        taken((0.0, first), (6.0, end(first, Outcome.NO_ANSWER, duration_s=6.0))), 6.0
    )
    (doubted,) = kept.changed().orders
    kept.forget_changed()
    kept.follow(taken((60.0, again), (61.0, end(again))), 61.0)

    assert (doubted.first_at_s, doubted.last_at_s) == (EPOCH_S, EPOCH_S + 6.0)
    (closed,) = kept.changed().orders
    assert (closed.closed_at_s, closed.closed_by) == (EPOCH_S + 61.0, "SUCCESS")


def test_a_call_whose_process_died_is_in_doubt_once_it_is_overdue():
    kept = bookkeeper()

    kept.follow(taken((0.0, begin())), 59.9)
    assert kept.changed() == NO_BOOKS
    kept.follow([], 60.0)

    (order,) = kept.changed().orders
    assert order.why == "no end recorded: it hangs, or its process died"
    assert order.first_at_s == EPOCH_S


def test_a_restart_knows_the_calls_that_were_under_way():
    before = bookkeeper()
    before.follow(taken((0.0, begin())), 30.0)
    state = msgspec.json.decode(msgspec.json.encode(before.at_rest()), type=BooksState)

    after = bookkeeper(state=state)
    after.follow([], 60.0)

    assert [each.request_id for each in after.changed().orders] == ["Acmes1"]


def test_a_restart_knows_the_orders_that_were_in_doubt():
    lost, again = begin(), begin()
    before = bookkeeper()
    before.follow(taken((0.0, lost), (6.0, end(lost, Outcome.NO_ANSWER))), 6.0)

    after = bookkeeper(books=before.changed())
    after.follow(taken((60.0, again), (61.0, end(again))), 61.0)

    assert [each.closed_by for each in after.changed().orders] == ["SUCCESS"]


@pytest.mark.parametrize("operation", ["CreateGiftCard", "GetAvailableFunds"])
def test_a_refusal_for_the_account_is_a_trouble_whatever_was_asked(operation):
    asked = begin(operation=operation)
    kept = bookkeeper()

    kept.follow(
        taken(
            (
                1.0,
                end(
                    asked,
                    Outcome.ACCOUNT,
                    error_code="F300",
                    error_type="InsufficientFunds",
                ),
            )
        ),
        1.0,
    )

    (trouble,) = kept.changed().troubles
    assert (trouble.error, trouble.calls) == ("F300 InsufficientFunds", 1)
    assert kept.changed().orders == ()


@pytest.mark.parametrize(
    "harmless", [{"operation": "GetAvailableFunds"}, {"probe": True}]
)
def test_calls_that_change_nothing_are_never_in_doubt(harmless):
    asked = begin(**harmless)
    kept = bookkeeper()

    kept.follow(taken((0.0, asked), (6.0, end(asked, Outcome.NO_ANSWER))), 999.0)
    kept.follow(taken((1000.0, begin(**harmless))), 2000.0)

    assert kept.changed() == NO_BOOKS
