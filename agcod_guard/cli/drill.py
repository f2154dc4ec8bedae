"""`agcod-guard drill`: the main job on this machine, from failure to packet."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import click
from rich.console import Console

from agcod_guard.cli.display import (
    Display,
    LiveDisplay,
    PlainDisplay,
    SilentDisplay,
)
from agcod_guard.cli.drill_report import report_facts
from agcod_guard.cli.options import with_json
from agcod_guard.drill.happening import Audience
from agcod_guard.drill.judging import Report, judged
from agcod_guard.drill.run import rehearsed
from agcod_guard.drill.story import QUICK, REAL_TIME, STANDARD

_SPEEDS = {"standard": STANDARD, "quick": QUICK, "real-time": REAL_TIME}


@click.command(epilog="Example: agcod-guard drill --directory /tmp")
@click.option(
    "-C",
    "--directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    help="Where the new folder agcod-drill-TIME is made; here, unless given.",
)
@click.option(
    "--quick",
    "speed",
    flag_value="quick",
    help="Only what must happen: under half a minute.",
)
@click.option(
    "--real-time",
    "speed",
    flag_value="real-time",
    help="The policy of production, unhurried: about 12 minutes.",
)
@click.option("--seed", type=click.IntRange(0), help="Repeat the orders of a drill.")
@click.option("--plain", is_flag=True, help="Lines instead of a live display.")
@with_json
def drill(
    directory: Path, speed: str | None, seed: int | None, *, plain: bool, as_json: bool
) -> int:
    """Rehearse an outage on this machine, from first failure to packet.

    A loopback AGCOD is started, a partner's program orders from its EU and its
    NA endpoint, and EU breaks and recovers. The guard must find out, write the
    packet and close the incident; then its findings are held against the
    program's own log. Takes under a minute, needs no account and no network,
    sends nothing, and writes to the one new folder only.
    """
    story, out = _SPEEDS[speed or "standard"], sys.stdout
    seed = int(time.time()) if seed is None else seed

    def play(audience: Audience) -> Report:
        return judged(rehearsed(story, parent=directory, audience=audience, seed=seed))

    display = _display(out, plain=plain, silent=as_json)
    return rehearse(play, display, json_to=out if as_json else None)


def rehearse(
    play: Callable[[Audience], Report], display: Display, *, json_to: TextIO | None
) -> int:
    """Play a drill, show how it went.

    Args:
        play: Plays it before an audience and judges it.
        display: The audience.
        json_to: Where the report goes as JSON; None for nowhere.

    Returns:
        Exit code: 0 if every check was passed, else 1.
    """
    with display:
        report = play(display)
    display.ends(report)
    if json_to:
        json_to.write(json.dumps(report_facts(report), indent=2) + "\n")
    return 0 if report.passed else 1


def _display(out: TextIO, *, plain: bool, silent: bool) -> Display:
    if silent:
        return SilentDisplay()
    console = Console(file=out, highlight=False)
    if plain or not console.is_terminal or console.is_dumb_terminal:
        return PlainDisplay(Console(file=out, highlight=False, color_system=None))
    return LiveDisplay(console)
