"""What AGCOD demands of the fields of a request, F200 if it is not met.

Pure. Each function returns the checked value or raises Refused. Only limits
that Amazon's pages name are kept: 40 characters for a request id, 0.15 to
2,000 for digital cards in US dollars, 1,000 rows for an activity page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from agcod_guard.protocol.endpoints import marketplaces_of
from agcod_guard.simulator.accounts import Account, Money
from agcod_guard.simulator.refusals import refused
from agcod_guard.simulator.wire import Request

MAX_ID_LENGTH = 40
MAX_PAGE_SIZE = 1000
SERIAL_LENGTH = 16
_LIMITS = {"USD": (Decimal("0.15"), Decimal(2000))}
_WITHOUT_FRACTIONS = frozenset({"JPY"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One request in the hands of the service, with whose and when it is."""

    request: Request
    account: Account
    now_s: float


def request_id(case: Case, name: str) -> str:
    """Return the caller's request id, which stands in the field `name`."""
    text = case.request.text(name)
    if text is None:
        raise refused("InvalidRequestIdInput")
    if len(text) > MAX_ID_LENGTH:
        raise refused("RequestIdTooLong")
    if not text.startswith(case.account.partner_id):
        raise refused("RequestIdMustStartWithPartnerName")
    return text


def money(case: Case, *, name: str = "value", amount: str = "amount") -> Money:
    """Return the money in the field `name`, its amount under `amount`."""
    value = (case.request.fields or {}).get(name)
    fields: Mapping[str, Any] = value if isinstance(value, Mapping) else {}
    asked = _number(fields.get(amount))
    currency = fields.get("currencyCode")
    if not isinstance(currency, str) or not currency:
        raise refused("InvalidCurrencyCodeInput")
    if not marketplaces_of(currency, case.account.endpoint.region):
        raise refused("CurrencyCodeMismatch")
    if currency in _WITHOUT_FRACTIONS and asked != asked.to_integral_value():
        raise refused("FractionalAmountNotAllowed")
    least, most = _LIMITS.get(currency, (asked, asked))
    if asked < least:
        raise refused("AmountBelowMinThreshold")
    if asked > most:
        raise refused("MaxAmountExceeded")
    return Money(asked, currency)


def serial(case: Case) -> str:
    """Return the 16-digit serial of the card number, its checksum left off."""
    text = case.request.text("cardNumber")
    if text is None or not (text.isascii() and text.isdigit()):
        raise refused("InvalidCardNumberInput")
    if len(text) < SERIAL_LENGTH:
        raise refused("CardNumberTooShort")
    return text[:SERIAL_LENGTH]


def period(case: Case) -> tuple[float, float]:
    """Return the start and end of an activity page, Unix seconds."""
    start_s = _time(case.request.text("utcStartDate"))
    end_s = _time(case.request.text("utcEndDate"))
    if start_s > end_s:
        raise refused("StartDateAfterEndDate")
    return start_s, end_s


def page(case: Case) -> slice:
    """Return which rows are asked for; the index is taken as a row offset."""
    fields = case.request.fields or {}
    index = _count(fields.get("pageIndex", 0), "InvalidPageIndex", least=0)
    size = _count(fields.get("pageSize", MAX_PAGE_SIZE), "InvalidPageSize", least=1)
    if size > MAX_PAGE_SIZE:
        raise refused("MaxPageSizeExceeded")
    return slice(index, index + size)


def _number(value: object) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise refused("InvalidAmountInput") from None
    if not number.is_finite():
        raise refused("InvalidAmountInput")
    if number <= 0:
        raise refused("InvalidAmountValue")
    return number


def _time(text: str | None) -> float:
    try:
        moment = datetime.strptime((text or "").removesuffix("Z"), "%Y-%m-%dT%H:%M:%S")
    except ValueError:
        raise refused("InvalidDateFormat") from None
    return moment.replace(tzinfo=UTC).timestamp()


def _count(value: object, error_type: str, *, least: int) -> int:
    try:
        number = int(str(value))
    except ValueError:
        raise refused(error_type) from None
    if number < least:
        raise refused(error_type)
    return number
