"""Gather what an incident's packet needs, and have it written."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from agcod_guard.axes import Axes
from agcod_guard.call import Call, Outcome
from agcod_guard.frames import Begin, End, Header, Kind, Sample, call_of, overdue_call
from agcod_guard.incident.dossier import LATENCY_BEFORE_S, Dossier, DossierBuilder
from agcod_guard.incident.incident import Incident
from agcod_guard.incident.items import Reporter
from agcod_guard.incident.packet import packet_files
from agcod_guard.merging import Placed, in_order, side_by_side
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.ports import JournalReader, Observer, Packets
from agcod_guard.protocol.failures import is_mock_id

_KINDS = frozenset({Kind.BEGIN, Kind.END, Kind.SAMPLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalPacker:
    """Makes an incident's files from the journal.

    Attributes:
        reader: The journal.
        header: This process's own; its boot is the axis.
        policy: The policy in force.
        packets: Where the files go.
        observer: Told of what was written.
        reporter_of: What the partner alone can tell about an incident.
    """

    reader: JournalReader
    header: Header
    policy: OutagePolicy
    packets: Packets
    observer: Observer
    reporter_of: Callable[[Incident], Reporter]

    def pack(self, incident: Incident, now_s: float) -> Incident:
        """Write the files as of `now_s` (wall clock); return the new revision.

        Raises:
            OSError, DataError: They could not be written or read.
        """
        dossier = self.dossier(incident, now_s)
        files = packet_files(incident, dossier, self.reporter_of(incident), now_s=now_s)
        folder = self.packets.write(incident.incident_id, files)
        revisions = self.packets.revisions(incident.incident_id)
        packed = replace(incident, revision=len(revisions))
        self.observer.packet_written(packed, folder)
        return packed

    def dossier(self, incident: Incident, now_s: float) -> Dossier:
        """Return what the journal tells of the incident, up to `now_s`.

        Raises:
            DataError: The journal cannot be read.
        """
        builder = DossierBuilder(incident)
        for fact in self._facts(incident.first_failed_at_s - LATENCY_BEFORE_S, now_s):
            if isinstance(fact, Sample):
                builder.add_sample(fact)
            else:
                builder.add_call(fact)
        return builder.dossier()

    def _facts(self, since_s: float, now_s: float) -> Iterator[Call | Sample]:
        """Yield calls, in the order of their end, and samples, in memory bounds."""
        axes = Axes(self.header)
        batches = side_by_side(
            self.reader, axes, kinds=_KINDS, since_s=since_s, offsets={}
        )
        unended = _Unended(axes, self.policy.overdue_s)
        for placed in in_order(batches, late_s=self.policy.late_other_s):
            yield from unended.until(placed.at_s)
            frame = placed.frame
            if isinstance(frame, Sample):
                yield frame
            elif isinstance(frame, End):
                if unended.ended(frame) and not is_mock_id(frame.request_id):
                    call = call_of(frame, placed.stored.header.source)
                    yield _restamped(call, axes.wall_s(placed.at_s))
            elif isinstance(frame, Begin) and not is_mock_id(frame.request_id):
                unended.began(placed)
        yield from unended.until(now_s - axes.wall_s(0.0))


class _Unended:
    """Calls begun and not ended, which count as failed once they are overdue."""

    def __init__(self, axes: Axes, overdue_s: float) -> None:
        self._axes, self._overdue_s = axes, overdue_s
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
        return not late or end.outcome is Outcome.SUCCESS

    def until(self, at_s: float) -> Iterator[Call]:
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
                yield _restamped(call, self._axes.wall_s(placed.at_s + self._overdue_s))


def _restamped(call: Call, ended_at_s: float) -> Call:
    """Return the call on the incident's scale, whatever the wall clock did."""
    return replace(
        call, started_at_s=ended_at_s - call.duration_s, ended_at_s=ended_at_s
    )
