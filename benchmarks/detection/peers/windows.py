"""What Prometheus knows of calls: counts in a window, as of the last scrape."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

EVERY_S = 15.0
"""Scrape and evaluation interval, as in the example configuration."""


class Window:
    """Failures and calls of the last `length_s`, as `increase()` sees them."""

    def __init__(self, length_s: float) -> None:
        self._length_s = length_s
        self._calls: deque[tuple[float, bool]] = deque()
        self.failed = 0

    @property
    def total(self) -> int:
        """All calls in the window."""
        return len(self._calls)

    def add(self, at_s: float, failed: bool) -> None:
        """Take in a call."""
        self._calls.append((at_s, failed))
        self.failed += failed

    def move_to(self, at_s: float) -> None:
        """Forget what is older than the window's first sample at `at_s`."""
        oldest_s = at_s - self._length_s + EVERY_S
        calls = self._calls
        while calls and calls[0][0] <= oldest_s:
            self.failed -= calls.popleft()[1]


class Evaluations:
    """The times at which the rules are evaluated."""

    def __init__(self) -> None:
        self._next_s = EVERY_S

    def until(self, at_s: float) -> Iterator[float]:
        """Yield the evaluations that are due before `at_s`."""
        while self._next_s < at_s:
            yield self._next_s
            self._next_s += EVERY_S

    def skip_to(self, at_s: float) -> None:
        """Leave out evaluations before `at_s`, in which nothing can change."""
        if at_s > self._next_s:
            self._next_s += EVERY_S * ((at_s - self._next_s) // EVERY_S)
