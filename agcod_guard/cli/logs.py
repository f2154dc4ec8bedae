"""Read a call log for a command: what may be asked, and what is told on stderr.

Told are bad records, the first of them in full, and, on a terminal, progress.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from agcod_guard.call import Endpoint, Environment
from agcod_guard.formats.logged import Known
from agcod_guard.incident.layout import count, plain
from agcod_guard.log_replaying import replayed_log
from agcod_guard.logs.call_log import CallLog, LogCounts, Problem
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.replaying import Replay, journal_in
from agcod_guard.settings import Settings
from agcod_guard.settings.given import Given
from agcod_guard.settings.kinds import HOSTS
from agcod_guard.storage.segment_file import SUFFIX

STDIN = Path("-")

MOST_SHOWN, SHOWN_AGAIN_S = 20, 3_600.0
"""So many bad records are shown in so long; the others are counted."""

_BYTES_SHOWN = 4_000_000
"""What is smaller is read before a bar could be looked at."""


class BadRecordFound(click.ClickException):
    """A record that --strict does not pass over, as click shows it."""

    exit_code = 2


class Complaints:
    """Shows bad records on stderr as they come.

    A log that is followed may be read for months, so that after an hour they are
    shown anew.

    Args:
        name: Of the log.
        strict: The first of them ends the command.
        monotonic_s: The time.
    """

    def __init__(
        self,
        name: str,
        *,
        strict: bool,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name, self._strict = name, strict
        self._monotonic_s, self._begun_s = monotonic_s, monotonic_s()
        self._count = 0

    def __call__(self, problem: Problem) -> None:
        """Show one.

        Raises:
            BadRecordFound: None may be passed over.
        """
        text = plain(f"{self._name}:{problem.place}: {problem.text}")
        if self._strict:
            raise BadRecordFound(text)
        if self._monotonic_s() - self._begun_s >= SHOWN_AGAIN_S:
            self.end()
        self._count += 1
        if self._count <= MOST_SHOWN:
            click.echo(text, err=True)

    def end(self) -> None:
        """Tell of those that were not shown, and begin anew."""
        if self._count > MOST_SHOWN:
            more = count(self._count - MOST_SHOWN, "more bad record")
            click.echo(f"{self._name}: {more}", err=True)
        self._begun_s, self._count = self._monotonic_s(), 0


def read_log(
    path: Path,
    *,
    settings: Settings,
    policy: OutagePolicy,
    hosts: Mapping[str, Endpoint],
    strict: bool,
    spool: Path | None,
) -> Replay:
    """Judge a call log, with complaints and progress on stderr.

    Args:
        path: The log; `STDIN` for stdin.
        settings: Whose account it is of, where the log does not say.
        policy: What it is judged by.
        hosts: Names that stand for AGCOD beside Amazon's own.
        strict: A bad record ends it.
        spool: As in `replayed_log`.

    Raises:
        BadRecordFound: There is one, and it is not passed over.
        DataError: It is no call log, or holds no call.
        OSError: It cannot be read.
    """
    complaints = Complaints(str(path), strict=strict)
    with progress_of(path) as progress:
        log = CallLog(
            sys.stdin.buffer if path == STDIN else path,
            Known(hosts, settings.partner_id),
            report=complaints,
            progress=progress,
        )
        try:
            return replayed_log(log, policy=policy, hosts=hosts, spool=spool)
        finally:
            complaints.end()


@contextmanager
def progress_of(path: Path) -> Iterator[Callable[[int], None]]:
    """Yield what is to be told how many bytes of a log or journal have been read.

    On a terminal it draws a bar on stderr, which goes when the reading ends.
    """
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    console = Console(stderr=True)
    size = _size_of(path)
    if not console.is_terminal or (size is not None and size < _BYTES_SHOWN):
        yield lambda read_bytes: None
        return
    with Progress(
        "{task.description}",
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    ) as progress:
        task = progress.add_task(plain(path.name), total=size)
        yield lambda read_bytes: progress.update(task, completed=read_bytes)


def _size_of(path: Path) -> int | None:
    """Return how much there is to read; None if that cannot be known."""
    if path.is_dir():
        return sum(each.stat().st_size for each in journal_in(path).glob(f"*{SUFFIX}"))
    return path.stat().st_size if path.is_file() else None


def named_hosts(
    ctx: click.Context, param: click.Parameter, values: Sequence[str]
) -> dict[str, Endpoint]:
    """Return the hosts that `--host NAME=REGION[:ENVIRONMENT]` names.

    Raises:
        SettingsError: There can be no such host, or it is one of Amazon's.
    """
    rows = {}
    for written in values:
        name, _, where = written.partition("=")
        region, _, environment = where.partition(":")
        kind = environment or Environment.PRODUCTION.value
        rows[name] = {"region": region, "environment": kind}
    return dict(HOSTS.take(Given(("hosts",), rows, "--host")))


def passed_over(counts: LogCounts) -> list[str]:
    """Return, in words, what was read of a log and did not count as it stood."""
    lines = []
    for number, noun, plural in (
        (counts.bad, "bad record", "bad records"),
        (counts.elsewhere, "call to another host", "calls to other hosts"),
        (counts.repeated, "repeated event", "repeated events"),
    ):
        if number:
            lines.append(f"Passed over: {count(number, noun, plural)}.")
    if counts.late:
        lines.append(
            f"Out of order: {count(counts.late, 'call')} stood too late in the file; "
            "sort it, or raise --policy late_other_s."
        )
    for key, records in sorted(counts.unknown_keys.items()):
        lines.append(f"Unknown and left out: {key}, in {count(records, 'record')}.")
    return lines
