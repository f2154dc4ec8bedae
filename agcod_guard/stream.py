"""Turn the frames of every process into events on one axis, oldest first.

New frames wait here until nothing older can still be on its way; then they are
taken for good. `mark` tells a restart where to read from, and which of the
frames behind that place were taken already.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from typing import NamedTuple

import msgspec

from agcod_guard.axes import Axes
from agcod_guard.frames import Begin, End, Kind, Reference, decoded
from agcod_guard.outage.evidence import Began, Ended, Event, Referenced
from agcod_guard.ports import JournalReader, Stored
from agcod_guard.protocol.failures import is_mock_id

FRAMES_AT_ONCE = 2_000
"""Frames read from one segment before another has its turn."""

_FOLDED_KINDS = frozenset({Kind.BEGIN, Kind.END, Kind.REFERENCE})


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """Where a restart goes on reading.

    Attributes:
        offsets: Per segment, the offset from which frames are to be read.
        taken: Offsets at or after those whose frames were taken already.
    """

    offsets: dict[str, int] = {}
    taken: dict[str, list[int]] = {}


class _Waiting(NamedTuple):
    event: Event
    segment: str
    offset: int


@dataclass(slots=True)
class _Reading:
    """A segment being read: the frames to come, and how far they have come."""

    frames: Iterator[Stored]
    at_s: float
    is_done: bool = False


class Stream:
    """The journal as events; remembers what was read and what was taken.

    Attributes:
        sources: Machines whose frames have been read.
    """

    def __init__(
        self, reader: JournalReader, axes: Axes, *, mark: Mark | None = None
    ) -> None:
        mark = mark or Mark()
        self._reader, self._axes = reader, axes
        self._unread = dict(mark.offsets)
        self._taken = {name: set(offsets) for name, offsets in mark.taken.items()}
        self._waiting: list[_Waiting] = []
        self.sources: set[str] = set()

    def read(self) -> None:
        """Read what has been written since the last time."""
        for stored in self._reader.tail(self._unread):
            self._take_in(stored)
        self._waiting.sort(key=_at_s)

    def catch_up(self, since_s: float) -> Iterator[float]:
        """Read all that stands in the journal, a little at a time.

        Segments are read side by side, always the one that is furthest behind,
        so that what waits in between stays small.

        Args:
            since_s: Segments last written before this wall time are passed over.

        Yields:
            Times, on the axis, up to which everything has been read.
        """
        coming = deque(self._opened(since_s))
        reading: list[_Reading] = []
        while coming or reading:
            if not reading or (coming and coming[0].at_s <= reading[0].at_s):
                reading.append(coming.popleft())
            else:
                self._read_some(reading[0])
                if reading[0].is_done:
                    del reading[0]
            reading.sort(key=attrgetter("at_s"))
            self._waiting.sort(key=_at_s)
            behind = [each.at_s for each in (*reading[:1], *islice(coming, 1))]
            if behind:
                yield min(behind)

    def _opened(self, since_s: float) -> list[_Reading]:
        """Return the segments to be read, by the time they begin."""
        segments = self._reader.segments()
        for segment in segments:
            self._axes.learn(segment.header)
        opened = []
        for segment in segments:
            offset = self._unread.get(segment.name, 0)
            if segment.changed_at_s < since_s:
                self._unread[segment.name] = segment.size_bytes
            elif offset < segment.size_bytes:
                at_s = self._axes.axis_s(segment.header, segment.header.mono_ns)
                opened.append(_Reading(self._reader.frames(segment.name, offset), at_s))
        return sorted(opened, key=attrgetter("at_s"))

    def _read_some(self, reading: _Reading) -> None:
        some = list(islice(reading.frames, FRAMES_AT_ONCE))
        reading.is_done = not some
        for stored in some:
            reading.at_s = max(reading.at_s, self._take_in(stored))

    def _take_in(self, stored: Stored) -> float:
        """Let a frame wait, if it means anything; return its time."""
        segment, offset = stored.position.segment, stored.position.offset
        self._unread[segment] = stored.end
        event = self._event(stored)
        if event is None:
            return float("-inf")
        if offset not in self._taken.get(segment, ()):
            self._waiting.append(_Waiting(event, segment, offset))
        return event.at_s

    def take(self, until_s: float) -> list[Event]:
        """Return the events up to then, oldest first, and forget them."""
        count = bisect_right(self._waiting, until_s, key=_at_s)
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        for waiting in taken:
            self._taken.setdefault(waiting.segment, set()).add(waiting.offset)
        self._forget_taken()
        return [waiting.event for waiting in taken]

    def rest(self) -> list[Event]:
        """Return the events that still wait, oldest first."""
        return [waiting.event for waiting in self._waiting]

    def mark(self) -> Mark:
        """Return where a restart must go on so that no frame counts twice."""
        return Mark(
            offsets=self._safe_offsets(),
            taken={name: sorted(offsets) for name, offsets in self._taken.items()},
        )

    def _safe_offsets(self) -> dict[str, int]:
        safe = dict(self._unread)
        for waiting in self._waiting:
            safe[waiting.segment] = min(safe[waiting.segment], waiting.offset)
        return safe

    def _forget_taken(self) -> None:
        safe = self._safe_offsets()
        kept = {
            name: {offset for offset in offsets if offset >= safe[name]}
            for name, offsets in self._taken.items()
        }
        self._taken = {name: offsets for name, offsets in kept.items() if offsets}

    def _event(self, stored: Stored) -> Event | None:
        self.sources.add(stored.header.source)
        if stored.kind not in _FOLDED_KINDS:
            return None
        try:
            frame = decoded(stored.kind, stored.payload)
        except msgspec.DecodeError:
            return None
        at_s = self._axes.axis_s(stored.header, frame.mono_ns)
        return event_of(frame, at_s, source=stored.header.source)


def event_of(frame: object, at_s: float, *, source: str) -> Event | None:
    """Return what a frame means to the fold; None if it means nothing.

    Amazon's mock ids are left out: they prove nothing about the real service.
    """
    if isinstance(frame, Reference):
        return Referenced(at_s, frame.reached)
    if not isinstance(frame, Begin) or is_mock_id(frame.request_id):
        return None
    scope = f"{frame.account}/{frame.endpoint}"
    order = frame.request_id or frame.call_id
    if isinstance(frame, End):
        return Ended(
            at_s,
            frame.wall_ns,
            scope,
            order,
            frame.call_id,
            frame.source or source,
            frame.probe,
            frame.outcome,
            frame.marked,
        )
    return Began(at_s, frame.wall_ns, scope, order, frame.call_id, source, frame.probe)


def _at_s(waiting: _Waiting) -> float:
    return waiting.event.at_s
