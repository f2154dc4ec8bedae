"""Make a Call of one exchange: bytes, headers or an exception in, facts out.

Pure. Nothing here raises, whatever the input; what goes wrong all the same is
told to `errors.swallowed` and the Call says less. Time and memory are bounded,
for the partner's thread waits. Everything that comes from outside passes
`untrusted` before it enters a Call.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from agcod_guard.call import Call, Endpoint
from agcod_guard.protocol.answer_reading import AnswerFacts, read_answer
from agcod_guard.protocol.request_reading import RequestFacts, read_request
from agcod_guard.protocol.transport import exception_outcome

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
_LONGEST_S = 1e12


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
