"""`agcod-guard status`: what is thought of every account and endpoint now."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any, TextIO

import click

from agcod_guard.cli.options import with_folder, with_json
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
    if as_json:
        print(json.dumps(status_facts(folder, present, watched=watched)), file=out)
    elif present.scopes:
        _print_scopes(present, out)
        print(_by_whom(folder, watched=watched), file=out)
    else:
        print(_nothing_yet(folder), file=out)
    return int(present.is_outage)


def status_facts(
    folder: DataFolder, present: Status, *, watched: bool
) -> dict[str, Any]:
    """Return the status as a JSON object; `docs/command-line.md` has the keys."""
    return with_iso(
        {
            "at_s": present.at_s,
            "data_dir": str(folder.settings.data_dir),
            "outage": present.is_outage,
            "guard_at_work": watched,
            "scopes": [_scope_facts(each) for each in present.scopes],
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
