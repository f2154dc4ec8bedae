"""A Prometheus alert: no success in five minutes, and at least one failure.

`increase(success[5m]) == 0 and increase(failures[5m]) > 0`, both series present
from the beginning; scraped and evaluated every 15 s, with no `for`.
"""

from __future__ import annotations

from benchmarks.detection.peers.peer import AlarmLog, Traits
from benchmarks.detection.peers.windows import Evaluations, Window

WINDOW_S = 300.0


class NoSuccess:
    """The alert counts as an alarm while it fires."""

    def __init__(self, traits: Traits) -> None:
        self.log = AlarmLog()
        self._window = Window(WINDOW_S)
        self._evaluations = Evaluations()

    def see(self, at_s: float, failed: bool) -> None:
        """Take in a call, after the evaluations that were due before it."""
        self.finish(at_s)
        self._window.add(at_s, failed)

    def finish(self, until_s: float) -> None:
        """Evaluate whatever is due by then."""
        window = self._window
        for now_s in self._evaluations.until(until_s):
            window.move_to(now_s)
            if 0 < window.failed == window.total:
                self.log.raise_at(now_s)
                continue
            self.log.lift_at(now_s)
            if not window.failed:
                self._evaluations.skip_to(until_s)
