"""What a sampled exchange says of clocks and signed headers."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agcod_guard.incident.sample import (
    answered_at_s,
    headers_of,
    sample_file,
    unsigned_headers,
)

anything = st.text(st.characters(codec=None))


def test_headers_beside_the_signed_ones_are_found_and_told_apart(call, sample):
    unsigned = unsigned_headers(sample(call(0)).request)

    assert unsigned is not None
    assert unsigned.named == ("regionname",)
    assert unsigned.transport == ("user-agent",)


def test_a_request_that_names_no_signed_headers_leaves_it_unknown():
    assert unsigned_headers("POST / HTTP/1.1\nHost: x\n\n{}") is None


def test_a_body_is_not_taken_for_headers():
    text = "POST / HTTP/1.1\nHost: x\n\nAccept: text/plain\n"

    assert headers_of(text) == {"host": "x"}


def test_a_message_without_a_body_loses_no_header():
    assert headers_of("HTTP/1.1 503 Slow Down\r\nServer: a\r\nDate: b") == {
        "server": "a",
        "date": "b",
    }


@pytest.mark.parametrize(
    ("date", "at_s"),
    [
        ("Sun, 22 Nov 2026 11:15:05 GMT", 1_795_346_105.0),
        ("Sun, 22 Nov 2026 12:15:05 +0100", 1_795_346_105.0),
        ("yesterday", None),
        ("", None),
    ],
)
def test_the_date_header_is_read_or_left_alone(date, at_s):
    assert answered_at_s(f"HTTP/1.1 500 x\nDate: {date}\n\n") == at_s


def test_a_date_of_no_zone_is_not_taken_for_local_time(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        answer = "HTTP/1.1 500 x\nDate: Sun, 22 Nov 2026 11:15:05 -0000\n\n"
        assert answered_at_s(answer) == 1_795_346_105.0
    finally:
        monkeypatch.undo()
        time.tzset()


@given(text=anything)
def test_no_text_makes_reading_fail(text):
    headers_of(text)
    unsigned_headers(text)
    answered_at_s(f"HTTP/1.1 500 x\nDate: {text}\n\n")


def test_the_file_shows_request_and_answer_whole(call, sample):
    failed = call(0)
    exchange = sample(failed)

    text = sample_file(exchange, failed)

    for line in (*exchange.request.splitlines(), *exchange.answer.splitlines()):
        assert f"{line}\n" in text
    assert "Sent              2026-11-22 11:15:04.923 GMT\n" in text
