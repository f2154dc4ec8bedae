"""Segment files: their names, which there are, and what stands in one."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from agcod_guard.frames import Header
from agcod_guard.storage.framing import MAX_PAYLOAD_BYTES, Scan, frames_in

SUFFIX = ".seg"

_READ_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_CHUNK_BYTES = 1 << 15
"""About 120 frames: few enough for a processor's cache, and for one stretch of the
helper thread."""

_LONGEST_BYTES = 2 * MAX_PAYLOAD_BYTES
_ENDING_BYTES = 1 << 16


class SegmentName(NamedTuple):
    """What a segment's file name tells, so that a folder listing explains itself."""

    source: str
    boot: str
    started: str
    random: str

    def __str__(self) -> str:
        return "-".join(self) + SUFFIX

    @classmethod
    def new(cls, header: Header) -> SegmentName:
        """Return a name that no other segment has; a pid alone would come back."""
        return cls(
            source=re.sub(r"[^A-Za-z0-9_.-]+", "_", header.source)[:64].lstrip("."),
            boot=re.sub(r"[^0-9a-f]", "", header.boot_id)[:8].ljust(8, "0"),
            started=time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(header.wall_ns / 1e9)),
            random=os.urandom(4).hex(),
        )

    @classmethod
    def parse(cls, name: str) -> SegmentName:
        """Return the parts of a file name; parts that are not there are empty."""
        parts = name.removesuffix(SUFFIX).rsplit("-", 3)
        return cls(*parts, *[""] * (4 - len(parts)))


class SegmentStat(NamedTuple):
    """A segment as a folder listing shows it."""

    path: Path
    size_bytes: int
    modified_s: float


def scans(
    descriptor: int, offset: int, *, chunk_bytes: int = _CHUNK_BYTES
) -> Iterator[Scan]:
    """Yield what stands in a segment from `offset` to its present end.

    Damage that goes on from one chunk into the next is one damaged place.

    Raises:
        OSError: It cannot be read.
    """
    end = os.fstat(descriptor).st_size
    wanted_bytes, in_damage = chunk_bytes, False
    while offset < end:
        buffer = os.pread(descriptor, min(wanted_bytes, end - offset), offset)
        scan = frames_in(buffer, offset)
        if in_damage and not buffer.startswith(b"\n"):
            scan = scan._replace(damaged=scan.damaged[1:])
        yield scan
        in_damage = not scan.frames or scan.frames[-1].end < scan.end
        if scan.end > offset:
            offset, wanted_bytes = scan.end, chunk_bytes
        elif wanted_bytes < _LONGEST_BYTES and offset + len(buffer) < end:
            wanted_bytes = _LONGEST_BYTES  # a frame longer than a chunk
        else:
            return


def ending(descriptor: int) -> Scan:
    """Return what stands at the end of a segment: more than one frame, if it can.

    Raises:
        OSError: It cannot be read.
    """
    size_bytes = os.fstat(descriptor).st_size
    scan = Scan([], [], 0)
    for wanted_bytes in (_ENDING_BYTES, _LONGEST_BYTES):
        start = max(0, size_bytes - wanted_bytes)
        scan = frames_in(os.pread(descriptor, wanted_bytes, start), start)
        if scan.frames:
            break
    return scan


def opened_to_read(path: Path) -> int:
    """Return a descriptor of the segment.

    Raises:
        OSError: It cannot be read, or is no regular file.
    """
    descriptor = os.open(path, _READ_FLAGS)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return descriptor


def segments_in(folder: Path) -> list[SegmentStat]:
    """Return the segments of a folder, those started first before others.

    Raises:
        OSError: The folder cannot be listed.
    """
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.endswith(SUFFIX):
                continue
            with contextlib.suppress(FileNotFoundError):
                state = entry.stat(follow_symlinks=False)
                found.append(
                    SegmentStat(Path(entry.path), state.st_size, state.st_mtime)
                )
    return sorted(found, key=lambda segment: _started(segment.path.name))


def _started(name: str) -> tuple[str, str]:
    return SegmentName.parse(name).started, name
