"""Know the orders of which nobody knows the outcome: was the card bought? Pure.

A call that changes something and gets no readable answer may have been carried
out. It stays in doubt until an answer for the same request id tells: a success,
or a refusal that shows that nothing had been done before. `RESEND` is in doubt as
well, for Amazon asks to cancel such an order when it lasts (fact sheet 2.8). An
answer with another F-code states that the order failed.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from agcod_guard.call import UNKNOWN_ACCOUNT, Call, Outcome
from agcod_guard.protocol.failures import is_mock_id
from agcod_guard.protocol.operations import OPERATIONS, Operation

UNDO_WINDOW_S = 900.0
"""How long after its creation a card can be cancelled; fact sheet 2.2."""

MOST_ORDERS = 100_000
"""Orders in doubt that are told apart: nearly three hours at 10 a second."""

_TELLING = frozenset({Outcome.SUCCESS, Outcome.REJECTED, Outcome.ACCOUNT})
_RESEND = "F4"


class OrderKey(NamedTuple):
    """What names one thing that was asked of Amazon, however often."""

    account: str
    endpoint: str
    operation: str
    request_id: str


class DoubtfulOrder(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One order whose outcome is unknown, or was until it was closed.

    Times are seconds since the Unix epoch.

    Attributes:
        account: Partner id.
        endpoint: Short name of the endpoint.
        operation: What was asked, e.g. `CreateGiftCard`.
        request_id: The partner's own id.
        why: What came instead of an answer, the last time.
        first_at_s: Start of the first attempt in doubt: from then on Amazon may
            have carried it out.
        last_at_s: End of the last attempt.
        attempts: Attempts since the first in doubt.
        amount: Face value asked for; None where there is none.
        currency: ISO 4217 code of `amount`.
        card_serial: 16-digit serial of a physical card; None otherwise.
        unended: Calls of it that have begun and not ended: they hang, or their
            process died.
        closed_at_s: When its outcome became known; None while it is not.
        closed_by: What told it, e.g. `SUCCESS`.
    """

    account: str
    endpoint: str
    operation: str
    request_id: str
    why: str
    first_at_s: float
    last_at_s: float
    attempts: int
    amount: Decimal | None = None
    currency: str | None = None
    card_serial: str | None = None
    unended: tuple[str, ...] = ()
    closed_at_s: float | None = None
    closed_by: str = ""

    @property
    def key(self) -> OrderKey:
        """What names it."""
        return OrderKey(self.account, self.endpoint, self.operation, self.request_id)

    @property
    def undo(self) -> str | None:
        """The operation that takes it back; None where there is none."""
        known = OPERATIONS.get(self.operation)
        return None if known is None else known.undo

    @property
    def undo_until_s(self) -> float | None:
        """Until when Amazon surely takes it back; None where nothing does."""
        return None if self.undo is None else self.first_at_s + UNDO_WINDOW_S


class DoubtBook:
    """The orders in doubt, from the calls of all machines in order.

    Attributes:
        passed_over: Orders in doubt beyond `MOST_ORDERS`, which are not told
            apart.
    """

    def __init__(
        self, orders: Iterable[DoubtfulOrder] = (), *, passed_over: int = 0
    ) -> None:
        self._open = {each.key: each for each in orders if each.closed_at_s is None}
        self._changed: dict[OrderKey, DoubtfulOrder] = {}
        self.passed_over = passed_over

    def follow(self, call: Call, *, has_ended: bool = True) -> None:
        """Take in the next call.

        Args:
            call: As it ended, or as it stands once it is overdue.
            has_ended: False for one that is only overdue, and may end yet.
        """
        known = OPERATIONS.get(call.operation)
        if call.probe or call.request_id is None or is_mock_id(call.request_id):
            return
        if known is not None and known.read_only:
            return
        if call.outcome in _TELLING:
            self._settle(call, known)
        else:
            self._doubt(call, has_ended=has_ended)

    @property
    def has_open(self) -> bool:
        """Whether any order is in doubt."""
        return bool(self._open)

    def open_orders(self) -> list[DoubtfulOrder]:
        """Return the orders in doubt, the oldest first."""
        return sorted(self._open.values(), key=lambda each: each.first_at_s)

    def changed(self) -> list[DoubtfulOrder]:
        """Return what has changed since `forget_changed`, closed ones as well."""
        return list(self._changed.values())

    def forget_changed(self) -> None:
        """Note that what has changed is kept elsewhere now."""
        self._changed.clear()

    def _settle(self, call: Call, known: Operation | None) -> None:
        key = _key_of(call)
        succeeded = call.outcome is Outcome.SUCCESS
        told = None if succeeded else call.error
        self._close(key, call.ended_at_s, told or call.outcome.value)
        if known is not None and succeeded:
            for operation in _undone_by(known.name):
                undone = key._replace(operation=operation)
                self._close(undone, call.ended_at_s, f"{known.name} succeeded")

    def _close(self, key: OrderKey, at_s: float, by: str) -> None:
        order = self._open.pop(key, None)
        if order is not None:
            self._changed[key] = replace(
                order, closed_at_s=at_s, closed_by=by, unended=()
            )

    def _doubt(self, call: Call, *, has_ended: bool) -> None:
        key = _key_of(call)
        order = self._open.get(key)
        if order is None:
            if _is_unknown(call):
                self._open_one(key, call, has_ended=has_ended)
            return
        is_same = call.call_id in order.unended
        unended = tuple(each for each in order.unended if each != call.call_id)
        self._put(
            replace(
                order,
                why=_why(call, has_ended) if _is_unknown(call) else order.why,
                last_at_s=max(order.last_at_s, call.ended_at_s),
                attempts=order.attempts + (0 if is_same else call.attempts),
                unended=unended if has_ended else (*unended, call.call_id),
            )
        )

    def _open_one(self, key: OrderKey, call: Call, *, has_ended: bool) -> None:
        if len(self._open) >= MOST_ORDERS:
            self.passed_over += 1
            return
        self._put(
            DoubtfulOrder(
                **key._asdict(),
                why=_why(call, has_ended),
                first_at_s=call.started_at_s,
                last_at_s=call.ended_at_s,
                attempts=call.attempts,
                amount=call.amount,
                currency=call.currency,
                card_serial=call.card_serial,
                unended=() if has_ended else (call.call_id,),
            )
        )

    def _put(self, order: DoubtfulOrder) -> None:
        self._open[order.key] = self._changed[order.key] = order


def advice(order: DoubtfulOrder, now_s: float) -> str:
    """Return what to do about an order in doubt, in one sentence.

    Source: fact sheet 2.8: Amazon answers a repeat of the same request id with
    what became of the first.
    """
    again = f"send {order.operation} again with the same request id"
    until_s = order.undo_until_s
    if until_s is None:
        return f"{again}: the answer tells what became of it"
    if now_s < until_s:
        return f"{again}; or, if nobody wants it any more, {order.undo} it in time"
    return f"{again}: the answer tells what became of it; too late to {order.undo}"


def _is_unknown(call: Call) -> bool:
    """Whether Amazon may have done what the call asked for."""
    if call.outcome is Outcome.NO_ANSWER:
        return True
    if call.outcome is Outcome.FAULT:
        return call.error_code is None or call.error_code.startswith(_RESEND)
    return call.outcome is Outcome.ABANDONED and call.status is None


def _why(call: Call, has_ended: bool) -> str:
    if not has_ended:
        return "no end recorded: it hangs, or its process died"
    if call.outcome is Outcome.ABANDONED:
        return "the caller gave up before an answer came"
    return call.error or call.outcome.value


def _undone_by(operation: str) -> Iterable[str]:
    return (each.name for each in OPERATIONS.values() if each.undo == operation)


def _key_of(call: Call) -> OrderKey:
    return OrderKey(
        call.partner_id or UNKNOWN_ACCOUNT,
        str(call.endpoint),
        call.operation,
        call.request_id or "",
    )
