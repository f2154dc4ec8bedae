"""Keep of a request what a Call may know: account, order, amount, endpoint.

Pure, never raises, bounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from agcod_guard.call import UNKNOWN_ENDPOINT, Endpoint
from agcod_guard.errors import swallowed
from agcod_guard.protocol.endpoints import endpoint_of, split_url
from agcod_guard.protocol.headers import headers_named
from agcod_guard.protocol.operations import (
    OPERATIONS,
    UNKNOWN_OPERATION,
    operation_of,
)
from agcod_guard.protocol.request_body import asked_by, serial_of
from agcod_guard.protocol.untrusted import name_of, redacted

_NO_HOSTS: Mapping[str, Endpoint] = MappingProxyType({})
_HEADERS = frozenset({"x-amz-target", "content-encoding"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFacts:
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
    try:
        return _read_request(url, request_headers, request_body, hosts)
    except Exception as error:
        swallowed("read_request", error)
        return RequestFacts()


def _read_request(
    url: object, headers: object, body: object, hosts: Mapping[str, Endpoint]
) -> RequestFacts:
    host, path = split_url(url)
    operation = operation_of(path, None)
    encoding = ""
    if operation not in OPERATIONS or _may_be_compressed(body):
        found = headers_named(headers, _HEADERS)
        encoding = found.get("content-encoding", "")
        operation = _safe_operation(path, found.get("x-amz-target"))
    asked = asked_by(body, operation, encoding)
    known = OPERATIONS.get(operation)
    return RequestFacts(
        endpoint=endpoint_of(host, hosts) or UNKNOWN_ENDPOINT,
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
