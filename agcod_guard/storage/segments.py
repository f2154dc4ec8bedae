"""The journal: one append-only segment per process, written from any thread.

`append` is one write on the caller's thread; no lock, no sync, no rolling.
Everything slow is done once a second by `maintain`, on the helper thread. A
frame that cannot be written stays in memory: in a ring that the fold of this
process reads, and, except begins, in a second one that is written to the journal
as soon as it takes frames again, so that no call stays open there for good.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agcod_guard.errors import DataError
from agcod_guard.frames import Frame, Header, encoded, type_byte_of
from agcod_guard.ports import Clock, Observer
from agcod_guard.storage.current_segment import CurrentSegment, reason_of
from agcod_guard.storage.framing import framed
from agcod_guard.storage.losses import Losses
from agcod_guard.storage.open_segment import Health, OpenSegment, close_inherited
from agcod_guard.storage.quota import Quota

_QUOTA_EVERY_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLimits:
    """How large and how old things may become.

    Attributes:
        roll_bytes: Size at which a segment is closed and the next one begun.
        roll_s: Age at which it is.
        quota_bytes: What the segments of all processes may take together.
        quota_s: How long a segment is kept after its last frame.
        lost_ring: How many unwritten frames are kept in memory.
    """

    roll_bytes: int = 8_000_000
    roll_s: float = 86_400.0
    quota_bytes: int = 1_000_000_000
    quota_s: float = 30 * 86_400.0
    lost_ring: int = 10_000


def _nothing_protected() -> float | None:
    return None


class SegmentJournal:
    """Where this process writes its frames; a `Journal`.

    After a fork the child leaves the parent's segment alone and begins its own
    at its first frame.
    """

    def __init__(
        self,
        folder: Path,
        *,
        header: Callable[[], Header],
        clock: Clock,
        observer: Observer,
        limits: JournalLimits = JournalLimits(),
        protected_since_s: Callable[[], float | None] = _nothing_protected,
    ) -> None:
        """Make a journal; nothing is touched before the first frame.

        Args:
            folder: Where the segments go; made when it is missing.
            header: Asked for each new segment's header, in the process and at
                the time of its making.
            clock: For ages, and for the quota's wall time.
            observer: Told of losses, and of the journal's size.
            limits: How large and how old things may become.
            protected_since_s: Asked for the wall time from which on no frame
                may be deleted (the open incident's); None when there is none.
                While it raises DataError, nothing is deleted.
        """
        self._folder, self._header = folder, header
        self._clock, self._observer, self._limits = clock, observer, limits
        self._quota = Quota(
            folder,
            quota_bytes=limits.quota_bytes,
            quota_s=limits.quota_s,
            abandoned_s=2 * limits.roll_s,
            protected_since_s=protected_since_s,
        )
        self.begin_anew()
        _journals.add(self)

    @property
    def owed(self) -> int:
        """How many frames wait in memory that are still to be written."""
        return len(self._losses.owed)

    def append(self, frame: Frame) -> bool:
        """Store the frame with one write; False if that failed. Never raises."""
        on_disk = b""
        try:
            on_disk = framed(type_byte_of(frame), encoded(frame))
            if self._current.pid != os.getpid():  # a fork that no hook saw
                self.begin_anew()
            self._current.write(on_disk)
        except Exception as error:  # the caller is moving money
            self._losses.keep(frame, on_disk, reason_of(error))
            return False
        return True

    def unwritten(self) -> list[Frame]:
        """Return the frames that were not stored, oldest first; each only once.

        They are for the fold of this process. All but the begins turn up in the
        journal, too, when it takes frames again.
        """
        return self._losses.taken()

    def maintain(self) -> None:
        """Sync, roll, look after the file, keep the quota; once a second."""
        if self._current.pid != os.getpid():
            self.begin_anew()
        now_s = self._clock.monotonic_s()
        self._finish_retired()
        self._look_after(now_s)
        self._write_owed()
        if now_s >= self._quota_at_s:
            self._keep_quota(now_s)
        recording = self._current.segment is not None and not self._losses.owed
        self._losses.tell(now_s, recording=recording)

    def close(self) -> None:
        """Sync and close; a later append begins a new segment."""
        self._write_owed()
        segment = self._current.segment
        if segment is not None:
            self._current.leave(segment)
        self._finish_retired()
        self._losses.tell(self._clock.monotonic_s(), recording=False)

    def begin_anew(self) -> None:
        """Start as a process that has written nothing yet, as after a fork."""
        self._losses = Losses(self._limits.lost_ring, self._observer)
        self._quota_at_s = float("-inf")
        self._current = CurrentSegment(self._new_segment, self._clock.monotonic_s)

    def _new_segment(self) -> OpenSegment:
        return OpenSegment(self._folder, self._header(), self._clock.monotonic_s())

    def _look_after(self, now_s: float) -> None:
        """Change segments when this one is unwell, too old or too large."""
        segment = self._current.segment
        if segment is None:
            return
        health = segment.look()
        if health is not Health.WELL:
            self._current.leave(segment)
            self._rescue(segment, health, counted=True)
        elif not self._synced(segment) or self._is_old(segment, now_s):
            self._current.leave(segment)
        elif segment.written_bytes >= self._limits.roll_bytes:
            self._roll(segment)

    def _is_old(self, segment: OpenSegment, now_s: float) -> bool:
        return now_s >= segment.opened_at_s + self._limits.roll_s

    def _roll(self, segment: OpenSegment) -> None:
        """Go over to a new segment, made here so that no caller need wait."""
        try:
            successor = self._new_segment()
        except OSError:
            return  # the old one still takes frames
        self._current.leave(segment, successor=successor)
        self._quota_at_s = float("-inf")

    def _finish_retired(self) -> None:
        """Sync what is no longer written, and let go of it."""
        for _ in range(len(self._current.retired)):
            segment = self._current.retired.popleft()
            health = segment.look()
            self._rescue(segment, health)
            if health is Health.WELL:
                self._synced(segment)

    def _synced(self, segment: OpenSegment) -> bool:
        try:
            segment.sync()
        except OSError as error:
            self._observer.internal_error("journal.sync", error)
            return False
        return True

    def _rescue(
        self, segment: OpenSegment, health: Health, *, counted: bool = False
    ) -> None:
        """Write the newest frames of a deleted segment again; count the others.

        Whoever deletes a segment means what stood in it, not what is written
        until the loss is noticed.
        """
        try:
            if counted:
                self._losses.count(segment.lost_frames(health), health.value)
            if health is Health.GONE:
                self._losses.owed.extend(segment.unseen_frames())
                self._write_owed()
        except OSError as error:
            self._observer.internal_error("journal.rescue", error)

    def _write_owed(self) -> None:
        """Write what is owed to the journal, until it refuses again."""
        owed = self._losses.owed
        try:
            if self._losses.is_open:
                self._current.opened()
            while owed:
                self._current.write(owed[0])
                owed.popleft()
        except OSError:
            return  # it stays owed

    def _keep_quota(self, now_s: float) -> None:
        self._quota_at_s = now_s + _QUOTA_EVERY_S
        try:
            total = self._quota.keep(self._clock.wall_s())
        except FileNotFoundError:
            total = 0
        except (OSError, DataError) as error:  # what is protected may be unknown
            self._observer.internal_error("journal.quota", error)
            return
        self._observer.journal_bytes(total)


_journals: weakref.WeakSet[SegmentJournal] = weakref.WeakSet()


def _after_fork() -> None:
    close_inherited()
    for journal in tuple(_journals):
        journal.begin_anew()


os.register_at_fork(after_in_child=_after_fork)
