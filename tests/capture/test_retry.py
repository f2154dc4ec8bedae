"""Orders tried again: only where that is safe, and never as another order."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
import requests
import responses
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agcod_guard.call import Outcome
from agcod_guard.capture.retry import retrying
from agcod_guard.clock import ManualClock
from agcod_guard.errors import (
    AgcodOutageError,
    ChangedRequestIdError,
    SettingsError,
    UnseenCallError,
)

URL = "https://agcod-v2-eu.amazon.com/CreateGiftCard"
FUNDS_URL = "https://agcod-v2-eu.amazon.com/GetAvailableFunds"
CARD = {"status": "SUCCESS", "gcClaimCode": "AAAA-BBBBBB-CCCC", "gcId": "A2GCN9"}
FUNDS = {"status": "SUCCESS", "availableFunds": {"amount": 1, "currencyCode": "GBP"}}
DOWN = {"errorCode": "F500", "errorType": "GeneralError", "message": "down"}
RESEND = {
    "agcodResponse": {"__type": "CreateGiftCardResponse:x", "status": "RESEND"},
    "errorCode": "F400",
    "errorType": "SystemTemporarilyUnavailable",
}
REFUSED = {"errorCode": "F200", "errorType": "InvalidAmountInput", "message": "no"}
NO_FUNDS = {"errorCode": "F300", "errorType": "InsufficientFunds", "message": "no"}
TOO_FAST = {"message": "Rate exceeded"}
BAD_KEY = {"message": "The security token included in the request is invalid."}


class Shop:
    """Orders a card with whatever is next in `answers`; the last one stays."""

    def __init__(self, session, *answers, url=URL):
        self.session, self.url, self.calls = session, url, 0
        self._answers = answers

    def buy(self, request_id="Acmes0001", **body):
        answer = self._answers[min(self.calls, len(self._answers) - 1)]
        self.calls += 1
        with responses.RequestsMock(assert_all_requests_are_fired=False) as agcod:
            agcod.post(self.url, **_as_answer(answer))
            order = {"partnerId": "Acmes", "creationRequestId": request_id} | body
            return self.session.post(self.url, json=order, timeout=6)


def _as_answer(answer):
    if isinstance(answer, BaseException):
        return {"body": answer}
    if isinstance(answer, int):
        return {"status": answer, "body": "<html>Service Unavailable</html>"}
    status = 200 if answer.get("status") == "SUCCESS" else 400
    return {"json": answer, "status": 403 if answer is BAD_KEY else status}


def _async(function):
    async def called():
        return function()

    return called


one_session = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


@pytest.fixture
def clock():
    return ManualClock(1_000.0)


@pytest.fixture
def again(clock):
    """`retrying` whose waits pass on the clock by hand."""
    return functools.partial(retrying, clock=clock, sleep=clock.advance)


@pytest.mark.parametrize(
    "failure",
    [DOWN, RESEND, TOO_FAST, 503, requests.ReadTimeout(), requests.ConnectionError()],
    ids=["F500", "RESEND", "throttled", "html", "timeout", "reset"],
)
def test_what_amazon_failed_is_repeated_with_the_same_id(
    guarded, session, again, failure
):
    shop = Shop(session, failure, failure, CARD)

    answer = again()(shop.buy)("Acmes0007")

    assert answer.json() == CARD
    assert shop.calls == 3
    assert {call.request_id for call in guarded.calls} == {"Acmes0007"}
    assert guarded.calls[-1].outcome is Outcome.SUCCESS


@pytest.mark.parametrize(
    "answer",
    [CARD, REFUSED, NO_FUNDS, BAD_KEY],
    ids=["SUCCESS", "REJECTED", "ACCOUNT", "DENIED"],
)
def test_anything_else_is_never_repeated(session, again, clock, answer):
    shop = Shop(session, answer)

    assert again()(shop.buy)().json() == answer
    assert shop.calls == 1
    assert clock.monotonic_s() == 1_000.0


def test_a_refusal_ends_the_repeats(session, again):
    shop = Shop(session, DOWN, DOWN, NO_FUNDS)

    assert again()(shop.buy)().json() == NO_FUNDS
    assert shop.calls == 3


def test_the_last_answer_reaches_the_caller_as_it_is(session, again):
    answers = []
    shop = Shop(session, DOWN)

    @again()
    def buy():
        answers.append(shop.buy())
        return answers[-1]

    assert buy() is answers[-1]
    assert len(answers) > 3


def test_the_last_exception_reaches_the_caller_as_it_is(session, again):
    raised = []

    def answers():
        raised.append(requests.ReadTimeout(f"attempt {len(raised) + 1}"))
        return raised[-1]

    @again()
    def buy():
        Shop(session, answers()).buy()

    with pytest.raises(requests.ReadTimeout) as caught:
        buy()

    assert caught.value is raised[-1]
    assert len(raised) > 3
    assert caught.value.__cause__ is None


def test_a_partner_who_raises_over_a_failing_answer_is_repeated_as_well(session, again):
    shop = Shop(session, 503, CARD)

    @again()
    def buy():
        return shop.buy().json()["gcClaimCode"]

    assert buy() == CARD["gcClaimCode"]
    assert shop.calls == 2


def test_a_mistake_of_the_partners_after_a_success_is_never_repeated(session, again):
    shop = Shop(session, CARD)

    @again()
    def buy():
        return shop.buy().json()["no such key"]

    with pytest.raises(KeyError):
        buy()

    assert shop.calls == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3), StopIteration()])
def test_who_stops_the_program_stops_the_repeats(session, again, error):
    shop = Shop(session, DOWN)

    @again()
    def buy():
        shop.buy()
        raise error

    with pytest.raises(type(error)) as caught:
        buy()

    assert caught.value is error
    assert shop.calls == 1


def test_a_mistake_before_anything_is_sent_is_the_partners(again):
    calls = []

    @again()
    def buy():
        calls.append(1)
        raise ValueError("no such product")

    with pytest.raises(ValueError, match="no such product"):
        buy()

    assert calls == [1]


@pytest.mark.parametrize("total_s", [0.0, 5.0, 30.0, 840.0])
def test_no_attempt_begins_after_the_time_that_is_given(session, again, clock, total_s):
    began_s = []
    shop = Shop(session, DOWN)

    @again(total_s=total_s)
    def buy():
        began_s.append(clock.monotonic_s() - 1_000.0)
        clock.advance(1.0)
        return shop.buy()

    assert buy().json() == DOWN
    assert max(began_s) <= total_s
    assert len(began_s) == 1 or total_s > 0


def test_an_order_is_never_repeated_once_it_can_hardly_be_cancelled(
    session, again, clock
):
    shop = Shop(session, DOWN)
    buy = again(total_s=840.0)(shop.buy)
    buy("Acmes0001")
    first_calls = shop.calls

    for _ in range(3):
        clock.advance(120.0)
        buy("Acmes0001")
    assert shop.calls == first_calls + 3
    assert clock.monotonic_s() > 1_840.0

    buy("Acmes0002")
    assert shop.calls > first_calls + 4


@one_session
@given(attempts=st.integers(1, 12), is_throttled=st.booleans())
def test_a_wait_is_never_longer_than_its_bound(session, attempts, is_throttled):
    clock, waits = ManualClock(), []
    answer = TOO_FAST if is_throttled else DOWN

    def sleep(seconds):
        waits.append(seconds)
        clock.advance(seconds)

    shop = Shop(session, *[answer] * attempts, CARD)
    retrying(total_s=840.0, clock=clock, sleep=sleep)(shop.buy)()

    assert len(waits) == attempts
    least_s = 1.0 if is_throttled else 0.0
    for number, wait_s in enumerate(waits):
        assert least_s <= wait_s <= least_s + min(8.0, 0.5 * 2**number) + 0.2


def test_repeats_of_an_account_keep_to_ten_a_second(session, clock):
    waits = []
    plan = retrying(clock=clock, sleep=waits.append)

    for number in range(60):
        plan(Shop(session, TOO_FAST, CARD).buy)(f"Acmes{number:04}")

    assert len({round(wait_s, 1) for wait_s in waits}) == 60


def test_another_request_id_is_refused_before_it_is_sent(guarded, session, again):
    numbers = itertools.count(1)
    shop = Shop(session, DOWN, CARD)

    @again()
    def buy():
        return shop.buy(f"Acmes{next(numbers)}")

    with pytest.raises(ChangedRequestIdError) as caught:
        buy()

    assert (caught.value.request_id, caught.value.refused) == ("Acmes1", "Acmes2")
    assert "was sent with request id Acmes1" in str(caught.value)
    assert [begin.request_id for begin in guarded.journal.begins] == ["Acmes1"]
    assert len(guarded.journal.ends) == 1


@one_session
@given(ids=st.lists(st.sampled_from(["Acmes1", "Acmes2", "Acmes3"]), min_size=2))
def test_a_function_under_retry_never_sends_two_ids(session, ids):
    sent, turns = [], iter(ids)
    clock = ManualClock()

    @retrying(clock=clock, sleep=clock.advance)
    def buy():
        request_id = next(turns, ids[0])
        Shop(session, DOWN).buy(request_id)
        sent.append(request_id)

    with suppress(ChangedRequestIdError):
        buy()

    assert set(sent) == {ids[0]}


def test_a_refusal_that_the_partner_catches_is_not_repeated(guarded, session, again):
    numbers = itertools.count(1)
    shop = Shop(session, DOWN)

    @again()
    def buy():
        try:
            return shop.buy(f"Acmes{next(numbers)}")
        except Exception as error:
            return error

    assert isinstance(buy(), ChangedRequestIdError)
    assert len(guarded.journal.begins) == 1


def test_a_refusal_ends_the_repeats_whatever_came_before_it(session, again):
    numbers = itertools.count(1)
    funds, order = Shop(session, DOWN, url=FUNDS_URL), Shop(session, DOWN)

    @again()
    def buy():
        funds.buy()
        return order.buy(f"Acmes{next(numbers)}")

    with pytest.raises(ChangedRequestIdError):
        buy()

    assert funds.calls == 2


def test_a_call_that_only_reads_may_carry_any_id(guarded, session, again):
    order = Shop(session, DOWN, CARD)
    pages = itertools.count(1)
    history = Shop(
        session, FUNDS, url=URL.replace("CreateGiftCard", "GetGiftCardActivityPage")
    )

    @again()
    def buy():
        history.buy(requestId=f"AcmesPage{next(pages)}")
        return order.buy("Acmes0001")

    assert buy().json() == CARD
    assert order.calls == 2


def test_a_call_that_only_reads_does_not_hide_the_order_that_failed(session, again):
    order = Shop(session, DOWN, CARD)
    funds = Shop(session, FUNDS, url=FUNDS_URL)

    @again()
    def buy():
        answer = order.buy("Acmes0001")
        funds.buy()
        return answer

    assert buy().json() == CARD


def test_a_task_that_outlives_its_attempt_may_serve_other_orders_later(session):
    clock = ManualClock()
    order = Shop(session, DOWN, DOWN, CARD)
    others = Shop(session, CARD)
    served = []

    async def serve(queue):
        while (request_id := await queue.get()) is not None:
            served.append(others.buy(request_id))

    async def main():
        queue, started = asyncio.Queue(), []

        async def sleep(seconds):
            queue.put_nowait(f"Acmes9{len(served)}")
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            clock.advance(seconds)

        @retrying(clock=clock, sleep=sleep)
        async def buy():
            if order.calls == 1:
                started.append(asyncio.create_task(serve(queue)))
            return order.buy("Acmes0001")

        answer = await buy()
        queue.put_nowait(None)
        await started[0]
        return answer

    assert asyncio.run(main()).json() == CARD
    assert len(served) == 2


def test_orders_of_several_threads_do_not_meet(agcod, guarded, session, clock):
    together = threading.Barrier(2)
    agcod_ways = {"Acmes0001": ["fault", "success"], "Acmes0002": ["empty", "success"]}

    def sell(request_id):
        ways = iter(agcod_ways[request_id])

        @retrying(clock=clock, sleep=lambda seconds: together.wait(5))
        def buy():
            order = {"partnerId": "Acmes", "creationRequestId": request_id}
            return session.post(agcod.url(next(ways)), json=order, timeout=6)

        return buy().status_code

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(sell, agcod_ways)) == [200, 200]
    assert len(guarded.calls) == 4


def test_an_unguarded_client_that_fails_is_named(again):
    with requests.Session() as bare:
        shop = Shop(bare, DOWN)
        with pytest.raises(UnseenCallError, match="wrap\\(\\) the client") as caught:
            again()(shop.buy)()

    assert caught.value.result.json() == DOWN
    assert shop.calls == 1


def test_an_unguarded_client_that_raises_is_named(again):
    raised = requests.ReadTimeout(request=requests.Request("POST", URL).prepare())
    with requests.Session() as bare, pytest.raises(UnseenCallError) as caught:
        again()(Shop(bare, raised).buy)()

    assert caught.value.__cause__ is raised


OTHER_URL = "https://stock.example.invalid/reserve"


@pytest.mark.parametrize(
    "raised",
    [
        FileNotFoundError("no such template"),
        ConnectionRefusedError("our own database"),
        requests.ConnectionError(request=requests.Request("GET", OTHER_URL).prepare()),
    ],
    ids=["file", "database", "another service"],
)
def test_what_fails_before_agcod_is_called_is_the_partners_own(session, again, raised):
    shop, calls = Shop(session, CARD), []

    @again()
    def buy():
        calls.append(1)
        if len(calls) == 1:
            raise raised
        return shop.buy()

    with pytest.raises(type(raised)) as caught:
        buy()

    assert caught.value is raised
    assert calls == [1]


def test_an_answer_of_another_service_is_the_partners_own(again):
    with requests.Session() as bare:
        assert again()(Shop(bare, 503, url=OTHER_URL).buy)().status_code == 503


@pytest.mark.parametrize("answer", [CARD, REFUSED, NO_FUNDS, BAD_KEY])
def test_an_unguarded_client_that_need_not_be_repeated_is_left_alone(again, answer):
    with requests.Session() as bare:
        assert again()(Shop(bare, answer).buy)().json() == answer


@pytest.mark.parametrize("returned", [None, 7, "done", {"status": "RESEND"}, object()])
def test_a_function_that_returns_no_response_returns_it_all_the_same(again, returned):
    calls = []

    @again()
    def buy():
        calls.append(1)
        return returned

    assert buy() is returned
    assert calls == [1]


def test_a_function_that_returns_no_response_is_repeated_by_what_was_seen(
    session, again
):
    shop = Shop(session, DOWN, CARD)

    @again()
    def buy():
        return shop.buy().json()

    assert buy() == CARD


def test_an_order_whose_id_cannot_be_read_is_never_repeated(guarded, session, again):
    calls = []

    @again()
    def buy():
        calls.append(1)
        with responses.RequestsMock() as agcod:
            agcod.post(URL, json=DOWN, status=400)
            body = iter([b'{"partnerId":"Acmes","creationRequestId":"Acmes1"}'])
            return session.post(URL, data=body, timeout=6)

    with pytest.raises(UnseenCallError, match="as bytes or text"):
        buy()

    assert calls == [1]


def test_a_mistake_of_ours_lets_no_repeat_out(
    guarded, session, again, monkeypatch, swallowed
):
    shop = Shop(session, DOWN)
    begun = type(guarded.recorder)._begun

    def broken(recorder, *args, **kwargs):
        if shop.calls > 1:
            raise ValueError("a mistake of ours")
        return begun(recorder, *args, **kwargs)

    monkeypatch.setattr(type(guarded.recorder), "_begun", broken)

    with pytest.raises(ChangedRequestIdError, match="cannot be read"):
        again()(shop.buy)("Acmes0001")

    assert [stage for stage, _ in swallowed] == ["recorder.begin"]


def test_what_a_partner_observes_himself_is_repeated(guarded, again):
    from agcod_guard.capture.observe import observe

    answers = iter([(503, b""), (200, b'{"status":"SUCCESS","gcId":"A2GCN9"}')])

    @again()
    def buy():
        with observe(
            guarded.recorder,
            method="POST",
            url=URL,
            body='{"partnerId":"Acmes","creationRequestId":"Acmes1"}',
        ) as seen:
            status, body = next(answers)
            seen.answer(status=status, headers={}, body=body)
        return status

    assert buy() == 200


def test_another_request_id_is_refused_where_a_partner_observes_himself(guarded, again):
    from agcod_guard.capture.observe import observe

    numbers, sent = itertools.count(1), []

    @again()
    def buy():
        body = f'{{"partnerId":"Acmes","creationRequestId":"Acmes{next(numbers)}"}}'
        with observe(guarded.recorder, method="POST", url=URL, body=body) as seen:
            sent.append(body)
            seen.answer(status=503, headers={}, body=b"")

    with pytest.raises(ChangedRequestIdError):
        buy()

    assert len(sent) == 1


class TestLoop:
    def test_an_attempt_may_end_in_another_context_than_it_began(self, session, again):
        shop, answers = Shop(session, DOWN, CARD), []

        def buy():
            for attempt in again():
                with attempt:
                    answers.append(shop.buy())
                    yield

        bought = buy()
        for _ in range(2):
            contextvars.copy_context().run(next, bought)
        assert next(bought, None) is None

        assert [answer.status_code for answer in answers] == [400, 200]

    def test_a_loop_over_attempts_ends_with_the_answer(self, session, again):
        shop = Shop(session, DOWN, CARD)

        for attempt in again():
            with attempt:
                answer = shop.buy()

        assert answer.json() == CARD
        assert (attempt.number, attempt.outcome) == (2, Outcome.SUCCESS)

    def test_a_loop_raises_what_the_last_attempt_raised(self, session, again):
        raised = requests.ReadTimeout("no answer in 6 s")
        shop = Shop(session, raised)

        def buy():
            for attempt in again():
                with attempt:
                    shop.buy()

        with pytest.raises(requests.ReadTimeout) as caught:
            buy()

        assert caught.value is raised

    def test_an_attempt_that_is_not_entered_is_an_error_and_no_endless_loop(
        self, session, again
    ):
        shop = Shop(session, DOWN)

        def buy():
            for _ in again():
                shop.buy()

        with pytest.raises(RuntimeError, match="write `with attempt:`"):
            buy()

        assert shop.calls == 1

    def test_one_plan_serves_many_orders(self, session, again):
        plan = again()

        for request_id in ("Acmes0001", "Acmes0002"):
            assert plan(Shop(session, DOWN, CARD).buy)(request_id).json() == CARD


class TestAsync:
    def test_an_async_function_is_repeated(self, session, clock):
        shop = Shop(session, DOWN, requests.ReadTimeout(), CARD)

        async def sleep(seconds):
            clock.advance(seconds)

        @retrying(clock=clock, sleep=sleep)
        async def buy():
            await asyncio.sleep(0)
            return shop.buy()

        assert asyncio.run(buy()).json() == CARD
        assert shop.calls == 3

    def test_an_async_loop_is_repeated(self, session, clock):
        shop = Shop(session, DOWN, CARD)

        async def sleep(seconds):
            clock.advance(seconds)

        async def buy():
            async for attempt in retrying(clock=clock, sleep=sleep):
                with attempt:
                    answer = shop.buy()
            return answer

        assert asyncio.run(buy()).json() == CARD

    def test_others_go_on_while_an_async_function_waits(self, session, monkeypatch):
        monkeypatch.setattr("agcod_guard.capture.repeating.FIRST_WAIT_S", 0.05)
        shop, turns = Shop(session, DOWN, CARD), []

        async def others():
            while True:
                turns.append(1)
                await asyncio.sleep(0.001)

        async def main():
            beside = asyncio.create_task(others())
            answer = await retrying()(_async(shop.buy))()
            beside.cancel()
            return answer

        assert asyncio.run(main()).json() == CARD
        assert turns

    def test_a_cancelled_task_is_not_repeated(self, session, clock):
        shop = Shop(session, DOWN)

        @retrying(clock=clock)
        async def buy():
            shop.buy()
            await asyncio.sleep(60)

        async def main():
            task = asyncio.create_task(buy())
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(main())
        assert shop.calls == 1

    def test_trio_waits_in_its_own_way(self, session, monkeypatch):
        trio = pytest.importorskip("trio")
        monkeypatch.setattr("agcod_guard.capture.repeating.FIRST_WAIT_S", 0.01)
        shop = Shop(session, DOWN, CARD)

        assert trio.run(retrying()(_async(shop.buy))).json() == CARD

    def test_plain_code_never_waits_within_a_running_event_loop(self, session):
        shop = Shop(session, DOWN)

        async def main():
            retrying()(shop.buy)()

        with pytest.raises(RuntimeError, match="through asyncio"):
            asyncio.run(main())

        assert shop.calls == 0

    def test_plain_code_on_a_thread_beside_an_event_loop_is_repeated(
        self, session, again
    ):
        shop = Shop(session, DOWN, CARD)

        async def main():
            return await asyncio.to_thread(again()(shop.buy))

        assert asyncio.run(main()).json() == CARD


class Down:
    """A switch that says what it is told to."""

    def __init__(self, *, down):
        self.down, self.asked = down, []

    def is_down(self, endpoint, partner_id):
        self.asked.append((endpoint, partner_id))
        return self.down


def test_an_outage_ends_the_repeats_where_the_partner_wants_it(session, again):
    shop, switch = Shop(session, DOWN), Down(down=True)

    with pytest.raises(AgcodOutageError, match="Acmes/eu") as caught:
        again(unless_down=switch)(shop.buy)()

    assert caught.value.result.json() == DOWN
    assert (shop.calls, switch.asked) == (1, [("eu", "Acmes")])


def test_an_outage_never_stops_a_first_attempt_or_a_refusal(session, again):
    switch = Down(down=True)

    assert again(unless_down=switch)(Shop(session, CARD).buy)().json() == CARD
    assert again(unless_down=switch)(Shop(session, REFUSED).buy)().json() == REFUSED
    assert switch.asked == []


def test_without_an_outage_the_switch_changes_nothing(session, again):
    shop = Shop(session, DOWN, CARD)

    assert again(unless_down=Down(down=False))(shop.buy)().json() == CARD


@pytest.mark.parametrize("total_s", [-1, 841, float("nan"), float("inf"), "30", None])
def test_a_time_that_cannot_be_is_named(total_s):
    with pytest.raises(SettingsError, match=r"total_s of retrying\(\) is .* 0 to 840"):
        retrying(total_s=total_s)


def test_a_generator_is_refused_when_it_is_decorated(again):
    def sell():
        yield

    async def sell_later():
        yield

    for generator in (sell, sell_later):
        with pytest.raises(TypeError, match="cannot repeat the generator sell"):
            again()(generator)


def test_a_function_that_returns_a_coroutine_is_refused_before_it_runs(again):
    made = []

    async def order():
        made.append(1)

    with pytest.raises(TypeError, match="make it an `async def`"):
        again()(lambda _: order())("Acmes0001")

    assert made == []


def test_a_decorated_function_keeps_its_name_and_its_kind(again):
    @again()
    async def buy():
        """Buy a card."""

    assert (buy.__name__, buy.__doc__) == ("buy", "Buy a card.")
    assert asyncio.iscoroutinefunction(buy)
