"""`agcod-guard ingest PATH`: guard a program that logs its calls as NDJSON."""

from __future__ import annotations

import json
import signal
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

import click
from prometheus_client import REGISTRY

from agcod_guard.call import Endpoint
from agcod_guard.cli.logs import STDIN, Complaints, named_hosts, passed_over
from agcod_guard.cli.options import with_folder, with_json
from agcod_guard.cli.times import iso
from agcod_guard.data_folder import DataFolder
from agcod_guard.errors import DataError
from agcod_guard.formats.lines import HEAD_BYTES
from agcod_guard.formats.sniffing import GZIP_MAGIC, Format, format_of
from agcod_guard.incident.layout import count, plain
from agcod_guard.ingesting import Ingest, Source, positions_of, turn_to_read
from agcod_guard.logs.log_files import FileLog
from agcod_guard.logs.log_stream import StreamLog
from agcod_guard.outage.state import Transition
from agcod_guard.storage.log_positions import LogPositions

_ENDED_BY = (signal.SIGINT, signal.SIGTERM)


@click.command(epilog="Example: agcod-guard ingest --follow /var/log/shop/agcod.ndjson")
@click.argument("path", type=click.Path(path_type=Path, allow_dash=True), default=STDIN)
@click.option(
    "--follow",
    "follows",
    is_flag=True,
    help="Wait for more, also when the file is rotated or not there yet.",
)
@click.option(
    "--host",
    "hosts",
    multiple=True,
    callback=named_hosts,
    metavar="NAME=REGION[:ENVIRONMENT]",
    help="A host that stands for AGCOD, beside those of the settings.",
)
@click.option("--strict", is_flag=True, help="Stop at the first bad line.")
@with_folder
@with_json
def ingest(
    folder: DataFolder,
    *,
    path: Path,
    follows: bool,
    hosts: dict[str, Endpoint],
    strict: bool,
    as_json: bool,
) -> int:
    """Record the calls that a program of any language logs, and watch over them.

    PATH is a log as NDJSON; - or nothing is stdin. Each call goes into the journal
    once, however often it is read, and what follows is what a guard does: outage,
    incident, packet. Ends at the end of the log, or with Ctrl-C; started again, it
    goes on where it stopped.
    """
    if path == STDIN and follows:
        raise click.UsageError("--follow is for files; stdin is read to its end anyway")
    wanted = Wanted(path=path, follows=follows, hosts=hosts, strict=strict)
    return run_ingest(folder, wanted, sys.stdout, as_json=as_json)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be taken in.

    Attributes:
        path: The log; `STDIN` for stdin.
        follows: Wait for more at its end.
        hosts: Names that stand for AGCOD beside those of the settings.
        strict: Stop at the first bad line.
    """

    path: Path
    follows: bool = False
    hosts: Mapping[str, Endpoint] = field(default_factory=dict)
    strict: bool = False


def run_ingest(
    folder: DataFolder, wanted: Wanted, out: TextIO, *, as_json: bool = False
) -> int:
    """Take in a log, and print what came of it.

    Returns:
        Exit code: 0.

    Raises:
        BadRecordFound: A line is bad, and none may be passed over.
        DataError: It is no such log, another ingest reads it, or the data folder
            cannot be read.
        OSError: The log cannot be read, or the journal not be written.
    """
    complaints = Complaints(str(wanted.path), strict=wanted.strict)
    ingesting = Ingest(
        folder,
        hosts={**folder.settings.hosts, **wanted.hosts},
        registry=REGISTRY,
        report=complaints,
        tell=_tell,
    )
    try:
        with _opened(folder, wanted) as (source, positions), _until_told() as told:
            ingesting.run(source, positions, is_stopped=told)
    finally:
        ingesting.close()
        complaints.end()
        _show(ingesting, wanted.path, out, as_json=as_json)
    return 0


@contextmanager
def _opened(
    folder: DataFolder, wanted: Wanted
) -> Iterator[tuple[Source, LogPositions | None]]:
    path, data_dir = wanted.path, folder.settings.data_dir
    if path == STDIN:
        yield StreamLog(sys.stdin.buffer), None
        return
    _check_kind(path)
    turn = turn_to_read(path, data_dir)
    try:
        positions = positions_of(path, data_dir)
        source = FileLog(
            path,
            positions.load(),
            follows=wanted.follows,
            monotonic_s=folder.clock.monotonic_s,
        )
        try:
            yield source, positions
        finally:
            source.close()
    finally:
        turn.release()


def _check_kind(path: Path) -> None:
    """Refuse what is plainly something else than a file of lines of JSON."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise DataError(
                path,
                "is no file, so it cannot be read on from some place",
                remedy="name a file; what comes through a pipe is for stdin: < PATH",
            )
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except FileNotFoundError:
        return
    is_other = head.startswith(GZIP_MAGIC) or format_of(head) in (
        Format.HAR,
        Format.JOURNAL,
    )
    if is_other:
        raise DataError(
            path, "is no NDJSON", remedy="agcod-guard replay reads other logs"
        )


@contextmanager
def _until_told() -> Iterator[Callable[[], bool]]:
    """Yield what tells whether somebody has asked us to end."""
    told: list[int] = []
    before = {
        number: signal.signal(number, lambda given, _: told.append(given))
        for number in _ENDED_BY
    }
    try:
        yield lambda: bool(told)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell(change: Transition) -> None:
    """Say on stderr that a scope has changed its phase."""
    what = f"{iso(change.at_s)} {change.scope} {change.before} -> {change.after}"
    incident = f" (incident {change.incident_id})" if change.incident_id else ""
    click.echo(plain(f"{what}: {change.reason}{incident}"), err=True)


def _show(ingesting: Ingest, path: Path, out: TextIO, *, as_json: bool) -> None:
    counts = ingesting.counts
    if as_json:
        print(json.dumps(ingest_facts(ingesting, path)), file=out)
        return
    print(f"{path}: {count(ingesting.recorded, 'call')} recorded.", file=out)
    for line in passed_over(counts):
        print(line, file=out)


def ingest_facts(ingesting: Ingest, path: Path) -> dict[str, Any]:
    """Return what came of it as a JSON object; `docs/command-line.md` has the keys."""
    counts = asdict(ingesting.counts)
    kept = ("records", "bad", "elsewhere", "repeated", "unknown_keys")
    return {
        "path": str(path),
        "recorded": ingesting.recorded,
        **{name: counts[name] for name in kept},
    }
