"""`agcod-guard calls`: recorded calls, the newest last."""

from __future__ import annotations

import json
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, TextIO

import click

from agcod_guard.call import UNKNOWN_ACCOUNT, Call, Outcome
from agcod_guard.cli.options import with_folder, with_json
from agcod_guard.cli.tables import print_table
from agcod_guard.cli.times import iso, moment, with_iso
from agcod_guard.data_folder import DataFolder, policy_in_force
from agcod_guard.frames import Sample
from agcod_guard.journal.recollection import CLOCK_STEP_S, Recollection, Told
from agcod_guard.telemetry.observers import Observers

_TITLES = ("ended", "took", "scope", "operation", "request id", "outcome", "error")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which calls to list; None wants any.

    Attributes:
        since_s: Ended at or after this wall time.
        until_s: Ended before this wall time.
        account: Of this account; `unknown` for calls that carry none.
        endpoint: At this endpoint, `eu` or `na-sandbox`.
        operation: Of this operation.
        outcome: With this outcome.
        request_id: With this request id.
        error: With these words in the error or its message, in any case.
        limit: The newest so many; 0 for all.
    """

    since_s: float | None = None
    until_s: float | None = None
    account: str | None = None
    endpoint: str | None = None
    operation: str | None = None
    outcome: str | None = None
    request_id: str | None = None
    error: str | None = None
    limit: int = 50

    def wants(self, call: Call) -> bool:
        """Return whether the call is one of those; its time is not looked at."""
        return all(
            wanted is None or wanted == found
            for wanted, found in (
                (self.account, call.partner_id or UNKNOWN_ACCOUNT),
                (self.endpoint, str(call.endpoint)),
                (self.operation, call.operation),
                (self.outcome, call.outcome.value),
                (self.request_id, call.request_id),
            )
        ) and (self.error is None or self.error.casefold() in _words(call))


@click.command(epilog="Example: agcod-guard calls --since 15m --error F500")
@with_folder
@click.option(
    "--since",
    "since_s",
    callback=moment,
    default="1d",
    show_default=True,
    help="Ended since then: 2026-11-22T11:15, or 15m for so long ago.",
)
@click.option("--until", "until_s", callback=moment, help="Ended before; the same.")
@click.option("--account", help="Partner id; `unknown` for calls without one.")
@click.option("--endpoint", help="Such as eu or na-sandbox.")
@click.option("--operation", help="Such as CreateGiftCard.")
@click.option("--outcome", type=click.Choice([*Outcome], case_sensitive=False))
@click.option("--request-id", help="The partner's own id of an order.")
@click.option("--error", help="Words of the error, such as F500.")
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=50,
    show_default=True,
    help="The newest so many; 0 for all.",
)
@with_json
def calls(folder: DataFolder, *, as_json: bool, **wanted: Any) -> int:
    """List recorded calls in the order of their end, the newest last.

    A call that has not ended is listed once it is overdue, as no answer yet; if
    it ends after all it is listed again. With --json, one object a line.
    """
    return list_calls(folder, Wanted(**wanted), sys.stdout, as_json=as_json)


def list_calls(
    folder: DataFolder, wanted: Wanted, out: TextIO, *, as_json: bool = False
) -> int:
    """Print the calls that are wanted, the newest last, in bounded memory.

    Returns:
        Exit code: 0, also when there are none.

    Raises:
        DataError: The journal cannot be read.
    """
    found = newest(found_calls(folder, wanted), wanted.limit)
    if as_json:
        for told in found:
            print(json.dumps(call_facts(told)), file=out)
    elif not print_table(out, _TITLES, map(_row, found)):
        print(_nothing_found(folder, wanted), file=out)
    return 0


def found_calls(folder: DataFolder, wanted: Wanted) -> Iterator[Told]:
    """Yield the calls that are wanted, in the order of their end, all of them.

    Raises:
        DataError: The journal cannot be read.
    """
    since_s = float("-inf") if wanted.since_s is None else wanted.since_s
    until_s = float("inf") if wanted.until_s is None else wanted.until_s
    journal = Recollection(
        reader=folder.reader(Observers()),
        header=folder.header(),
        policy=policy_in_force(folder),
        all_ends=True,
    )
    facts = journal.facts(
        since_s - CLOCK_STEP_S,
        folder.clock.wall_s(),
        until_s=until_s + CLOCK_STEP_S,
    )
    calls = (fact for fact in facts if not isinstance(fact, Sample))
    for told in takewhile(lambda told: told.call.ended_at_s < until_s, calls):
        if told.call.ended_at_s >= since_s and wanted.wants(told.call):
            yield told


def newest(calls: Iterable[Told], limit: int) -> Iterable[Told]:
    """Return the last `limit` calls; all of them, as they come, for 0."""
    return deque(calls, maxlen=limit) if limit else calls


def call_facts(told: Told) -> dict[str, Any]:
    """Return a call as a JSON object; `docs/command-line.md` has the keys."""
    call = told.call
    return with_iso(
        {
            "call_id": call.call_id,
            "started_at_s": call.started_at_s,
            "ended_at_s": call.ended_at_s,
            "duration_s": call.duration_s,
            "has_ended": told.has_ended,
            "account": call.partner_id,
            "endpoint": str(call.endpoint),
            "operation": call.operation,
            "request_id": call.request_id,
            "outcome": call.outcome.value,
            "error": call.error,
            "error_code": call.error_code,
            "error_type": call.error_type,
            "message": call.message,
            "status": call.status,
            "amzn_request_id": call.amzn_request_id,
            "amount": None if call.amount is None else str(call.amount),
            "currency": call.currency,
            "card_serial": call.card_serial,
            "attempts": call.attempts,
            "source": call.source,
            "probe": call.probe,
        }
    )


def _nothing_found(folder: DataFolder, wanted: Wanted) -> str:
    where = f"No such call in {folder.settings.data_dir}/journal"
    if wanted.since_s is None:
        return f"{where}."
    return f"{where} since {iso(wanted.since_s)}; --since 30d looks further back."


def _words(call: Call) -> str:
    return f"{call.error or ''} {call.message or ''}".casefold()


def _row(told: Told) -> tuple[str | None, ...]:
    call, has_ended = told
    return (
        iso(call.ended_at_s) if has_ended else "no answer yet",
        f"{call.duration_s:.3f} s",
        str(call.scope),
        call.operation,
        call.request_id,
        call.outcome.value,
        call.error if has_ended else f"sent {iso(call.started_at_s)}",
    )
