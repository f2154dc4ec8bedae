"""`agcod-guard incidents`: what has happened, the newest last."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any, TextIO

import click

from agcod_guard.cli.options import with_folder, with_json
from agcod_guard.cli.tables import print_table
from agcod_guard.cli.times import iso, with_iso
from agcod_guard.data_folder import DataFolder
from agcod_guard.delivery.files import IncidentFolder
from agcod_guard.incident.incident import Incident, Stage
from agcod_guard.incident.layout import length

_TITLES = ("incident", "scope", "stage", "first failure", "opened", "down", "verdict")


@click.command(epilog="Example: agcod-guard incidents --open")
@with_folder
@click.option("--open", "only_open", is_flag=True, help="Only those not closed yet.")
@with_json
def incidents(folder: DataFolder, *, only_open: bool, as_json: bool) -> int:
    """List incidents, the newest last.

    An incident is open while no call succeeds, recovering until successes have
    lasted, then resolved. `agcod-guard packet ID` shows its packet.
    """
    return list_incidents(folder, sys.stdout, only_open=only_open, as_json=as_json)


def list_incidents(
    folder: DataFolder, out: TextIO, *, only_open: bool = False, as_json: bool = False
) -> int:
    """Print the incidents of a data folder, the newest last.

    Returns:
        Exit code: 0, also when there are none.

    Raises:
        DataError: The ladder cannot be read.
    """
    found = [
        each
        for each in reversed(folder.ladder().incidents())
        if not only_open or each.stage is not Stage.RESOLVED
    ]
    now_s = folder.clock.wall_s()
    if as_json:
        listed = [
            incident_facts(each, now_s=now_s, packets=folder.packets())
            for each in found
        ]
        print(json.dumps({"incidents": listed}), file=out)
    elif found:
        print_incidents(out, found, now_s=now_s)
    else:
        kind = "open incident" if only_open else "incident"
        print(f"No {kind} in {folder.settings.data_dir}.", file=out)
    return 0


def print_incidents(out: TextIO, found: Iterable[Incident], *, now_s: float) -> None:
    """Print a table of incidents as of `now_s` (wall clock)."""
    print_table(out, _TITLES, (_row(each, now_s) for each in found))


def incident_facts(
    incident: Incident, *, now_s: float, packets: IncidentFolder | None
) -> dict[str, Any]:
    """Return an incident as a JSON object; `docs/command-line.md` has the keys.

    Args:
        incident: The incident.
        now_s: The present, wall clock.
        packets: Where its files are; None if there are none.
    """
    name = incident.incident_id
    return with_iso(
        {
            "incident_id": name,
            "scope": str(incident.scope),
            "account": incident.scope.account,
            "endpoint": str(incident.scope.endpoint),
            "stage": incident.stage.value,
            "first_failed_at_s": incident.first_failed_at_s,
            "opened_at_s": incident.opened_at_s,
            "last_success_at_s": incident.last_success_at_s,
            "first_success_at_s": incident.first_success_at_s,
            "resolved_at_s": incident.resolved_at_s,
            "down_s": down_s(incident, now_s),
            "relapses": incident.relapses,
            "verdict": incident.verdict.value,
            "reasons": list(incident.reasons),
            "confirmed": incident.confirmed,
            "drill": incident.drill,
            "revision": incident.revision,
            "missing": list(incident.missing),
            "folder": str(packets.folder_of(name)) if packets else None,
        }
    )


def down_s(incident: Incident, now_s: float) -> float:
    """Return how long no call succeeded: from the first failure to a success."""
    end_s = incident.first_success_at_s
    return (now_s if end_s is None else end_s) - incident.first_failed_at_s


def _row(incident: Incident, now_s: float) -> tuple[str | None, ...]:
    verdict = incident.verdict.value
    return (
        incident.incident_id,
        str(incident.scope),
        incident.stage.value,
        iso(incident.first_failed_at_s),
        iso(incident.opened_at_s),
        length(down_s(incident, now_s)),
        verdict if incident.confirmed else f"{verdict}, unconfirmed",
    )
