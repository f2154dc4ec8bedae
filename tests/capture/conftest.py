"""The same exchange with a loopback AGCOD, bare and guarded."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.request import OpenerDirector, build_opener

import pytest
import requests
from doubles import ListJournal, ListObserver
from loopback_agcod import HOSTS, LoopbackAgcod

from agcod_guard.call import Call
from agcod_guard.capture.requests import RequestsCapture
from agcod_guard.capture.urllib import UrllibCapture
from agcod_guard.clock import SystemClock
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.recorder import Recorder


@pytest.fixture
def agcod() -> Iterator[LoopbackAgcod]:
    server = LoopbackAgcod()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.released.set()
    server.shutdown()
    server.server_close()


@dataclass
class Guarded:
    """A recorder by hand, with all that it tells."""

    journal: ListJournal = field(default_factory=ListJournal)
    observer: ListObserver = field(default_factory=ListObserver)
    clock: Any = field(default_factory=SystemClock)

    def __post_init__(self) -> None:
        self.recorder = Recorder(
            self.journal,
            self.observer,
            self.clock,
            hosts=HOSTS,
            partner_id="Acmes",
            source="till-7",
            policy=OutagePolicy(),
        )
        self.capture = RequestsCapture(self.recorder)
        self.urllib = UrllibCapture(self.recorder)

    @property
    def calls(self) -> list[Call]:
        return self.observer.calls


@pytest.fixture
def guarded() -> Iterator[Guarded]:
    made = Guarded()
    yield made
    made.capture.dismount()
    made.urllib.dismount()


@pytest.fixture
def another_guard() -> Iterator[Guarded]:
    made = Guarded()
    yield made
    made.capture.dismount()
    made.urllib.dismount()


@pytest.fixture
def session(guarded: Guarded) -> Iterator[requests.Session]:
    with requests.Session() as made:
        yield guarded.capture.wrap(made)


def visible(outcome: object) -> dict[str, Any]:
    """Return all that a caller can see of a response or an exception."""
    if isinstance(outcome, BaseException):
        return {
            "type": type(outcome),
            "text": _without_addresses(str(outcome)),
            "cause": type(outcome.__cause__),
            "context": (type(outcome.__context__), outcome.__suppress_context__),
            "request": getattr(getattr(outcome, "request", None), "url", None),
        }
    assert isinstance(outcome, requests.Response)
    return {
        "vars": sorted(vars(outcome)),
        "status": (outcome.status_code, outcome.reason, outcome.ok),
        "headers": [pair for pair in outcome.headers.items() if pair[0] != "Date"],
        "consumed": (outcome._content_consumed, outcome._content),
        "encoding": (outcome.encoding, outcome.url),
        "cookies": outcome.cookies.get_dict(),
        "history": [visible(hop) for hop in outcome.history],
        "elapsed": outcome.elapsed.total_seconds() > 0,
        "raw": (type(outcome.raw), getattr(outcome.raw, "closed", None)),
        "connection": type(outcome.connection),
        "sent": (outcome.request.body, dict(outcome.request.headers)),
        "class": type(outcome),
    }


def _without_addresses(text: str) -> str:
    return " ".join(word for word in text.split() if "0x" not in word)


Exchange = Callable[[requests.Session], Any]


@pytest.fixture
def both_ways(
    agcod: LoopbackAgcod, guarded: Guarded
) -> Callable[[Exchange], tuple[Any, Any]]:
    """Run an exchange bare and guarded; return what was seen on either side.

    That is what the caller got, what the server received, and how many
    connections it took.
    """

    def run(exchange: Exchange) -> tuple[Any, Any]:
        seen = []
        for prepare in (lambda bare: bare, guarded.capture.wrap):
            agcod.received.clear()
            connections = agcod.connections
            with requests.Session() as made:
                outcome = _outcome_of(exchange, prepare(made))
                jar = made.cookies.get_dict()
            took = agcod.connections - connections
            seen.append((outcome, jar, [vars(r) for r in agcod.received], took))
        return seen[0], seen[1]

    return run


def _outcome_of(exchange: Exchange, session: requests.Session) -> Any:
    try:
        outcome = exchange(session)
    except BaseException as error:
        return visible(error)
    return visible(outcome) if isinstance(outcome, requests.Response) else outcome


@pytest.fixture
def opener(guarded: Guarded) -> OpenerDirector:
    """Return a wrapped opener of urllib that knows no proxy."""
    return guarded.urllib.wrap(build_opener())
