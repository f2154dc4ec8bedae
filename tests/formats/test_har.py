"""An entry of a HAR file becomes the Call that the guard would have made."""

from __future__ import annotations

import base64
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agcod_guard.call import Outcome
from agcod_guard.formats.har import is_elsewhere, logged_entry
from agcod_guard.formats.logged import Known
from agcod_guard.formats.values import BadRecord


def test_an_entry_says_what_the_same_raw_line_says(entry, raw, read_entry, read_line):
    from_entry, from_line = read_entry(entry).call, read_line(raw).call

    assert from_entry.call_id == "entry-1"
    for name in from_line.__slots__:
        if name != "call_id":
            assert getattr(from_entry, name) == getattr(from_line, name)


def test_a_body_in_base64_is_read(entry, read_entry):
    content = entry["response"]["content"]
    content["text"] = base64.b64encode(content["text"].encode()).decode()
    content["encoding"] = "base64"

    assert read_entry(entry).call.error == "F500 GeneralError"


def test_a_body_that_was_not_saved_is_not_taken_for_an_empty_one(entry, read_entry):
    entry["response"]["status"] = 200
    entry["response"]["content"] = {"size": 60, "mimeType": "x"}
    unseen = read_entry(entry).call
    entry["response"]["content"] = {"size": 0, "mimeType": "x"}
    empty = read_entry(entry).call

    assert (unseen.outcome, empty.outcome) == (Outcome.SUCCESS, Outcome.FAULT)


def test_a_form_is_put_together_again(entry, read_entry):
    posted = entry["request"]["postData"]
    posted["params"] = [{"name": posted.pop("text"), "value": ""}]

    assert read_entry(entry).call.request_id == "Acmes000017"


@pytest.mark.parametrize("place", ["entry", "response"])
@pytest.mark.parametrize(
    ("error", "outcome", "name"),
    [
        ("net::ERR_CONNECTION_RESET", Outcome.NO_ANSWER, "ERR_CONNECTION_RESET"),
        ("net::ERR_ABORTED", Outcome.ABANDONED, "ERR_ABORTED"),
        ("Server disconnected", Outcome.NO_ANSWER, None),
        (None, Outcome.NO_ANSWER, None),
    ],
)
def test_status_0_is_no_answer_unless_the_user_gave_up(
    entry, read_entry, place, error, outcome, name
):
    entry["response"] |= {"status": 0, "headers": [], "content": {}}
    (entry if place == "entry" else entry["response"])["_error"] = error

    call = read_entry(entry).call

    assert (call.outcome, call.exception, call.status) == (outcome, name, None)


def test_an_entry_without_response_is_no_answer(entry, read_entry):
    del entry["response"]

    assert read_entry(entry).call.outcome is Outcome.NO_ANSWER


def test_other_hosts_are_passed_over_whatever_stands_there(entry, read_entry):
    entry["request"]["url"] = "https://shop.example.invalid/basket"

    assert read_entry(entry) is None
    assert read_entry({"request": entry["request"], "time": "?"}) is None


def test_a_duration_that_the_writer_does_not_know_is_0(entry, read_entry):
    assert read_entry(entry | {"time": -1}).call.duration_s == 0.0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"request": None}, "request is missing but must be an object"),
        ({"request": {}}, "request.url is missing but must be the URL"),
        ({"startedDateTime": "2026-11-22"}, 'startedDateTime is "2026-11-22" but'),
        ({"time": "fast"}, 'time is "fast" but must be a number of milliseconds'),
        ({"time": -7}, "time is -7 but"),
        ({"response": []}, "no answer"),
        ({"response": {"status": "OK"}}, 'response.status is "OK" but'),
        ({"response": {"status": 200, "headers": [1]}}, "response.headers is a list"),
        ({"response": {"content": "x"}}, 'response.content is "x" but must be an obj'),
        (
            {"response": {"content": {"text": "x", "encoding": "base64"}}},
            'response.content.text is "x" but must be base64',
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_place(entry, read_entry, change, said):
    if said == "no answer":
        assert read_entry(entry | change).call.outcome is Outcome.NO_ANSWER
        return

    with pytest.raises(BadRecord) as caught:
        read_entry(entry | change)

    assert said in str(caught.value)


def test_an_entry_that_is_too_large_is_known_by_its_urls(known):
    ours = b'{"_initiator":{"url":"https://shop.example.invalid/x"},"request":{"url" : '
    here = ours + b'"https://agcod-v2.amazon.com/CreateGiftCard", "post'

    assert is_elsewhere(ours + b'"https://cdn.example.invalid/film"', known)
    assert not is_elsewhere(here, known)
    assert not is_elsewhere(b'{"comment":"', known)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
URL = "https://agcod-v2-eu.amazon.com/CreateGiftCard"


@given(
    request=st.dictionaries(st.sampled_from(["method", "headers", "postData"]), VALUES),
    response=st.dictionaries(
        st.sampled_from(["status", "headers", "content", "_error"]), VALUES
    ),
)
def test_an_entry_is_never_more_than_refused(request, response):
    record = {
        "startedDateTime": "2026-11-22T11:15:05Z",
        "time": 1,
        "request": {"url": URL} | request,
        "response": response,
    }

    with suppress(BadRecord):
        logged_entry(json.dumps(record).encode(), Known({}), call_id="1")
