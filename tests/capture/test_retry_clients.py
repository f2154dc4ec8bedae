"""Every client that can be guarded is repeated, and refused, alike."""

from __future__ import annotations

import asyncio
import itertools
import json
import urllib.error
from urllib.request import Request, build_opener

import aiohttp
import httpx
import pytest
import requests

from agcod_guard.call import Outcome
from agcod_guard.capture.aiohttp import AiohttpCapture
from agcod_guard.capture.httpx import HttpxCapture
from agcod_guard.capture.observe import observe
from agcod_guard.capture.retry import retrying
from agcod_guard.clock import ManualClock
from agcod_guard.errors import ChangedRequestIdError, UnseenCallError


def order(request_id):
    return json.dumps({"partnerId": "Acmes", "creationRequestId": request_id}).encode()


@pytest.fixture
def with_requests(session):
    def post(url, body):
        return session.post(url, data=body, timeout=6).status_code

    return post


@pytest.fixture
def with_urllib(guarded):
    opener = guarded.urllib.wrap(build_opener())

    def post(url, body):
        try:
            with opener.open(Request(url, body), timeout=6) as answer:
                answer.read()
                return answer.status
        except urllib.error.HTTPError as answer:
            with answer:
                answer.read()
                return answer.status

    return post


@pytest.fixture
def with_httpx(guarded):
    capture = HttpxCapture(guarded.recorder)
    with httpx.Client() as client:
        capture.wrap(client)
        yield lambda url, body: client.post(url, content=body).status_code


@pytest.fixture
def with_async_httpx(guarded):
    capture = HttpxCapture(guarded.recorder)

    async def post(url, body):
        async with httpx.AsyncClient() as client:
            answer = await capture.wrap(client).post(url, content=body)
            return answer.status_code

    return lambda url, body: asyncio.run(post(url, body))


@pytest.fixture
def with_aiohttp(guarded):
    capture = AiohttpCapture(guarded.recorder)

    async def post(url, body):
        async with (
            aiohttp.ClientSession() as bare,
            capture.wrap(bare).post(url, data=body) as answer,
        ):
            await answer.read()
            return answer.status

    return lambda url, body: asyncio.run(post(url, body))


@pytest.fixture
def with_observe(guarded):
    def post(url, body):
        with observe(guarded.recorder, method="POST", url=url, body=body) as seen:
            answer = httpx.post(url, content=body)
            seen.answer(status=answer.status_code, body=answer.content)
        return answer.status_code

    return post


CLIENTS = ["requests", "urllib", "httpx", "async_httpx", "aiohttp", "observe"]


@pytest.fixture(params=CLIENTS)
def post(request):
    return request.getfixturevalue(f"with_{request.param}")


@pytest.fixture
def again():
    clock = ManualClock()
    return retrying(clock=clock, sleep=clock.advance)


def test_a_failing_order_is_repeated(post, agcod, guarded, again):
    manners = iter(["fault", "empty", "success"])

    status = again(lambda: post(agcod.url(next(manners)), order("Acmes1")))()

    assert status == 200
    outcomes = [Outcome.FAULT, Outcome.FAULT, Outcome.SUCCESS]
    assert [call.outcome for call in guarded.calls] == outcomes
    assert {received.body for received in agcod.received} == {order("Acmes1")}


def test_another_request_id_never_reaches_the_wire(post, agcod, guarded, again):
    numbers = itertools.count(1)

    @again
    def buy():
        return post(agcod.url("fault"), order(f"Acmes{next(numbers)}"))

    with pytest.raises(ChangedRequestIdError):
        buy()

    assert [received.body for received in agcod.received] == [order("Acmes1")]
    assert len(guarded.journal.begins) == len(guarded.journal.ends) == 1


def test_a_timeout_of_the_partners_own_is_repeated(agcod, guarded):
    capture, clock = HttpxCapture(guarded.recorder), ManualClock()
    manners = iter([("hang", 0.05), ("success", 5.0)])

    body = order("Acmes1")

    async def sleep(seconds):
        clock.advance(seconds)

    @retrying(clock=clock, sleep=sleep)
    async def buy():
        manner, timeout_s = next(manners)
        async with httpx.AsyncClient() as client, asyncio.timeout(timeout_s):
            return await capture.wrap(client).post(agcod.url(manner), content=body)

    assert asyncio.run(buy()).status_code == 200
    outcomes = [Outcome.ABANDONED, Outcome.SUCCESS]
    assert [call.outcome for call in guarded.calls] == outcomes


def test_an_answer_that_is_still_being_read_is_not_repeated(agcod, session, again):
    calls = []

    @again
    def buy():
        calls.append(1)
        url = agcod.url("success")
        return session.post(url, data=order("Acmes1"), stream=True, timeout=6)

    with buy() as answer:
        assert answer.status_code == 200
    assert calls == [1]


def unread_with_urllib(guarded, url):
    opener = guarded.urllib.wrap(build_opener())
    opener.open(Request(url, order("Acmes1")), timeout=6).read()


def unread_with_httpx(guarded, url):
    with httpx.Client() as client:
        HttpxCapture(guarded.recorder).wrap(client)
        request = client.build_request("POST", url, content=order("Acmes1"))
        client.send(request, stream=True).raise_for_status()


def unread_with_aiohttp(guarded, url):
    async def post():
        async with (
            aiohttp.ClientSession(raise_for_status=True) as bare,
            AiohttpCapture(guarded.recorder)
            .wrap(bare)
            .post(url, data=order("Acmes1")) as answer,
        ):
            await answer.read()

    asyncio.run(post())


@pytest.mark.parametrize(
    "post", [unread_with_urllib, unread_with_httpx, unread_with_aiohttp]
)
def test_a_failing_answer_that_nobody_reads_is_judged_by_its_head(
    post, agcod, guarded, again
):
    manners = iter(["fault", "empty", "success"])

    again(lambda: post(guarded, agcod.url(next(manners))))()

    assert len(agcod.received) == 3


@pytest.mark.parametrize(("manner", "sent"), [("resend", 2), ("refused", 1)])
def test_an_unread_error_of_urllib_is_looked_into_and_can_still_be_read(
    manner, sent, agcod, guarded, again
):
    opener, caught = guarded.urllib.wrap(build_opener()), []
    manners = iter([manner, "refused"])

    @again
    def buy():
        try:
            opener.open(Request(agcod.url(next(manners)), order("Acmes1")), timeout=6)
        except urllib.error.HTTPError as error:
            caught.append(error)
            raise

    with pytest.raises(urllib.error.HTTPError) as raised:
        buy()

    assert len(agcod.received) == sent
    assert raised.value is caught[-1]
    assert b"F200" in raised.value.read()


def test_an_unguarded_client_is_named_and_its_error_kept(agcod, again):
    with pytest.raises(UnseenCallError) as caught:
        again(lambda: httpx.post(agcod.url("hang"), content=b"{}", timeout=0.05))()

    assert isinstance(caught.value.__cause__, httpx.ReadTimeout)


def test_an_unguarded_client_that_hands_over_its_answer_as_an_error_is_named(
    agcod, again
):
    def buy():
        return httpx.post(agcod.url("fault"), content=b"{}").raise_for_status()

    with pytest.raises(UnseenCallError) as caught:
        again(buy)()

    assert isinstance(caught.value.__cause__, httpx.HTTPStatusError)


def test_an_error_that_does_not_say_what_was_asked_is_the_partners_own(again):
    raised = httpx.ConnectError("refused")  # its `request` raises a RuntimeError

    @again
    def buy():
        raise raised

    with pytest.raises(httpx.ConnectError) as caught:
        buy()

    assert caught.value is raised


def test_an_unguarded_client_that_was_denied_keeps_its_error(agcod, again):
    def buy():
        return httpx.post(agcod.url("denied"), content=b"{}").raise_for_status()

    with pytest.raises(httpx.HTTPStatusError):
        again(buy)()


def test_a_body_that_nobody_has_read_is_not_read_for_a_judgement(agcod, again):

    with requests.Session() as bare:
        answer = again(
            lambda: bare.post(agcod.url("success"), data=b"{}", stream=True, timeout=6)
        )()

        assert answer._content is False
        answer.close()
