"""The helper thread: one a process, started at its first call, also after a fork."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from agcod_guard.frames import Frame
from agcod_guard.ports import Journal

ItemT = TypeVar("ItemT")

_AT_ONCE = 32
"""About 0.15 ms of work. Of shorter stretches there would be more than calls, and
each call would meet one."""

_PAUSE_S = 0.0002
_MOST_HELD_UP = 8_000


class _Here(threading.local):
    """What is known of the thread that asks."""

    is_helper = False


_here = _Here()


def unhurried(items: Iterable[ItemT]) -> Iterable[ItemT]:
    """Yield the items; on the helper thread, let others run after every few.

    A thread that computes gives up the interpreter only after 5 ms, and an event
    loop of the partner's would be late by as much, again and again, while the helper
    thread goes through what a busy second has left. Beyond 8,000 items nothing is
    held up.
    """
    return _with_pauses(items) if _here.is_helper else items


def _with_pauses(items: Iterable[ItemT]) -> Iterator[ItemT]:
    for number, item in enumerate(items, start=1):
        if number % _AT_ONCE == 0 and number <= _MOST_HELD_UP:
            time.sleep(_PAUSE_S)
        yield item


class Heartbeat:
    """Calls `beat` every so often on a daemon thread of this process.

    `beat` contains its own errors.
    """

    def __init__(self, beat: Callable[[], object], *, every_s: float) -> None:
        self._beat, self._every_s = beat, every_s
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._started: dict[int, object] = {}
        self._pid = 0

    def start(self) -> None:
        """Begin in this process; does nothing where it has begun or ended already.

        A thread does not survive a fork, so a child begins anew.
        """
        pid, mine = os.getpid(), object()
        if self._started.setdefault(pid, mine) is not mine:
            return  # of several first calls at once, one begins it
        self._pid = pid
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(self._stop,), name="agcod-guard", daemon=True
        )
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """End; wait at most so long for the beat under way.

        A child leaves alone what it has of its parent's thread, which may have
        been forked while it held the event's lock.
        """
        if self._thread is not None and self._pid == os.getpid():
            self._stop.set()
            if self._thread is not threading.current_thread():
                self._thread.join(timeout_s)
        self._thread = None
        # Who asks a closed guard whether AGCOD is down sets nothing going.
        self._started.setdefault(os.getpid(), self)

    def _run(self, stop: threading.Event) -> None:
        _here.is_helper = True
        while not stop.wait(self._every_s):
            self._beat()


class WakingJournal:
    """A journal whose first frame in a process starts the helper thread."""

    def __init__(self, journal: Journal, start: Callable[[], None]) -> None:
        self._journal, self._start = journal, start
        self._pid = 0

    def append(self, frame: Frame) -> bool:
        """Store the frame; False if it could not be stored. Never raises."""
        if self._pid != os.getpid():
            self._pid = os.getpid()
            self._start()
        return self._journal.append(frame)

    def unwritten(self) -> list[Frame]:
        """Return frames that could not be stored; each only once."""
        return self._journal.unwritten()

    def maintain(self) -> None:
        """Sync, roll, notice deletion, keep the quota."""
        self._journal.maintain()

    def close(self) -> None:
        """Sync and close; later appends open a new segment."""
        self._journal.close()
