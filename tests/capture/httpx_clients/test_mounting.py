"""Where the guard stands in httpx, and that it leaves without a trace."""

from __future__ import annotations

import copy
import pickle

import httpx
import pytest
from httpx_kinds import Async

from agcod_guard.call import Outcome
from agcod_guard.capture.httpx import GuardTransport, HttpxCapture

AGCOD_URL = "https://agcod-v2-eu.amazon.com/CreateGiftCard"
CHOOSING = "_transport_for_url"
ORIGINALS = {kind: vars(kind)[CHOOSING] for kind in (httpx.Client, httpx.AsyncClient)}


@pytest.fixture(autouse=True)
def the_classes_are_left_as_they_were():
    yield
    assert all(vars(kind)[CHOOSING] is own for kind, own in ORIGINALS.items())


@pytest.fixture
def another(another_guard):
    made = HttpxCapture(another_guard.recorder)
    yield made
    made.dismount()


@pytest.fixture
def canned(kind):
    """Return a client whose transport has its answer, or its error, ready."""
    clients = []

    def made(answer=None, **options):
        def handle(request):
            if isinstance(answer, BaseException):
                raise answer
            return answer or httpx.Response(200, json={"status": "SUCCESS"})

        transport = kind.transport_of(handle)
        clients.append(kind.client(transport=transport, **options))
        return clients[-1]

    yield made
    for client in clients:
        kind.close(client)


def test_wrap_returns_the_same_client_and_unwrap_leaves_no_trace(capture, canned):
    client = canned()
    before = dict(vars(client))

    assert capture.wrap(client) is client
    assert {**vars(client), CHOOSING: None} == {**before, CHOOSING: None}
    capture.unwrap(client)

    assert vars(client) == before


def test_wrapping_twice_records_once(kind, capture, canned, guarded):
    client = capture.wrap(capture.wrap(canned()))

    kind.do(client.post, AGCOD_URL, json={})

    assert len(guarded.calls) == 1


def test_an_unwrapped_client_is_no_longer_recorded(kind, capture, canned, guarded):
    client = capture.wrap(canned())
    capture.unwrap(client)

    kind.do(client.post, AGCOD_URL, json={})

    assert guarded.calls == []
    assert not capture.has_mounted(client)


def test_other_hosts_get_the_transport_itself(capture, canned):
    client = capture.wrap(canned())

    assert (
        client._transport_for_url(httpx.URL("https://a.invalid")) is client._transport
    )


@pytest.mark.parametrize(
    "thing", [None, 3, httpx.HTTPTransport(), httpx.Response(200), httpx.Client]
)
def test_what_is_no_client_is_refused(capture, thing):
    with pytest.raises(TypeError, match="observe"):
        capture.wrap(thing)


def test_install_sees_clients_made_before_and_after(kind, capture, canned, guarded):
    before = canned()
    capture.install()
    capture.install()

    kind.do(before.post, AGCOD_URL, json={})
    kind.do(canned().post, AGCOD_URL, json={})
    capture.uninstall()
    kind.do(before.post, AGCOD_URL, json={})

    assert len(guarded.calls) == 2


def test_install_sees_calls_of_the_module(capture, agcod, guarded):
    capture.install()

    httpx.post(agcod.url(), json={})

    assert [call.outcome for call in guarded.calls] == [Outcome.SUCCESS]


def test_wrap_and_install_together_record_once(kind, capture, canned, guarded):
    client = capture.wrap(canned())
    capture.install()

    kind.do(client.post, AGCOD_URL, json={})
    capture.uninstall()
    kind.do(client.post, AGCOD_URL, json={})

    assert len(guarded.calls) == 2


def test_two_guards_see_the_same_call(
    kind, capture, another, canned, guarded, another_guard
):
    client = another.wrap(capture.wrap(canned()))
    another.install()

    kind.do(client.post, AGCOD_URL, json={})
    capture.dismount()
    kind.do(client.post, AGCOD_URL, json={})

    assert (len(guarded.calls), len(another_guard.calls)) == (1, 2)


def test_dismount_undoes_all(kind, capture, canned, guarded):
    client = capture.wrap(canned())
    capture.install()

    capture.dismount()
    kind.do(client.post, AGCOD_URL, json={})

    assert guarded.calls == []
    assert CHOOSING not in vars(client)


def test_a_client_class_that_chooses_itself_is_asked(kind, capture, guarded):
    chosen = kind.transport_of(lambda _: httpx.Response(500))

    class Ours(kind.client):
        def _transport_for_url(self, url):
            return chosen

    client = capture.wrap(Ours())
    kind.do(client.post, AGCOD_URL, json={})
    kind.close(client)

    assert [call.status for call in guarded.calls] == [500]


def test_mounts_of_the_partner_are_asked(kind, capture, guarded):
    mounted = kind.transport_of(lambda _: httpx.Response(418))
    client = capture.wrap(kind.client(mounts={"https://": mounted}))

    assert kind.do(client.post, AGCOD_URL, json={}).status_code == 418
    kind.close(client)

    assert [call.status for call in guarded.calls] == [418]
    assert mounted.closed == 1


@pytest.mark.parametrize(
    "error",
    [
        KeyboardInterrupt(),
        SystemExit(3),
        httpx.ReadTimeout("no answer in 6 s"),
        ValueError("the partner's own"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_the_very_exception_reaches_the_caller_and_the_call_is_closed(
    kind, capture, canned, guarded, error
):
    client = capture.wrap(canned(error))

    with pytest.raises(type(error)) as caught:
        kind.do(client.post, AGCOD_URL, json={})

    assert caught.value is error
    assert (error.__context__, error.__cause__) == (None, None)
    assert [end.exception for end in guarded.journal.ends] == [type(error).__name__]
    no_answer = isinstance(error, httpx.TransportError)
    expected = Outcome.NO_ANSWER if no_answer else Outcome.ABANDONED
    assert guarded.calls[0].outcome is expected


def test_an_answer_made_for_a_test_is_seen_and_not_touched(
    kind, capture, canned, guarded
):
    made = httpx.Response(500, json={"errorCode": "F500"})
    before = made.stream

    answer = kind.do(capture.wrap(canned(made)).post, AGCOD_URL, json={})

    assert answer is made
    assert answer.stream._stream is before
    assert [call.error for call in guarded.calls] == ["F500"]


def test_an_answer_closed_unread_beneath_is_judged_by_its_status(
    kind, capture, canned, guarded
):
    made = httpx.Response(503, stream=kind.stream(b"{}"))
    kind.close_response(made)

    request = httpx.Request("POST", AGCOD_URL)
    kind.do(capture.wrap(canned(made)).send, request, stream=True)

    assert [call.error for call in guarded.calls] == ["HTTP 503"]


def test_a_stream_of_the_wrong_kind_fails_as_without_the_guard(capture, canned, kind):
    made = httpx.Response(200, stream=object())

    with pytest.raises(AssertionError):
        kind.do(canned(made).post, AGCOD_URL)
    with pytest.raises(AssertionError):
        kind.do(capture.wrap(canned(made)).post, AGCOD_URL)


def test_headers_added_beneath_the_guard_are_in_the_sample(kind, capture, guarded):
    def traced(request):
        request.headers = httpx.Headers({**request.headers, "traceparent": "00-1"})
        return httpx.Response(503)

    client = capture.wrap(kind.client(transport=kind.transport_of(traced)))
    kind.do(client.post, AGCOD_URL, headers={"X-Amz-Date": "20261122T111505Z"})
    kind.close(client)
    guarded.recorder.write_samples()

    (sample,) = guarded.journal.samples
    assert "traceparent" in sample.request


def test_a_guard_transport_sees_each_attempt_of_one_that_repeats(
    kind, capture, guarded
):
    tries = iter([httpx.Response(503), httpx.Response(200, json={"status": "SUCCESS"})])
    beneath = kind.guard(kind.transport_of(lambda _: next(tries)), guarded)

    class Repeating(type(kind.transport_of(None))):
        def __init__(self, inner):
            super().__init__(None)
            self.inner = inner

        def handle_request(self, request):
            self.inner.handle_request(request)
            return self.inner.handle_request(request)

        async def handle_async_request(self, request):
            await self.inner.handle_async_request(request)
            return await self.inner.handle_async_request(request)

    client = capture.wrap(kind.client(transport=Repeating(beneath)))
    capture.install()

    assert kind.do(client.post, AGCOD_URL, json={}).status_code == 200
    kind.close(client)

    assert [call.status for call in guarded.calls] == [503, 200]


@pytest.fixture
def transport(kind, guarded):
    made = kind.transport(retries=2)
    return kind.guard(made, guarded), made


def test_a_guard_transport_is_the_transport_in_all_but_the_sending(transport):
    ours, theirs = transport

    assert ours._pool is theirs._pool
    with pytest.raises(AttributeError):
        ours.nothing_of_the_kind  # noqa: B018


def test_a_guard_transport_opens_and_closes_the_partners(kind, guarded, agcod):
    inner = kind.transport_of(lambda _: httpx.Response(200))
    ours = kind.guard(inner, guarded)

    if isinstance(kind, Async):

        async def used():
            async with ours as entered:
                assert entered is ours
                assert inner.closed == 0
            await ours.aclose()

        kind.do(used)
    else:
        with ours as entered:
            assert entered is ours
            assert inner.closed == 0
        ours.close()

    assert inner.closed == 2


@pytest.mark.parametrize("how", [copy.copy, lambda it: pickle.loads(pickle.dumps(it))])
def test_a_guard_transport_may_be_copied_like_any_object(guarded, how):
    ours = GuardTransport(Nothing(), Empty())

    assert type(how(ours)._agcod_inner) is Nothing


class Nothing(httpx.BaseTransport):
    """Sends nothing."""


class Empty:
    """A guard that takes no notice."""

    recorder = None


def test_a_transport_that_raises_when_it_is_closed_raises_to_its_caller(
    kind, capture, guarded
):
    raised = OSError("cannot be closed")
    stream = kind.stream(b"{}")
    transport = kind.transport_of(lambda _: httpx.Response(503, stream=stream))

    def close(*_):
        raise raised

    async def aclose(*_):
        raise raised

    stream.close = transport.close = close
    stream.aclose = transport.aclose = aclose
    client = capture.wrap(kind.client(transport=transport))

    with pytest.raises(OSError, match="closed") as of_the_answer:
        kind.do(client.post, AGCOD_URL)
    with pytest.raises(OSError, match="closed") as of_the_client:
        kind.close(client)

    assert of_the_answer.value is of_the_client.value is raised
    assert [call.status for call in guarded.calls] == [503]


def test_a_client_closed_in_mid_call_ends_as_without_the_guard(
    both_ways, kind, agcod, guarded
):
    def exchange(client):
        request = client.build_request("POST", agcod.url("stall"))
        answer = kind.do(client.send, request, stream=True)
        kind.close(client)
        kind.read(answer)

    bare, seen = both_ways(exchange)

    assert (seen[0]["type"], seen[0]["text"]) == (bare[0]["type"], bare[0]["text"])
    assert len(guarded.journal.ends) == 1
