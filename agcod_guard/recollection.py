"""The calls of some time as the journal has them, in the order of their end."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from agcod_guard.axes import Axes
from agcod_guard.call import Call, Outcome
from agcod_guard.frames import Begin, End, Header, Kind, Sample, call_of, overdue_call
from agcod_guard.merging import Placed, in_order, side_by_side
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.ports import JournalReader

CLOCK_STEP_S = 2 * 3600.0
"""A wall clock may have been set by so much; whoever names a time adds it."""

_KINDS = frozenset({Kind.BEGIN, Kind.END, Kind.SAMPLE})


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
    """

    reader: JournalReader
    header: Header
    policy: OutagePolicy
    all_ends: bool = False

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
        unended = _Unended(axes, self.policy.overdue_s, all_ends=self.all_ends)
        for placed in in_order(batches, late_s=self.policy.late_other_s):
            yield from unended.until(placed.at_s)
            frame = placed.frame
            if isinstance(frame, Sample):
                yield frame
            elif isinstance(frame, End):
                if unended.ended(frame):
                    call = call_of(frame, placed.stored.header.source)
                    yield Told(_restamped(call, axes.wall_s(placed.at_s)), True)
            elif isinstance(frame, Begin):
                unended.began(placed)
        yield from unended.until(now_s - axes.wall_s(0.0))


class _Unended:
    """Calls begun and not ended, which count as failed once they are overdue."""

    def __init__(self, axes: Axes, overdue_s: float, *, all_ends: bool) -> None:
        self._axes, self._overdue_s, self._all_ends = axes, overdue_s, all_ends
        self._begun: OrderedDict[str, Placed] = OrderedDict()
        self._counted: set[str] = set()

    def began(self, placed: Placed) -> None:
        """Remember a begin frame."""
        if isinstance(placed.frame, Begin):
            self._begun[placed.frame.call_id] = placed

    def ended(self, end: End) -> bool:
        """Return whether this end still counts: not if it came too late.

        A success always does; it shows that the order was carried out.
        """
        self._begun.pop(end.call_id, None)
        late = end.call_id in self._counted
        self._counted.discard(end.call_id)
        return not late or self._all_ends or end.outcome is Outcome.SUCCESS

    def until(self, at_s: float) -> Iterator[Told]:
        """Yield the calls that are overdue by then, the oldest first."""
        while self._begun:
            call_id, placed = next(iter(self._begun.items()))
            if placed.at_s + self._overdue_s > at_s:
                return
            del self._begun[call_id]
            self._counted.add(call_id)
            if isinstance(placed.frame, Begin):
                call = overdue_call(
                    placed.frame,
                    placed.stored.header.source,
                    overdue_s=self._overdue_s,
                )
                ended_at_s = self._axes.wall_s(placed.at_s + self._overdue_s)
                yield Told(_restamped(call, ended_at_s), False)


def _restamped(call: Call, ended_at_s: float) -> Call:
    """Return the call on the incident's scale, whatever the wall clock did."""
    return replace(
        call, started_at_s=ended_at_s - call.duration_s, ended_at_s=ended_at_s
    )
