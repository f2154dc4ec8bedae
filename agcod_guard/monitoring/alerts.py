"""When the partner's people are woken, and what they are told first. Pure.

Two opinions stand side by side. `seen_by: guard` asks what a guard has concluded
from its journal; `seen_by: fleet` asks only the counters of all instances. Either
alone is enough, and a success on any instance silences both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from agcod_guard.call import Outcome
from agcod_guard.incident.parcel import SMTP, State
from agcod_guard.monitoring.recordings import (
    CALLS_30M,
    CALLS_RATE,
    FAILED_1H,
    FAILED_5M,
    FAILED_6H,
    FAILED_30M,
    FAILURES_3M,
    FAILURES_30M,
    HOUR_S,
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
from agcod_guard.protocol.contacts import TIERS
from agcod_guard.telemetry import families

DAY_S = 24 * HOUR_S

WARNING = "warning"
CRITICAL = (
    '{{ if match ".+-(sandbox|loopback)" $labels.endpoint }}warning'
    "{{ else }}critical{{ end }}"
)
"""Wakes somebody, unless it is a sandbox or a stand-in that is down."""

BUSY_FAILURES = 20
"""Failed calls in 3 minutes: a call may be one of several tries of an order."""
QUIET_FAILURES = 5
"""Failed calls in 30 minutes, where few are made."""


class Seen(StrEnum):
    """By whom an alert was noticed, as its label `seen_by`."""

    GUARD = "guard"
    FLEET = "fleet"
    FLEET_QUIET = "fleet-quiet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One rule; several may share a name if their labels differ.

    Attributes:
        name: As in the runbooks.
        severity: `warning`, or a template that says `critical` or `warning`.
        expr: PromQL.
        for_s: How long it must hold, seconds.
        summary: One line, a template over the labels.
        description: What is known, likewise, and what to do first.
        labels: Labels besides the severity.
    """

    name: str
    severity: str
    expr: str
    for_s: float = 0.0
    summary: str
    description: str
    labels: Mapping[str, str] = field(default_factory=dict)


_WHO = "{{ $labels.account }} at {{ $labels.endpoint }}"
_SINCE = (
    '{{ with printf "min by (account, endpoint) ('
    f"{families.FIRST_FAILURE.name}"
    '{account=%q,endpoint=%q} > 0)" $labels.account $labels.endpoint | query }}'
    " First failure: {{ . | first | value | humanizeTimestamp }}.{{ end }}"
)
_COUNT = '{{ $value | printf "%.0f" }}'
_SHARE = "{{ $value | humanizePercentage }}"


def alerts(pace: Pace = REAL) -> list[Alert]:
    """Return every alert, those that matter most first."""
    return [
        *_outages(pace),
        *_suspicions(pace),
        *_refusals(pace),
        *_brown_outs(pace),
        *_pages(),
        *_consequences(pace),
        *_silences(pace),
        *_errors(pace),
    ]


def _outages(pace: Pace) -> Iterator[Alert]:
    summary = f"AGCOD is down for {_WHO}"
    todo = (
        f"{_SINCE} Next: `agcod-guard status`, then `agcod-guard incidents` and "
        "`agcod-guard send ID` to write to Amazon."
    )
    yield Alert(
        name="AgcodOutage",
        severity=CRITICAL,
        expr=_none_succeeds(_in_phase(Phase.OUTAGE), pace),
        summary=summary,
        description="A guard has declared an outage, and no call of any instance has "
        f"succeeded for two minutes.{todo}",
        labels={"seen_by": Seen.GUARD},
    )
    for seen, failures, refusals, successes, least, span_s, for_s in (
        (Seen.FLEET, FAILURES_3M, REFUSALS_3M, SUCCESSES_3M, BUSY_FAILURES, 180, 60),
        (
            Seen.FLEET_QUIET,
            FAILURES_30M,
            REFUSALS_30M,
            SUCCESSES_30M,
            QUIET_FAILURES,
            1800,
            300,
        ),
    ):
        yield Alert(
            name="AgcodOutage",
            severity=CRITICAL,
            expr=f"{failures} >= {least}\n"
            f"unless ({successes} > 0)\n"
            f"unless ({SUCCESS_AGE} < {pace.seconds(span_s)})\n"
            f"unless ({refusals} >= {failures})\n"
            f"unless ({OWN_SIDE_MAX} > 0)",
            for_s=for_s,
            summary=summary,
            description=f"{_COUNT} calls failed within {REAL.span(span_s)} and none of "
            f"any instance succeeded.{todo}",
            labels={"seen_by": seen},
        )
    operation = calls(pace, 2 * MINUTE_S, Outcome.SUCCESS, by="operation")
    yield Alert(
        name="AgcodOperationDown",
        severity=CRITICAL,
        expr="max by (account, endpoint, operation) "
        f"({families.OPERATION_DOWN.name}) == 1\nunless ({operation} > 0)",
        summary=f"{{{{ $labels.operation }}}} is down for {_WHO}",
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
        summary=f"Calls of {_WHO} fail one after the other",
        description="It is no outage yet, or calls of another instance succeed."
        f"{_SINCE} `agcod-guard status` says on whose side it looks to be.",
    )
    yield Alert(
        name="AgcodOwnNetwork",
        severity=WARNING,
        expr=f"max by (account, endpoint, instance) ({families.OWN_SIDE.name}) == 1",
        for_s=MINUTE_S,
        summary=f"Our own network fails calls of {_WHO}",
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
        summary=f"Amazon refuses orders of {_WHO} for account reasons",
        description=f"{_COUNT} calls within 15 minutes: funds, contract or limits. The "
        "mail to the operations team of the country lies in the data folder's "
        "drafts; `agcod-guard contacts` says whom it is for.",
    )
    yield Alert(
        name="AgcodThrottled",
        severity=WARNING,
        expr=f'sum by (account, endpoint) ({CALLS_RATE}{{outcome="THROTTLED"}})\n'
        f"/ (sum by (account, endpoint) ({CALLS_RATE}) > 0)\n> 0.05",
        for_s=5 * MINUTE_S,
        summary=f"Amazon throttles {_WHO}",
        description=f"{_SHARE} of the calls. The limit is 10 a second for an account: "
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
            summary=f"Amazon denies calls of {_WHO}",
            description=f"{_COUNT} calls within 5 minutes, {what}: keys, signature or "
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
        summary=f"AGCOD fails part of the calls of {_WHO}",
        description=f"{_SHARE} of the calls failed for technical reasons, and others "
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
        description=f"{_SHARE} of the successes took longer than 4 s. Amazon advises a "
        "timeout of 6 s: a shorter one makes failures out of them.",
        labels={"kind": "slow"},
    )


def _pages() -> Iterator[Alert]:
    due, sent, acknowledged = (
        f"max by (account, endpoint) ({family.name})"
        for family in (
            families.PAGE_DUE_TIER,
            families.PAGE_SENT_TIER,
            families.ACKNOWLEDGED,
        )
    )
    for tier in TIERS:
        yield Alert(
            name="AgcodEscalationDue",
            severity=CRITICAL,
            expr=f"{due} == {tier}\nunless ({sent} >= {tier})\n"
            f"unless ({acknowledged} == 1)",
            summary=f"The mail to tier {tier} of Amazon's pager waits for you ({_WHO})",
            description="Nothing goes out by itself. Look at it and send it: "
            "`agcod-guard incidents --open`, then `agcod-guard send ID`; or mail it "
            f"yourself and say so: `agcod-guard sent ID --tier {tier}`.",
            labels={"tier": str(tier)},
        )
    states = "|".join((State.ALARM, State.REFUSED, State.UNSURE))
    yield Alert(
        name="AgcodPageInDoubt",
        severity="critical",
        expr=f"sum by (job, instance, state) ({families.OUTBOX_PARCELS.name}"
        f'{{channel="{SMTP}",state=~"{states}"}}) > 0',
        for_s=MINUTE_S,
        summary="A mail of an open incident may not have reached Amazon",
        description="It is {{ $labels.state }} on {{ $labels.instance }}. "
        "`agcod-guard packet ID --paths` says where it lies; ask the mail server's "
        "log, then send it by hand, or say that it went: "
        "`agcod-guard sent ID --tier N`.",
    )
    yield Alert(
        name="AgcodPagesHeld",
        severity=WARNING,
        expr=f"max by (job, instance) ({families.HOLD.name}) == 1",
        for_s=HOUR_S,
        summary="The kill switch holds every page to Amazon back",
        description="Somebody ran `agcod-guard hold on` on {{ $labels.instance }}. "
        "`agcod-guard hold status` says who and why, `agcod-guard hold off` ends it.",
    )


def _consequences(pace: Pace) -> Iterator[Alert]:
    yield Alert(
        name="AgcodPacketIncomplete",
        severity=WARNING,
        expr=f"max by (account, endpoint) ({families.PACKET_MISSING.name}) > 0",
        for_s=MINUTE_S,
        summary=f"The packet for Amazon lacks answers ({_WHO})",
        description=f"{_COUNT} of Amazon's questions have no answer. "
        "`agcod-guard packet ID` shows them as MISSING; `agcod-guard check` says "
        "which settings would answer them next time.",
    )
    yield Alert(
        name="AgcodDoubtOrders",
        severity=WARNING,
        expr=f"max by (account, endpoint) ({families.DOUBT_ORDERS.name}) > 0",
        for_s=15 * MINUTE_S,
        summary=f"The outcome of {_COUNT} orders of {_WHO} is unknown",
        description="A card may have been bought for each. `agcod-guard doubt` lists "
        "them, and says of each whether to send it again or to cancel it.",
    )


def _silences(pace: Pace) -> Iterator[Alert]:
    yield Alert(
        name="AgcodNoTraffic",
        severity=WARNING,
        expr=f"{CALLS_30M} == 0\n"
        f"and ({CALLS_30M} offset {pace.span(DAY_S)} > 10)\n"
        f"and ({CALLS_30M} offset {pace.span(7 * DAY_S)} > 10)",
        for_s=10 * MINUTE_S,
        summary=f"Nobody calls AGCOD for {_WHO}",
        description="No call within 30 minutes, though at this time there were some "
        "yesterday and a week ago. Does the shop sell, and do its calls still go "
        "through the guard?",
    )
    look, built = families.LAST_LOOK.name, families.BUILD_INFO.name
    made = f"sum by (job, instance) (increase({families.CALLS.name}[{pace.span(300)}]))"
    silent = (
        (
            "stuck",
            f"(time() - max by (job, instance) ({look}) > {pace.seconds(120)})\n"
            f"and ({made} > 0)",
            MINUTE_S,
            "calls on {{ $labels.instance }} are recorded, but no guard has looked at "
            "them for {{ $value | humanizeDuration }}",
        ),
        (
            "gone",
            f"(max by (job, instance) (up) == 1)\n"
            f"and (count by (job, instance) ({built} offset {pace.span(HOUR_S)}))\n"
            f"unless (count by (job, instance) ({built}))",
            10 * MINUTE_S,
            "{{ $labels.instance }} runs without the guard that it had an hour ago",
        ),
        (
            "absent",
            f"absent({built})",
            10 * MINUTE_S,
            "no instance that Prometheus scrapes shows an agcod-guard",
        ),
    )
    for kind, expr, for_s, what in silent:
        yield Alert(
            name="AgcodGuardSilent",
            severity=WARNING,
            expr=expr,
            for_s=for_s,
            summary="agcod-guard is silent: an outage would go unseen",
            description=f"As it seems, {what}. The disk, a deployment and "
            "`agcod-guard check` are the first places to look.",
            labels={"kind": kind},
        )


def _errors(pace: Pace) -> Iterator[Alert]:
    for kind, family, labels, what in (
        (
            "internal",
            families.INTERNAL_ERRORS,
            ", stage",
            " (stage {{ $labels.stage }})",
        ),
        ("journal", families.FRAMES_LOST, "", " in storing calls in its journal"),
        ("packet", families.PACKET_FAILURES, "", " in writing a packet"),
    ):
        by = f"sum by (job, instance{labels})"
        span = pace.span(15 * MINUTE_S)
        yield Alert(
            name="AgcodGuardErrors",
            severity=WARNING,
            # A series that begins at 1 has no increase: the first error is seen so.
            expr=f"{by} (increase({family.name}[{span}])) > 0\n"
            f"or ({by} ({family.name}) unless {by} ({family.name} offset {span})) > 0",
            summary="agcod-guard fails on {{ $labels.instance }}",
            description=f"It failed {_COUNT} times within 15 minutes{what}; your calls "
            "are not touched by it. The log says why: `guard.internal_error`, "
            "`journal.frames_lost`, `packet.failed`.",
            labels={"kind": kind},
        )


def _in_phase(*phases: Phase) -> str:
    """Return the expression: some guard has the scope in one of these states."""
    states = f'state=~"{"|".join(phases)}"'
    return f"max by (account, endpoint) ({families.OUTAGE_STATE.name}{{{states}}}) == 1"


def _none_succeeds(expr: str, pace: Pace) -> str:
    """Return the expression, silent while any instance succeeds."""
    return (
        f"{expr}\nunless ({SUCCESSES_2M} > 0)\n"
        f"unless ({SUCCESS_AGE} < {pace.seconds(2 * MINUTE_S)})"
    )
