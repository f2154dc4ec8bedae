"""resilience4j's circuit breaker with its defaults: half of the last 100 calls.

Source: its CircuitBreaker documentation: count-based window of 100 calls, at least
100 of them, failure rate 50 %, open for 60 s, then 10 trial calls, of which at
least half must succeed.
"""

from __future__ import annotations

from collections import deque

from benchmarks.detection.peers.peer import AlarmLog, Traits

WINDOW = 100
RATE = 0.5
OPEN_S = 60.0
TRIALS = 10


class Resilience4j:
    """The circuit counts as an alarm while it is open or half open."""

    def __init__(self, traits: Traits) -> None:
        self.log = AlarmLog()
        self._window: deque[bool] = deque(maxlen=WINDOW)
        self._failed = 0
        self._opened_s = 0.0
        self._trials: list[bool] = []

    def see(self, at_s: float, failed: bool) -> None:
        """Take in a call; while the circuit is open it would not have been made."""
        if self.log.stands:
            if at_s >= self._opened_s + OPEN_S:
                self._try(at_s, failed)
            return
        if len(self._window) == WINDOW:
            self._failed -= self._window[0]
        self._window.append(failed)
        self._failed += failed
        if len(self._window) == WINDOW and self._failed >= RATE * WINDOW:
            self._opened_s = at_s
            self.log.raise_at(at_s)

    def finish(self, until_s: float) -> None:
        """Let time pass: nothing happens without a call."""

    def _try(self, at_s: float, failed: bool) -> None:
        self._trials.append(failed)
        if len(self._trials) < TRIALS:
            return
        if sum(self._trials) >= RATE * TRIALS:
            self._opened_s = at_s
        else:
            self._window.clear()
            self._failed = 0
            self.log.lift_at(at_s)
        self._trials = []
