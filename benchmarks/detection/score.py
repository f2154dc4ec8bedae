"""Compare what a detector raised with what was true. Pure.

An alarm is right if an outage of its scope lasts when it is raised, false if
none does, and a duplicate if that outage had one already.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from msgspec import Struct

from agcod_guard.call import TECHNICAL_FAILURES, Outcome
from agcod_guard.outage.events import Ended
from agcod_guard.outage.policy import OutagePolicy
from benchmarks.detection.alarms import Alarm, OperationAlarm
from benchmarks.detection.bound import least_orders, policy_floor_s
from benchmarks.detection.streams import Outage, Run, wall_ns

GRACE_S = 3.0
"""An alarm so shortly after the end was due before it."""

LEAST_NOISE = 1e-4
STEADY_RATE = 0.1

ROUNDED_NS = 1_000
"""Seconds as a float are good to a fraction of a microsecond here."""


class Found(Struct, frozen=True, kw_only=True):
    """One outage that was found.

    Attributes:
        delay_s: From onset to alarm.
        orders: How many different orders had failed by then.
        bound_orders: How many must have failed whatever the detector.
        floor_s: What it is at the policy's floor; infinite where the traffic
            can never meet the policy.
        recovery_s: From the first success to "it may be over"; None if never.
        is_steady: One machine makes the calls, an order in 10 s or more.
    """

    delay_s: float
    orders: int
    bound_orders: float
    floor_s: float
    recovery_s: float | None
    is_steady: bool


class Result(Struct, frozen=True, kw_only=True):
    """What one detector made of one run.

    Attributes:
        family: The run's family.
        run: Its family and variant.
        outages: How many there were to be found.
        missed: Onsets of those that were not.
        false: When something was raised that was no outage.
        unconfirmed: The same, but nobody at Amazon would have been told.
        duplicates: When an outage was raised once more.
        wrong_first_failures: Onsets of those whose beginning was told wrongly.
        found: Those that were found.
        missed_operations: Operations that were down by themselves and were not
            told; None where the detector does not tell of operations.
        false_operations: Those that were told and were not, or once more.
    """

    family: str
    run: str
    outages: int
    missed: tuple[float, ...] = ()
    false: tuple[float, ...] = ()
    unconfirmed: tuple[float, ...] = ()
    duplicates: tuple[float, ...] = ()
    wrong_first_failures: tuple[float, ...] = ()
    found: tuple[Found, ...] = ()
    missed_operations: tuple[str, ...] | None = None
    false_operations: tuple[str, ...] | None = None


def result_of(
    run: Run,
    alarms: Sequence[Alarm],
    *,
    probed: Sequence[Ended] = (),
    operations: Sequence[OperationAlarm] | None = None,
    policy: OutagePolicy,
) -> Result:
    """Return what the alarms of one detector are worth on this run.

    Args:
        run: The run, with its truth.
        alarms: What was raised, in the order of time.
        probed: The test calls that were made, where the detector makes any.
        operations: The operations that were told to be down by themselves; None
            where the detector does not tell of operations.
        policy: The policy that the floor is reckoned from.
    """
    missed, duplicates, wrong, found = [], [], [], []
    for outage in run.outages:
        mine = [alarm for alarm in alarms if _is_about(alarm, outage)]
        if not mine:
            missed.append(outage.onset_s)
            continue
        duplicates += [alarm.opened_s for alarm in mine[1:]]
        found.append(_found(run, outage, mine, probed, policy))
        if outage.is_beginning_known and not _tells_beginning(run, mine[0], probed):
            wrong.append(outage.onset_s)
    others = [
        alarm
        for alarm in alarms
        if not any(_is_raised_in(alarm, outage) for outage in run.outages)
    ]
    return Result(
        family=run.family,
        run=run.name,
        outages=len(run.outages),
        missed=tuple(missed),
        false=tuple(each.opened_s for each in others if each.paged_s is not None),
        unconfirmed=tuple(each.opened_s for each in others if each.paged_s is None),
        duplicates=tuple(duplicates),
        wrong_first_failures=tuple(wrong),
        found=tuple(found),
        missed_operations=_missed_operations(run, operations),
        false_operations=_false_operations(run, operations),
    )


def _missed_operations(
    run: Run, told: Sequence[OperationAlarm] | None
) -> tuple[str, ...] | None:
    if told is None:
        return None
    known = {(each.scope, each.operation) for each in told}
    return tuple(
        name for scope, name in run.operations_down if (scope, name) not in known
    )


def _false_operations(
    run: Run, told: Sequence[OperationAlarm] | None
) -> tuple[str, ...] | None:
    """Return what was told of operations that were not down, or told once more."""
    if told is None:
        return None
    if run.own_operations_fail:
        return ()
    due = [*run.operations_down]
    false = []
    for each in told:
        if (each.scope, each.operation) in due:
            due.remove((each.scope, each.operation))
        else:
            false.append(f"{each.operation} at {each.at_s:.0f}")
    return tuple(false)


def first_failed_s(run: Run, alarm: Alarm, probed: Iterable[Ended]) -> float | None:
    """Return when the failing truly began that the alarm is about.

    The completion of the first technically failed call or probe since the last
    success before the alarm.
    """
    ended = [
        (call.end_s, call.outcome, call.failed_at_s)
        for call in run.calls
        if call.scope == alarm.scope
    ]
    ended += [
        (
            probe.at_s,
            probe.outcome,
            probe.at_s if probe.outcome in TECHNICAL_FAILURES else None,
        )
        for probe in probed
        if probe.scope == alarm.scope
    ]
    successes = (
        end_s
        for end_s, outcome, _ in ended
        if outcome is Outcome.SUCCESS and end_s <= alarm.opened_s
    )
    last_s = max(successes, default=float("-inf"))
    failed = (at_s for _, _, at_s in ended if at_s is not None and at_s > last_s)
    return min(failed, default=None)


def _tells_beginning(run: Run, alarm: Alarm, probed: Iterable[Ended]) -> bool:
    """Whether the alarm tells rightly, if at all, when the failing began."""
    if alarm.first_failed_s is None:
        return True
    true_s = first_failed_s(run, alarm, probed)
    return (
        true_s is not None
        and alarm.first_failed_s == true_s
        and abs((alarm.first_failed_wall_ns or 0) - wall_ns(run, true_s)) <= ROUNDED_NS
    )


def _is_raised_in(alarm: Alarm, outage: Outage) -> bool:
    return (
        alarm.scope == outage.scope
        and outage.begin_s <= alarm.opened_s <= outage.end_s + GRACE_S
    )


def _is_about(alarm: Alarm, outage: Outage) -> bool:
    """Whether the alarm tells of the outage: raised in it, or standing by then."""
    if _is_raised_in(alarm, outage):
        return True
    closed_s = float("inf") if alarm.closed_s is None else alarm.closed_s
    return alarm.scope == outage.scope and alarm.opened_s < outage.begin_s < closed_s


def _as_probed(
    run: Run, outage: Outage, probed: Iterable[Ended], opened_s: float
) -> Outage:
    """Return the outage as it was for one who has probed.

    While failures still climb, a probe may succeed after the last order that
    did: then it was not yet total.
    """
    succeeded_s = [
        probe.at_s
        for probe in probed
        if probe.scope == outage.scope
        and probe.outcome is Outcome.SUCCESS
        and outage.onset_s < probe.at_s <= opened_s
    ]
    if not succeeded_s:
        return outage
    failed_s = [
        call.failed_at_s
        for call in run.calls
        if call.scope == outage.scope
        and call.failed_at_s is not None
        and call.failed_at_s > max(succeeded_s)
    ]
    return replace(outage, onset_s=min(failed_s))


def _found(
    run: Run,
    outage: Outage,
    alarms: Sequence[Alarm],
    probed: Iterable[Ended],
    policy: OutagePolicy,
) -> Found:
    opened_s = alarms[0].opened_s
    outage = _as_probed(run, outage, probed, opened_s)
    failed = {
        call.order
        for call in run.calls
        if call.scope == outage.scope
        and call.failed_at_s is not None
        and outage.onset_s <= call.failed_at_s <= opened_s
    }
    probed_s = [
        probe.at_s
        for probe in probed
        if probe.scope == outage.scope and probe.outcome in TECHNICAL_FAILURES
    ]
    recovered_s = [
        alarm.recovered_s - outage.end_s
        for alarm in alarms
        if alarm.recovered_s is not None and alarm.recovered_s >= outage.end_s
    ]
    floor_s = policy_floor_s(outage, run.calls, probed_s=probed_s, policy=policy)
    return Found(
        delay_s=max(0.0, opened_s - outage.onset_s),
        orders=len(failed),
        bound_orders=least_orders(run.rate, max(run.world.noise, LEAST_NOISE)),
        floor_s=floor_s - outage.onset_s,
        recovery_s=min(recovered_s, default=None),
        is_steady=run.rate >= STEADY_RATE and len({c.source for c in run.calls}) == 1,
    )
