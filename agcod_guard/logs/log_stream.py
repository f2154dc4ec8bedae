"""Read the lines of a stream, such as stdin, as they come.

Not pure: reads the stream, which stays open. It cannot be read again from some
place, so none is remembered; but its lines are known again if it comes twice.
"""

from __future__ import annotations

import fcntl
import os
import select
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO

from agcod_guard.formats.lines import HEAD_BYTES, Line, LineCutter, Spot, log_named

_CHUNK_BYTES = 1 << 18
_PIPE_BYTES = 1 << 20
"""So much a program may write before a pipe makes it wait for us (Linux)."""


class StreamLog:
    """Lines from a stream.

    Attributes:
        has_ended: Nothing can come any more.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._descriptor = stream.fileno()
        self._cutter: LineCutter | None = None
        self._head = b""
        self.has_ended = False
        with suppress(AttributeError, OSError):  # no Linux, or no pipe
            fcntl.fcntl(self._descriptor, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)

    @property
    def spots(self) -> list[Spot]:
        """None."""
        return []

    @property
    def is_at_end(self) -> bool:
        """Whether there is nothing to be read at this moment."""
        return self.has_ended or not self._is_ready(0.0)

    def lines(self) -> Iterator[Line]:
        """Yield the lines of the next piece.

        Raises:
            OSError: It cannot be read.
        """
        if not self.is_at_end:
            chunk = os.read(self._descriptor, _CHUNK_BYTES)
            self.has_ended = not chunk
            yield from self._cut(chunk)

    def rest(self) -> Line | None:
        """Return what follows the last whole line; None if nothing does."""
        return None if self._cutter is None else self._cutter.rest()

    def take_rest(self) -> None:
        """Be done with what `rest` returns."""
        if self._cutter is not None:
            self._cutter.take_rest()

    def wait(self, seconds: float) -> None:
        """Return when there is more, or after so long."""
        self._is_ready(seconds)

    def close(self) -> None:
        """Nothing: the stream is not ours."""

    def _cut(self, chunk: bytes) -> Iterator[Line]:
        if self._cutter is None:
            chunk = self._head = self._head + chunk
            name = log_named(chunk[:HEAD_BYTES], grows=not self.has_ended)
            if name is None:
                return
            self._cutter, self._head = LineCutter(Spot(name, 0, 0)), b""
        yield from self._cutter.lines(chunk)

    def _is_ready(self, seconds: float) -> bool:
        return bool(select.select([self._descriptor], [], [], seconds)[0])
