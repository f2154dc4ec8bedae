"""Read the segments of all processes side by side, in the order of time.

Always the segment that is furthest behind is read on, a little at a time, so
that memory stays small however long the journal is.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from agcod_guard.axes import Axes
from agcod_guard.frames import Frame, Header, Kind, decoded
from agcod_guard.ports import JournalReader, Segment, Stored

FRAMES_AT_ONCE = 2_000
"""Frames read from one segment before another has its turn."""


class Placed(NamedTuple):
    """A frame, decoded, with its place on the axis."""

    at_s: float
    frame: Frame
    stored: Stored


@dataclass(slots=True)
class _Reading:
    """A segment being read: the frames to come, and how far they have come."""

    frames: Iterator[Stored]
    at_s: float
    is_done: bool = False

    def some(self, axes: Axes, kinds: frozenset[Kind]) -> list[Placed]:
        """Return the next frames of those kinds."""
        some = list(islice(self.frames, FRAMES_AT_ONCE))
        self.is_done = not some
        placed = [
            each for each in (placed_of(one, axes, kinds) for one in some) if each
        ]
        self.at_s = max([self.at_s, *(each.at_s for each in placed)])
        return placed


def side_by_side(
    reader: JournalReader,
    axes: Axes,
    *,
    kinds: frozenset[Kind],
    since_s: float,
    until_s: float = float("inf"),
    offsets: Mapping[str, int] = MappingProxyType({}),
) -> Iterator[tuple[list[Placed], float]]:
    """Read what stands in the journal, a little at a time.

    Args:
        reader: The journal.
        axes: Learns every segment's header before the first frame is placed.
        kinds: The kinds of frames wanted.
        since_s: Segments last written before this wall time are passed over.
        until_s: Segments begun after this wall time are passed over.
        offsets: Where to begin in a segment; 0 if not named.

    Yields:
        Frames, about in order, and the time up to which everything was read.
    """
    segments = [
        segment
        for segment in _learned(reader, axes)
        if segment.changed_at_s >= since_s and segment.header.wall_ns <= until_s * 1e9
    ]
    coming = deque(_opened(reader, axes, segments, offsets=offsets))
    reading: list[_Reading] = []
    read_s = float("-inf")
    while coming or reading:
        placed: list[Placed] = []
        if not reading or (coming and coming[0].at_s <= reading[0].at_s):
            reading.append(coming.popleft())
        else:
            placed = reading[0].some(axes, kinds)
            if reading[0].is_done:
                del reading[0]
        reading.sort(key=attrgetter("at_s"))
        behind = [each.at_s for each in (*reading[:1], *islice(coming, 1))]
        read_s = min(behind, default=read_s)
        yield placed, read_s


def in_order(
    batches: Iterator[tuple[list[Placed], float]], *, late_s: float
) -> Iterator[Placed]:
    """Put what `side_by_side` yields in order, none later than `late_s` late."""
    waiting: list[Placed] = []
    for placed, read_s in batches:
        waiting += placed
        waiting.sort(key=placed_at_s)
        count = bisect_right(waiting, read_s - late_s, key=placed_at_s)
        yield from waiting[:count]
        del waiting[:count]
    yield from waiting


def placed_at_s(placed: Placed) -> float:
    """Return the place of the frame; for sorting."""
    return placed.at_s


def _learned(reader: JournalReader, axes: Axes) -> list[Segment]:
    segments = reader.segments()
    for segment in segments:
        axes.learn(segment.header)
    return segments


def _opened(
    reader: JournalReader,
    axes: Axes,
    segments: Iterable[Segment],
    *,
    offsets: Mapping[str, int],
) -> list[_Reading]:
    opened = [
        _opened_one(reader, axes, segment, offsets.get(segment.name, 0))
        for segment in segments
        if offsets.get(segment.name, 0) < segment.size_bytes
    ]
    return sorted(opened, key=attrgetter("at_s"))


def _opened_one(
    reader: JournalReader, axes: Axes, segment: Segment, offset: int
) -> _Reading:
    at_s = axes.axis_s(segment.header, segment.header.mono_ns)
    return _Reading(reader.frames(segment.name, offset), at_s)


def placed_of(stored: Stored, axes: Axes, kinds: frozenset[Kind]) -> Placed | None:
    """Return the frame on the axis; None if it is not of those kinds, or broken."""
    if stored.kind not in kinds:
        return None
    try:
        frame = decoded(stored.kind, stored.payload)
    except msgspec.MsgspecError:
        return None
    if isinstance(frame, Header):
        return None
    return Placed(axes.axis_s(stored.header, frame.mono_ns), frame, stored)
