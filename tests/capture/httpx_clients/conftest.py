"""The same exchange of httpx bare and guarded, with a client of either kind."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from httpx_kinds import Async, Sync

from agcod_guard.capture.httpx import HttpxCapture


@pytest.fixture(params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> Iterator[Sync]:
    if request.param == "sync":
        yield Sync()
        return
    with asyncio.Runner() as runner:
        yield Async(runner)


@pytest.fixture
def capture(guarded: Any) -> Iterator[HttpxCapture]:
    made = HttpxCapture(guarded.recorder)
    yield made
    made.dismount()


@pytest.fixture
def client(kind: Sync, capture: HttpxCapture) -> Iterator[Any]:
    made = kind.client(timeout=2, trust_env=False)
    yield capture.wrap(made)
    kind.close(made)


@pytest.fixture
def both_ways(kind: Sync, agcod: Any, capture: HttpxCapture) -> Callable[..., Any]:
    """Run an exchange bare and guarded; return what was seen on either side.

    That is what the caller got, its cookies, what the server received, and how
    many connections it took.
    """

    def run(exchange: Callable[[Any], Any], **options: Any) -> tuple[Any, Any]:
        seen = []
        for prepare in (lambda bare: bare, capture.wrap):
            agcod.received.clear()
            connections = agcod.connections
            made = kind.client(**({"timeout": 2, "trust_env": False} | options))
            outcome = outcome_of(exchange, prepare(made))
            jar = dict(made.cookies)
            kind.close(made)
            took = agcod.connections - connections
            seen.append((outcome, jar, [vars(r) for r in agcod.received], took))
        return seen[0], seen[1]

    return run


def outcome_of(exchange: Callable[[Any], Any], client: Any) -> Any:
    try:
        outcome = exchange(client)
    except BaseException as error:
        return visible(error)
    return visible(outcome) if isinstance(outcome, httpx.Response) else outcome


def visible(outcome: Any) -> dict[str, Any]:
    """Return all that a caller can see of a response or an exception."""
    if isinstance(outcome, BaseException):
        return {
            "type": type(outcome),
            "text": str(outcome),
            "cause": type(outcome.__cause__),
            "context": (type(outcome.__context__), outcome.__suppress_context__),
            "request": str(getattr(outcome, "_request", None)),
        }
    return {
        "vars": sorted(vars(outcome)),
        "pickled": sorted(vars(pickle.loads(pickle.dumps(outcome)))),
        "status": (outcome.status_code, outcome.reason_phrase, outcome.http_version),
        "headers": [pair for pair in outcome.headers.raw if pair[0] != b"Date"],
        "content": outcome.content if hasattr(outcome, "_content") else None,
        "state": (outcome.is_closed, outcome.is_stream_consumed),
        "downloaded": outcome.num_bytes_downloaded,
        "elapsed": hasattr(outcome, "_elapsed") and outcome.elapsed.total_seconds() > 0,
        "extensions": sorted(outcome.extensions),
        "stream": type(outcome.stream),
        "encoding": outcome.encoding,
        "cookies": dict(outcome.cookies),
        "history": [visible(hop) for hop in outcome.history],
        "next": outcome.next_request and str(outcome.next_request.url),
        "sent": (outcome.request.headers.raw, sorted(outcome.request.extensions)),
        "class": type(outcome),
    }
