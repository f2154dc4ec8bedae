"""What a client meets on the wire: answers, faults, and the end of it all."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from contextlib import suppress

import pytest
import requests

from agcod_guard.clock import ManualClock
from agcod_guard.simulator import FAULTS, Schedule, Simulator, UnknownNameError
from agcod_guard.simulator.client import PartnerClient
from agcod_guard.simulator.connection import MAX_BODY_BYTES
from agcod_guard.simulator.engine import Engine
from agcod_guard.simulator.server import LoopbackServer

WIRE_RESULTS = {
    "F100": "F100 GeneralError",
    "F200": "F200 InvalidRequestInput",
    "InsufficientFunds": "F300 InsufficientFunds",
    "ActiveContractNotFound": "F300 ActiveContractNotFound",
    "AccountHasProblems": "F300 AccountHasProblems",
    "OperationNotPermitted": "F300 OperationNotPermitted",
    "ProductTypeNotEnabledInTheContract": "F300 ProductTypeNotEnabledInTheContract",
    "RESEND": "F400 SystemTemporarilyUnavailable",
    "F500": "F500 GeneralError",
    "throttled": "HTTP 400",
    "403-token": "HTTP 403",
    "403-signature": "HTTP 403",
    "403-clock": "HTTP 403",
    "slow": "ReadTimeout",
    "hang": "ReadTimeout",
    "reset": "ConnectionError",
    "close": "ConnectionError",
    "reset-mid-body": "ChunkedEncodingError",
    "close-mid-body": "ChunkedEncodingError",
    "stall-mid-body": "ConnectionError",
    "truncated": "HTTP 200",
    "empty-503": "HTTP 503",
    "html-502": "HTTP 502",
    "html-503": "HTTP 503",
    "empty-200": "HTTP 200",
}
WORKS = {"slow", "reset-mid-body", "close-mid-body", "stall-mid-body", "truncated"}


def partner(sim, region="eu", *, timeout_s=5.0, log=lambda attempt: None):
    session = requests.Session()
    session.trust_env = False
    url = sim.urls[region]
    return PartnerClient(
        session,
        url,
        partner_id="Acmes",
        region=region,
        timeout_s=timeout_s,
        log=log,
    )


def eventually(condition):
    """Wait for what another thread is about to do; fail after ten seconds."""
    until_s = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until_s
        time.sleep(0.005)


def test_every_fault_has_its_behaviour_on_the_wire_tested():
    assert set(WIRE_RESULTS) == set(FAULTS)


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_looks_to_a_client_as_it_should(sim, attempts, name):
    client = partner(sim, timeout_s=0.15, log=attempts.append)
    sim.break_(name)

    with suppress(requests.RequestException):
        client.create("Acmes1", 5, "GBP")

    [attempt], [entry] = attempts, sim.log
    assert attempt.result == WIRE_RESULTS[name]
    assert entry.fault == name
    assert entry.card_created == (name in WORKS)


def test_a_success_carries_amazons_marks_and_is_in_the_log_by_then(sim, client):
    before_s = time.time()
    attempt = client.create("Acmes1", 5, "GBP")

    [entry] = sim.log
    assert attempt.result == entry.answered == "SUCCESS"
    assert (entry.region, entry.operation) == ("eu", "CreateGiftCard")
    assert (entry.request_id, entry.partner_id) == ("Acmes1", "Acmes")
    assert entry.card_created
    assert before_s <= entry.received_at_s <= entry.answered_at_s <= time.time()


def test_answers_have_the_headers_of_amazon(sim):
    answer = requests.post(f"{sim.url}/GetAvailableFunds", json={})

    assert answer.status_code == 403
    assert len(answer.headers["x-amzn-RequestId"]) == 36
    assert answer.headers["Date"].endswith("GMT")
    assert answer.headers["Content-Type"] == "application/json"


def test_what_a_balancer_answers_has_no_mark_of_amazon(sim):
    sim.break_("html-502")

    answer = requests.post(f"{sim.url}/CreateGiftCard", json={})

    assert "<html>" in answer.text
    assert "x-amzn-RequestId" not in answer.headers


def test_the_host_name_tells_the_region(sim):
    sim.break_("F500", region="eu")

    results = [partner(sim, region).funds().result for region in ("eu", "na")]

    assert results == ["F500 GeneralError", "SUCCESS"]
    assert [entry.region for entry in sim.log] == ["eu", "na"]


def test_regions_keep_their_own_cards():
    with Simulator() as sim:
        for region, currency in (("eu", "GBP"), ("na", "USD")):
            partner(sim, region).create("Acmes1", 5, currency)

        assert [entry.card_created for entry in sim.log] == [True, True]


def test_a_host_can_be_given_any_name_and_region():
    with Simulator(hosts={"127.0.0.1": "fe"}, check_signatures=False) as sim:
        url = f"{sim.urls['fe']}/GetAvailableFunds"

        funds = requests.post(url, json={"partnerId": "Acmes"}).json()
        real = requests.post(
            url,
            json={"partnerId": "Acmes"},
            headers={"Host": "agcod-v2-eu.amazon.com"},
        )

        assert funds["availableFunds"]["currencyCode"] == "JPY"
        assert real.json()["availableFunds"]["currencyCode"] == "GBP"


def test_a_host_that_is_no_endpoint_is_told_so(sim):
    answer = requests.post(sim.url, headers={"Host": "shop.example"}, json={})

    assert answer.status_code == 421
    assert "shop.example" in answer.text
    assert sim.log == []


def test_an_unknown_region_or_operation_is_an_error_that_names_it(sim):
    with pytest.raises(UnknownNameError, match="region 'us' is not one of: na, eu, fe"):
        sim.break_("F500", region="us")
    with pytest.raises(UnknownNameError, match="did you mean 'CreateGiftCard'"):
        sim.break_("F500", operation="CreateGiftCards")
    with pytest.raises(UnknownNameError, match="'mars'"):
        Simulator(hosts={"127.0.0.1": "mars"})


def test_only_the_broken_operation_fails(sim, client):
    sim.break_("F500", operation="CreateGiftCard")

    assert client.create("Acmes1", 5, "GBP").result == "F500 GeneralError"
    assert client.funds().result == "SUCCESS"


def test_a_hanging_call_is_answered_when_it_is_healed(sim, attempts):
    sim.break_("hang")
    client = partner(sim, log=attempts.append)
    caller = threading.Thread(target=client.create, args=("Acmes1", 5, "GBP"))
    caller.start()
    eventually(lambda: [entry.answered for entry in sim.log] == ["hang"])

    sim.heal()
    caller.join()

    assert [attempt.result for attempt in attempts] == ["SUCCESS"]
    assert sim.log[0].answered == "SUCCESS"


def test_a_stalled_body_is_completed_when_it_is_healed(sim, attempts):
    sim.break_("stall-mid-body")
    client = partner(sim, log=attempts.append)
    caller = threading.Thread(target=client.create, args=("Acmes1", 5, "GBP"))
    caller.start()
    eventually(lambda: [e.answered for e in sim.log] == ["stall-mid-body"])

    sim.heal()
    caller.join()

    assert [attempt.result for attempt in attempts] == ["SUCCESS"]


def test_an_order_can_be_carried_out_although_its_caller_gets_nothing(sim):
    sim.break_("reset", works=True)
    client = partner(sim)
    with pytest.raises(requests.ConnectionError):
        client.create("Acmes1", 5, "GBP")
    sim.heal()

    again = client.create("Acmes1", 5, "GBP")

    assert again.result == "SUCCESS"
    assert [entry.card_created for entry in sim.log] == [True, False]


def test_the_truth_knows_the_claim_code_of_every_card_that_was_made(sim, client):
    client.create("Acmes1", 5, "GBP")
    client.cancel("Acmes1")
    sim.break_("F500")
    client.create("Acmes2", 5, "GBP")

    assert [entry.claim_code for entry in sim.log] == ["AAAA-AAAAAA-AAAA", None, None]


def test_a_slow_answer_comes_in_the_end(sim):
    sim.break_("slow", delay_s=0.05)

    attempt = partner(sim).create("Acmes1", 5, "GBP")

    assert attempt.result == "SUCCESS"
    assert attempt.ended_at_s - attempt.started_at_s >= 0.05


def test_a_schedule_goes_by_the_clock_that_was_given():
    clock = ManualClock(1_800_000_000)
    steps = [(10, "F500"), (20, None)]
    with Simulator(clock=clock, schedule=Schedule(steps)) as sim:
        results = []
        for _ in range(3):
            results.append(partner(sim).funds().result)
            clock.advance(10)

    assert results == ["SUCCESS", "F500 GeneralError", "SUCCESS"]
    assert [entry.received_at_s - 1_800_000_000 for entry in sim.log] == [0, 10, 20]


def test_the_cancel_window_goes_by_the_clock_that_was_given():
    clock = ManualClock(1_800_000_000)
    with Simulator(clock=clock) as sim:
        partner(sim).create("Acmes1", 5, "GBP")
        clock.advance(901)

        late = partner(sim).cancel("Acmes1")

    assert late.result == "F200 CancelRequestArrivedAfterTimeLimit"


def test_rates_are_limited_only_when_that_is_asked_for():
    clock = ManualClock(0)
    with Simulator(clock=clock, limit_rates=True) as sim:
        client = partner(sim)
        results = [client.create(f"Acmes{n}", 5, "GBP").result for n in range(11)]
        ignored = [entry.answered for entry in sim.log][-1]

    assert results == ["SUCCESS"] * 10 + ["HTTP 400"]
    assert ignored == "ThrottlingException"


def test_a_connection_is_kept_for_the_next_call(sim):
    connection = http.client.HTTPConnection("127.0.0.1", sim.port)
    used = []
    for _ in range(2):
        connection.request("POST", "/GetAvailableFunds", body="{}")
        connection.getresponse().read()
        used.append(connection.sock)
    connection.close()

    assert used[0] is used[1] is not None


def test_a_body_may_come_in_chunks():
    parts = [b'{"partnerId":', b'"Acmes"}']
    with Simulator(check_signatures=False) as sim:
        answer = requests.post(f"{sim.url}/GetAvailableFunds", data=iter(parts))

    assert answer.json()["status"] == "SUCCESS"


@pytest.mark.parametrize("length", ["many", "-1", str(MAX_BODY_BYTES + 1)])
def test_a_body_that_cannot_be_taken_in_is_refused(sim, length):
    with socket.create_connection(("127.0.0.1", sim.port)) as connection:
        head = f"POST /CreateGiftCard HTTP/1.1\r\nContent-Length: {length}\r\n\r\n"
        connection.sendall(head.encode())

        answer = connection.makefile("rb").read()

    assert answer.startswith(b"HTTP/1.1 400 ")


def test_only_loopback_is_listened_on(sim):
    assert set(sim.urls.values()) == {
        f"http://127.0.0.1:{sim.port}",
        f"http://localhost:{sim.port}",
    }
    with LoopbackServer(0, Engine(), hosts={}) as server:
        assert server.socket.getsockname()[0] == "127.0.0.1"


def test_nothing_is_printed_when_clients_go_away(capfd):
    with Simulator() as sim:
        sim.break_("slow", delay_s=0.05)
        with pytest.raises(requests.ReadTimeout):
            partner(sim, timeout_s=0.01).create("Acmes1", 5, "GBP")
        for rude in (
            b"",
            b"\x00\r\n\r\n",
            b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n",
        ):
            with socket.create_connection(("127.0.0.1", sim.port)) as connection:
                connection.sendall(rude)
        eventually(lambda: sim.log[0].answered == "SUCCESS")

    assert capfd.readouterr() == ("", "")


def test_closing_ends_hanging_calls_and_every_thread(attempts):
    before = set(threading.enumerate())
    sim = Simulator()
    sim.break_("hang", operation="CreateGiftCard")
    sim.break_("slow", operation="GetAvailableFunds", delay_s=3600)
    sim.break_("stall-mid-body", operation="CancelGiftCard")
    client = partner(sim, timeout_s=None, log=attempts.append)
    calls = [
        lambda: client.create("Acmes1", 5, "GBP"),
        client.funds,
        lambda: client.cancel("Acmes1"),
    ]
    callers = [threading.Thread(target=_ignoring, args=(call,)) for call in calls]
    for caller in callers:
        caller.start()
    idle = socket.create_connection(("127.0.0.1", sim.port))
    eventually(lambda: len(sim.log) == 3)

    sim.close()
    sim.close()
    for caller in callers:
        caller.join()

    assert set(threading.enumerate()) == before
    assert len(attempts) == 3
    idle.close()


def _ignoring(call):
    with suppress(requests.RequestException):
        call()


def test_a_port_that_is_taken_is_an_error_at_once(sim):
    with pytest.raises(OSError, match="in use"):
        Simulator(port=sim.port)


@pytest.mark.parametrize("fault", ["reset", "reset-mid-body"])
def test_a_reset_is_a_real_one_and_no_orderly_end(sim, fault):
    sim.break_(fault)
    with socket.create_connection(("127.0.0.1", sim.port)) as connection:
        head = f"POST /CreateGiftCard HTTP/1.1\r\nHost: 127.0.0.1:{sim.port}\r\n\r\n"
        connection.sendall(head.encode())

        with pytest.raises(ConnectionResetError):
            connection.makefile("rb").read()


def test_a_truncated_answer_is_whole_http_with_half_a_body(sim):
    sim.break_("truncated")

    answer = requests.post(f"{sim.url}/CreateGiftCard", json={})

    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert len(answer.content) == int(answer.headers["Content-Length"]) > 0
