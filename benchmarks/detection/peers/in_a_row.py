"""The best there is if failures are independent: n in a row, n from the noise.

Against a total outage CUSUM is a count of failures since the last success: n is
the smallest number whose run is not to be expected within a year of noise.
"""

from __future__ import annotations

import math

from benchmarks.detection.bound import orders_between_false_pages
from benchmarks.detection.peers.peer import AlarmLog, Traits


class InARow:
    """An alarm from the n-th failure in a row to the next success."""

    def __init__(self, traits: Traits) -> None:
        self.log = AlarmLog()
        years = math.log(orders_between_false_pages(traits.rate))
        self._enough = max(1, math.ceil(years / -math.log(traits.noise)))
        self._failed = 0

    def see(self, at_s: float, failed: bool) -> None:
        """Take in a call."""
        self._failed = self._failed + 1 if failed else 0
        if not failed:
            self.log.lift_at(at_s)
        elif self._failed >= self._enough:
            self.log.raise_at(at_s)

    def finish(self, until_s: float) -> None:
        """Let time pass: nothing happens without a call."""
