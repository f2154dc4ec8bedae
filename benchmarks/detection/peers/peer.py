"""What a peer is: told of calls, it raises and lifts alarms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from benchmarks.detection.alarms import Alarm


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What a run's healthy traffic is like; most peers do not ask.

    Attributes:
        rate: Orders a second.
        noise: How many of them fail on a healthy day.
    """

    rate: float
    noise: float


class Peer(Protocol):
    """One detector at work on one scope."""

    log: AlarmLog

    def see(self, at_s: float, failed: bool) -> None:
        """Take in a call that ended at `at_s`, never earlier than the last one."""
        ...

    def finish(self, until_s: float) -> None:
        """Let time pass to the end of the run."""
        ...


class AlarmLog:
    """The alarms of one peer on one scope."""

    def __init__(self) -> None:
        self.alarms: list[Alarm] = []
        self._open: Alarm | None = None

    @property
    def stands(self) -> bool:
        """Whether an alarm stands."""
        return self._open is not None

    def raise_at(self, at_s: float) -> None:
        """Raise an alarm, unless one stands."""
        if self._open is None:
            self._open = Alarm(scope="", opened_s=at_s, paged_s=at_s)
            self.alarms.append(self._open)

    def lift_at(self, at_s: float) -> None:
        """Lift the alarm, if one stands."""
        if self._open is not None:
            self._open.recovered_s = self._open.closed_s = at_s
            self._open = None
