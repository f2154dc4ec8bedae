"""Say the present state of a scope in one sentence with numbers. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from agcod_guard.outage.evidence import told_failures
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.outage.state import Phase, ScopeState


def explanation(
    state: ScopeState,
    now_s: float,
    *,
    policy: OutagePolicy,
    wall_s: Callable[[float], float],
) -> str:
    """Return why the scope is in its phase, and what the next one needs.

    Args:
        state: The state, with times on the fold's axis.
        now_s: The present, on that axis.
        policy: The policy in force.
        wall_s: Turns a time on that axis into seconds since the epoch.
    """
    evidence = state.evidence
    first_s = evidence.first_failed_at_s
    if first_s is None:
        return state.reason
    run = (
        f"{told_failures(evidence, policy)} since {_gmt(wall_s(first_s))}, "
        f"{_span(now_s - first_s)}"
    )
    if state.phase is Phase.OUTAGE:
        return f"{run}; no success since"
    return f"{run}; not yet an outage: {_needs(state, now_s, policy)}"


def _needs(state: ScopeState, now_s: float, policy: OutagePolicy) -> str:
    evidence = state.evidence
    needs = []
    if evidence.failed < policy.failed:
        needs.append(f"{policy.failed} orders")
    if now_s - (evidence.first_failed_at_s or now_s) < policy.hold_s:
        needs.append(_span(policy.hold_s))
    last_s = evidence.last_failed_at_s or now_s
    if now_s - last_s > policy.fresh_s:
        needs.append(
            "a proof that our own way to Amazon is open"
            if evidence.reference_usable and evidence.changed_at_s > last_s
            else "a fresh failure"
        )
    return "needs " + " and ".join(needs or ["failures on a second machine"])


def _gmt(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%d %H:%M:%S GMT")


def _span(seconds: float) -> str:
    return f"{seconds / 60:.1f} min" if seconds >= 60 else f"{seconds:.0f} s"
