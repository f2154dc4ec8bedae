"""`agcod-guard ack`: somebody has answered, so nobody higher up is written to."""

from __future__ import annotations

import sys
from typing import TextIO

import click

from agcod_guard.cli.named import incident_named
from agcod_guard.cli.options import with_folder
from agcod_guard.cli.times import iso
from agcod_guard.data_folder import DataFolder
from agcod_guard.incident.acts import Acknowledged
from agcod_guard.incident.incident import Stage


@click.command(epilog='Example: agcod-guard ack latest --by "Amazon, ada@example.com"')
@with_folder
@click.argument("incident_id", metavar="ID")
@click.option("--by", required=True, help="Who answered; an address is kept for later.")
@click.option("--note", default="", help="What was said.")
def ack(folder: DataFolder, *, incident_id: str, by: str, note: str) -> int:
    """Note that somebody has answered; no further tier is written to.

    ID is an incident's id, the beginning of one, or `latest`.
    """
    return acknowledge(folder, incident_id, sys.stdout, by=by, note=note)


def acknowledge(
    folder: DataFolder, incident_id: str, out: TextIO, *, by: str, note: str = ""
) -> int:
    """Note who has answered, and print what follows from it.

    Returns:
        Exit code: 0.

    Raises:
        click.BadParameter: Nobody is named.
        NoSuchIncident: Nothing of that name is there; exit code 1.
        DataError: The ladder cannot be read or written.
    """
    if not by.strip():
        raise click.BadParameter("name who has answered", param_hint="--by")
    incident = incident_named(folder, incident_id)
    at_s = folder.clock.wall_s()
    folder.ladder().note_act(
        Acknowledged(
            incident_id=incident.incident_id, at_s=at_s, by=by.strip(), note=note
        )
    )
    print(f"Acknowledged at {iso(at_s)}: {incident.incident_id}.", file=out)
    if incident.stage is Stage.OPEN:
        print("No further tier is written to. Detection goes on.", file=out)
    else:
        print("Calls succeed again: nobody would have been written to.", file=out)
    return 0
