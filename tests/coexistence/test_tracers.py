"""Tracers patch the same clients: neither changes what the shop or the other sees."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agcod_guard.incident.sample import unsigned_headers

HERE = Path(__file__).parent
NEEDED = {
    "opentelemetry": (
        "opentelemetry.instrumentation.httpx",
        "opentelemetry.instrumentation.requests",
        "opentelemetry.sdk",
    ),
    "sentry": ("sentry_sdk",),
    "ddtrace": ("ddtrace",),
    "elastic": ("elasticapm",),
}
OUTCOMES = {
    "success": "SUCCESS",
    "fault": "FAULT",
    "broken": "NO_ANSWER",
    "reset": "NO_ANSWER",
}
REQUESTS = {"requests.post", "requests.Session"}
HTTPX = {"httpx.post", "httpx.Client", "httpx.AsyncClient"}
SEEN = {
    "opentelemetry": REQUESTS | HTTPX,
    "sentry": HTTPX,
    "ddtrace": REQUESTS | HTTPX,
    "elastic": {"urlopen"},
}
"""The clients whose added headers the guard sees; see docs/clients.md."""
UNSEEN = {
    "opentelemetry": set(),
    "sentry": REQUESTS | {"urlopen"},
    "ddtrace": {"urlopen"},
    "elastic": REQUESTS | HTTPX,
}
"""The clients to which headers are added beneath the guard."""
NAMED = {
    "opentelemetry": set(),
    "sentry": {"requests.Session", "urlopen"},
    "ddtrace": {"requests.Session", "urlopen"},
    "elastic": {"requests.Session", "httpx.Client"},
}
"""Where `check()` names the tracer as one that may add headers unseen."""
ADDED = ("traceparent", "sentry-trace")


@pytest.fixture(params=NEEDED)
def tracer(request, needed):
    needed("httpx", *NEEDED[request.param])
    return request.param


@pytest.fixture
def shops(tracer, tmp_path):
    """Return what came of a shop whose tracer, and of one whose guard came first."""
    started = {
        first: subprocess.Popen(
            [sys.executable, HERE / "traced_shop.py", tracer, first, tmp_path / first],
            env={**os.environ, "PYTHONPATH": str(HERE.parent), "NO_PROXY": "*"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for first in ("tracer", "guard")
    }
    came = {}
    for first, shop in started.items():
        said, complaints = shop.communicate(timeout=60)
        assert shop.returncode == 0, complaints.decode()
        came[first] = json.loads(said)
    return came


def test_shop_and_tracer_work_as_without_the_guard_and_every_attempt_is_on_record(
    tracer, shops
):
    bare, sent = shops["tracer"]["bare"], shops["tracer"]["sent_bare"]
    expected = {
        f"Acme{number}{manner}": [outcome]
        for number in range(6)
        for manner, outcome in OUTCOMES.items()
    }

    for came in shops.values():
        assert came["guarded"] == bare
        assert came["sent_guarded"] == sent
        assert came["outcomes"] == expected
        _stand_in_the_sample(tracer, came)
        problems = {client: said for client, said in came["problems"].items() if said}
        assert problems.keys() == NAMED[tracer]
        for (problem,) in problems.values():
            assert problem.startswith(f"{NEEDED[tracer][0]} stands beneath the guard")


def _stand_in_the_sample(tracer, came):
    """Check that added headers are sent, and seen where it is said that they are."""
    sent = {
        order[0]: set(ADDED) & set(names)
        for order, names in zip(came["guarded"], came["sent_guarded"], strict=True)
    }
    seen = {
        client: {name for name in _unsigned(request) if name in ADDED}
        for client, request in came["samples"].items()
    }
    assert {client for client, names in sent.items() if names} == (
        SEEN[tracer] | UNSEEN[tracer]
    )
    assert {client for client, names in seen.items() if names} == SEEN[tracer]


def _unsigned(request):
    unsigned = unsigned_headers(request)
    assert unsigned is not None
    return unsigned.named + unsigned.transport
