"""What the steps of a check show."""

import pytest

from agcod_guard.call import Trouble
from agcod_guard.outage.path import Result, Route, Stage, Step, finding_of

HOST = "agcod-v2-eu.amazon.com"
ADDRESS = f"{HOST}:443"
UNCHECKED = Result.NOT_CHECKED
DIRECT = Route("eu", via="")
PROXIED = Route("eu", via="proxy.example.invalid:3128")


def steps(name=Result.OK, connection=Result.OK, handshake=Result.OK, **others):
    return (
        Step(Stage.NAME, HOST, name),
        *(Step(Stage.NAME, other, result) for other, result in others.items()),
        Step(Stage.CONNECTION, ADDRESS, connection),
        Step(Stage.HANDSHAKE, ADDRESS, handshake),
    )


def test_a_verified_handshake_is_an_open_way():
    found = finding_of(DIRECT, steps())

    assert found.is_open
    assert found.own_trouble == ()
    assert (
        found.told
        == f"{ADDRESS} took a connection of ours, with a certificate that we trust"
    )


@pytest.mark.parametrize(
    ("tried", "trouble"),
    [
        (steps(Result.OK, Result.NO_ROUTE, UNCHECKED), Trouble.NO_ROUTE),
        (steps(handshake=Result.UNTRUSTED), Trouble.UNTRUSTED),
        (
            steps(Result.NO_NAME, UNCHECKED, UNCHECKED, other=Result.NO_LOOKUP),
            Trouble.NAME,
        ),
    ],
)  # fmt: skip
def test_what_shows_our_own_side_broken(tried, trouble):
    found = finding_of(DIRECT, tried)

    assert not found.is_open
    assert found.own_trouble == (trouble,)


@pytest.mark.parametrize(
    "tried",
    [
        steps(connection=Result.REFUSED, handshake=UNCHECKED),
        steps(connection=Result.TIMED_OUT, handshake=UNCHECKED),
        steps(handshake=Result.OUT_OF_DATE),
        steps(handshake=Result.MISMATCH),
        steps(handshake=Result.TIMED_OUT),
        steps(Result.NO_NAME, UNCHECKED, UNCHECKED, other=Result.OK),
        steps(Result.NO_NAME, UNCHECKED, UNCHECKED),
        steps(UNCHECKED, UNCHECKED, UNCHECKED),
        (),
    ],
)
def test_what_could_be_either_side(tried):
    found = finding_of(DIRECT, tried)

    assert not found.is_open
    assert found.own_trouble == ()
    assert found.told


def test_a_proxy_that_takes_connections_proves_nothing_of_what_lies_behind():
    tried = (
        Step(Stage.CONNECTION, PROXIED.address, Result.OK),
        Step(Stage.HANDSHAKE, ADDRESS, UNCHECKED),
    )

    found = finding_of(PROXIED, tried)

    assert not found.is_open
    assert found.own_trouble == ()
    assert "not checked beyond it" in found.told


@pytest.mark.parametrize("result", [Result.REFUSED, Result.TIMED_OUT, Result.NO_ROUTE])
def test_a_proxy_that_cannot_be_reached_is_our_own_side(result):
    found = finding_of(PROXIED, (Step(Stage.CONNECTION, PROXIED.address, result),))

    assert Trouble.REFUSED in found.own_trouble
    assert found.told == f"the proxy {PROXIED.address} cannot be reached: {result}"


def test_a_proxy_without_a_name_is_our_own_side():
    tried = (
        Step(Stage.NAME, "proxy.example.invalid", Result.NO_NAME),
        Step(Stage.CONNECTION, PROXIED.address, UNCHECKED),
    )

    assert Trouble.NAME in finding_of(PROXIED, tried).own_trouble


def test_a_stand_in_without_tls_is_open_when_it_takes_a_connection():
    route = Route("eu-loopback", "http://127.0.0.1:8080", "")

    found = finding_of(route, (Step(Stage.CONNECTION, route.address, Result.OK),))

    assert found.is_open
    assert found.told == "127.0.0.1:8080 took a connection of ours"
