"""The clients that `overhead.py` compares: one session each, made to be equal."""

from __future__ import annotations

import io
import json
import logging
import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import requests
import structlog
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    SpanExporter,
    SpanExportResult,
)
from prometheus_client import CollectorRegistry, Counter, Histogram
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from agcod_guard import Guard, Settings

CANNED_URL = "https://agcod-v2-eu.amazon.com/CreateGiftCard"
ORDER = json.dumps(
    {
        "creationRequestId": "Acmes3324500H2",
        "partnerId": "Acmes",
        "value": {"currencyCode": "GBP", "amount": 20.0},
    }
)
SIGNED = {
    "accept": "application/json",
    "content-type": "application/json",
    "x-amz-date": "20261122T111505Z",
    "x-amz-target": "com.amazonaws.agcod.AGCODService.CreateGiftCard",
    "Authorization": "AWS4-HMAC-SHA256 Credential=AKIAFAKEFAKEFAKEFAKE/20261122/"
    "eu-west-1/AGCODService/aws4_request, SignedHeaders=accept;host;x-amz-date;"
    "x-amz-target, Signature=" + "0" * 64,
}
ANSWER = json.dumps(
    {
        "cardInfo": {
            "cardNumber": None,
            "cardStatus": "Fulfilled",
            "expirationDate": None,
            "value": {"amount": 20.0, "currencyCode": "GBP"},
        },
        "creationRequestId": "Acmes3324500H2",
        "gcClaimCode": "AAAA-BBBBBB-CCCC",
        "gcExpirationDate": None,
        "gcId": "A2GCN9BRX5QS76",
        "status": "SUCCESS",
    }
).encode()
ANSWER_HEADERS = {
    "Content-Type": "application/json",
    "Content-Length": str(len(ANSWER)),
    "x-amzn-RequestId": "0d9c8b7a-6f5e-4d3c-2b1a-000000000000",
}

Client = Callable[[], object]
"""Makes one call."""


class CannedAdapter(HTTPAdapter):
    """Answers at once, without a network."""

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> Any:
        """Return Amazon's usual answer."""
        raw = HTTPResponse(
            body=io.BytesIO(ANSWER),
            headers=ANSWER_HEADERS,
            status=200,
            reason="OK",
            preload_content=False,
        )
        return self.build_response(request, raw)


class LoopbackHandler(BaseHTTPRequestHandler):
    """Answers the same over a socket."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Return Amazon's usual answer."""
        self.rfile.read(int(self.headers["Content-Length"]))
        head = "".join(f"{name}: {value}\r\n" for name, value in ANSWER_HEADERS.items())
        self.wfile.write(f"HTTP/1.1 200 OK\r\n{head}\r\n".encode() + ANSWER)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class ForgetfulExporter(SpanExporter):
    """Takes spans and drops them, as cheaply as any backend could."""

    def export(self, spans: object) -> SpanExportResult:
        """Forget the spans."""
        return SpanExportResult.SUCCESS


class HandWritten(requests.Session):
    """What many teams write: a log line, two metrics and a row for each call."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        registry, labels = CollectorRegistry(), ("operation", "status")
        self._calls = Counter("calls", "Calls.", labels, registry=registry)
        self._seconds = Histogram("seconds", "Duration.", labels, registry=registry)
        self._log = logging.getLogger("benchmark.by_hand")
        self._log.propagate = False
        self._log.setLevel(logging.INFO)
        self._log.addHandler(logging.FileHandler(folder / "by-hand.log"))
        self._rows = sqlite3.connect(
            folder / "by-hand.sqlite", isolation_level=None, check_same_thread=False
        )
        self._rows.execute("PRAGMA journal_mode = WAL")
        self._rows.execute("PRAGMA synchronous = NORMAL")
        self._rows.execute("CREATE TABLE calls (at, request_id, status, seconds)")

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> Any:
        """Send; log, count and store what came."""
        started_s = time.perf_counter()
        response = super().send(request, **kwargs)
        seconds = time.perf_counter() - started_s
        body, status = json.loads(response.content), str(response.status_code)
        request_id = body.get("creationRequestId")
        facts = {"request_id": request_id, "status": status, "seconds": seconds}
        self._log.info(json.dumps(facts))
        self._calls.labels("CreateGiftCard", status).inc()
        self._seconds.labels("CreateGiftCard", status).observe(seconds)
        row = (time.time(), request_id, response.status_code, seconds)
        self._rows.execute("INSERT INTO calls VALUES (?, ?, ?, ?)", row)
        return response


@dataclass(frozen=True)
class Fleet:
    """All clients against one URL, and the guards that must be closed."""

    clients: Mapping[str, Client]
    guards: tuple[Guard, ...]

    def close(self) -> None:
        """Let go of the guards."""
        for guard in self.guards:
            guard.close()


def fleet(url: str, folder: Path) -> Fleet:
    """Return every client, ready to call `url`."""
    folder.mkdir()
    _configure_structlog(folder / "events.log")
    quiet, loud = new_guard(folder / "quiet"), new_guard(folder / "loud", events=True)
    traces, both = _traced_classes()
    sessions = {
        "bare requests": requests.Session(),
        "guard": quiet.wrap(requests.Session()),
        "guard, one JSON event a call": loud.wrap(requests.Session()),
        "OpenTelemetry traces": traces(),
        "OpenTelemetry traces + metrics": both(),
        "by hand: log, metrics, SQLite": HandWritten(folder),
    }
    clients = {name: caller(made, url) for name, made in sessions.items()}
    return Fleet(clients, (quiet, loud))


def caller(session: requests.Session, url: str) -> Client:
    """Return a call of `session`; canned if the URL is Amazon's own."""
    session.trust_env = False
    if url == CANNED_URL:
        session.mount("https://", CannedAdapter())
    return partial(session.post, url, data=ORDER, headers=SIGNED, timeout=6)


def new_guard(folder: Path, *, events: bool = False) -> Guard:
    """Return a guard with everything on."""
    settings = Settings.load(
        env={},
        data_dir=folder,
        partner_id="Acmes",
        accounts={"Acmes": {"marketplace": "UK"}},
        hosts=["127.0.0.1"],
        events={"calls": events},
    )
    return Guard(settings, registry=CollectorRegistry())


def _configure_structlog(path: Path) -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(path.open("a", buffering=1)),
        cache_logger_on_first_use=True,
    )


def _traced_classes() -> tuple[type[requests.Session], type[requests.Session]]:
    """Return session classes that are traced, and traced and measured.

    The instrumentation patches every session of the process; taken off the class
    again, its `send` serves sessions of our choosing beside the others.
    """
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(ForgetfulExporter()))
    metered = MeterProvider(metric_readers=[InMemoryMetricReader()])
    classes = []
    for meters in (NoOpMeterProvider(), metered):
        instrumentor = RequestsInstrumentor()
        instrumentor.instrument(tracer_provider=provider, meter_provider=meters)
        traced = {"send": requests.Session.send}
        instrumentor.uninstrument()
        classes.append(type("TracedSession", (requests.Session,), traced))
    return classes[0], classes[1]
