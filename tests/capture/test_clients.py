"""One face for the clients of every library."""

from __future__ import annotations

import subprocess
import sys
import threading
import urllib.request

import httpx
import pytest
import requests

from agcod_guard.call import Outcome
from agcod_guard.capture.clients import Clients

UNTOUCHED = {
    (requests.Session, "get_adapter"): requests.Session.get_adapter,
    (httpx.Client, "_transport_for_url"): httpx.Client._transport_for_url,
    (httpx.AsyncClient, "_transport_for_url"): httpx.AsyncClient._transport_for_url,
    (urllib.request.AbstractHTTPHandler, "do_open"): (
        urllib.request.AbstractHTTPHandler.do_open
    ),
}


@pytest.fixture(autouse=True)
def every_class_is_left_as_it_was():
    yield
    assert [getattr(*place) for place in UNTOUCHED] == [*UNTOUCHED.values()]
    assert not [finder for finder in sys.meta_path if "agcod" in repr(finder)]


@pytest.fixture
def clients(guarded):
    made = Clients(guarded.recorder)
    yield made
    made.dismount()


def post_with_requests(url):
    with requests.Session() as session:
        session.trust_env = False
        session.post(url, json={}, timeout=2)


def post_with_httpx(url):
    httpx.post(url, json={}, timeout=2, trust_env=False)


def post_with_urllib(url):
    with urllib.request.urlopen(url, b"{}", timeout=2) as answer:
        answer.read()


POSTS = [post_with_requests, post_with_httpx, post_with_urllib]
MADE = [requests.Session, httpx.Client, httpx.AsyncClient, urllib.request.build_opener]


@pytest.mark.parametrize("make", MADE)
def test_a_client_of_any_library_is_wrapped_checked_and_unwrapped(clients, make):
    client = make()
    before = dict(vars(client))

    assert clients.check(client)
    assert clients.wrap(client) is client
    assert clients.check(client) == []
    clients.unwrap(client)

    assert vars(client) == before
    assert clients.check(client)


def test_a_subclass_of_a_client_is_known_by_its_ancestors(clients):
    class Ours(httpx.Client):
        pass

    with Ours() as client:
        assert clients.check(clients.wrap(client)) == []


@pytest.mark.parametrize("ask", ["wrap", "unwrap", "check"])
def test_what_is_no_client_is_named_and_so_are_those_that_are(clients, ask):
    with pytest.raises(TypeError) as refused:
        getattr(clients, ask)(object())

    for word in (ask, "requests", "urllib", "httpx", "aiohttp", "object", "observe()"):
        assert word in str(refused.value)


@pytest.mark.parametrize("post", POSTS)
def test_install_sees_calls_of_any_library_once_and_uninstall_ends_it(
    clients, agcod, guarded, post
):
    clients.install()
    clients.install()
    post(agcod.url())
    clients.uninstall()
    clients.uninstall()
    post(agcod.url())

    assert [call.outcome for call in guarded.calls] == [Outcome.SUCCESS]


def test_a_wrapped_client_stays_wrapped_when_the_others_are_let_go(
    clients, agcod, guarded
):
    with clients.wrap(httpx.Client(trust_env=False)) as client:
        clients.install()
        clients.uninstall()
        client.post(agcod.url())
        post_with_httpx(agcod.url())

    assert len(guarded.calls) == 1


def test_dismount_leaves_nothing_behind(clients, agcod, guarded):
    session = clients.wrap(requests.Session())
    client = clients.wrap(httpx.Client(trust_env=False))
    clients.install()

    clients.dismount()
    session.post(agcod.url(), timeout=2)
    client.post(agcod.url())
    post_with_urllib(agcod.url())
    session.close()
    client.close()

    assert guarded.calls == []


def test_threads_that_wrap_at_once_get_one_capture(clients, agcod, guarded):
    with httpx.Client(trust_env=False) as client:
        start = threading.Barrier(8)

        def wrap():
            start.wait()
            clients.wrap(client)

        threads = [threading.Thread(target=wrap) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        client.post(agcod.url())

    assert len(guarded.calls) == 1


LATER = """
import sys, tempfile
from agcod_guard import Guard, Settings

settings = Settings.load(env={}, data_dir=tempfile.mkdtemp(), hosts=["127.0.0.1"])
with Guard(settings) as guard:
    guard.install()
    assert not {"httpx", "aiohttp"} & {*sys.modules}, "imported for nothing"
    import httpx
    httpx.post(sys.argv[1], trust_env=False)
    guard.flush()
    assert len(guard.status().scopes) == 1
    assert "exec_module" not in vars(httpx.__spec__.loader)
assert not [finder for finder in sys.meta_path if "agcod" in repr(finder)]
"""


def test_a_library_imported_after_install_is_seen_and_none_is_imported_for_it(agcod):
    done = subprocess.run(
        [sys.executable, "-c", LATER, agcod.url()],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
