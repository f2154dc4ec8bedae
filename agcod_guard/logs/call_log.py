"""Read the calls that another program has logged: NDJSON or HAR 1.2, as a stream.

Not pure: reads one file or stream, in constant memory. What a record says is
decided in `formats`; here it is found, counted, and reported when it is bad.
Order is the file's own.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple

from agcod_guard.errors import DataError
from agcod_guard.formats.entries import Entries, TooLarge
from agcod_guard.formats.har import is_elsewhere, logged_entry
from agcod_guard.formats.lines import LONGEST_LINE
from agcod_guard.formats.logged import Known, Logged
from agcod_guard.formats.ndjson import logged_line
from agcod_guard.formats.sniffing import GZIP_MAGIC, HEAD_BYTES, Format, format_of
from agcod_guard.formats.values import BadRecord
from agcod_guard.protocol.untrusted import name_of

REMEMBERED_IDS = 100_000
"""So many event ids back, at least, a call that is told twice counts once."""

TOO_LONG = f"the line is longer than {LONGEST_LINE} bytes"

ACCEPTED = "a call log as NDJSON or HAR 1.2, plain or gzip"

_CHUNK_BYTES = 1 << 18
_RECORDS_PER_PROGRESS = 500
_MOST_UNKNOWN_KEYS = 20
_CUT_SHORT = (EOFError, zlib.error, gzip.BadGzipFile)

Read = Callable[..., Logged | None]


class Problem(NamedTuple):
    """A record that was not taken.

    Attributes:
        place: Where it stands: a line's number, or `entry 17`.
        text: What is wrong with it; nothing secret.
    """

    place: str
    text: str


@dataclass(slots=True)
class LogCounts:
    """What has been read so far.

    Attributes:
        format: What it is; None until it has been opened.
        records: Lines or entries, blank lines left out.
        bad: Those that were reported.
        elsewhere: Those of hosts that are not AGCOD's.
        repeated: Those of events that had been told already.
        late: Those that stood too far from their place to be put there.
        unknown_keys: In how many records a key stood that the format does not
            know, by key.
    """

    format: Format | None = None
    records: int = 0
    bad: int = 0
    elsewhere: int = 0
    repeated: int = 0
    late: int = 0
    unknown_keys: dict[str, int] = field(default_factory=dict)


class Taker:
    """Takes the records of a log one by one, and counts them.

    Attributes:
        counts: What has been taken so far.
    """

    def __init__(self, known: Known, report: Callable[[Problem], None]) -> None:
        """Begin.

        Args:
            known: What the settings know.
            report: Told of each bad record; what it raises ends the reading.
        """
        self.known, self._report = known, report
        self.counts = LogCounts()

    def take(
        self, read: Read, record: bytes, *, place: str, call_id: str
    ) -> Logged | None:
        """Return what a record says; None if it does not count as a call.

        Args:
            read: Reads such a record.
            record: As it stands in the log.
            place: Where it stands, for people.
            call_id: The call's name if the record has none.
        """
        self.counts.records += 1
        try:
            logged = read(record, self.known, call_id=call_id)
        except BadRecord as error:
            self.bad(place, str(error))
            return None
        if logged is None:
            self.counts.elsewhere += 1
        elif logged.unknown:
            self._count_unknown(logged)
        return logged

    def too_long(self, place: str, what: str) -> None:
        """Count and report a record that is too long to be read."""
        self.counts.records += 1
        self.bad(place, what)

    def bad(self, place: str, text: str) -> None:
        """Count and report what is wrong at some place."""
        self.counts.bad += 1
        self._report(Problem(place, text))

    def _count_unknown(self, logged: Logged) -> None:
        unknown = self.counts.unknown_keys
        for key in logged.unknown:
            name = name_of(key) or "?"
            if name in unknown or len(unknown) < _MOST_UNKNOWN_KEYS:
                unknown[name] = unknown.get(name, 0) + 1


class CallLog:
    """The calls in one file, or in a stream of bytes.

    Attributes:
        name: What to call it.
        counts: What has been read so far.
    """

    def __init__(
        self,
        source: Path | BinaryIO,
        known: Known,
        *,
        report: Callable[[Problem], None],
        progress: Callable[[int], None] = lambda read_bytes: None,
    ) -> None:
        """Get ready; nothing is opened yet.

        Args:
            source: A file, or a stream such as stdin, which stays open.
            known: What the settings know.
            report: Told of each bad record; what it raises ends the reading.
            progress: Told from time to time how much of the file is read.
        """
        self._source, self._known = source, known
        self._taker, self._progress = Taker(known, report), progress
        self._seen = SeenIds()
        self.name = str(source) if isinstance(source, Path) else "stdin"
        self.counts = self._taker.counts

    def calls(self) -> Iterator[Logged]:
        """Yield the calls of AGCOD, each event once.

        Raises:
            DataError: It is no call log.
            OSError: It cannot be read.
        """
        with self._opened() as raw:
            stream, format_ = self._sniffed(raw)
            self.counts.format = format_
            found = self._entries if format_ is Format.HAR else self._lines
            try:
                for logged in found(stream):
                    if not logged.is_named or self._seen.add(logged.call.call_id):
                        yield logged
                    else:
                        self.counts.repeated += 1
                    if self.counts.records % _RECORDS_PER_PROGRESS == 0:
                        self._progress(raw.count)
            except _CUT_SHORT:
                self._taker.bad("end", "the archive is cut short or damaged")
            self._progress(raw.count)

    @contextmanager
    def _opened(self) -> Iterator[_Counted]:
        if isinstance(self._source, Path):
            with self._source.open("rb", buffering=0) as file:
                yield _Counted(file)
        else:
            yield _Counted(self._source)

    def _sniffed(self, raw: _Counted) -> tuple[io.BufferedReader, Format]:
        """Return the stream, unpacked and still whole, and what it is."""
        head, stream = _headed(io.BufferedReader(raw))
        if head.startswith(GZIP_MAGIC):
            try:
                head, stream = _headed(gzip.GzipFile(fileobj=stream))
            except _CUT_SHORT:
                head = b""
        format_ = format_of(head)
        if format_ is None or format_ is Format.JOURNAL:
            raise DataError(self.name, "is no call log", remedy=f"name {ACCEPTED}")
        return stream, format_

    def _lines(self, stream: io.BufferedReader) -> Iterator[Logged]:
        number = 0
        while line := stream.readline(LONGEST_LINE):
            number += 1
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                self._taker.too_long(str(number), TOO_LONG)
                _finish_line(stream)
            elif not line.isspace():
                yield from self._read(logged_line, line, number, str(number))

    def _entries(self, stream: io.BufferedReader) -> Iterator[Logged]:
        entries, number = Entries(), 0
        chunks = iter(lambda: stream.read1(_CHUNK_BYTES), b"")
        for entry in entries.within(chunks):
            number += 1
            place = f"entry {number}"
            if not isinstance(entry, TooLarge):
                yield from self._read(logged_entry, entry, number, place)
            elif is_elsewhere(entry, self._known):
                self.counts.records += 1
                self.counts.elsewhere += 1
            else:
                self._taker.too_long(place, "the entry is longer than 4 MiB")
        if not entries.is_complete:
            self._taker.bad(f"entry {number + 1}", "the file ends in the middle")

    def _read(
        self, read: Read, record: bytes, number: int, place: str
    ) -> Iterator[Logged]:
        logged = self._taker.take(read, record, place=place, call_id=f"{number:016x}")
        if logged is not None:
            yield logged


def ns_of(at_s: float) -> int:
    """Return a time in ns; a float tells today's no finer than microseconds."""
    return round(at_s * 1e6) * 1000


class SeenIds:
    """The newest event ids, in two halves of which the older is forgotten."""

    def __init__(self) -> None:
        self._new: set[str] = set()
        self._old: set[str] = set()

    def __contains__(self, call_id: str) -> bool:
        return call_id in self._new or call_id in self._old

    def add(self, call_id: str) -> bool:
        """Return whether it is new, and remember it."""
        if call_id in self:
            return False
        self._new.add(call_id)
        if len(self._new) >= REMEMBERED_IDS:
            self._old, self._new = self._new, set()
        return True


class _Counted(io.RawIOBase):
    """A stream that knows how much of it has been read.

    Attributes:
        count: Bytes so far.
    """

    def __init__(self, stream: BinaryIO | io.RawIOBase) -> None:
        self._stream = stream
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        chunk = self._stream.read(len(buffer)) or b""
        buffer[: len(chunk)] = chunk
        self.count += len(chunk)
        return len(chunk)


class _Rewound(io.RawIOBase):
    """A stream that begins with what has been read of it already."""

    def __init__(self, head: bytes, rest: io.BufferedIOBase) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self._head:
            chunk = self._rest.read(len(buffer))
        else:
            chunk, self._head = self._head[: len(buffer)], self._head[len(buffer) :]
        buffer[: len(chunk)] = chunk
        return len(chunk)


def _headed(stream: io.BufferedIOBase) -> tuple[bytes, io.BufferedReader]:
    """Return how a stream begins, and the stream, from its beginning."""
    head = stream.read(HEAD_BYTES)
    return head, io.BufferedReader(_Rewound(head, stream), _CHUNK_BYTES)


def _finish_line(stream: io.BufferedReader) -> None:
    """Pass over the rest of a line."""
    while (part := stream.readline(LONGEST_LINE)) and not part.endswith(b"\n"):
        pass
