"""Show how things stand, as the ladder says it, whoever is asked.

With several worker processes a gauge that each of them sets lies: it shows what
one worker thought when it was last asked, and goes on showing it when that worker
is gone. The ladder does not. So these families are read from it whenever somebody
asks.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from weakref import WeakKeyDictionary

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from agcod_guard.call import Endpoint
from agcod_guard.incident.parcel import SMTP, State
from agcod_guard.incident.verdict import Verdict
from agcod_guard.outage.state import Phase
from agcod_guard.protocol.operations import KNOWN_OPERATIONS
from agcod_guard.telemetry import families
from agcod_guard.telemetry.families import FAMILIES, Family, Report

OTHER = "other"
"""Label of what the settings do not name."""

WEBHOOK = "webhook"
"""`channel` of every webhook, whatever its name."""

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


ReadStanding = Callable[[], Standing]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reading:
    """One guard's data folder, and how to read it.

    Attributes:
        read: Returns how things stand in it.
        accounts: Partner ids that are labels of their own.
        scopes: Scopes that are shown before anything is known of them.
        report: Told when `read` fails.
        place: Which data folder it is: two guards on one are read once.
    """

    read: ReadStanding
    accounts: Collection[str]
    scopes: tuple[ScopeReport, ...]
    report: Report
    place: object

    def standing(self) -> Standing:
        """Return what is to be shown; only the bare scopes if reading fails."""
        try:
            known = self.read()
        except Exception as error:
            # The partner's own metrics stand in the same scrape.
            self.report("metrics.collect", error)
            known = Standing()
        return replace(known, scopes=(*self.scopes, *known.scopes))

    def joined_with(self, other: Reading) -> Reading:
        """Return one reading of the folder that both read."""
        return replace(
            self,
            accounts={*self.accounts, *other.accounts},
            scopes=(*self.scopes, *other.scopes),
        )

    def label_of(self, report: ScopeReport) -> tuple[str, str]:
        """Return account and endpoint as labels."""
        account = report.account if report.account in self.accounts else OTHER
        return account, str(report.endpoint)


class StateCollector(Collector):
    """Shows the standing of every guard that reports to one registry."""

    def __init__(self) -> None:
        self._readings: tuple[Reading, ...] = ()

    def add(self, reading: Reading) -> None:
        """Show what `reading` reads as well."""
        self._readings = (*self._readings, reading)

    def remove(self, reading: Reading) -> None:
        """Show it no longer."""
        self._readings = tuple(kept for kept in self._readings if kept is not reading)

    def describe(self) -> list[GaugeMetricFamily]:
        """Return the families without a value; for the registry."""
        return list(_gauges().values())

    def collect(self) -> list[GaugeMetricFamily]:
        """Return the families with a value per scope, as Prometheus asks."""
        gauges, standings = _gauges(), []
        merged: dict[tuple[str, str], ScopeReport] = {}
        for reading in self._to_read():
            standing = reading.standing()
            standings.append(standing)
            for report in standing.scopes:
                labels = reading.label_of(report)
                known = merged.get(labels)
                merged[labels] = _worse_of(known, report) if known else report
        for labels, report in merged.items():
            _add_scope(gauges, labels, report)
        if standings:
            _add_house(gauges, standings)
        return list(gauges.values())

    def _to_read(self) -> list[Reading]:
        """Return one reading for each data folder."""
        by_place: dict[object, Reading] = {}
        for reading in self._readings:
            known = by_place.get(reading.place)
            by_place[reading.place] = known.joined_with(reading) if known else reading
        return list(by_place.values())


_Gauges = dict[Family, GaugeMetricFamily]


def _gauges() -> _Gauges:
    return {
        family: GaugeMetricFamily(family.name, family.help, labels=family.labels)
        for family in FAMILIES
        if family.read
    }


_NO_INCIDENT = IncidentReport()
_VALUES: dict[Family, Callable[[ScopeReport], float | None]] = {
    families.FIRST_FAILURE: lambda report: report.first_failed_at_s,
    families.LAST_FAILURE: lambda report: report.last_failed_at_s,
    families.LAST_SUCCESS: lambda report: report.last_success_at_s,
    families.INCIDENTS_OPEN: lambda report: report.incident is not None,
    families.OWN_SIDE: lambda report: report.own_side,
    families.PAGE_DUE_TIER: lambda report: report.due_tier,
    families.DOUBT_ORDERS: lambda report: report.doubt_orders,
}
_INCIDENT_VALUES: dict[Family, Callable[[IncidentReport], float | None]] = {
    families.ACKNOWLEDGED: lambda incident: incident.acknowledged,
    families.PAGE_DUE_AT: lambda incident: incident.due_at_s,
    families.PAGE_SENT_TIER: lambda incident: incident.sent_tier,
    families.PACKET_MISSING: lambda incident: incident.missing_items,
}


def _add_scope(gauges: _Gauges, labels: tuple[str, str], report: ScopeReport) -> None:
    incident = report.incident or _NO_INCIDENT
    for family, value_of in _VALUES.items():
        gauges[family].add_metric(labels, float(value_of(report) or 0.0))
    for family, incident_value_of in _INCIDENT_VALUES.items():
        gauges[family].add_metric(labels, float(incident_value_of(incident) or 0.0))
    verdict = report.incident and report.incident.verdict
    for family, every, held in (
        (families.OUTAGE_STATE, Phase, {report.phase}),
        (families.VERDICT, Verdict, {verdict}),
        (families.OPERATION_DOWN, sorted(KNOWN_OPERATIONS), report.operations_down),
    ):
        for name in every:
            gauges[family].add_metric([*labels, name], float(name in held))


def _add_house(gauges: _Gauges, standings: list[Standing]) -> None:
    """Show what belongs to no scope."""
    counts = dict.fromkeys(product((SMTP, WEBHOOK), PARCEL_STATES), 0)
    for standing in standings:
        for (channel, state), count in standing.parcels.items():
            counts[SMTP if channel == SMTP else WEBHOOK, state] += count
    for labels, count in counts.items():
        gauges[families.OUTBOX_PARCELS].add_metric(labels, float(count))
    held = any(standing.held for standing in standings)
    looked = [standing.looked_at_s or 0.0 for standing in standings]
    changed_at_s = _most(*(standing.changed_at_s for standing in standings))
    gauges[families.LAST_CHANGE].add_metric((), changed_at_s or 0.0)
    gauges[families.HOLD].add_metric((), float(held))
    gauges[families.LAST_LOOK].add_metric((), min(looked))


def _worse_of(one: ScopeReport, other: ScopeReport) -> ScopeReport:
    """Return one report for two scopes that share their labels."""
    return ScopeReport(
        account=one.account,
        endpoint=one.endpoint,
        phase=min(one.phase, other.phase, key=_WORST_FIRST.index),
        first_failed_at_s=_least(one.first_failed_at_s, other.first_failed_at_s),
        last_failed_at_s=_most(one.last_failed_at_s, other.last_failed_at_s),
        last_success_at_s=_most(one.last_success_at_s, other.last_success_at_s),
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
        due_at_s=_least(one.due_at_s, other.due_at_s),
        missing_items=max(one.missing_items, other.missing_items),
    )


def _least(*times_s: float | None) -> float | None:
    return min(filter(None, times_s), default=None)


def _most(*times_s: float | None) -> float | None:
    return max(filter(None, times_s), default=None)


_collectors: WeakKeyDictionary[CollectorRegistry, StateCollector] = WeakKeyDictionary()
_registering = threading.Lock()


def collector_in(registry: CollectorRegistry, report: Report) -> StateCollector:
    """Return the collector of `registry`, registering it the first time."""
    with _registering:
        if registry not in _collectors:
            _collectors[registry] = collector = StateCollector()
            try:
                registry.register(collector)
            except ValueError as taken:
                report("metrics.register", taken)
        return _collectors[registry]
