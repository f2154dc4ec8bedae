"""Keep of a request what a Call may know: account, order, amount, endpoint.

Pure, never raises, bounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

import msgspec

from agcod_guard.call import UNKNOWN_ENDPOINT, Endpoint
from agcod_guard.errors import swallowed
from agcod_guard.protocol.headers import headers_named
from agcod_guard.protocol.operations import (
    OPERATIONS,
    UNKNOWN_OPERATION,
    operation_of,
)
from agcod_guard.protocol.request_body import asked_by, serial_of
from agcod_guard.protocol.targets import Target, target_of
from agcod_guard.protocol.untrusted import name_of, redacted

_NO_HOSTS: Mapping[str, Endpoint] = MappingProxyType({})
_HEADERS = frozenset({"x-amz-target", "content-encoding"})


class RequestFacts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What may be kept of a request.

    Attributes:
        endpoint: The AGCOD it goes to; `UNKNOWN_ENDPOINT` for any other host.
        operation: Operation name; `Unknown` when nothing names one.
        partner_id: The account; None when the request names none.
        request_id: The caller's own id; None for operations that have none.
        amount: Face value asked for; None where there is none.
        currency: ISO 4217 code of `amount`.
        card_serial: 16 digits, of an activation operation; None otherwise.
    """

    endpoint: Endpoint = UNKNOWN_ENDPOINT
    operation: str = UNKNOWN_OPERATION
    partner_id: str | None = None
    request_id: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    card_serial: str | None = None


def read_request(
    *,
    method: object = "POST",
    url: object,
    request_headers: object,
    request_body: object,
    hosts: Mapping[str, Endpoint] = _NO_HOSTS,
) -> RequestFacts:
    """Return what may be kept of a request. Never raises.

    Args:
        method: HTTP method; AGCOD knows only POST, so it decides nothing.
        url: Text, bytes or a client's URL object.
        request_headers: Mapping or pairs, text or bytes; or None.
        request_body: Bytes or text; anything else (a generator, a file) is
            left alone and counts as not seen.
        hosts: Names from the settings, without ports.
    """
    return read_request_to(target_of(url, hosts), request_headers, request_body)


def read_request_to(target: Target, headers: object, body: object) -> RequestFacts:
    """Do as `read_request`, where it is known already what the URL says."""
    try:
        return _read_request(target, headers, body)
    except Exception as error:
        swallowed("read_request", error)
        return RequestFacts(endpoint=target.endpoint)


def _read_request(target: Target, headers: object, body: object) -> RequestFacts:
    known, encoding = target.operation, ""
    operation = "" if known is None else known.name
    if known is None or _may_be_compressed(body):
        found = headers_named(headers, _HEADERS)
        encoding = found.get("content-encoding", "")
        operation = _safe_operation(target.path, found.get("x-amz-target"))
        known = OPERATIONS.get(operation)
    asked = asked_by(body, operation, encoding)
    return RequestFacts(
        endpoint=target.endpoint,
        operation=operation,
        partner_id=name_of(asked.partner_id),
        request_id=name_of(asked.request_id),
        amount=asked.amount,
        currency=name_of(asked.currency),
        card_serial=serial_of(asked.card_number)
        if known and known.takes_card
        else None,
    )


def _may_be_compressed(body: object) -> bool:
    if isinstance(body, bytes):
        return body[:1] not in (b"{", b"<", b"")
    return isinstance(body, bytearray | memoryview)


def _safe_operation(path: str, target: str | None) -> str:
    operation = operation_of(path, target)
    if operation in OPERATIONS:
        return operation
    return redacted(operation) or UNKNOWN_OPERATION
