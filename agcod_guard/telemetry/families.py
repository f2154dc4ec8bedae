"""Every metric name, once, and its one registration in a registry.

Two guards in one process share a registry, so what is registered is kept by
registry. A name that somebody else has taken there is reported and then
counted out of sight: a metric is never worth a failing start.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from weakref import WeakKeyDictionary

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

Report = Callable[[str, Exception], None]
"""Told of what went wrong here, as (stage, error)."""

BUCKETS_S = (0.1, 0.25, 0.5, 1, 2, 4, 6, 10)
"""Up to past the 6 s that Amazon advises as a timeout."""


class Type(StrEnum):
    """Prometheus' own words."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """One metric name and its meaning.

    Attributes:
        name: As in queries.
        type: Counter, gauge or histogram.
        help: What it counts, in one sentence.
        labels: Label names; all of them have closed sets of values.
        read: It is read from the ladder at each scrape, not kept here.
    """

    name: str
    type: Type
    help: str
    labels: tuple[str, ...] = ()
    read: bool = False

    @property
    def unit(self) -> str:
        """What its values are in, as its name says; empty for what is counted."""
        units = (unit for unit in _UNITS if unit in self.name.split("_"))
        return next(units, "")


_UNITS = ("seconds", "bytes")
_SCOPE = ("account", "endpoint")

CALLS = Family(
    "agcod_calls_total",
    Type.COUNTER,
    "Calls to AGCOD that have ended, by what they prove.",
    ("account", "endpoint", "operation", "outcome"),
)
DURATION = Family(
    "agcod_call_duration_seconds",
    Type.HISTOGRAM,
    "Time from sending a call to the end of its answer or its error.",
    ("endpoint", "outcome"),
)
ERRORS = Family(
    "agcod_errors_total",
    Type.COUNTER,
    "Calls that AGCOD refused or failed, by Amazon's error class or what came instead.",
    ("endpoint", "error_code"),
)
OUTAGE_STATE = Family(
    "agcod_outage_state",
    Type.GAUGE,
    "1 for the state the scope is in, 0 for the others.",
    (*_SCOPE, "state"),
    read=True,
)
FIRST_FAILURE = Family(
    "agcod_first_failure_timestamp_seconds",
    Type.GAUGE,
    "When the first call failed since the last success; 0 when none has.",
    _SCOPE,
    read=True,
)
LAST_SUCCESS = Family(
    "agcod_last_success_timestamp_seconds",
    Type.GAUGE,
    "When a call last succeeded; 0 when none is known.",
    _SCOPE,
    read=True,
)
LAST_FAILURE = Family(
    "agcod_last_failure_timestamp_seconds",
    Type.GAUGE,
    "When a call last failed since the last success; 0 when none has.",
    _SCOPE,
    read=True,
)
INCIDENTS_OPEN = Family(
    "agcod_incidents_open",
    Type.GAUGE,
    "1 while an incident of the scope is open.",
    _SCOPE,
    read=True,
)
OPERATION_DOWN = Family(
    "agcod_operation_down",
    Type.GAUGE,
    "1 while every order of one operation fails and others of the scope succeed.",
    (*_SCOPE, "operation"),
    read=True,
)
OWN_SIDE = Family(
    "agcod_own_side",
    Type.GAUGE,
    "1 while calls fail because of our own side: no proxy, no names, no route.",
    _SCOPE,
    read=True,
)
VERDICT = Family(
    "agcod_incident_verdict",
    Type.GAUGE,
    "1 for whose the open incident is: Amazon's, ours or unclear; 0 for the others.",
    (*_SCOPE, "verdict"),
    read=True,
)
ACKNOWLEDGED = Family(
    "agcod_incident_acknowledged",
    Type.GAUGE,
    "1 while the open incident is acknowledged: no further tier is written to.",
    _SCOPE,
    read=True,
)
PAGE_DUE_TIER = Family(
    "agcod_page_due_tier",
    Type.GAUGE,
    "Tier of Amazon's pager whose mail waits for a person now; 0 when none does.",
    _SCOPE,
    read=True,
)
PAGE_DUE_AT = Family(
    "agcod_page_due_timestamp_seconds",
    Type.GAUGE,
    "When the next tier is due at the earliest; 0 when none is, as things stand.",
    _SCOPE,
    read=True,
)
PAGE_SENT_TIER = Family(
    "agcod_page_sent_tier",
    Type.GAUGE,
    "Highest tier written to about the open incident; 0 when none was.",
    _SCOPE,
    read=True,
)
PACKET_MISSING = Family(
    "agcod_packet_missing_items",
    Type.GAUGE,
    "Answers that a person has to fill in in the packet of the open incident.",
    _SCOPE,
    read=True,
)
DOUBT_ORDERS = Family(
    "agcod_doubt_orders",
    Type.GAUGE,
    "Orders whose outcome is unknown: a card may have been bought.",
    _SCOPE,
    read=True,
)
OUTBOX_PARCELS = Family(
    "agcod_outbox_parcels",
    Type.GAUGE,
    "Mails and notices on their way, and of open incidents those that were refused "
    "or may have left.",
    ("channel", "state"),
    read=True,
)
LAST_CHANGE = Family(
    "agcod_last_change_timestamp_seconds",
    Type.GAUGE,
    "When the latest change on our own side was, of those noted in the last 30 days; "
    "0 when none was.",
    read=True,
)
HOLD = Family(
    "agcod_guard_hold",
    Type.GAUGE,
    "1 while the kill switch holds every page to Amazon back.",
    read=True,
)
LAST_LOOK = Family(
    "agcod_guard_last_look_timestamp_seconds",
    Type.GAUGE,
    "When the process that acts last kept what it knows; 0 when none has.",
    read=True,
)
INCIDENTS = Family(
    "agcod_incidents_total",
    Type.COUNTER,
    "Incidents opened; a relapse is the same incident.",
    ("endpoint",),
)
PACKETS_WRITTEN = Family(
    "agcod_packets_written_total", Type.COUNTER, "Packets written, new or anew."
)
DRAFTS_WRITTEN = Family(
    "agcod_drafts_written_total",
    Type.COUNTER,
    "Mails to Amazon's teams that were made ready for a person to send.",
)
PACKET_FAILURES = Family(
    "agcod_packet_failures_total", Type.COUNTER, "Packets that could not be written."
)
MAILS = Family(
    "agcod_mails_total",
    Type.COUNTER,
    "What came of mails and notices that were to leave the house, per try.",
    ("channel", "result"),
)
JOURNAL_BYTES = Family(
    "agcod_guard_journal_bytes", Type.GAUGE, "Size of the journal on disk."
)
FRAMES_LOST = Family(
    "agcod_guard_frames_lost_total",
    Type.COUNTER,
    "Frames that could not be stored in the journal.",
)
FRAMES_SKIPPED = Family(
    "agcod_guard_frames_skipped_total",
    Type.COUNTER,
    "Places in the journal where a reader met bytes that are no frame.",
)
INTERNAL_ERRORS = Family(
    "agcod_guard_internal_errors_total",
    Type.COUNTER,
    "Errors of the guard's own that were kept from the partner's call.",
    ("stage",),
)
BUILD_INFO = Family(
    "agcod_guard_build_info",
    Type.GAUGE,
    "Always 1; the label says which agcod-guard runs.",
    ("version",),
)

FAMILIES = (
    CALLS,
    DURATION,
    ERRORS,
    OUTAGE_STATE,
    FIRST_FAILURE,
    LAST_SUCCESS,
    LAST_FAILURE,
    INCIDENTS_OPEN,
    VERDICT,
    ACKNOWLEDGED,
    OPERATION_DOWN,
    OWN_SIDE,
    PAGE_DUE_TIER,
    PAGE_DUE_AT,
    PAGE_SENT_TIER,
    PACKET_MISSING,
    DOUBT_ORDERS,
    OUTBOX_PARCELS,
    LAST_CHANGE,
    HOLD,
    LAST_LOOK,
    INCIDENTS,
    PACKETS_WRITTEN,
    DRAFTS_WRITTEN,
    PACKET_FAILURES,
    MAILS,
    JOURNAL_BYTES,
    FRAMES_LOST,
    FRAMES_SKIPPED,
    INTERNAL_ERRORS,
    BUILD_INFO,
)


class _Silent:
    """Stands in for a metric that cannot be kept."""

    def inc(self, amount: float = 1) -> None:
        """Count nothing."""

    def set(self, value: float) -> None:
        """Show nothing."""

    def observe(self, amount: float) -> None:
        """Measure nothing."""


_SILENT = _Silent()


class Registered:
    """The families as they stand in one registry."""

    def __init__(self, registry: CollectorRegistry, report: Report) -> None:
        self._report = report
        self._metrics: dict[Family, Any] = {}
        self._children: dict[tuple[Family, tuple[str, ...]], Any] = {}
        for family in FAMILIES:
            if not family.read:
                self._metrics[family] = self._made(family, registry)

    def child(self, family: Family, *labels: str) -> Any:
        """Return what counts under those labels; never raises for I/O."""
        kept = self._children.get((family, labels))
        if kept is None:
            kept = self._children[family, labels] = self._made_child(family, labels)
        return kept

    def _made_child(self, family: Family, labels: tuple[str, ...]) -> Any:
        metric = self._metrics[family]
        try:
            return metric.labels(*labels) if family.labels else metric
        except OSError as error:
            # In multi-process mode every child is a place in a file.
            self._report("metrics.register", error)
            return _SILENT

    def _made(self, family: Family, registry: CollectorRegistry) -> Any:
        try:
            return _metric(family, registry)
        except ValueError as taken:
            self._report("metrics.register", taken)
            return _metric(family, None)
        except OSError as error:
            self._report("metrics.register", error)
            return _SILENT


def _metric(family: Family, registry: CollectorRegistry | None) -> Any:
    match family.type:
        case Type.COUNTER:
            return Counter(family.name, family.help, family.labels, registry=registry)
        case Type.HISTOGRAM:
            return Histogram(
                family.name,
                family.help,
                family.labels,
                registry=registry,
                buckets=BUCKETS_S,
            )
        case Type.GAUGE:
            return Gauge(
                family.name,
                family.help,
                family.labels,
                registry=registry,
                multiprocess_mode="mostrecent",
            )


_registered: WeakKeyDictionary[CollectorRegistry, Registered] = WeakKeyDictionary()
_registering = threading.Lock()


def registered_in(registry: CollectorRegistry, report: Report) -> Registered:
    """Return the families of `registry`, registering them the first time."""
    with _registering:
        if registry not in _registered:
            _registered[registry] = Registered(registry, report)
        return _registered[registry]
