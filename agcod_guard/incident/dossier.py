"""Gather what the journal tells of one outage. Pure, in bounded memory.

The caller streams the calls of every scope, oldest to newest, from an hour
before the first failure on; each exchange once. Their wall-clock times are on
the same scale as the incident's. The outage is what lies between its first
failed call and the first success after it, or the present.
"""

from __future__ import annotations

import statistics
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from agcod_guard.call import TECHNICAL_FAILURES, Call, Outcome, Scope
from agcod_guard.frames import Sample
from agcod_guard.incident.failed_calls import FailedCalls
from agcod_guard.incident.incident import Incident
from agcod_guard.incident.sample import (
    UnsignedHeaders,
    unsigned_headers,
)
from agcod_guard.incident.sample_choice import SampleChoice
from agcod_guard.incident.tally import (
    ErrorCount,
    ErrorTally,
    Latency,
    LatencyTally,
    OrderTally,
)
from agcod_guard.incident.tried_ways import LastTries, TriedWay

CALLS_AT_EACH_END = 2_000
"""So many calls are kept from the start of the outage, and from the end."""

LATENCY_BEFORE_S = 3600.0
"""Answers are compared with those of this long before the first failure."""

_MOST_SCOPES = 50
_SAME_S = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Calls that are not the outage's own, made while it lasted.

    Attributes:
        scope: Account and endpoint.
        calls: How many there were.
        succeeded: How many of them succeeded.
        failed: How many failed for technical reasons.
    """

    scope: Scope
    calls: int
    succeeded: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """The facts of one outage. Times are seconds since the Unix epoch.

    Attributes:
        calls: The partner's calls since the first failure, that one included,
            until the first success after it, that one excluded.
        failed: Those that failed for technical reasons.
        succeeded: Those that succeeded: before a relapse.
        failed_orders: Different orders among `failed`; calls without a request
            id count each as an order. A lower bound if `orders_truncated`.
        orders_truncated: There were more than `tally.MOST_ORDERS` orders.
        undelivered_orders: Failed orders with a face value that have not
            succeeded up to now.
        undelivered: Their face value per currency; empty key: none given.
        currencies: Currencies of the failed calls, sorted.
        operations: Operations of the failed calls, most frequent first.
        sources: How many machines made the failed calls.
        outcomes: The partner's calls per outcome.
        errors: Calls and orders per error.
        last_success_at_s: Last success before; None if none is known.
        first_success_at_s: First success after; None while it lasts.
        last_failed_at_s: Completion of the last failed call.
        latency_before: Answers in the hour before the first failure.
        latency_since: Calls of the outage.
        failed_examples: The first failed call of each of the first orders;
            those with a request id before those without.
        sample_call: The call to show to Amazon; None if none has failed.
        sample: Its exchange; None if none was kept.
        first_activation: First failed call that names a physical card.
        clock_offset_s: Our clock minus the answers' `Date`, median; None if no
            sampled answer had one.
        clock_answers: From how many answers that is.
        unsigned: Headers of the sample that its signature does not cover;
            None if unknown.
        others: Other accounts and endpoints, by name; test calls included.
        probes: The guard's own harmless test calls to this scope.
        first_calls: The earliest calls of the scope since the first failure,
            test calls and those after recovery included.
        last_calls: The latest.
        omitted_calls: How many are left out between them.
        tried_ways: What trying our own way came to, last, from each machine.
    """

    calls: int
    failed: int
    succeeded: int
    failed_orders: int
    orders_truncated: bool
    undelivered_orders: int
    undelivered: Mapping[str, Decimal]
    currencies: tuple[str, ...]
    operations: tuple[str, ...]
    sources: int
    outcomes: Mapping[Outcome, int]
    errors: tuple[ErrorCount, ...]
    last_success_at_s: float | None
    first_success_at_s: float | None
    last_failed_at_s: float | None
    latency_before: Latency | None
    latency_since: Latency | None
    failed_examples: tuple[Call, ...]
    sample_call: Call | None
    sample: Sample | None
    first_activation: Call | None
    clock_offset_s: float | None
    clock_answers: int
    unsigned: UnsignedHeaders | None
    others: tuple[Traffic, ...]
    probes: Traffic
    first_calls: tuple[Call, ...]
    last_calls: tuple[Call, ...]
    omitted_calls: int
    tried_ways: tuple[TriedWay, ...] = ()


class DossierBuilder:
    """Folds calls and samples into a dossier; build anew for each revision.

    `dossier` may be asked at any time, also between two calls.
    """

    def __init__(self, incident: Incident) -> None:
        self._incident = incident
        self._begun = False
        self._last_success_at_s: float | None = None
        self._before = LatencyTally()
        self._since = LatencyTally()
        self._outcomes: Counter[Outcome] = Counter()
        self._errors = ErrorTally()
        self._orders = OrderTally()
        self._failed = FailedCalls()
        self._samples = SampleChoice()
        self._tries = LastTries()
        self._others: dict[Scope, Counter[str]] = {}
        self._probes: Counter[str] = Counter()
        self._kept = _KeptCalls()

    def add_call(self, call: Call) -> None:
        """Fold the next call in; whichever scope it is of."""
        if call.scope != self._incident.scope:
            self._add_other(call)
        elif not self._has_begun(call):
            self._add_before(call)
        elif self._is_after(call):
            self._add_after(call)
        elif call.probe:
            self._probes[_class_of(call)] += 1
            self._kept.add(call)
        else:
            self._add_since(call)

    def add_sample(self, sample: Sample) -> None:
        """Fold the next sample in; about in order with its call."""
        self._samples.add_sample(sample)

    def add_tried_way(self, tried: TriedWay) -> None:
        """Take in an attempt at our own way; those of other endpoints are passed over.

        After the outage has ended none is made.
        """
        incident = self._incident
        in_time = tried.at_s >= incident.first_failed_at_s and (
            incident.resolved_at_s is None or tried.at_s < incident.resolved_at_s
        )
        if in_time and tried.route.endpoint == str(incident.scope.endpoint):
            self._tries.add(tried)

    def dossier(self) -> Dossier:
        """Return what was gathered so far."""
        chosen = self._samples.chosen
        call, sample = chosen or (self._failed.best, None)
        offsets = self._samples.offsets_s
        return Dossier(
            calls=self._outcomes.total(),
            failed=sum(self._outcomes[outcome] for outcome in TECHNICAL_FAILURES),
            succeeded=self._outcomes[Outcome.SUCCESS],
            failed_orders=self._orders.failed,
            orders_truncated=self._orders.truncated,
            undelivered_orders=self._orders.undelivered,
            undelivered=_owed(self._orders),
            currencies=tuple(sorted(self._failed.currencies)),
            operations=tuple(name for name, _ in self._failed.operations.most_common()),
            sources=len(self._failed.sources),
            outcomes=MappingProxyType(dict(sorted(self._outcomes.items()))),
            errors=self._errors.counts(self._orders.per_error()),
            last_success_at_s=self._incident.last_success_at_s
            or self._last_success_at_s,
            first_success_at_s=self._incident.first_success_at_s,
            last_failed_at_s=self._failed.last_at_s,
            latency_before=self._before.latency(),
            latency_since=self._since.latency(),
            failed_examples=self._failed.examples,
            sample_call=call,
            sample=sample,
            first_activation=self._failed.first_activation,
            clock_offset_s=statistics.median(offsets) if offsets else None,
            clock_answers=len(offsets),
            unsigned=unsigned_headers(sample.request) if sample else None,
            others=tuple(
                _traffic(scope, counts)
                for scope, counts in sorted(self._others.items(), key=_name)
            ),
            probes=_traffic(self._incident.scope, self._probes),
            first_calls=tuple(self._kept.first),
            last_calls=tuple(self._kept.last),
            omitted_calls=self._kept.omitted,
            tried_ways=self._tries.all,
        )

    def _has_begun(self, call: Call) -> bool:
        incident = self._incident
        self._begun = (
            self._begun
            or call.call_id == incident.first_call_id
            or call.ended_at_s > incident.first_failed_at_s + _SAME_S
        )
        return self._begun

    def _is_after(self, call: Call) -> bool:
        first_success_at_s = self._incident.first_success_at_s
        return (
            first_success_at_s is not None
            and call.ended_at_s >= first_success_at_s - _SAME_S
        )

    def _add_other(self, call: Call) -> None:
        incident = self._incident
        in_time = call.ended_at_s >= incident.first_failed_at_s
        known = call.scope in self._others or len(self._others) < _MOST_SCOPES
        if in_time and known and not self._is_after(call):
            self._others.setdefault(call.scope, Counter())[_class_of(call)] += 1

    def _add_before(self, call: Call) -> None:
        if call.probe:
            return
        if call.outcome is Outcome.SUCCESS:
            self._last_success_at_s = call.ended_at_s
        if call.ended_at_s >= self._incident.first_failed_at_s - LATENCY_BEFORE_S:
            self._before.add(call.duration_s)

    def _add_after(self, call: Call) -> None:
        if call.outcome is Outcome.SUCCESS and not call.probe:
            self._orders.add_success(call)
        self._kept.add(call)

    def _add_since(self, call: Call) -> None:
        technical = call.outcome in TECHNICAL_FAILURES
        self._kept.add(call)
        self._outcomes[call.outcome] += 1
        if call.outcome is Outcome.ABANDONED:
            return
        self._since.add(call.duration_s)
        if call.outcome is Outcome.SUCCESS:
            self._orders.add_success(call)
        else:
            error = self._errors.add(call, technical=technical)
            self._orders.add_unsuccessful(call, error=error, technical=technical)
        if technical:
            self._failed.add(call)
            self._samples.add_call(call)


class _KeptCalls:
    """The first and the last calls."""

    def __init__(self) -> None:
        self.first: list[Call] = []
        self.last: deque[Call] = deque(maxlen=CALLS_AT_EACH_END)
        self.omitted = 0

    def add(self, call: Call) -> None:
        if len(self.first) < CALLS_AT_EACH_END:
            self.first.append(call)
            return
        self.omitted += len(self.last) == CALLS_AT_EACH_END
        self.last.append(call)


def _class_of(call: Call) -> str:
    if call.outcome is Outcome.SUCCESS:
        return "succeeded"
    return "failed" if call.outcome in TECHNICAL_FAILURES else "other"


def _owed(orders: OrderTally) -> Mapping[str, Decimal]:
    owed = {currency: value for currency, value in orders.values.items() if value}
    return MappingProxyType(dict(sorted(owed.items())))


def _name(item: tuple[Scope, object]) -> str:
    return str(item[0])


def _traffic(scope: Scope, counts: Counter[str]) -> Traffic:
    return Traffic(
        scope=scope,
        calls=counts.total(),
        succeeded=counts["succeeded"],
        failed=counts["failed"],
    )
