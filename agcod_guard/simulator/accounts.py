"""What the simulator remembers of one account at one endpoint.

Plain state, nothing is ever forgotten; the service holds a lock around it.
Claim codes are fake: each group is one character repeated.
"""

from __future__ import annotations

import string
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from agcod_guard.call import Endpoint
from agcod_guard.simulator.refusals import refused

_MARKS = string.ascii_uppercase + string.digits
ACTIVITY_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency."""

    amount: Decimal
    currency: str

    def fields(self) -> dict[str, Any]:
        """Return the wire object; AGCOD's amounts are floats, even in yen."""
        return {"currencyCode": self.currency, "amount": float(self.amount)}


@dataclass(slots=True, kw_only=True)
class Card:
    """A digital gift card."""

    value: Money
    gc_id: str
    claim_code: str
    created_at_s: float
    expires: str | None
    cancelled: bool = False


@dataclass(slots=True, kw_only=True)
class Activation:
    """A physical card put into use; `active` until it is taken back."""

    value: Money
    serial: str
    active: bool = True


@dataclass(slots=True, kw_only=True)
class Load:
    """An amount put on a customer's balance; `standing` until it is voided."""

    value: Money
    standing: bool = True


@dataclass(frozen=True, slots=True)
class Activity:
    """One line of the activity page, with the time it can be asked for by."""

    at_s: float
    real: bool
    fields: Mapping[str, Any]


@dataclass(slots=True, kw_only=True)
class Account:
    """One partner at one endpoint.

    Attributes:
        partner_id: Whose it is.
        endpoint: Where it is.
        opening_funds: What each currency's balance starts with.
        currency: Currency of the last order; what the funds are told in.
        cards: Digital cards by creationRequestId.
        activations: Physical cards by activationRequestId.
        serials_in_use: Serials of the physical cards that are active.
        loads: Balance loads by loadBalanceRequestId.
        activity: The newest orders, oldest first.
    """

    partner_id: str
    endpoint: Endpoint
    opening_funds: Decimal
    currency: str
    cards: dict[str, Card] = field(default_factory=dict)
    activations: dict[str, Activation] = field(default_factory=dict)
    serials_in_use: set[str] = field(default_factory=set)
    loads: dict[str, Load] = field(default_factory=dict)
    activity: deque[Activity] = field(
        default_factory=lambda: deque(maxlen=ACTIVITY_LIMIT)
    )
    _balances: dict[str, Decimal] = field(default_factory=dict)

    @property
    def funds(self) -> Money:
        """What is left in the currency of the last order."""
        return Money(self._balance(self.currency), self.currency)

    def spend(self, value: Money) -> None:
        """Take `value` off the funds.

        Raises:
            Refused: There is not enough left (F300 InsufficientFunds).
        """
        left = self._balance(value.currency) - value.amount
        if left < 0:
            raise refused("InsufficientFunds")
        self._balances[value.currency] = left
        self.currency = value.currency

    def give_back(self, value: Money) -> None:
        """Put `value` back on the funds."""
        self._balances[value.currency] = self._balance(value.currency) + value.amount

    def next_gc_id(self) -> str:
        """Return 14 characters that no card of this account has."""
        return f"FAKE{len(self.cards) + 1:010d}"

    def next_claim_code(self) -> str:
        """Return a fake code in 4-6-4 shape, varied from card to card."""
        number, third = divmod(len(self.cards), len(_MARKS))
        first, second = divmod(number, len(_MARKS))
        marks = (_MARKS[first % len(_MARKS)], _MARKS[second], _MARKS[third])
        return "-".join(mark * n for mark, n in zip(marks, (4, 6, 4), strict=True))

    def _balance(self, currency: str) -> Decimal:
        return self._balances.get(currency, self.opening_funds)
