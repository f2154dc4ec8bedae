"""Look at the data folder: can it be written to and read, who is at work on it.

Reads and asks; makes and changes nothing.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from agcod_guard.cli.findings import Finding, Level
from agcod_guard.cli.times import iso
from agcod_guard.data_folder import DataFolder, policy_in_force
from agcod_guard.frames import decoded
from agcod_guard.incident.incident import Stage
from agcod_guard.incident.layout import count, listed
from agcod_guard.ports import Segment
from agcod_guard.storage.reading import SegmentReader
from agcod_guard.storage.tick_lock import is_held
from agcod_guard.telemetry.observers import Observers

LEAST_FREE_BYTES = 100_000_000
"""With less than this free, an outage may not fit on the disk any more."""


def data_folder_findings(folder: DataFolder) -> Iterator[Finding]:
    """Look at the folder: there, writable, private, and room beside it."""
    path = folder.settings.data_dir
    if not path.exists():
        parent = next(each for each in path.parents if each.exists())
        if not os.access(parent, os.W_OK | os.X_OK):
            text = f"{path} is not there, and {parent} cannot be written to"
            yield Finding(Level.PROBLEM, "data folder", text)
        else:
            text = f"{path} is not there yet; the first call makes it"
            yield Finding(Level.OK, "data folder", text)
        yield _disk(parent, folder, used_bytes=0)
        return
    yield from _rights(path)
    segments = folder.reader(Observers()).segments()
    yield _disk(path, folder, used_bytes=sum(each.size_bytes for each in segments))


def _rights(path: Path) -> Iterator[Finding]:
    mode = path.stat().st_mode & 0o777
    if not path.is_dir():
        yield Finding(Level.PROBLEM, "data folder", f"{path} is no folder")
    elif not os.access(path, os.W_OK | os.X_OK):
        text = f"{path} cannot be written to: calls are watched, but not kept"
        yield Finding(Level.PROBLEM, "data folder", text)
    elif mode & 0o077:
        text = f"{path} is open to others (mode {mode:04o}): chmod 700 {path}"
        yield Finding(Level.PROBLEM, "data folder", text)
    else:
        text = f"{path} can be written to, and by its owner alone"
        yield Finding(Level.OK, "data folder", text)


def _disk(path: Path, folder: DataFolder, *, used_bytes: int) -> Finding:
    free_bytes = shutil.disk_usage(path).free
    wanted_bytes = max(0, folder.settings.journal.max_bytes - used_bytes)
    text = f"{_mb(free_bytes)} free"
    if free_bytes < LEAST_FREE_BYTES:
        return Finding(Level.PROBLEM, "disk", f"{text}: an outage may not fit on it")
    if free_bytes < wanted_bytes:
        text += f"; the journal may take {_mb(wanted_bytes)} more (journal.max_bytes)"
        return Finding(Level.NOTE, "disk", text)
    return Finding(Level.OK, "disk", text)


def journal_findings(folder: DataFolder) -> Iterator[Finding]:
    """Look at the journal: how much there is, readable, and under which policy."""
    reader = folder.reader(Observers())
    segments = reader.segments()
    size_bytes = sum(each.size_bytes for each in segments)
    text = f"{count(len(segments), 'segment')}, {_mb(size_bytes)}"
    last_s = newest_s(reader, segments)
    if last_s is not None:
        text += f", up to {iso(last_s)}"
    yield Finding(Level.OK, "journal", text)
    for name, problem in reader.unreadable.items():
        text = f"{name} cannot be read ({problem}): check its owner and permissions"
        yield Finding(Level.PROBLEM, "journal", text)
    yield from _other_policy(folder)


def _other_policy(folder: DataFolder) -> Iterator[Finding]:
    theirs, ours = asdict(policy_in_force(folder)), asdict(folder.settings.policy)
    other = [
        f"{name} {theirs[name]:g}, not {at:g}"
        for name, at in ours.items()
        if theirs[name] != at
    ]
    if other:
        text = f"written under another policy than these settings': {listed(other)}"
        yield Finding(Level.NOTE, "journal", text)


def ladder_findings(folder: DataFolder) -> Iterator[Finding]:
    """Look whether the ladder can be read.

    Raises:
        DataError: It cannot.
    """
    incidents = folder.ladder().incidents()
    open_ones = [each for each in incidents if each.stage is not Stage.RESOLVED]
    text = f"{count(len(incidents), 'incident')}, {len(open_ones)} of them not closed"
    yield Finding(Level.OK, "ladder", text)


def guard_findings(folder: DataFolder) -> Iterator[Finding]:
    """Look whether a guard is at work."""
    if is_held(folder.settings.data_dir / "tick.lock"):
        yield Finding(Level.OK, "guard", "one is at work on this data folder")
    else:
        yield Finding(Level.NOTE, "guard", "none is at work on this data folder now")


def newest_s(reader: SegmentReader, segments: list[Segment]) -> float | None:
    """Return the wall time of the newest frame; None if there is none."""
    return max(
        (
            decoded(each.kind, each.payload).wall_ns / 1e9
            for segment in segments
            for each in reader.ending(segment.name)
        ),
        default=None,
    )


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:,.1f} MB"
