"""Turn the frames of every process into events on one axis, oldest first.

New frames wait here until nothing older can still be on its way; then they are
taken for good. `mark` tells a restart where to read from, and which of the
frames behind that place were taken already.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from agcod_guard.axes import Axes
from agcod_guard.errors import DataError
from agcod_guard.frames import Begin, End, Frame, Header, Kind, Network, Reference
from agcod_guard.heartbeat import unhurried
from agcod_guard.journal.merging import Placed, placed_of, side_by_side
from agcod_guard.outage.events import Began, Checked, Ended, Event, Referenced
from agcod_guard.outage.path import Route, finding_of
from agcod_guard.ports import JournalReader
from agcod_guard.protocol.failures import is_mock_id
from agcod_guard.protocol.operations import known_operation

MOST_ADDED = 10_000
"""Calls remembered that were taken in before they stood in the journal."""

_FOLDED_KINDS = frozenset({Kind.BEGIN, Kind.END, Kind.REFERENCE, Kind.NETWORK})


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """Where a restart goes on reading.

    Attributes:
        offsets: Per segment, the offset from which frames are to be read.
        taken: Offsets at or after those whose frames were taken already.
    """

    offsets: dict[str, int] = {}
    taken: dict[str, list[int]] = {}


class Taken(NamedTuple):
    """One frame in its place, as the fold and whoever else follows are told of it.

    Attributes:
        event: What it means to the fold.
        frame: The frame itself.
        source: Machine whose segment it stands in.
        segment: Where it stands; None for one that could not be written.
        offset: Where in the segment.
    """

    event: Event
    frame: Frame
    source: str
    segment: str | None
    offset: int


class Stream:
    """The journal as events; remembers what was read and what was taken.

    Attributes:
        sources: Machines whose frames have been read.
    """

    def __init__(
        self,
        reader: JournalReader,
        axes: Axes,
        *,
        header: Header,
        mark: Mark | None = None,
    ) -> None:
        """Read on from `mark`; `header` says who this process is."""
        mark = mark or Mark()
        self._reader, self._axes, self._header = reader, axes, header
        self._added: set[str] = set()
        self._unread = dict(mark.offsets)
        self._taken = {name: set(offsets) for name, offsets in mark.taken.items()}
        self._waiting: list[Taken] = []
        self.sources: set[str] = set()

    def read(self) -> None:
        """Read what has been written since the last time."""
        for stored in unhurried(self._reader.tail(self._unread)):
            if stored.position.segment not in self._unread:
                self._axes.learn(stored.header)
            self._unread[stored.position.segment] = stored.end
            placed = placed_of(stored, self._axes, _FOLDED_KINDS)
            if placed is not None:
                self._let_wait(placed)

    def add(self, frames: Iterable[Frame]) -> None:
        """Take in frames of this process that could not be written.

        They may turn up in the journal later; they count only once. What can
        never be written is passed over: no checkpoint could keep it either.
        """
        for frame in frames:
            at_s = self._axes.axis_s(self._header, frame.mono_ns)
            event = event_of(frame, at_s, source=self._header.source)
            if event is None or not _can_be_kept(event):
                continue
            self._waiting.append(Taken(event, frame, self._header.source, None, 0))
            if isinstance(event, Ended) and len(self._added) < MOST_ADDED:
                self._added.add(event.call_id)

    def catch_up(self, since_s: float) -> Iterator[float]:
        """Read all that stands in the journal, a little at a time.

        Args:
            since_s: Segments last written before this wall time are passed over.

        Yields:
            Times, on the axis, up to which everything has been read.
        """
        for segment in self._reader.segments():
            if segment.changed_at_s < since_s:
                self._unread[segment.name] = segment.size_bytes
        for batch, read_s in side_by_side(
            self._reader,
            self._axes,
            kinds=_FOLDED_KINDS,
            since_s=since_s,
            offsets=self._unread,
        ):
            for placed in batch:
                self._let_wait(placed)
            yield read_s

    def take(self, until_s: float) -> list[Taken]:
        """Return what has come up to then, oldest first, and forget it."""
        self._waiting.sort(key=_at_s)
        count = bisect_right(self._waiting, until_s, key=_at_s)
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        for each in taken:
            if each.segment is not None:
                self._taken.setdefault(each.segment, set()).add(each.offset)
        self._forget_taken()
        return taken

    def rest(self, until_s: float) -> list[Event]:
        """Return the events that still wait, oldest first.

        None from after `until_s`: whoever stamped it had a wrong clock, and what
        is not yet so must not hide what is.
        """
        count = bisect_right(self._waiting, until_s, key=_at_s)
        return [waiting.event for waiting in self._waiting[:count]]

    def mark(self) -> Mark:
        """Return where a restart must go on so that no frame counts twice."""
        self._forget_deleted()
        return Mark(
            offsets=self._safe_offsets(),
            taken={name: sorted(offsets) for name, offsets in self._taken.items()},
        )

    def _forget_deleted(self) -> None:
        try:
            known = {segment.name for segment in self._reader.segments()}
        except DataError:
            return
        known |= {each.segment for each in self._waiting if each.segment is not None}
        for name in self._unread.keys() - known:
            del self._unread[name]
            self._taken.pop(name, None)

    def _safe_offsets(self) -> dict[str, int]:
        safe = dict(self._unread)
        for waiting in self._waiting:
            if waiting.segment is not None:
                safe[waiting.segment] = min(safe[waiting.segment], waiting.offset)
        return safe

    def _forget_taken(self) -> None:
        safe = self._safe_offsets()
        kept = {
            name: {offset for offset in offsets if offset >= safe[name]}
            for name, offsets in self._taken.items()
        }
        self._taken = {name: offsets for name, offsets in kept.items() if offsets}

    def _let_wait(self, placed: Placed) -> None:
        stored = placed.stored
        segment, offset = stored.position.segment, stored.position.offset
        self._unread[segment] = stored.end
        self.sources.add(stored.header.source)
        if offset in self._taken.get(segment, ()):
            return
        event = event_of(placed.frame, placed.at_s, source=stored.header.source)
        if isinstance(event, Ended):
            self.sources.add(event.source)
        if isinstance(event, Ended) and event.call_id in self._added:
            self._added.discard(event.call_id)
        elif event is not None:
            self._waiting.append(
                Taken(event, placed.frame, stored.header.source, segment, offset)
            )


def event_of(frame: object, at_s: float, *, source: str) -> Event | None:
    """Return what a frame means to the fold; None if it means nothing.

    Amazon's mock ids are left out: they prove nothing about the real service.
    """
    if isinstance(frame, Reference):
        return Referenced(at_s, frame.reached, source)
    if isinstance(frame, Network):
        route = Route(frame.endpoint, frame.origin, frame.via)
        return Checked(at_s, source, route, finding_of(route, frame.steps))
    if not isinstance(frame, Begin) or is_mock_id(frame.request_id):
        return None
    scope = f"{frame.account}/{frame.endpoint}"
    order = frame.request_id or frame.call_id
    operation = known_operation(frame.operation)
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
            operation,
            frame.trouble,
            frame.origin,
            frame.via,
        )
    return Began(
        at_s,
        frame.wall_ns,
        scope,
        order,
        frame.call_id,
        source,
        frame.probe,
        operation,
        frame.origin,
        frame.via,
    )


def _can_be_kept(event: Event) -> bool:
    try:
        msgspec.json.encode(event)
    except UnicodeEncodeError:  # a lone surrogate, from a call given to `record`
        return False
    return True


def _at_s(waiting: Taken) -> float:
    return waiting.event.at_s
