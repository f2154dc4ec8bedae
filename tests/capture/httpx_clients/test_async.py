"""What only an event loop can do to a call: cancel it, drop it, or make a thousand."""

from __future__ import annotations

import asyncio
import gc

import httpx
import pytest
import trio
from h2_agcod import h2_agcod
from httpx_kinds import AsyncSteps

from agcod_guard.call import Outcome
from agcod_guard.capture.httpx import AsyncGuardTransport

AGCOD_URL = "https://agcod-v2-eu.amazon.com/CreateGiftCard"
OPTIONS = {"timeout": 2, "trust_env": False}
H2 = {"http1": False, "http2": True}


class Waiting(httpx.AsyncBaseTransport):
    """Waits for ever, at the head or in the body; tells when it has begun to."""

    def __init__(self, started, wait, *, in_body):
        self.started, self.wait, self.in_body = started, wait, in_body
        self.closed = 0

    async def handle_async_request(self, request):
        if not self.in_body:
            await self._for_ever()
        return httpx.Response(200, stream=WaitingBody(self))

    async def _for_ever(self):
        self.started.set()
        await self.wait()


class WaitingBody(httpx.AsyncByteStream):
    """The first piece, and then nothing."""

    def __init__(self, transport):
        self.transport = transport

    async def __aiter__(self):
        yield b'{"status":'
        await self.transport._for_ever()

    async def aclose(self):
        self.transport.closed += 1


def for_ever():
    return asyncio.get_running_loop().create_future()


@pytest.mark.parametrize("in_body", [False, True], ids=["head", "body"])
def test_a_cancelled_task_ends_its_call_as_abandoned(capture, guarded, in_body):
    async def cancelled():
        transport = Waiting(asyncio.Event(), for_ever, in_body=in_body)
        async with capture.wrap(httpx.AsyncClient(transport=transport)) as client:
            task = asyncio.create_task(client.post(AGCOD_URL, json={}))
            await transport.started.wait()
            task.cancel("enough")
            with pytest.raises(asyncio.CancelledError, match="enough"):
                await task
        return transport.closed

    assert asyncio.run(cancelled()) == in_body
    assert [call.outcome for call in guarded.calls] == [Outcome.ABANDONED]
    assert guarded.calls[0].exception == "CancelledError"


@pytest.mark.parametrize("in_body", [False, True], ids=["head", "body"])
def test_a_timeout_of_asyncio_is_the_callers_and_abandons_the_call(
    capture, guarded, in_body
):
    async def timed_out():
        transport = Waiting(asyncio.Event(), for_ever, in_body=in_body)
        async with capture.wrap(httpx.AsyncClient(transport=transport)) as client:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await client.post(AGCOD_URL, json={})

    asyncio.run(timed_out())

    assert [call.outcome for call in guarded.calls] == [Outcome.ABANDONED]


@pytest.mark.parametrize("in_body", [False, True], ids=["head", "body"])
def test_a_cancel_scope_of_trio_abandons_the_call(capture, guarded, in_body):
    async def cancelled():
        transport = Waiting(trio.Event(), trio.sleep_forever, in_body=in_body)
        async with capture.wrap(httpx.AsyncClient(transport=transport)) as client:
            with trio.move_on_after(0.01) as scope:
                await client.post(AGCOD_URL, json={})
        return scope.cancelled_caught

    assert trio.run(cancelled)
    assert [call.outcome for call in guarded.calls] == [Outcome.ABANDONED]
    assert guarded.calls[0].exception == "Cancelled"


def test_trio_gets_what_it_gets_without_the_guard(capture, agcod, guarded):
    async def exchange(prepare):
        async with prepare(httpx.AsyncClient(**OPTIONS)) as client:
            answer = await client.post(agcod.url("chunked"), json={})
            return answer.status_code, answer.content

    assert trio.run(exchange, capture.wrap) == trio.run(exchange, lambda bare: bare)
    assert [call.outcome for call in guarded.calls] == [Outcome.SUCCESS]


@pytest.mark.parametrize(
    ("in_body", "outcome"),
    [(False, Outcome.ABANDONED), (True, Outcome.SUCCESS)],
    ids=["head", "body"],
)
def test_a_call_whose_loop_stops_is_ended_by_the_sweep_as_far_as_it_came(
    capture, guarded, in_body, outcome
):
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)  # a task destroyed while pending

    async def begun():
        transport = Waiting(asyncio.Event(), for_ever, in_body=in_body)
        client = capture.wrap(httpx.AsyncClient(transport=transport))
        task = asyncio.create_task(client.post(AGCOD_URL, json={}))
        await transport.started.wait()
        return task

    task = loop.run_until_complete(begun())
    loop.close()
    del task
    gc.collect()
    assert guarded.journal.ends == []  # a finalizer writes nothing
    guarded.recorder.sweep()

    assert [call.outcome for call in guarded.calls] == [outcome]


def test_a_client_closed_in_mid_call_fails_it_as_without_the_guard(
    capture, agcod, guarded
):
    async def closed(prepare):
        client = prepare(httpx.AsyncClient(**OPTIONS))
        task = asyncio.create_task(client.post(agcod.url("hang"), json={}))
        while not agcod.received:
            await asyncio.sleep(0.005)
        agcod.received.clear()
        await client.aclose()
        try:
            await task
        except Exception as error:
            return type(error), str(error)

    bare = asyncio.run(closed(lambda client: client))
    seen = asyncio.run(closed(capture.wrap))

    assert seen == bare
    assert len(guarded.journal.ends) == 1


class Gathering(httpx.AsyncBaseTransport):
    """Answers nobody before a number of calls are under way."""

    def __init__(self, calls):
        self.barrier = asyncio.Barrier(calls)

    async def handle_async_request(self, request):
        await self.barrier.wait()
        return httpx.Response(200, stream=AsyncSteps([b'{"status":', b'"SUCCESS"}']))


def test_a_thousand_calls_at_once_are_a_thousand_records(capture, guarded):
    async def thousand():
        client = capture.wrap(httpx.AsyncClient(transport=Gathering(1_000)))
        orders = ({"creationRequestId": f"Acmes{n:04}"} for n in range(1_000))
        calls = (client.post(AGCOD_URL, json=order) for order in orders)
        return {answer.text for answer in await asyncio.gather(*calls)}

    assert asyncio.run(thousand()) == {'{"status":"SUCCESS"}'}
    assert len({call.request_id for call in guarded.calls}) == 1_000
    assert {call.outcome for call in guarded.calls} == {Outcome.SUCCESS}
    assert len(guarded.journal.ends) == 1_000


@pytest.mark.parametrize("manner", ["success", "fault", "reset", "hang"])
def test_an_exchange_over_http_2_looks_the_same_and_is_recorded(
    capture, guarded, manner
):
    async def exchanged():
        seen = []
        async with h2_agcod() as agcod:
            for prepare in (lambda bare: bare, capture.wrap):
                timeout = 0.1 if manner == "hang" else 5
                options = OPTIONS | H2 | {"timeout": timeout}
                async with prepare(httpx.AsyncClient(**options)) as client:
                    try:
                        answer = await client.post(agcod.url(manner), json={"a": 1})
                        extensions = sorted(answer.extensions)
                        seen.append((answer.http_version, answer.content, extensions))
                    except httpx.HTTPError as error:
                        seen.append((type(error), str(error)))
        return *seen, agcod.bodies

    bare, seen, bodies = asyncio.run(exchanged())

    assert seen == bare
    assert bodies[0] == bodies[1]
    outcome = {"success": Outcome.SUCCESS, "fault": Outcome.FAULT}
    assert guarded.calls[0].outcome is outcome.get(manner, Outcome.NO_ANSWER)


def test_many_calls_share_one_connection_of_http_2(guarded):
    async def exchanged():
        async with h2_agcod() as agcod:
            transport = AsyncGuardTransport(httpx.AsyncHTTPTransport(**H2), guarded)
            async with httpx.AsyncClient(transport=transport) as client:
                manners = ["success", "fault"] * 40
                await asyncio.gather(*(client.post(agcod.url(m)) for m in manners))
            return agcod.connections

    assert asyncio.run(exchanged()) == 1
    outcomes = [call.outcome for call in guarded.calls]
    assert outcomes.count(Outcome.SUCCESS) == outcomes.count(Outcome.FAULT) == 40
