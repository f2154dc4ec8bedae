"""One ended call as some program's log has it.

Pure. The raw exchange is only for whoever redacts it at once; it shows nothing
of itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from agcod_guard.call import UNKNOWN_ENDPOINT, Call, Endpoint
from agcod_guard.protocol.reading import read_answer, read_request_to
from agcod_guard.protocol.targets import Targets
from agcod_guard.protocol.untrusted import name_of

_LONGEST_CLASS = 256
_CLASS = re.compile(r"(?:[A-Za-z_$][\w$]*[.\\:]{1,2})*([A-Za-z_][\w$]{0,63})(?=:|$)")

Headers = Mapping[str, str]
"""Of a header that comes twice the first, as everywhere in the guard."""


class Known:
    """What the settings know of calls, and a log need not say.

    Attributes:
        targets: Where URLs lead; knows the hosts of the settings.
        partner_id: The account of calls that carry none; None if not set.
    """

    __slots__ = ("partner_id", "targets")

    def __init__(
        self, hosts: Mapping[str, Endpoint], partner_id: str | None = None
    ) -> None:
        self.targets, self.partner_id = Targets(hosts), partner_id


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Exchange:
    """A call as it went over the wire, not redacted.

    Attributes:
        method: HTTP method.
        url: Full URL.
        headers: Of the request.
        body: Of the request, at most 64 kB; None if it was not seen.
        status: HTTP status; None when no answer came.
        answer_headers: Of the answer.
        answer_body: Of the answer, at most 64 kB; None if it was not seen.
    """

    method: str
    url: str
    headers: Headers
    body: bytes | None
    status: int | None
    answer_headers: Headers
    answer_body: bytes | None


class Failure(NamedTuple):
    """What a program had in the place of an answer.

    Attributes:
        text: What it said.
        name: Class or code of it; None if unknown.
        abandoned: The program itself gave up.
    """

    text: str
    name: str | None = None
    abandoned: bool = False


class Facts(NamedTuple):
    """What a log says of a call beside its exchange.

    Attributes:
        call_id: Our name for it, unique within the log.
        started_at_s: Seconds since the Unix epoch.
        duration_s: Seconds.
        source: Machine that made it; empty if the log does not say.
        attempts: How often the client sent it.
        probe: A harmless test call.
    """

    call_id: str
    started_at_s: float
    duration_s: float
    source: str = ""
    attempts: int = 1
    probe: bool = False


class Logged(NamedTuple):
    """One record of a log.

    Attributes:
        call: What it says.
        exchange: What it was read from; None where the log had classified it.
        is_named: The log names the call, so that a second telling is known.
        unknown: Keys that the format does not know.
    """

    call: Call
    exchange: Exchange | None = None
    is_named: bool = False
    unknown: AbstractSet[str] = frozenset()


class _NoAnswer(OSError):
    """Stands for the error of transport that another program had."""


class _Abandoned(Exception):
    """Stands for another program's own end of its call."""


def call_in(
    exchange: Exchange, facts: Facts, known: Known, *, failure: Failure | None = None
) -> Call | None:
    """Return the Call that an exchange is, as the guard would have seen it.

    None when it went to a host that is not AGCOD's.
    """
    target = known.targets.of(exchange.url)
    if target.endpoint == UNKNOWN_ENDPOINT:
        return None
    request = read_request_to(target, exchange.headers, exchange.body)
    answer = read_answer(
        operation=request.operation,
        status=exchange.status,
        response_headers=exchange.answer_headers,
        response_body=exchange.answer_body,
        error=None if failure is None else _error_of(failure),
    )
    if failure is not None:
        answer = msgspec.structs.replace(answer, exception=name_of(failure.name))
    if request.partner_id is None:
        request = msgspec.structs.replace(request, partner_id=known.partner_id)
    return Call(
        **msgspec.structs.asdict(request),
        **msgspec.structs.asdict(answer),
        **facts._asdict(),
    )


def headers_of(pairs: Iterable[tuple[str, str]]) -> Headers:
    """Return headers that were written as pairs."""
    headers: dict[str, str] = {}
    for name, value in pairs:
        headers.setdefault(name, value)
    return headers


def class_leading(text: str) -> str | None:
    """Return the class or code that an error's text begins with; None if none does.

    `ECONNRESET`, `net::ERR_TIMED_OUT`, `java.net.ConnectException: refused`.
    """
    leading = _CLASS.match(text, 0, _LONGEST_CLASS)
    return leading and leading[1]


def _error_of(failure: Failure) -> Exception:
    kind = _Abandoned if failure.abandoned else _NoAnswer
    return kind(failure.text)
