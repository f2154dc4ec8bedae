"""Cut the bytes of a log into lines, and tell where each stands.

Pure. A log is named by its first line, not by its path or inode: so it is known
again after a rotation of either kind, and after a restart.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import NamedTuple

import msgspec

LONGEST_LINE = 1_048_576
"""Bytes of one line of NDJSON: two bodies of 64 kB, escaped, are less."""

HEAD_BYTES = 4_096
"""So much of a log's first line names it."""


class Spot(msgspec.Struct, frozen=True):
    """A place in a log, between two lines.

    Attributes:
        log: Which log; see `log_named`.
        offset: Bytes before it.
        line: Lines before it.
    """

    log: str
    offset: int
    line: int


class Line(NamedTuple):
    """A line of a log.

    Attributes:
        text: The line without its end; None if it is too long.
        spot: Where it begins.
    """

    text: bytes | None
    spot: Spot

    @property
    def number(self) -> int:
        """Its number in the log, from 1 on."""
        return self.spot.line + 1

    @property
    def call_id(self) -> str:
        """16 hex digits for the call it tells of, the same however often read."""
        place = f"{self.spot.log}:{self.spot.offset}"
        return blake2b(place.encode(), digest_size=8).hexdigest()


def log_named(head: bytes, *, grows: bool) -> str | None:
    """Return what the log is called that begins with `head`, at most `HEAD_BYTES`.

    None while it is empty, or its first line may still grow.
    """
    line, end, _ = head.partition(b"\n")
    if not head or (grows and not end and len(line) < HEAD_BYTES):
        return None
    return blake2b(line, digest_size=16).hexdigest()


class LineCutter:
    """Cuts what is read of a log into lines.

    Attributes:
        spot: Where the first line begins that is not done with. A line is done
            with when the next one is asked for.
    """

    def __init__(self, spot: Spot) -> None:
        self.spot = spot
        self._rest = b""
        self._dropped_bytes = 0

    @property
    def read_to(self) -> int:
        """Offset of the first byte that has not been read."""
        return self.spot.offset + self._dropped_bytes + len(self._rest)

    def lines(self, chunk: bytes) -> Iterator[Line]:
        """Yield the lines that `chunk` ends or holds."""
        first, *others = chunk.split(b"\n")
        self._keep(first)
        for other in others:
            yield self._line()
            self.spot = Spot(self.spot.log, self.read_to + 1, self.spot.line + 1)
            self._begin(other)

    def rest(self) -> Line | None:
        """Return what follows the last line's end, unless nothing does."""
        if self.read_to == self.spot.offset:
            return None
        return self._line()

    def take_rest(self) -> None:
        """Be done with what `rest` returns; its end, if it comes, is an empty line."""
        self.spot = Spot(self.spot.log, self.read_to, self.spot.line)
        self._begin(b"")

    def _line(self) -> Line:
        return Line(None if self._dropped_bytes else self._rest, self.spot)

    def _keep(self, part: bytes) -> None:
        if self.read_to == self.spot.offset:
            part = self._without_hole(part)
        if not self._dropped_bytes and len(self._rest) + len(part) < LONGEST_LINE:
            self._rest += part
        else:
            self._dropped_bytes += len(self._rest) + len(part)
            self._rest = b""

    def _without_hole(self, part: bytes) -> bytes:
        """Have the line begin behind the NULs that stand in the place of its start.

        A file that is cut while its program writes on at the old offset begins with
        as many NULs; so may a line after a power failure.
        """
        line = part.lstrip(b"\0")
        offset = self.spot.offset + len(part) - len(line)
        self.spot = Spot(self.spot.log, offset, self.spot.line)
        return line

    def _begin(self, part: bytes) -> None:
        self._rest, self._dropped_bytes = b"", 0
        self._keep(part)
