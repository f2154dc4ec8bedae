"""The books of orders in doubt and of troubles, as the ladder keeps them."""

from __future__ import annotations

import sqlite3
from decimal import Decimal

import pytest
from msgspec.structs import replace

from agcod_guard.clock import ManualClock
from agcod_guard.incident.doubt import DoubtfulOrder
from agcod_guard.incident.troubles import AccountTrouble
from agcod_guard.ports import Books, Checkpoint
from agcod_guard.storage.ladder import SqliteLadder

KEPT = Checkpoint(boot_id="boot", state=b"{}")
ORDER = DoubtfulOrder(
    account="Acmes",
    endpoint="eu",
    operation="CreateGiftCard",
    request_id="Acmes1",
    why="no response: ReadTimeout after 6.0 s",
    first_at_s=100.0,
    last_at_s=106.0,
    attempts=1,
    amount=Decimal("25.00"),
    currency="GBP",
)
TROUBLE = AccountTrouble(
    day="2026-11-22",
    account="Acmes",
    endpoint="eu",
    error_code="F300",
    error_type="InsufficientFunds",
    operation="CreateGiftCard",
    first_at_s=100.0,
    last_at_s=200.0,
    calls=3,
)


@pytest.fixture
def ladder(tmp_path):
    return SqliteLadder(tmp_path / "data" / "ladder.sqlite", ManualClock(1000.0))


def closed(order, at_s=300.0):
    return replace(order, closed_at_s=at_s, closed_by="SUCCESS")


def test_an_order_in_doubt_comes_back_as_it_was_until_it_is_closed(ladder):
    ladder.save(KEPT, books=Books(orders=[ORDER]))
    assert ladder.orders() == [ORDER]
    assert ladder.orders_in_doubt() == {("Acmes", "eu"): 1}

    ladder.save(KEPT, books=Books(orders=[closed(ORDER)]))

    assert ladder.orders() == []
    assert ladder.orders_in_doubt() == {}
    assert ladder.orders(only_open=False) == [closed(ORDER)]


def test_orders_come_oldest_first_whenever_they_were_saved(ladder):
    older = replace(ORDER, request_id="Acmes0", first_at_s=50.0)

    ladder.save(KEPT, books=Books(orders=[ORDER]))
    ladder.save(KEPT, books=Books(orders=[older]))

    assert ladder.orders() == [older, ORDER]


def test_an_order_in_doubt_is_kept_however_many_were_closed(ladder, monkeypatch):
    monkeypatch.setattr("agcod_guard.storage.ladder.KEPT_CLOSED_ORDERS", 2)
    past = [
        closed(replace(ORDER, request_id=f"Past{number}", first_at_s=200.0 + number))
        for number in range(5)
    ]

    ladder.save(KEPT, books=Books(orders=[ORDER, *past]))

    kept = [each.request_id for each in ladder.orders(only_open=False)]
    assert kept == ["Acmes1", "Past3", "Past4"]


def test_a_trouble_replaces_what_was_known_of_the_same_error_and_day(ladder):
    ladder.save(KEPT, books=Books(troubles=[TROUBLE]))
    ladder.save(KEPT, books=Books(troubles=[replace(TROUBLE, calls=9)]))

    assert ladder.troubles() == [replace(TROUBLE, calls=9)]
    assert ladder.troubles("2026-11-23") == []


def test_troubles_of_a_season_ago_are_forgotten(ladder):
    ladder.save(KEPT, books=Books(troubles=[replace(TROUBLE, day="2026-08-01")]))

    ladder.save(KEPT, books=Books(troubles=[TROUBLE]))

    assert ladder.troubles() == [TROUBLE]


def test_the_books_are_saved_with_the_checkpoint_or_not_at_all(ladder):
    ladder.save(KEPT)
    with sqlite3.connect(ladder.path) as db:
        db.execute("DROP TABLE troubles")

    with pytest.raises(Exception, match="troubles"):
        ladder.save(KEPT, books=Books(orders=[ORDER], troubles=[TROUBLE]))

    assert ladder.orders() == []


def test_a_ladder_without_books_is_read_as_one_with_empty_books(ladder):
    ladder.save(KEPT)
    with sqlite3.connect(ladder.path) as db:
        db.executescript(
            "DROP TABLE orders; DROP TABLE troubles; PRAGMA user_version=1"
        )

    assert ladder.orders() == []
    assert ladder.orders_in_doubt() == {}
    assert ladder.troubles() == []
    ladder.save(KEPT, books=Books(orders=[ORDER]))
    assert ladder.orders() == [ORDER]


def test_a_new_version_is_a_change_and_the_same_one_is_none(ladder):
    for version in ("4.1", "4.1", "4.2"):
        ladder.note_version("your program on shop-1", version, 100.0)

    assert ladder.changes(0.0) == [
        (100.0, "your program on shop-1: version 4.1 -> 4.2 (seen by agcod-guard)")
    ]
