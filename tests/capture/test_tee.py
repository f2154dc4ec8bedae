from __future__ import annotations

import gc
import weakref

import pytest
import requests
from requests.adapters import HTTPAdapter

from agcod_guard.call import Outcome
from agcod_guard.open_call import KEPT_BYTES

AGCOD_URL = "https://agcod-v2-eu.amazon.com/CreateGiftCard"


@pytest.fixture
def unread(agcod, session):
    """Return an answer whose body nobody has read yet."""

    def made(manner="success"):
        request = session.prepare_request(requests.Request("POST", agcod.url(manner)))
        return session.get_adapter(request.url).send(request, timeout=2)

    return made


def test_nothing_is_read_before_the_caller_reads(guarded, unread):
    answer = unread()

    assert answer.raw.tell() == 0
    assert guarded.calls == []
    assert answer.content
    assert [call.outcome for call in guarded.calls] == [Outcome.SUCCESS]
    assert "iter_content" not in vars(answer)


def test_chunks_are_those_of_the_caller(guarded, unread):
    answer = unread()

    chunks = list(answer.iter_content(7))

    assert {len(chunk) for chunk in chunks[:-1]} == {7}
    assert guarded.calls[0].outcome is Outcome.SUCCESS


def test_text_chunks_are_text_and_are_understood(guarded, unread):
    answer = unread("fault")
    answer.encoding = "utf-8"

    text = "".join(answer.iter_content(7, decode_unicode=True))

    assert text.startswith('{"errorCode"')
    assert guarded.calls[0].error == "F500 GeneralError"


def test_lines_can_be_read(guarded, unread):
    assert len(list(unread().iter_lines())) == 1
    assert guarded.calls[0].outcome is Outcome.SUCCESS


def test_a_wrong_argument_fails_at_once_as_without_the_guard(guarded, unread):
    answer = unread()

    with pytest.raises(TypeError, match="chunk_size must be an int"):
        answer.iter_content("7")

    assert answer.content
    assert len(guarded.calls) == 1


def test_a_consumed_stream_is_the_same_error(unread):
    answer = unread()
    list(answer.iter_content(7))

    with pytest.raises(requests.exceptions.StreamConsumedError):
        answer.iter_content(7)


def test_a_reader_that_stops_early_ends_the_call_by_its_status(guarded, unread):
    answer = unread("success")
    chunks = answer.iter_content(5)
    next(chunks)

    chunks.close()

    assert [call.outcome for call in guarded.calls] == [Outcome.SUCCESS]
    assert "iter_content" not in vars(answer)


def test_a_reader_that_stops_early_closes_what_it_read_from(guarded, session):
    class Chunks:
        closed = 0

        def __iter__(self):
            return self

        def __next__(self):
            return b"1"

        def close(self):
            self.closed += 1

    class Answer(requests.Response):
        def iter_content(self, *args, **kwargs):
            return source

    source = Chunks()
    chunks = _canned(session, Answer()).iter_content(1)
    next(chunks)

    chunks.close()

    assert source.closed == 1


def test_the_rest_of_a_body_can_be_read_after_a_first_look(guarded, unread):
    answer = unread()
    first = next(answer.iter_content(5))

    rest = answer.content

    assert first + rest == b'{"status":"SUCCESS","gcClaimCode":"AAAA-BBBBBB-CCCC",' + (
        b'"gcId":"A2GCN9"}'
    )
    assert len(guarded.calls) == 1


def test_a_body_that_somebody_took_from_the_wire_is_not_thought_empty(guarded, unread):
    answer = unread()
    answer.raw.read()

    assert answer.content == b""
    assert [call.outcome for call in guarded.calls] == [Outcome.SUCCESS]


def test_of_a_large_body_the_first_64_kb_are_kept(guarded, unread, monkeypatch):
    kept = []
    end = guarded.recorder.end

    def watched(opened, *, body=None, error=None):
        kept.append(len(body))
        end(opened, body=body, error=error)

    monkeypatch.setattr(guarded.recorder, "end", watched)

    assert len(unread("large").content) > 3 * KEPT_BYTES
    assert kept == [KEPT_BYTES]
    assert guarded.calls[0].outcome is Outcome.SUCCESS


def test_what_is_no_iterator_is_handed_on(guarded, session):
    class Answer(requests.Response):
        def iter_content(self, *args, **kwargs):
            return [b"1", b"2"]

    assert _canned(session, Answer()).iter_content() == [b"1", b"2"]


def test_an_iter_content_of_the_answers_own_is_asked_and_comes_back(guarded, session):
    made = requests.Response()
    own = lambda *args, **kwargs: iter([b'{"status":', b'"SUCCESS"}'])  # noqa: E731
    made.iter_content = own

    answer = _canned(session, made)

    assert answer.content == b'{"status":"SUCCESS"}'
    assert vars(answer)["iter_content"] is own
    assert guarded.calls[0].outcome is Outcome.SUCCESS


def test_an_answer_that_was_read_is_freed_at_once(unread):
    answer = unread()
    assert answer.content
    freed = weakref.ref(answer)
    gc.disable()
    try:
        del answer
        assert freed() is None
    finally:
        gc.enable()


def test_a_body_read_after_the_sweep_still_comes_whole(guarded, unread, monkeypatch):
    answer = unread()
    monkeypatch.setattr("agcod_guard.recorder.UNREAD_S", 0.0)

    guarded.recorder.sweep()

    assert [call.outcome for call in guarded.calls] == [Outcome.SUCCESS]
    assert answer.json()["status"] == "SUCCESS"
    assert len(guarded.calls) == 1
    assert "iter_content" not in vars(answer)


def test_a_hook_that_raises_leaves_a_call_that_the_sweep_ends(
    agcod, guarded, session, monkeypatch
):
    def hook(answer, **kwargs):
        answer.raise_for_status()

    with pytest.raises(requests.HTTPError):
        session.post(agcod.url("fault"), hooks={"response": hook}, timeout=2)
    guarded.recorder.sweep()
    assert guarded.calls == []
    monkeypatch.setattr("agcod_guard.recorder.UNREAD_S", 0.0)
    guarded.recorder.sweep()

    assert [call.outcome for call in guarded.calls] == [Outcome.FAULT]


def _canned(session, answer):
    class Canned(HTTPAdapter):
        def send(self, request, **kwargs):
            return answer

    answer.status_code, answer.raw = 200, object()
    session.mount("https://", Canned())
    request = requests.Request("POST", AGCOD_URL).prepare()
    return session.get_adapter(AGCOD_URL).send(request)
