"""The calls of some time as the journal has them, in the order of their end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from agcod_guard.axes import Axes
from agcod_guard.call import Call
from agcod_guard.frames import Begin, End, Header, Kind, Network, Sample, call_of
from agcod_guard.incident.tried_ways import TriedWay
from agcod_guard.journal.merging import in_order, side_by_side
from agcod_guard.journal.unended import UnderWay, Unended, call_overdue, restamped
from agcod_guard.outage.path import Route
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.ports import JournalReader

CLOCK_STEP_S = 2 * 3600.0
"""A wall clock may have been set by so much; whoever names a time adds it."""

_KINDS = frozenset({Kind.BEGIN, Kind.END, Kind.SAMPLE, Kind.NETWORK})


class Told(NamedTuple):
    """A call as the journal tells of it.

    Attributes:
        call: The call.
        has_ended: False for one that is only overdue, and may end yet.
    """

    call: Call
    has_ended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Recollection:
    """Reads calls and samples back, in memory bounds.

    Attributes:
        reader: The journal.
        header: Whoever asks; its boot is the axis.
        policy: Says when a call that has not ended counts as failed.
        all_ends: Also yield the failure that a call ends in when it has been
            yielded as overdue before; a success comes in any case.
        tell_tried: Told of each attempt at our own way, among the others.
    """

    reader: JournalReader
    header: Header
    policy: OutagePolicy
    all_ends: bool = False
    tell_tried: Callable[[TriedWay], object] | None = None

    def facts(
        self, since_s: float, now_s: float, *, until_s: float = float("inf")
    ) -> Iterator[Told | Sample]:
        """Yield calls in the order of their end, and samples among them.

        A call that has not ended is yielded once it is overdue.

        Args:
            since_s: Segments last written before this wall time are passed
                over; those read may hold older calls.
            now_s: The present, wall clock.
            until_s: Segments begun after this wall time are passed over; the
                others may hold later calls.

        Raises:
            DataError: The journal cannot be read.
        """
        axes = Axes(self.header)
        batches = side_by_side(
            self.reader, axes, kinds=_KINDS, since_s=since_s, until_s=until_s
        )
        overdue_s = self.policy.overdue_s
        unended = Unended(overdue_s, all_ends=self.all_ends)

        def overdue(at_s: float) -> Iterator[Told]:
            for begun in unended.until(at_s):
                ended_at_s = axes.wall_s(begun.at_s + overdue_s)
                yield Told(call_overdue(begun, ended_at_s, overdue_s=overdue_s), False)

        for at_s, frame, stored in in_order(batches, late_s=self.policy.late_other_s):
            yield from overdue(at_s)
            source = stored.header.source
            if isinstance(frame, Sample):
                yield frame
            elif isinstance(frame, Network):
                self._tell(frame, axes.wall_s(at_s), source)
            elif isinstance(frame, End):
                if unended.ended(frame):
                    yield Told(
                        restamped(call_of(frame, source), axes.wall_s(at_s)), True
                    )
            elif isinstance(frame, Begin):
                unended.began(UnderWay(frame, at_s, source))
        yield from overdue(now_s - axes.wall_s(0.0))

    def _tell(self, frame: Network, at_s: float, source: str) -> None:
        if self.tell_tried is not None:
            route = Route(frame.endpoint, frame.origin, frame.via)
            self.tell_tried(
                TriedWay(at_s=at_s, source=source, route=route, steps=frame.steps)
            )
