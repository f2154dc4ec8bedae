"""Count the calls of an outage as they stream by, in bounded memory.

Every count is exact but two: times to answer are known within 1 %, and orders
are told apart up to `MOST_ORDERS` of them; what is beyond is said to be so.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from agcod_guard.call import Call
from agcod_guard.incident.layout import is_plausible

MOST_ORDERS = 50_000
"""Orders that are told apart; AGCOD takes 10 calls a second of an account."""

MOST_ERRORS = 40
"""Different errors that are counted apart; the rest are `other errors`."""

_STEP = math.log(1.01)
_SHORTEST_S = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """How long answers took, in seconds; percentiles within 1 %."""

    calls: int
    p50_s: float
    p95_s: float
    max_s: float


class LatencyTally:
    """Times to answer, in buckets 1 % wide."""

    def __init__(self) -> None:
        self._buckets: Counter[int] = Counter()
        self._max_s = 0.0

    def add(self, duration_s: float) -> None:
        """Count one call that took so long."""
        bucket = math.ceil(math.log(max(duration_s, _SHORTEST_S)) / _STEP)
        self._buckets[bucket] += 1
        self._max_s = max(self._max_s, duration_s)

    def latency(self) -> Latency | None:
        """Return what was counted; None if nothing was."""
        calls = self._buckets.total()
        if not calls:
            return None
        return Latency(
            calls=calls,
            p50_s=self._percentile(0.50 * calls),
            p95_s=self._percentile(0.95 * calls),
            max_s=self._max_s,
        )

    def _percentile(self, rank: float) -> float:
        seen = 0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= rank:
                break
        return min(math.exp(bucket * _STEP), self._max_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorCount:
    """One error of the outage and how often it came.

    Attributes:
        error: In Amazon's wording, without durations: `F500 GeneralError`,
            `HTTP 503`, `no response: ReadTimeout`.
        calls: Calls that ended in it.
        orders: Different orders among them.
        first_at_s: Completion of the first, seconds since the epoch.
        last_at_s: Completion of the last.
        technical: It counts towards the outage; else it is a refusal.
    """

    error: str
    calls: int
    orders: int
    first_at_s: float
    last_at_s: float
    technical: bool


class ErrorTally:
    """Calls per error."""

    def __init__(self) -> None:
        self._errors: dict[tuple[str, bool], _ErrorRow] = {}

    def add(self, call: Call, *, technical: bool) -> int:
        """Count a call that did not succeed; return its error's number."""
        key = (kind_of_error(call), technical)
        if key not in self._errors and len(self._errors) >= MOST_ERRORS:
            key = ("other errors", technical)
        row = self._errors.setdefault(
            key, _ErrorRow(len(self._errors), call.ended_at_s)
        )
        row.calls += 1
        row.last_at_s = max(row.last_at_s, call.ended_at_s)
        return row.number

    def counts(self, orders: Counter[int]) -> tuple[ErrorCount, ...]:
        """Return the errors, technical ones first, then the most frequent.

        Args:
            orders: Different orders per error number.
        """
        rows = sorted(
            self._errors.items(), key=lambda item: (not item[0][1], -item[1].calls)
        )
        return tuple(
            ErrorCount(
                error=error,
                calls=row.calls,
                orders=orders[row.number],
                first_at_s=row.first_at_s,
                last_at_s=row.last_at_s,
                technical=technical,
            )
            for (error, technical), row in rows
        )


def kind_of_error(call: Call) -> str:
    """Return the call's error without what differs from call to call."""
    if call.status is None and not (call.error_code or call.error_type):
        return f"no response: {call.exception or 'the call has not ended'}"
    return call.error or call.outcome.value


@dataclass(slots=True)
class _ErrorRow:
    number: int
    first_at_s: float
    calls: int = 0
    last_at_s: float = 0.0


@dataclass(slots=True)
class _Order:
    """What is remembered of one order that did not succeed."""

    errors: int = 0
    failed: bool = False
    face: tuple[str, Decimal] | None = None
    delivered: bool = False


@dataclass(slots=True)
class OrderTally:
    """Different orders that failed, and the face value that was not delivered.

    Attributes:
        failed: Different orders that failed for technical reasons.
        truncated: There were more orders than are told apart.
        undelivered: Those of `failed` that were to deliver money and have not.
        values: Their face value per currency.
    """

    failed: int = 0
    truncated: bool = False
    undelivered: int = 0
    values: dict[str, Decimal] = field(default_factory=dict)
    _orders: dict[int, _Order] = field(default_factory=dict)
    _faces: dict[tuple[str, Decimal], tuple[str, Decimal]] = field(default_factory=dict)
    _nameless: Counter[int] = field(default_factory=Counter)

    def add_unsuccessful(self, call: Call, *, error: int, technical: bool) -> None:
        """Count a call with that error number towards its order."""
        if call.request_id is None:
            # No id, no retry to recognise: each call is an order of its own.
            self._nameless[error] += 1
            self.failed += technical
            return
        order = self._order(call.request_id)
        if order is None:
            self.truncated = True
            return
        order.errors |= 1 << error
        if technical:
            self._fail(order, self._face(call))

    def add_success(self, call: Call) -> None:
        """Take an order off the undelivered ones, if it is one of them."""
        if call.request_id is None or call.amount is None:
            return
        order = self._orders.get(hash(call.request_id))
        if order and not order.delivered:
            order.delivered = True
            self._owe(order.face, -1)

    def per_error(self) -> Counter[int]:
        """Return how many different orders met each error number."""
        orders = Counter(self._nameless)
        for order in self._orders.values():
            for error in range(order.errors.bit_length()):
                orders[error] += order.errors >> error & 1
        return orders

    def _order(self, request_id: str) -> _Order | None:
        # The hash alone stands for the id: a quarter of the memory.
        key = hash(request_id)
        if key not in self._orders:
            if len(self._orders) >= MOST_ORDERS:
                return None
            self._orders[key] = _Order()
        return self._orders[key]

    def _fail(self, order: _Order, face: tuple[str, Decimal] | None) -> None:
        self.failed += not order.failed
        order.failed = True
        if order.face is None and not order.delivered:
            order.face = face
            self._owe(face, 1)

    def _face(self, call: Call) -> tuple[str, Decimal] | None:
        if call.amount is None or not is_plausible(call.amount):
            return None
        face = (call.currency or "", call.amount)
        return self._faces.setdefault(face, face)

    def _owe(self, face: tuple[str, Decimal] | None, orders: int) -> None:
        if face is None:
            return
        currency, amount = face
        self.undelivered += orders
        self.values[currency] = self.values.get(currency, Decimal()) + amount * orders
