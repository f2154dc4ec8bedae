"""Play a run to the guard's own rule, as `watch` would see it, second by second.

Frames arrive late, the newest are folded again at every look, the reference is
asked, and in a run with probes a harmless call is made when one is due. Seconds
in which nothing can happen are skipped.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict

import msgspec

from agcod_guard.call import Outcome
from agcod_guard.incident.verdict import Verdict, verdict_of
from agcod_guard.outage.events import Checked, Ended, Event, Referenced
from agcod_guard.outage.fold import Fold, FoldState
from agcod_guard.outage.operations import Operations
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.outage.state import Outage, Phase, ScopeState
from benchmarks.detection.alarms import Alarm, OperationAlarm
from benchmarks.detection.events import events_of, probed
from benchmarks.detection.probing import TIMEOUT_S, Prober
from benchmarks.detection.streams import Run

Arrival = tuple[float, int, Event]
"""When a frame reaches the guard, a number that keeps order, and what it says."""


def is_production(scope: str) -> bool:
    """Whether an outage of the scope can concern Amazon's pager."""
    return not scope.endswith(("-sandbox", "-loopback"))


class Watching:
    """One run, watched by the rule.

    Attributes:
        alarms: The incidents that were opened, oldest first.
        suspicions: The times in which a scope was not thought well.
        probes: The test calls that were made.
        operations: The operations that were said to be down by themselves.
    """

    def __init__(self, run: Run, *, probes: bool, policy: OutagePolicy) -> None:
        self.alarms: list[Alarm] = []
        self.suspicions: list[Alarm] = []
        self.probes: list[Ended] = []
        self.operations: list[OperationAlarm] = []
        self._run, self._policy, self._may_probe = run, policy, probes
        self._kept = Fold(policy)
        self._frames = _Frames(run, policy)
        self._probers: defaultdict[str, Prober] = defaultdict(Prober)
        self._referred_s = self._tried_s = float("-inf")
        self._suspects = False
        self._restarts = list(run.restarts)
        self._open: dict[str, Alarm] = {}
        self._suspected: dict[str, Alarm] = {}
        self._operations_down: set[tuple[str, str]] = set()

    def watch(self) -> None:
        """Go through the run from beginning to end."""
        now_s = 0.0
        while now_s <= self._run.until_s:
            self._refer(now_s)
            self._restart(now_s)
            present = self._look(now_s)
            calm = self._judge(present, now_s)
            self._try_ways(present, now_s)
            if self._may_probe:
                self._probe(present, now_s)
            next_s = now_s + self._policy.tick_s
            now_s = max(next_s, self._next_busy_s(now_s)) if calm else next_s

    def _look(self, now_s: float) -> Fold:
        until_s = now_s - self._frames.late_s
        self._kept.fold(self._frames.take(now_s, until_s), until_s)
        present = self._kept.copied()
        present.fold([each for each in self._frames.rest if each.at_s <= now_s], now_s)
        return present

    def _refer(self, now_s: float) -> None:
        if not self._run.world.reference.configured:
            return
        every_s = self._policy.reference_healthy_every_s
        if self._suspects:
            every_s = self._policy.reference_suspect_every_s
        if now_s - self._referred_s >= every_s:
            self._referred_s = now_s
            reached = self._run.world.reaches_reference(now_s, source=self._run.home)
            self._frames.add(Referenced(now_s, reached, self._run.home))

    def _try_ways(self, present: Fold, now_s: float) -> None:
        if now_s - self._tried_s < self._policy.reference_suspect_every_s:
            return
        for route in present.routes_to_check(self._run.home):
            self._tried_s = now_s
            scope = next(
                each for each in present.scopes if each.endswith(f"/{route.endpoint}")
            )
            found = self._run.world.way(now_s, scope=scope, source=self._run.home)
            self._frames.add(Checked(now_s, self._run.home, route, found))

    def _probe(self, present: Fold, now_s: float) -> None:
        for scope, state in present.scopes.items():
            prober = self._probers[scope]
            if not is_production(scope) or not prober.is_due(
                state, now_s, self._policy
            ):
                continue
            answer = self._run.world.probe(now_s, scope=scope, source=self._run.home)
            end_s = now_s + min(answer.after_s, TIMEOUT_S)
            prober.note(now_s, end_s, answer.outcome)
            number = len(self.probes)
            self.probes.append(
                probed(self._run, scope, answer, end_s=end_s, number=number)
            )
            self._frames.add(self.probes[-1])

    def _restart(self, now_s: float) -> None:
        if self._restarts and self._restarts[0] <= now_s:
            self._restarts.pop(0)
            kept = msgspec.msgpack.encode(self._kept.at_rest())
            state = msgspec.msgpack.decode(kept, type=FoldState)
            self._kept = Fold.resumed(state, self._policy)

    def _judge(self, present: Fold, now_s: float) -> bool:
        """Note what has changed; return whether nothing is going on."""
        self._suspects = present.has_run
        calm = self._judge_operations(present.operations, now_s)
        calm = calm and self._frames.are_calm and not present.own.present
        for scope, state in present.scopes.items():
            if (
                state.phase is not Phase.OK
                or state.evidence.first_failed_at_s is not None
            ):
                calm = False
            if is_production(scope):
                self._follow_suspicion(scope, state, now_s)
                self._follow_outage(scope, state.outage, now_s)
                self._follow_recovery(scope, state, now_s)
        return calm

    def _judge_operations(self, operations: Operations, now_s: float) -> bool:
        """Note which have gone down; return whether all of them are well."""
        down = {
            (scope, operation)
            for scope, operation, _ in operations.down()
            if is_production(scope)
        }
        self.operations += (
            OperationAlarm(scope=scope, operation=operation, at_s=now_s)
            for scope, operation in sorted(down - self._operations_down)
        )
        self._operations_down = down
        return all(
            state.phase is Phase.OK
            for states in operations.states.values()
            for state in states.values()
        )

    def _follow_suspicion(self, scope: str, state: ScopeState, now_s: float) -> None:
        if state.phase is Phase.OK:
            suspicion = self._suspected.pop(scope, None)
            if suspicion is not None:
                suspicion.recovered_s = suspicion.closed_s = now_s
        elif scope not in self._suspected:
            suspicion = Alarm(scope=scope, opened_s=now_s, paged_s=now_s)
            self._suspected[scope] = suspicion
            self.suspicions.append(suspicion)

    def _follow_outage(self, scope: str, outage: Outage | None, now_s: float) -> None:
        if outage is None:
            alarm = self._open.pop(scope, None)
            if alarm is not None:
                alarm.closed_s = now_s
        elif scope not in self._open:
            alarm = self._open[scope] = Alarm(
                scope=scope,
                opened_s=now_s,
                first_failed_s=outage.first_failed_at_s,
                first_failed_wall_ns=outage.first_failed_wall_ns,
            )
            self.alarms.append(alarm)

    def _follow_recovery(self, scope: str, state: ScopeState, now_s: float) -> None:
        alarm = self._open.get(scope)
        if alarm is None or state.outage is None:
            return
        if state.phase is Phase.RECOVERING:
            alarm.recovered_s = alarm.recovered_s or now_s
        elif alarm.paged_s is None and verdict_of(state.outage)[0] is not Verdict.OURS:
            confirmed = self._probers[scope].confirms(now_s, self._policy)
            if confirmed or not self._may_probe:
                alarm.paged_s = now_s

    def _next_busy_s(self, now_s: float) -> float:
        """Return the tick at which something that matters can happen next."""
        next_s = min(self._run.until_s + 1, self._frames.next_notable_s(now_s))
        if self._run.world.reference.configured:
            healthy_s = self._policy.reference_healthy_every_s
            next_s = min(next_s, self._referred_s + healthy_s)
        if self._restarts:
            next_s = min(next_s, self._restarts[0])
        return float(math.ceil(next_s))


class _Frames:
    """What reaches the guard, in the order in which it does.

    Attributes:
        rest: What has arrived and may still be joined by older frames.
        late_s: How long older frames are waited for.
    """

    def __init__(self, run: Run, policy: OutagePolicy) -> None:
        several = len({call.source for call in run.calls}) > 1
        self.late_s = policy.late_other_s if several else policy.late_s
        self.rest: list[Event] = []
        self._arrivals: list[Arrival] = [
            (seen_s, number, event)
            for number, (seen_s, event) in enumerate(events_of(run))
        ]
        self._arrivals.sort()
        self._next = 0
        self._own: list[Arrival] = []
        self._own_number = 0
        self._notable = sorted(
            at_s
            for seen_s, _, event in self._arrivals
            if not _is_success(event)
            for at_s in (seen_s, seen_s + policy.overdue_s)
        )
        self._next_notable = 0

    @property
    def are_calm(self) -> bool:
        """Whether nothing has arrived, or is due, that could mean trouble."""
        return not self._own and all(
            _is_success(event) or isinstance(event, Referenced | Checked)
            for event in self.rest
        )

    def add(self, event: Ended | Referenced | Checked) -> None:
        """Take in what the guard itself has found out, at its own time."""
        self._own_number += 1
        heapq.heappush(self._own, (event.at_s, self._own_number, event))

    def take(self, now_s: float, until_s: float) -> list[Event]:
        """Return what has arrived by now and happened by `until_s`; keep the rest."""
        arrivals, first = self._arrivals, self._next
        while self._next < len(arrivals) and arrivals[self._next][0] <= now_s:
            self._next += 1
        self.rest += (event for _, _, event in arrivals[first : self._next])
        while self._own and self._own[0][0] <= now_s:
            self.rest.append(heapq.heappop(self._own)[2])
        self.rest.sort(key=_at_s)
        taken = [event for event in self.rest if event.at_s <= until_s]
        del self.rest[: len(taken)]
        return taken

    def next_notable_s(self, now_s: float) -> float:
        """Return when the next thing arrives that is no success."""
        notable = self._notable
        while self._next_notable < len(notable) and (
            notable[self._next_notable] <= now_s
        ):
            self._next_notable += 1
        if self._next_notable == len(notable):
            return float("inf")
        return notable[self._next_notable]


def _is_success(event: Event) -> bool:
    return isinstance(event, Ended) and event.outcome is Outcome.SUCCESS


def _at_s(event: Event) -> float:
    return event.at_s
