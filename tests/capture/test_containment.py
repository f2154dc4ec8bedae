"""Whatever fails in the guard, the caller gets what it gets without it."""

from __future__ import annotations

import pytest
import requests
from doubles import ListJournal, ListObserver

from agcod_guard import recorder, samples
from agcod_guard.capture import observe, tee
from agcod_guard.capture import requests as capture

COLLABORATORS = [
    (ListJournal, "append"),
    (ListObserver, "call_ended"),
    (ListObserver, "call_without_timeout"),
    (capture, "endpoint_of"),
    (capture, "host_of"),
    (capture, "is_guarded"),
    (capture, "Tee"),
    (capture, "_attempts"),
    (capture, "_may_wait_for_ever"),
    (tee, "_pulled_bytes"),
    (recorder, "read_request_to"),
    (recorder, "read_answer"),
    (recorder, "kept_part"),
    (recorder, "Begin"),
    (recorder, "OpenCall"),
    (recorder.OpenCall, "claim"),
    (recorder.OpenCall, "ended"),
    (recorder.Targets, "of"),
    (recorder.Recorder, "begin"),
    (recorder.Recorder, "answered"),
    (recorder.Recorder, "await_body"),
    (recorder.Recorder, "reading"),
    (recorder.Recorder, "end"),
    (recorder.Recorder, "sent_without_timeout"),
    (recorder.Recorder, "_new_call_id"),
    (samples.Samples, "put_by"),
    (samples, "_raw_exchange"),
]
NAMES = [f"{owner.__name__}.{name}" for owner, name in COLLABORATORS]


class Trouble(Exception):
    """Ours."""


def broken(*args, **kwargs):
    raise Trouble


@pytest.fixture
def exchange(agcod):
    def exchanged(session):
        seen = []
        for manner in ("fault", "broken", "chunked"):
            try:
                answer = session.post(agcod.url(manner), json={})
                seen.append((answer.status_code, answer.content, sorted(vars(answer))))
            except requests.RequestException as error:
                seen.append((type(error), type(error.__context__)))
        return seen

    return exchanged


@pytest.mark.parametrize("part", COLLABORATORS, ids=NAMES)
def test_an_error_in_any_part_of_the_guard_does_not_reach_the_caller(
    both_ways, exchange, guarded, monkeypatch, swallowed, part
):
    monkeypatch.setattr(*part, broken)

    bare, seen = both_ways(exchange)

    assert seen == bare
    assert {type(error) for _, error in swallowed} == {Trouble}
    assert {type(error) for _, error in guarded.observer.errors} == {Trouble}


@pytest.mark.parametrize("clock", ["wall_s", "monotonic_s"])
def test_a_broken_clock_does_not_reach_the_caller(
    both_ways, exchange, guarded, monkeypatch, swallowed, clock
):
    monkeypatch.setattr(guarded.clock, clock, broken)

    bare, seen = both_ways(exchange)

    assert seen == bare
    assert swallowed


def test_an_observer_that_cannot_even_be_told_of_errors_does_not_reach_the_caller(
    both_ways, exchange, monkeypatch
):
    monkeypatch.setattr(ListJournal, "append", broken)
    monkeypatch.setattr(ListObserver, "internal_error", broken)
    monkeypatch.setattr("agcod_guard.errors.swallowed_listeners", [broken])

    bare, seen = both_ways(exchange)

    assert seen == bare


@pytest.mark.parametrize(
    "part",
    [
        (ListJournal, "append"),
        (recorder.Recorder, "begin"),
        (recorder.Recorder, "answered"),
        (recorder.Recorder, "end"),
        (observe, "hands_over_answer"),
        (observe, "kept_part"),
        (observe, "_mapping"),
    ],
)
def test_an_error_of_ours_does_not_leave_an_observation(
    guarded, monkeypatch, swallowed, part
):
    monkeypatch.setattr(*part, broken)
    error = KeyError("the partner's own")

    def exchange():
        with observe.observe(guarded.recorder, method="POST", url="x") as seen:
            seen.answer(status=200, body=b"")
        with observe.observe(guarded.recorder, method="POST", url="x"):
            raise error

    with pytest.raises(KeyError) as caught:
        exchange()

    assert caught.value is error
    assert error.__context__ is None
    assert swallowed


def test_an_answer_that_refuses_new_attributes_ends_the_call_by_its_status(
    agcod, guarded, session, monkeypatch, swallowed
):
    monkeypatch.setattr(tee, "vars", broken, raising=False)

    answer = session.post(agcod.url("fault"), timeout=2)

    assert answer.status_code == 500
    assert [call.status for call in guarded.calls] == [500]


def test_an_interrupt_within_the_guard_is_not_contained(agcod, session, monkeypatch):
    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(ListJournal, "append", interrupted)

    with pytest.raises(KeyboardInterrupt):
        session.post(agcod.url(), timeout=2)
