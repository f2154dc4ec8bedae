"""Count what the guard is told, for Prometheus.

Labels come from closed sets: an account that the settings do not name, an
operation or an error code that Amazon does not list is `other`. What a call
touches is looked up once per set of labels and kept, so that counting a call
costs no lookup in prometheus_client.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from agcod_guard.call import UNKNOWN_ENDPOINT, Endpoint, Outcome
from agcod_guard.errors import swallowed
from agcod_guard.frames import End
from agcod_guard.incident.incident import Incident
from agcod_guard.incident.parcel import SMTP, Entry
from agcod_guard.outage.own_side import OwnSideTransition
from agcod_guard.outage.state import OperationTransition, Phase, Transition
from agcod_guard.protocol.endpoints import HOSTS
from agcod_guard.protocol.failures import CLASSES
from agcod_guard.protocol.operations import KNOWN_OPERATIONS, known_operation
from agcod_guard.telemetry.families import (
    BUILD_INFO,
    CALLS,
    DRAFTS_WRITTEN,
    DURATION,
    ERRORS,
    FRAMES_LOST,
    FRAMES_SKIPPED,
    INCIDENTS,
    INTERNAL_ERRORS,
    JOURNAL_BYTES,
    MAILS,
    PACKET_FAILURES,
    PACKETS_WRITTEN,
    Report,
    registered_in,
)
from agcod_guard.telemetry.standing import ScopeReport
from agcod_guard.telemetry.states import (
    OTHER,
    WEBHOOK,
    Reading,
    ReadStanding,
    StateCollector,
    collector_in,
)
from agcod_guard.version import __version__

NO_ANSWER = "no_answer"
"""`error_code` of a call to which nothing came."""

ERROR_LABELS = frozenset(
    {*CLASSES, *(f"http_{hundred}xx" for hundred in range(1, 6)), NO_ANSWER, OTHER}
)
MAIL_RESULTS = ("sent", "delayed", "unsure", "refused", "cancelled")
_NO_ERROR = frozenset({Outcome.SUCCESS, Outcome.ABANDONED})
_MOST_STAGES = 50


class Metrics:
    """The observer that counts; safe from any thread.

    Args:
        registry: Where the families go; shared with the partner's own.
        endpoints: Endpoints whose series exist at 0 from the start.
        accounts: Partner ids that are labels of their own.
        report: Told once of a name that the registry already has from
            somebody else, and of a ladder that cannot be read.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        *,
        endpoints: Iterable[Endpoint],
        accounts: Collection[str],
        report: Report = swallowed,
    ) -> None:
        self._accounts = frozenset(accounts)
        self._endpoints = tuple(dict.fromkeys(endpoints))
        self._report = report
        self._families = registered_in(registry, report)
        self._states = collector_in(registry, report)
        self._reading: Reading | None = None
        self._stages: set[str] = set()
        self._kept: dict[tuple[str, str, str, Outcome], tuple[Any, Any]] = {}
        known = (*self._endpoints, *(host.endpoint for host in HOSTS), UNKNOWN_ENDPOINT)
        self._endpoint_labels = frozenset(map(str, known))
        self._start_at_zero()

    def read_states(self, read: ReadStanding, *, place: object) -> None:
        """Show how things stand from now until `close`.

        Args:
            read: Asked at each scrape.
            place: The data folder it reads: two guards on one are read once.
        """
        self.close()
        self._reading = Reading(
            read=read,
            accounts=self._accounts,
            scopes=tuple(
                ScopeReport(account=account, endpoint=endpoint)
                for account, endpoint in product(self._shown_accounts, self._endpoints)
            ),
            report=self._report,
            place=place,
        )
        self._states.add(self._reading)

    def close(self) -> None:
        """Show the scopes no longer; what was counted stays."""
        if self._reading is not None:
            self._states.remove(self._reading)
            self._reading = None

    def call_ended(self, call: End) -> None:
        """Count the call, its duration and its error."""
        account = call.account
        if account not in self._accounts:
            account = OTHER
        operation = known_operation(call.operation)
        key = (account, call.endpoint, operation, call.outcome)
        calls, duration = self._kept.get(key) or self._children(key)
        calls.inc()
        if 0 <= call.duration_s < float("inf"):
            duration.observe(call.duration_s)
        if call.outcome not in _NO_ERROR:
            endpoint = self._label_of(call.endpoint)
            self._families.child(ERRORS, endpoint, error_label(call)).inc()

    def transition(self, transition: Transition) -> None:
        """Count the incident that an outage opens; a relapse opens none."""
        if transition.after is Phase.OUTAGE and transition.before in _BEFORE_INCIDENT:
            endpoint = self._label_of(str(transition.scope.endpoint))
            self._families.child(INCIDENTS, endpoint).inc()

    def operation_changed(self, operation: OperationTransition) -> None:
        """Count nothing: it is read from the ladder, like the phases."""

    def own_side_changed(self, finding: OwnSideTransition) -> None:
        """Count nothing: what is broken is read from the ladder."""

    def packet_written(self, incident: Incident, folder: Path) -> None:
        """Count the packet."""
        self._families.child(PACKETS_WRITTEN).inc()

    def packet_failed(self, incident: Incident, error: Exception) -> None:
        """Count the packet that is not there."""
        self._families.child(PACKET_FAILURES).inc()

    def page_due(self, incident: Incident, tier: int, reasons: Sequence[str]) -> None:
        """Count nothing: which tier is due is read from the ladder."""

    def draft_written(self, draft: Path, subject: str) -> None:
        """Count it."""
        self._families.child(DRAFTS_WRITTEN).inc()

    def mail_sent(self, entry: Entry) -> None:
        """Count it."""
        self._count_mail(entry, "sent")

    def mail_delayed(self, entry: Entry) -> None:
        """Count the try."""
        self._count_mail(entry, "delayed")

    def mail_unsure(self, entry: Entry) -> None:
        """Count the try."""
        self._count_mail(entry, "unsure")

    def mail_refused(self, entry: Entry) -> None:
        """Count it."""
        self._count_mail(entry, "refused")

    def mail_cancelled(self, entry: Entry) -> None:
        """Count it."""
        self._count_mail(entry, "cancelled")

    def frames_lost(self, count: int, reason: str) -> None:
        """Count the frames."""
        self._families.child(FRAMES_LOST).inc(count)

    def journal_resumed(self) -> None:
        """Count nothing: the loss was counted and has stopped growing."""

    def journal_bytes(self, total: int) -> None:
        """Show the journal's size."""
        self._families.child(JOURNAL_BYTES).set(total)

    def frames_skipped(self, count: int, segment: str) -> None:
        """Count the places."""
        self._families.child(FRAMES_SKIPPED).inc(count)

    def call_without_timeout(self, operation: str) -> None:
        """Count nothing: it is told once a process and would always be 1."""

    def hidden_retries(self, operation: str, attempts: int) -> None:
        """Count nothing: it is told once a process and would always be 1."""

    def internal_error(self, stage: str, error: Exception) -> None:
        """Count the error under its stage."""
        if len(self._stages) < _MOST_STAGES:
            self._stages.add(stage)
        label = stage if stage in self._stages else OTHER
        self._families.child(INTERNAL_ERRORS, label).inc()

    def _count_mail(self, entry: Entry, result: str) -> None:
        channel = SMTP if entry.parcel.is_mail else WEBHOOK
        self._families.child(MAILS, channel, result).inc()

    @property
    def states(self) -> StateCollector:
        """What is read at each scrape, as a collector of prometheus_client."""
        return self._states

    @property
    def _shown_accounts(self) -> list[str]:
        return sorted(self._accounts) or [OTHER]

    def _start_at_zero(self) -> None:
        """Make the series that a rate over the first failure needs."""
        child = self._families.child
        child(BUILD_INFO, __version__).set(1)
        for channel, result in product((SMTP, WEBHOOK), MAIL_RESULTS):
            child(MAILS, channel, result)
        for endpoint in map(str, self._endpoints):
            child(INCIDENTS, endpoint)
            for code in ERROR_LABELS:
                child(ERRORS, endpoint, code)
            for account, operation, outcome in product(
                self._shown_accounts, KNOWN_OPERATIONS, Outcome
            ):
                self._children((account, endpoint, operation, outcome))

    def _children(self, key: tuple[str, str, str, Outcome]) -> tuple[Any, Any]:
        account, endpoint, operation, outcome = key
        label = self._label_of(endpoint)
        children = (
            self._families.child(CALLS, account, label, operation, outcome),
            self._families.child(DURATION, label, outcome),
        )
        if endpoint in self._endpoint_labels:
            self._kept[key] = children
        return children

    def _label_of(self, endpoint: str) -> str:
        return endpoint if endpoint in self._endpoint_labels else OTHER


_BEFORE_INCIDENT = frozenset({Phase.OK, Phase.SUSPECT})


def error_label(call: End) -> str:
    """Return Amazon's error class of a failed call, or what came instead."""
    if call.error_code:
        return call.error_code if call.error_code in CLASSES else OTHER
    if call.status is None:
        return NO_ANSWER
    label = f"http_{call.status // 100}xx"
    return label if label in ERROR_LABELS else OTHER
