"""How things stand in one data folder, as values that metrics are made of. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agcod_guard.call import Endpoint
from agcod_guard.incident.parcel import State
from agcod_guard.incident.verdict import Verdict
from agcod_guard.outage.state import Phase

PARCEL_STATES: tuple[State, ...] = tuple(
    each for each in State if each not in (State.SENT, State.CANCELLED)
)
"""What a parcel can be in that somebody still has to do with."""

_WORST_FIRST = (Phase.OUTAGE, Phase.RECOVERING, Phase.SUSPECT, Phase.OK)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentReport:
    """What is on record of a scope's open incident.

    Attributes:
        verdict: Whose it is.
        acknowledged: Somebody has answered.
        sent_tier: Highest tier of Amazon's pager written to; 0 for none.
        due_at_s: When the next tier is due, seconds since the Unix epoch; None
            when none is.
        missing_items: Answers of its packet that a person has to fill in.
    """

    verdict: Verdict = Verdict.UNCLEAR
    acknowledged: bool = False
    sent_tier: int = 0
    due_at_s: float | None = None
    missing_items: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeReport:
    """What is thought of one scope at present.

    Times are seconds since the Unix epoch.

    Attributes:
        account: Partner id.
        endpoint: The AGCOD it speaks of.
        phase: The state it is in.
        first_failed_at_s: First failure since the last success; None when nothing
            has failed since.
        last_failed_at_s: Last failure since the last success, likewise.
        last_success_at_s: Last success; None when none is known.
        incident: Its open incident; None when there is none.
        operations_down: Operations that are down while others succeed.
        own_side: Its calls fail because of our own side.
        due_tier: Tier whose mail waits for a person; 0 for none.
        doubt_orders: Orders whose outcome is unknown.
    """

    account: str
    endpoint: Endpoint
    phase: Phase = Phase.OK
    first_failed_at_s: float | None = None
    last_failed_at_s: float | None = None
    last_success_at_s: float | None = None
    incident: IncidentReport | None = None
    operations_down: frozenset[str] = frozenset()
    own_side: bool = False
    due_tier: int = 0
    doubt_orders: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How things stand in one data folder.

    Attributes:
        scopes: What is thought of each account and endpoint.
        parcels: How many mails and notices are on their way, by channel (`smtp`
            or `webhook:` and a name) and state.
        changed_at_s: When the latest change on the partner's side was, seconds since
            the Unix epoch; None when none was noted lately.
        held: The kill switch is on.
        looked_at_s: When the process that acts last kept what it knows, seconds
            since the Unix epoch; None when none has.
    """

    scopes: tuple[ScopeReport, ...] = ()
    parcels: Mapping[tuple[str, State], int] = field(default_factory=dict)
    changed_at_s: float | None = None
    held: bool = False
    looked_at_s: float | None = None


def worse_of(one: ScopeReport, other: ScopeReport) -> ScopeReport:
    """Return one report for two scopes that share their labels."""
    return ScopeReport(
        account=one.account,
        endpoint=one.endpoint,
        phase=min(one.phase, other.phase, key=_WORST_FIRST.index),
        first_failed_at_s=_earliest(one.first_failed_at_s, other.first_failed_at_s),
        last_failed_at_s=latest(one.last_failed_at_s, other.last_failed_at_s),
        last_success_at_s=latest(one.last_success_at_s, other.last_success_at_s),
        incident=_worse_incident(one.incident, other.incident),
        operations_down=one.operations_down | other.operations_down,
        own_side=one.own_side or other.own_side,
        due_tier=max(one.due_tier, other.due_tier),
        doubt_orders=one.doubt_orders + other.doubt_orders,
    )


def _worse_incident(
    one: IncidentReport | None, other: IncidentReport | None
) -> IncidentReport | None:
    if one is None or other is None:
        return one or other
    return IncidentReport(
        verdict=one.verdict if one.verdict is other.verdict else Verdict.UNCLEAR,
        acknowledged=one.acknowledged and other.acknowledged,
        sent_tier=max(one.sent_tier, other.sent_tier),
        due_at_s=_earliest(one.due_at_s, other.due_at_s),
        missing_items=max(one.missing_items, other.missing_items),
    )


def _earliest(*times_s: float | None) -> float | None:
    return min(filter(None, times_s), default=None)


def latest(*times_s: float | None) -> float | None:
    """Return the latest of the times that are known; None if none is."""
    return max(filter(None, times_s), default=None)
