"""Play the acts of a story, and tell the audience what the guard says meanwhile.

The stage asks the guard by the same public names that a partner has. The guard
speaks on a thread of its own; the audience is told by the one that plays.
"""

from __future__ import annotations

import time
from queue import SimpleQueue

from agcod_guard.delivery.files import IncidentFolder
from agcod_guard.drill.ground import Ground
from agcod_guard.drill.happening import Audience, Happening, Standing, Tone
from agcod_guard.drill.program import SUCCESS, ProgramLog
from agcod_guard.drill.story import BROKEN, Act, Goal
from agcod_guard.guard import Guard
from agcod_guard.outage.state import Phase, Transition
from agcod_guard.simulator.partner import Traffic
from agcod_guard.status import ScopeStatus, Status

LOOK_EVERY_S = 0.2

_GOALS = {Phase.OUTAGE: Goal.DECLARED, Phase.OK: Goal.CLOSED}
_SAME_CALL_S = 0.5


class Stage:
    """One drill while it is played.

    Args:
        ground: Where.
        guard: Put round the program.
        shop: The program.
        log: The program's own log.
        audience: Told of all that happens.
    """

    def __init__(
        self,
        ground: Ground,
        guard: Guard,
        *,
        shop: Traffic,
        log: ProgramLog,
        audience: Audience,
    ) -> None:
        self._ground, self._guard, self._shop = ground, guard, shop
        self._log, self._audience = log, audience
        self._packets = IncidentFolder(ground.folder)
        self._news: SimpleQueue[Transition] = SimpleQueue()
        self._reached = {Goal.NOTHING}
        self._failing: set[str] = set()
        self._revisions: dict[str, int] = {}
        guard.on_transition(self._news.put)

    def play(self, act: Act, *, patience_s: float) -> bool:
        """Play one act to its end.

        Returns:
            Whether its goal was reached within `patience_s` after its length.
        """
        self._break(act)
        ends_s = time.monotonic() + act.lasts_s
        while True:
            self._look()
            left_s = ends_s - time.monotonic()
            if left_s <= 0 and act.goal in self._reached:
                return True
            if left_s <= -patience_s:
                return False
            time.sleep(LOOK_EVERY_S if left_s <= 0 else min(LOOK_EVERY_S, left_s))

    def _break(self, act: Act) -> None:
        """Let the act's fault begin between two calls.

        Of a call that is on its way when the fault begins nobody could say
        afterwards, to the call, which log must count it where.
        """
        with self._shop.paused():
            if act.fault:
                self._ground.simulator.break_(act.fault, region=BROKEN)
            else:
                self._ground.simulator.heal(BROKEN)
            at_s = time.time()
        self._tell(at_s, act.title, tone=Tone.STAGE)

    def _look(self) -> None:
        status = self._guard.status()
        for scope in status.scopes:
            self._look_for_first_failure(scope)
        for transition in self._transitions():
            self._follow(transition)
        for incident_id in self._revisions:
            self._look_for_packet(incident_id)
        self._audience.stands(self._standings(status))

    def _look_for_first_failure(self, status: ScopeStatus) -> None:
        region, first_s = status.scope.endpoint.region, status.first_failed_at_s
        if first_s is None:
            self._failing.discard(region)
        elif region not in self._failing:
            self._failing.add(region)
            self._tell(
                first_s,
                f"{region.upper()} first failure",
                why=self._failure(region, first_s),
                tone=Tone.TROUBLE,
            )

    def _failure(self, region: str, at_s: float) -> str:
        """Return what the program says of the call that failed at that time."""
        for attempt in self._log.attempts(region):
            near = abs(attempt.ended_at_s - at_s) <= _SAME_CALL_S
            if near and attempt.result != SUCCESS:
                order = attempt.request_id or "no order"
                return f"{attempt.result} to {attempt.operation}, {order}"
        return ""

    def _transitions(self) -> list[Transition]:
        """Return what the guard has told since the last look."""
        return [self._news.get() for _ in range(self._news.qsize())]

    def _follow(self, transition: Transition) -> None:
        """Tell of a change of phase, and note the goal that it reaches."""
        region, incident_id = transition.scope.endpoint.region, transition.incident_id
        calm = transition.after in {Phase.OK, Phase.RECOVERING}
        self._tell(
            transition.at_s,
            f"{region.upper()} {transition.after}",
            why=transition.reason,
            tone=Tone.RELIEF if calm else Tone.TROUBLE,
        )
        if incident_id is None:
            return
        self._revisions.setdefault(incident_id, 0)
        if region == BROKEN and transition.after in _GOALS:
            self._reached.add(_GOALS[transition.after])
        if transition.after is Phase.OK:
            self._tell(
                transition.at_s,
                f"{region.upper()} incident closed",
                why=incident_id,
                tone=Tone.RELIEF,
            )

    def _look_for_packet(self, incident_id: str) -> None:
        """Tell of each new revision of the incident's files."""
        revisions = self._packets.revisions(incident_id)
        known, self._revisions[incident_id] = (
            self._revisions[incident_id],
            len(revisions),
        )
        for revision in revisions[known:]:
            self._tell(
                revision.stat().st_mtime,
                f"packet written, revision {revision.name}",
                why=str(revision.relative_to(self._ground.folder)),
            )

    def _standings(self, status: Status) -> tuple[Standing, ...]:
        known = {each.scope.endpoint.region: each for each in status.scopes}
        return tuple(
            self._standing(region, url, known.get(region))
            for region, url in self._ground.simulator.urls.items()
        )

    def _standing(self, region: str, url: str, status: ScopeStatus | None) -> Standing:
        attempts = self._log.attempts(region)
        return Standing(
            region=region,
            url=url,
            phase=Phase.OK if status is None else status.phase,
            since_s=None if status is None else status.since_s,
            calls=len(attempts),
            failed=sum(attempt.result != SUCCESS for attempt in attempts),
            newest=attempts[-1].result if attempts else "",
        )

    def _tell(
        self, at_s: float, what: str, *, why: str = "", tone: Tone = Tone.NEWS
    ) -> None:
        self._audience.happened(Happening(at_s=at_s, what=what, why=why, tone=tone))
