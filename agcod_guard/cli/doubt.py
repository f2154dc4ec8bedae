"""`agcod-guard doubt`: the orders of which nobody knows the outcome."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

import click

from agcod_guard.cli.options import with_folder, with_json
from agcod_guard.cli.standing import on_record_s
from agcod_guard.cli.tables import print_table
from agcod_guard.cli.times import iso, with_iso
from agcod_guard.data_folder import DataFolder, orders_in, policy_in_force
from agcod_guard.incident.doubt import DoubtfulOrder, advice
from agcod_guard.incident.doubt_table import orders_csv
from agcod_guard.incident.layout import count, length, listed, money

_TITLES = (
    "request id",
    "operation",
    "amount",
    "since",
    "attempts",
    "undo",
    "what came",
)


@click.command(epilog="Example: agcod-guard doubt --csv orders.csv")
@with_folder
@click.option("--account", help="Only those of one partner id.")
@click.option("--all", "with_closed", is_flag=True, help="Also those known by now.")
@click.option(
    "--csv",
    "csv_path",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    help="Write a spreadsheet; - for the standard output.",
)
@with_json
def doubt(
    folder: DataFolder,
    *,
    account: str | None,
    with_closed: bool,
    csv_path: Path | None,
    as_json: bool,
) -> int:
    """List the orders whose outcome is unknown, and what to do about each.

    An order is in doubt after a time-out, a broken connection or an unreadable
    answer, or when its process died: Amazon may have carried it out. It leaves the
    list by itself when a later answer for its request id tells.
    """
    policy = policy_in_force(folder)
    orders = [
        each
        for each in orders_in(folder, policy=policy, only_open=not with_closed)
        if account in (None, each.account)
    ]
    now_s = on_record_s(folder, folder.clock.wall_s())
    if csv_path is not None:
        return write_csv(orders, csv_path, sys.stdout, now_s=now_s)
    return show_orders(orders, sys.stdout, now_s=now_s, as_json=as_json)


def show_orders(
    orders: Sequence[DoubtfulOrder],
    out: TextIO,
    *,
    now_s: float,
    as_json: bool = False,
) -> int:
    """Print the orders, what they are worth, and what to do.

    Returns:
        Exit code: 0, whether there are any or not.
    """
    if as_json:
        facts = [order_facts(each, now_s=now_s) for each in orders]
        print(json.dumps({"orders": facts}), file=out)
        return 0
    if not orders:
        print("No order is in doubt.", file=out)
        return 0
    print_table(out, _TITLES, (_row(each, now_s) for each in orders))
    in_doubt = [each for each in orders if each.closed_at_s is None]
    for line in (_total(in_doubt), *_what_to_do(in_doubt, now_s)):
        print(line, file=out)
    return 0


def write_csv(
    orders: Sequence[DoubtfulOrder], path: Path, out: TextIO, *, now_s: float
) -> int:
    """Write the orders to a file, or to `out` if the path is `-`.

    Returns:
        Exit code: 0.

    Raises:
        OSError: The file cannot be written; an older one still stands.
    """
    text = orders_csv(orders, now_s=now_s)
    if path == Path("-"):
        out.write(text)
        return 0
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.touch(0o600)  # amounts and ids are nobody else's business
    temporary.write_text(text, "utf-8")
    temporary.replace(path)
    print(f"{count(len(orders), 'order')} written to {path}.", file=out)
    return 0


def order_facts(order: DoubtfulOrder, *, now_s: float) -> dict[str, Any]:
    """Return an order as a JSON object; `docs/command-line.md` has the keys."""
    is_open = order.closed_at_s is None
    return with_iso(
        {
            "account": order.account,
            "endpoint": order.endpoint,
            "operation": order.operation,
            "request_id": order.request_id,
            "amount": None if order.amount is None else str(order.amount),
            "currency": order.currency,
            "card_serial": order.card_serial,
            "why": order.why,
            "first_at_s": order.first_at_s,
            "last_at_s": order.last_at_s,
            "attempts": order.attempts,
            "under_way": len(order.unended),
            "undo": order.undo,
            "undo_until_s": order.undo_until_s,
            "closed_at_s": order.closed_at_s,
            "closed_by": order.closed_by or None,
            "advice": advice(order, now_s) if is_open else None,
        }
    )


def _row(order: DoubtfulOrder, now_s: float) -> tuple[str | None, ...]:
    worth = None if order.amount is None else money(order.amount, order.currency)
    is_open = order.closed_at_s is None
    return (
        order.request_id,
        order.operation,
        worth,
        iso(order.first_at_s),
        str(order.attempts),
        _time_left(order, now_s) if is_open else None,
        order.why
        if is_open
        else f"known since {iso(order.closed_at_s)}: {order.closed_by}",
    )


def _time_left(order: DoubtfulOrder, now_s: float) -> str:
    until_s = order.undo_until_s
    if until_s is None:
        return "-"
    return f"{length(until_s - now_s)} left" if now_s < until_s else "too late"


def _total(orders: Sequence[DoubtfulOrder]) -> str:
    """Return how many orders are in doubt, and what they are worth."""
    worth: dict[str, Any] = {}
    for each in orders:
        if each.amount is not None:
            currency = each.currency or ""
            worth[currency] = worth.get(currency, 0) + each.amount
    sums = listed(money(amount, name) for name, amount in sorted(worth.items()))
    return f"{count(len(orders), 'order')} in doubt{f', worth {sums}' if sums else ''}."


def _what_to_do(orders: Sequence[DoubtfulOrder], now_s: float) -> list[str]:
    """Return each different advice once."""
    told = dict.fromkeys(f"{each.operation}: {advice(each, now_s)}." for each in orders)
    return list(told)
