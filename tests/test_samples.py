from __future__ import annotations

import pytest
from doubles import ListJournal, ListObserver

from agcod_guard.call import Outcome
from agcod_guard.frames import Begin
from agcod_guard.open_call import KEPT_BYTES, OpenCall, kept_part
from agcod_guard.protocol.reading import read_answer
from agcod_guard.samples import Samples

SIGNED = {
    "Host": "agcod-v2-eu.amazon.com",
    "Authorization": "AWS4-HMAC-SHA256 Credential=AKIAFAKEFAKEFAKEFAKE/20261122/"
    "eu-west-1/AGCODService/aws4_request, SignedHeaders=host, Signature=" + "ab" * 32,
}
FAULT = b'{"errorCode":"F500","errorType":"GeneralError"}'
SUCCESS = b'{"status":"SUCCESS","gcClaimCode":"AAAA-BBBBBB-CCCC"}'


@pytest.fixture
def journal():
    return ListJournal()


@pytest.fixture
def observer():
    return ListObserver()


@pytest.fixture
def samples(journal, observer):
    return Samples(journal, observer, every_s=60.0)


@pytest.fixture
def put_by(samples):
    """Let a call end at a time, with an answer or an error."""

    def put(at_s, *, account="Acmes", status=500, body=FAULT, error=None):
        at_ns = int(at_s * 1e9)
        begun = Begin(
            call_id=f"{at_s:016.0f}",
            wall_ns=at_ns,
            mono_ns=at_ns,
            account=account,
            endpoint="eu",
            operation="CreateGiftCard",
        )
        opened = OpenCall(
            begun,
            method="POST",
            url="https://agcod-v2-eu.amazon.com/CreateGiftCard",
            headers=dict(SIGNED),
            body=b'{"creationRequestId":"Acmes0001"}',
        )
        opened.status = None if error else status
        opened.answer_headers = {"Date": "Sun, 22 Nov 2026 11:15:05 GMT"}
        answer = read_answer(
            operation=begun.operation,
            status=opened.status,
            response_headers=None,
            response_body=body,
            error=error,
        )
        ended = opened.ended(answer, wall_ns=at_ns, mono_ns=at_ns)
        samples.put_by(ended, opened, body)
        return opened

    return put


def kept(samples, journal):
    samples.write()
    return [int(sample.call_id) for sample in journal.samples]


def test_the_first_of_a_run_and_then_one_a_minute_are_kept(samples, journal, put_by):
    for at_s in (0, 1, 59, 60, 61, 119, 120):
        put_by(at_s)

    assert kept(samples, journal) == [0, 60, 120]


def test_a_success_ends_the_run(samples, journal, put_by):
    put_by(0)
    put_by(1, status=200, body=SUCCESS)
    put_by(2)

    assert kept(samples, journal) == [0, 2]


def test_each_scope_has_runs_of_its_own(samples, journal, put_by):
    put_by(0)
    put_by(1, account="Other")
    put_by(2, account="Other", status=200, body=SUCCESS)
    put_by(3)

    assert kept(samples, journal) == [0, 1]


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        ({"status": 500}, Outcome.FAULT),
        ({"status": 403, "body": b""}, Outcome.DENIED),
        ({"error": TimeoutError()}, Outcome.NO_ANSWER),
        ({"status": 200, "body": SUCCESS}, Outcome.SUCCESS),
        ({"status": 429, "body": b""}, Outcome.THROTTLED),
        ({"error": ValueError()}, Outcome.ABANDONED),
    ],
)
def test_only_failures_worth_showing_to_amazon_are_kept(
    samples, journal, put_by, given, outcome
):
    put_by(0, **given)

    worth_it = {Outcome.FAULT, Outcome.DENIED, Outcome.NO_ANSWER}
    assert bool(kept(samples, journal)) == (outcome in worth_it)


def test_a_sample_is_redacted(samples, journal, put_by):
    put_by(0, body=b'{"errorCode":"F500","gcClaimCode":"AAAA-BBBBBB-CCCC"}')
    samples.write()

    (sample,) = journal.samples
    assert "POST https://agcod-v2-eu.amazon.com/CreateGiftCard" in sample.request
    assert "Acmes0001" in sample.request
    assert "HTTP/1.1 500" in sample.answer
    assert "F500" in sample.answer
    assert "abababab" not in sample.request
    assert "FAKEFAKE" not in sample.request
    assert "BBBBBB" not in sample.answer


def test_a_sample_without_an_answer_has_none(samples, journal, put_by):
    put_by(0, error=TimeoutError(), body=None)
    samples.write()

    assert journal.samples[0].answer == ""


def test_a_sample_is_the_request_as_it_was_sent(samples, journal, put_by):
    opened = put_by(0)
    opened.headers["x-amz-date"] = "of the next attempt"
    samples.write()

    assert "of the next attempt" not in journal.samples[0].request


def test_what_does_not_fit_is_counted_and_told(samples, journal, observer, put_by):
    for scope in range(40):
        put_by(scope, account=f"Acmes{scope}")

    assert len(kept(samples, journal)) == 32
    assert observer.lost == [8]
    samples.write()
    assert observer.lost == [8]


def test_scopes_do_not_pile_up(samples, put_by, monkeypatch):
    monkeypatch.setattr("agcod_guard.samples._MOST_SCOPES", 3)
    for scope in range(10):
        put_by(scope, account=f"Acmes{scope}")

    assert len(samples._last_mono_ns) <= 3


def test_a_waiting_exchange_shows_nothing(samples, put_by):
    put_by(0)

    assert "AKIA" not in repr(samples._waiting)
    assert "Acmes" not in repr(samples._waiting)


@pytest.mark.parametrize(
    "body",
    [b"x" * 200_000, "x" * 200_000, bytearray(200_000), memoryview(b"x" * 200_000)],
)
def test_no_more_than_64_kb_of_a_body_are_kept(body):
    assert len(kept_part(body)) == KEPT_BYTES


def test_of_a_body_that_has_to_be_read_nothing_is_kept():
    assert kept_part(iter([b"x"])) is None
    assert kept_part(None) is None
