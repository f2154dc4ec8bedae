from __future__ import annotations

import functools
import http.client
from types import FunctionType

import httpcore
import pytest
from urllib3.connectionpool import HTTPConnectionPool

from agcod_guard.capture.beneath import unseen_tools


def patched(function, module="sometracer.http"):
    """Return `function` as if it stood in another module, under any name."""
    made = FunctionType(function.__code__, {"__name__": module})
    return functools.wraps(http.client.HTTPConnection.putrequest)(made)


class LikeWrapt:
    """Passes for what it wraps, and keeps its own function aside."""

    __globals__ = http.client.HTTPConnection.putrequest.__globals__

    def __init__(self, wrapper):
        self._self_wrapper = wrapper


class Tracer:
    """A tracer whose wrapper is a method of its own."""

    def traced(self):
        pass


Tracer.traced = patched(Tracer.traced)
WRAPPERS = {
    "a function": patched(lambda: None),
    "a function in wrapt": LikeWrapt(patched(lambda: None)),
    "a method in wrapt": LikeWrapt(Tracer().traced),
    "a part of one in wrapt": LikeWrapt(functools.partial(Tracer().traced, "x")),
}


@pytest.mark.parametrize(
    "sender",
    [
        http.client.HTTPConnection,
        http.client.HTTPSConnection,
        HTTPConnectionPool,
        httpcore.ConnectionPool,
        httpcore.AsyncHTTPConnection,
    ],
)
def test_what_nobody_has_patched_is_not_named(sender):
    assert list(unseen_tools([sender])) == []


@pytest.mark.parametrize("wrapper", WRAPPERS.values(), ids=WRAPPERS)
def test_a_tool_that_has_patched_the_sending_is_named_once(monkeypatch, wrapper):
    for name in ("putrequest", "endheaders"):
        monkeypatch.setattr(http.client.HTTPConnection, name, wrapper)

    (said,) = unseen_tools([http.client.HTTPConnection])

    assert said.startswith(
        "sometracer stands beneath the guard (http.client.HTTPConnection.putrequest)"
    )


def test_a_decorator_of_the_standard_library_is_no_tool(monkeypatch):
    decorated = patched(lambda: None, "contextlib")
    monkeypatch.setattr(HTTPConnectionPool, "urlopen", decorated)

    assert list(unseen_tools([HTTPConnectionPool])) == []


def test_what_does_not_tell_where_it_comes_from_is_not_named(monkeypatch):
    monkeypatch.setattr(HTTPConnectionPool, "urlopen", LikeWrapt(print))

    assert list(unseen_tools([HTTPConnectionPool])) == []
