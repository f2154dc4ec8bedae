"""A line of any language becomes the Call that the guard would have made."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from partner import CLAIM_CODE

from agcod_guard.call import Endpoint, Outcome
from agcod_guard.formats.logged import Known
from agcod_guard.formats.ndjson import (
    CLASSIFIED_KEYS,
    COMMON_KEYS,
    RAW_KEYS,
    logged_line,
)
from agcod_guard.formats.values import BadRecord
from agcod_guard.protocol.reading import read_exchange

PAGE = Path(__file__).parents[2] / "docs" / "call-log.md"
STARTED_S = 1_795_346_105.25


def test_a_raw_line_is_read_as_the_guard_reads_the_exchange(raw, read_line):
    expected = read_exchange(
        method=raw["method"],
        url=raw["url"],
        request_headers=raw["request_headers"],
        request_body=raw["request_body"],
        status=raw["status"],
        response_headers=raw["response_headers"],
        response_body=raw["response_body"],
        error=None,
        started_at_s=STARTED_S,
        duration_s=0.5,
    )

    call = read_line(raw).call

    assert call.call_id == "line-1"
    for name in ("endpoint", "operation", "outcome", "partner_id", "request_id"):
        assert getattr(call, name) == getattr(expected, name)
    assert call.error == expected.error == "F500 GeneralError"
    assert (call.amount, call.currency, call.marked) == (Decimal(25), "GBP", True)
    assert call.ended_at_s == STARTED_S + 0.5


def test_bodies_and_headers_may_be_json_and_lists(raw, read_line):
    raw |= {
        "request_body": json.loads(raw["request_body"]),
        "response_body": json.loads(raw["response_body"]),
        "response_headers": [["X-Amzn-RequestId", ["1111", "2222"]], ["age", 3]],
    }

    call = read_line(raw).call

    assert (call.request_id, call.error_code) == ("Acmes000017", "F500")
    assert call.amzn_request_id == "1111, 2222"


@pytest.mark.parametrize(
    ("error", "name"),
    [
        ("java.net.SocketTimeoutException: Read timed out", "SocketTimeoutException"),
        (r"GuzzleHttp\Exception\ConnectException: refused", "ConnectException"),
        ("ECONNRESET", "ECONNRESET"),
        ("cURL error 28: Operation timed out", None),
        ("", None),
    ],
)
def test_an_error_in_any_language_is_no_answer(raw, read_line, error, name):
    call = read_line(raw | {"status": None, "response_body": None, "error": error}).call

    assert call.outcome is Outcome.NO_ANSWER
    assert call.exception == name


def test_an_error_after_the_answer_had_begun_is_no_answer_either(raw, read_line):
    call = read_line(raw | {"status": 200, "error": "ECONNRESET"}).call

    assert (call.outcome, call.status) == (Outcome.NO_ANSWER, 200)


def test_a_classified_line_is_taken_as_it_is(classified, read_line):
    call = read_line(classified | {"attempts": 3, "probe": True, "source": "till-7"})

    assert call.exchange is None
    assert call.call.error == "F500 GeneralError"
    assert call.call.amount == Decimal("25.00")
    assert (call.call.attempts, call.call.probe) == (3, True)
    assert call.call.marked
    assert str(call.call.scope) == "Acmes/eu"


def test_an_endpoint_is_a_name_or_a_url(classified, read_line):
    sandbox = read_line(classified | {"endpoint": "eu-sandbox"}).call
    del classified["endpoint"]
    named = read_line(classified | {"url": "https://gateway.example.invalid/x"}).call
    elsewhere = read_line(classified | {"url": "https://shop.example.invalid/x"})

    assert sandbox.endpoint == named.endpoint == Endpoint("eu", "sandbox")
    assert elsewhere is None


def test_the_account_of_the_settings_stands_in_for_none(classified, raw, read_line):
    raw["request_body"] = None
    classified["partner_id"] = None

    assert read_line(raw).call.partner_id == "Other"
    assert read_line(classified).call.partner_id == "Other"


def test_an_event_has_the_same_name_wherever_it_stands(classified, known):
    line = json.dumps(classified | {"event_id": CLAIM_CODE}).encode()

    one, two = (logged_line(line, known, call_id=name) for name in ("1", "2"))

    assert one.is_named
    assert one.call.call_id == two.call.call_id
    assert len(one.call.call_id) == 16
    assert CLAIM_CODE not in repr(one)


def test_keys_that_are_not_known_are_named_and_left_out(raw, read_line):
    assert read_line(raw | {"level": "info", "pid": 7}).unknown == {"level", "pid"}


def test_an_exchange_shows_nothing_of_itself(raw, read_line):
    assert "Acmes000017" not in repr(read_line(raw).exchange)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"v": 2}, "v is 2 but must be 1"),
        ({"v": None}, "v is missing but must be 1"),
        ({"v": True}, "v is true but must be 1"),
        ({"started_at": None}, "started_at is missing but must be ISO 8601 with a"),
        ({"started_at": "2026-11-22T11:15:05"}, "must be ISO 8601 with a zone"),
        ({"started_at": "soon"}, 'started_at is "soon" but'),
        ({"started_at": 1_795_346_105_250}, "a time of the years 2000 to 2099, in sec"),
        ({"duration_s": "0.5"}, 'duration_s is "0.5" but must be a number of seconds'),
        ({"duration_s": -1}, "duration_s is -1 but"),
        ({"duration_s": True}, "duration_s is true but"),
        ({"url": 7}, "url is 7 but must be text"),
        ({"url": None}, "url is missing but must be the URL"),
        ({"status": None}, "status is missing but must be the answer's, or error must"),
        ({"status": 0}, "status is missing"),
        ({"status": "500"}, 'status is "500" but must be a whole number'),
        ({"request_headers": "none"}, "request_headers is"),
        ({"request_headers": [["a"]]}, "request_headers is a list but"),
        ({"response_headers": {"a": {}}}, "response_headers is an object but"),
        ({"response_body": 7}, "response_body is 7 but"),
        ({"outcome": "DOWN"}, 'outcome is "DOWN" but must be one of SUCCESS, REJ'),
        ({"outcome": "FAULT", "url": None}, "endpoint is missing but"),
        ({"outcome": "FAULT", "endpoint": "EU!"}, 'endpoint is "EU!" but'),
        ({"outcome": "FAULT", "amount": "much"}, 'amount is "much" but'),
        ({"outcome": "FAULT", "amount": "NaN"}, 'amount is "NaN" but'),
        ({"outcome": "FAULT", "marked": "yes"}, 'marked is "yes" but must be true or'),
        ({"attempts": 1.5}, "attempts is 1.5 but must be a whole number"),
        ({"event_id": ""}, 'event_id is "" but must be text of 1 to 200'),
    ],
)
def test_what_is_wrong_is_named_with_what_it_must_be(raw, read_line, changes, said):
    with pytest.raises(BadRecord) as caught:
        read_line(raw | changes)

    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"", "no JSON"),
        (b'{"v":1', "no JSON (Input data was truncated)"),
        (b"[1]", "the line is a list but must be one JSON object"),
        (b"null", "the line is null"),
        (b'"text"', "the line is text"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b'{"a":"\xff\xfe"}', "the line is"),
        (b'{"v":' + b"9" * 5_000 + b"}", "the line is no JSON"),
    ],
)
def test_a_line_that_is_no_json_object_is_refused(known, line, said):
    with pytest.raises(BadRecord, match="but must be one JSON object") as caught:
        logged_line(line, known, call_id="1")

    assert said in str(caught.value)


def test_a_refusal_is_short_and_without_secrets(raw, read_line):
    with pytest.raises(BadRecord) as long:
        read_line(raw | {"started_at": "x" * 10_000})
    with pytest.raises(BadRecord) as secret:
        read_line(raw | {"started_at": CLAIM_CODE})

    assert len(str(long.value)) < 200
    assert CLAIM_CODE not in str(secret.value)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("1"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner),
    max_leaves=4,
)


@given(
    record=st.dictionaries(
        st.sampled_from(sorted(COMMON_KEYS | RAW_KEYS | CLASSIFIED_KEYS)), VALUES
    )
)
def test_a_line_is_never_more_than_refused(record):
    fine = {"v": 1, "started_at": STARTED_S, "duration_s": 1, "status": 200}
    for line in (record, fine | record):
        with suppress(BadRecord):
            logged_line(json.dumps(line).encode(), Known({}), call_id="1")


@given(
    name=st.sampled_from(sorted(COMMON_KEYS | RAW_KEYS | CLASSIFIED_KEYS)),
    around=st.text(max_size=5),
)
def test_a_claim_code_is_kept_and_shown_from_no_key(name, around):
    text = f"{around} {CLAIM_CODE} {around}"
    fine = {"v": 1, "started_at": STARTED_S, "duration_s": 1, "endpoint": "eu"}
    for form in ({"outcome": "FAULT"}, {"url": "https://agcod-v2-eu.amazon.com/x"}):
        line = fine | form | {"status": 500} | {name: text}
        try:
            shown = repr(logged_line(json.dumps(line).encode(), Known({}), call_id="1"))
        except BadRecord as error:
            shown = str(error)
        assert CLAIM_CODE not in shown


def test_the_page_knows_every_key_and_no_other():
    rows = re.findall(r"^\| `([a-z_]+)` \|", PAGE.read_text("utf-8"), re.M)

    assert set(rows) == COMMON_KEYS | RAW_KEYS | CLASSIFIED_KEYS


def test_the_lines_on_the_page_are_lines(known):
    lines = re.findall(r"^\{\"v\": ?1.*\}$", PAGE.read_text("utf-8"), re.M)

    assert len(lines) >= 3
    for line in lines:
        logged = logged_line(line.encode(), known, call_id="1")
        assert logged is not None
        assert not logged.unknown
