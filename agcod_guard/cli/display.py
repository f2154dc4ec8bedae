"""Show a drill: live in a terminal, or in plain lines, or not at all.

All three are an audience of the drill and a context manager; `ends` shows the
packet, the paths and the checks.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from types import TracebackType
from typing import Protocol, Self

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, JustifyMethod
from rich.live import Live
from rich.table import Table
from rich.text import Text

from agcod_guard.cli.drill_report import show_lines, show_report
from agcod_guard.drill.happening import Audience, Happening, Standing, Tone
from agcod_guard.drill.judging import Report
from agcod_guard.outage.state import Phase

_STYLES = {
    Tone.STAGE: "bold",
    Tone.TROUBLE: "red",
    Tone.NEWS: "cyan",
    Tone.RELIEF: "green",
}
_PHASES = {
    Phase.OK: "green",
    Phase.SUSPECT: "yellow",
    Phase.OUTAGE: "bold red",
    Phase.RECOVERING: "cyan",
}
_COLUMNS = {
    "Endpoint": 26,
    "State": 10,
    "For": 5,
    "Calls": 5,
    "Failed": 6,
    "Newest": 17,
}
"""Titles, and widths at which the table does not jump as its words change."""

_WIDE = 100
"""From here on there is room for the time of day as well."""

_NUMBERS = {"For", "Calls", "Failed"}
_REFRESHES_PER_S = 5
_OTHER_LINES = 9
"""Lines of the picture that are not happenings."""


class Display(Audience, Protocol):
    """Watches a drill, and shows how it went."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def ends(self, report: Report) -> None:
        """Show the packet, where its files are, and every check."""
        ...


class PlainDisplay:
    """A line for each happening."""

    def __init__(self, console: Console) -> None:
        self._console, self._started_s = console, time.time()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """There is nothing to put back."""

    def happened(self, happening: Happening) -> None:
        """Print it."""
        show_lines(self._console, _line(happening, self._started_s))

    def stands(self, standings: tuple[Standing, ...]) -> None:
        """Nothing: what matters of it is told as a happening."""

    def ends(self, report: Report) -> None:
        """Print the packet, the paths and the checks."""
        show_report(self._console, report)


class LiveDisplay:
    """A table that changes and a list that grows."""

    def __init__(self, console: Console) -> None:
        self._console, self._started_s = console, time.time()
        self._standings: tuple[Standing, ...] = ()
        self._happenings: list[Happening] = []
        self._is_over = False
        self._live = Live(
            console=console,
            get_renderable=self._picture,
            refresh_per_second=_REFRESHES_PER_S,
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        self._live.stop()

    def happened(self, happening: Happening) -> None:
        """Add it to the list."""
        self._happenings.append(happening)

    def stands(self, standings: tuple[Standing, ...]) -> None:
        """Change the table."""
        self._standings = standings

    def ends(self, report: Report) -> None:
        """Print the packet, the paths and the checks below the last picture."""
        show_report(self._console, report)

    def _picture(self) -> Group:
        now_s = time.time()
        head = Text.assemble(
            ("agcod-guard drill", "bold"),
            "   a partner's program calls a loopback AGCOD",
            (f"   {now_s - self._started_s:.0f} s", "dim"),
        )
        return Group(
            head, endpoint_table(self._standings, now_s=now_s), *self._newest()
        )

    def _newest(self) -> list[Text]:
        """Return as many happenings as the terminal has room for; in the end all."""
        room = max(3, self._console.height - _OTHER_LINES)
        shown = self._happenings if self._is_over else self._happenings[-room:]
        with_clock = self._console.width >= _WIDE
        lines = [_line(it, self._started_s, with_clock=with_clock) for it in shown]
        for line in lines:
            line.no_wrap, line.overflow = True, "ellipsis"
        return lines


class SilentDisplay:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """There is nothing to put back."""

    def happened(self, happening: Happening) -> None:
        """Nothing."""

    def stands(self, standings: tuple[Standing, ...]) -> None:
        """Nothing."""

    def ends(self, report: Report) -> None:
        """Nothing."""


def endpoint_table(standings: tuple[Standing, ...], *, now_s: float) -> Table:
    """Return how the endpoints stand at `now_s` (seconds since the epoch)."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for title, width in _COLUMNS.items():
        side: JustifyMethod = "right" if title in _NUMBERS else "left"
        table.add_column(title, justify=side, no_wrap=True, min_width=width)
    for standing in standings:
        since_s = standing.since_s
        table.add_row(
            f"{standing.region.upper()}  {standing.url}",
            Text(standing.phase.value, _PHASES[standing.phase]),
            "" if since_s is None else f"{max(0.0, now_s - since_s):.0f} s",
            f"{standing.calls:,}",
            Text(f"{standing.failed:,}", "red" if standing.failed else ""),
            standing.newest,
        )
    return table


def _line(happening: Happening, started_s: float, *, with_clock: bool = True) -> Text:
    """Return `  2.4 s  11:27:39.494    EU SUSPECT: 5 different orders failed ...`.

    What the drill itself does is marked with `>`; the rest is what came of it.
    """
    moment = datetime.fromtimestamp(happening.at_s, UTC)
    clock = f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03d}"
    elapsed_s = max(0.0, happening.at_s - started_s)
    line = Text.assemble(
        (f"{elapsed_s:6.1f} s  ", "dim"),
        (f"{clock}  " if with_clock else "", "dim"),
        ("> " if happening.tone is Tone.STAGE else "  ", "bold"),
        (happening.what, _STYLES[happening.tone]),
    )
    if happening.why:
        line.append(f": {happening.why}")
    return line
