"""Write the calls of an outage as rows of calls.csv. Pure.

No cell can start a formula: one that begins with `=`, `+`, `-`, `@` or `'` has
a `'` put before it, and only such cells have, so the original can be told.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from agcod_guard.call import Call
from agcod_guard.incident.layout import gmt_ms, identifier, plain

CELLS = (
    "started",
    "ended",
    "duration_s",
    "endpoint",
    "partner_id",
    "operation",
    "request_id",
    "outcome",
    "error",
    "http_status",
    "x_amzn_request_id",
    "amount",
    "currency",
    "card_serial",
    "attempts",
    "machine",
    "test_call",
    "message",
)
"""Column names, in order."""

_STARTS_FORMULA = ("=", "+", "-", "@", "'")


def call_row(call: Call) -> str:
    """Return one line of calls.csv, with its newline."""
    return csv_line(
        (
            gmt_ms(call.started_at_s),
            gmt_ms(call.ended_at_s),
            f"{call.duration_s:.3f}",
            identifier(str(call.endpoint)),
            identifier(call.partner_id or ""),
            identifier(call.operation),
            identifier(call.request_id or ""),
            call.outcome.value,
            plain(call.error or ""),
            "" if call.status is None else str(call.status),
            identifier(call.amzn_request_id or ""),
            "" if call.amount is None else str(call.amount),
            identifier(call.currency or ""),
            identifier(call.card_serial or ""),
            str(call.attempts),
            identifier(call.source),
            "yes" if call.probe else "no",
            plain(call.message or ""),
        )
    )


def calls_csv(first: Sequence[Call], last: Sequence[Call], *, omitted: int) -> str:
    """Return the whole file: remarks, column names, a row a call.

    Args:
        first: The earliest calls.
        last: The latest calls.
        omitted: How many calls between them are left out.
    """
    remarks = ["All times are GMT. A cell with ' before = + - @ or ' has it added."]
    if omitted:
        remarks.append(
            f"{omitted:,} calls are left out after the first {len(first):,} rows."
        )
    head = "".join(f"# {remark}\n" for remark in remarks)
    return "".join((head, csv_line(CELLS), *map(call_row, (*first, *last))))


def csv_line(cells: Sequence[str]) -> str:
    """Return one line, with its newline; no cell of it can start a formula."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow([_inert(cell) for cell in cells])
    return out.getvalue()


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_STARTS_FORMULA) else cell
