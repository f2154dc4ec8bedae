"""However a body is read, its reader gets what it gets without the guard."""

from __future__ import annotations

import http.client
import io

from doubles import ListJournal, ListObserver
from hypothesis import given
from hypothesis import strategies as st
from loopback_agcod import HOSTS

from agcod_guard.capture.answer_body import AnswerBody
from agcod_guard.capture.urllib_body import watch_body
from agcod_guard.clock import ManualClock
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.recorder import Recorder


class Wire:
    """A connection on which one answer has come, perhaps cut short."""

    def __init__(self, answer):
        self.answer = answer

    def makefile(self, mode):
        return io.BufferedReader(io.BytesIO(self.answer))


def answered(wire):
    response = http.client.HTTPResponse(Wire(wire))
    response.begin()
    return response


def with_length(body, missing):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (len(body) + missing)
    return head + body


def until_closed(body, _):
    return b"HTTP/1.1 200 OK\r\n\r\n" + body


def chunked(body, missing):
    parts = [body[at : at + 5] for at in range(0, len(body), 5)]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
    end = b"" if missing else b"0\r\n\r\n"
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + end


def filled(response, size):
    buffer = bytearray(size)
    return response.readinto(buffer), bytes(buffer)


STEPS = {
    "read": lambda response, size: response.read(size),
    "read all": lambda response, _: response.read(),
    "read1": lambda response, size: response.read1(size),
    "readinto": filled,
    "readline": lambda response, size: response.readline(size),
    "next": lambda response, _: next(response, None),
    "peek": lambda response, size: response.peek(size)[:1],
    "wrong": lambda response, _: response.read("7"),
    "close": lambda response, _: response.close(),
}
steps = st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 9)))
wires = st.builds(
    lambda make, body, missing: make(body, missing),
    st.sampled_from([with_length, until_closed, chunked]),
    st.lists(st.sampled_from([b"{", b"ab", b"\n", b'"'])).map(b"".join),
    st.integers(0, 2),
)


def read(response, taken):
    """Return what each step gives, or raises, and the state that it leaves."""
    seen = []
    for step, size in taken:
        try:
            got = STEPS[step](response, size)
        except Exception as error:
            got = (type(error), str(error))
        seen.append((got, response.isclosed(), response.closed, response.length))
    return seen


@given(wire=wires, taken=steps)
def test_any_way_to_read_any_body_is_the_same_and_ends_one_call(wire, taken):
    journal, observer = ListJournal(), ListObserver()
    recorder = Recorder(
        journal,
        observer,
        ManualClock(1_795_346_105.0),
        hosts=HOSTS,
        partner_id="Acmes",
        source="till-7",
        policy=OutagePolicy(),
    )
    opened = recorder.begin(
        method="POST", url="http://127.0.0.1/", headers={}, body=b""
    )
    recorder.answered(opened, status=200, headers={})
    watched = answered(wire)
    watch_body(watched, [AnswerBody(recorder, opened)])

    assert read(watched, taken) == read(answered(wire), taken)

    watched.close()
    recorder.sweep()
    assert len(journal.ends) == 1
    assert type(watched) is http.client.HTTPResponse
    assert observer.errors == []
