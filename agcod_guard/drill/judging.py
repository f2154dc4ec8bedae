"""Read what a drill has left on disk, and judge it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from agcod_guard.call import Call
from agcod_guard.clock import SystemClock
from agcod_guard.data_folder import DataFolder
from agcod_guard.drill.checks import checked
from agcod_guard.drill.findings import Check, Findings, Truth
from agcod_guard.drill.program import log_csv
from agcod_guard.drill.run import Rehearsal
from agcod_guard.drill.story import Story
from agcod_guard.errors import DataError
from agcod_guard.frames import End, Kind, call_of, decoded
from agcod_guard.incident.incident import Incident
from agcod_guard.incident.items import items
from agcod_guard.incident.packet import PACKET_FILE
from agcod_guard.ports import JournalReader
from agcod_guard.replaying import replayed
from agcod_guard.simulator.client import Attempt
from agcod_guard.telemetry.observers import Observers

PROGRAM_LOG = "program-log.csv"
"""The program's own log, in the drill's folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How a drill went.

    Attributes:
        checks: Every promise, kept or not.
        incidents: What the guard made of it.
        files: The newest files of the broken endpoint's incident; empty if it
            has none.
        log: The program's own log.
        folder: The drill's folder.
        lasted_s: How long it took.
        remark: Why it may have failed although the guard did its part; None
            if nothing of the kind was seen.
    """

    checks: tuple[Check, ...]
    incidents: tuple[Incident, ...]
    files: tuple[Path, ...]
    log: Path
    folder: Path
    lasted_s: float
    remark: str | None

    @property
    def passed(self) -> bool:
        """Whether every promise was kept."""
        return all(check.kept for check in self.checks)

    @property
    def packet(self) -> Path | None:
        """The letter to Amazon; None if there is none."""
        return next((path for path in self.files if path.name == PACKET_FILE), None)


def judged(rehearsal: Rehearsal) -> Report:
    """Keep the program's log beside the guard's files, and compare the two.

    Raises:
        DataError: The folder cannot be read or written.
    """
    log = rehearsal.folder / PROGRAM_LOG
    _write(log, log_csv(rehearsal.attempts))
    folder = DataFolder(settings=rehearsal.settings, clock=SystemClock())
    findings = _findings(folder, rehearsal.folder)
    incident = findings.incident
    files = folder.packets().newest(incident.incident_id) if incident else {}
    return Report(
        checks=checked(
            findings, Truth(attempts=rehearsal.attempts, entries=rehearsal.entries)
        ),
        incidents=findings.incidents,
        files=tuple(files.values()),
        log=log,
        folder=rehearsal.folder,
        lasted_s=rehearsal.lasted_s,
        remark=_remark(rehearsal),
    )


def slowness(attempts: Sequence[Attempt], story: Story) -> str | None:
    """Return what shows that the machine was too busy for this policy, if anything.

    Args:
        attempts: The program's calls, in the order in which they ended.
        story: What was played.
    """
    ends_s = [attempt.ended_at_s for attempt in attempts]
    longest_s = max((it.ended_at_s - it.started_at_s for it in attempts), default=0.0)
    gap_s = max((after - before for before, after in pairwise(ends_s)), default=0.0)
    if longest_s >= story.policy.overdue_s:
        seen = f"a call with a timeout of {story.timeout_s:g} s took {longest_s:.1f} s"
    elif gap_s >= story.policy.fresh_s:
        seen = f"for {gap_s:.1f} s not one call ended"
    else:
        return None
    return (
        f"This machine was too busy for a drill at this speed: {seen}. "
        "Run it again when there is less to do, or with --real-time."
    )


def _remark(rehearsal: Rehearsal) -> str | None:
    """Return what a person should know who wonders why the drill has failed."""
    if busy := slowness(rehearsal.attempts, rehearsal.story):
        return busy
    if act := rehearsal.missed:
        waited_s = act.lasts_s + rehearsal.story.patience_s
        return f"Given up after {waited_s:.0f} s of: {act.title}."
    return None


def _findings(folder: DataFolder, path: Path) -> Findings:
    ladder, observer = folder.ladder(), Observers()
    incidents = tuple(ladder.incidents())
    findings = Findings(
        incidents=incidents,
        dossier=None,
        answers=(),
        recorded=tuple(_recorded(folder.reader(observer))),
        replayed=replayed(path).incidents,
        files=_contents(path),
    )
    if (incident := findings.incident) is None:
        return findings
    packer = folder.packer(observer, ladder)
    dossier = packer.dossier(incident, folder.clock.wall_s())
    answers = items(
        incident,
        dossier,
        packer.reporter_of(incident),
        sample_attached=dossier.sample is not None,
    )
    return replace(findings, dossier=dossier, answers=answers)


def _recorded(reader: JournalReader) -> Iterator[Call]:
    """Yield every call that has ended, by the journal."""
    for stored in reader.between(float("-inf"), float("inf")):
        if stored.kind is Kind.END:
            end = decoded(stored.kind, stored.payload)
            if isinstance(end, End):
                yield call_of(end, stored.header.source)


def _contents(folder: Path) -> dict[str, bytes]:
    """Return every file below the folder, by relative path."""
    try:
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
    except OSError as error:
        raise _unreachable(folder, error) from error


def _write(path: Path, content: bytes) -> None:
    try:
        path.touch(mode=0o600)
        path.write_bytes(content)
    except OSError as error:
        raise _unreachable(path, error) from error


def _unreachable(path: Path, error: OSError) -> DataError:
    return DataError(
        path, error.strerror or str(error), remedy="run the drill in another folder"
    )
