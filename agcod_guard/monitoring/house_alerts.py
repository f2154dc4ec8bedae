"""Alerts about what people have to do, and about the guard itself. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from agcod_guard.incident.parcel import SMTP, State
from agcod_guard.monitoring.alert import COUNT, CRITICAL, WARNING, WHO, Alert
from agcod_guard.monitoring.recordings import CALLS_30M, HOUR_S, MINUTE_S, Pace
from agcod_guard.protocol.contacts import TIERS
from agcod_guard.telemetry import families

DAY_S = 24 * HOUR_S


def house_alerts(pace: Pace) -> Iterator[Alert]:
    """Yield them, those that matter most first."""
    yield from _pages()
    yield from _consequences()
    yield from _silences(pace)
    yield from _errors(pace)


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
            summary=f"The mail to tier {tier} of Amazon's pager waits for you ({WHO})",
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


def _consequences() -> Iterator[Alert]:
    yield Alert(
        name="AgcodPacketIncomplete",
        severity=WARNING,
        expr=f"max by (account, endpoint) ({families.PACKET_MISSING.name}) > 0",
        for_s=MINUTE_S,
        summary=f"The packet for Amazon lacks answers ({WHO})",
        description=f"{COUNT} of Amazon's questions have no answer. "
        "`agcod-guard packet ID` shows them as MISSING; `agcod-guard check` says "
        "which settings would answer them next time.",
    )
    yield Alert(
        name="AgcodDoubtOrders",
        severity=WARNING,
        expr=f"max by (account, endpoint) ({families.DOUBT_ORDERS.name}) > 0",
        for_s=15 * MINUTE_S,
        summary=f"The outcome of {COUNT} orders of {WHO} is unknown",
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
        summary=f"Nobody calls AGCOD for {WHO}",
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
            description=f"It failed {COUNT} times within 15 minutes{what}; your calls "
            "are not touched by it. The log says why: `guard.internal_error`, "
            "`journal.frames_lost`, `packet.failed`.",
            labels={"kind": kind},
        )
