"""Read what the body of a request asks for.

Pure, never raises. The usual JSON request is read by one typed decoding;
everything else goes the tolerant way through `trees`.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

import msgspec

from agcod_guard.protocol.bodies import LONGEST_PARSED, body_text
from agcod_guard.protocol.operations import OPERATIONS, REQUEST_ID_FIELDS
from agcod_guard.protocol.trees import tree_of
from agcod_guard.protocol.untrusted import text_of


class Asked(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one request asks for; texts are as they came, not yet redacted.

    Attributes:
        partner_id: The account.
        request_id: The caller's own id; None where the operation has none.
        amount: Face value.
        currency: Its currency.
        card_number: Number of a physical card, with its checksum.
    """

    partner_id: str | None = None
    request_id: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    card_number: str | None = None


class _Money(msgspec.Struct, gc=False, rename="camel"):
    currency_code: str | None = None
    amount: Decimal | None = None
    value: Decimal | None = None


class _Usual(msgspec.Struct, gc=False, rename="camel"):
    """The fields of a request as nearly every client writes them."""

    partner_id: str | None = None
    load_balance_request_id: str | None = None
    creation_request_id: str | None = None
    activation_request_id: str | None = None
    status_check_request_id: str | None = None
    request_id: str | None = None
    value: _Money | None = None
    amount: _Money | None = None
    card_number: str | None = None


_USUAL = msgspec.json.Decoder(_Usual)
_ATTRIBUTES = dict(
    zip(_Usual.__struct_encode_fields__, _Usual.__struct_fields__, strict=True)
)
_ID_ATTRIBUTES = {
    operation.name: tuple(_ATTRIBUTES[name] for name in operation.request_id_fields)
    for operation in OPERATIONS.values()
}
_ANY_ID = tuple(_ATTRIBUTES[name] for name in REQUEST_ID_FIELDS)
_NO_MONEY = _Money()

_SERIAL_DIGITS = 16
_CARD_DIGITS = (16, 19)
_LONGEST_AMOUNT = 32
_LARGEST_EXPONENT = 18


def asked_by(body: object, operation: str, content_encoding: str = "") -> Asked:
    """Return what the body of a request asks for; nothing if it cannot be read.

    Args:
        body: Bytes or text; anything else asks for nothing that we can see.
        operation: Decides which field is the caller's request id.
        content_encoding: Value of the Content-Encoding header, or empty.
    """
    usual = _usual_in(body)
    if usual is None or usual.partner_id is None:
        return _asked_in_tree(body, operation, content_encoding)
    money = usual.value or usual.amount or _NO_MONEY
    return Asked(
        partner_id=usual.partner_id,
        request_id=_first_id(usual, operation),
        amount=_sane(money.value if money.amount is None else money.amount),
        currency=money.currency_code,
        card_number=usual.card_number,
    )


def serial_of(card_number: str | None) -> str | None:
    """Return the 16-digit serial of a card number; None if it is no card number.

    A card number is the serial, with or without a checksum of three digits,
    which is never kept.
    """
    digits = (card_number or "")[:64].replace(" ", "").replace("-", "")
    if len(digits) in _CARD_DIGITS and digits.isascii() and digits.isdigit():
        return digits[:_SERIAL_DIGITS]
    return None


def _usual_in(body: object) -> _Usual | None:
    if not isinstance(body, bytes | str) or len(body) >= LONGEST_PARSED:
        return None
    try:
        return _USUAL.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return None


def _first_id(usual: _Usual, operation: str) -> str | None:
    for attribute in _ID_ATTRIBUTES.get(operation, _ANY_ID):
        request_id: str | None = getattr(usual, attribute)
        if request_id is not None:
            return request_id
    return None


def _asked_in_tree(body: object, operation: str, content_encoding: str) -> Asked:
    fields = tree_of(body_text(body, content_encoding)).fields
    known = OPERATIONS.get(operation)
    names = REQUEST_ID_FIELDS if known is None else known.request_id_fields
    request_ids = (text_of(fields.get(name)) for name in names)
    amount, currency = _money_in(fields)
    return Asked(
        partner_id=text_of(fields.get("partnerId")),
        request_id=next(filter(None, request_ids), None),
        amount=amount,
        currency=currency,
        card_number=text_of(fields.get("cardNumber")),
    )


def _money_in(fields: Mapping[str, object]) -> tuple[Decimal | None, str | None]:
    """Return amount and currency of `value{amount}` or `amount{value}`."""
    for name, amount_name in (("value", "amount"), ("amount", "value")):
        money = fields.get(name)
        if isinstance(money, dict):
            amount = _decimal_of(money.get(amount_name))
            return amount, text_of(money.get("currencyCode"))
    return _decimal_of(fields.get("amount")), text_of(fields.get("currencyCode"))


def _decimal_of(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        return _sane(Decimal(str(value)[: _LONGEST_AMOUNT + 1].strip()))
    except (InvalidOperation, ValueError):
        return None


def _sane(amount: Decimal | None) -> Decimal | None:
    """Return `amount` if it could be money: finite, and of a size to write down."""
    if amount is None or not amount.is_finite() or len(str(amount)) > _LONGEST_AMOUNT:
        return None
    return amount if abs(amount.adjusted()) <= _LARGEST_EXPONENT else None
