from __future__ import annotations

import copy
import hashlib
import io
import pickle
import threading
from contextlib import suppress
from datetime import timedelta

import pytest
import requests
import requests_mock
import responses
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.util.retry import Retry

from agcod_guard.call import Outcome, Trouble

AGCOD_URL = "https://agcod-v2-eu.amazon.com/CreateGiftCard"
FAULT = b'{"errorCode":"F500","errorType":"GeneralError"}'
ORDER = {
    "creationRequestId": "Acmes0001",
    "partnerId": "Acmes",
    "value": {"currencyCode": "GBP", "amount": 10},
}
MANNERS = {
    "success": Outcome.SUCCESS,
    "fault": Outcome.FAULT,
    "empty": Outcome.FAULT,
    "none": None,
    "gzip": Outcome.SUCCESS,
    "badgzip": Outcome.NO_ANSWER,
    "cookie": Outcome.SUCCESS,
    "large": Outcome.SUCCESS,
    "denied": Outcome.DENIED,
    "chunked": Outcome.SUCCESS,
    "broken": Outcome.NO_ANSWER,
    "cut": Outcome.NO_ANSWER,
    "reset": Outcome.NO_ANSWER,
}


class SigV4Like(AuthBase):
    """Signs the body and the headers, as Amazon's clients do."""

    def __call__(self, request):
        request.headers["x-amz-date"] = "20261122T111505Z"
        request.headers["x-amz-target"] = "com.amazonaws.agcod.AGCODService.Create"
        signed = repr(sorted(request.headers.items())).encode() + request.body
        request.headers["Authorization"] = hashlib.sha256(signed).hexdigest()
        return request


class Canned(HTTPAdapter):
    """Has its answer ready."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def send(self, request, *args, **kwargs):
        return self.answer


def sent(session, *args, **kwargs):
    """Send by hand, as code does that asks a session for its adapter."""
    request = requests.Request("POST", AGCOD_URL).prepare()
    return session.get_adapter(AGCOD_URL).send(request, *args, **kwargs)


class Interrupted(HTTPAdapter):
    """Is interrupted while it waits."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def send(self, request, *args, **kwargs):
        raise self.error


@pytest.mark.parametrize(("manner", "outcome"), MANNERS.items())
def test_an_exchange_looks_the_same_and_is_recorded(
    both_ways, agcod, guarded, manner, outcome
):
    bare, seen = both_ways(lambda s: s.post(agcod.url(manner), json=ORDER, timeout=2))

    assert seen == bare
    assert len(guarded.journal.begins) == len(guarded.journal.ends) == 1
    assert outcome in (guarded.calls[0].outcome, None)


def test_what_is_recorded_of_an_order_is_its_facts(agcod, guarded, session):
    session.post(agcod.url("fault"), json=ORDER, timeout=2)

    (call,) = guarded.calls
    assert (call.partner_id, call.request_id) == ("Acmes", "Acmes0001")
    assert (str(call.amount), call.currency) == ("10", "GBP")
    assert (call.error, call.status, call.marked) == ("F500 GeneralError", 500, True)
    assert (call.operation, str(call.endpoint)) == ("CreateGiftCard", "eu-loopback")
    assert (call.attempts, call.probe) == (1, False)
    assert guarded.journal.begins[0].call_id == guarded.journal.ends[0].call_id


def test_a_signed_request_reaches_the_wire_as_it_was_signed(both_ways, agcod, guarded):
    def exchange(session):
        session.auth = SigV4Like()
        return session.post(agcod.url(), data=b'{"a": 1 }', timeout=2)

    bare, seen = both_ways(exchange)

    assert seen == bare
    assert len(guarded.calls) == 1


@pytest.mark.parametrize(
    "body",
    [
        lambda: iter([b'{"partnerId":', b'"Acmes"}']),
        lambda: io.BytesIO(b'{"partnerId":"Acmes"}'),
        lambda: '{"partnerId":"Ac\u00e9mes"}',
        lambda: bytearray(b'{"partnerId":"Acmes"}'),
    ],
    ids=["generator", "file", "text", "bytearray"],
)
def test_a_body_of_any_kind_is_sent_as_without_the_guard(both_ways, agcod, body):
    def exchange(session):
        answer = session.post(agcod.url(), data=body(), timeout=2)
        return answer.status_code, answer.content

    bare, seen = both_ways(exchange)

    assert seen == bare


def test_a_redirect_is_two_calls_and_one_history(both_ways, agcod, guarded):
    bare, seen = both_ways(
        lambda s: s.post(agcod.url("redirect"), json=ORDER, timeout=2)
    )

    assert seen == bare
    assert [call.status for call in guarded.calls] == [307, 200]


def test_a_redirect_that_is_not_followed_keeps_its_next_request(both_ways, agcod):
    def exchange(session):
        answer = session.post(agcod.url("redirect"), allow_redirects=False, timeout=2)
        return answer.next.url, answer.status_code, sorted(vars(answer))

    bare, seen = both_ways(exchange)

    assert seen == bare


def test_a_redirect_loop_ends_as_without_the_guard(both_ways, agcod, guarded):
    def exchange(session):
        session.max_redirects = 2
        return session.post(agcod.url("loop"), timeout=2)

    bare, seen = both_ways(exchange)

    assert seen == bare
    assert len(guarded.calls) == 3


def test_connections_are_kept_alive_as_without_the_guard(both_ways, agcod, guarded):
    def exchange(session):
        return [session.post(agcod.url(), timeout=2).status_code for _ in range(3)]

    bare, seen = both_ways(exchange)

    assert seen == bare
    assert seen[-1] == 1


def test_elapsed_does_not_hold_the_time_of_the_body(agcod, guarded, session):
    answer = session.post(agcod.url("stall"), timeout=2)

    assert answer.elapsed < timedelta(seconds=0.25)
    assert guarded.calls[0].duration_s >= 0.3


def test_a_body_that_stalls_times_out_as_without_the_guard(both_ways, agcod, guarded):
    bare, seen = both_ways(lambda s: s.post(agcod.url("stall"), timeout=(1, 0.05)))

    assert seen == bare
    assert seen[0]["type"] is requests.exceptions.ConnectionError
    assert guarded.calls[0].outcome is Outcome.NO_ANSWER


def test_a_timeout_reaches_the_caller_unchanged_and_is_recorded(
    both_ways, agcod, guarded
):
    bare, seen = both_ways(lambda s: s.post(agcod.url("hang"), timeout=0.05))

    assert seen == bare
    assert seen[0]["type"] is requests.exceptions.ReadTimeout
    assert guarded.calls[0].exception == "ReadTimeout"
    assert guarded.calls[0].outcome is Outcome.NO_ANSWER


def test_a_streamed_answer_is_left_alone_and_ends_at_its_head(
    both_ways, agcod, guarded
):
    def exchange(session):
        answer = session.post(agcod.url("chunked"), stream=True, timeout=2)
        unread = sorted(vars(answer)), answer._content_consumed
        return unread, list(answer.iter_content(10)), answer.raw.tell()

    bare, seen = both_ways(exchange)

    assert seen == bare
    assert [call.outcome for call in guarded.calls] == [Outcome.SUCCESS]


def test_the_raw_body_of_a_streamed_answer_can_be_read(both_ways, agcod):
    def exchange(session):
        answer = session.post(agcod.url("gzip"), stream=True, timeout=2)
        return answer.raw.read(), answer.raw.closed

    bare, seen = both_ways(exchange)

    assert seen == bare


@pytest.mark.parametrize(
    "error",
    [
        KeyboardInterrupt(),
        SystemExit(3),
        requests.ReadTimeout("no answer in 6 s"),
        ValueError("the partner's own"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_the_very_exception_reaches_the_caller_and_the_call_is_closed(
    guarded, session, error
):
    session.mount("https://", Interrupted(error))

    with pytest.raises(type(error)) as caught:
        session.post(AGCOD_URL, json=ORDER, timeout=6)

    assert caught.value is error
    assert (error.__context__, error.__cause__) == (None, None)
    assert [end.exception for end in guarded.journal.ends] == [type(error).__name__]
    expected = Outcome.NO_ANSWER if isinstance(error, OSError) else Outcome.ABANDONED
    assert guarded.calls[0].outcome is expected


def test_the_adapter_gets_every_argument_as_it_was_given(guarded):
    taken = []

    class Curious(HTTPAdapter):
        def send(self, request, *args, **kwargs):
            taken.append((request, args, kwargs))
            return requests.Response()

    session = guarded.capture.wrap(requests.Session())
    session.mount("https://", Curious())
    request = requests.Request("POST", AGCOD_URL).prepare()
    cert = ("/x/cert", "/x/key")

    session.get_adapter(url=AGCOD_URL).send(request, True, 6, cert=cert, own="x")

    assert taken == [(request, (True, 6), {"cert": cert, "own": "x"})]


def test_a_hook_gets_the_answer_before_its_body_is_read(both_ways, agcod):
    def exchange(session):
        got = []

        def hook(answer, **kwargs):
            got.append((answer._content_consumed, sorted(kwargs), answer.json()))
            answer.own = "kept"

        session.hooks["response"].append(hook)
        answer = session.post(agcod.url(), timeout=2)
        return got, answer.own, sorted(vars(answer))

    bare, seen = both_ways(exchange)

    assert seen == bare


def test_a_hook_may_put_another_answer_in_its_place(agcod, guarded, session):
    other = requests.Response()
    other._content, other._content_consumed = b"other", True

    answer = session.post(
        agcod.url(), hooks={"response": lambda *_, **__: other}, timeout=2
    )

    assert answer is other


def test_a_session_subclass_and_its_own_send_are_seen(agcod, guarded):
    class Ours(requests.Session):
        def send(self, request, **kwargs):
            request.headers["x-ours"] = "1"
            return super().send(request, **kwargs)

    session = guarded.capture.wrap(Ours())

    answer = session.post(agcod.url(), timeout=2)

    assert answer.ok
    assert len(guarded.calls) == 1
    assert ("x-ours", "1") in agcod.received[0].headers


def test_many_threads_may_share_a_session(agcod, guarded, session):
    answers = []

    def order():
        answers.append(session.post(agcod.url(), json=ORDER, timeout=5).content)

    threads = [threading.Thread(target=order) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(answers) == 16
    assert len({end.call_id for end in guarded.journal.ends}) == 16
    assert all(call.outcome is Outcome.SUCCESS for call in guarded.calls)


def test_a_proxy_is_used_as_without_the_guard(both_ways, agcod, guarded):
    proxies = {"http": agcod.url().rsplit("/", 2)[0]}

    url = "http://agcod.example.invalid/CreateGiftCard"

    bare, seen = both_ways(
        lambda s: s.post(url, json=ORDER, proxies=proxies, timeout=2)
    )

    assert seen == bare
    assert seen[2][0]["line"].startswith("POST http://agcod.example.invalid/")
    assert len(guarded.calls) == 1


CLOSED = "http://someone:secret@127.0.0.1:1"


@pytest.mark.parametrize(
    ("proxies", "via"),
    [({}, ""), ({"https": CLOSED}, ""), ({"http": CLOSED}, "127.0.0.1:1")],
)
def test_the_way_of_a_call_is_recorded_without_the_proxys_password(
    agcod, guarded, session, proxies, via
):
    session.trust_env = False

    with suppress(requests.ConnectionError):
        session.post(agcod.url(), json=ORDER, proxies=proxies, timeout=2)

    for frame in (*guarded.journal.begins, *guarded.journal.ends):
        assert frame.via == via
        assert frame.origin == agcod.url().partition("/success")[0]


def test_what_way_an_adapter_of_the_partners_own_takes_is_not_known(guarded, session):
    session.mount("http://", Interrupted(requests.ReadTimeout("no answer in 6 s")))

    with pytest.raises(requests.ReadTimeout):
        session.post("http://127.0.0.1:1/CreateGiftCard", json=ORDER, timeout=2)

    assert [frame.via for frame in guarded.journal.ends] == [None]


def test_how_far_a_call_came_is_recorded(guarded, session):
    with pytest.raises(requests.ConnectionError):
        session.post("http://127.0.0.1:1/CreateGiftCard", json=ORDER, timeout=2)

    assert [call.trouble for call in guarded.calls] == [Trouble.REFUSED]


def test_the_answer_of_responses_is_seen(guarded, session):
    with responses.RequestsMock() as mocked:
        mocked.post(AGCOD_URL, json={"status": "SUCCESS"})

        answer = session.post(AGCOD_URL, json=ORDER, timeout=6)

    assert answer.json() == {"status": "SUCCESS"}
    assert [call.outcome for call in guarded.calls] == [Outcome.SUCCESS]


def test_an_exception_of_responses_is_the_callers(guarded, session):
    raised = requests.ReadTimeout("no answer in 6 s")
    with responses.RequestsMock() as mocked:
        mocked.post(AGCOD_URL, body=raised)
        with pytest.raises(requests.ReadTimeout) as caught:
            session.post(AGCOD_URL, json=ORDER, timeout=6)

    assert caught.value is raised
    assert [call.outcome for call in guarded.calls] == [Outcome.NO_ANSWER]


def test_requests_mock_works_on_a_wrapped_session_and_wrap_mends_it(guarded, session):
    with requests_mock.Mocker() as mocked:
        mocked.post(AGCOD_URL, json={"status": "SUCCESS"})
        assert session.post(AGCOD_URL, timeout=6).json() == {"status": "SUCCESS"}

    guarded.capture.wrap(session)
    session.mount("https://", Interrupted(requests.ConnectTimeout()))
    with pytest.raises(requests.ConnectTimeout):
        session.post(AGCOD_URL, timeout=6)

    assert [call.exception for call in guarded.calls] == ["ConnectTimeout"]


def test_a_session_that_requests_mock_has_used_can_be_wrapped(agcod, guarded):
    session = requests.Session()
    with requests_mock.Mocker() as mocked:
        mocked.post(AGCOD_URL, json={})
        session.post(AGCOD_URL, timeout=6)
    before = vars(session)["get_adapter"]

    guarded.capture.wrap(session).post(agcod.url(), timeout=2)
    guarded.capture.unwrap(session)

    assert len(guarded.calls) == 1
    assert vars(session)["get_adapter"] is before


def test_a_requests_mock_adapter_that_is_mounted_is_seen(guarded, session):
    adapter = requests_mock.Adapter()
    adapter.register_uri("POST", AGCOD_URL, json={"status": "SUCCESS"})
    session.mount("https://", adapter)

    assert session.post(AGCOD_URL, timeout=6).json() == {"status": "SUCCESS"}
    assert adapter.call_count == 1
    assert [call.outcome for call in guarded.calls] == [Outcome.SUCCESS]


@pytest.mark.parametrize(
    ("made", "error"),
    [
        ({"_content": FAULT, "_content_consumed": True}, "F500 GeneralError"),
        ({"_content": FAULT}, "F500 GeneralError"),
        ({"_content_consumed": True}, "HTTP 500"),
        ({"raw": None}, "HTTP 500"),
    ],
    ids=["read", "put in its place", "streamed away", "no body at all"],
)
def test_an_answer_that_nobody_will_read_is_not_touched(guarded, session, made, error):
    answer = requests.Response()
    vars(answer).update({"status_code": 500, "raw": io.BytesIO(b"other")} | made)
    before = dict(vars(answer))
    session.mount("https://", Canned(answer))

    assert sent(session) is answer
    assert vars(answer) == before
    assert [call.error for call in guarded.calls] == [error]


def test_an_answer_of_a_class_of_its_own_is_handed_on(guarded, session):
    class Odd:
        status_code = 503
        headers = None

    session.mount("https://", Canned(Odd))

    assert sent(session) is Odd
    assert [call.outcome for call in guarded.calls] == [Outcome.FAULT]


def test_retries_beneath_the_session_are_counted(agcod, guarded, session):
    retry = Retry(
        2, status_forcelist=[500], allowed_methods=["POST"], raise_on_status=False
    )
    session.mount("http://", HTTPAdapter(max_retries=retry))

    session.post(agcod.url("fault"), timeout=2)

    assert [call.attempts for call in guarded.calls] == [3]
    assert len(agcod.received) == 3


def test_retries_beneath_the_session_are_told_once(agcod, guarded, session):
    retry = Retry(
        2, status_forcelist=[500], allowed_methods=["POST"], raise_on_status=False
    )
    session.mount("http://", HTTPAdapter(max_retries=retry))

    for _ in range(2):
        session.post(agcod.url("fault"), timeout=2)
    session.mount("http://", HTTPAdapter())
    session.post(agcod.url("fault"), timeout=2)

    assert guarded.observer.hidden == [("CreateGiftCard", 3)]
    assert [call.attempts for call in guarded.calls] == [3, 3, 1]


@pytest.mark.parametrize(
    "retry",
    [
        Retry(2, status_forcelist=[500], allowed_methods=None),
        Retry(9, status=2, status_forcelist=[500], allowed_methods=None),
    ],
    ids=["total", "status"],
)
def test_retries_beneath_the_session_that_give_up_are_counted(
    agcod, guarded, session, retry
):
    session.mount("http://", HTTPAdapter(max_retries=retry))

    with pytest.raises(requests.exceptions.RetryError):
        session.post(agcod.url("fault"), timeout=2)

    assert [call.attempts for call in guarded.calls] == [3]
    assert guarded.observer.hidden == [("CreateGiftCard", 3)]


def test_an_adapter_that_repeats_nothing_is_not_told(agcod, guarded, session):
    with pytest.raises(requests.ConnectionError):
        session.post("http://127.0.0.1:1/CreateGiftCard", timeout=2)

    assert [call.attempts for call in guarded.calls] == [1]
    assert guarded.observer.hidden == []


def test_other_hosts_get_the_very_adapter(session):
    for url in (
        "https://example.invalid/CreateGiftCard",
        "https://agcod-v2.amazon.com.example.invalid/CreateGiftCard",
        "https://agcod-v2.amazon.com@example.invalid/CreateGiftCard",
        "https://agcod-v2.amazon.comx",
        "https://example.invalid?https://agcod-v2.amazon.com/",
    ):
        assert session.get_adapter(url=url) is session.adapters["https://"]


@pytest.mark.parametrize(
    "url",
    [
        "https://agcod-v2.amazon.com",
        "https://agcod-v2.amazon.com:443/CreateGiftCard",
        "https://AGCOD-v2-EU.amazon.com/CreateGiftCard",
        "https://user:word@agcod-v2-fe-gamma.amazon.com/CreateGiftCard",
        "HTTPS://agcod-v2.amazon.com/CreateGiftCard",
    ],
)
def test_every_way_to_write_agcods_host_is_seen(guarded, session, url):
    session.mount("https://", Interrupted(requests.ConnectTimeout()))

    with pytest.raises(requests.ConnectTimeout):
        session.post(url, timeout=6)

    assert len(guarded.calls) == 1


def test_a_password_in_a_url_is_not_kept(guarded, session):
    session.get_adapter("https://user:word@agcod-v2.amazon.com/CreateGiftCard")

    assert "word" not in repr(vars(guarded.capture._agcod))


def test_a_host_is_told_from_a_longer_one_also_the_second_time(session):
    session.get_adapter("https://agcod-v2.amazon.com/CreateGiftCard")

    adapter = session.get_adapter("https://agcod-v2.amazon.com.")

    assert adapter is not session.adapters["https://"]
    assert (
        session.get_adapter("https://agcod-v2.amazon.comm")
        is (session.adapters["https://"])
    )


def test_a_guarded_adapter_passes_for_the_partners_own(session):
    own = session.adapters["https://"]

    adapter = session.get_adapter(AGCOD_URL)
    adapter.max_retries = Retry(4)
    adapter.colour = "red"
    del adapter.colour

    assert isinstance(adapter, HTTPAdapter)
    assert adapter == own
    assert own == adapter
    assert adapter == session.get_adapter(AGCOD_URL)
    assert hash(adapter) == hash(own)
    assert repr(adapter) == repr(own)
    assert own.max_retries.total == 4
    assert not hasattr(own, "colour")
    assert type(pickle.loads(pickle.dumps(adapter))) is HTTPAdapter
    assert type(copy.copy(adapter)) is HTTPAdapter
    adapter.close()


def test_a_missing_attribute_is_missing_as_on_the_adapter(session):
    with pytest.raises(AttributeError, match="'HTTPAdapter' object has no"):
        session.get_adapter(AGCOD_URL).colour  # noqa: B018


def test_no_adapter_for_a_url_is_the_same_error(session):
    with pytest.raises(requests.exceptions.InvalidSchema, match="No connection"):
        session.get_adapter("ftp://agcod-v2.amazon.com/CreateGiftCard")


@pytest.mark.parametrize("timeout", [None, (None, None)])
def test_a_call_without_a_timeout_is_told_once(agcod, guarded, session, timeout):
    for _ in range(2):
        session.post(agcod.url(), timeout=timeout)

    assert guarded.observer.without_timeout == ["CreateGiftCard"]


def test_a_timeout_given_by_position_is_seen(agcod, guarded, session):
    request = requests.Request("POST", agcod.url()).prepare()

    session.get_adapter(request.url).send(request, False, 2)

    assert guarded.observer.without_timeout == []


def test_an_adapter_with_a_timeout_of_its_own_is_not_warned_of(agcod, guarded, session):
    class Patient(HTTPAdapter):
        def send(self, request, **kwargs):
            return super().send(request, **kwargs | {"timeout": 2})

    session.mount("http://", Patient())

    session.post(agcod.url())
    session.post(agcod.url(), timeout=2)

    assert guarded.observer.without_timeout == []


def test_a_session_that_is_no_session_is_refused(guarded):
    with pytest.raises(TypeError, match=r"observe\(\)"):
        guarded.capture.wrap(object())


def test_an_answer_can_be_pickled(agcod, session):
    answer = session.post(agcod.url(), timeout=2)

    assert pickle.loads(pickle.dumps(answer)).content == answer.content
