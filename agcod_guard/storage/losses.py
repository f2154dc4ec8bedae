"""Frames that the journal did not take, and how the observer is told of them."""

from __future__ import annotations

from collections import deque

from agcod_guard.frames import Begin, Frame
from agcod_guard.ports import Observer

_ALARM_EVERY_S = 60.0


class Losses:
    """What could not be written, in memory and bounded. Safe from any thread.

    Attributes:
        owed: Frames as they go to disk, to be written once that works again.
            Begins are left out: the end of a call says all that its begin does.
    """

    def __init__(self, size: int, observer: Observer) -> None:
        """Keep the newest `size` frames."""
        self._observer = observer
        self._frames: deque[Frame] = deque(maxlen=size)
        self.owed: deque[bytes] = deque(maxlen=size)
        self._lost = self._told = 0
        self._reason = ""
        self._alarm_at_s = float("-inf")
        self._alarmed = False

    def keep(self, frame: Frame, on_disk: bytes, reason: str) -> None:
        """Keep a frame that could not be written.

        Args:
            frame: What was lost.
            on_disk: The same as it goes to disk; empty if it never can.
            reason: Why, for people.
        """
        self._frames.append(frame)
        if on_disk and type(frame) is not Begin:
            self.owed.append(on_disk)
        self.count(1, reason)

    def count(self, frames: int, reason: str) -> None:
        """Count frames that are lost for good."""
        self._lost += frames
        self._reason = reason

    def taken(self) -> list[Frame]:
        """Return the kept frames, oldest first, and forget them."""
        return [self._frames.popleft() for _ in range(len(self._frames))]

    @property
    def is_open(self) -> bool:
        """Whether frames were lost since the observer was told that all is well."""
        return self._alarmed or self._lost != self._told

    def tell(self, now_s: float, *, recording: bool) -> None:
        """Tell the observer what was lost, once a minute, and when it is over."""
        lost = self._lost - self._told
        if lost and now_s >= self._alarm_at_s:
            self._told += lost
            self._alarm_at_s = now_s + _ALARM_EVERY_S
            self._alarmed = True
            self._observer.frames_lost(lost, self._reason)
        if self._alarmed and recording:
            self._alarmed = False
            self._observer.journal_resumed()
