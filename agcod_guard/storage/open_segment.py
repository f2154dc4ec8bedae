"""A segment while this process writes to it: its making, its writes, its health.

Its descriptor is closed when the last reference to the `OpenSegment` goes, and
never before: a thread that is about to write holds one, so no frame can reach a
descriptor that has been closed and given to somebody else's file.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import weakref
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from agcod_guard.frames import Header, Kind, encoded
from agcod_guard.storage.framing import framed
from agcod_guard.storage.segment_file import SegmentName, scans

_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
_sync = getattr(os, "fdatasync", os.fsync)  # macOS has no fdatasync


class Health(Enum):
    """What has become of a segment that is being written; in words for people."""

    WELL = "the segment is well"
    GONE = "a segment was deleted, moved or replaced"
    SHORTENED = "a segment was cut by somebody else"
    FOREIGN = "a segment's descriptor was closed by somebody else"


class _Seen(NamedTuple):
    """How much the file held when it was found well."""

    frames: int
    size_bytes: int


class OpenSegment:
    """A segment this process writes to. Safe from any thread.

    Attributes:
        path: The file.
        opened_at_s: Monotonic time of its making, seconds.
        frames: Frames written, the header not counted.
        written_bytes: Bytes written; the file holds at least as many.
    """

    def __init__(self, folder: Path, header: Header, opened_at_s: float) -> None:
        """Create the file and write its header.

        Raises:
            OSError: That failed; no file is left behind.
        """
        self._descriptor = -1
        self.path = folder / str(SegmentName.new(header))
        self.opened_at_s = opened_at_s
        self.frames = -1  # the header makes it 0
        self.written_bytes = self._synced_bytes = 0
        self._before_last = self._last = _Seen(0, 0)
        self._identity: tuple[int, int] | None = None
        _open_segments.add(self)
        self._descriptor = _created(self.path)
        self._identity = _identity(os.fstat(self._descriptor))
        _lock(self._descriptor)
        try:
            self.write(framed(Kind.HEADER.value, encoded(header)))
        except BaseException:
            self.path.unlink(missing_ok=True)
            raise

    def write(self, frame: bytes) -> None:
        """Append one frame with one write.

        Raises:
            OSError: It is not, or not whole, in the file. (A disk that fills up
                takes a part without raising anything.)
        """
        written = os.write(self._descriptor, frame)
        if written != len(frame):
            raise OSError(errno.ENOSPC, "disk full or file size limit reached")
        self.frames += 1
        self.written_bytes += written

    def sync(self) -> None:
        """Have the disk store what was written since the last time.

        Raises:
            OSError: It could not.
        """
        written_bytes = self.written_bytes
        if written_bytes != self._synced_bytes:
            _sync(self._descriptor)
            self._synced_bytes = written_bytes

    def look(self) -> Health:
        """Look after the file, and remember how much of it was seen well."""
        frames, written_bytes = self.frames, self.written_bytes
        try:
            ours = os.fstat(self._descriptor)
        except OSError:
            return Health.FOREIGN
        if _identity(ours) != self._identity:
            return Health.FOREIGN
        if not self._is_in_place():
            return Health.GONE
        if ours.st_size < written_bytes:
            return Health.SHORTENED
        self._before_last, self._last = self._last, _Seen(frames, ours.st_size)
        return Health.WELL

    def lost_frames(self, health: Health) -> int:
        """Return how many frames went with a file that is not well.

        Of a deleted one, what `unseen_frames` returns is not lost.

        Raises:
            OSError: What is left of the file cannot be read.
        """
        match health:
            case Health.GONE:
                return self._before_last.frames
            case Health.SHORTENED:
                return max(self.frames - len(self._frames_from(0)), 0)
            case Health.FOREIGN:
                return self.frames - self._last.frames
            case Health.WELL:
                return 0

    def unseen_frames(self) -> list[bytes]:
        """Return, once, the newest frames of a deleted file, as they go to disk.

        They begin at the last look but one: a frame that was on its way at the
        last look may stand before the place that was the end then.

        Raises:
            OSError: They cannot be read.
        """
        frames = self._frames_from(self._before_last.size_bytes)
        self._before_last = _Seen(0, os.fstat(self._descriptor).st_size)
        return frames

    def close_inherited(self) -> None:
        """Close what a forked child got of it, even if it was just being opened."""
        if self._identity is None:
            _close_all_of(self.path)
        self.close()

    def close(self) -> None:
        """Close the descriptor, unless it is no longer ours."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            with contextlib.suppress(OSError):
                if _identity(os.fstat(descriptor)) == self._identity:
                    os.close(descriptor)

    def __del__(self) -> None:
        self.close()

    def _frames_from(self, offset: int) -> list[bytes]:
        return [
            framed(found.kind, found.payload)
            for scan in scans(self._descriptor, offset)
            for found in scan.frames
            if found.kind != Kind.HEADER.value
        ]

    def _is_in_place(self) -> bool:
        try:
            there = self.path.stat(follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:  # cannot be told: the file may well be there
            return True
        return _identity(there) == self._identity


_open_segments: weakref.WeakSet[OpenSegment] = weakref.WeakSet()


def close_inherited() -> None:
    """Close every segment that the parent had open; called in a forked child only.

    Also those that were just being opened, or that only a thread held which did
    not come along: as long as the child lived, they would look written to.
    """
    for segment in tuple(_open_segments):
        segment.close_inherited()


def _close_all_of(path: Path) -> None:
    """Close every descriptor of a file whose opening had not returned yet.

    The file is there before Python learns its descriptor's number: the thread
    that opened it may have waited for its turn when the process was forked.
    """
    with contextlib.suppress(OSError):
        wanted = _identity(path.stat(follow_symlinks=False))
        for name in os.listdir("/dev/fd"):  # noqa: PTH208 - numbers, not paths
            with contextlib.suppress(OSError):
                if _identity(os.fstat(int(name))) == wanted:
                    os.close(int(name))


def _created(path: Path) -> int:
    try:
        return os.open(path, _FLAGS, 0o600)
    except FileNotFoundError:
        _make_private(path.parent)
        return os.open(path, _FLAGS, 0o600)


def _lock(descriptor: int) -> None:
    """Show other processes that the segment is written to."""
    with contextlib.suppress(OSError):  # not every file system has locks
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _make_private(folder: Path) -> None:
    for part in (*reversed(folder.parents), folder):
        if not part.exists():
            part.mkdir(mode=0o700, exist_ok=True)


def _identity(state: os.stat_result) -> tuple[int, int]:
    return state.st_dev, state.st_ino
