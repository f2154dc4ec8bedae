"""Say what would keep calls of an httpx client from being seen, or blur what is seen.

Not pure: reads a client, and asks it for its transports as each request does.
Sends nothing and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpcore
import httpx

from agcod_guard.capture.beneath import unseen_tools
from agcod_guard.capture.checks import agcod_urls
from agcod_guard.capture.httpx import (
    CHOOSING_METHOD,
    Client,
    HttpxCapture,
    innermost,
    is_guarded,
)

_OWN_TRANSPORTS = (httpx.HTTPTransport, httpx.AsyncHTTPTransport)
_SENDERS = (
    httpcore.ConnectionPool,
    httpcore.HTTPConnection,
    httpcore.AsyncConnectionPool,
    httpcore.AsyncHTTPConnection,
)
_HANDLING = ("handle_request", "handle_async_request")


def check(capture: HttpxCapture, client: Client) -> list[str]:
    """Return what is wrong, in words; empty if nothing is.

    Each entry says what there is, why it matters and what to do.
    """
    problems = (
        *_foreign_sender(client),
        *_transport_problems(capture, client),
        *_timeout_problems(client),
        *_hook_problems(client),
        *unseen_tools(_SENDERS),
    )
    return list(dict.fromkeys(problems))


def _foreign_sender(client: Client) -> Iterator[str]:
    """Yield what sends requests without asking the client for a transport."""
    module = _module_of(client._send_single_request)
    if not _is_of_httpx(module):
        yield (
            f"requests are sent by a function from {module}, which may not ask the "
            "client for a transport (vcrpy plays back so): such calls are not "
            "recorded; use it only where that is meant"
        )


def _transport_problems(capture: HttpxCapture, client: Client) -> Iterator[str]:
    choose = getattr(client, CHOOSING_METHOD)
    for url in agcod_urls(capture.recorder.hosts):
        transport = choose(httpx.URL(url))
        if not is_guarded(transport, capture.recorder):
            yield (
                "the client's transport for AGCOD is not guarded: calls are not "
                "recorded; call wrap(client), which also reaches a client class that "
                "chooses transports itself, where install() does not"
            )
        yield from _own_ways(innermost(transport))


def _own_ways(transport: Any) -> Iterator[str]:
    """Yield what a transport does by itself, unseen."""
    if not isinstance(transport, _OWN_TRANSPORTS):
        yield _stand_in(type(transport).__module__, type(transport))
        return
    name = _HANDLING[isinstance(transport, httpx.AsyncHTTPTransport)]
    handler = getattr(transport, name)
    if not _is_of_httpx(_module_of(handler)):
        yield _stand_in(_module_of(handler), type(transport))
    retries = getattr(transport._pool, "_retries", 0)
    if retries:
        yield (
            f"the transport for AGCOD tries {retries} more times to connect: no "
            "request is sent twice, but what failed in between is not seen, only the "
            "last failure and the sum of the time; use retries=0 and retry in your "
            "own code, with the same request id"
        )


def _stand_in(module: str, kind: type) -> str:
    return (
        f"calls to AGCOD are sent by {kind.__name__} from {module}, not by httpx's "
        "HTTPTransport: what is recorded may be a test's answers, not Amazon's; if it "
        "repeats requests, only the last attempt is recorded, unless a GuardTransport "
        "stands beneath it"
    )


def _module_of(function: object) -> str:
    return str(getattr(function, "__module__", "elsewhere"))


def _is_of_httpx(module: str) -> bool:
    return module.partition(".")[0] == "httpx"


def _timeout_problems(client: Client) -> Iterator[str]:
    timeout = client.timeout
    if timeout.connect is None and timeout.read is None:
        yield (
            "the client has no timeout: a call may wait for ever, and is known to "
            "have failed only after 60 s; set timeout=6, which Amazon advises"
        )


def _hook_problems(client: Client) -> Iterator[str]:
    for hook in client.event_hooks["response"]:
        name = getattr(hook, "__qualname__", type(hook).__qualname__)
        yield (
            f"response hook {name} runs before the body is read: if it raises, as "
            "raise_for_status would, the answer is judged by its HTTP status alone; "
            "look at the answer after the call instead"
        )
