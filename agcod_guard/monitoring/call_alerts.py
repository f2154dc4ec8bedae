"""Alerts about calls: down, suspected, ours, refused, degraded. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from agcod_guard.call import Outcome
from agcod_guard.monitoring.alert import (
    COUNT,
    CRITICAL,
    SHARE,
    SINCE,
    WARNING,
    WHO,
    Alert,
)
from agcod_guard.monitoring.recordings import (
    CALLS_RATE,
    FAILED_1H,
    FAILED_5M,
    FAILED_6H,
    FAILED_30M,
    FAILURES_3M,
    FAILURES_30M,
    MINUTE_S,
    OWN_SIDE_MAX,
    REAL,
    REFUSALS_3M,
    REFUSALS_30M,
    SLOW_5M,
    SLOW_30M,
    SUCCESS_AGE,
    SUCCESSES_2M,
    SUCCESSES_3M,
    SUCCESSES_30M,
    Pace,
    calls,
)
from agcod_guard.outage.state import Phase
from agcod_guard.telemetry import families

BUSY_FAILURES = 20
"""Failed calls in 3 minutes: a call may be one of several tries of an order."""
QUIET_FAILURES = 5
"""Failed calls in 30 minutes, where few are made."""


class Seen(StrEnum):
    """By whom an alert was noticed, as its label `seen_by`."""

    GUARD = "guard"
    FLEET = "fleet"
    FLEET_QUIET = "fleet-quiet"


def call_alerts(pace: Pace) -> Iterator[Alert]:
    """Yield them, those that matter most first."""
    yield from _outages(pace)
    yield _operation_down(pace)
    yield from _suspicions(pace)
    yield from _refusals(pace)
    yield from _brown_outs(pace)


def _outages(pace: Pace) -> Iterator[Alert]:
    declared = _in_phase(Phase.OUTAGE)
    yield _outage(
        Seen.GUARD,
        f"{declared}\nunless ({SUCCESSES_2M} > 0)\n"
        f"unless ({SUCCESS_AGE} < {pace.seconds(2 * MINUTE_S)})",
        "A guard has declared an outage, and no call of any instance has succeeded for "
        "two minutes.",
    )
    busy = FAILURES_3M, REFUSALS_3M, SUCCESSES_3M
    quiet = FAILURES_30M, REFUSALS_30M, SUCCESSES_30M
    for seen, names, least, span_s, for_s in (
        (Seen.FLEET, busy, BUSY_FAILURES, 180, 60),
        (Seen.FLEET_QUIET, quiet, QUIET_FAILURES, 1800, 300),
    ):
        failures, refusals, successes = names
        yield _outage(
            seen,
            f"{failures} >= {least}\n"
            f"unless ({successes} > 0)\n"
            f"unless ({SUCCESS_AGE} < {pace.seconds(span_s)})\n"
            f"unless ({refusals} >= {failures})\n"
            f"unless ({OWN_SIDE_MAX} > 0)",
            f"{COUNT} calls failed within {REAL.span(span_s)} and none of any instance "
            "succeeded.",
            for_s=for_s,
        )


def _outage(seen: Seen, expr: str, known: str, *, for_s: float = 0.0) -> Alert:
    return Alert(
        name="AgcodOutage",
        severity=CRITICAL,
        expr=expr,
        for_s=for_s,
        summary=f"AGCOD is down for {WHO}",
        description=f"{known}{SINCE} Next: `agcod-guard status`, then "
        "`agcod-guard incidents` and `agcod-guard send ID` to write to Amazon.",
        labels={"seen_by": seen},
    )


def _operation_down(pace: Pace) -> Alert:
    succeeds = calls(pace, 2 * MINUTE_S, Outcome.SUCCESS, by="operation")
    return Alert(
        name="AgcodOperationDown",
        severity=CRITICAL,
        expr="max by (account, endpoint, operation) "
        f"({families.OPERATION_DOWN.name}) == 1\nunless ({succeeds} > 0)",
        summary=f"{{{{ $labels.operation }}}} is down for {WHO}",
        description="Every order of this operation fails while others succeed. It is "
        "nothing for Amazon's pager: `agcod-guard status` says since when and why, "
        "and a mail to Amazon's integration team lies ready.",
    )


def _suspicions(pace: Pace) -> Iterator[Alert]:
    yield Alert(
        name="AgcodOutageSuspected",
        severity=WARNING,
        expr=_in_phase(Phase.SUSPECT, Phase.OUTAGE),
        for_s=MINUTE_S,
        summary=f"Calls of {WHO} fail one after the other",
        description="It is no outage yet, or calls of another instance succeed."
        f"{SINCE} `agcod-guard status` says on whose side it looks to be.",
    )
    yield Alert(
        name="AgcodOwnNetwork",
        severity=WARNING,
        expr=f"max by (account, endpoint, instance) ({families.OWN_SIDE.name}) == 1",
        for_s=MINUTE_S,
        summary=f"Our own network fails calls of {WHO}",
        description="On {{ $labels.instance }} the proxy, name lookup, the route or "
        "trust is broken: it is no outage of Amazon's. `agcod-guard status` says "
        "which.",
    )


def _refusals(pace: Pace) -> Iterator[Alert]:
    refused = calls(pace, 15 * MINUTE_S, Outcome.ACCOUNT)
    yield Alert(
        name="AgcodAccountProblem",
        severity=WARNING,
        expr=f"{refused} > 2",
        summary=f"Amazon refuses orders of {WHO} for account reasons",
        description=f"{COUNT} calls within 15 minutes: funds, contract or limits. The "
        "mail to the operations team of the country lies in the data folder's "
        "drafts; `agcod-guard contacts` says whom it is for.",
    )
    yield Alert(
        name="AgcodThrottled",
        severity=WARNING,
        expr=f'sum by (account, endpoint) ({CALLS_RATE}{{outcome="THROTTLED"}})\n'
        f"/ (sum by (account, endpoint) ({CALLS_RATE}) > 0)\n> 0.05",
        for_s=5 * MINUTE_S,
        summary=f"Amazon throttles {WHO}",
        description=f"{SHARE} of the calls. The limit is 10 a second for an account: "
        "send fewer, or ask Amazon's integration team for a higher rate.",
    )
    denied = calls(pace, 5 * MINUTE_S, Outcome.DENIED)
    succeeded = calls(pace, 5 * MINUTE_S, Outcome.SUCCESS)
    for severity, least, rest, what in (
        (CRITICAL, 9, f"\nunless ({succeeded} > 0)", "and none succeeded"),
        (WARNING, 2, f"\nand ({succeeded} > 0)", "while others succeed"),
    ):
        yield Alert(
            name="AgcodDenied",
            severity=severity,
            expr=f"{denied} > {least}{rest}",
            for_s=MINUTE_S,
            summary=f"Amazon denies calls of {WHO}",
            description=f"{COUNT} calls within 5 minutes, {what}: keys, signature or "
            "clock. Were keys changed, is a clock off by minutes? `agcod-guard check` "
            "looks at the clock.",
            labels={"all_calls": "yes" if severity == CRITICAL else "no"},
        )


def _brown_outs(pace: Pace) -> Iterator[Alert]:
    few = f"unless ({FAILURES_30M} < {QUIET_FAILURES})"
    yield Alert(
        name="AgcodDegraded",
        severity=WARNING,
        expr=f"({FAILED_5M} > 0.2 and {FAILED_30M} > 0.1)\n{few}\n"
        f"or ({FAILED_1H} > 0.05 and {FAILED_6H} > 0.02 and {FAILED_5M} > 0.05)\n{few}",
        for_s=2 * MINUTE_S,
        summary=f"AGCOD fails part of the calls of {WHO}",
        description=f"{SHARE} of the calls failed for technical reasons, and others "
        "succeed: no outage, nothing for Amazon's pager. Orders that fail are to be "
        "sent again with the same request id.",
        labels={"kind": "failures"},
    )
    yield Alert(
        name="AgcodDegraded",
        severity=WARNING,
        expr=f"{SLOW_5M} > 0.2\nand {SLOW_30M} > 0.1",
        for_s=2 * MINUTE_S,
        summary="AGCOD is slow at {{ $labels.endpoint }}",
        description=f"{SHARE} of the successes took longer than 4 s. Amazon advises a "
        "timeout of 6 s: a shorter one makes failures out of them.",
        labels={"kind": "slow"},
    )


def _in_phase(*phases: Phase) -> str:
    """Return the expression: some guard has the scope in one of these states."""
    states = f'state=~"{"|".join(phases)}"'
    return f"max by (account, endpoint) ({families.OUTAGE_STATE.name}{{{states}}}) == 1"
