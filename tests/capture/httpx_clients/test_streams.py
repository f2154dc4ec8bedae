"""A body is read by its reader alone, and ends the call where it ends."""

from __future__ import annotations

import gzip
import zlib

import httpx
import pytest
from doubles import ListJournal, ListObserver
from httpx_kinds import SyncSteps
from hypothesis import given
from hypothesis import strategies as st

from agcod_guard.call import Outcome
from agcod_guard.capture.answer_body import AnswerBody
from agcod_guard.capture.httpx_body import CodedBody, GuardedStream
from agcod_guard.clock import SystemClock
from agcod_guard.open_call import KEPT_BYTES
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.recorder import UNREAD_S, Recorder

AGCOD_URL = "https://agcod-v2-eu.amazon.com/CreateGiftCard"
SUCCESS = b'{"status":"SUCCESS","gcId":"A2GCN9"}'
FAULT = b'{"errorCode":"F500","errorType":"GeneralError"}'


@pytest.fixture
def answered(kind, capture):
    """Return what a streaming call gets whose body comes in these steps."""
    clients = []

    def made(*steps, status=200, headers=None, guarded=True):
        stream = kind.stream(*steps)
        transport = kind.transport_of(
            lambda _: httpx.Response(status, headers=headers, stream=stream)
        )
        client = kind.client(transport=transport)
        clients.append(client)
        if guarded:
            capture.wrap(client)
        request = client.build_request("POST", AGCOD_URL, json={})
        return kind.do(client.send, request, stream=True), stream

    yield made
    for client in clients:
        kind.close(client)


def test_nothing_is_read_before_the_caller_reads(kind, guarded, answered):
    answer, stream = answered(SUCCESS)

    assert (stream.taken, guarded.calls) == (0, [])
    assert kind.read(answer) == SUCCESS
    assert [call.outcome for call in guarded.calls] == [Outcome.SUCCESS]
    assert stream.closed == 1


@pytest.mark.parametrize("way", ["raw", "bytes", "text", "lines"])
def test_a_body_may_be_read_in_any_way(kind, guarded, answered, way):
    bare, _ = answered(FAULT[:9], FAULT[9:], b"\n", status=400, guarded=False)
    seen, _ = answered(FAULT[:9], FAULT[9:], b"\n", status=400)

    assert kind.pieces(seen, way) == kind.pieces(bare, way)
    assert guarded.calls[0].error == "F500 GeneralError"


def test_a_body_closed_unread_is_judged_by_its_status(kind, guarded, answered):
    answer, stream = answered(SUCCESS, status=503)

    kind.close_response(answer)

    assert (stream.taken, stream.closed) == (0, 1)
    assert [call.error for call in guarded.calls] == ["HTTP 503"]


def test_a_body_closed_half_read_is_judged_by_its_status(kind, guarded, answered):
    answer, stream = answered(FAULT[:9], FAULT[9:], status=503)

    assert kind.pieces(answer, "raw", most=1) == [FAULT[:9]]
    kind.close_response(answer)

    assert stream.taken == 1
    assert [call.error for call in guarded.calls] == ["HTTP 503"]


def test_a_body_dropped_half_read_is_ended_by_the_sweep(kind, guarded, answered):
    answer, _ = answered(FAULT[:9], FAULT[9:], status=503)
    kind.pieces(answer, "raw", most=1)
    del answer

    guarded.recorder.sweep()
    assert guarded.calls == []
    (opened,) = guarded.recorder._unread.values()
    opened.answered_mono_s -= UNREAD_S
    guarded.recorder.sweep()

    assert [call.error for call in guarded.calls] == ["HTTP 503"]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (httpx.ReadError("reset"), Outcome.NO_ANSWER),
        (httpx.ReadTimeout("no more in 6 s"), Outcome.NO_ANSWER),
        (KeyboardInterrupt(), Outcome.ABANDONED),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_very_error_of_a_body_reaches_its_reader(
    kind, guarded, answered, error, outcome
):
    answer, _ = answered(b"{", error)

    with pytest.raises(type(error)) as caught:
        kind.read(answer)

    assert caught.value is error
    assert (error.__context__, error.__cause__) == (None, None)
    assert [call.outcome for call in guarded.calls] == [outcome]


@pytest.mark.parametrize(
    ("coding", "encode"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("gzip, deflate", lambda body: zlib.compress(gzip.compress(body))),
        ("unheard-of", bytes),
    ],
)
def test_a_compressed_body_is_understood(kind, guarded, answered, coding, encode):
    body, headers = encode(FAULT), {"Content-Encoding": coding}

    answer, _ = answered(body[:9], body[9:], status=400, headers=headers)

    assert kind.read(answer) == FAULT
    assert guarded.calls[0].error == "F500 GeneralError"


def test_a_compressed_body_can_be_read_raw(kind, guarded, answered):
    body = gzip.compress(FAULT)

    answer, _ = answered(body, status=400, headers={"Content-Encoding": "gzip"})

    assert kind.pieces(answer, "raw") == [body]
    assert guarded.calls[0].error == "F500 GeneralError"


def test_a_body_that_cannot_be_decoded_is_no_answer(kind, guarded, answered):
    answer, _ = answered(SUCCESS, headers={"Content-Encoding": "gzip"})

    with pytest.raises(httpx.DecodingError):
        kind.read(answer)
    kind.close_response(answer)

    assert [call.outcome for call in guarded.calls] == [Outcome.NO_ANSWER]
    assert guarded.calls[0].exception == "DecodingError"


def test_a_compressed_body_closed_half_read_is_no_error(kind, guarded, answered):
    body = gzip.compress(FAULT)
    answer, _ = answered(body[:20], body[20:], headers={"Content-Encoding": "gzip"})

    kind.pieces(answer, "raw", most=1)
    kind.close_response(answer)

    assert [call.outcome for call in guarded.calls] == [Outcome.SUCCESS]


def test_no_more_than_64_kb_is_made_of_a_little_that_becomes_much(guarded, kept):
    small = gzip.compress(SUCCESS[:-1] + b',"rest":"' + b"x" * 50_000_000 + b'"}')

    body = kept(small, "gzip")

    assert len(body) == KEPT_BYTES
    assert body.startswith(SUCCESS[:-1])


def test_the_first_64_kb_of_a_body_are_kept(guarded, kept):
    assert kept(b"x" * 100_000, "identity") == b"x" * KEPT_BYTES


@pytest.fixture
def kept(guarded, monkeypatch):
    """Return what the recorder is given of a body."""
    given = []
    monkeypatch.setattr(
        guarded.recorder, "end", lambda _, *, body, error: given.append(body)
    )

    def of(raw, coding):
        opened = guarded.recorder.begin(
            method="POST", url=AGCOD_URL, headers={}, body=None
        )
        body = CodedBody(guarded.recorder, opened, coding)
        assert b"".join(GuardedStream(httpx.ByteStream(raw), body)) == raw
        return given[0]

    return of


@given(
    steps=st.lists(st.binary(max_size=40_000), max_size=6),
    error=st.sampled_from([None, httpx.ReadError("reset")]),
    coding=st.sampled_from([None, "gzip"]),
)
def test_a_reader_gets_every_chunk_whatever_it_is(steps, error, coding):
    journal, inner = ListJournal(), SyncSteps([*steps, *filter(None, [error])])
    recorder = Recorder(
        journal,
        ListObserver(),
        SystemClock(),
        hosts={},
        partner_id="Acmes",
        source="till-7",
        policy=OutagePolicy(),
    )
    opened = recorder.begin(method="POST", url=AGCOD_URL, headers={}, body=None)
    coded = coding is not None
    body = (
        CodedBody(recorder, opened, coding) if coded else AnswerBody(recorder, opened)
    )
    stream = GuardedStream(inner, body)

    got, raised = [], None
    try:
        for chunk in stream:
            got.append(chunk)
    except httpx.ReadError as caught:
        raised = caught
    stream.close()

    assert raised is error
    assert len(got) == len(steps)
    assert all(here is there for here, there in zip(got, steps, strict=True))
    assert inner.closed == 1
    assert len(journal.ends) == 1
