"""pybreaker with its defaults: five failures in a row, one trial after 60 s.

Source: the README of danielfm/pybreaker (`fail_max=5`, `reset_timeout=60`): open,
it lets the first call after the timeout through; its success closes the circuit,
its failure opens it for as long again.
"""

from __future__ import annotations

from benchmarks.detection.peers.peer import AlarmLog, Traits

FAIL_MAX = 5
RESET_TIMEOUT_S = 60.0


class PyBreaker:
    """The circuit counts as an alarm while it is open or half open."""

    def __init__(self, traits: Traits) -> None:
        self.log = AlarmLog()
        self._failed = 0
        self._opened_s = 0.0

    def see(self, at_s: float, failed: bool) -> None:
        """Take in a call; while the circuit is open it would not have been made."""
        if not self.log.stands:
            self._failed = self._failed + 1 if failed else 0
            if self._failed >= FAIL_MAX:
                self._opened_s = at_s
                self.log.raise_at(at_s)
        elif at_s >= self._opened_s + RESET_TIMEOUT_S:
            if failed:
                self._opened_s = at_s
            else:
                self._failed = 0
                self.log.lift_at(at_s)

    def finish(self, until_s: float) -> None:
        """Let time pass: nothing happens without a call."""
