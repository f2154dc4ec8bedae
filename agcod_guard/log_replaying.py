"""Judge a call log of another program, as the guard would have judged its calls.

Not pure: reads the log and, if packets are wanted, writes a journal of redacted
frames into a folder of the caller's. Such a log has one clock, so wall time is
the axis; time goes up to its newest call.
"""

from __future__ import annotations

import os
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from agcod_guard.call import Endpoint
from agcod_guard.errors import DataError
from agcod_guard.formats.logged import Exchange, Logged
from agcod_guard.frames import End, Header, end_of
from agcod_guard.incident.casebook import Casebook, transition_of
from agcod_guard.journal.stream import event_of
from agcod_guard.logs.call_log import CallLog, ns_of
from agcod_guard.outage.fold import Fold
from agcod_guard.outage.moves import (
    Change,
    of_operations,
    of_scopes,
    operation_transition_of,
)
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.replaying import JOURNAL, Replay
from agcod_guard.samples import Samples
from agcod_guard.storage.spool import Spool
from agcod_guard.telemetry.observers import Observers
from agcod_guard.version import __version__

MOST_WAITING = 100_000
"""Calls that are put in order at a time; a log of 1,000 calls a second has less."""

_CALLS_AT_ONCE = 2_000
_BOOT = "no-boot"

_mono_ns = attrgetter("mono_ns")


class Told(NamedTuple):
    """A call of a log, as a frame.

    Attributes:
        started_ns: When it was sent.
        end: Its end; both clocks are the log's.
    """

    started_ns: int
    end: End


@dataclass(slots=True)
class Order:
    """Puts calls in the order of their end, in bounded memory.

    A log may be in the order of ends or of starts, and off by `late_s`.

    Attributes:
        late_s: By how much a record may stand too late.
        late: Calls that stood later than that; they were judged when they came.
    """

    late_s: float
    late: int = 0

    def of(self, told: Iterable[Told]) -> Iterator[tuple[list[End], int]]:
        """Yield ends, oldest first, and the time up to which all have come."""
        waiting: list[End] = []
        newest_ns = until_ns = 0
        for count, (started_ns, end) in enumerate(told, 1):
            waiting.append(end)
            newest_ns = max(newest_ns, started_ns)
            if count % _CALLS_AT_ONCE == 0:
                waiting.sort(key=_mono_ns)
                self.late += bisect_left(waiting, until_ns, key=_mono_ns)
                until_ns = max(until_ns, newest_ns - round(self.late_s * 1e9))
                ready = bisect_right(waiting, until_ns, key=_mono_ns)
                ready = max(ready, len(waiting) - MOST_WAITING)
                yield waiting[:ready], until_ns
                del waiting[:ready]
        waiting.sort(key=_mono_ns)
        self.late += bisect_left(waiting, until_ns, key=_mono_ns)
        if waiting:
            yield waiting, max(until_ns, waiting[-1].mono_ns)


def replayed_log(
    log: CallLog,
    *,
    policy: OutagePolicy,
    hosts: Mapping[str, Endpoint],
    spool: Path | None = None,
) -> Replay:
    """Return what the log's calls amount to.

    Args:
        log: The log.
        policy: What they are judged by.
        hosts: Host names from the settings; they go into the header.
        spool: An empty folder that becomes a data folder with a journal of the
            redacted calls, to make packets from; None if none are wanted.

    Raises:
        DataError: It is no call log, or it holds no call.
        OSError: It cannot be read, or the folder cannot be written.
    """
    order = Order(policy.late_other_s)
    fold, moves = Fold(policy), list[Change]()
    until_ns = calls = 0
    kept = None if spool is None else _Kept(spool / JOURNAL, policy)
    told = (_told(logged, kept) for logged in log.calls())
    with closing(told):
        for ends, until_ns in order.of(told):
            calls += len(ends)
            if kept is not None:
                kept.add_calls(ends)
            events = (event_of(end, end.mono_ns / 1e9, source="") for end in ends)
            moves += fold.fold(filter(None, events), until_ns / 1e9)
    if not calls:
        raise DataError(
            log.name, "holds no calls of AGCOD", remedy="see docs/call-log.md"
        )
    casebook = Casebook(wall_s=float)
    return Replay(
        home=_header(until_ns, policy=policy, hosts=hosts),
        policy=policy,
        transitions=tuple(
            transition_of(move, casebook.follow(move), wall_s=float)
            for move in of_scopes(moves)
        ),
        operations=tuple(
            operation_transition_of(move, wall_s=float) for move in of_operations(moves)
        ),
        incidents=tuple(casebook.everything()),
        until_s=until_ns / 1e9,
        frames=calls,
        skipped=log.counts.bad,
        unreadable={},
        log=replace(log.counts, late=order.late),
    )


def _told(logged: Logged, kept: _Kept | None) -> Told:
    call = logged.call
    ended_ns = ns_of(call.ended_at_s)
    end = end_of(call, wall_ns=ended_ns, mono_ns=ended_ns)
    if kept is not None and logged.exchange is not None:
        kept.add_exchange(end, logged.exchange)
    return Told(ns_of(call.started_at_s), end)


def _header(
    now_ns: int, *, policy: OutagePolicy, hosts: Mapping[str, Endpoint]
) -> Header:
    return Header(
        source="",
        boot_id=_BOOT,
        pid=os.getpid(),
        wall_ns=now_ns,
        mono_ns=now_ns,
        version=__version__,
        policy=asdict(policy),
        hosts={name: str(endpoint) for name, endpoint in hosts.items()},
    )


class _Kept:
    """The calls and failing exchanges of a log, redacted, on disk."""

    def __init__(self, folder: Path, policy: OutagePolicy) -> None:
        self._spool = Spool(
            folder, lambda now_ns: _header(now_ns, policy=policy, hosts={})
        )
        self._samples = Samples(self._spool, Observers(), policy.sample_every_s)

    def add_calls(self, ends: Iterable[End]) -> None:
        """Write ends, oldest first."""
        for end in ends:
            self._spool.append(end)
        self._spool.maintain()

    def add_exchange(self, end: End, exchange: Exchange) -> None:
        """Redact a failing exchange and keep it, if the guard would have."""
        self._samples.put_by_logged(end, exchange)
        self._samples.write()
