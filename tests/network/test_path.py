"""Checks of our own way, over real sockets on this machine."""

import socket
import ssl
import threading
from contextlib import contextmanager

import pytest
import trustme

from agcod_guard.call import Trouble
from agcod_guard.clock import ManualClock
from agcod_guard.network.path import Means, PathCheck, default_context
from agcod_guard.outage.path import Result, Route, Stage, finding_of

HOST = "agcod.example.invalid"
LOST = socket.gaierror(socket.EAI_NONAME, "no such name")


def here(host, port):
    return [(socket.AF_INET, ("127.0.0.1", 0))]


@contextmanager
def listening(tls=None):
    """Take connections and shake hands, until the test is over."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            while True:
                try:
                    connection, _ = server.accept()
                    with connection:
                        if tls is not None:
                            tls.wrap_socket(connection, server_side=True).close()
                except OSError:
                    if server.fileno() < 0:
                        return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def tls(authority):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(HOST).configure_cert(context)
    return context


@pytest.fixture
def trusting(authority):
    def context():
        made = ssl.create_default_context()
        authority.configure_trust(made)
        return made

    return context


@pytest.fixture
def checked():
    """Return the frame of one check, and have all errors of it raised."""

    def checked(route, **means):
        told, errors = [], []
        means = {"resolve": here, **means}
        check = PathCheck(
            clock=ManualClock(7.0),
            tell=told.append,
            contain=lambda stage, error: errors.append(error),
            means=Means(**means),
        )
        assert check.start([route])
        check.wait(10.0)
        assert not errors
        return told[-1]

    return checked


def results(frame):
    return {step.stage: step.result for step in frame.steps}


def to(port, scheme="https", **facts):
    return Route("eu-loopback", f"{scheme}://{HOST}:{port}", **facts)


def test_a_host_with_a_trusted_certificate_is_an_open_way(checked, tls, trusting):
    with listening(tls) as port:
        frame = checked(to(port), context=trusting)

    assert results(frame) == dict.fromkeys(Stage, Result.OK)
    assert [step.target for step in frame.steps] == [HOST, *2 * [f"{HOST}:{port}"]]
    assert (frame.wall_ns, frame.mono_ns) == (7_000_000_000, 7_000_000_000)
    assert finding_of(to(port), frame.steps).is_open


def test_a_certificate_that_nobody_we_trust_has_signed_is_told(checked, tls):
    with listening(tls) as port:
        frame = checked(to(port), context=default_context)

    assert results(frame)[Stage.HANDSHAKE] is Result.UNTRUSTED


def test_a_certificate_of_another_host_is_told(checked, authority, trusting):
    other = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("other.example.invalid").configure_cert(other)
    with listening(other) as port:
        frame = checked(to(port), context=trusting)

    assert results(frame)[Stage.HANDSHAKE] is Result.MISMATCH


def test_a_host_that_speaks_no_tls_is_told(checked, trusting):
    with listening() as port:
        frame = checked(to(port), context=trusting)

    assert results(frame)[Stage.HANDSHAKE] in (Result.CLOSED, Result.FAILED)


def test_a_closed_port_is_refused_and_what_comes_after_it_not_checked(checked):
    frame = checked(to(1))

    assert results(frame) == {
        Stage.NAME: Result.OK,
        Stage.CONNECTION: Result.REFUSED,
        Stage.HANDSHAKE: Result.NOT_CHECKED,
    }


def test_without_tls_the_connection_is_all(checked):
    with listening() as port:
        frame = checked(to(port, "http"))

    assert results(frame) == {Stage.NAME: Result.OK, Stage.CONNECTION: Result.OK}


def test_other_names_are_looked_up_to_tell_one_lost_name_from_a_lost_resolver(checked):
    def resolve(host, port):
        raise LOST

    frame = checked(to(1), resolve=resolve, other_names=("other.example.invalid",))

    assert [(step.target, step.result) for step in frame.steps[:2]] == [
        (HOST, Result.NO_NAME),
        ("other.example.invalid", Result.NO_NAME),
    ]
    assert results(frame)[Stage.CONNECTION] is Result.NOT_CHECKED


def test_beside_a_name_of_amazons_its_others_are_looked_up_and_no_more(checked):
    asked = []

    def resolve(host, port):
        asked.append(host)
        raise LOST

    frame = checked(Route("eu", via=""), resolve=resolve)

    assert asked == [
        "agcod-v2-eu.amazon.com",
        "agcod-v2.amazon.com",
        "agcod-v2-fe.amazon.com",
        "agcod-v2.amazon.co.uk",
        "agcod-v2.amazon.co.jp",
    ]
    assert finding_of(Route("eu", via=""), frame.steps).own_trouble == (Trouble.NAME,)


def test_of_a_proxy_only_the_way_to_it_is_tried(checked):
    asked = []

    def resolve(host, port):
        asked.append(host)
        return [(socket.AF_INET, ("127.0.0.1", 0))]

    with listening() as port:
        frame = checked(
            Route("eu", via=f"proxy.example.invalid:{port}"), resolve=resolve
        )

    assert asked == ["proxy.example.invalid"]
    assert [(step.stage, step.target, step.result) for step in frame.steps] == [
        (Stage.NAME, "proxy.example.invalid", Result.OK),
        (Stage.CONNECTION, f"proxy.example.invalid:{port}", Result.OK),
        (Stage.HANDSHAKE, "agcod-v2-eu.amazon.com:443", Result.NOT_CHECKED),
    ]


def test_the_second_address_is_tried_when_the_first_takes_no_connection(checked):
    addresses = [(socket.AF_INET, (f"127.0.0.{n}", 0)) for n in (2, 1)]
    with listening() as port:
        frame = checked(to(port, "http"), resolve=lambda host, _: addresses)

    assert results(frame)[Stage.CONNECTION] is Result.OK


def test_a_lookup_that_hangs_is_given_up_and_not_begun_twice(monkeypatch):
    monkeypatch.setattr("agcod_guard.network.lookups.LOOKUP_S", 0.05)
    released, asked, told = threading.Event(), [], []

    def resolve(host, port):
        asked.append(host)
        released.wait(10.0)
        raise LOST

    check = PathCheck(
        clock=ManualClock(),
        tell=told.append,
        contain=lambda stage, error: None,
        means=Means(resolve=resolve),
    )
    for _ in range(2):
        assert check.start([to(1)])
        check.wait(10.0)
    released.set()

    assert [results(frame)[Stage.NAME] for frame in told] == 2 * [Result.TIMED_OUT]
    assert asked == [HOST]


def test_a_host_that_shakes_no_hands_costs_no_more_than_the_round(
    checked, trusting, monkeypatch
):
    monkeypatch.setattr("agcod_guard.network.path.ROUND_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        frame = checked(to(silent.getsockname()[1]), context=trusting)

    assert results(frame)[Stage.HANDSHAKE] is Result.TIMED_OUT


def test_only_one_round_is_under_way_at_a_time():
    released = threading.Event()

    def resolve(host, port):
        released.wait(10.0)
        raise LOST

    check = PathCheck(
        clock=ManualClock(),
        tell=lambda frame: None,
        contain=lambda stage, error: None,
        means=Means(resolve=resolve),
    )

    assert check.start([to(1)])
    assert not check.start([to(1)])
    released.set()
    check.wait(10.0)


@pytest.mark.parametrize(
    "route",
    [Route("eu"), Route("eu", via=f"{HOST}:3128"), Route("eu", f"http://{HOST}:80")],
)
def test_a_rehearsal_leaves_all_but_this_machine_alone(checked, route):
    asked = []

    frame = checked(
        route,
        resolve=lambda host, port: asked.append(host) or [],
        other_names=(HOST,),
        only_loopback=lambda: True,
    )

    assert set(results(frame).values()) == {Result.NOT_CHECKED}
    assert asked == []


def test_a_rehearsal_tries_this_machine(checked):
    with listening() as port:
        frame = checked(
            Route("eu-loopback", f"http://127.0.0.1:{port}"), only_loopback=lambda: True
        )

    assert results(frame) == {Stage.CONNECTION: Result.OK}
