"""When our own harmless test call is due. Pure.

It is made only when a real call has failed: never when it is merely silent, and
never as the only evidence. It fills in for orders that a quiet partner does not
have, and one success of it shows that Amazon is up.
"""

from __future__ import annotations

from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.outage.state import Phase, ScopeState


def probe_due_at_s(
    state: ScopeState, last_at_s: float | None, policy: OutagePolicy
) -> float | None:
    """Return when the next test call of a scope is due; None when none is.

    Args:
        state: What is known of the scope.
        last_at_s: When the last one was begun; None if there was none.
        policy: The policy in force.
    """
    first_s = state.evidence.first_failed_at_s
    if first_s is None:
        return None
    due_at_s = first_s + policy.probe_after_s
    if last_at_s is None:
        return due_at_s
    is_outage = state.phase is Phase.OUTAGE
    every_s = policy.probe_outage_every_s if is_outage else policy.probe_every_s
    return max(due_at_s, last_at_s + every_s)
