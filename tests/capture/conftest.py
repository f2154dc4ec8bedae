"""A loopback AGCOD with odd manners, and the same exchange bare and guarded."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.request import OpenerDirector, build_opener

import pytest
import requests
from doubles import ListJournal, ListObserver

from agcod_guard.call import Call, Endpoint, Environment
from agcod_guard.capture.requests import RequestsCapture
from agcod_guard.capture.urllib import UrllibCapture
from agcod_guard.clock import SystemClock
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.recorder import Recorder

_LOOPBACK = Endpoint("eu", Environment.LOOPBACK)
HOSTS = {"127.0.0.1": _LOOPBACK, "agcod.example.invalid": _LOOPBACK}
SUCCESS = b'{"status":"SUCCESS","gcClaimCode":"AAAA-BBBBBB-CCCC","gcId":"A2GCN9"}'
FAULT = b'{"errorCode":"F500","errorType":"GeneralError","message":"down"}'


@dataclass
class Received:
    """A request as it came over the wire."""

    line: str
    headers: list[tuple[str, str]]
    body: bytes


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: LoopbackAgcod

    def handle(self) -> None:
        with self.server.counting:
            self.server.connections += 1
        super().handle()

    def do_POST(self) -> None:
        self._receive()
        getattr(self, f"_{self.path.split('/')[1]}", self._success)()

    def log_message(self, *args: Any) -> None:
        pass

    def _receive(self) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size + 2)[:-2]
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = list(self.headers.items())
        self.server.received.append(Received(self.requestline, headers, body))

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _success(self) -> None:
        self._send(200, SUCCESS, Content_Type="application/json")

    def _fault(self) -> None:
        self._send(500, FAULT, x_amzn_RequestId="1d1f6c2e")

    def _empty(self) -> None:
        self._send(503, b"")

    def _none(self) -> None:
        self.send_response(204)
        self.end_headers()

    def _gzip(self) -> None:
        self._send(200, gzip.compress(SUCCESS, mtime=0), Content_Encoding="gzip")

    def _badgzip(self) -> None:
        self._send(200, SUCCESS, Content_Encoding="gzip")

    def _cookie(self) -> None:
        self._send(200, SUCCESS, Set_Cookie="seat=12; Path=/")

    def _large(self) -> None:
        self._send(200, SUCCESS[:-1] + b',"rest":"' + b"x" * 200_000 + b'"}')

    def _redirect(self) -> None:
        self._send(307, b"moved", Location="/cookie/CreateGiftCard")

    def _login(self) -> None:
        if "Authorization" in self.headers:
            self._success()
        else:
            self._send(401, b"who?", WWW_Authenticate='Basic realm="shop"')

    def _lines(self) -> None:
        self._send(200, b'{"status":\n"SUCCESS",\n"gcId":"A2GCN9"}')

    def _until_closed(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(SUCCESS)
        self.close_connection = True

    def _loop(self) -> None:
        self._send(307, b"again", Location="/loop/CreateGiftCard")

    def _denied(self) -> None:
        self._send(403, b'{"message":"The security token is invalid"}')

    def _chunked(self) -> None:
        self._chunks(SUCCESS[:20], SUCCESS[20:], b"")

    def _broken(self) -> None:
        self._chunks(SUCCESS[:20])
        self.close_connection = True

    def _cut(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "500")
        self.end_headers()
        self.wfile.write(SUCCESS)
        self.close_connection = True

    def _chunks(self, *chunks: bytes) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for chunk in chunks:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))

    def _stall(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(SUCCESS)))
        self.end_headers()
        self.wfile.flush()
        self.server.released.wait(0.3)
        self.wfile.write(SUCCESS)

    def _hang(self) -> None:
        self.server.released.wait(2)
        self.close_connection = True

    def _reset(self) -> None:
        linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True


class LoopbackAgcod(ThreadingHTTPServer):
    """Answers by the first part of the path, e.g. `/fault/CreateGiftCard`."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.counting = threading.Lock()
        self.released = threading.Event()
        self.connections = 0
        self.received: list[Received] = []

    def url(self, manner: str = "success") -> str:
        return f"http://127.0.0.1:{self.server_port}/{manner}/CreateGiftCard"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is meant to."""


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
