"""`agcod-guard hold`: the kill switch for mails to Amazon's pager."""

from __future__ import annotations

import sys
from typing import TextIO

import click

from agcod_guard.cli.options import with_folder
from agcod_guard.cli.times import iso
from agcod_guard.data_folder import DataFolder
from agcod_guard.incident.layout import plain
from agcod_guard.redaction import redact_text


@click.command(epilog='Example: agcod-guard hold on --note "load test, Ada"')
@with_folder
@click.argument("switch", type=click.Choice(["on", "off", "status"]))
@click.option("--note", default="", help="Who holds them back, and why.")
def hold(folder: DataFolder, *, switch: str, note: str) -> int:
    """Hold every page back, let pages go again, or show which it is.

    The switch is the file HOLD in the data folder; making it by hand does the
    same. Detection, packets, drafts and your own channels go on.
    """
    if switch == "status":
        return show_hold(folder, sys.stdout)
    return set_hold(folder, sys.stdout, on=switch == "on", note=note)


def set_hold(folder: DataFolder, out: TextIO, *, on: bool, note: str = "") -> int:
    """Turn the switch; print what it does.

    Returns:
        Exit code: 0.

    Raises:
        OSError: The file cannot be made or removed.
    """
    switch = folder.hold()
    if on:
        stamp = iso(folder.clock.wall_s())
        switch.put_on(f"since {stamp} {redact_text(note)}".strip())
        print(f"No page goes to Amazon while {switch.path} stands.", file=out)
        print("`agcod-guard hold off` lets them go again.", file=out)
    elif switch.take_off():
        print("Pages may go again: those that are due go at the next look.", file=out)
    else:
        print("Nothing held pages back.", file=out)
    return 0


def show_hold(folder: DataFolder, out: TextIO) -> int:
    """Print whether pages are held back, and by whom.

    Returns:
        Exit code: 0.
    """
    switch = folder.hold()
    if switch.stands():
        note = plain(switch.note())
        print(f"Pages are held back{f' ({note})' if note else ''}.", file=out)
    else:
        print("Pages are not held back.", file=out)
    return 0
