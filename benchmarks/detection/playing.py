"""Play every run of a family to every detector."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence

from msgspec import Struct

from agcod_guard.call import Outcome
from agcod_guard.outage.fold import Fold
from agcod_guard.outage.policy import OutagePolicy
from benchmarks.detection.alarms import Alarm
from benchmarks.detection.events import events_of
from benchmarks.detection.families import FAMILIES
from benchmarks.detection.peers import PEERS
from benchmarks.detection.peers.peer import Traits
from benchmarks.detection.rule import Watching, is_production
from benchmarks.detection.score import LEAST_NOISE, Result, result_of
from benchmarks.detection.streams import Run

PLAIN = "the rule, no probes"
PROBING = "the rule"
SUSPICION = "its suspicion, for our own people"
MODES = {"plain": (PLAIN,), "probes": (PROBING,), "both": (PLAIN, PROBING)}


class Played(Struct, frozen=True, kw_only=True):
    """What came of one run.

    Attributes:
        results: What each detector made of it, by the detector's name.
        calls: How many calls it had.
        events: How many events the rule's fold took in.
        fold_s: How long it took for them.
    """

    results: dict[str, Result]
    calls: int
    events: int
    fold_s: float


def runs_of(family: str, seed: int) -> Iterator[Run]:
    """Yield the runs of a family, the same for the same seed."""
    draw = random.Random(f"{family} {seed}")
    for scene in FAMILIES[family](draw):
        yield scene.played(family, draw)


def play(family: str, seed: int, *, mode: str, peers: bool = True) -> list[Played]:
    """Return what every detector made of every run of the family."""
    policy = OutagePolicy()
    return [
        _played(run, policy, rules=MODES[mode], peers=peers)
        for run in runs_of(family, seed)
    ]


def _played(
    run: Run, policy: OutagePolicy, *, rules: Sequence[str], peers: bool
) -> Played:
    results = {}
    for name in rules:
        watching = Watching(run, probes=name == PROBING, policy=policy)
        watching.watch()
        results[name] = result_of(
            run,
            watching.alarms,
            probed=watching.probes,
            operations=watching.operations,
            policy=policy,
        )
        if name == PROBING:
            results[SUSPICION] = result_of(run, watching.suspicions, policy=policy)
    for name in PEERS if peers else ():
        results[name] = result_of(run, peer_alarms(run, name), policy=policy)
    events, fold_s = _timed_fold(run, policy)
    return Played(results=results, calls=len(run.calls), events=events, fold_s=fold_s)


def peer_alarms(run: Run, name: str) -> list[Alarm]:
    """Return what the named peer raises on a run, scope by scope."""
    traits = Traits(rate=run.rate, noise=max(run.world.noise, LEAST_NOISE))
    ends: dict[str, list[tuple[float, bool]]] = {}
    for call in run.calls:
        if is_production(call.scope):
            failed_at_s = call.failed_at_s
            if failed_at_s is not None:
                ends.setdefault(call.scope, []).append((failed_at_s, True))
            if call.outcome is Outcome.SUCCESS:
                ends.setdefault(call.scope, []).append((call.end_s, False))
    alarms: list[Alarm] = []
    for scope, seen in ends.items():
        peer = PEERS[name](traits)
        for at_s, failed in sorted(seen):
            peer.see(at_s, failed)
        peer.finish(run.until_s)
        for alarm in peer.log.alarms:
            alarm.scope = scope
        alarms += peer.log.alarms
    return sorted(alarms, key=lambda alarm: alarm.opened_s)


def _timed_fold(run: Run, policy: OutagePolicy) -> tuple[int, float]:
    """Return how many events a run is, and how long one fold over them takes."""
    events = sorted((event for _, event in events_of(run)), key=lambda each: each.at_s)
    fold = Fold(policy)
    begun_s = time.process_time()
    fold.fold(events, run.until_s)
    return len(events), time.process_time() - begun_s
