"""Read the lines of a log that is being written, cut and rotated meanwhile.

Not pure: reads files. What has no end yet is left for the next time, and memory
does not grow with the log. What was rotated away is read to its end: under its
new name after a restart, or in its copy if the log was copied and cut.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from agcod_guard.formats.lines import HEAD_BYTES, Line, LineCutter, Spot, log_named

LET_GO_S = 5.0
"""A file that was moved away is read on until it has rested for so long."""

REMEMBERED_LOGS = 8
"""Logs whose end is remembered, so that a rotated one is not read again."""

_CHUNK_BYTES = 1 << 18
_MOST_SIBLINGS = 100


class OpenLog:
    """One file, open for reading.

    Attributes:
        identity: Device and inode.
        cutter: Where the reading stands; None until it is known which log it is.
    """

    def __init__(self, path: Path, *, grows: bool) -> None:
        """Open it.

        Raises:
            OSError: It cannot be opened.
        """
        self._file, self._grows = path.open("rb", buffering=0), grows
        self.identity = _identity(os.fstat(self._file.fileno()))
        self.cutter: LineCutter | None = None

    @property
    def name(self) -> str | None:
        """Which log it is; None until its first line tells."""
        head = os.pread(self._file.fileno(), HEAD_BYTES, 0)
        return log_named(head, grows=self._grows)

    @property
    def size_bytes(self) -> int:
        """Its present size."""
        return os.fstat(self._file.fileno()).st_size

    @property
    def is_at_end(self) -> bool:
        """Whether everything was read that is there."""
        if self.cutter is None:
            return self.name is None
        return self.cutter.read_to >= self.size_bytes

    @property
    def was_cut(self) -> bool:
        """Whether somebody has cut it, or begun another log in its place."""
        if self.cutter is None:
            return False
        is_shorter = self.size_bytes < self.cutter.read_to
        return is_shorter or self.name != self.cutter.spot.log

    def go_to(self, spot: Spot) -> bool:
        """Read on from there; False if this log has no such place."""
        if self.name != spot.log or self.size_bytes < spot.offset:
            return False
        self.cutter = LineCutter(spot)
        return True

    def lines(self) -> Iterator[Line]:
        """Yield the lines of the next piece."""
        name = self.name
        if self.cutter is None and name is not None:
            self.cutter = LineCutter(Spot(name, 0, 0))
        if self.cutter is not None:
            descriptor, offset = self._file.fileno(), self.cutter.read_to
            yield from self.cutter.lines(os.pread(descriptor, _CHUNK_BYTES, offset))

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


class FileLog:
    """Lines from the file at a path, and from those it was rotated into."""

    def __init__(
        self,
        path: Path,
        spots: Sequence[Spot],
        *,
        follows: bool,
        monotonic_s: Callable[[], float],
    ) -> None:
        """Open it.

        Args:
            path: The file.
            spots: How far logs have been read before, the newest last.
            follows: More may come; the file need not be there yet.
            monotonic_s: The time.

        Raises:
            OSError: It cannot be opened.
        """
        self._path, self._follows = path, follows
        self._monotonic_s = monotonic_s
        self._known = {spot.log: spot for spot in spots}
        self._files: list[OpenLog] = []
        self._read_at_s = monotonic_s()
        self._open_newest()
        if spots:
            self._open_rest_of(spots[-1])

    @property
    def spots(self) -> list[Spot]:
        """How far each log has been taken, the newest last."""
        known = dict(self._known)
        for each in self._files:
            if each.cutter is not None:
                known.pop(each.cutter.spot.log, None)
                known[each.cutter.spot.log] = each.cutter.spot
        return list(known.values())[-REMEMBERED_LOGS:]

    @property
    def is_at_end(self) -> bool:
        """Whether there is nothing to be read at this moment."""
        if not self._files:
            return True
        return self._files[0].is_at_end and not self._may_let_go

    @property
    def has_ended(self) -> bool:
        """Whether nothing can come any more."""
        return not self._follows and self.is_at_end

    def lines(self) -> Iterator[Line]:
        """Yield the lines of the next piece, of the oldest file that has any.

        Raises:
            OSError: It cannot be read.
        """
        yield from self._look()
        if self._files and not self._files[0].is_at_end:
            self._read_at_s = self._monotonic_s()
            yield from self._files[0].lines()

    def rest(self) -> Line | None:
        """Return what follows the last whole line; None if nothing does."""
        cutter = self._files[-1].cutter if self._files else None
        return None if cutter is None else cutter.rest()

    def take_rest(self) -> None:
        """Be done with what `rest` returns."""
        cutter = self._files[-1].cutter
        if cutter is not None:
            cutter.take_rest()

    def wait(self, seconds: float) -> None:
        """Return after so long."""
        time.sleep(seconds)

    def close(self) -> None:
        """Let go of every file."""
        while self._files:
            self._let_go(self._files[-1])

    def _look(self) -> Iterator[Line]:
        """Follow what has become of the files; yield what is left of one let go."""
        if self._may_let_go:
            yield from self._let_go(self._files[0])
        newest = self._files[-1] if self._files else None
        if newest is not None and newest.cutter is not None and newest.was_cut:
            spot = newest.cutter.spot
            self._let_go(newest)
            self._open_newest()
            self._open_rest_of(spot)
        elif newest is None or newest.is_at_end:
            self._open_newest()

    @property
    def _may_let_go(self) -> bool:
        """Whether the oldest file is read, and others have taken its place."""
        if len(self._files) < 2 or not self._files[0].is_at_end:
            return False
        rested_s = self._monotonic_s() - self._read_at_s
        return not self._follows or rested_s >= LET_GO_S

    def _let_go(self, file: OpenLog) -> list[Line]:
        """Close a file and remember its end; return what had no end in it."""
        self._files.remove(file)
        file.close()
        if file.cutter is None:
            return []
        rest, spot = file.cutter.rest(), file.cutter.spot
        self._known.pop(spot.log, None)
        self._known[spot.log] = spot
        return [rest] if rest else []

    def _open_newest(self) -> None:
        """Open what stands at the path, unless it is open."""
        try:
            identity = _identity(self._path.stat())
            if self._files and self._files[-1].identity == identity:
                return
            opened = OpenLog(self._path, grows=self._follows)
        except FileNotFoundError:
            if self._follows:
                return
            raise
        known = self._known.get(opened.name or "")
        if known is not None:
            opened.go_to(known)
        self._files.append(opened)

    def _open_rest_of(self, spot: Spot) -> None:
        """Open the file in which a log goes on that was rotated away unread."""
        if any(each.name == spot.log for each in self._files):
            return
        for path in self._siblings():
            with suppress(OSError):
                file = OpenLog(path, grows=False)
                if file.size_bytes > spot.offset and file.go_to(spot):
                    self._files.insert(max(len(self._files) - 1, 0), file)
                    return
                file.close()

    def _siblings(self) -> list[Path]:
        """Return files that this one may have been rotated into."""
        begin, folder = self._path.stem, self._path.parent
        return [
            each
            for each in sorted(folder.iterdir() if folder.is_dir() else [])
            if each.name.startswith(begin) and each != self._path and each.is_file()
        ][:_MOST_SIBLINGS]


def _identity(state: os.stat_result) -> tuple[int, int]:
    return state.st_dev, state.st_ino
