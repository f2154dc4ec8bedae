"""`agcod-guard replay PATH`: judge recorded calls anew."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, TextIO

import click

from agcod_guard.call import Endpoint
from agcod_guard.cli.incidents import incident_facts, print_incidents
from agcod_guard.cli.logs import (
    STDIN,
    named_hosts,
    passed_over,
    progress_of,
    read_log,
)
from agcod_guard.cli.options import with_json, with_settings
from agcod_guard.cli.tables import print_table
from agcod_guard.cli.times import iso, with_iso
from agcod_guard.clock import SystemClock
from agcod_guard.data_folder import DataFolder, reporter_of
from agcod_guard.delivery.files import IncidentFolder
from agcod_guard.incident.layout import count
from agcod_guard.outage.state import OperationTransition, Transition
from agcod_guard.replaying import Replay, lies_inside, replayed, write_packets
from agcod_guard.settings import Settings
from agcod_guard.settings.fields import POLICY
from agcod_guard.settings.given import Given
from agcod_guard.storage.segment_file import SUFFIX

_TITLES = ("time", "scope", "what", "why")


def policy_changes(
    ctx: click.Context, param: click.Parameter, values: Sequence[str]
) -> dict[str, float]:
    """Return the fields of the policy that `--policy NAME=VALUE` sets.

    Raises:
        SettingsError: There is no such field, or it cannot have that value.
    """
    changes = {}
    for written in values:
        name, _, value = written.partition("=")
        given = Given(("policy", name), value, "--policy")
        if name not in POLICY:
            raise given.unknown(f"policy.{each}" for each in POLICY)
        kind = POLICY[name]
        changes[name] = kind.take(Given(given.path, kind.read(value), given.origin))
    return changes


@click.command(epilog="Example: agcod-guard replay /var/lib/agcod-guard")
@click.argument("path", type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--policy",
    "changes",
    multiple=True,
    callback=policy_changes,
    metavar="NAME=VALUE",
    help="A field of the policy in the place of the journal's, such as hold_s=60.",
)
@click.option(
    "--out",
    "packets_dir",
    type=click.Path(path_type=Path),
    help="Write the packets into this folder, outside of PATH.",
)
@click.option(
    "--host",
    "hosts",
    multiple=True,
    callback=named_hosts,
    metavar="NAME=REGION[:ENVIRONMENT]",
    help="A host that stands for AGCOD in a call log, beside those of the settings.",
)
@click.option("--strict", is_flag=True, help="Stop at a call log's first bad record.")
@with_settings
@with_json
def replay(
    path: Path,
    *,
    changes: dict[str, float],
    packets_dir: Path | None,
    settings_path: Path | None,
    as_json: bool,
    **of_logs: Any,
) -> int:
    """Judge recorded calls anew, from the first to the last.

    PATH is a data folder, a journal folder or one .seg file of a journal; or a
    call log as NDJSON or HAR 1.2, plain or gzip, where - is stdin. It is only
    read. A journal is judged by the policy that it was written under, a call log
    by that of the settings, unless --policy says otherwise. What a packet says
    of you is taken from the settings, as far as they are given.
    """
    judge = _judged_log if is_log(path) else _judged_journal
    result = judge(
        path,
        changes=changes,
        packets_dir=packets_dir,
        settings_path=settings_path,
        **of_logs,
    )
    return show_replay(
        result, path, sys.stdout, packets_dir=packets_dir, as_json=as_json
    )


def is_log(path: Path) -> bool:
    """Tell whether it is to be read as a call log; what it is shows its content."""
    if path == STDIN:
        return True
    return path.exists() and not path.is_dir() and path.suffix != SUFFIX


def _judged_journal(
    path: Path,
    *,
    changes: dict[str, float],
    packets_dir: Path | None,
    settings_path: Path | None,
    hosts: Mapping[str, Endpoint],
    strict: bool,
) -> Replay:
    if hosts or strict:
        raise click.UsageError(
            "--host and --strict are for call logs, not for journals"
        )
    if packets_dir is not None and lies_inside(path, packets_dir):
        raise click.BadParameter(
            f"{packets_dir} lies in {path}, which is only read; "
            "name a folder elsewhere",
            param_hint="--out",
        )
    with progress_of(path) as progress:
        result = replayed(path, changes=changes, progress=progress)
    if packets_dir is not None:
        settings = Settings.load(settings_path, data_dir=path)
        write_replayed(result, path, packets_dir, settings)
    return result


def _judged_log(
    path: Path,
    *,
    changes: dict[str, float],
    packets_dir: Path | None,
    settings_path: Path | None,
    hosts: Mapping[str, Endpoint],
    strict: bool,
) -> Replay:
    with TemporaryDirectory(prefix="agcod-replay-") as name:
        spool = Path(name)
        settings = Settings.load(settings_path, data_dir=spool)
        result = read_log(
            path,
            settings=settings,
            policy=replace(settings.policy, **changes),  # type: ignore[arg-type]
            hosts={**settings.hosts, **hosts},
            strict=strict,
            spool=spool if packets_dir is not None else None,
        )
        if packets_dir is not None:
            write_replayed(result, spool, packets_dir, settings)
    return result


def write_replayed(
    result: Replay, path: Path, packets_dir: Path, settings: Settings
) -> None:
    """Write the packets, with what the settings and the replayed ladder tell.

    Raises:
        DataError: `packets_dir` lies in what was replayed, or that has gone.
        OSError: They cannot be written.
    """
    ladder = DataFolder(settings=settings, clock=SystemClock()).ladder()
    write_packets(
        result,
        path,
        packets_dir,
        reporter_of=lambda incident: reporter_of(incident, settings, ladder),
    )


def show_replay(
    result: Replay,
    path: Path,
    out: TextIO,
    *,
    packets_dir: Path | None = None,
    as_json: bool = False,
) -> int:
    """Print what came of a replay: how it went, and the incidents.

    Args:
        result: What came of it.
        path: What was replayed.
        out: Where to print.
        packets_dir: Where the packets were written; None for nowhere.
        as_json: Print a JSON object.

    Returns:
        Exit code: 0.
    """
    packets = None if packets_dir is None else IncidentFolder(packets_dir)
    if as_json:
        print(json.dumps(replay_facts(result, path, packets)), file=out)
        return 0
    happened = timeline(result.transitions, result.operations)
    print_table(out, _TITLES, map(_row, happened))
    if result.incidents:
        print(file=out)
        print_incidents(out, result.incidents, now_s=result.until_s)
    print(file=out)
    print(_summary(result, path), file=out)
    if packets is not None:
        for incident in result.incidents:
            print(packets.folder_of(incident.incident_id), file=out)
    return 0


def replay_facts(
    result: Replay, path: Path, packets: IncidentFolder | None
) -> dict[str, Any]:
    """Return a replay as a JSON object; `docs/command-line.md` has the keys."""
    return with_iso(
        {
            "path": str(path),
            "frames": result.frames,
            "skipped": result.skipped,
            "unreadable": dict(result.unreadable),
            "log": None if result.log is None else asdict(result.log),
            "until_s": result.until_s,
            "drill": result.home.drill,
            "policy": asdict(result.policy),
            "transitions": [_transition_facts(each) for each in result.transitions],
            "operations": [_operation_facts(each) for each in result.operations],
            "incidents": [
                incident_facts(each, now_s=result.until_s, packets=packets)
                for each in result.incidents
            ],
        }
    )


class Happening(NamedTuple):
    """A line of the timeline; `at_s` in seconds since the Unix epoch."""

    at_s: float
    scope: str
    what: str
    why: str


def timeline(
    transitions: Sequence[Transition], operations: Sequence[OperationTransition]
) -> list[Happening]:
    """Return the changes, and the first failures that led to them, in order."""
    changed = [*_happenings(transitions), *map(_of_operation, operations)]
    return sorted(changed, key=lambda each: each.at_s)


def _of_operation(each: OperationTransition) -> Happening:
    what = f"{each.operation} {'down' if each.is_down else 'up again'}"
    return Happening(each.at_s, str(each.scope), what, each.reason)


def _happenings(transitions: Sequence[Transition]) -> Iterator[Happening]:
    told: set[tuple[str, float]] = set()
    for each in transitions:
        scope, first_s = str(each.scope), each.first_failed_at_s
        if first_s is not None and (scope, first_s) not in told:
            told.add((scope, first_s))
            yield Happening(first_s, scope, "first failure", "")
        yield Happening(each.at_s, scope, f"{each.before} -> {each.after}", each.reason)


def _row(each: Happening) -> tuple[str | None, ...]:
    return iso(each.at_s), each.scope, each.what, each.why


def _transition_facts(each: Transition) -> Mapping[str, Any]:
    return with_iso(
        {
            "scope": str(each.scope),
            "before": each.before.value,
            "after": each.after.value,
            "at_s": each.at_s,
            "reason": each.reason,
            "first_failed_at_s": each.first_failed_at_s,
            "incident_id": each.incident_id,
        }
    )


def _operation_facts(each: OperationTransition) -> Mapping[str, Any]:
    return with_iso(
        {
            "scope": str(each.scope),
            "operation": each.operation,
            "is_down": each.is_down,
            "at_s": each.at_s,
            "reason": each.reason,
            "first_failed_at_s": each.first_failed_at_s,
        }
    )


def _summary(result: Replay, path: Path) -> str:
    read = count(result.frames, "frame" if result.log is None else "call")
    lines = [
        f"{path}: {read} up to {iso(result.until_s)}; "
        f"{count(len(result.transitions), 'change')}, "
        f"{count(len(result.incidents), 'incident')}."
    ]
    if result.log is not None:
        lines += passed_over(result.log)
    elif result.skipped:
        places = count(result.skipped, "damaged place")
        lines.append(f"Passed over: {places}.")
    for name, problem in result.unreadable.items():
        lines.append(f"{name} could not be read: {problem}.")
    return "\n".join(lines)
