"""Say how every detector did: one table, and the list of what went wrong. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from benchmarks.detection.playing import Played
from benchmarks.detection.score import Found, Result

BEGIN, END = "<!-- score: begin -->", "<!-- score: end -->"
SLOW_S = 5.0
"""So far above the policy's floor a delay is worth a look."""


def by_detector(played: Iterable[Played]) -> dict[str, list[Result]]:
    """Return the results of every detector over all runs."""
    results: dict[str, list[Result]] = {}
    for each in played:
        for name, result in each.results.items():
            results.setdefault(name, []).append(result)
    return results


def figures(results: Sequence[Result]) -> dict[str, float | None]:
    """Return the figures of one detector, by column; None where there is none."""
    found = [one for result in results for one in result.found]
    delays_s = [one.delay_s for one in found]
    recoveries_s = [one.recovery_s for one in found if one.recovery_s is not None]
    over_bound = [one.orders / one.bound_orders for one in found]
    return {
        "missed": sum(len(result.missed) for result in results),
        "false pages": sum(len(result.false) for result in results),
        "runs with one": sum(bool(result.false) for result in results),
        "unconfirmed": sum(len(result.unconfirmed) for result in results),
        "twice": sum(len(result.duplicates) for result in results),
        "delay s, median": quantile(delays_s, 0.5),
        "p90": quantile(delays_s, 0.9),
        "max": quantile(delays_s, 1.0),
        "orders, median": quantile([one.orders for one in found], 0.5),
        "over bound": quantile(over_bound, 0.5),
        "s over floor, p90": quantile(list(_over_floor_s(found)), 0.9),
        "recovery s": quantile(recoveries_s, 0.5),
        "wrong beginning": sum(len(each.wrong_first_failures) for each in results),
        "operations missed": _count(each.missed_operations for each in results),
        "operations false": _count(each.false_operations for each in results),
    }


def _count(told: Iterable[tuple[str, ...] | None]) -> int | None:
    """Return how many there are; None for a detector that tells of none."""
    counts = [len(each) for each in told if each is not None]
    return sum(counts) if counts else None


def quantile(values: Sequence[float], share: float) -> float | None:
    """Return the smallest value that `share` of all do not exceed."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def table_of(results: Mapping[str, Sequence[Result]]) -> str:
    """Return the score table in Markdown, a detector a row."""
    rows = [(name, figures(each)) for name, each in results.items()]
    cells = [["detector", *rows[0][1]]]
    cells += [[name, *map(_number, row.values())] for name, row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        " | ".join(
            [row[0].ljust(widths[0])]
            + [
                cell.rjust(width)
                for cell, width in zip(row[1:], widths[1:], strict=True)
            ]
        )
        for row in cells
    ]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines.insert(1, " | ".join(rule))
    return "\n".join(f"| {line} |" for line in lines)


def inserted(document: str, text: str) -> str:
    """Return the document with `text` between its two marks.

    Raises:
        ValueError: It has no such marks.
    """
    before, _, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"the document has no {BEGIN} ... {END}")
    return f"{before}{BEGIN}\n{text}\n{END}{after}"


def failings(name: str, results: Iterable[Result]) -> list[str]:
    """Return a line for every run that the named detector did not do well on."""
    lines = []
    for result in results:
        wrongs = [
            f"{what} at {', '.join(f'{at_s:.0f}' for at_s in times[:5])}"
            for what, times in (
                ("MISSED", result.missed),
                ("false page", result.false),
                ("unconfirmed", result.unconfirmed),
                ("twice", result.duplicates),
                ("wrong beginning", result.wrong_first_failures),
            )
            if times
        ]
        slow_s = [one.delay_s - one.floor_s for one in result.found]
        wrongs += [f"{each} down: MISSED" for each in result.missed_operations or ()]
        wrongs += [f"{each} down: false" for each in result.false_operations or ()]
        wrongs += [f"slow by {over_s:.0f} s" for over_s in slow_s if over_s > SLOW_S]
        if wrongs:
            lines.append(f"{name}: {result.run}: {'; '.join(wrongs)}")
    return lines


def _over_floor_s(found: Iterable[Found]) -> Iterator[float]:
    """Yield by how much the policy's floor was missed, where traffic is steady."""
    for one in found:
        if one.is_steady and math.isfinite(one.floor_s):
            yield one.delay_s - one.floor_s


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, int) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}"
