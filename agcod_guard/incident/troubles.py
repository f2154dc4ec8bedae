"""Gather what is wrong with an account, one entry per error and day. Pure.

Funds, contract and permission are a matter for people: Amazon's operations team
of the country answers within a business day, and asks for the facts that stand
here. Days are those of GMT.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from agcod_guard.call import UNKNOWN_ACCOUNT, Call, Outcome
from agcod_guard.protocol.failures import is_mock_id

MOST_A_DAY = 200
"""Troubles told apart on one day; error types are Amazon's and may be new."""

EXAMPLES = 5
"""Request ids that are kept of a trouble."""

_CURRENCIES = 5


class TroubleKey(NamedTuple):
    """What names one trouble."""

    day: str
    account: str
    endpoint: str
    error: str


class AccountTrouble(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One error of an account on one day. Times are seconds since the epoch.

    Attributes:
        day: `2026-11-22`, in GMT.
        account: Partner id.
        endpoint: Short name of the endpoint.
        error_code: `F300`; empty when the answer had none.
        error_type: `InsufficientFunds`; empty when the answer had none.
        message: What the first answer said, redacted; empty for nothing.
        operation: Of the first such call.
        first_at_s: End of the first such call.
        last_at_s: End of the last.
        calls: How many there were.
        request_ids: The first five different ones.
        currencies: Currencies asked for; at most five.
    """

    day: str
    account: str
    endpoint: str
    error_code: str
    error_type: str
    operation: str
    first_at_s: float
    last_at_s: float
    calls: int
    message: str = ""
    request_ids: tuple[str, ...] = ()
    currencies: tuple[str, ...] = ()

    @property
    def error(self) -> str:
        """The error in Amazon's wording, `F300 InsufficientFunds`."""
        return " ".join(filter(None, (self.error_code, self.error_type)))

    @property
    def key(self) -> TroubleKey:
        """What names it."""
        return TroubleKey(self.day, self.account, self.endpoint, self.error)


class TroubleBook:
    """The troubles of the newest day, from the calls of all machines in order."""

    def __init__(self, troubles: Iterable[AccountTrouble] = ()) -> None:
        known = list(troubles)
        self._day = max((each.day for each in known), default="")
        self._known = {each.key: each for each in known if each.day == self._day}
        self._changed: dict[TroubleKey, AccountTrouble] = {}

    def follow(self, call: Call) -> None:
        """Take in the next call."""
        if call.outcome is not Outcome.ACCOUNT or is_mock_id(call.request_id):
            return
        fresh = _trouble(call)
        if fresh.day < self._day:
            return  # that day is closed: what was kept of it must not begin anew
        if fresh.day > self._day:
            self._day, self._known = fresh.day, {}
        known = self._known.get(fresh.key)
        if known is None and len(self._known) >= MOST_A_DAY:
            return
        trouble = fresh if known is None else _joined(known, fresh)
        self._known[fresh.key] = self._changed[fresh.key] = trouble

    def today(self) -> list[AccountTrouble]:
        """Return the troubles of the newest day, the oldest first."""
        return sorted(self._known.values(), key=lambda each: each.first_at_s)

    def changed(self) -> list[AccountTrouble]:
        """Return what has changed since `forget_changed`."""
        return list(self._changed.values())

    def forget_changed(self) -> None:
        """Note that what has changed is kept elsewhere now."""
        self._changed.clear()


def _trouble(call: Call) -> AccountTrouble:
    return AccountTrouble(
        day=f"{datetime.fromtimestamp(call.ended_at_s, UTC):%Y-%m-%d}",
        account=call.partner_id or UNKNOWN_ACCOUNT,
        endpoint=str(call.endpoint),
        error_code=call.error_code or "",
        error_type=call.error_type or "",
        operation=call.operation,
        first_at_s=call.ended_at_s,
        last_at_s=call.ended_at_s,
        calls=1,
        message=call.message or "",
        request_ids=(call.request_id,) if call.request_id else (),
        currencies=(call.currency,) if call.currency else (),
    )


def _joined(known: AccountTrouble, fresh: AccountTrouble) -> AccountTrouble:
    return replace(
        known,
        first_at_s=min(known.first_at_s, fresh.first_at_s),
        last_at_s=max(known.last_at_s, fresh.last_at_s),
        calls=known.calls + 1,
        request_ids=_with(known.request_ids, fresh.request_ids, most=EXAMPLES),
        currencies=_with(known.currencies, fresh.currencies, most=_CURRENCIES),
    )


def _with(
    known: tuple[str, ...], more: tuple[str, ...], *, most: int
) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*known, *more)))[:most]
