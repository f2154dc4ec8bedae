"""Say the present state of a scope in one sentence with numbers. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from agcod_guard.call import Scope
from agcod_guard.outage.evidence import told_failures
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.outage.state import Phase, ScopeState

_FAILING = (Phase.SUSPECT, Phase.OUTAGE)
_NEVER = float("-inf")

MOST_NAMED = 3
"""Other scopes that a sentence names; of more it says how many."""


def explanation(
    scope: str,
    states: Mapping[str, ScopeState],
    now_s: float,
    *,
    policy: OutagePolicy,
    wall_s: Callable[[float], float],
) -> str:
    """Return why a scope is in its phase, and what the next one needs.

    Where it fails, also how other accounts and endpoints are.

    Args:
        scope: The scope's text.
        states: The states of all scopes, with times on the fold's axis.
        now_s: The present, on that axis.
        policy: The policy in force.
        wall_s: Turns a time on that axis into seconds since the epoch.
    """
    state = states[scope]
    evidence = state.evidence
    first_s = evidence.first_failed_at_s
    if first_s is None:
        return state.reason
    parts = [
        f"{told_failures(evidence, policy)} since {_gmt(wall_s(first_s))}, "
        f"{_span(now_s - first_s)}"
    ]
    if state.phase is Phase.OUTAGE:
        parts.append("no success since")
    if state.phase in _FAILING:
        parts += _elsewhere(scope, states, now_s, policy)
    if state.phase is not Phase.OUTAGE:
        parts.append(f"not yet an outage: {_needs(state, now_s, policy)}")
    return "; ".join(parts)


def operation_explanation(
    operation: str,
    states: Mapping[str, ScopeState],
    *,
    policy: OutagePolicy,
    wall_s: Callable[[float], float],
) -> str:
    """Return since when an operation is down, why, and what to do.

    Args:
        operation: One that is down.
        states: The states of all operations of its scope, on the fold's axis.
        policy: The policy in force.
        wall_s: Turns a time on that axis into seconds since the epoch.
    """
    state = states[operation]
    outage = state.outage
    if outage is None:
        return state.reason
    since = f"{operation} is down since {_gmt(wall_s(outage.first_failed_at_s))}"
    if state.phase is not Phase.OUTAGE:
        return f"{since}: {state.reason}"
    beside = [
        name
        for name, other in states.items()
        if _last_success_s(other) > outage.first_failed_at_s
    ]
    succeeding = f"{_named(beside)} succeed{'s' if len(beside) == 1 else ''}"
    return (
        f"{since}: {told_failures(state.evidence, policy)}, while {succeeding}: "
        "no page to Amazon; write to the integration team"
    )


def _elsewhere(
    scope: str, states: Mapping[str, ScopeState], now_s: float, policy: OutagePolicy
) -> list[str]:
    """Return how the others are that made calls within `sources_s`.

    Only those of the same environment: a sandbox says nothing of production.
    """
    environment = Scope.parse(scope).endpoint.environment
    failing, healthy = [], []
    for name, state in sorted(states.items()):
        heard_s = max(state.evidence.heard.values(), default=_NEVER)
        is_other = name != scope and now_s - heard_s <= policy.sources_s
        if not is_other or Scope.parse(name).endpoint.environment is not environment:
            continue
        if state.phase in _FAILING:
            failing.append(name)
        elif state.phase is Phase.OK:
            healthy.append(name)
    told = [f"{_named(failing)} failing too"] if failing else []
    return told + ([f"{_named(healthy)} healthy"] if healthy else [])


def _last_success_s(state: ScopeState) -> float:
    succeeded_s = state.evidence.last_success_at_s
    return _NEVER if succeeded_s is None else succeeded_s


def _named(names: Sequence[str]) -> str:
    named = ", ".join(names[:MOST_NAMED])
    more = len(names) - MOST_NAMED
    return f"{named} and {more} more" if more > 0 else named


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
