"""What would keep calls of an httpx client from being seen is named."""

from __future__ import annotations

import httpx
import pytest
from httpx_kinds import Async

from agcod_guard.capture.httpx_checks import check


@pytest.fixture
def problems(kind, capture):
    made = []

    def found(wrapped=True, **options):
        client = kind.client(**({"timeout": 6, "trust_env": False} | options))
        made.append(client)
        return check(capture, capture.wrap(client) if wrapped else client)

    yield found
    for client in made:
        kind.close(client)


def test_a_plain_wrapped_client_has_no_problem(problems):
    assert problems() == []


def test_any_client_is_fine_when_installed(problems, capture):
    capture.install()

    assert problems(wrapped=False) == []


def test_a_client_that_was_never_wrapped_is_named(problems):
    (problem,) = problems(wrapped=False)

    assert "not guarded" in problem
    assert "wrap(client)" in problem


def test_connections_tried_again_are_named(problems, kind):
    (problem,) = problems(transport=kind.transport(retries=3))

    assert "tries 3 more times to connect" in problem


def test_a_transport_that_is_not_of_httpx_is_named(problems):
    (problem,) = problems(transport=httpx.MockTransport(lambda _: None))

    assert "sent by MockTransport" in problem


def test_a_guard_transport_beneath_one_that_repeats_is_enough(problems, kind, guarded):
    class Repeating(type(kind.transport_of(None))):
        pass

    repeating = Repeating(None)
    repeating.inner = kind.guard(kind.transport(), guarded)

    (problem,) = problems(wrapped=False, transport=repeating)

    assert "GuardTransport" in problem


def test_a_patched_transport_is_named(problems, kind, monkeypatch):
    name = "handle_async_request" if isinstance(kind, Async) else "handle_request"
    monkeypatch.setattr(kind.transport, name, lambda self, request: None)

    (problem,) = problems()

    assert __name__ in problem


def test_a_patched_sending_is_named(problems, kind, monkeypatch):
    monkeypatch.setattr(kind.client, "_send_single_request", lambda *_: None)

    (problem,) = problems()

    assert "requests are sent by a function from" in problem


def test_a_client_without_a_timeout_is_named(problems):
    (problem,) = problems(timeout=None)

    assert "no timeout" in problem


def test_hooks_on_the_answer_are_named(problems):
    def look(answer):
        return None

    (problem,) = problems(event_hooks={"response": [look]})

    assert "look runs before the body is read" in problem
