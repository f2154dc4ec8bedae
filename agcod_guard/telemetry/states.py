"""The state of every scope, read at each scrape.

A gauge that processes write lies as soon as a worker is recycled; the ladder
does not. So these families are read from it whenever somebody asks.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily

from agcod_guard.call import Endpoint
from agcod_guard.outage.state import Phase
from agcod_guard.protocol.operations import KNOWN_OPERATIONS
from agcod_guard.telemetry.families import (
    FIRST_FAILURE,
    INCIDENTS_OPEN,
    LAST_SUCCESS,
    OPERATION_DOWN,
    OUTAGE_STATE,
    OWN_SIDE,
    Family,
    Report,
)

OTHER = "other"
"""Label of what the settings do not name."""

_WORST_FIRST = (Phase.OUTAGE, Phase.RECOVERING, Phase.SUSPECT, Phase.OK)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeReport:
    """What is thought of one scope at present.

    Attributes:
        account: Partner id.
        endpoint: The AGCOD it speaks of.
        phase: The state it is in.
        first_failed_at_s: First failure since the last success, seconds since
            the Unix epoch; None when nothing has failed since.
        last_success_at_s: Last success, likewise; None when none is known.
        incident_open: An incident of it is open.
        operations_down: Operations that are down while others succeed.
        own_side: Its calls fail because of our own side.
    """

    account: str
    endpoint: Endpoint
    phase: Phase = Phase.OK
    first_failed_at_s: float | None = None
    last_success_at_s: float | None = None
    incident_open: bool = False
    operations_down: frozenset[str] = frozenset()
    own_side: bool = False


ReadReports = Callable[[], Iterable[ScopeReport]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reading:
    """One guard's scopes, and where to read them.

    Attributes:
        read: Returns the scopes as they stand.
        accounts: Partner ids that are labels of their own.
        scopes: Scopes that are shown before anything is known of them.
        report: Told when `read` fails.
    """

    read: ReadReports
    accounts: Collection[str]
    scopes: tuple[ScopeReport, ...]
    report: Report

    def reports(self) -> Iterator[ScopeReport]:
        """Yield what is to be shown; only the bare scopes if reading fails."""
        yield from self.scopes
        try:
            yield from tuple(self.read())
        except Exception as error:
            # The partner's own metrics stand in the same scrape.
            self.report("metrics.collect", error)

    def label_of(self, report: ScopeReport) -> tuple[str, str]:
        """Return account and endpoint as labels."""
        account = report.account if report.account in self.accounts else OTHER
        return account, str(report.endpoint)


class StateCollector:
    """Shows the scopes of every guard that reports to one registry."""

    def __init__(self) -> None:
        self._readings: tuple[Reading, ...] = ()

    def add(self, reading: Reading) -> None:
        """Show the scopes of `reading` as well."""
        self._readings = (*self._readings, reading)

    def remove(self, reading: Reading) -> None:
        """Show them no longer."""
        self._readings = tuple(kept for kept in self._readings if kept is not reading)

    def describe(self) -> list[GaugeMetricFamily]:
        """Return the families without a value; for the registry."""
        return [
            _gauge(family)
            for family in (
                OUTAGE_STATE,
                FIRST_FAILURE,
                LAST_SUCCESS,
                INCIDENTS_OPEN,
                OPERATION_DOWN,
                OWN_SIDE,
            )
        ]

    def collect(self) -> list[GaugeMetricFamily]:
        """Return the families with a value per scope, as Prometheus asks."""
        families = self.describe()
        state, first_failure, last_success, incidents_open = families[:4]
        operation_down, own_side = families[4:]
        for labels, report in self._merged().items():
            for phase in Phase:
                state.add_metric([*labels, phase.value], float(phase is report.phase))
            first_failure.add_metric(labels, report.first_failed_at_s or 0.0)
            last_success.add_metric(labels, report.last_success_at_s or 0.0)
            incidents_open.add_metric(labels, float(report.incident_open))
            for operation in sorted(KNOWN_OPERATIONS):
                is_down = operation in report.operations_down
                operation_down.add_metric([*labels, operation], float(is_down))
            own_side.add_metric(labels, float(report.own_side))
        return families

    def _merged(self) -> dict[tuple[str, str], ScopeReport]:
        merged: dict[tuple[str, str], ScopeReport] = {}
        for reading in self._readings:
            for report in reading.reports():
                labels = reading.label_of(report)
                known = merged.get(labels)
                merged[labels] = _worse_of(known, report) if known else report
        return merged


def _worse_of(one: ScopeReport, other: ScopeReport) -> ScopeReport:
    """Return one report for two scopes that share their labels."""
    return ScopeReport(
        account=one.account,
        endpoint=one.endpoint,
        phase=min(one.phase, other.phase, key=_WORST_FIRST.index),
        first_failed_at_s=min(
            filter(None, (one.first_failed_at_s, other.first_failed_at_s)), default=None
        ),
        last_success_at_s=max(
            filter(None, (one.last_success_at_s, other.last_success_at_s)), default=None
        ),
        incident_open=one.incident_open or other.incident_open,
        operations_down=one.operations_down | other.operations_down,
        own_side=one.own_side or other.own_side,
    )


def _gauge(family: Family) -> GaugeMetricFamily:
    return GaugeMetricFamily(family.name, family.help, labels=family.labels)


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
