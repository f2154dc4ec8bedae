"""The segment that this process writes to at present, whichever that is.

Hot path: `write` is one `os.write` while all is well. When a segment takes no
more (disk full, file size limit, I/O error) the frame goes to a new one; when
that fails too, callers are refused at once, and one of them tries again a second
later.
"""

from __future__ import annotations

import errno
import os
import threading
from collections import deque
from collections.abc import Callable

from agcod_guard.storage.open_segment import OpenSegment

_REOPEN_EVERY_S = 1.0
"""A journal that takes nothing costs its callers one attempt in this time."""

_OPEN_WAIT_S = 0.5
"""A caller waits at most this long for another thread that opens a segment."""

_NEVER_S = float("-inf")


class CurrentSegment:
    """Hands frames to the present segment, and changes segments under threads.

    Belongs to one process; a fork makes a new one.

    Attributes:
        pid: The process.
        retired: Segments that are written no more but not yet synced; the
            writer's own thread takes them out.
    """

    def __init__(
        self, make: Callable[[], OpenSegment], monotonic_s: Callable[[], float]
    ) -> None:
        """Begin with no segment; `make` opens one and may raise OSError."""
        self._make, self._monotonic_s = make, monotonic_s
        self.pid = os.getpid()
        self.retired: deque[OpenSegment] = deque()
        self._segment: OpenSegment | None = None
        self._changing = threading.Lock()
        self._next_attempt_s = _NEVER_S
        self._refusal = ""

    @property
    def segment(self) -> OpenSegment | None:
        """The segment that frames go to; None until one is needed."""
        return self._segment

    def write(self, on_disk: bytes) -> None:
        """Write to the segment, or to a new one if that fails.

        Raises:
            OSError: Neither took it.
        """
        segment = self._segment or self.opened()
        try:
            segment.write(on_disk)
        except OSError as error:
            self._refusal = reason_of(error)
            self.opened(failed=segment).write(on_disk)

    def opened(self, *, failed: OpenSegment | None = None) -> OpenSegment:
        """Return a segment other than `failed`, opening one if need be.

        Raises:
            OSError: There is none, and none can be opened at this time.
        """
        now_s = self._monotonic_s()
        if self._segment is None and self._refusal and now_s < self._next_attempt_s:
            raise OSError(errno.EAGAIN, self._refusal)
        if not self._changing.acquire(timeout=_OPEN_WAIT_S):
            raise OSError(errno.EAGAIN, "another thread is opening a segment")
        try:
            if failed is not None and self._segment is failed:
                self._segment = None
                self.retired.append(failed)
            if self._segment is None:
                self._segment = self._made(now_s)
            return self._segment
        finally:
            self._changing.release()

    def leave(
        self, segment: OpenSegment, *, successor: OpenSegment | None = None
    ) -> None:
        """Write no more to `segment`; it closes when no thread holds it."""
        with self._changing:
            if self._segment is segment:
                self._segment, self._next_attempt_s = successor, _NEVER_S
                self.retired.append(segment)

    def _made(self, now_s: float) -> OpenSegment:
        if now_s < self._next_attempt_s:
            raise OSError(errno.EAGAIN, self._refusal)
        self._next_attempt_s = now_s + _REOPEN_EVERY_S
        try:
            segment = self._make()
        except OSError as error:
            self._refusal = reason_of(error)
            raise
        self._refusal = ""
        return segment


def reason_of(error: Exception) -> str:
    """Return why a frame was not written, for people."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return f"it cannot be encoded: {error!r}"
