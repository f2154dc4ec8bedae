"""Rows for a person to read: drawn in a terminal, aligned words anywhere else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TextIO

from agcod_guard.incident.layout import plain

ROWS_AT_ONCE = 1_000
"""Rows that share their widths; more of them are printed as they come."""

Row = Sequence[str | None]


def print_table(out: TextIO, titles: Sequence[str], rows: Iterable[Row]) -> int:
    """Print the rows under their titles; return how many there were.

    Whatever stands in a cell cannot act on the terminal; None is a dash.
    """
    draw = _drawn if out.isatty() else _aligned
    count = 0
    for some in _some([_shown(cell) for cell in row] for row in rows):
        draw(out, [] if count and draw is _aligned else titles, some)
        count += len(some)
    return count


def _some(rows: Iterable[list[str]]) -> Iterator[list[list[str]]]:
    remaining = iter(rows)
    while some := list(islice(remaining, ROWS_AT_ONCE)):
        yield some


def _shown(cell: str | None) -> str:
    return plain(cell or "") or "-"


def _aligned(out: TextIO, titles: Sequence[str], rows: list[list[str]]) -> None:
    lines = [[title.upper() for title in titles], *rows] if titles else rows
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print("  ".join(cells).rstrip(), file=out)


def _drawn(out: TextIO, titles: Sequence[str], rows: list[list[str]]) -> None:
    # Loaded here: half of what the command line takes to start would be rich.
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for title in titles:
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell, _STYLES.get(cell, "")) for cell in row))
    Console(file=out).print(table)


_STYLES = {
    "OK": "green",
    "SUSPECT": "yellow",
    "OUTAGE": "bold red",
    "RECOVERING": "cyan",
    "SUCCESS": "green",
    "FAULT": "red",
    "NO_ANSWER": "red",
    "PROBLEM": "bold red",
    "note": "yellow",
    "open": "bold red",
    "recovering": "cyan",
}
