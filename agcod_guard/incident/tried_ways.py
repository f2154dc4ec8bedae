"""Set out what trying our own way to AGCOD came to while calls failed. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from agcod_guard.incident.layout import gmt_ms, identifier
from agcod_guard.outage.path import Result, Route, Step

MOST_MACHINES = 5
"""Machines whose last attempt is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedWay:
    """One attempt.

    Attributes:
        at_s: When it was done, seconds since the Unix epoch.
        source: The machine.
        route: The way of its failing calls.
        steps: What was tried and what came of it.
    """

    at_s: float
    source: str
    route: Route
    steps: tuple[Step, ...]


class LastTries:
    """The last attempt of each of the first machines."""

    def __init__(self) -> None:
        self._last: dict[str, TriedWay] = {}

    def add(self, tried: TriedWay) -> None:
        """Take in the next attempt."""
        if tried.source in self._last or len(self._last) < MOST_MACHINES:
            self._last[tried.source] = tried

    @property
    def all(self) -> tuple[TriedWay, ...]:
        """Those that are kept."""
        return tuple(self._last.values())


def tried_ways(tries: tuple[TriedWay, ...]) -> Iterator[str]:
    """Yield a paragraph for each attempt: when, from where, every step."""
    for tried in tries:
        proxy = ""
        if tried.route.via:
            proxy = f" by way of the proxy {identifier(tried.route.via)}"
        elif tried.route.via is None:
            proxy = " (whether calls go through a proxy is not known)"
        steps = "; ".join(map(_step, tried.steps)) or Result.NOT_CHECKED.value
        yield f"{gmt_ms(tried.at_s)}, from {identifier(tried.source)}{proxy}: {steps}"
    if not tries:
        yield f"names, connection, certificate, proxy: {Result.NOT_CHECKED.value}"


def _step(step: Step) -> str:
    took = f" after {step.took_s:.2f} s"
    if step.result is Result.NOT_CHECKED:
        took = ""
    return f"{step.stage.value} {identifier(step.target)} {step.result.value}{took}"
