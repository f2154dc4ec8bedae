"""Envoy's outlier detection with its defaults: five 5xx in a row eject the host.

Source: Envoy's documentation of outlier detection: `consecutive_5xx` 5, which
counts failures to connect and time-outs too; ejected for `base_ejection_time`
30 s times the number of ejections, at most `max_ejection_time` 300 s; looked at
every `interval` 10 s, when a host that was well takes one off that number. At
least one host is ejected regardless of `max_ejection_percent`.
"""

from __future__ import annotations

import math

from benchmarks.detection.peers.peer import AlarmLog, Traits

CONSECUTIVE_5XX = 5
BASE_S = 30.0
LONGEST_S = 300.0
INTERVAL_S = 10.0


class Envoy:
    """The host counts as an alarm while it is ejected."""

    def __init__(self, traits: Traits) -> None:
        self.log = AlarmLog()
        self._failed = 0
        self._times = 0
        self._back_s = 0.0

    def see(self, at_s: float, failed: bool) -> None:
        """Take in a call; an ejected host would not have been sent one."""
        if self.log.stands:
            if at_s < self._back_s:
                return
            self.log.lift_at(self._back_s)
        self._failed = self._failed + 1 if failed else 0
        if self._failed < CONSECUTIVE_5XX:
            return
        well = math.floor((at_s - self._back_s) / INTERVAL_S) if self._times else 0
        self._times = max(self._times - well, 0) + 1
        lasts_s = min(BASE_S * self._times, LONGEST_S)
        self._back_s = math.ceil((at_s + lasts_s) / INTERVAL_S) * INTERVAL_S
        self._failed = 0
        self.log.raise_at(at_s)

    def finish(self, until_s: float) -> None:
        """Let time pass: an ejection ends by itself."""
        if self.log.stands and self._back_s <= until_s:
            self.log.lift_at(self._back_s)
