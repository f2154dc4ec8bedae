"""Decide when AGCOD is down for us, and when it is up again.

Pure: nothing here reads a clock, a file or a socket. Functions take the
present time as `until_s` and return new values; `fold.py` is the caller.

Down means that no order has succeeded for `hold_s` while enough different
orders failed for technical reasons. A refusal (funds, input, keys, rate) is no
success and no failure: it takes one order off the evidence (of throttled
answers, every fourth does). States go
OK -> SUSPECT -> OUTAGE -> RECOVERING -> OK.

A change is stamped with the earliest time at which its condition held, so it
does not matter when anybody looked.
"""

from __future__ import annotations

from msgspec.structs import replace

from agcod_guard.call import TECHNICAL_FAILURES, Outcome
from agcod_guard.outage.events import Ended
from agcod_guard.outage.evidence import (
    Evidence,
    after_failure,
    after_hearing,
    after_proof,
    after_refusal,
    after_success,
    counted_by_now,
    is_ours,
    proof_at_s,
    told_failures,
    without_run,
)
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.outage.reference import ReferenceState
from agcod_guard.outage.state import Outage, Phase, ScopeState

_SUCCESS, _ABANDONED = Outcome.SUCCESS, Outcome.ABANDONED
_OK, _SUSPECT, _RECOVERING = Phase.OK, Phase.SUSPECT, Phase.RECOVERING
"""Names of our own, as in Python 3.11 each look at a member costs a call."""

_NEVER = float("-inf")


def after_call(
    state: ScopeState,
    event: Ended,
    *,
    reference: ReferenceState,
    policy: OutagePolicy,
) -> ScopeState:
    """Return the state after one more call, whatever its outcome."""
    evidence, outcome = state.evidence, event.outcome
    heard_s = evidence.heard.get(event.source, _NEVER)
    if event.at_s - heard_s >= policy.sources_s / 60:  # to a minute or so
        evidence = after_hearing(evidence, event)
    if outcome is _SUCCESS:
        if state.phase is _OK:
            return replace(state, evidence=after_success(evidence, event))
        return _after_success(state, evidence, event)
    if outcome in TECHNICAL_FAILURES:
        evidence = after_failure(evidence, event, reference=reference, policy=policy)
    elif outcome is not _ABANDONED:
        evidence = after_refusal(evidence, event, policy)
    if evidence is state.evidence:
        return state
    return _suspected(replace(state, evidence=evidence), event.at_s, policy)


def after_veto(state: ScopeState, event: Ended) -> ScopeState:
    """Return the state after a success of an unknown account at its endpoint."""
    return _after_success(state, state.evidence, event)


def after_marks(state: ScopeState, at_s: float, *, policy: OutagePolicy) -> ScopeState:
    """Return the state after an answer with Amazon's marks to another scope."""
    evidence = after_proof(state.evidence, at_s, policy)
    return _suspected(replace(state, evidence=evidence), at_s, policy)


def after_reference(
    state: ScopeState,
    at_s: float,
    *,
    reference: ReferenceState,
    policy: OutagePolicy,
) -> ScopeState:
    """Return the state after a reference check: was it our own network?

    A run that `is_beyond_us` is kept, and what we cannot prove is not counted.
    """
    evidence = state.evidence
    if evidence.first_failed_at_s is None:
        return state
    if reference.failing_since_s is None and evidence.reference_usable:
        evidence = counted_by_now(evidence, at_s, policy)
        return _suspected(replace(state, evidence=evidence), at_s, policy)
    if is_beyond_us(state) or not is_ours(evidence, reference, at_s, policy):
        return state
    reason = (
        "our own network: the reference host does not answer either, "
        f"for {at_s - (reference.failing_since_s or at_s):.0f} s"
    )
    return after_own_side(state, at_s, reason)


def after_own_side(state: ScopeState, at_s: float, reason: str) -> ScopeState:
    """Return the state once it is known that the run is our own side's doing.

    The run is forgotten, unless `is_beyond_us`.
    """
    if state.evidence.first_failed_at_s is None or is_beyond_us(state):
        return state
    evidence = without_run(state.evidence, at_s)
    if state.phase is Phase.RECOVERING:
        return replace(state, evidence=evidence)
    return ScopeState(
        since_s=at_s if state.phase is Phase.SUSPECT else state.since_s,
        reason=reason,
        evidence=evidence,
    )


def is_beyond_us(state: ScopeState) -> bool:
    """Whether our own side alone cannot be the cause, whatever is found there.

    Amazon itself has told in the run that it fails, or an outage is declared: only
    a success shows that it has ended.
    """
    return state.phase is Phase.OUTAGE or state.evidence.marked > 0


def settled(
    state: ScopeState,
    until_s: float,
    *,
    reference: ReferenceState,
    policy: OutagePolicy,
) -> ScopeState:
    """Return the state as it stands at `until_s` if nothing more happens."""
    if until_s < earliest_change_s(state, policy):
        return state
    down_at_s = _provable_down_at_s(state.evidence, reference, policy)
    return _passed(state, until_s, down_at_s, reference=reference, policy=policy)


def settled_operation(
    state: ScopeState,
    until_s: float,
    *,
    succeeded_at_s: float | None,
    reference: ReferenceState,
    policy: OutagePolicy,
) -> ScopeState:
    """Return the state of one operation as `settled` does.

    It is down only while others of its scope succeed.

    Args:
        state: The operation's own.
        until_s: The time up to which nothing more happens to the scope.
        succeeded_at_s: Last success of another; None if none is known.
        reference: What the reference has told.
        policy: The policy in force.
    """
    if state.phase is Phase.OK or state.phase is Phase.OUTAGE:
        return state
    evidence = state.evidence
    down_at_s = _provable_down_at_s(evidence, reference, policy)
    if down_at_s is not None:
        down_at_s = _beside_success_at_s(evidence, down_at_s, succeeded_at_s, policy)
    return _passed(state, until_s, down_at_s, reference=reference, policy=policy)


def earliest_change_s(state: ScopeState, policy: OutagePolicy) -> float:
    """Return a time before which the state does not change by time alone."""
    failed_s, outage = state.evidence.first_failed_at_s, state.outage
    succeeded_s = None if outage is None else outage.first_success_at_s
    if state.phase is _SUSPECT and failed_s is not None:
        return failed_s + policy.hold_s
    if state.phase is _RECOVERING and succeeded_s is not None:
        return succeeded_s + min(policy.hold_s, policy.clear_s)
    return float("inf")


def is_path_proven(
    evidence: Evidence, reference: ReferenceState, policy: OutagePolicy
) -> bool:
    """Whether our way to Amazon was open shortly before the last failure."""
    proof_s = proof_at_s(evidence, reference)
    last_s = evidence.last_failed_at_s
    return (
        proof_s is not None and last_s is not None and last_s - proof_s <= policy.path_s
    )


def _passed(
    state: ScopeState,
    until_s: float,
    down_at_s: float | None,
    *,
    reference: ReferenceState,
    policy: OutagePolicy,
) -> ScopeState:
    """Return the state at `until_s`, when it would be down at `down_at_s`."""
    if down_at_s is not None and down_at_s <= until_s:
        return _down(state, down_at_s, reference, policy)
    outage = state.outage
    if state.phase is Phase.RECOVERING and outage is not None:
        clear_at_s = _clear_at_s(outage, state.evidence, policy)
        if clear_at_s is not None and clear_at_s <= until_s:
            first_s = outage.first_success_at_s or clear_at_s
            return ScopeState(
                since_s=clear_at_s,
                reason=(
                    f"{outage.successes} calls have succeeded "
                    f"in {clear_at_s - first_s:.0f} s"
                ),
                evidence=state.evidence,
            )
    return state


def _after_success(state: ScopeState, before: Evidence, event: Ended) -> ScopeState:
    """Return the state after a success, `before` being its evidence until then."""
    evidence = after_success(before, event)
    state = replace(state, evidence=evidence)
    outage = state.outage
    if evidence is before or (outage is None and state.phase is Phase.OK):
        return state
    if outage is None:
        return replace(
            state, phase=Phase.OK, since_s=event.at_s, reason="a call has succeeded"
        )
    if state.phase is Phase.OUTAGE:
        outage = replace(outage, first_success_at_s=event.at_s, successes=1)
        return replace(
            state,
            phase=Phase.RECOVERING,
            since_s=event.at_s,
            reason="a call has succeeded; not yet sure that it lasts",
            outage=outage,
        )
    return replace(state, outage=replace(outage, successes=outage.successes + 1))


def _suspected(state: ScopeState, at_s: float, policy: OutagePolicy) -> ScopeState:
    failed = state.evidence.failed
    if state.phase is _OK and failed >= policy.suspect_failed:
        return replace(
            state,
            phase=Phase.SUSPECT,
            since_s=at_s,
            reason=f"{told_failures(state.evidence, policy)}, none succeeded",
        )
    if state.phase is _SUSPECT and failed == 0:
        return replace(
            state,
            phase=Phase.OK,
            since_s=at_s,
            reason="Amazon answers, and refuses: no technical failure",
        )
    return state


def _down_at_s(evidence: Evidence, policy: OutagePolicy) -> float | None:
    """Return the earliest time at which it is an outage, if nothing more happens.

    None when that cannot come without another failure. That our own way was
    open is no condition here: a failure that it could have caused was not
    counted unless the way was proven.
    """
    first_s, last_s = evidence.first_failed_at_s, evidence.last_failed_at_s
    if first_s is None or last_s is None:
        return None
    if evidence.failed < policy.failed or len(evidence.orders) < policy.real_failed:
        return None
    at_s = max(
        first_s + policy.hold_s, evidence.changed_at_s, _shared_at_s(evidence, policy)
    )
    return at_s if at_s - last_s <= policy.fresh_s else None


def _provable_down_at_s(
    evidence: Evidence, reference: ReferenceState, policy: OutagePolicy
) -> float | None:
    """Return when it is down, as `_down_at_s`; None while we are cut off ourselves."""
    at_s = _down_at_s(evidence, policy)
    if at_s is not None and is_ours(evidence, reference, at_s, policy):
        return None  # until our own network is back
    return at_s


def _beside_success_at_s(
    evidence: Evidence,
    down_at_s: float,
    succeeded_at_s: float | None,
    policy: OutagePolicy,
) -> float | None:
    """Return from when on another succeeds, within `fresh_s`, while this is down."""
    first_s, last_s = evidence.first_failed_at_s, evidence.last_failed_at_s
    if first_s is None or last_s is None or succeeded_at_s is None:
        return None
    at_s = max(down_at_s, succeeded_at_s)
    is_beside = succeeded_at_s >= first_s and at_s - succeeded_at_s <= policy.fresh_s
    return at_s if is_beside and at_s - last_s <= policy.fresh_s else None


def _shared_at_s(evidence: Evidence, policy: OutagePolicy) -> float:
    """Return from when on the failure is no longer that of one machine alone.

    With two sources at work, two must fail; a source that has made no call for
    `sources_s` is not at work.
    """
    if len(evidence.failing) >= 2 or len(evidence.heard) < 2:
        return float("-inf")
    second_s = sorted(evidence.heard.values())[-2]
    return second_s + policy.sources_s


def _down(
    state: ScopeState, at_s: float, reference: ReferenceState, policy: OutagePolicy
) -> ScopeState:
    evidence = state.evidence
    first_s = evidence.first_failed_at_s or at_s
    reason = f"{told_failures(evidence, policy)}, no success for {at_s - first_s:.0f} s"
    outage = state.outage
    confirmed = evidence.probes >= policy.confirm_probes
    if outage is None:
        outage = Outage(
            first_failed_at_s=first_s,
            first_failed_wall_ns=evidence.first_failed_wall_ns,
            first_call_id=evidence.first_call_id,
            opened_at_s=at_s,
            last_success_at_s=evidence.last_success_at_s,
            path_proven=is_path_proven(evidence, reference, policy),
            answered=evidence.answered,
            silent=evidence.silent,
            probes=evidence.probes,
            reference_usable=evidence.reference_usable,
            confirmed=confirmed,
        )
    else:
        outage = replace(
            outage,
            first_success_at_s=None,
            successes=0,
            relapses=outage.relapses + 1,
            confirmed=confirmed,
        )
    return replace(
        state, phase=Phase.OUTAGE, since_s=at_s, reason=reason, outage=outage
    )


def _clear_at_s(
    outage: Outage, evidence: Evidence, policy: OutagePolicy
) -> float | None:
    """Return when the outage counts as over, if nothing more happens."""
    first_s = outage.first_success_at_s
    if first_s is None or outage.successes < policy.clear_successes:
        return None
    if evidence.failed >= policy.suspect_failed:
        return None
    return max(first_s + policy.clear_s, evidence.changed_at_s)
