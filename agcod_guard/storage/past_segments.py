"""Segments for calls that a log has told of too late to be of this boot's clock.

Not pure: writes files. Such calls have one clock, the wall's, so both clocks of
their frames are it, and each UTC day has segments of its own, whose headers stand
before their frames: a reader passes over segments that begin after the time it
wants. Unlike the guard's own journal it raises what fails: what is told here
stands in a log, and can be told again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import msgspec

from agcod_guard.frames import Frame, Header, encoded, type_byte_of
from agcod_guard.storage.framing import framed
from agcod_guard.storage.open_segment import Health, OpenSegment

BOOT = "logged"
"""Stands for the boot whose monotonic clock is the wall clock itself."""

ROLL_BYTES = 8_000_000
"""Size at which a day's next segment is begun."""

MOST_DAYS = 31
"""Days written to at the same time."""

_HOUR_NS = 3_600 * 1_000_000_000
_DAY_NS = 24 * _HOUR_NS


class PastSegments:
    """Where calls of some time ago go; one process writes them.

    Args:
        folder: Where the segments go; made when the first is.
        header: Returns a header of this process.
    """

    def __init__(self, folder: Path, header: Callable[[], Header]) -> None:
        self._folder, self._header = folder, header
        self._days: OrderedDict[int, OpenSegment] = OrderedDict()

    def append(self, frame: Frame) -> bool:
        """Write the frame to the segment of its day.

        Raises:
            OSError: It cannot be written.
        """
        on_disk = framed(type_byte_of(frame), encoded(frame))
        self._write(frame.wall_ns // _DAY_NS, on_disk, wall_ns=frame.wall_ns)
        return True

    def unwritten(self) -> list[Frame]:
        """Return nothing: what cannot be written is an error of `append`."""
        return []

    def maintain(self) -> None:
        """Have the disk store what was written, and write again what was deleted.

        Raises:
            OSError: It could not.
        """
        for day, segment in tuple(self._days.items()):
            health = segment.look()
            if health is Health.WELL:
                segment.sync()
            else:
                del self._days[day]
            if health is Health.GONE:
                for on_disk in segment.unseen_frames():
                    self._write(day, on_disk, wall_ns=day * _DAY_NS)

    def close(self) -> None:
        """Sync and close.

        Raises:
            OSError: It could not be synced.
        """
        self.maintain()
        while self._days:
            self._days.popitem()[1].close()

    def _write(self, day: int, on_disk: bytes, *, wall_ns: int) -> None:
        segment = self._segment(day, wall_ns)
        try:
            segment.write(on_disk)
        except OSError:
            del self._days[day]  # a part may stand there; another takes the next
            raise

    def _segment(self, day: int, wall_ns: int) -> OpenSegment:
        segment, begun_ns = self._days.get(day), day * _DAY_NS
        if segment is not None and segment.written_bytes >= ROLL_BYTES:
            self._leave(day)
            # About in order: a day's later segments hold little that is older.
            segment, begun_ns = None, max(begun_ns, wall_ns - _HOUR_NS)
        if segment is None:
            segment = self._days[day] = self._new_segment(begun_ns)
            if len(self._days) > MOST_DAYS:
                self._leave(next(iter(self._days)))
        self._days.move_to_end(day)
        return segment

    def _leave(self, day: int) -> None:
        segment = self._days.pop(day)
        segment.sync()
        segment.close()

    def _new_segment(self, begun_ns: int) -> OpenSegment:
        header = msgspec.structs.replace(
            self._header(), boot_id=BOOT, wall_ns=begun_ns, mono_ns=begun_ns
        )
        return OpenSegment(self._folder, header, opened_at_s=0.0)
