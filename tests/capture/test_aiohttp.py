"""What a caller of aiohttp sees is what it sees without the guard."""

from __future__ import annotations

import asyncio
import gc
import inspect
import warnings
import weakref

import aiohttp
import pytest

from agcod_guard.call import Outcome
from agcod_guard.capture import aiohttp as capturing
from agcod_guard.capture import aiohttp_exchange
from agcod_guard.capture.aiohttp import AiohttpCapture
from agcod_guard.capture.aiohttp_checks import check

ORDER = {
    "creationRequestId": "Acmes0001",
    "partnerId": "Acmes",
    "value": {"currencyCode": "GBP", "amount": 10},
}
MANNERS = {
    "success": Outcome.SUCCESS,
    "fault": Outcome.FAULT,
    "empty": Outcome.FAULT,
    "none": Outcome.FAULT,
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
ORIGINAL = aiohttp.ClientSession._request
IN_2_S = aiohttp.ClientTimeout(total=2)


@pytest.fixture(autouse=True)
def the_class_is_left_as_it_was():
    yield
    assert aiohttp.ClientSession._request is ORIGINAL


@pytest.fixture
def capture(guarded):
    made = AiohttpCapture(guarded.recorder)
    yield made
    made.dismount()


@pytest.fixture
def run(capture):
    """Run what is done with a session, which is wrapped unless asked otherwise."""

    def running(exchange, *, wrapped=True, **options):
        async def done():
            async with aiohttp.ClientSession(
                **{"timeout": IN_2_S} | options
            ) as session:
                return await exchange(capture.wrap(session) if wrapped else session)

        return asyncio.run(done())

    return running


@pytest.fixture
def both_ways(run, agcod):
    """Run an exchange bare and guarded; return what was seen on either side."""

    def running(exchange, **options):
        seen = []
        for wrapped in (False, True):
            agcod.received.clear()
            connections = agcod.connections
            outcome = run(caught(exchange), wrapped=wrapped, **options)
            took = agcod.connections - connections
            seen.append((outcome, [vars(each) for each in agcod.received], took))
        return seen[0], seen[1]

    return running


def caught(exchange):
    async def catching(session):
        try:
            return await exchange(session)
        except Exception as error:
            cause, context = type(error.__cause__), type(error.__context__)
            return type(error), without_addresses(error), cause, context

    return catching


def without_addresses(error):
    return " ".join(word for word in str(error).split() if "0x" not in word)


def posting(url, **options):
    async def exchange(session):
        async with session.post(url, json=ORDER, **options) as answer:
            return await visible(answer)

    return exchange


async def visible(answer):
    content = await answer.read()
    return {
        "class": type(answer),
        "vars": sorted(vars(answer)),
        "status": (answer.status, answer.reason, answer.version),
        "headers": [pair for pair in answer.raw_headers if pair[0] != b"Date"],
        "content": (content, await answer.read(), answer.content.at_eof()),
        "cookies": answer.cookies.output(),
        "history": [(hop.status, hop.closed, type(hop)) for hop in answer.history],
        "closed": answer.closed,
    }


@pytest.mark.parametrize(("manner", "outcome"), MANNERS.items())
def test_an_exchange_looks_the_same_and_is_recorded(
    both_ways, agcod, guarded, manner, outcome
):
    bare, seen = both_ways(posting(agcod.url(manner)))

    assert seen == bare
    assert len(guarded.journal.begins) == len(guarded.journal.ends) == 1
    assert guarded.calls[0].outcome is outcome


def test_what_is_recorded_of_an_order_is_its_facts(run, agcod, guarded):
    run(posting(agcod.url("fault")))

    (call,) = guarded.calls
    assert (call.partner_id, call.request_id) == ("Acmes", "Acmes0001")
    assert (str(call.amount), call.currency) == ("10", "GBP")
    assert (call.error, call.status, call.marked) == ("F500 GeneralError", 500, True)
    assert (call.operation, str(call.endpoint)) == ("CreateGiftCard", "eu-loopback")
    assert guarded.journal.ends[0].via == ""


def test_a_redirect_is_two_calls_and_one_history(both_ways, agcod, guarded):
    bare, seen = both_ways(posting(agcod.url("redirect")))

    # aiohttp keeps the connection of an answer left unread if its body has come.
    assert seen[:2] == bare[:2]
    assert [call.status for call in guarded.calls] == [307, 200]


@pytest.mark.parametrize("how", ["text", "json", "read"])
def test_a_body_may_be_read_in_any_way(both_ways, agcod, guarded, how):
    async def exchange(session):
        async with session.post(agcod.url("fault"), json=ORDER) as answer:
            read = getattr(answer, how)
            return await (read(content_type=None) if how == "json" else read())

    bare, seen = both_ways(exchange)

    assert seen == bare
    assert guarded.calls[0].error == "F500 GeneralError"


def test_a_body_read_piece_by_piece_is_left_alone_and_judged_by_its_status(
    both_ways, agcod, guarded
):
    async def exchange(session):
        async with session.post(agcod.url("chunked"), json=ORDER) as answer:
            pieces = [piece async for piece in answer.content.iter_chunked(7)]
            return b"".join(pieces)

    bare, seen = both_ways(exchange)

    assert seen == bare
    assert [call.outcome for call in guarded.calls] == [Outcome.SUCCESS]


def test_an_answer_that_is_left_unread_ends_with_its_block(both_ways, agcod, guarded):
    async def exchange(session):
        async with session.post(agcod.url("fault"), json=ORDER) as answer:
            answer.raise_for_status()

    bare, seen = both_ways(exchange)

    assert seen == bare
    assert [call.error for call in guarded.calls] == ["HTTP 500"]


def test_a_session_that_raises_for_status_ends_the_call(both_ways, agcod, guarded):
    bare, seen = both_ways(posting(agcod.url("fault")), raise_for_status=True)

    assert seen == bare
    assert seen[0][0] is aiohttp.ClientResponseError
    assert [call.error for call in guarded.calls] == ["HTTP 500"]


@pytest.mark.parametrize("manner", ["hang", "stall"])
@pytest.mark.parametrize(
    "timeout",
    [aiohttp.ClientTimeout(total=0.2), aiohttp.ClientTimeout(sock_read=0.2)],
    ids=["total", "sock_read"],
)
def test_a_timeout_is_the_one_without_the_guard_and_no_answer(
    both_ways, agcod, guarded, manner, timeout
):
    bare, seen = both_ways(posting(agcod.url(manner)), timeout=timeout)

    assert seen == bare
    assert issubclass(seen[0][0], TimeoutError)
    assert [call.outcome for call in guarded.calls] == [Outcome.NO_ANSWER]


class Slow(aiohttp.TCPConnector):
    """Never gets through."""

    async def connect(self, *args, **kwargs):
        await asyncio.get_running_loop().create_future()


def test_a_total_timeout_while_it_connects_is_no_answer(capture, guarded):
    async def exchange():
        timeout = aiohttp.ClientTimeout(total=0.05)
        async with aiohttp.ClientSession(connector=Slow(), timeout=timeout) as slow:
            capture.wrap(slow)
            with pytest.raises(TimeoutError):
                await slow.post("http://127.0.0.1:1/CreateGiftCard", json=ORDER)

    asyncio.run(exchange())

    assert [call.exception for call in guarded.calls] == ["TimeoutError"]
    assert [call.outcome for call in guarded.calls] == [Outcome.NO_ANSWER]


def test_a_task_cancelled_while_it_connects_is_abandoned(capture, guarded):
    async def exchange():
        async with aiohttp.ClientSession(connector=Slow()) as slow:
            capture.wrap(slow)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await slow.post("http://127.0.0.1:1/CreateGiftCard", json=ORDER)

    asyncio.run(exchange())

    assert [call.exception for call in guarded.calls] == ["CancelledError"]
    assert [call.outcome for call in guarded.calls] == [Outcome.ABANDONED]


def test_a_refused_connection_is_recorded(both_ways, guarded):
    bare, seen = both_ways(posting("http://127.0.0.1:1/CreateGiftCard"))

    assert seen == bare
    assert seen[0][0] is aiohttp.ClientConnectorError
    assert [call.outcome for call in guarded.calls] == [Outcome.NO_ANSWER]


@pytest.mark.parametrize("manner", ["hang", "stall"])
def test_a_cancelled_task_ends_its_call_as_abandoned(run, agcod, guarded, manner):
    async def exchange(session):
        task = asyncio.create_task(posting(agcod.url(manner))(session))
        while not agcod.received:
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.02)
        task.cancel("enough")
        with pytest.raises(asyncio.CancelledError, match="enough"):
            await task

    run(exchange)

    assert [call.outcome for call in guarded.calls] == [Outcome.ABANDONED]


@pytest.mark.parametrize("kind", ["generator", "form", "text", "none"])
def test_a_body_of_any_kind_is_sent_as_without_the_guard(
    both_ways, agcod, guarded, kind
):
    async def pieces():
        yield b'{"partnerId":'
        yield b'"Other"}'

    async def exchange(session):
        form = {"data": {"partnerId": "Acmes"}}
        text = {"data": '{"partnerId":"Ac\u00e9mes"}'}
        bodies = {"generator": {"data": pieces()}, "form": form, "text": text}
        async with session.post(agcod.url(), **bodies.get(kind, {})) as answer:
            return await answer.text()

    bare, seen = both_ways(exchange)

    assert seen == bare
    assert len(guarded.calls) == 1


def test_middlewares_of_the_partner_run_and_each_attempt_is_a_call(
    both_ways, agcod, guarded
):
    async def twice(request, send):
        (await send(request)).release()
        return await send(request)

    bare, seen = both_ways(posting(agcod.url("fault")), middlewares=[twice])

    assert seen[:2] == bare[:2]
    assert len(seen[1]) == 2
    assert [call.status for call in guarded.calls] == [500, 500]


def test_middlewares_of_one_call_replace_the_sessions_as_without_the_guard(
    both_ways, agcod, guarded
):
    async def never(request, send):
        raise AssertionError("replaced by those of the call")

    bare, seen = both_ways(posting(agcod.url(), middlewares=()), middlewares=[never])

    assert seen == bare
    assert [call.outcome for call in guarded.calls] == [Outcome.SUCCESS]


def test_wrap_and_install_together_record_once(run, agcod, guarded, capture):
    capture.install()
    capture.install()
    run(posting(agcod.url()))
    run(posting(agcod.url()), wrapped=False)
    capture.uninstall()
    run(posting(agcod.url()), wrapped=False)

    assert len(guarded.calls) == 2


def test_two_guards_see_the_same_call(run, agcod, guarded, another_guard):
    another = AiohttpCapture(another_guard.recorder)
    another.install()

    run(posting(agcod.url("fault")))
    another.dismount()
    run(posting(agcod.url("fault")))

    assert [call.error for call in guarded.calls] == ["F500 GeneralError"] * 2
    assert [call.error for call in another_guard.calls] == ["F500 GeneralError"]


def test_calls_of_the_module_are_seen(agcod, guarded, capture):
    async def exchange():
        async with aiohttp.request("POST", agcod.url(), json=ORDER) as answer:
            return await answer.json()

    capture.install()

    assert asyncio.run(exchange())["status"] == "SUCCESS"
    assert [call.outcome for call in guarded.calls] == [Outcome.SUCCESS]


def test_unwrap_leaves_no_trace_and_no_attribute_is_discouraged(capture, monkeypatch):
    def discouraged(session, name, value):
        raise AssertionError(f"custom attribute {name}")

    async def exchange():
        async with aiohttp.ClientSession() as session:
            before = dict(vars(session))
            with monkeypatch.context() as patched:
                # With python -X dev, aiohttp warns of each.
                patched.setattr(
                    aiohttp.ClientSession, "__setattr__", discouraged, raising=False
                )
                assert capture.wrap(capture.wrap(session)) is session
                assert capture.sees(session)
                capture.unwrap(session)
            assert vars(session) == before

    asyncio.run(exchange())


def test_other_hosts_are_let_through(run, agcod, guarded):
    url = agcod.url().replace("127.0.0.1", "localhost")

    assert run(posting(url))["status"][0] == 200
    assert guarded.journal.frames == []


def test_a_dropped_answer_gives_its_connection_back_at_once(run, agcod):
    async def exchange(session):
        answer = await session.post(agcod.url("chunked"), json=ORDER)
        while not answer.content.is_eof():
            await asyncio.sleep(0.005)  # until then aiohttp itself holds the answer
        seen = weakref.ref(answer)
        gc.disable()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ResourceWarning)
                del answer
            return seen() is None
        finally:
            gc.enable()

    assert run(exchange)


def test_a_call_without_a_timeout_is_told_of_once(run, agcod, guarded):
    run(posting(agcod.url()), timeout=aiohttp.ClientTimeout(total=None))
    run(posting(agcod.url(), timeout=aiohttp.ClientTimeout(total=None)))

    assert guarded.observer.without_timeout == ["CreateGiftCard"]


def test_what_is_no_session_is_refused(capture):
    with pytest.raises(TypeError, match="observe"):
        capture.wrap(object())


def test_an_aiohttp_without_middlewares_is_refused_by_version(capture, monkeypatch):
    monkeypatch.delattr(aiohttp, "ClientMiddlewareType")

    with pytest.raises(TypeError, match=r"3\.12"):
        capture.install()


def test_a_session_that_lets_no_middlewares_through_is_refused_and_goes_on_as_it_was(
    agcod, guarded, capture
):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)

        class Shop(aiohttp.ClientSession):
            async def _request(self, method, str_or_url, *, data=None):
                return await super()._request(method, str_or_url, data=data)

    async def exchange():
        async with Shop(timeout=IN_2_S) as session:
            with pytest.raises(TypeError, match=r"Shop has a _request.* install\(\)"):
                capture.wrap(session)
            capture.install()
            async with session.post(agcod.url(), data=b"{}") as answer:
                return await answer.json(content_type=None)

    assert asyncio.run(exchange())["status"] == "SUCCESS"
    assert [call.outcome for call in guarded.calls] == [Outcome.SUCCESS]


def test_the_method_stands_for_the_one_it_covers(capture):
    capture.install()

    ours = aiohttp.ClientSession._request
    assert inspect.signature(ours) == inspect.signature(ORIGINAL)


def test_problems_are_named(capture):
    async def found(**options):
        async with aiohttp.ClientSession(**options) as session:
            before = check(capture, session)
            return before, check(capture, capture.wrap(session))

    assert asyncio.run(found())[1] == []
    (unguarded,) = asyncio.run(found())[0]
    assert "not guarded" in unguarded
    (raising,) = asyncio.run(found(raise_for_status=True))[1]
    assert "raises for a status" in raising
    (waiting,) = asyncio.run(found(timeout=aiohttp.ClientTimeout()))[1]
    assert "no timeout" in waiting


def broken(*args, **kwargs):
    raise ZeroDivisionError("ours")


@pytest.mark.parametrize(
    "part",
    [
        (capturing, "endpoint_of"),
        (aiohttp_exchange, "_sent_body"),
        (aiohttp_exchange, "_lend_class"),
        (aiohttp_exchange, "kept_part"),
        (aiohttp_exchange, "AnswerBody"),
        (aiohttp_exchange, "proxy_address"),
    ],
    ids=lambda part: part[1],
)
def test_an_error_of_ours_does_not_reach_the_caller(
    both_ways, agcod, monkeypatch, swallowed, part
):
    monkeypatch.setattr(*part, broken)

    async def exchange(session):
        seen = [await posting(agcod.url("fault"), proxy=None)(session)]
        return [*seen, await caught(posting(agcod.url("broken")))(session)]

    bare, seen = both_ways(exchange)

    assert seen == bare
    if part[1] != "proxy_address":
        assert {type(error) for _, error in swallowed} == {ZeroDivisionError}
