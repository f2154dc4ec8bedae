"""Orders in doubt as a spreadsheet."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

from msgspec.structs import replace

from agcod_guard.incident.doubt import DoubtfulOrder
from agcod_guard.incident.doubt_table import CELLS, orders_csv

START_S = 1_795_346_105.0
ORDER = DoubtfulOrder(
    account="Acmes",
    endpoint="eu",
    operation="CreateGiftCard",
    request_id="Acmes33245001H2",
    why="no response: ReadTimeout after 6.0 s",
    first_at_s=START_S,
    last_at_s=START_S + 6.0,
    attempts=2,
    amount=Decimal("25.00"),
    currency="GBP",
)


def rows_of(
    *orders: DoubtfulOrder, now_s: float = START_S + 60
) -> list[dict[str, str]]:
    remark, table = orders_csv(orders, now_s=now_s).split("\n", 1)
    assert remark.startswith(
        "# Orders whose outcome is unknown, as of 2026-11-22 11:16"
    )
    return list(csv.DictReader(io.StringIO(table)))


def test_a_row_has_every_fact_that_finance_asks_for():
    (row,) = rows_of(ORDER)

    assert row == {
        "request_id": "Acmes33245001H2",
        "partner_id": "Acmes",
        "endpoint": "eu",
        "operation": "CreateGiftCard",
        "amount": "25.00",
        "currency": "GBP",
        "card_serial": "",
        "first_attempt": "2026-11-22 11:15:05 GMT",
        "last_attempt": "2026-11-22 11:15:11 GMT",
        "attempts": "2",
        "what_came": "no response: ReadTimeout after 6.0 s",
        "can_be_undone_until": "2026-11-22 11:30:05 GMT",
        "state": "in doubt",
        "known_since": "",
        "what_to_do": "send CreateGiftCard again with the same request id; or, if "
        "nobody wants it any more, CancelGiftCard it in time",
    }


def test_an_order_whose_outcome_is_known_says_what_told_it():
    (row,) = rows_of(replace(ORDER, closed_at_s=START_S + 30, closed_by="SUCCESS"))

    assert row["state"] == "known: SUCCESS"
    assert row["known_since"] == "2026-11-22 11:15:35 GMT"
    assert row["what_to_do"] == ""


def test_an_id_cannot_start_a_formula():
    (row,) = rows_of(replace(ORDER, request_id="=1+1"))

    assert row["request_id"] == "'=1+1"


def test_without_orders_there_are_only_the_names_of_the_columns():
    assert rows_of() == []
    assert orders_csv([], now_s=START_S).splitlines()[1] == ",".join(CELLS)
