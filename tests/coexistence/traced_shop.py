"""A shop under a tracer: sell with every client, bare and guarded; print what came.

Run as a program of its own, because a tracer cannot be taken out of a process:
`python traced_shop.py TRACER FIRST DATA_DIR`. FIRST says who comes first, `tracer`
or `guard`; the tracer alone can only be seen if it does. No tracer sends anything.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import httpx
import requests
from loopback_agcod import HOSTS, LoopbackAgcod
from prometheus_client import CollectorRegistry

from agcod_guard import Guard, Settings
from agcod_guard.frames import End, Sample, decoded
from agcod_guard.simulator.signing import signed_headers
from agcod_guard.storage.reading import SegmentReader
from agcod_guard.telemetry.observers import Observers

MANNERS = ("success", "fault", "broken", "reset")
TIMEOUT_S = 2.0

Trace = Callable[[], AbstractContextManager[Any]]


def opentelemetry() -> Trace:
    from opentelemetry import trace
    from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
    from opentelemetry.instrumentation.requests import RequestsInstrumentor
    from opentelemetry.sdk.trace import TracerProvider

    trace.set_tracer_provider(TracerProvider())
    RequestsInstrumentor().instrument()
    HTTPXClientInstrumentor().instrument()
    return nullcontext


def sentry() -> Trace:
    import sentry_sdk
    from sentry_sdk.transport import Transport

    class Nowhere(Transport):
        def capture_envelope(self, envelope: Any) -> None:
            pass

    sentry_sdk.init(
        "http://fake@127.0.0.1:9/1",
        transport=Nowhere,
        traces_sample_rate=1.0,
        auto_session_tracking=False,
    )
    return lambda: sentry_sdk.start_transaction(name="shop")


def ddtrace() -> Trace:
    os.environ |= {
        "DD_CRASHTRACKING_ENABLED": "false",
        "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
        "DD_REMOTE_CONFIGURATION_ENABLED": "false",
        "DD_TRACE_STARTUP_LOGS": "false",
    }
    from ddtrace import patch
    from ddtrace.trace import TraceFilter, tracer

    class Nowhere(TraceFilter):
        def process_trace(self, trace: Any) -> None:
            pass

    tracer.configure(trace_processors=[Nowhere()])
    patch(requests=True, httpx=True, urllib3=True, httplib=True)
    return nullcontext


def elastic() -> Trace:
    import elasticapm

    client = elasticapm.Client(
        service_name="shop",
        disable_send=True,
        central_config=False,
        cloud_provider="none",
        metrics_interval="0ms",
    )
    elasticapm.instrument()

    @contextmanager
    def transaction() -> Iterator[None]:
        client.begin_transaction("shop")
        yield
        client.end_transaction("shop", "success")

    return transaction


TRACERS: dict[str, Callable[[], Trace]] = {
    "opentelemetry": opentelemetry,
    "sentry": sentry,
    "ddtrace": ddtrace,
    "elastic": elastic,
}

Answer = tuple[int, bytes]
Order = tuple[str, bytes, dict[str, str]]


def by_urlopen(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    request = urllib.request.Request(url, body, headers)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def clients() -> dict[str, Callable[..., Answer]]:
    """Return one way to post for each client there is, some of them made now."""
    session, client = requests.Session(), httpx.Client()

    def by_requests(post: Callable[..., requests.Response], *order: Any) -> Answer:
        url, body, headers = order
        answer = post(url, data=body, headers=headers, timeout=TIMEOUT_S)
        return answer.status_code, answer.content

    def by_httpx(post: Callable[..., httpx.Response], *order: Any) -> Answer:
        url, body, headers = order
        answer = post(url, content=body, headers=headers, timeout=TIMEOUT_S)
        return answer.status_code, answer.content

    def by_async_httpx(*order: Any) -> Answer:
        async def post() -> Answer:
            async with httpx.AsyncClient() as made:
                url, body, headers = order
                answer = await made.post(
                    url, content=body, headers=headers, timeout=TIMEOUT_S
                )
                return answer.status_code, answer.content

        return asyncio.run(post())

    return {
        "requests.post": lambda *order: by_requests(requests.post, *order),
        "requests.Session": lambda *order: by_requests(session.post, *order),
        "urlopen": by_urlopen,
        "httpx.post": lambda *order: by_httpx(httpx.post, *order),
        "httpx.Client": lambda *order: by_httpx(client.post, *order),
        "httpx.AsyncClient": by_async_httpx,
    }


def sold(agcod: LoopbackAgcod, ways: dict[str, Callable[..., Answer]]) -> list[Any]:
    """Send one order a client and manner; return what the shop saw of each."""
    seen = []
    for number, (client, post) in enumerate(ways.items()):
        for manner in MANNERS:
            order = {
                "partnerId": f"Acme{number}",
                "creationRequestId": f"Acme{number}{manner}",
            }
            body = json.dumps(order).encode()
            url = agcod.url(manner)
            headers = signed_headers(url, body, region="eu-west-1", now_s=time.time())
            try:
                status, content = post(url, body, headers)
                seen.append([client, manner, status, content.decode()])
            except Exception as error:
                kind, cause = type(error), type(error.__cause__ or error.__context__)
                seen.append([client, manner, f"{kind}", f"{cause}"])
    return seen


def received(agcod: LoopbackAgcod) -> list[list[str]]:
    """Return the names of the headers of each request so far, and forget them."""
    names = [
        sorted({name.lower() for name, _ in request.headers})
        for request in agcod.received
    ]
    agcod.received.clear()
    return names


def journal(folder: Path, names: list[str]) -> dict[str, Any]:
    """Return the outcomes by request id, and the sampled request by client."""
    reader = SegmentReader(folder / "journal", Observers())
    frames = [decoded(each.kind, each.payload) for each in reader.tail({})]
    ends = {frame.call_id: frame for frame in frames if isinstance(frame, End)}
    outcomes: dict[str, list[str]] = {}
    for end in ends.values():
        outcomes.setdefault(str(end.request_id), []).append(end.outcome)
    samples = {
        names[int(ends[frame.call_id].account[-1])]: frame.request
        for frame in frames
        if isinstance(frame, Sample)
    }
    return {"outcomes": outcomes, "samples": samples}


def main(tracer: str, first: str, folder: Path) -> dict[str, Any]:
    agcod = LoopbackAgcod()
    threading.Thread(target=agcod.serve_forever, args=(0.01,), daemon=True).start()
    guard = Guard(
        Settings.load(env={}, data_dir=folder, hosts=list(HOSTS)),
        registry=CollectorRegistry(),
    )
    ways, came = clients(), {}
    if first == "guard":
        guard.install()
    trace = TRACERS[tracer]()
    with trace():
        if first == "tracer":
            came |= {"bare": sold(agcod, ways), "sent_bare": received(agcod)}
            guard.install()
        came |= {"guarded": sold(agcod, ways), "sent_guarded": received(agcod)}
        came["problems"] = {
            "requests.Session": guard.check(requests.Session()),
            "urlopen": guard.check(urllib.request.build_opener()),
            "httpx.Client": guard.check(httpx.Client(timeout=TIMEOUT_S)),
        }
    guard.close()
    return came | journal(folder, list(ways))


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))), flush=True)
    os._exit(0)  # tracers take seconds to see that nobody wants what they have
