from __future__ import annotations

import copy
import gc
import http.client
import io
import json
import pickle
import select
import shutil
import urllib.error
import urllib.request
import weakref

import pytest

from agcod_guard.call import Outcome
from agcod_guard.open_call import KEPT_BYTES

SUCCESS = b'{"status":"SUCCESS","gcClaimCode":"AAAA-BBBBBB-CCCC","gcId":"A2GCN9"}'
LINES = b'{"status":\n"SUCCESS",\n"gcId":"A2GCN9"}'


@pytest.fixture
def answer(agcod, opener):
    """Return an answer of which nothing has been read yet."""

    def made(manner="success"):
        return opener.open(agcod.url(manner), b"{}", timeout=2)

    return made


@pytest.fixture
def error(answer):
    """Return an error that is an answer, of which nothing has been read yet."""

    def made(manner="fault"):
        with pytest.raises(urllib.error.HTTPError) as caught:
            answer(manner)
        return caught.value

    return made


@pytest.fixture
def kept(guarded, monkeypatch):
    """Return what is seen of each body, as far as it has ended."""
    bodies = []
    end = guarded.recorder.end

    def watched(opened, *, body=None, error=None):
        bodies.append(body)
        end(opened, body=body, error=error)

    monkeypatch.setattr(guarded.recorder, "end", watched)
    return bodies


def by_parts(answer):
    return b"".join(iter(lambda: answer.read(7), b""))


def by_read1(answer):
    return b"".join(iter(lambda: answer.read1(7), b""))


def filled(fill):
    parts, buffer = [], bytearray(7)
    while count := fill(buffer):
        parts.append(bytes(buffer[:count]))
    return b"".join(parts)


def by_readline(answer):
    return b"".join(iter(answer.readline, b""))


def by_peeking(answer):
    return answer.peek()[:1] and answer.read()


def copied(answer):
    shutil.copyfileobj(answer, file := io.BytesIO())
    return file.getvalue()


READERS = {
    "at once": lambda answer: answer.read(),
    "at once by name": lambda answer: answer.read(amt=None),
    "by parts": by_parts,
    "by read1": by_read1,
    "by readinto": lambda answer: filled(answer.readinto),
    "by readinto1": lambda answer: filled(answer.readinto1),
    "by readline": by_readline,
    "by readlines": lambda answer: b"".join(answer.readlines()),
    "by iteration": b"".join,
    "by peeking": by_peeking,
    "by json": lambda answer: json.dumps(json.load(answer)).encode(),
    "by copyfileobj": copied,
    "as text": lambda answer: io.TextIOWrapper(answer, "utf-8").read().encode(),
    "buffered": lambda answer: io.BufferedReader(answer).read(),
}


@pytest.mark.parametrize(
    "manner", ["success", "chunked", "lines", "chunked_lines", "until_closed"]
)
@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_a_body_may_be_read_in_any_way(agcod, guarded, answer, kept, manner, read):
    bare = urllib.request.urlopen(agcod.url(manner), b"{}", timeout=2)
    expected = read(bare)

    seen = answer(manner)

    assert read(seen) == expected
    assert kept == [LINES if "lines" in manner else SUCCESS]
    assert [call.outcome for call in guarded.calls] == [Outcome.SUCCESS]
    assert type(seen) is http.client.HTTPResponse
    assert sorted(vars(seen)) == sorted(vars(bare))


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_an_error_may_be_read_in_any_way(agcod, guarded, error, read):
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(agcod.url("fault"), b"{}", timeout=2)
    expected = read(caught.value)

    assert read(error()) == expected
    assert [call.error for call in guarded.calls] == ["F500 GeneralError"]


def test_nothing_is_read_before_the_caller_reads(guarded, answer):
    seen = answer()

    assert seen.length == len(SUCCESS)
    assert guarded.calls == []
    assert seen.read() == SUCCESS
    assert [call.outcome for call in guarded.calls] == [Outcome.SUCCESS]


def test_an_unread_answer_passes_for_what_it_is(guarded, answer):
    seen = answer()

    assert isinstance(seen, http.client.HTTPResponse)
    assert seen.__class__ is http.client.HTTPResponse
    assert type(seen).__name__ == "HTTPResponse"
    assert repr(seen).startswith("<http.client.HTTPResponse object at 0x")
    assert type(seen.fp) is io.BufferedReader
    assert seen.fileno() == seen.fp.fileno()
    assert seen.read.__doc__ == http.client.HTTPResponse.read.__doc__


def test_an_unread_answer_is_freed_and_closed_at_once(guarded, answer):
    gc.disable()
    try:
        seen = answer()
        freed, socket_file = weakref.ref(seen), seen.fp
        del seen
        assert freed() is None
        assert socket_file.closed
    finally:
        gc.enable()
    guarded.recorder.sweep()

    assert [call.outcome for call in guarded.calls] == [Outcome.SUCCESS]


def test_an_answer_is_kept_alive_by_the_method_that_reads_it(answer):
    read = answer().read

    assert read() == SUCCESS
    assert read() == b""


def test_of_an_error_that_nobody_reads_is_seen_what_has_come(guarded, answer):
    try:
        answer("fault")
    except urllib.error.HTTPError as error:
        select.select([error], [], [], 5)  # until its body has come
    guarded.recorder.sweep()

    assert [call.error for call in guarded.calls] == ["F500 GeneralError"]


def test_of_a_body_that_is_closed_half_read_both_halves_are_seen(guarded, answer):
    seen = answer("lines")
    assert seen.readline() == b'{"status":\n'

    seen.close()
    guarded.recorder.sweep()

    assert [call.outcome for call in guarded.calls] == [Outcome.SUCCESS]


@pytest.mark.parametrize("manner", ["stall", "chunked", "until_closed", "cut"])
def test_a_body_that_has_not_come_when_it_is_closed_is_not_waited_for(
    guarded, answer, manner, monkeypatch
):
    ended = []
    monkeypatch.setattr(
        guarded.recorder, "left_unread", lambda opened, *, body: ended.append(body)
    )
    answer(manner).close()

    assert ended == [None]


def test_a_connection_that_is_closed_keeps_its_timeout(answer):
    seen = answer()
    connection = seen.fp.raw._sock

    seen.close()

    assert connection.gettimeout() == 2


def test_a_body_that_nobody_reads_or_leaves_is_swept(guarded, answer, monkeypatch):
    seen = answer()
    guarded.recorder.sweep()
    assert guarded.calls == []
    monkeypatch.setattr("agcod_guard.recorder.UNREAD_S", 0.0)

    guarded.recorder.sweep()

    assert [call.outcome for call in guarded.calls] == [Outcome.SUCCESS]
    assert seen.read() == SUCCESS
    assert len(guarded.calls) == 1


def test_a_body_that_is_read_in_part_and_held_is_swept(guarded, answer, monkeypatch):
    seen = answer()
    seen.read(9)
    monkeypatch.setattr("agcod_guard.recorder.UNREAD_S", 0.0)

    guarded.recorder.sweep()

    assert [call.outcome for call in guarded.calls] == [Outcome.SUCCESS]
    assert seen.read() == SUCCESS[9:]


@pytest.mark.parametrize("leave", ["close", "__exit__"])
def test_a_body_that_is_left_early_ends_by_its_status(guarded, answer, leave):
    seen = answer("chunked")
    assert seen.read(9) == SUCCESS[:9]

    getattr(seen, leave)(*[None] * 3 * (leave == "__exit__"))
    guarded.recorder.sweep()

    assert seen.isclosed()
    assert [call.outcome for call in guarded.calls] == [Outcome.SUCCESS]
    assert type(seen) is http.client.HTTPResponse
    assert "_agcod_tee" not in vars(seen)


def test_closing_writes_no_frame_because_a_finalizer_may_do_it(guarded, answer):
    seen = answer()

    seen.close()

    assert guarded.journal.ends == []


def test_a_first_line_is_enough_if_it_is_the_whole_body(guarded, answer):
    seen = answer()

    assert seen.readline() == SUCCESS
    assert [call.outcome for call in guarded.calls] == [Outcome.SUCCESS]


def test_an_empty_body_ends_the_call_with_the_head(guarded, error):
    error("empty")

    assert [call.outcome for call in guarded.calls] == [Outcome.FAULT]


@pytest.mark.parametrize(
    ("ask", "mistake"),
    [
        (lambda answer: answer.read("7"), TypeError),
        (lambda answer: answer.readinto(b"read-only"), TypeError),
        (lambda answer: answer.read(1, 2, 3), TypeError),
    ],
    ids=["text", "read-only", "too many"],
)
def test_a_wrong_argument_fails_as_without_the_guard_and_ends_nothing(
    agcod, guarded, answer, ask, mistake
):
    bare = urllib.request.urlopen(agcod.url(), b"{}", timeout=2)
    with pytest.raises(mistake) as expected:
        ask(bare)
    seen = answer()

    with pytest.raises(mistake) as caught:
        ask(seen)

    assert str(caught.value) == str(expected.value)
    assert guarded.calls == []
    assert seen.read() == SUCCESS
    assert len(guarded.calls) == 1


def test_a_body_that_stalls_times_out_as_without_the_guard(agcod, guarded, opener):
    seen = opener.open(agcod.url("stall"), b"{}", timeout=0.05)

    with pytest.raises(TimeoutError):
        seen.read()

    assert [call.exception for call in guarded.calls] == ["TimeoutError"]
    assert [call.outcome for call in guarded.calls] == [Outcome.NO_ANSWER]
    with pytest.raises(OSError, match="timed out object"):
        seen.read()


def test_a_cut_body_raises_the_very_error_once_and_stays_as_it_is(guarded, answer):
    seen = answer("cut")

    with pytest.raises(http.client.IncompleteRead) as caught:
        seen.read()

    assert caught.value.partial == SUCCESS
    assert seen.read() == b""
    assert [call.outcome for call in guarded.calls] == [Outcome.NO_ANSWER]


def test_of_a_large_body_the_first_64_kb_are_kept(guarded, answer, kept):
    assert len(by_parts(answer("large"))) > 3 * KEPT_BYTES
    assert [len(body) for body in kept] == [KEPT_BYTES]
    assert guarded.calls[0].outcome is Outcome.SUCCESS


def test_a_copy_reads_on_where_a_copy_would_without_the_guard(guarded, answer):
    seen = answer()

    copied = copy.copy(seen)

    assert vars(copied).keys() == vars(seen).keys() - {"_agcod_tee"}
    assert type(copied) is http.client.HTTPResponse
    assert seen.read() == SUCCESS
    assert len(guarded.calls) == 1
    copied.fp = None  # or Python 3.13 complains of a shared file when it is freed


def test_an_unread_answer_cannot_be_pickled_for_the_same_reason(agcod, answer):
    bare = urllib.request.urlopen(agcod.url(), b"{}", timeout=2)
    with pytest.raises(TypeError) as expected:
        pickle.dumps(bare)

    with pytest.raises(TypeError) as caught:
        pickle.dumps(seen := answer())

    assert str(caught.value) == str(expected.value)
    assert seen.read() == SUCCESS


def test_two_guards_see_the_same_body(agcod, guarded, another_guard, opener):
    another_guard.urllib.wrap(opener)

    assert opener.open(agcod.url(), b"{}", timeout=2).read() == SUCCESS

    for guard in (guarded, another_guard):
        assert [call.outcome for call in guard.calls] == [Outcome.SUCCESS]


class OwnResponse(http.client.HTTPResponse):
    """An answer of a class of the partner's own."""

    def read(self, amt=None):
        self.asked = amt
        return super().read(amt)


class SlottedResponse:
    """An answer that is no HTTPResponse."""

    __slots__ = ("code", "msg")


def handler_for(made):
    class Connection(http.client.HTTPConnection):
        response_class = made

    class Handler(urllib.request.HTTPHandler):
        def http_open(self, request):
            return self.do_open(Connection, request)

    return Handler


def test_an_answer_of_a_class_of_its_own_keeps_it(agcod, guarded):
    opener = guarded.urllib.wrap(urllib.request.build_opener(handler_for(OwnResponse)))

    seen = opener.open(agcod.url(), b"{}", timeout=2)

    assert seen.__class__ is OwnResponse
    assert seen.read(9) + seen.read() == SUCCESS
    assert type(seen) is OwnResponse
    assert seen.asked is None
    assert len(guarded.calls) == 1


def test_an_answer_that_is_none_ends_the_call_by_nothing(agcod, guarded):
    made = SlottedResponse()

    class Connection(http.client.HTTPConnection):
        def getresponse(self):
            return made

    class Handler(urllib.request.HTTPHandler):
        def http_open(self, request):
            return self.do_open(Connection, request)

    opener = guarded.urllib.wrap(urllib.request.build_opener(Handler))

    with pytest.raises(AttributeError):
        opener.open(agcod.url(), b"{}", timeout=2)

    assert [call.outcome for call in guarded.calls] == [Outcome.ABANDONED]
