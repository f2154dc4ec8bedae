"""`agcod-guard status`: what is thought of every account and endpoint now."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, TextIO

import click

from agcod_guard.cli.options import with_folder, with_json
from agcod_guard.cli.standing import Standing, standing_in
from agcod_guard.cli.tables import print_table
from agcod_guard.cli.times import iso, with_iso
from agcod_guard.data_folder import DataFolder, policy_in_force, status_in
from agcod_guard.status import ScopeStatus, Status
from agcod_guard.storage.tick_lock import is_held
from agcod_guard.telemetry.observers import Observers

_TITLES = ("scope", "phase", "since", "last success", "open incident")


@click.command(epilog="Example: agcod-guard status --json")
@with_folder
@with_json
def status(folder: DataFolder, *, as_json: bool) -> int:
    """Show what is thought of every account and endpoint now, and why.

    Reckons it from the journal, beside a guard that is at work or without one.
    Exit code 1 while an outage stands; one operation that is down is none.
    """
    return show_status(folder, sys.stdout, as_json=as_json)


def show_status(folder: DataFolder, out: TextIO, *, as_json: bool = False) -> int:
    """Print the phase of every scope, and why.

    Returns:
        Exit code: 0 when no outage stands, else 1.

    Raises:
        DataError: The data folder cannot be read.
    """
    observer = Observers()
    present = status_in(folder, policy=policy_in_force(folder), observer=observer)
    watched = is_held(folder.settings.data_dir / "tick.lock")
    pages = _pages(folder, present)
    if as_json:
        facts = status_facts(folder, present, watched=watched, pages=pages)
        print(json.dumps(facts), file=out)
    elif present.scopes:
        _print_scopes(present, out)
        for incident_id, standing in pages.items():
            print(f"{incident_id}: {standing.due.reason}", file=out)
        print(_by_whom(folder, watched=watched), file=out)
    else:
        print(_nothing_yet(folder), file=out)
    return int(present.is_outage)


def status_facts(
    folder: DataFolder,
    present: Status,
    *,
    watched: bool,
    pages: Mapping[str, Standing],
) -> dict[str, Any]:
    """Return the status as a JSON object; `docs/command-line.md` has the keys."""
    return with_iso(
        {
            "at_s": present.at_s,
            "data_dir": str(folder.settings.data_dir),
            "outage": present.is_outage,
            "guard_at_work": watched,
            "scopes": [_scope_facts(each) for each in present.scopes],
            "pages": [_page_facts(*each) for each in pages.items()],
        }
    )


def _pages(folder: DataFolder, present: Status) -> dict[str, Standing]:
    """Return how far the pages of each open incident have come."""
    open_ones = {each.incident_id for each in present.scopes}
    return {
        incident.incident_id: standing_in(folder, incident)
        for incident in folder.ladder().incidents()
        if incident.incident_id in open_ones
    }


def _page_facts(incident_id: str, standing: Standing) -> dict[str, Any]:
    ack = standing.pursuit.acknowledged
    return with_iso(
        {
            "incident_id": incident_id,
            "sent": [
                with_iso({"tier": page.tier, "at_s": page.at_s, "how": page.how.value})
                for page in standing.pursuit.sent
            ],
            "due_tier": standing.due.tier,
            "due_at_s": standing.due.due_at_s,
            "why": standing.due.reason,
            "acknowledged_by": None if ack is None else ack.by,
            "acknowledged_at_s": None if ack is None else ack.at_s,
        }
    )


def _scope_facts(each: ScopeStatus) -> dict[str, Any]:
    return with_iso(
        {
            "scope": str(each.scope),
            "account": each.scope.account,
            "endpoint": str(each.scope.endpoint),
            "phase": each.phase.value,
            "since_s": each.since_s,
            "reason": each.reason,
            "last_success_at_s": each.last_success_at_s,
            "first_failed_at_s": each.first_failed_at_s,
            "failed": each.failed,
            "answered": each.answered,
            "silent": each.silent,
            "incident_id": each.incident_id,
            "operations_down": [
                with_iso(asdict(operation)) for operation in each.operations_down
            ],
            "verdict": None if each.verdict is None else each.verdict.value,
            "verdict_reasons": list(each.verdict_reasons),
        }
    )


def _print_scopes(present: Status, out: TextIO) -> None:
    rows = [
        (
            str(each.scope),
            each.phase.value,
            iso(each.since_s),
            iso(each.last_success_at_s),
            each.incident_id,
        )
        for each in present.scopes
    ]
    print_table(out, _TITLES, rows)
    for each in present.scopes:
        print(f"{each.scope}: {each.reason}.", file=out)
        for operation in each.operations_down:
            print(f"{each.scope}: {operation.reason}.", file=out)
        if each.verdict is not None:
            why = " ".join(each.verdict_reasons)
            print(f"{each.scope}: verdict {each.verdict.value}. {why}", file=out)


def _by_whom(folder: DataFolder, *, watched: bool) -> str:
    where = folder.settings.data_dir
    if watched:
        return f"A guard is at work on {where}."
    return f"No guard is at work on {where} now; this is what the journal says."


def _nothing_yet(folder: DataFolder) -> str:
    return (
        f"No calls are recorded yet: looked in {folder.settings.data_dir}/journal. "
        "The first call through a wrapped session begins it; --data-dir looks "
        "elsewhere."
    )
