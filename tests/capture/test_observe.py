from __future__ import annotations

import http.client
import io
import urllib.error

import pytest
import requests

from agcod_guard.call import UNKNOWN_ENDPOINT, Outcome
from agcod_guard.capture.observe import observe

AGCOD_URL = "https://agcod-v2-eu.amazon.com/CreateGiftCard"
BODY = b'{"creationRequestId":"Acmes0001","partnerId":"Acmes"}'


@pytest.fixture
def seeing(guarded):
    def made(**given):
        request = {"method": "POST", "url": AGCOD_URL, "headers": {}, "body": BODY}
        return observe(guarded.recorder, **request | given)

    return made


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ({"status": 200, "body": b'{"status":"SUCCESS"}'}, Outcome.SUCCESS),
        ({"status": 200, "body": '{"status":"SUCCESS"}'}, Outcome.SUCCESS),
        ({"status": 500, "headers": {}, "body": b""}, Outcome.FAULT),
        ({"status": 403, "headers": [("Date", "x")]}, Outcome.DENIED),
        ({"status": 200, "headers": 5}, Outcome.SUCCESS),
    ],
)
def test_an_answer_is_recorded(guarded, seeing, answer, outcome):
    with seeing() as seen:
        seen.answer(**answer)

    (call,) = guarded.calls
    assert call.outcome is outcome
    assert (call.request_id, str(call.endpoint)) == ("Acmes0001", "eu")


def test_the_call_ends_with_the_answer_and_not_with_the_block(guarded, seeing):
    with seeing() as seen:
        assert len(guarded.journal.begins) == 1
        seen.answer(status=200, headers={}, body=b'{"status":"SUCCESS"}')
        assert len(guarded.journal.ends) == 1

    assert len(guarded.journal.ends) == 1


def test_the_first_of_two_answers_counts(guarded, seeing):
    with seeing() as seen:
        seen.answer(status=200, body=b'{"status":"SUCCESS"}')
        seen.answer(status=500, body=b"")

    assert [call.outcome for call in guarded.calls] == [Outcome.SUCCESS]


def test_an_exception_after_the_answer_passes_and_does_not_count(guarded, seeing):
    error = KeyError("the partner's own")

    def exchange():
        with seeing() as seen:
            seen.answer(status=200, body=b'{"status":"SUCCESS"}')
            raise error

    with pytest.raises(KeyError) as caught:
        exchange()

    assert caught.value is error
    assert [call.outcome for call in guarded.calls] == [Outcome.SUCCESS]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (TimeoutError("6 s"), Outcome.NO_ANSWER),
        (ConnectionResetError(), Outcome.NO_ANSWER),
        (http.client.RemoteDisconnected(), Outcome.NO_ANSWER),
        (urllib.error.URLError("no route"), Outcome.NO_ANSWER),
        (ValueError("the partner's own"), Outcome.ABANDONED),
        (KeyboardInterrupt(), Outcome.ABANDONED),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_exception_passes_and_is_the_outcome(guarded, seeing, error, outcome):
    with pytest.raises(type(error)) as caught, seeing():
        raise error

    assert caught.value is error
    assert (error.__context__, error.__cause__) == (None, None)
    assert [call.outcome for call in guarded.calls] == [outcome]


def test_an_exception_that_hands_over_an_answer_is_that_answer(guarded, seeing):
    body = io.BytesIO(b'{"message":"Forbidden"}')
    error = urllib.error.HTTPError(AGCOD_URL, 403, "Forbidden", {}, body)

    with pytest.raises(urllib.error.HTTPError), seeing():
        raise error

    assert [call.outcome for call in guarded.calls] == [Outcome.DENIED]
    assert error.read() == b'{"message":"Forbidden"}'


def test_the_answer_in_an_error_of_requests_is_found(guarded, seeing):
    response = requests.Response()
    response.status_code = 429

    with pytest.raises(requests.HTTPError), seeing():
        raise requests.HTTPError(response=response)

    assert [call.outcome for call in guarded.calls] == [Outcome.THROTTLED]


def test_no_answer_at_all_is_abandoned(guarded, seeing):
    with seeing():
        pass

    assert [call.outcome for call in guarded.calls] == [Outcome.ABANDONED]


def test_an_unknown_host_is_recorded_as_such(guarded, seeing):
    with seeing(url="https://gifts.example.invalid/CreateGiftCard") as seen:
        seen.answer(status=200, body=b'{"status":"SUCCESS"}')

    assert guarded.calls[0].endpoint == UNKNOWN_ENDPOINT


def test_a_body_that_has_to_be_read_is_left_alone(guarded, seeing):
    body = io.BytesIO(BODY)

    with seeing(body=body) as seen:
        seen.answer(status=200, body=io.BytesIO(b"{}"))

    assert body.tell() == 0
    assert guarded.calls[0].request_id is None


def test_headers_may_be_pairs(guarded, seeing):
    target = ("X-Amz-Target", "com.amazonaws.agcod.AGCODService.GetAvailableFunds")

    with seeing(url="https://agcod-v2.amazon.com/", headers=[target]):
        pass

    assert guarded.calls[0].operation == "GetAvailableFunds"


def test_an_answer_before_the_block_is_entered_is_ignored(guarded, seeing):
    seeing().answer(status=200)

    assert guarded.journal.frames == []
