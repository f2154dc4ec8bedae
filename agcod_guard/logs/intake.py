"""Take the lines of another program's log into the journal, each once.

Not pure: asks its clock, writes to its journals, tells its observer. A line's time
is wall time. A call that has just ended is placed on this boot's monotonic clock,
by how long ago that was; one of some time ago is told to a journal of its own, by
wall time alone, so that it never counts as happening now.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from agcod_guard.call import Call
from agcod_guard.formats.lines import Line
from agcod_guard.formats.logged import Known
from agcod_guard.formats.ndjson import logged_line
from agcod_guard.frames import End, end_of
from agcod_guard.logs.call_log import (
    TOO_LONG,
    LogCounts,
    Problem,
    SeenIds,
    Taker,
    ns_of,
)
from agcod_guard.ports import Clock, Journal, Observer
from agcod_guard.samples import Samples

PAST_S = 30.0
"""A call that ended longer ago is one of the past."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Intake:
    """Where the lines of a log become calls of the journal.

    Attributes:
        recorded: Calls taken in so far.
        is_past: The last line that was read told of a call of the past.
    """

    def __init__(  # noqa: PLR0913  # the one place where an intake is put together
        self,
        known: Known,
        seen: SeenIds,
        *,
        live: Journal,
        past: Journal,
        clock: Clock,
        observer: Observer,
        source: str,
        sample_every_s: float,
        report: Callable[[Problem], None],
    ) -> None:
        """Begin.

        Args:
            known: What the settings know.
            seen: Calls that the journal has already.
            live: Where calls of now go.
            past: Where calls of some time ago go; it raises what fails.
            clock: Asked at each call.
            observer: Told of each.
            source: This machine's name.
            sample_every_s: Shortest time between two samples of a scope.
            report: Told of each bad line; what it raises ends the reading.
        """
        self._taker, self._seen = Taker(known, report), seen
        self._live, self._past = live, past
        self._clock, self._observer, self._source = clock, observer, source
        self._live_samples = Samples(live, observer, sample_every_s)
        self._past_samples = Samples(past, observer, sample_every_s)
        self.recorded = 0
        self.is_past = False

    @property
    def counts(self) -> LogCounts:
        """What has been read so far."""
        return self._taker.counts

    def take(self, line: Line) -> None:
        """Record the call that a line tells of, unless it was told before.

        Raises:
            OSError: It cannot be written; it is not recorded.
        """
        place = str(line.number)
        if line.text is None:
            self._taker.too_long(place, TOO_LONG)
            return
        text = line.text
        if line.number == 1:
            text = text.removeprefix(_BYTE_ORDER_MARK)
        if not text or text.isspace():
            return
        logged = self._taker.take(logged_line, text, place=place, call_id=line.call_id)
        if logged is None:
            return
        now_s = self._clock.wall_s()
        ago_s = max(0.0, now_s - logged.call.ended_at_s)  # none ends in the future
        self.is_past = ago_s > PAST_S
        if logged.call.call_id in self._seen:
            self.counts.repeated += 1
            return
        ended, samples = self._written(logged.call, now_s=now_s, ago_s=ago_s)
        self._seen.add(ended.call_id)
        self.recorded += 1
        if logged.exchange is not None:
            samples.put_by_logged(ended, logged.exchange)
            samples.write()
        self._observer.call_ended(ended)

    def bad(self, line: Line, text: str) -> None:
        """Count and report what is wrong with a line."""
        self._taker.bad(str(line.number), text)

    def _written(
        self, call: Call, *, now_s: float, ago_s: float
    ) -> tuple[End, Samples]:
        """Write the call's end to the journal of its time."""
        wall_ns = mono_ns = ns_of(min(call.ended_at_s, now_s))
        if not self.is_past:
            mono_ns = ns_of(self._clock.monotonic_s() - ago_s)
        ended = end_of(call, wall_ns=wall_ns, mono_ns=mono_ns)
        if ended.source == self._source:
            ended = msgspec.structs.replace(ended, source="")
        if self.is_past:
            self._past.append(ended)
            return ended, self._past_samples
        self._live.append(ended)
        return ended, self._live_samples
