"""CUSUM: the textbook's detector of a change, told the healthy failure rate.

After E. S. Page (1954): the sum of log likelihood ratios of "nine in ten fail"
against the known noise, never below 0; an alarm when it passes the logarithm of
the wanted number of orders between false alarms. The same sum the other way
round lifts it.
"""

from __future__ import annotations

import math

from benchmarks.detection.bound import orders_between_false_pages
from benchmarks.detection.peers.peer import AlarmLog, Traits

DOWN = 0.9
"""How many calls fail in the outage that it looks for."""


class Cusum:
    """An alarm from one crossing to the crossing back."""

    def __init__(self, traits: Traits) -> None:
        self.log = AlarmLog()
        self._if_failed = math.log(DOWN / traits.noise)
        self._if_succeeded = math.log((1 - DOWN) / (1 - traits.noise))
        self._threshold = math.log(orders_between_false_pages(traits.rate))
        self._sum = 0.0

    def see(self, at_s: float, failed: bool) -> None:
        """Take in a call."""
        step = self._if_failed if failed else self._if_succeeded
        self._sum = max(0.0, self._sum + (-step if self.log.stands else step))
        if self._sum < self._threshold:
            return
        self._sum = 0.0
        if self.log.stands:
            self.log.lift_at(at_s)
        else:
            self.log.raise_at(at_s)

    def finish(self, until_s: float) -> None:
        """Let time pass: nothing happens without a call."""
