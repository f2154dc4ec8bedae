"""The time: the machine's own clocks, and one that moves only when told.

`wall_s` is for stamps and may jump; `monotonic_s` is for durations and never
goes back. Only `recorder`, `watch` and the adapters ask; everything that
decides takes the time as an argument.
"""

from __future__ import annotations

import time


class SystemClock:
    """The machine's own clocks, asked five times a call: no Python between."""

    wall_s = staticmethod(time.time)
    monotonic_s = staticmethod(time.monotonic)


class ManualClock:
    """Clocks that move only when a test says so."""

    def __init__(self, start_s: float = 0.0) -> None:
        self._wall_s = self._monotonic_s = start_s

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass on both clocks."""
        self._wall_s += seconds
        self._monotonic_s += seconds

    def step_wall(self, seconds: float) -> None:
        """Set the wall clock on or back, as NTP or a person would."""
        self._wall_s += seconds

    def wall_s(self) -> float:
        """Return seconds since the Unix epoch."""
        return self._wall_s

    def monotonic_s(self) -> float:
        """Return seconds from any start."""
        return self._monotonic_s
