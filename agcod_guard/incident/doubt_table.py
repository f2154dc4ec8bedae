"""Write orders in doubt as rows, for finance's spreadsheet. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from agcod_guard.incident.doubt import DoubtfulOrder, advice
from agcod_guard.incident.layout import gmt, identifier, plain
from agcod_guard.incident.rows import csv_line

CELLS = (
    "request_id",
    "partner_id",
    "endpoint",
    "operation",
    "amount",
    "currency",
    "card_serial",
    "first_attempt",
    "last_attempt",
    "attempts",
    "what_came",
    "can_be_undone_until",
    "state",
    "known_since",
    "what_to_do",
)
"""Column names, in order."""


def orders_csv(orders: Iterable[DoubtfulOrder], *, now_s: float) -> str:
    """Return the whole file: a remark, column names, a row an order.

    Args:
        orders: In the order of the rows.
        now_s: The present, seconds since the epoch; decides what can be undone.
    """
    remark = (
        f"# Orders whose outcome is unknown, as of {gmt(now_s)}. All times are GMT. "
        "A cell with ' before = + - @ or ' has it added.\n"
    )
    rows = (csv_line(_cells(order, now_s)) for order in orders)
    return "".join((remark, csv_line(CELLS), *rows))


def _cells(order: DoubtfulOrder, now_s: float) -> tuple[str, ...]:
    undo_until_s, closed_at_s = order.undo_until_s, order.closed_at_s
    is_open = closed_at_s is None
    return (
        identifier(order.request_id),
        identifier(order.account),
        identifier(order.endpoint),
        identifier(order.operation),
        "" if order.amount is None else str(order.amount),
        identifier(order.currency or ""),
        identifier(order.card_serial or ""),
        gmt(order.first_at_s),
        gmt(order.last_at_s),
        str(order.attempts),
        plain(order.why),
        "" if undo_until_s is None else gmt(undo_until_s),
        "in doubt" if is_open else f"known: {plain(order.closed_by)}",
        "" if closed_at_s is None else gmt(closed_at_s),
        advice(order, now_s) if is_open else "",
    )
