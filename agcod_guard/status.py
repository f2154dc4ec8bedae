"""What the guard thinks at present, as values for people and programs."""

from __future__ import annotations

from dataclasses import dataclass

from agcod_guard.call import Scope
from agcod_guard.incident.incident import Incident, Stage
from agcod_guard.incident.verdict import Verdict, verdict_so_far
from agcod_guard.outage.explanation import explanation, operation_explanation
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.outage.state import Phase
from agcod_guard.watching.reckoning import Reckoning


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationStatus:
    """An operation that is down while others of its scope succeed.

    It is no outage, and nothing for Amazon's pager.

    Attributes:
        operation: Its name.
        since_s: Since when it counts as down, seconds since the Unix epoch.
        first_failed_at_s: First failure of the run that made it down, likewise.
        reason: Since when and why, in one sentence with numbers.
    """

    operation: str
    since_s: float
    first_failed_at_s: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeStatus:
    """What is thought of one account at one endpoint.

    Times are wall-clock seconds since the Unix epoch.

    Attributes:
        scope: Account and endpoint.
        phase: What is thought of it.
        since_s: Since when; None if it was never otherwise.
        reason: Why, in one sentence with numbers.
        last_success_at_s: Last success; None if none is known.
        first_failed_at_s: First failure since; None when there is none.
        failed: Different orders that failed since, as many as are counted.
        answered: Failing calls since that were answered.
        silent: Failing calls since that got no answer.
        incident_id: The incident that is open; None when there is none.
        operations_down: Operations that are down while others succeed.
        verdict: On whose side the failure is, as far as can be told; None while
            nothing is suspected.
        verdict_reasons: Why; one sentence each.
    """

    scope: Scope
    phase: Phase
    since_s: float | None
    reason: str
    last_success_at_s: float | None
    first_failed_at_s: float | None
    failed: int
    answered: int
    silent: int
    incident_id: str | None
    operations_down: tuple[OperationStatus, ...] = ()
    verdict: Verdict | None = None
    verdict_reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What is thought of every scope, by name.

    Attributes:
        at_s: When it was thought, seconds since the Unix epoch.
        scopes: One entry per account and endpoint that made calls.
    """

    at_s: float
    scopes: tuple[ScopeStatus, ...]

    @property
    def is_outage(self) -> bool:
        """Whether an outage stands anywhere."""
        return any(each.phase is Phase.OUTAGE for each in self.scopes)


def status_of(
    reckoning: Reckoning,
    incidents: list[Incident],
    *,
    now_s: float,
    policy: OutagePolicy,
) -> Status:
    """Return the status as reckoned.

    Args:
        reckoning: After its last look.
        incidents: Those of the ladder.
        now_s: The present, on the reckoning's axis.
        policy: The policy in force.
    """
    open_ones = {
        str(each.scope): each.incident_id
        for each in incidents
        if each.stage is not Stage.RESOLVED
    }
    states = reckoning.present.scopes
    return Status(
        at_s=reckoning.axes.wall_s(now_s),
        scopes=tuple(
            _scope_status(
                scope,
                open_ones.get(scope),
                reason=explanation(
                    scope, states, now_s, policy=policy, wall_s=reckoning.axes.wall_s
                ),
                operations_down=_operations_down(scope, reckoning, policy),
                verdict=verdict_so_far(reckoning.present, scope, policy),
                reckoning=reckoning,
            )
            for scope in sorted(states)
        ),
    )


def _scope_status(
    scope: str,
    incident_id: str | None,
    *,
    reason: str,
    operations_down: tuple[OperationStatus, ...],
    verdict: tuple[Verdict | None, tuple[str, ...]],
    reckoning: Reckoning,
) -> ScopeStatus:
    state = reckoning.present.scopes[scope]

    def wall(at_s: float | None) -> float | None:
        return None if at_s is None else reckoning.axes.wall_s(at_s)

    return ScopeStatus(
        scope=Scope.parse(scope),
        phase=state.phase,
        since_s=wall(state.since_s),
        reason=reason,
        last_success_at_s=wall(state.evidence.last_success_at_s),
        first_failed_at_s=wall(state.evidence.first_failed_at_s),
        failed=state.evidence.failed,
        answered=state.evidence.answered,
        silent=state.evidence.silent,
        incident_id=incident_id,
        operations_down=operations_down,
        verdict=verdict[0],
        verdict_reasons=verdict[1],
    )


def _operations_down(
    scope: str, reckoning: Reckoning, policy: OutagePolicy
) -> tuple[OperationStatus, ...]:
    wall_s = reckoning.axes.wall_s
    states = reckoning.present.operations.states.get(scope, {})
    return tuple(
        OperationStatus(
            operation=operation,
            since_s=wall_s(state.outage.opened_at_s),
            first_failed_at_s=wall_s(state.outage.first_failed_at_s),
            reason=operation_explanation(
                operation, states, policy=policy, wall_s=wall_s
            ),
        )
        for operation, state in sorted(states.items())
        if state.outage is not None
    )
