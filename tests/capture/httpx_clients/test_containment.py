"""Whatever fails in the guard, the caller of httpx gets what it gets without it."""

from __future__ import annotations

import httpx
import pytest
from doubles import ListJournal, ListObserver

from agcod_guard import recorder
from agcod_guard.capture import answer_body, httpx_body, httpx_exchange
from agcod_guard.capture import httpx as capture

COLLABORATORS = [
    (ListJournal, "append"),
    (ListObserver, "call_ended"),
    (ListObserver, "call_without_timeout"),
    (capture, "endpoint_of"),
    (capture, "is_guarded"),
    (httpx_exchange, "AnswerBody"),
    (httpx_exchange, "CodedBody"),
    (httpx_exchange, "_text_of"),
    (httpx_exchange, "_sent_body"),
    (httpx_exchange, "_proxy"),
    (httpx_exchange, "_may_wait_for_ever"),
    (httpx_exchange, "_note_late_headers"),
    (httpx_body, "_decoded"),
    (answer_body, "kept_part"),
    (answer_body.AnswerBody, "kept"),
    (answer_body.AnswerBody, "_tell_end"),
    (recorder, "read_request_to"),
    (recorder, "read_answer"),
    (recorder.Recorder, "begin"),
    (recorder.Recorder, "answered"),
    (recorder.Recorder, "await_body"),
    (recorder.Recorder, "reading"),
    (recorder.Recorder, "end"),
    (recorder.Recorder, "sent_without_timeout"),
]
NAMES = [f"{owner.__name__}.{name}" for owner, name in COLLABORATORS]


class Trouble(Exception):
    """Ours."""


def broken(*args, **kwargs):
    raise Trouble


@pytest.fixture
def exchange(kind, agcod):
    def exchanged(client):
        seen = []
        for manner in ("fault", "broken", "chunked", "gzip"):
            try:
                answer = kind.do(client.post, agcod.url(manner), json={}, timeout=None)
                seen.append((answer.status_code, answer.content, sorted(vars(answer))))
            except httpx.HTTPError as error:
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


@pytest.mark.parametrize(
    "part",
    [(httpx_body, "_decoded"), (httpx_exchange, "CodedBody")],
    ids=["decoding", "looking on"],
)
def test_a_call_whose_body_we_cannot_handle_is_ended_all_the_same(
    both_ways, exchange, guarded, monkeypatch, swallowed, part
):
    monkeypatch.setattr(*part, broken)

    both_ways(exchange)

    assert len(guarded.journal.ends) == len(guarded.journal.begins) == 4
    assert swallowed
