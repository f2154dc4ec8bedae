"""What is remembered of a run of failures: a few numbers and ten ids. Pure.

A *run* is the time since the last success in which calls failed for technical
reasons. It is counted in different orders, so that one order retried five
hundred times is one failure. A refusal (funds, input, keys) is neither: it
takes one order off, because a front door that still answers says little about
the rooms behind it. Times are seconds on the fold's axis.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from agcod_guard.call import Outcome
from agcod_guard.outage.events import Ended
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.outage.reference import ReferenceState, is_usable

MAX_SOURCES = 256
"""Machines remembered per scope; the longest silent is forgotten first."""

_NO_ANSWER = Outcome.NO_ANSWER  # see detector.py


class Waiting(Struct, frozen=True, array_like=True):
    """A failure that counts if our way is proven soon after it."""

    at_s: float
    order: str
    source: str
    probe: bool


class Evidence(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of one scope since its last success.

    Attributes:
        last_success_at_s: Completion of the last success; None if none yet.
        last_success_wall_ns: Wall clock in that call's end frame.
        first_failed_at_s: Completion of the run's first technical failure;
            None when there is no run.
        first_failed_wall_ns: Wall clock in that call's end frame.
        first_call_id: That call.
        last_failed_at_s: Last failure that counted.
        orders: Different orders of the partner that failed; at most
            `policy.failed` of them are remembered.
        probes: Failed probes in the run.
        answered: Failures of the run that were answered.
        silent: Failures of the run that got no answer.
        marked: Failures of the run that bore Amazon's marks.
        proof_at_s: Last answer that bore Amazon's marks, of any scope that the
            same machines use.
        waiting: The newest failures that nothing has proven yet.
        throttled: Throttled answers since the last that took an order off.
        failing: Sources that failed in the run.
        heard: Last call of each source.
        reference_usable: Whether the reference may speak for this run.
        changed_at_s: Time of the newest event weighed.
    """

    last_success_at_s: float | None = None
    last_success_wall_ns: int = 0
    first_failed_at_s: float | None = None
    first_failed_wall_ns: int = 0
    first_call_id: str = ""
    last_failed_at_s: float | None = None
    orders: tuple[str, ...] = ()
    probes: int = 0
    answered: int = 0
    silent: int = 0
    marked: int = 0
    proof_at_s: float | None = None
    waiting: tuple[Waiting, ...] = ()
    throttled: int = 0
    failing: tuple[str, ...] = ()
    heard: dict[str, float] = {}
    reference_usable: bool = False
    changed_at_s: float = float("-inf")

    @property
    def failed(self) -> int:
        """Different failures of the run, probes included."""
        return len(self.orders) + self.probes


def told_failures(evidence: Evidence, policy: OutagePolicy) -> str:
    """Return in words how many different orders and test calls have failed."""
    orders = len(evidence.orders)
    if evidence.failed == 1:
        return "1 order failed" if orders else "1 test call failed"
    parts = [
        f"{orders}{' or more' if orders >= policy.failed else ''} different orders"
    ]
    if evidence.probes:
        more = " or more" if evidence.probes >= policy.failed else ""
        parts.append(f"{evidence.probes}{more} test calls")
    return f"{' and '.join(parts)} failed in a row"


def after_success(evidence: Evidence, event: Ended) -> Evidence:
    """Return the evidence after a success: the run is over.

    Late news, a success older than the run's first failure, changes nothing.
    """
    at_s, changed_at_s = event.at_s, evidence.changed_at_s
    first_failed_at_s = evidence.first_failed_at_s
    if first_failed_at_s is not None and at_s <= first_failed_at_s:
        return evidence
    last_s = evidence.last_success_at_s
    if last_s is not None and at_s <= last_s:
        return evidence
    return Evidence(
        last_success_at_s=at_s,
        last_success_wall_ns=event.wall_ns,
        proof_at_s=at_s if event.marked else evidence.proof_at_s,
        heard=evidence.heard,
        changed_at_s=at_s if at_s > changed_at_s else changed_at_s,
    )


def after_failure(
    evidence: Evidence,
    event: Ended,
    *,
    reference: ReferenceState,
    policy: OutagePolicy,
) -> Evidence:
    """Return the evidence after a technical failure.

    A failure without Amazon's marks could be our own network's: with a usable
    reference it counts only while something proves the path, or soon does.
    """
    success_s = evidence.last_success_at_s
    if success_s is not None and event.at_s <= success_s:
        return evidence
    if evidence.first_failed_at_s is None:
        evidence = replace(
            evidence,
            first_failed_at_s=event.at_s,
            first_failed_wall_ns=event.wall_ns,
            first_call_id=event.call_id,
            reference_usable=is_usable(reference, event.at_s, policy),
        )
    silent = event.outcome is _NO_ANSWER
    evidence = replace(
        evidence,
        answered=evidence.answered + (not silent),
        silent=evidence.silent + silent,
        marked=evidence.marked + event.marked,
        proof_at_s=(
            _latest(evidence.proof_at_s, event.at_s)
            if event.marked
            else evidence.proof_at_s
        ),
        changed_at_s=max(event.at_s, evidence.changed_at_s),
    )
    failure = Waiting(event.at_s, event.order, event.source, event.probe)
    if event.marked:
        return _counted(counted_by_now(evidence, event.at_s, policy), failure, policy)
    if evidence.reference_usable and not _is_proven(
        evidence, reference, event.at_s, policy
    ):
        waiting = (*evidence.waiting, failure)[-policy.failed :]
        return replace(evidence, waiting=waiting)
    return _counted(evidence, failure, policy)


def after_proof(evidence: Evidence, at_s: float, policy: OutagePolicy) -> Evidence:
    """Return the evidence after an answer that bore Amazon's marks."""
    proof_s = _latest(evidence.proof_at_s, at_s)
    return counted_by_now(replace(evidence, proof_at_s=proof_s), at_s, policy)


def counted_by_now(evidence: Evidence, at_s: float, policy: OutagePolicy) -> Evidence:
    """Return the evidence with the failures counted that a proof at `at_s` covers."""
    if not evidence.waiting:
        return evidence
    waiting, evidence = evidence.waiting, replace(evidence, waiting=())
    for failure in waiting:
        if at_s - failure.at_s <= policy.path_s:
            evidence = _counted(evidence, failure, policy)
    return evidence


def after_refusal(evidence: Evidence, event: Ended, policy: OutagePolicy) -> Evidence:
    """Return the evidence after an answer that is no success and no failure.

    It takes one order off; of throttled answers, every fourth does. A refused
    probe says nothing.
    """
    if event.marked:
        evidence = after_proof(evidence, event.at_s, policy)
    if event.probe or not evidence.failed:
        return evidence
    throttled = evidence.throttled
    if event.outcome is Outcome.THROTTLED:
        throttled += 1
        if throttled < policy.throttled_per_order:
            return replace(evidence, throttled=throttled)
        throttled = 0
    return replace(
        evidence,
        orders=evidence.orders[1:],
        probes=evidence.probes if evidence.orders else evidence.probes - 1,
        throttled=throttled,
        changed_at_s=max(event.at_s, evidence.changed_at_s),
    )


def after_hearing(evidence: Evidence, event: Ended) -> Evidence:
    """Return the evidence with the source's last call noted."""
    heard = {**evidence.heard, event.source: event.at_s}
    if len(heard) > MAX_SOURCES:
        del heard[min(heard, key=heard.__getitem__)]
    return replace(evidence, heard=heard)


def without_run(evidence: Evidence, at_s: float) -> Evidence:
    """Return the evidence with the run forgotten: it was our own network."""
    return Evidence(
        last_success_at_s=evidence.last_success_at_s,
        last_success_wall_ns=evidence.last_success_wall_ns,
        proof_at_s=evidence.proof_at_s,
        heard=evidence.heard,
        changed_at_s=max(at_s, evidence.changed_at_s),
    )


def is_ours(
    evidence: Evidence,
    reference: ReferenceState,
    at_s: float,
    policy: OutagePolicy,
) -> bool:
    """Whether the reference shows that our own network is what fails.

    It must be usable, have failed for `reference_failing_s`, and Amazon must
    not have answered in that time.
    """
    since_s = reference.failing_since_s
    if since_s is None or not evidence.reference_usable:
        return False
    if at_s - since_s < policy.reference_failing_s:
        return False
    proof_s = evidence.proof_at_s
    return proof_s is None or at_s - proof_s >= policy.reference_failing_s


def proof_at_s(evidence: Evidence, reference: ReferenceState) -> float | None:
    """Return when our way to Amazon was last known to be open.

    A marked answer proves it; so does the reference where it is usable, until it
    fails: one answer in thirty is no open way.
    """
    has_say = evidence.reference_usable and reference.failing_since_s is None
    return _latest(evidence.proof_at_s, reference.reached_at_s if has_say else None)


def _counted(evidence: Evidence, failure: Waiting, policy: OutagePolicy) -> Evidence:
    orders, probes = evidence.orders, evidence.probes
    if failure.probe:
        probes = min(probes + 1, policy.failed)
    elif len(orders) < policy.failed and failure.order not in orders:
        orders = (*orders, failure.order)
    failing = evidence.failing
    if failure.source not in failing and len(failing) < MAX_SOURCES:
        failing = (*failing, failure.source)
    return replace(
        evidence,
        orders=orders,
        probes=probes,
        failing=failing,
        last_failed_at_s=_latest(evidence.last_failed_at_s, failure.at_s),
    )


def _is_proven(
    evidence: Evidence,
    reference: ReferenceState,
    at_s: float,
    policy: OutagePolicy,
) -> bool:
    proof_s = proof_at_s(evidence, reference)
    return proof_s is not None and at_s - proof_s <= policy.path_s


def _latest(one_s: float | None, other_s: float | None) -> float | None:
    if one_s is None or other_s is None:
        return other_s if one_s is None else one_s
    return max(one_s, other_s)
