"""Show how things stand, as the ladder says it, whoever is asked.

With several worker processes a gauge that each of them sets lies: it shows what
one worker thought when it was last asked, and goes on showing it when that worker
is gone. The ladder does not. So these families are read from it whenever somebody
asks.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from itertools import product
from weakref import WeakKeyDictionary

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from agcod_guard.incident.parcel import SMTP
from agcod_guard.incident.verdict import Verdict
from agcod_guard.outage.state import Phase
from agcod_guard.protocol.operations import KNOWN_OPERATIONS
from agcod_guard.telemetry import families
from agcod_guard.telemetry.families import FAMILIES, Family, Report
from agcod_guard.telemetry.standing import (
    PARCEL_STATES,
    IncidentReport,
    ScopeReport,
    Standing,
    latest,
    worse_of,
)

OTHER = "other"
"""Label of what the settings do not name."""

WEBHOOK = "webhook"
"""`channel` of every webhook, whatever its name."""

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
                merged[labels] = worse_of(known, report) if known else report
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
    changed_at_s = latest(*(standing.changed_at_s for standing in standings))
    gauges[families.LAST_CHANGE].add_metric((), changed_at_s or 0.0)
    gauges[families.HOLD].add_metric((), float(held))
    gauges[families.LAST_LOOK].add_metric((), min(looked))


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
