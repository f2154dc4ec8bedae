"""Make a Call of one exchange: bytes, headers or an exception in, facts out.

Pure. Nothing here raises, whatever the input; what goes wrong all the same is
told to `errors.swallowed` and the Call says less. Time and memory are bounded,
for the partner's thread waits. Everything that comes from outside passes
`untrusted` before it enters a Call.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from agcod_guard.call import Call, Endpoint
from agcod_guard.protocol.answer_reading import AnswerFacts, read_answer
from agcod_guard.protocol.request_reading import (
    RequestFacts,
    read_request,
    read_request_to,
)
from agcod_guard.protocol.transport import exception_outcome

__all__ = [
    "AnswerFacts",
    "RequestFacts",
    "exception_outcome",
    "read_answer",
    "read_exchange",
    "read_request",
    "read_request_to",
]

_NO_HOSTS: Mapping[str, Endpoint] = MappingProxyType({})
_LONGEST_S = 1e12


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
    return Call(
        **msgspec.structs.asdict(request),
        **msgspec.structs.asdict(answer),
        started_at_s=_seconds(started_at_s),
        duration_s=_seconds(duration_s),
    )


def _seconds(value: object) -> float:
    if isinstance(value, int | float) and abs(value) < _LONGEST_S:
        return float(value)
    return 0.0
