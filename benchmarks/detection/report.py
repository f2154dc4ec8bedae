"""Say how every detector did: one table, and the list of what went wrong."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from rich.table import Table

from benchmarks.detection.playing import Played
from benchmarks.detection.score import Found, Result

COLUMNS = (
    "missed",
    "false pages",
    "duplicates",
    "runs with a false page",
    "false, unconfirmed",
    "delay median s",
    "p90 s",
    "max s",
    "median orders",
    "orders over bound",
    "p90 over floor s",
    "recovery s",
    "wrong first failure",
)


def by_detector(played: Iterable[Played]) -> dict[str, list[Result]]:
    """Return the results of every detector over all runs."""
    results: dict[str, list[Result]] = {}
    for each in played:
        for name, result in each.results.items():
            results.setdefault(name, []).append(result)
    return results


def figures(results: Sequence[Result]) -> dict[str, float]:
    """Return the figures of one detector, by column; not a number if there is none."""
    found = [one for result in results for one in result.found]
    delays_s = [one.delay_s for one in found]
    recoveries_s = [one.recovery_s for one in found if one.recovery_s is not None]
    return {
        "missed": sum(len(result.missed) for result in results),
        "false pages": sum(len(result.false) for result in results),
        "duplicates": sum(len(result.duplicates) for result in results),
        "runs with a false page": sum(bool(result.false) for result in results),
        "false, unconfirmed": sum(len(result.unconfirmed) for result in results),
        "delay median s": quantile(delays_s, 0.5),
        "p90 s": quantile(delays_s, 0.9),
        "max s": quantile(delays_s, 1.0),
        "median orders": quantile([one.orders for one in found], 0.5),
        "orders over bound": quantile(
            [one.orders / one.bound_orders for one in found], 0.5
        ),
        "p90 over floor s": quantile(_over_floor(found), 0.9),
        "recovery s": quantile(recoveries_s, 0.5),
        "wrong first failure": sum(len(each.wrong_first_failures) for each in results),
    }


def quantile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that `share` of all do not exceed."""
    if not values:
        return math.nan
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def table_of(results: Mapping[str, Sequence[Result]], *, title: str) -> Table:
    """Return the score table, a detector a row."""
    table = Table("detector", title=title)
    for column in COLUMNS:
        table.add_column(column, justify="right")
    for name, each in results.items():
        row = figures(each)
        table.add_row(name, *(_number(row[column]) for column in COLUMNS))
    return table


def failings(results: Mapping[str, Sequence[Result]]) -> list[str]:
    """Return a line for every run that one of these detectors got wrong."""
    lines = []
    for name, each in results.items():
        for result in each:
            wrongs = [
                f"{what} at {', '.join(f'{at_s:.0f}' for at_s in times[:5])}"
                for what, times in (
                    ("MISSED", result.missed),
                    ("false", result.false),
                    ("unconfirmed", result.unconfirmed),
                    ("duplicate", result.duplicates),
                    ("wrong first failure", result.wrong_first_failures),
                )
                if times
            ]
            if wrongs:
                lines.append(f"{name}: {result.run}: {'; '.join(wrongs)}")
    return lines


def _over_floor(found: Iterable[Found]) -> list[float]:
    """Return by how much the policy's floor was missed, where traffic is steady."""
    return [
        one.delay_s - one.floor_s
        for one in found
        if one.is_steady and math.isfinite(one.floor_s)
    ]


def _number(value: float) -> str:
    if math.isnan(value):
        return "-"
    if isinstance(value, int) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}"
