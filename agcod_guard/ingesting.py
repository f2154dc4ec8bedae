"""Run a guard beside a program of another language, on the log that it writes.

Not pure. One thread reads the log, a round at a time, and looks after each round
that reaches the log's end: so a look never falls into the middle of what is being
caught up on, where half a run of failures could pass for an outage.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from operator import attrgetter
from pathlib import Path
from typing import Protocol

import msgspec
from prometheus_client import CollectorRegistry

from agcod_guard.assembly import assembled
from agcod_guard.call import Endpoint
from agcod_guard.data_folder import DataFolder
from agcod_guard.errors import DataError
from agcod_guard.formats.lines import Line, Spot
from agcod_guard.formats.logged import Known
from agcod_guard.frames import Kind
from agcod_guard.logs.call_log import REMEMBERED_IDS, LogCounts, Problem, SeenIds
from agcod_guard.logs.intake import Intake
from agcod_guard.outage.state import Transition
from agcod_guard.ports import JournalReader
from agcod_guard.rounds import Rounds
from agcod_guard.storage.log_positions import LogPositions
from agcod_guard.storage.past_segments import PastSegments
from agcod_guard.storage.tick_lock import TickLock

POLL_S = 0.2
"""How long to wait at the end of a log before looking for more."""

MOST_OWED = 5_000
"""Calls that may wait in memory until the journal takes them."""

ROUND_S = 1.0
"""How long a round lasts, and how often it is kept how far the log was read."""


class Source(Protocol):
    """A log, as far as it has been written."""

    @property
    def spots(self) -> list[Spot]:
        """How far each log has been taken, the newest last."""
        ...

    @property
    def is_at_end(self) -> bool:
        """Whether there is nothing to be read at this moment."""
        ...

    @property
    def has_ended(self) -> bool:
        """Whether nothing can come any more."""
        ...

    def lines(self) -> Iterator[Line]:
        """Yield the lines of the next piece; OSError if it cannot be read."""
        ...

    def rest(self) -> Line | None:
        """Return what follows the last whole line; None if nothing does."""
        ...

    def take_rest(self) -> None:
        """Be done with what `rest` returns."""
        ...

    def wait(self, seconds: float) -> None:
        """Return when there may be more, or after so long."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


class Ingest:
    """A guard that is told of calls by one log.

    Attributes:
        recorded: Calls taken in so far.
    """

    def __init__(
        self,
        folder: DataFolder,
        *,
        hosts: Mapping[str, Endpoint],
        registry: CollectorRegistry,
        report: Callable[[Problem], None],
        tell: Callable[[Transition], object],
    ) -> None:
        """Put it together, and read which calls the journal has already.

        Args:
            folder: Where everything goes.
            hosts: Names that stand for AGCOD beside Amazon's own.
            registry: Where the metrics go.
            report: Told of each bad line; what it raises ends `run`.
            tell: Told of every change of phase.

        Raises:
            DataError: The data folder cannot be read.
        """
        settings = self._settings = folder.settings
        self._clock = folder.clock
        self._parts = parts = assembled(folder, registry, wake=lambda: None)
        self._rounds = Rounds(parts, folder)
        self._past = PastSegments(settings.data_dir / "journal", folder.header)
        self._intake = Intake(
            Known(hosts, settings.partner_id),
            newest_ids(folder.reader(parts.observer)),
            live=parts.journal,
            past=self._past,
            clock=folder.clock,
            observer=parts.observer,
            source=settings.source,
            sample_every_s=settings.policy.sample_every_s,
            report=report,
        )
        self._tell, self._is_held = tell, False
        self._kept_at_s = self._looked_at_s = float("-inf")
        self._kept: tuple[list[Spot], int] = [], 0

    @property
    def recorded(self) -> int:
        """Calls taken in so far."""
        return self._intake.recorded

    @property
    def counts(self) -> LogCounts:
        """What has been read so far."""
        return self._intake.counts

    def run(
        self,
        source: Source,
        positions: LogPositions | None,
        *,
        is_stopped: Callable[[], bool],
    ) -> None:
        """Take in what the log holds, until it ends or somebody stops it.

        Args:
            source: The log.
            positions: Where it is kept how far it was read; None for nowhere.
            is_stopped: Asked between two pieces.

        Raises:
            DataError: The data folder cannot be read.
            OSError: The log cannot be read, or the journal not be written.
        """
        self._kept = source.spots, 0
        try:
            if self._parts.ladder.checkpoint() is None:
                self._look()  # what is read after it is news
            while not source.has_ended and not is_stopped():
                self._take_in(source, is_stopped=is_stopped)
                self._keep(source, positions)
                self._follow_up(source)
            if source.has_ended:
                self._take_rest(source)
        finally:
            self._keep(source, positions, now=True)
            if not self._is_behind(source):
                self._look()

    def close(self) -> None:
        """Let go of everything.

        Raises:
            OSError: The journal could not be synced.
        """
        try:
            self._past.close()
        finally:
            self._parts.journal.close()
            self._parts.turn.release()
            self._parts.metrics.close()

    def _take_in(self, source: Source, *, is_stopped: Callable[[], bool]) -> None:
        until_s = self._clock.monotonic_s() + ROUND_S
        for _ in iter(is_stopped, True):
            for line in source.lines():
                self._intake.take(line)
            if source.is_at_end or self._clock.monotonic_s() >= until_s:
                return

    def _keep(
        self, source: Source, positions: LogPositions | None, *, now: bool = False
    ) -> None:
        """Have the journal stored, then keep how far the log has been read."""
        now_s, reached = self._clock.monotonic_s(), (source.spots, self.recorded)
        is_due = now or now_s - self._kept_at_s >= ROUND_S
        if reached == self._kept or not is_due:
            return
        self._past.maintain()
        self._parts.journal.maintain()
        owed = self._parts.journal.owed
        if owed > MOST_OWED:
            raise OSError(errno.ENOSPC, "the journal takes no more calls")
        if positions is not None and not owed:
            positions.save(source.spots)
        self._kept, self._kept_at_s = reached, now_s

    def _follow_up(self, source: Source) -> None:
        """Look, unless there is more of the past to be read first."""
        tick_s = self._settings.policy.tick_s
        if self._is_behind(source):
            self._is_held = True
            return
        if self._is_held or self._clock.monotonic_s() - self._looked_at_s >= tick_s:
            self._look()
        if source.is_at_end and not source.has_ended:
            source.wait(POLL_S)

    def _is_behind(self, source: Source) -> bool:
        """Whether what was read last was past, and what followed it is unread."""
        return self._intake.is_past and not source.is_at_end

    def _look(self) -> None:
        if self._is_held:
            # Much may have come: a new start folds it in bounded memory.
            self._is_held = False
            self._parts.watch.begin_anew()
        self._looked_at_s = self._clock.monotonic_s()
        for transition in self._rounds.look(self._looked_at_s):
            self._tell(transition)

    def _take_rest(self, source: Source) -> None:
        """Take what stands behind the last whole line, if it is one itself."""
        rest = source.rest()
        if rest is None:
            return
        if rest.text is not None and rest.text.rstrip().endswith(b"}"):
            self._intake.take(rest)
            source.take_rest()
        else:
            self._intake.bad(rest, "the line has no end; it is read when it has one")


def newest_ids(reader: JournalReader) -> SeenIds:
    """Return the calls that the journal holds, as far back as is remembered.

    Raises:
        DataError: The journal cannot be read.
    """
    found: list[list[str]] = []
    newest_first = sorted(
        reader.segments(), key=attrgetter("changed_at_s"), reverse=True
    )
    for segment in newest_first:
        if sum(map(len, found)) >= REMEMBERED_IDS:
            break
        found.append(
            [
                call_id
                for stored in reader.frames(segment.name, 0)
                if stored.kind is Kind.END and (call_id := _call_id(stored.payload))
            ]
        )
    seen = SeenIds()
    for ids in reversed(found):
        for call_id in ids:
            seen.add(call_id)
    return seen


def positions_of(path: Path, data_dir: Path) -> LogPositions:
    """Return where it is kept how far the log at `path` has been read."""
    return LogPositions(_file_of(path, data_dir), path)


def turn_to_read(path: Path, data_dir: Path) -> TickLock:
    """Return the lock of whoever reads the log at `path`.

    Raises:
        DataError: Another process reads it.
        OSError: It cannot be told.
    """
    lock = TickLock(_file_of(path, data_dir).with_suffix(".lock"))
    if not lock.acquire():
        raise DataError(
            path,
            "is being read by another agcod-guard ingest",
            remedy="end that one first",
        )
    return lock


def _file_of(path: Path, data_dir: Path) -> Path:
    name = sha256(str(path.resolve()).encode("utf-8", "surrogateescape"))
    return data_dir / "ingest" / f"{name.hexdigest()[:16]}.json"


class _Ended(msgspec.Struct):
    """Of an end frame its call id alone."""

    c: str = ""


_decoder = msgspec.json.Decoder(_Ended)


def _call_id(payload: bytes) -> str:
    try:
        return _decoder.decode(payload).c
    except msgspec.MsgspecError:
        return ""
