"""A journal that is written in large pieces, for as long as somebody needs it.

Not pure: writes files. Nothing here survives a crash, as what is kept stands in
another file already; so no frame is synced, and a thousand are one write.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from agcod_guard.frames import Frame, Header, Kind, encoded, type_byte_of
from agcod_guard.storage.framing import framed
from agcod_guard.storage.segment_file import SegmentName

ROLL_BYTES = 8_000_000
"""Size at which the next segment is begun."""


class Spool:
    """A `Journal` of frames that are told in about the order of their time.

    Each segment's modification time is that of its newest frame: whoever reads
    the frames of some time passes over the other segments by that.

    Args:
        folder: Where the segments go; made when the first is.
        header: Returns a segment's header, with its clocks at that time, in ns.
    """

    def __init__(self, folder: Path, header: Callable[[int], Header]) -> None:
        self._folder, self._header = folder, header
        self._waiting: list[bytes] = []
        self._newest_ns = 0
        self._path: Path | None = None
        self._written_bytes = 0

    def append(self, frame: Frame) -> bool:
        """Take a frame, which `maintain` writes."""
        self._waiting.append(framed(type_byte_of(frame), encoded(frame)))
        self._newest_ns = max(self._newest_ns, frame.wall_ns)
        return True

    def unwritten(self) -> list[Frame]:
        """Return nothing: what cannot be written is an error of `maintain`."""
        return []

    def maintain(self) -> None:
        """Write what was taken.

        Raises:
            OSError: It cannot be written.
        """
        if not self._waiting:
            return
        path = self._segment()
        with path.open("ab") as file:
            self._written_bytes += file.write(b"".join(self._waiting))
        self._waiting.clear()
        os.utime(path, ns=(self._newest_ns, self._newest_ns))

    def close(self) -> None:
        """Write the rest.

        Raises:
            OSError: It cannot be written.
        """
        self.maintain()

    def _segment(self) -> Path:
        """Return the segment to write to; a new one once this one is large."""
        if self._path is None or self._written_bytes >= ROLL_BYTES:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            header = self._header(self._newest_ns)
            self._path = self._folder / str(SegmentName.new(header))
            self._written_bytes = 0
            self._waiting.insert(0, framed(Kind.HEADER.value, encoded(header)))
        return self._path
