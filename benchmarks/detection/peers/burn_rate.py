"""The multi-window burn-rate alert for a page: 14.4 over 1 h and over 5 min.

Source: Google's SRE Workbook, alerting on SLOs: with an objective of 99.9 % both
windows must spend the error budget 14.4 times too fast. The slower pairs of
windows are left out: they page later, for less.
"""

from __future__ import annotations

from benchmarks.detection.peers.peer import AlarmLog, Traits
from benchmarks.detection.peers.windows import Evaluations, Window

LONG_S = 3_600.0
SHORT_S = 300.0
THRESHOLD = 14.4 * (1 - 0.999)


class BurnRate:
    """The alert counts as an alarm while it fires."""

    def __init__(self, traits: Traits) -> None:
        self.log = AlarmLog()
        self._long, self._short = Window(LONG_S), Window(SHORT_S)
        self._evaluations = Evaluations()

    def see(self, at_s: float, failed: bool) -> None:
        """Take in a call, after the evaluations that were due before it."""
        self.finish(at_s)
        self._long.add(at_s, failed)
        self._short.add(at_s, failed)

    def finish(self, until_s: float) -> None:
        """Evaluate whatever is due by then."""
        for now_s in self._evaluations.until(until_s):
            self._short.move_to(now_s)
            if not self._short.failed:
                self.log.lift_at(now_s)
                self._evaluations.skip_to(until_s)
                continue
            self._long.move_to(now_s)
            if _burns(self._short) and _burns(self._long):
                self.log.raise_at(now_s)
            else:
                self.log.lift_at(now_s)


def _burns(window: Window) -> bool:
    return window.failed > THRESHOLD * window.total
