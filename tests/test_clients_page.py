"""docs/clients.md shows code that works, and its calls are recorded once each."""

from __future__ import annotations

import ast
import asyncio
import json
import re
import types
import urllib.request
from pathlib import Path

import aiohttp
import httpx
import pytest
import urllib3
from partner import START_S, settings
from prometheus_client import CollectorRegistry

from agcod_guard import Guard
from agcod_guard.clock import ManualClock
from agcod_guard.frames import End, decoded
from agcod_guard.simulator import Simulator
from agcod_guard.storage.reading import SegmentReader
from agcod_guard.telemetry.observers import Observers

PAGE = Path(__file__).parents[1] / "docs" / "clients.md"
ORDER = {
    "creationRequestId": "Acmes000001",
    "partnerId": "Acmes",
    "value": {"currencyCode": "GBP", "amount": 10},
}


def code_of(heading: str) -> list[str]:
    """Return the Python code of one section, block by block."""
    section = PAGE.read_text("utf-8").partition(f"\n## {heading}\n")[2]
    return re.findall(r"```python\n(.*?)```", section.partition("\n## ")[0], re.S)


@pytest.fixture
def names(tmp_path):
    """Return what the page's code takes for granted."""
    with (
        Simulator(check_signatures=False) as agcod,
        Guard(
            settings(tmp_path, hosts=["127.0.0.1"]),
            registry=CollectorRegistry(),
            clock=ManualClock(START_S),
        ) as guard,
    ):
        url, body = f"{agcod.url}/CreateGiftCard", json.dumps(ORDER).encode()
        headers = {"content-type": "application/json"}
        yield {
            "guard": guard,
            "urllib": urllib,
            "pool": urllib3.PoolManager(),
            "request": urllib.request.Request(url, body, headers),
            "url": url,
            "headers": headers,
            "body": body,
        }


def recorded(folder: Path) -> list[str]:
    reader = SegmentReader(folder / "journal", Observers())
    frames = [decoded(each.kind, each.payload) for each in reader.tail({})]
    return [frame.outcome for frame in frames if type(frame) is End]


def test_urllib_is_installed_and_wrapped_as_shown(names, tmp_path):
    install, wrap = code_of("urllib.request")

    exec(install, names)
    urllib.request.urlopen(names["request"], timeout=6).read()
    exec(wrap, names)

    assert json.loads(names["body"])["status"] == "SUCCESS"
    assert recorded(tmp_path) == ["SUCCESS", "SUCCESS"]


def test_urllib3_is_observed_as_shown(names, tmp_path):
    (observe,) = code_of("urllib3")

    names["guard"].install()
    exec(observe, names)

    assert names["answer"].json()["status"] == "SUCCESS"
    assert recorded(tmp_path) == ["SUCCESS"]


def test_an_error_of_urllib3_is_observed_and_passes(names, tmp_path):
    (observe,) = code_of("urllib3")
    names["url"] = "http://127.0.0.1:1/CreateGiftCard"

    with pytest.raises(urllib3.exceptions.NewConnectionError):
        exec(observe, names)

    assert recorded(tmp_path) == ["NO_ANSWER"]


class RetryTransport(httpx.BaseTransport):
    """Sends everything twice."""

    def __init__(self, inner):
        self.inner = inner

    def handle_request(self, request):
        self.inner.handle_request(request).read()
        return self.inner.handle_request(request)


def test_httpx_is_wrapped_and_its_attempts_are_seen_as_shown(names, tmp_path):
    wrap, beneath = code_of("httpx")
    given = {"content": names["body"], "headers": names["headers"]}

    exec(wrap, names | {"httpx": httpx})
    exec(beneath, names := names | {"httpx": httpx, "RetryTransport": RetryTransport})
    with names["client"] as client:
        assert client.post(names["url"], **given).json()["status"] == "SUCCESS"

    assert recorded(tmp_path) == ["SUCCESS", "SUCCESS"]


def test_aiohttp_is_wrapped_as_shown(names, tmp_path):
    (wrap,) = code_of("aiohttp")
    names["aiohttp"] = aiohttp
    awaited = compile(wrap, PAGE.name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)

    asyncio.run(types.FunctionType(awaited, names)())

    assert names["result"]["status"] == "SUCCESS"
    assert recorded(tmp_path) == ["SUCCESS"]
