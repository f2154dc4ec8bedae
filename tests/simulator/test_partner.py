"""A partner's program: what it sends, and what it writes into its own log."""

from __future__ import annotations

import time
from collections import Counter
from operator import attrgetter

import pytest
import requests

from agcod_guard.simulator.partner import Attempt, Mix, PartnerClient, Traffic

SERIAL = "1400000000000017000"


@pytest.fixture
def shop(sim, attempts):
    """Makes traffic to both endpoints of the simulator."""
    sessions = []

    def make(**options) -> Traffic:
        sessions.append(session := requests.Session())
        session.trust_env = False
        clients = [
            PartnerClient(
                session,
                url,
                partner_id="Acmes",
                region=region,
                timeout_s=0.2,
                log=attempts.append,
            )
            for region, url in sim.urls.items()
        ]
        return Traffic(clients, orders_per_s=200, **options)

    yield make
    for session in sessions:
        session.close()


def until(condition):
    """Wait for the traffic; fail after ten seconds."""
    end_s = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.005)


def test_each_operation_is_signed_sent_and_understood(sim, client):
    calls = [
        client.create("Acmes1", 5, "GBP"),
        client.cancel("Acmes1"),
        client.activate("Acmes2", SERIAL, 5, "GBP"),
        client.deactivate("Acmes2", SERIAL),
        client.funds(),
    ]

    assert {call.result for call in calls} == {"SUCCESS"}
    assert [entry.operation for entry in sim.log] == [call.operation for call in calls]
    assert [call.request_id for call in calls][-1] is None


def test_an_exception_is_logged_by_its_class_and_reaches_the_caller(
    sim, client, attempts
):
    sim.break_("reset")

    with pytest.raises(requests.ConnectionError):
        client.funds()

    [attempt] = attempts
    assert (attempt.result, attempt.status) == ("ConnectionError", None)


def test_an_answer_that_is_no_object_is_logged_by_its_status():
    class Session:
        def post(self, *_, **__):
            answer = requests.Response()
            answer.status_code, answer._content = 200, b"[]"
            return answer

    client = PartnerClient(Session(), "http://x", partner_id="Acmes", region="eu")

    assert client.funds().result == "HTTP 200"


def test_the_traffic_goes_to_every_endpoint_and_does_everything(sim, shop, attempts):
    kinds = {
        (region, operation)
        for region in ("eu", "na")
        for operation in (
            "CreateGiftCard",
            "CancelGiftCard",
            "ActivateGiftCard",
            "GetAvailableFunds",
        )
    }
    with shop():
        until(lambda: kinds <= {(a.endpoint, a.operation) for a in attempts})

    assert {attempt.result for attempt in attempts} == {"SUCCESS"}


def test_the_partners_log_and_the_truth_agree_call_by_call(sim, shop, attempts):
    with shop():
        until(lambda: len(attempts) > 40)
        sim.break_("F500", region="eu")
        until(lambda: any(a.result == "F500 GeneralError" for a in attempts))

    def told(log, *facts):
        return Counter(attrgetter(*facts)(row) for row in log)

    ours = told(attempts, "endpoint", "operation", "request_id", "result")
    assert ours == told(sim.log, "region", "operation", "request_id", "answered")


@pytest.mark.parametrize("fault", ["F500", "reset"])
def test_a_failed_order_is_sent_again_with_the_same_id(sim, shop, attempts, fault):
    sim.break_(fault)

    def resent():
        ids = Counter(a.request_id for a in attempts if a.request_id)
        return any(count > 1 for count in ids.values())

    with shop(mix=Mix(resend=5)):
        until(resent)


def test_the_shop_stays_open_while_calls_hang_and_stops_when_told(sim, shop, attempts):
    sim.break_("hang")
    traffic = shop()

    traffic.start()
    until(lambda: len(attempts) >= 8)
    ended = traffic.stop()

    assert ended
    assert {attempt.result for attempt in attempts} == {"ReadTimeout"}
    assert len({a.request_id for a in attempts}) > 2


def test_stopping_tells_when_a_call_is_still_on_its_way(sim, shop):
    sim.break_("slow", delay_s=0.15)
    traffic = shop()
    traffic.start()
    until(lambda: sim.log)

    assert not traffic.stop(timeout_s=0)
    assert traffic.stop()


def test_two_runs_never_share_a_request_id(sim, shop, attempts):
    for run in ("a", "b"):
        with shop(run=run):
            already = len(attempts)
            until(lambda already=already: len(attempts) > already + 20)

    made = [a.request_id for a in attempts if a.operation == "CreateGiftCard"]
    assert len(made) == len(set(made))
    assert all(request_id.startswith("Acmes") for request_id in made)
    assert isinstance(attempts[0], Attempt)


def test_while_the_shop_is_paused_no_call_is_on_its_way(sim, shop, attempts):
    sim.break_("hang")
    with shop() as traffic:
        until(lambda: len(sim.log) >= 4)
        with traffic.paused():
            sent, ended = len(sim.log), len(attempts)
            sim.heal()
            time.sleep(0.05)
            assert (len(sim.log), len(attempts)) == (sent, ended) == (sent, sent)
        until(lambda: len(attempts) > sent)

    assert {attempt.result for attempt in attempts[sent:]} == {"SUCCESS"}
