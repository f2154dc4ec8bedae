"""Reads the segments of all processes back: new frames, or those of a time.

Nothing found in a file raises: damage is skipped and counted, a file that
cannot be read is set aside and named. Only a folder that cannot be reached is
an error, as then nothing at all is known; one that is not there is empty.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from agcod_guard.errors import DataError
from agcod_guard.frames import Frame, Header, Kind, decoded
from agcod_guard.ports import Observer, Position, Segment, Stored
from agcod_guard.storage.framing import Found, Scan
from agcod_guard.storage.segment_file import (
    SegmentName,
    SegmentStat,
    ending,
    opened_to_read,
    scans,
    segments_in,
)

_CLOCK_STEP_S = 2 * 3600.0
"""A wall clock may have been set by so much while a segment was written."""

_HEADER_CHUNK_BYTES = 1 << 13
_KINDS = {kind.value: kind for kind in Kind}
_HANDED_OUT = {byte: kind for byte, kind in _KINDS.items() if kind is not Kind.HEADER}


@dataclass(slots=True)
class _Known:
    """What is remembered of a segment.

    Attributes:
        header: Its header, once one was asked for.
        asked: Offset that the next `tail` will bring if it read everything.
        read_to: Where such a `tail` goes on reading.
        size_bytes: The segment's size when it was read so far.
        checked_to: Damage before this offset has been counted.
        problem: Why it cannot be read; None if it can.
    """

    header: Header | None = None
    asked: int = -1
    read_to: int = 0
    size_bytes: int = -1
    checked_to: int = 0
    problem: str | None = None


class SegmentReader:
    """The frames of every process on this host, or those of a single segment.

    Header frames are not handed out: each frame comes with its segment's. Kinds
    that this version does not know are passed over.

    Attributes:
        skipped: Damaged places met so far, each counted once.
    """

    def __init__(self, path: Path, observer: Observer) -> None:
        """Read the folder of segments, or the one segment, at `path`."""
        self._path, self._observer = path, observer
        self._known: dict[str, _Known] = {}
        self.skipped = 0

    @property
    def unreadable(self) -> dict[str, str]:
        """Segments of the folder that cannot be read, by file name, and why."""
        return {
            name: known.problem
            for name, known in self._known.items()
            if known.problem is not None
        }

    def tail(self, offsets: Mapping[str, int]) -> Iterator[Stored]:
        """Yield the frames from those offsets on, new segments from their start.

        Segment by segment, each in the order written. A torn last frame is left
        for the next time; a segment that has not changed costs one stat.

        Raises:
            DataError: The journal cannot be reached.
        """
        for segment in self._listed():
            known = self._known[segment.path.name]
            asked = offsets.get(segment.path.name, 0)
            if known.asked != asked:
                known.asked = known.read_to = asked
            elif segment.size_bytes in (known.size_bytes, known.read_to):
                continue
            yield from self._unread(segment, known)

    def between(self, from_wall_s: float, until_wall_s: float) -> Iterator[Stored]:
        """Yield the frames of the segments that may hold that time.

        Segments are skipped whole, by their header's time and their mtime.

        Raises:
            DataError: The journal cannot be reached.
        """
        for segment in self._listed():
            if segment.modified_s < from_wall_s - _CLOCK_STEP_S:
                continue
            header = self._header(segment.path)
            if header and header.wall_ns / 1e9 <= until_wall_s + _CLOCK_STEP_S:
                yield from self.frames(segment.path.name, 0)

    def segments(self) -> list[Segment]:
        """Return the segments that hold anything, those begun first before others.

        Raises:
            DataError: The journal cannot be reached.
        """
        found = []
        for each in self._listed():
            header = self._header(each.path)
            if header is not None:
                name = each.path.name
                found.append(Segment(name, header, each.size_bytes, each.modified_s))
        return sorted(found, key=lambda segment: segment.header.wall_ns)

    def frames(self, segment: str, offset: int) -> Iterator[Stored]:
        """Yield a segment's frames from that offset on, in the order written.

        A torn last frame is left out; so is a segment that has gone.

        Raises:
            DataError: It is the one segment to be read, and cannot be.
        """
        path = self._path_of(segment)
        for scan in self._scans(path, offset):
            yield from self._stored(scan, path)

    def ending(self, segment: str) -> list[Stored]:
        """Return a segment's last frames, without reading those before.

        None at all if it holds none, or cannot be read.
        """
        path = self._path_of(segment)
        try:
            descriptor = opened_to_read(path)
            try:
                scan = ending(descriptor)
            finally:
                os.close(descriptor)
        except OSError:
            return []
        return self._stored(scan, path)

    def _path_of(self, segment: str) -> Path:
        return self._path / segment if self._path.is_dir() else self._path

    def _listed(self) -> list[SegmentStat]:
        """List what there is, and forget what there is no more."""
        try:
            if self._path.is_dir():
                segments = segments_in(self._path)
            else:
                state = self._path.stat()
                segments = [SegmentStat(self._path, state.st_size, state.st_mtime)]
        except FileNotFoundError:
            segments = []
        except OSError as error:
            raise self._unreachable(error) from error
        self._known = {
            segment.path.name: self._known.get(segment.path.name) or _Known()
            for segment in segments
        }
        return segments

    def _unread(self, segment: SegmentStat, known: _Known) -> Iterator[Stored]:
        """Yield what is new; a file that was cut is read from its new end."""
        asked, read_to = known.asked, min(known.read_to, segment.size_bytes)
        for scan in self._scans(segment.path, read_to):
            for stored in self._stored(scan, segment.path):
                yield stored
                asked = stored.end
            read_to = scan.end
        known.asked, known.read_to = asked, read_to
        known.size_bytes = segment.size_bytes

    def _stored(self, scan: Scan, path: Path) -> list[Stored]:
        header = self._header(path) if scan.frames else None
        if header is None:
            return []
        name = path.name
        return [
            Stored(header, Position(name, each.start), each.end, kind, each.payload)
            for each in scan.frames
            if (kind := _HANDED_OUT.get(each.kind)) is not None
        ]

    def _scans(self, path: Path, offset: int) -> Iterator[Scan]:
        """Yield what the segment holds; set it aside if it cannot be read."""
        known = self._known.setdefault(path.name, _Known())
        try:
            descriptor = opened_to_read(path)
            try:
                for scan in scans(descriptor, offset):
                    self._count_damage(path.name, known, scan)
                    yield scan
            finally:
                os.close(descriptor)
            known.problem = None
        except FileNotFoundError:
            return  # deleted since the folder was listed
        except OSError as error:
            self._set_aside(path, known, error)

    def _count_damage(self, name: str, known: _Known, scan: Scan) -> None:
        """Count damaged places once, however often they are read."""
        fresh = sum(1 for place in scan.damaged if place >= known.checked_to)
        known.checked_to = max(known.checked_to, scan.end)
        if fresh:
            self.skipped += fresh
            self._observer.frames_skipped(fresh, name)

    def _header(self, path: Path) -> Header | None:
        """Return the segment's header; None while it holds no frame at all."""
        known = self._known.setdefault(path.name, _Known())
        if known.header is None:
            try:
                known.header = _header_of(path)
            except FileNotFoundError:
                return None  # deleted since the folder was listed
            except OSError as error:
                self._set_aside(path, known, error)
        return known.header

    def _set_aside(self, path: Path, known: _Known, error: OSError) -> None:
        if path == self._path:
            raise self._unreachable(error) from error
        if known.problem is None:
            self._observer.internal_error("journal.read", error)
        known.problem = error.strerror or repr(error)

    def _unreachable(self, error: OSError) -> DataError:
        return DataError(
            self._path,
            f"the journal cannot be read ({error.strerror or error!r})",
            remedy="check the path, its permissions, and whether a guard has run",
        )


def _header_of(path: Path) -> Header | None:
    """Return a segment's header, or one that stands for a damaged header.

    The first frame's clocks then are the anchor, of a boot of its own, so that
    the segment is placed by wall time.

    Raises:
        OSError: The segment cannot be read.
    """
    descriptor = opened_to_read(path)
    try:
        for scan in scans(descriptor, 0, chunk_bytes=_HEADER_CHUNK_BYTES):
            for frame in map(_frame_of, scan.frames):
                if isinstance(frame, Header):
                    return frame
                if frame is not None:
                    return _stand_in(SegmentName.parse(path.name), frame)
    finally:
        os.close(descriptor)
    return None


def _frame_of(found: Found) -> Frame | Header | None:
    kind = _KINDS.get(found.kind)
    try:
        return kind and decoded(kind, found.payload)
    except (msgspec.DecodeError, RecursionError):
        return None


def _stand_in(name: SegmentName, frame: Frame) -> Header:
    return Header(
        source=name.source,
        boot_id=name.boot,
        pid=0,
        wall_ns=frame.wall_ns,
        mono_ns=frame.mono_ns,
        version="",
    )
