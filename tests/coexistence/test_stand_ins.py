"""Tools that answer in AGCOD's place: each works as without the guard.

What they answer through a client is recorded as the client saw it; what they
answer before any client is asked has not been sent, and is no call.
"""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import requests
import responses
from loopback_agcod import FAULT, HOSTS, SUCCESS, LoopbackAgcod
from prometheus_client import CollectorRegistry

from agcod_guard import Guard, Settings
from agcod_guard.clock import ManualClock
from agcod_guard.frames import End, decoded
from agcod_guard.storage.reading import SegmentReader
from agcod_guard.telemetry.observers import Observers

AGCOD_URL = "https://agcod-v2-eu.amazon.com/CreateGiftCard"


@pytest.fixture
def agcod():
    server = LoopbackAgcod()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def both_ways(tmp_path):
    """Run an exchange bare and under `install()`.

    Returns what it returned either way, and the outcomes on record.
    """

    def run(exchange):
        bare = exchange("bare")
        with Guard(
            Settings.load(env={}, data_dir=tmp_path / "data", hosts=list(HOSTS)),
            registry=CollectorRegistry(),
            clock=ManualClock(1_795_346_105.0),
        ) as guard:
            guard.install()
            guarded = exchange("guarded")
        return bare, guarded, _outcomes(tmp_path / "data")

    return run


def _outcomes(folder: Path) -> list[str]:
    reader = SegmentReader(folder / "journal", Observers())
    frames = [decoded(each.kind, each.payload) for each in reader.tail({})]
    return [frame.outcome for frame in frames if isinstance(frame, End)]


def by_requests(url):
    answer = requests.post(url, json={}, timeout=2)
    return answer.status_code, answer.content, type(answer)


def by_urlopen(url):
    try:
        with urllib.request.urlopen(url, b"{}", timeout=2) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def by_httpx(url):
    import httpx

    answer = httpx.post(url, json={}, timeout=2)
    return answer.status_code, answer.content


@pytest.mark.parametrize("post", [by_requests, by_urlopen, by_httpx])
def test_vcrpy_records_and_plays_back(agcod, both_ways, needed, tmp_path, post):
    needed("httpx", "vcr")
    import vcr

    def exchange(name):
        came = []
        for _ in range(2):
            with vcr.use_cassette(tmp_path / f"{name}.yaml"):
                came += [post(agcod.url()), post(agcod.url("fault"))]
        return came

    bare, guarded, outcomes = both_ways(exchange)

    assert guarded == bare
    assert len(agcod.received) == 2 * 2
    assert outcomes == ["SUCCESS", "FAULT", "SUCCESS", "FAULT"]
    cassettes = [tmp_path / "bare.yaml", tmp_path / "guarded.yaml"]
    assert len({_undated(path.read_text()) for path in cassettes}) == 1


def _undated(cassette):
    lines = cassette.splitlines()
    return "\n".join(line for line in lines if "GMT" not in line)


def test_what_requests_cache_answers_itself_is_no_call(
    agcod, both_ways, needed, tmp_path
):
    needed("requests_cache")
    import requests_cache

    def exchange(name):
        session = requests_cache.CachedSession(
            tmp_path / name, backend="memory", allowable_methods=["POST"]
        )
        answers = [session.post(agcod.url(), json={}, timeout=2) for _ in range(2)]
        answers.append(session.post(agcod.url("fault"), json={}, timeout=2))
        return [(a.status_code, a.content, a.from_cache, type(a)) for a in answers]

    bare, guarded, outcomes = both_ways(exchange)

    assert guarded == bare
    assert [from_cache for _, _, from_cache, _ in guarded] == [False, True, False]
    assert outcomes == ["SUCCESS", "FAULT"]


def test_requests_cache_may_be_installed_for_the_whole_process(
    agcod, both_ways, needed
):
    needed("requests_cache")
    import requests_cache

    def exchange(name):
        requests_cache.install_cache(name, backend="memory", allowable_methods=["POST"])
        try:
            return [by_requests(agcod.url())[:2] for _ in range(2)]
        finally:
            requests_cache.uninstall_cache()

    bare, guarded, outcomes = both_ways(exchange)

    assert guarded == bare
    assert outcomes == ["SUCCESS"]


def test_responses_answers_and_raises_as_without_the_guard(both_ways):
    raised = requests.ReadTimeout("no answer in 6 s")

    def exchange(_):
        with responses.RequestsMock() as mocked:
            mocked.post(AGCOD_URL, body=SUCCESS)
            mocked.post(AGCOD_URL, body=FAULT, status=500)
            mocked.post(AGCOD_URL, body=raised)
            came = [by_requests(AGCOD_URL), by_requests(AGCOD_URL)]
            with pytest.raises(requests.ReadTimeout) as caught:
                by_requests(AGCOD_URL)
            return [*came, caught.value, mocked.calls[0].request.body]

    bare, guarded, outcomes = both_ways(exchange)

    assert guarded == bare
    assert guarded[2] is raised
    assert outcomes == ["SUCCESS", "FAULT", "NO_ANSWER"]


def test_respx_answers_and_raises_as_without_the_guard(both_ways, needed):
    needed("httpx", "respx")
    import httpx
    import respx

    raised = httpx.ReadTimeout("no answer in 6 s")
    answers = [
        httpx.Response(200, content=SUCCESS),
        httpx.Response(500, content=FAULT),
        raised,
    ]

    def exchange(_):
        with respx.mock() as mocked:
            route = mocked.post(AGCOD_URL).mock(side_effect=list(answers))
            came = [by_httpx(AGCOD_URL), by_httpx(AGCOD_URL)]
            with pytest.raises(httpx.ReadTimeout) as caught:
                by_httpx(AGCOD_URL)
            return [*came, caught.value, route.call_count]

    bare, guarded, outcomes = both_ways(exchange)

    assert guarded == bare
    assert guarded[2] is raised
    assert outcomes == ["SUCCESS", "FAULT", "NO_ANSWER"]


def test_a_transport_of_respx_is_seen_by_a_wrapped_client(needed, tmp_path):
    needed("httpx", "respx")
    import httpx
    import respx

    router = respx.Router()
    router.post(AGCOD_URL).respond(503, html="<html>busy</html>")
    guard = Guard(
        Settings.load(env={}, data_dir=tmp_path, hosts=list(HOSTS)),
        registry=CollectorRegistry(),
        clock=ManualClock(1_795_346_105.0),
    )
    with guard, httpx.Client(transport=httpx.MockTransport(router.handler)) as client:
        answer = guard.wrap(client).post(AGCOD_URL, json={}, timeout=2)

    assert answer.text == "<html>busy</html>"
    assert _outcomes(tmp_path) == ["FAULT"]
