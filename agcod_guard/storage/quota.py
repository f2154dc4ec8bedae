"""Keeps the journal within its quota by deleting the oldest segments.

Only segments that no living process writes to are deleted: a writer holds a
lock on its segment, which the kernel drops with the process. Where a file
system has no locks, age decides, as no segment is written for longer than a day.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from agcod_guard.storage.segment_file import (
    SegmentStat,
    opened_to_read,
    segments_in,
)

_YOUNG_S = 60.0
"""A segment written to so lately may be one whose writer has no lock yet."""

_CLOCK_STEP_S = 3600.0
"""A wall clock may have been set by so much; protected time is that much longer."""

_NO_LOCKS = frozenset(
    {errno.EBADF, errno.EINVAL, errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}
)
"""What file systems without such locks say; NFS wants a writer's descriptor."""


class Quota:
    """How much the journal may hold, over all processes of this host."""

    def __init__(
        self,
        folder: Path,
        *,
        quota_bytes: int,
        quota_s: float,
        abandoned_s: float,
        protected_since_s: Callable[[], float | None],
    ) -> None:
        """Take the limits.

        Args:
            folder: Where the segments are.
            quota_bytes: What all segments together may take.
            quota_s: How long a segment is kept after its last frame.
            abandoned_s: Age of the last frame from which a segment counts as
                closed where the file system has no locks.
            protected_since_s: Asked for the wall time from which on every frame
                must be kept; None when there is none.
        """
        self._folder = folder
        self._quota_bytes, self._quota_s = quota_bytes, quota_s
        self._abandoned_s = abandoned_s
        self._protected_since_s = protected_since_s

    def keep(self, now_s: float) -> int:
        """Delete what is too old or too much; return the bytes that are left.

        Args:
            now_s: Wall time, seconds since the Unix epoch.

        Raises:
            OSError: The folder cannot be listed.
        """
        segments = sorted(segments_in(self._folder), key=lambda each: each.modified_s)
        total = sum(segment.size_bytes for segment in segments)
        if not segments or not self._is_due(segments[0], total, now_s):
            return total
        with _alone_in(self._folder) as alone:
            if not alone:
                return total
            for segment in self._deletable(segments, now_s):
                if not self._is_due(segment, total, now_s):
                    break
                if self._deleted(segment, now_s):
                    total -= segment.size_bytes
        return total

    def _is_due(self, segment: SegmentStat, total: int, now_s: float) -> bool:
        too_old = segment.modified_s < now_s - self._quota_s
        return too_old or total > self._quota_bytes

    def _deletable(
        self, segments: list[SegmentStat], now_s: float
    ) -> list[SegmentStat]:
        kept_since_s = now_s - _YOUNG_S
        protected_since_s = self._protected_since_s()
        if protected_since_s is not None:
            kept_since_s = min(kept_since_s, protected_since_s - _CLOCK_STEP_S)
        return [each for each in segments if each.modified_s < kept_since_s]

    def _deleted(self, segment: SegmentStat, now_s: float) -> bool:
        """Delete the segment unless somebody writes it; whether it is gone."""
        try:
            descriptor = opened_to_read(segment.path)
        except FileNotFoundError:
            return True
        except OSError:
            return False
        try:
            if self._is_closed(descriptor, segment, now_s):
                segment.path.unlink(missing_ok=True)
                return True
        except OSError:
            pass
        finally:
            os.close(descriptor)
        return False

    def _is_closed(self, descriptor: int, segment: SegmentStat, now_s: float) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            abandoned = segment.modified_s < now_s - self._abandoned_s
            return error.errno in _NO_LOCKS and abandoned
        return True


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[bool]:
    """Whether no other process is deleting here at the same time.

    Two that delete at once would take the other's look at a segment for a
    writer's lock, and go on to a younger one.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    except OSError:  # no locks here: nothing to wait for
        yield True
    else:
        yield True
        # A fork during the deletion holds a copy that closing would not unlock.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)
