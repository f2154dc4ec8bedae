"""Play a run to the guard's own rule, as `watch` would see it, second by second.

Frames arrive late, the newest are folded again at every look, the reference is
asked, and in a run with probes a harmless call is made when the policy says so.
Seconds in which nothing can happen are skipped.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from agcod_guard.call import TECHNICAL_FAILURES, Outcome
from agcod_guard.incident.verdict import Verdict, verdict_of
from agcod_guard.outage.detector import Phase, ScopeState
from agcod_guard.outage.evidence import Began, Ended, Event, Referenced
from agcod_guard.outage.fold import Fold, FoldState
from agcod_guard.outage.policy import OutagePolicy
from benchmarks.detection.alarms import Alarm
from benchmarks.detection.answers import FOREVER
from benchmarks.detection.streams import Run, Sent, wall_ns

PROBE_AFTER_S = 10.0
PROBE_EVERY_S = 5.0
PROBE_EVERY_IN_OUTAGE_S = 30.0
CONFIRMING_PROBES = 3
NOTABLE_S = 30.0
"""A call at least this long is told of when it is sent, a shorter one at its end."""

Arrival = tuple[float, int, Event]
"""When a frame reaches the guard, a number that keeps order, and what it says."""


def is_production(scope: str) -> bool:
    """Whether an outage of the scope can concern Amazon's pager."""
    return not scope.endswith(("-sandbox", "-loopback"))


def events_of(run: Run) -> Iterator[tuple[float, Event]]:
    """Yield what the guard is told of a run's calls, with the time of arrival."""
    for number, call in enumerate(run.calls):
        call_id = f"{number:016x}"
        if call.end_s - call.start_s >= NOTABLE_S:
            yield call.start_s + call.late_s, _began(run, call, call_id)
        if call.end_s != FOREVER:
            yield call.end_s + call.late_s, _ended(run, call, call_id)


def _began(run: Run, call: Sent, call_id: str) -> Began:
    return Began(
        at_s=call.start_s + run.ahead.get(call.source, 0.0),
        wall_ns=wall_ns(run, call.start_s),
        scope=call.scope,
        order=call.order,
        call_id=call_id,
        source=call.source,
        probe=False,
    )


def _ended(run: Run, call: Sent, call_id: str) -> Ended:
    return Ended(
        at_s=call.end_s + run.ahead.get(call.source, 0.0),
        wall_ns=wall_ns(run, call.end_s),
        scope=call.scope,
        order=call.order,
        call_id=call_id,
        source=call.source,
        probe=False,
        outcome=call.outcome,
        marked=call.marked,
    )


@dataclass(slots=True)
class Prober:
    """Makes one scope's test calls; remembers what they came to."""

    busy_until_s: float = float("-inf")
    last_s: float = float("-inf")
    results: list[tuple[float, Outcome]] = field(default_factory=list)

    def is_due(self, state: ScopeState, now_s: float) -> bool:
        """Whether a test call is to be made now."""
        first_s = state.evidence.first_failed_at_s
        if first_s is None or now_s < self.busy_until_s:
            return False
        every_s = PROBE_EVERY_S
        if state.phase is Phase.OUTAGE:
            every_s = PROBE_EVERY_IN_OUTAGE_S
        return now_s >= max(first_s + PROBE_AFTER_S, self.last_s + every_s)

    def confirms(self, now_s: float, policy: OutagePolicy) -> bool:
        """Whether enough test calls have failed of late, and none succeeded."""
        recent = [
            outcome
            for at_s, outcome in self.results
            if now_s - policy.hold_s <= at_s <= now_s
        ]
        failed = sum(outcome in TECHNICAL_FAILURES for outcome in recent)
        return failed >= CONFIRMING_PROBES and Outcome.SUCCESS not in recent


class Watching:
    """One run, watched by the rule."""

    def __init__(self, run: Run, *, probes: bool, policy: OutagePolicy) -> None:
        self._run, self._policy, self._probes = run, policy, probes
        self._kept = Fold(policy)
        self._waiting: list[Event] = []
        self._arrivals: list[Arrival] = [
            (seen_s, number, event)
            for number, (seen_s, event) in enumerate(events_of(run))
        ]
        self._arrivals.sort()
        self._next = 0
        self._own: list[Arrival] = []
        self._notable = sorted(
            at_s
            for seen_s, _, event in self._arrivals
            if not _is_success(event)
            for at_s in (seen_s, seen_s + policy.overdue_s)
        )
        self._next_notable = 0
        self._probers: dict[str, Prober] = {}
        self._referred_s = float("-inf")
        self._suspects = False
        self._restarts = list(run.restarts)
        self._open: dict[str, Alarm] = {}
        self.alarms: list[Alarm] = []
        self.probed: list[Ended] = []
        several = len({call.source for call in run.calls}) > 1
        self._late_s = policy.late_other_s if several else policy.late_s

    def watch(self) -> None:
        """Go through the run from beginning to end."""
        now_s = 0.0
        while now_s <= self._run.until_s:
            now_s = self._tick(now_s)

    def _tick(self, now_s: float) -> float:
        """Look once; return when to look next."""
        self._refer(now_s)
        self._take(now_s)
        self._restart(now_s)
        present = self._look(now_s)
        calm = self._judge(present, now_s)
        if self._probes:
            self._probe(present, now_s)
        return self._next_busy_s(now_s) if calm else now_s + self._policy.tick_s

    def _take(self, now_s: float) -> None:
        arrivals, waiting = self._arrivals, self._waiting
        while self._next < len(arrivals) and arrivals[self._next][0] <= now_s:
            waiting.append(arrivals[self._next][2])
            self._next += 1
        while self._own and self._own[0][0] <= now_s:
            waiting.append(heapq.heappop(self._own)[2])
        waiting.sort(key=_at_s)

    def _look(self, now_s: float) -> Fold:
        until_s = now_s - self._late_s
        sure = 0
        for event in self._waiting:
            if event.at_s > until_s:
                break
            sure += 1
        self._kept.fold(self._waiting[:sure], until_s)
        del self._waiting[:sure]
        present = self._kept.copied()
        present.fold(self._waiting, now_s)
        return present

    def _refer(self, now_s: float) -> None:
        if not self._run.world.reference.configured:
            return
        policy = self._policy
        every_s = policy.reference_healthy_every_s
        if self._suspects:
            every_s = policy.reference_suspect_every_s
        if now_s - self._referred_s >= every_s:
            self._referred_s = now_s
            reached = self._run.world.reaches_reference(now_s, source=self._run.home)
            heapq.heappush(self._own, (now_s, -1, Referenced(now_s, reached)))

    def _probe(self, present: Fold, now_s: float) -> None:
        for scope, state in present.scopes.items():
            prober = self._probers.setdefault(scope, Prober())
            if not is_production(scope) or not prober.is_due(state, now_s):
                continue
            answer = self._run.world.probe(now_s, scope=scope, source=self._run.home)
            end_s = now_s + min(answer.after_s, 6.0)
            prober.last_s, prober.busy_until_s = now_s, end_s
            prober.results.append((end_s, answer.outcome))
            number = len(self.probed)
            ended = Ended(
                at_s=end_s,
                wall_ns=wall_ns(self._run, end_s),
                scope=scope,
                order=f"probe{number}",
                call_id=f"{number + 2**32:016x}",
                source=self._run.home,
                probe=True,
                outcome=answer.outcome,
                marked=answer.marked,
            )
            self.probed.append(ended)
            heapq.heappush(self._own, (end_s, number, ended))

    def _restart(self, now_s: float) -> None:
        if self._restarts and self._restarts[0] <= now_s:
            self._restarts.pop(0)
            kept = msgspec.msgpack.encode(self._kept.at_rest())
            state = msgspec.msgpack.decode(kept, type=FoldState)
            self._kept = Fold.resumed(state, self._policy)

    def _judge(self, present: Fold, now_s: float) -> bool:
        """Note what has changed; return whether nothing is going on."""
        calm, self._suspects = not any(map(_is_notable, self._waiting)), False
        for scope, state in present.scopes.items():
            if state.phase is not Phase.OK or state.evidence.first_failed_at_s:
                calm = False
                age_s = now_s - state.evidence.changed_at_s
                self._suspects |= age_s <= self._policy.hold_s
            if is_production(scope):
                self._follow(scope, state, now_s)
        return calm and not self._own

    def _follow(self, scope: str, state: ScopeState, now_s: float) -> None:
        alarm, outage = self._open.get(scope), state.outage
        if outage is None:
            if alarm is not None:
                alarm.closed_s = now_s
                alarm.recovered_s = alarm.recovered_s or now_s
                del self._open[scope]
            return
        if alarm is None:
            alarm = self._open[scope] = Alarm(
                scope=scope,
                opened_s=now_s,
                first_failed_s=outage.first_failed_at_s,
                first_failed_wall_ns=outage.first_failed_wall_ns,
            )
            self.alarms.append(alarm)
        if state.phase is Phase.RECOVERING:
            alarm.recovered_s = alarm.recovered_s or now_s
        elif alarm.paged_s is None and verdict_of(outage)[0] is not Verdict.OURS:
            prober = self._probers.get(scope)
            if not self._probes or (prober and prober.confirms(now_s, self._policy)):
                alarm.paged_s = now_s

    def _next_busy_s(self, now_s: float) -> float:
        """Return when something that matters can happen next."""
        notable = self._notable
        while self._next_notable < len(notable) and (
            notable[self._next_notable] <= now_s
        ):
            self._next_notable += 1
        next_s = self._run.until_s + 1
        if self._next_notable < len(notable):
            next_s = min(next_s, notable[self._next_notable])
        if self._run.world.reference.configured:
            healthy_s = self._policy.reference_healthy_every_s
            next_s = min(next_s, self._referred_s + healthy_s)
        if self._restarts:
            next_s = min(next_s, self._restarts[0])
        return max(now_s + self._policy.tick_s, float(math.ceil(next_s)))


def _is_success(event: Event) -> bool:
    return isinstance(event, Ended) and event.outcome is Outcome.SUCCESS


def _is_notable(event: Event) -> bool:
    return not _is_success(event) and not isinstance(event, Referenced)


def _at_s(event: Event) -> float:
    return event.at_s
