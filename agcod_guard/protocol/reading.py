"""Make a Call of one exchange: bytes, headers or an exception in, facts out.

Pure. Nothing here raises, whatever the input; what goes wrong all the same is
told to `errors.swallowed` and the Call says less. Time and memory are bounded,
for the partner's thread waits. Everything that comes from outside passes
`untrusted` before it enters a Call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

import msgspec

from agcod_guard.call import UNKNOWN_ENDPOINT, Call, Endpoint, Outcome
from agcod_guard.errors import swallowed
from agcod_guard.protocol.answer_body import Said, said_by, short_type
from agcod_guard.protocol.bodies import Form
from agcod_guard.protocol.endpoints import endpoint_of, split_url
from agcod_guard.protocol.failures import code_of, known_type
from agcod_guard.protocol.headers import headers_named
from agcod_guard.protocol.judging import answer_outcome
from agcod_guard.protocol.operations import (
    OPERATIONS,
    UNKNOWN_OPERATION,
    operation_of,
)
from agcod_guard.protocol.request_body import asked_by, serial_of
from agcod_guard.protocol.transport import (
    exception_name,
    exception_outcome,
    exception_text,
    hands_over_answer,
)
from agcod_guard.protocol.untrusted import (
    LONGEST_NAME,
    name_of,
    redacted,
    text_of,
)

__all__ = [
    "AnswerFacts",
    "RequestFacts",
    "call_from",
    "exception_outcome",
    "read_answer",
    "read_exchange",
    "read_request",
]

_NO_HOSTS: Mapping[str, Endpoint] = MappingProxyType({})
_REQUEST_HEADERS = frozenset({"x-amz-target", "content-encoding"})
_REQUEST_ID_HEADERS = ("x-amzn-requestid", "x-amzn-request-id", "x-amz-request-id")
_TYPE_HEADER = "x-amzn-errortype"
_LONGEST_S = 1e12
_ANSWER_HEADERS = frozenset({*_REQUEST_ID_HEADERS, _TYPE_HEADER, "content-encoding"})


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


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFacts:
    """What may be kept of an answer, or of the exception that came instead.

    Attributes:
        outcome: What it proves.
        error_code: F-code; None when it carries none.
        error_type: Amazon's name of the error.
        message: What answer or exception said, redacted, at most 300 characters.
        status: HTTP status; None when no answer came.
        amzn_request_id: Amazon's own id of the exchange.
        marked: It carries Amazon's marks: an F-code body, Amazon's id, or a
            coral `__type`.
        exception: Class name of the exception that the caller saw.
    """

    outcome: Outcome
    error_code: str | None = None
    error_type: str | None = None
    message: str | None = None
    status: int | None = None
    amzn_request_id: str | None = None
    marked: bool = False
    exception: str | None = None


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
        found = headers_named(headers, _REQUEST_HEADERS)
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


def read_answer(
    *,
    operation: str,
    status: object,
    response_headers: object,
    response_body: object,
    error: object,
) -> AnswerFacts:
    """Return what an answer, or the exception in its place, proves. Never raises.

    An exception of the transport decides even where an answer had begun; any
    other exception gives way to an answer that was read.

    Args:
        operation: As `read_request` gave it.
        status: HTTP status; None when no answer came.
        response_headers: Mapping or pairs, text or bytes; or None.
        response_body: Bytes or text, at most the first 64 kB needed; None when
            it was not seen.
        error: The exception that the caller saw; None when there was none.
    """
    try:
        return _read_answer(operation, status, response_headers, response_body, error)
    except Exception as problem:
        swallowed("read_answer", problem)
        return AnswerFacts(outcome=Outcome.ABANDONED)


def _read_answer(
    operation: str, status: object, headers: object, body: object, error: object
) -> AnswerFacts:
    found = headers_named(headers, _ANSWER_HEADERS)
    in_body = said_by(body, found.get("content-encoding", ""))
    said = _with_header(in_body, found.get(_TYPE_HEADER))
    answered = _status_of(status)
    amzn_request_id = next((found[n] for n in _REQUEST_ID_HEADERS if n in found), None)
    words = said.message or (exception_text(error) if error is not None else None)
    return AnswerFacts(
        outcome=_outcome(said, answered, operation, error),
        error_code=said.error_code,
        error_type=_safe_type(said.error_type),
        message=redacted(words) if words else None,
        status=answered,
        amzn_request_id=name_of(amzn_request_id),
        marked=bool(amzn_request_id or in_body.error_code or in_body.coral),
        exception=name_of(exception_name(error)) if error is not None else None,
    )


def _with_header(said: Said, error_header: str | None) -> Said:
    """Return `said` with what the error header adds; the body goes first."""
    if error_header is None:
        return said
    code = code_of(error_header)
    name = None if code else short_type(error_header)
    return msgspec.structs.replace(
        said,
        error_code=said.error_code or code,
        error_type=said.error_type or name,
    )


def _outcome(said: Said, status: int | None, operation: str, error: object) -> Outcome:
    if error is None or (status is not None and hands_over_answer(error)):
        return answer_outcome(said, status, operation)
    outcome = exception_outcome(error)
    if outcome is Outcome.ABANDONED and status is not None and _was_read(said, error):
        return answer_outcome(said, status, operation)
    return outcome


def _was_read(said: Said, error: object) -> bool:
    """Tell whether the caller's own exception came after it had the answer.

    An interrupt may come in the middle of a body, a failed parse only after it.
    """
    return said.whole or (isinstance(error, Exception) and said.form is not Form.UNSEEN)


def _status_of(status: object) -> int | None:
    if type(status) is int and 100 <= status <= 999:
        return status
    text = text_of(status) or ""
    if len(text) == 3 and text.isascii() and text.isdigit():
        return int(text)
    return None


def _safe_type(error_type: str | None) -> str | None:
    name = error_type.strip() if error_type else None
    if name and len(name) <= LONGEST_NAME and known_type(name):
        return name
    return name_of(name)


def call_from(  # noqa: PLR0913  # the recorder's own facts, one by one
    request: RequestFacts,
    answer: AnswerFacts,
    *,
    started_at_s: float,
    duration_s: float,
    call_id: str = "",
    attempts: int = 1,
    source: str = "",
    probe: bool = False,
) -> Call:
    """Return the Call of a request and what came of it.

    Args:
        request: From `read_request`.
        answer: From `read_answer`.
        started_at_s: Wall-clock start, seconds since the Unix epoch.
        duration_s: Monotonic time to the end of the answer, seconds.
        call_id: As in `Call`.
        attempts: As in `Call`.
        source: As in `Call`.
        probe: As in `Call`.
    """
    return Call(
        endpoint=request.endpoint,
        operation=request.operation,
        partner_id=request.partner_id,
        request_id=request.request_id,
        amount=request.amount,
        currency=request.currency,
        card_serial=request.card_serial,
        outcome=answer.outcome,
        error_code=answer.error_code,
        error_type=answer.error_type,
        message=answer.message,
        status=answer.status,
        amzn_request_id=answer.amzn_request_id,
        marked=answer.marked,
        exception=answer.exception,
        started_at_s=_seconds(started_at_s),
        duration_s=_seconds(duration_s),
        call_id=call_id,
        attempts=attempts,
        source=source,
        probe=probe,
    )


def _seconds(value: object) -> float:
    if isinstance(value, int | float) and abs(value) < _LONGEST_S:
        return float(value)
    return 0.0


def read_exchange(  # noqa: PLR0913  # the public contract, keyword by keyword
    *,
    method: object,
    url: object,
    request_headers: object,
    request_body: object,
    status: object,
    response_headers: object,
    response_body: object,
    error: object,
    started_at_s: float,
    duration_s: float,
    hosts: Mapping[str, Endpoint] = _NO_HOSTS,
) -> Call:
    """Return the Call of one exchange. Never raises.

    Arguments are those of `read_request` and `read_answer`; `started_at_s` is
    wall-clock seconds since the Unix epoch, `duration_s` monotonic seconds.
    Account, source, call id, attempts and probe are the recorder's to fill.
    """
    request = read_request(
        method=method,
        url=url,
        request_headers=request_headers,
        request_body=request_body,
        hosts=hosts,
    )
    answer = read_answer(
        operation=request.operation,
        status=status,
        response_headers=response_headers,
        response_body=response_body,
        error=error,
    )
    return call_from(request, answer, started_at_s=started_at_s, duration_s=duration_s)
