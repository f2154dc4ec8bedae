from __future__ import annotations

import http.client
import io
import pickle
import socket
import threading
import urllib.error
import urllib.request
from urllib.request import Request

import pytest
import requests

from agcod_guard.call import Outcome

AGCOD_URL = "https://agcod-v2-eu.amazon.com/CreateGiftCard"
ORDER = (
    b'{"creationRequestId":"Acmes0001","partnerId":"Acmes",'
    b'"value":{"currencyCode":"GBP","amount":10}}'
)
MANNERS = {
    "success": Outcome.SUCCESS,
    "fault": Outcome.FAULT,
    "empty": Outcome.FAULT,
    "none": None,
    "gzip": Outcome.SUCCESS,
    "badgzip": Outcome.SUCCESS,
    "cookie": Outcome.SUCCESS,
    "large": Outcome.SUCCESS,
    "denied": Outcome.DENIED,
    "chunked": Outcome.SUCCESS,
    "lines": Outcome.SUCCESS,
    "until_closed": Outcome.SUCCESS,
    "broken": Outcome.NO_ANSWER,
    "cut": Outcome.NO_ANSWER,
    "reset": Outcome.NO_ANSWER,
    "hang": Outcome.NO_ANSWER,
    "redirect": None,
}


@pytest.fixture
def openers(agcod, guarded):
    """Run an exchange with a bare and with a wrapped opener; return both results.

    A result is what the caller saw, what the server received, and how many
    connections it took. Further arguments are handlers, or classes of them.
    """

    def run(exchange, *handlers):
        seen = []
        for prepare in (lambda bare: bare, guarded.urllib.wrap):
            agcod.received.clear()
            connections = agcod.connections
            opener = prepare(urllib.request.build_opener(*handlers))
            try:
                outcome = exchange(opener)
                if isinstance(outcome, http.client.HTTPResponse):
                    outcome = visible(outcome)
            except BaseException as error:
                outcome = visible_error(error)
            took = agcod.connections - connections
            seen.append((outcome, [vars(r) for r in agcod.received], took))
        return seen[0], seen[1]

    return run


def visible(answer):
    """Read an answer and return all that its caller can see of it."""
    body = answer.read()
    return {
        "class": (type(answer), answer.__class__),
        "vars": sorted(vars(answer)),
        "status": (answer.status, answer.code, answer.reason, answer.msg),
        "headers": [pair for pair in answer.headers.items() if pair[0] != "Date"],
        "url": answer.geturl(),
        "over": (answer.isclosed(), answer.closed, answer.length, answer.fp),
        "body": body,
    }


def visible_error(error):
    """Read an error that is an answer, and return all that can be seen of it."""
    seen = {
        "type": type(error),
        "text": (str(error), repr(error)),
        "cause": type(error.__cause__),
        "context": (type(error.__context__), error.__suppress_context__),
        "vars": sorted(vars(error)),
    }
    if isinstance(error, urllib.error.HTTPError):
        seen |= {
            "answer": (error.code, error.msg, error.reason, error.geturl()),
            "headers": [pair for pair in error.headers.items() if pair[0] != "Date"],
            "file": (error.fp is error.file, error.closed),
            "bodies": (error.read(), error.read()),
            "fp": (type(error.fp), error.fp.isclosed(), sorted(vars(error.fp))),
        }
    return seen


@pytest.mark.parametrize(("manner", "outcome"), MANNERS.items())
def test_an_exchange_looks_the_same_and_is_recorded(
    openers, agcod, guarded, manner, outcome
):
    bare, seen = openers(
        lambda opener: opener.open(agcod.url(manner), ORDER, timeout=0.2)
    )

    assert seen == bare
    assert len(guarded.journal.begins) == len(guarded.journal.ends) == 1
    assert outcome in (guarded.calls[0].outcome, None)


def test_what_is_recorded_of_an_order_is_its_facts(agcod, guarded, opener):
    with pytest.raises(urllib.error.HTTPError) as caught:
        opener.open(agcod.url("fault"), ORDER, timeout=2)
    caught.value.read()

    (call,) = guarded.calls
    assert (call.partner_id, call.request_id) == ("Acmes", "Acmes0001")
    assert (str(call.amount), call.currency) == ("10", "GBP")
    assert (call.error, call.status, call.marked) == ("F500 GeneralError", 500, True)
    assert (call.operation, str(call.endpoint)) == ("CreateGiftCard", "eu-loopback")
    assert (call.attempts, call.probe) == (1, False)


@pytest.mark.parametrize(
    "body",
    [
        lambda: ORDER,
        lambda: bytearray(ORDER),
        lambda: memoryview(ORDER),
        lambda: io.BytesIO(ORDER),
        lambda: [ORDER[:9], ORDER[9:]],
        lambda: iter([ORDER[:9], ORDER[9:]]),
    ],
    ids=["bytes", "bytearray", "memoryview", "file", "list", "generator"],
)
def test_a_body_of_any_kind_is_sent_as_without_the_guard(openers, agcod, body):
    def exchange(opener):
        return opener.open(agcod.url(), body(), timeout=2)

    bare, seen = openers(exchange)

    assert seen == bare
    assert seen[1][0]["body"] == ORDER


def test_a_body_that_cannot_be_sent_is_the_same_error(openers, agcod, guarded):
    bare, seen = openers(lambda opener: opener.open(agcod.url(), "text", timeout=2))

    assert seen == bare
    assert seen[0]["type"] is TypeError
    assert guarded.calls == []


def test_the_headers_that_were_sent_are_those_that_are_recorded(
    agcod, guarded, opener, monkeypatch
):
    noted = []
    monkeypatch.setattr(
        guarded.recorder, "begin", lambda **facts: noted.append(facts["headers"])
    )
    opener.addheaders = [("User-agent", "shop/1"), ("X-Ours", "1")]
    request = Request(agcod.url(), ORDER, {"x-amz-date": "20261122T111505Z"})
    request.add_unredirected_header("Authorization", "AWS4-HMAC-SHA256 fake")

    opener.open(request, timeout=2).read()

    assert noted[0] == dict(agcod.received[0].headers)
    assert noted[0]["Connection"] == "close"


def test_a_header_that_is_added_beneath_the_guard_stands_in_the_sample(
    agcod, guarded, monkeypatch
):
    send = urllib.request.AbstractHTTPHandler.do_open

    def traced(handler, http_class, request, **kwargs):
        request.add_header("traceparent", "00-1-2-01")
        return send(handler, http_class, request, **kwargs)

    monkeypatch.setattr(urllib.request.AbstractHTTPHandler, "do_open", traced)
    opener = guarded.urllib.wrap(urllib.request.build_opener())

    with pytest.raises(urllib.error.HTTPError) as caught:
        opener.open(agcod.url("fault"), ORDER, timeout=2)
    caught.value.read()
    guarded.recorder.write_samples()

    assert "Traceparent: 00-1-2-01" in guarded.journal.samples[0].request


class Repost(urllib.request.HTTPRedirectHandler):
    """Posts again to where it is sent, which urllib itself does not."""

    max_repeats = 2

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        return Request(newurl, req.data)


def test_a_redirect_is_two_calls_and_one_answer(openers, agcod, guarded):
    bare, seen = openers(
        lambda opener: opener.open(agcod.url("redirect"), ORDER, timeout=2), Repost
    )

    assert seen == bare
    assert [call.status for call in guarded.calls] == [307, 200]


def test_a_redirect_loop_ends_as_without_the_guard(openers, agcod, guarded):
    bare, seen = openers(
        lambda opener: opener.open(agcod.url("loop"), ORDER, timeout=2), Repost
    )

    assert seen == bare
    assert [call.status for call in guarded.calls] == [307, 307, 307]


def test_a_password_asked_for_is_two_calls(openers, agcod, guarded):
    def exchange(opener):
        return opener.open(agcod.url("login"), ORDER, timeout=2)

    words = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    words.add_password(None, agcod.url("login"), "shop", "not-a-real-word")

    bare, seen = openers(exchange, urllib.request.HTTPBasicAuthHandler(words))
    guarded.recorder.sweep()

    assert seen == bare
    assert sorted(call.status for call in guarded.calls) == [200, 401]


def test_a_proxy_is_used_as_without_the_guard_and_is_not_taken_for_the_host(
    openers, agcod, guarded
):
    proxy = agcod.url().rsplit("/", 2)[0]
    url = "http://agcod.example.invalid/CreateGiftCard"

    bare, seen = openers(
        lambda opener: opener.open(url, ORDER, timeout=2),
        urllib.request.ProxyHandler({"http": proxy}),
    )

    assert seen == bare
    assert seen[1][0]["line"].startswith("POST http://agcod.example.invalid/")
    assert [call.operation for call in guarded.calls] == ["CreateGiftCard"]
    assert [call.via for call in guarded.calls] == [proxy.removeprefix("http://")]


def test_a_tunnel_is_known_and_its_password_is_not_amazons(guarded, monkeypatch):
    noted = []
    begin = guarded.recorder.begin

    def noting(**facts):
        noted.append(facts["headers"])
        return begin(**facts)

    monkeypatch.setattr(guarded.recorder, "begin", noting)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"127.0.0.1:{closed.getsockname()[1]}"
    proxy = urllib.request.ProxyHandler({"https": f"http://shop:fake@{address}"})
    opener = guarded.urllib.wrap(urllib.request.build_opener(proxy))

    with pytest.raises(urllib.error.URLError):
        opener.open(AGCOD_URL, ORDER, timeout=2)

    assert [call.via for call in guarded.calls] == [address]
    assert "Proxy-Authorization" not in noted[0]
    assert noted[0]["Host"] == "agcod-v2-eu.amazon.com"


def test_a_direct_call_goes_by_no_proxy(agcod, guarded, opener):
    opener.open(agcod.url(), ORDER, timeout=2).read()

    assert [call.via for call in guarded.calls] == [""]


def test_a_host_behind_agcod_as_a_proxy_is_not_agcods(agcod, guarded):
    proxy = agcod.url().rsplit("/", 2)[0]
    opener = guarded.urllib.wrap(
        urllib.request.build_opener(urllib.request.ProxyHandler({"http": proxy}))
    )

    opener.open("http://other.example.invalid/CreateGiftCard", ORDER, timeout=2).read()

    assert guarded.calls == []


@pytest.mark.parametrize(
    "error",
    [
        KeyboardInterrupt(),
        SystemExit(3),
        TimeoutError("timed out"),
        http.client.RemoteDisconnected("closed"),
        ValueError("the partner's own"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_the_very_exception_reaches_the_caller_and_the_call_is_closed(guarded, error):
    class Interrupted(http.client.HTTPSConnection):
        def getresponse(self):
            raise error

        def request(self, *args, **kwargs):
            pass

    class Handler(urllib.request.HTTPSHandler):
        def https_open(self, request):
            return self.do_open(Interrupted, request)

    opener = guarded.urllib.wrap(urllib.request.build_opener(Handler))

    with pytest.raises(type(error)) as caught:
        opener.open(AGCOD_URL, ORDER, timeout=6)

    assert caught.value is error
    assert (error.__context__, error.__cause__) == (None, None)
    assert [end.exception for end in guarded.journal.ends] == [type(error).__name__]
    answerless = isinstance(error, OSError)
    expected = Outcome.NO_ANSWER if answerless else Outcome.ABANDONED
    assert guarded.calls[0].outcome is expected


def test_a_refused_connection_is_the_same_urlerror(openers, guarded):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    url = f"http://127.0.0.1:{port}/CreateGiftCard"

    bare, seen = openers(lambda opener: opener.open(url, ORDER, timeout=2))

    assert seen == bare
    assert seen[0]["context"] == (ConnectionRefusedError, False)
    assert [call.exception for call in guarded.calls] == ["URLError"]
    assert [call.outcome for call in guarded.calls] == [Outcome.NO_ANSWER]


def test_an_error_can_be_read_line_by_line_and_closed(openers, agcod):
    def exchange(opener):
        with pytest.raises(urllib.error.HTTPError) as caught:
            opener.open(agcod.url("fault"), ORDER, timeout=2)
        with caught.value as error:
            lines = list(error)
        return lines, error.closed, error.fp.closed

    bare, seen = openers(exchange)

    assert seen == bare


def test_an_error_can_no_more_be_pickled_than_without_the_guard(openers, agcod):
    def exchange(opener):
        with pytest.raises(urllib.error.HTTPError) as caught:
            opener.open(agcod.url("fault"), ORDER, timeout=2)
        pickle.dumps(caught.value)

    bare, seen = openers(exchange)

    assert seen == bare
    assert seen[0]["type"] is TypeError


@pytest.mark.parametrize("default_s", [None, 2])
def test_a_call_without_a_timeout_is_told_once(agcod, guarded, opener, default_s):
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(default_s)
    try:
        for _ in range(2):
            opener.open(agcod.url(), ORDER).read()
    finally:
        socket.setdefaulttimeout(before)

    told = [] if default_s else ["CreateGiftCard"]
    assert guarded.observer.without_timeout == told


def test_a_timeout_of_none_waits_for_ever(agcod, guarded, opener):
    opener.open(agcod.url(), ORDER, timeout=None).read()

    assert guarded.observer.without_timeout == ["CreateGiftCard"]


def test_a_connection_with_a_timeout_of_its_own_is_not_warned_of(agcod, guarded):
    class Patient(http.client.HTTPConnection):
        def __init__(self, host, timeout=None):
            super().__init__(host, timeout=2)

    class Handler(urllib.request.HTTPHandler):
        def http_open(self, request):
            return self.do_open(Patient, request)

    opener = guarded.urllib.wrap(urllib.request.build_opener(Handler))

    opener.open(agcod.url(), ORDER, timeout=None).read()

    assert guarded.observer.without_timeout == []
    assert len(guarded.calls) == 1


def test_a_call_to_another_host_is_not_recorded(agcod, guarded, opener):
    url = agcod.url().replace("127.0.0.1", "localhost")

    answer = opener.open(url, ORDER, timeout=2)

    assert vars(answer).keys() == vars(urllib.request.urlopen(url, ORDER)).keys()
    assert answer.read()
    assert guarded.journal.begins == []


def test_a_url_with_words_in_it_is_seen_as_agcods(guarded, opener):
    with pytest.raises(urllib.error.URLError):
        opener.open("http://AGCOD.Example.Invalid:9/CreateGiftCard#x", ORDER, timeout=1)

    assert [call.operation for call in guarded.calls] == ["CreateGiftCard"]


def test_what_another_client_sends_beneath_a_handler_is_counted_once(agcod, guarded):
    class ByRequests(urllib.request.HTTPHandler):
        def http_open(self, request):
            answer = requests.post(request.full_url, request.data, timeout=2)
            return urllib.request.addinfourl(
                io.BytesIO(answer.content), answer.headers, answer.url, 200
            )

    guarded.urllib.install()
    guarded.capture.install()
    opener = urllib.request.build_opener(ByRequests)

    with pytest.raises(AttributeError, match="msg"):
        opener.open(agcod.url(), ORDER)

    assert [call.outcome for call in guarded.calls] == [Outcome.SUCCESS]


def test_requests_and_urllib_side_by_side_are_each_counted_once(agcod, guarded):
    guarded.urllib.install()
    guarded.capture.install()

    requests.post(agcod.url(), ORDER, timeout=2)
    urllib.request.urlopen(agcod.url(), ORDER, timeout=2).read()

    assert len(guarded.calls) == len(agcod.received) == 2


def test_many_threads_may_share_an_opener(agcod, guarded, opener):
    answers = []

    def order():
        answers.append(opener.open(agcod.url(), ORDER, timeout=5).read())

    threads = [threading.Thread(target=order) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(answers) == 16
    assert len({end.call_id for end in guarded.journal.ends}) == 16
    assert all(call.outcome is Outcome.SUCCESS for call in guarded.calls)


def test_an_opener_that_is_no_opener_is_refused(guarded):
    with pytest.raises(TypeError, match=r"observe\(\)"):
        guarded.urllib.wrap(object())
