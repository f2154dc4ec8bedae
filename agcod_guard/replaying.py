"""Judge a journal anew, from its beginning: the live guard's incidents again.

Reads a data folder, a journal's folder or one segment, and writes nothing
there. The axis is the clock of the boot that wrote last, and time goes up to
the newest frame, so a copy says on any machine what the original says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from agcod_guard.axes import Axes
from agcod_guard.delivery.files import IncidentFolder
from agcod_guard.errors import DataError
from agcod_guard.frames import Header, decoded
from agcod_guard.incident.casebook import Casebook, transition_of
from agcod_guard.incident.incident import Incident
from agcod_guard.incident.items import Reporter
from agcod_guard.logs.call_log import LogCounts
from agcod_guard.outage.moves import (
    of_operations,
    of_scopes,
    operation_transition_of,
)
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.outage.state import OperationTransition, Transition
from agcod_guard.ports import Observer, Segment, Stored
from agcod_guard.storage.reading import SegmentReader
from agcod_guard.storage.segment_file import SUFFIX
from agcod_guard.telemetry.observers import Observers
from agcod_guard.watching.packing import JournalPacker
from agcod_guard.watching.reckoning import Reckoning, policy_of

JOURNAL = "journal"
"""Name of the journal's folder in a data folder."""

_FRAMES_PER_PROGRESS = 500

ACCEPTED = (
    f"a data folder, a journal folder or one {SUFFIX} file of a journal, "
    "or a call log as NDJSON or HAR 1.2"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What a journal or a call log says when it is judged from its beginning.

    Attributes:
        home: Header of the segment with the newest frame; its boot is the axis.
        policy: The policy it was judged by.
        transitions: What changed, oldest first, in wall-clock time.
        operations: Operations that were down while others succeeded, and up
            again, likewise.
        incidents: What came of it, oldest first.
        until_s: Time of the newest frame, seconds since the Unix epoch.
        frames: Frames read; of a call log, calls.
        skipped: Damaged places met, or bad records.
        unreadable: Segments that could not be read, by file name, and why.
        log: How much of a call log was read; None for a journal.
    """

    home: Header
    policy: OutagePolicy
    transitions: tuple[Transition, ...]
    operations: tuple[OperationTransition, ...]
    incidents: tuple[Incident, ...]
    until_s: float
    frames: int
    skipped: int
    unreadable: Mapping[str, str]
    log: LogCounts | None = None


class CountingReader(SegmentReader):
    """A reader that knows how many frames it has handed out.

    Attributes:
        count: Frames so far.
    """

    def __init__(
        self, path: Path, observer: Observer, progress: Callable[[int], None]
    ) -> None:
        super().__init__(path, observer)
        self.count = 0
        self._read_bytes, self._progress = 0, progress

    def frames(self, segment: str, offset: int) -> Iterator[Stored]:
        """Yield a segment's frames from that offset on, and count them."""
        for stored in super().frames(segment, offset):
            self.count += 1
            self._read_bytes += stored.end - offset
            offset = stored.end
            if self.count % _FRAMES_PER_PROGRESS == 0:
                self._progress(self._read_bytes)
            yield stored


def replayed(
    path: Path,
    *,
    changes: Mapping[str, Any] | None = None,
    progress: Callable[[int], None] = lambda read_bytes: None,
) -> Replay:
    """Return what the journal at `path` says, in time and memory that stay small.

    Args:
        path: A data folder, a journal's folder or one segment.
        changes: Fields of the policy to use in the place of the journal's own.
        progress: Told from time to time how many bytes of it have been read.

    Raises:
        DataError: There is no journal, or it cannot be read.
        SettingsError: There is no such policy.
    """
    reader = CountingReader(journal_in(path), Observers(), progress)
    home, until_s = _newest(reader, path)
    policy = replace(policy_of(home), **(changes or {}))
    reckoning = Reckoning(reader, policy=policy, header=home)
    moves = reckoning.catch_up(float("-inf"), now_s=until_s)
    moves += reckoning.look(until_s)
    wall_s = reckoning.axes.wall_s
    casebook = Casebook(wall_s=wall_s, drill=home.drill)
    return Replay(
        home=home,
        policy=policy,
        transitions=tuple(
            transition_of(move, casebook.follow(move), wall_s=wall_s)
            for move in of_scopes(moves)
        ),
        operations=tuple(
            operation_transition_of(move, wall_s=wall_s)
            for move in of_operations(moves)
        ),
        incidents=tuple(casebook.everything()),
        until_s=wall_s(until_s),
        frames=reader.count,
        skipped=reader.skipped,
        unreadable=reader.unreadable,
    )


def write_packets(
    replay: Replay,
    path: Path,
    out: Path,
    *,
    reporter_of: Callable[[Incident], Reporter],
) -> list[Path]:
    """Write the packets of a replay's incidents; return their folders.

    Args:
        replay: What came of `path`.
        path: What was replayed.
        out: Where the packets go: a folder outside of what was replayed.
        reporter_of: What the partner alone can tell about an incident.

    Raises:
        DataError: `out` lies in what was replayed, or that has gone.
        OSError: The packets cannot be written.
    """
    if lies_inside(path, out):
        raise DataError(
            out, f"lies in {path}, which is only read", remedy="name a folder elsewhere"
        )
    packets = IncidentFolder(out)
    packer = JournalPacker(
        reader=SegmentReader(journal_in(path), Observers()),
        header=replay.home,
        policy=replay.policy,
        packets=packets,
        observer=Observers(),
        reporter_of=reporter_of,
    )
    for incident in replay.incidents:
        packer.pack(incident, replay.until_s)
    return [packets.folder_of(each.incident_id) for each in replay.incidents]


def lies_inside(path: Path, out: Path) -> bool:
    """Return whether `out` is in the data folder that is replayed.

    Raises:
        DataError: `path` is no journal.
    """
    journal = journal_in(path).resolve()
    folder = journal if journal.is_dir() else journal.parent
    if folder.name == JOURNAL:
        folder = folder.parent
    return out.resolve().is_relative_to(folder)


def journal_in(path: Path) -> Path:
    """Return the journal's folder, or the one segment, that `path` stands for.

    Raises:
        DataError: It is nothing of the kind.
    """
    if path.is_dir():
        inner = path / JOURNAL
        return inner if inner.is_dir() else path
    if not path.exists():
        raise DataError(path, "does not exist", remedy=f"name {ACCEPTED}")
    if path.suffix != SUFFIX:
        raise DataError(path, "is no journal", remedy=f"name {ACCEPTED}")
    return path


def _newest(reader: SegmentReader, path: Path) -> tuple[Header, float]:
    """Return the header of the newest frame's segment, and the frame's own time.

    The order in which segments were begun does not tell: each process writes
    its own.
    """
    segments = reader.segments()
    if not segments:
        raise DataError(path, "holds no recorded calls", remedy=f"name {ACCEPTED}")
    axes = Axes(segments[0].header)
    for segment in segments:
        axes.learn(segment.header)
    ends = {each.name: _last_mono_ns(reader, each) for each in segments}
    newest = max(segments, key=lambda each: axes.axis_s(each.header, ends[each.name]))
    home = newest.header
    return home, Axes(home).axis_s(home, ends[newest.name])


def _last_mono_ns(reader: SegmentReader, segment: Segment) -> int:
    """Return the latest time among a segment's last frames.

    Threads write side by side, so the very last frame need not be the latest.
    """
    frames = (decoded(each.kind, each.payload) for each in reader.ending(segment.name))
    return max((each.mono_ns for each in frames), default=segment.header.mono_ns)
