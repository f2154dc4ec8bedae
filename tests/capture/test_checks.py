from __future__ import annotations

import pytest
import requests
import requests_mock
import responses
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from agcod_guard.capture.checks import check


@pytest.fixture
def problems(guarded):
    def found(session):
        return check(guarded.capture, session)

    return found


def test_a_plain_wrapped_session_has_no_problem(problems, session):
    assert problems(session) == []


def test_any_session_is_fine_when_installed(problems, guarded):
    guarded.capture.install()

    assert problems(requests.Session()) == []


def test_a_session_that_was_never_wrapped_is_named(problems):
    (problem,) = problems(requests.Session())

    assert "not guarded" in problem
    assert "wrap(session)" in problem


def test_a_session_class_that_install_does_not_reach_is_named(problems, guarded):
    class Ours(requests.Session):
        def get_adapter(self, url):
            return HTTPAdapter()

    guarded.capture.install()

    (problem,) = problems(Ours())

    assert "not guarded" in problem


def test_a_get_adapter_put_over_ours_is_named(problems, session):
    session.get_adapter = lambda url: HTTPAdapter()

    (problem,) = problems(session)

    assert "replaced session.get_adapter since wrap()" in problem


def test_what_requests_mock_leaves_behind_is_named(problems, session):
    with requests_mock.Mocker() as mocked:
        mocked.post("https://agcod-v2.amazon.com/CreateGiftCard", json={})
        session.post("https://agcod-v2.amazon.com/CreateGiftCard", timeout=6)

    (problem,) = problems(session)

    assert "requests-mock" in problem


def test_requests_mock_at_work_is_named(problems, session):
    with requests_mock.Mocker():
        found = problems(session)

    assert any("requests_mock.mocker" in problem for problem in found)


def test_requests_mock_on_one_session_is_named(problems, session):
    with requests_mock.Mocker(session=session):
        found = problems(session)

    assert any("this session.send comes from" in problem for problem in found)


def test_a_mounted_mock_is_named(problems, session):
    session.mount("https://agcod-v2.amazon.com", requests_mock.Adapter())

    (problem,) = problems(session)

    assert "Adapter from requests_mock.adapter" in problem


def test_responses_at_work_is_named(problems, session):
    with responses.RequestsMock():
        (problem,) = problems(session)

    assert "HTTPAdapter from responses" in problem


@pytest.mark.parametrize(
    "retries", [3, Retry(3), Retry(None, connect=2, read=0, status=0, other=0)]
)
def test_retries_beneath_the_session_are_named(problems, session, retries):
    session.mount("https://agcod-v2-eu", HTTPAdapter(max_retries=retries))

    (problem,) = problems(session)

    assert "repeats requests by itself (Retry(" in problem


@pytest.mark.parametrize("retries", [0, Retry(0), Retry(False)])
def test_no_retries_are_no_problem(problems, session, retries):
    session.mount("https://", HTTPAdapter(max_retries=retries))

    assert problems(session) == []


def test_a_session_class_that_sends_by_itself_is_named(problems, guarded):
    class Ours(requests.Session):
        def send(self, request, **kwargs):
            return self.transport(request)

    (problem,) = problems(guarded.capture.wrap(Ours()))

    assert problem.startswith("Ours.send comes from")


def test_a_session_class_that_requests_by_itself_is_named(problems, guarded):
    class Ours(requests.Session):
        request = object()

    (problem,) = problems(guarded.capture.wrap(Ours()))

    assert problem.startswith("Ours.request comes from")


def test_a_session_class_that_leaves_the_sending_to_requests_is_fine(problems, guarded):
    class Ours(requests.Session):
        def request(self, method, url, **kwargs):
            return super().request(method, url, **kwargs)

        def send(self, request, **kwargs):
            return requests.Session.send(self, request, **kwargs)

    assert problems(guarded.capture.wrap(Ours())) == []


def test_a_response_hook_is_named(problems, session):
    def explode(answer, **kwargs):
        answer.raise_for_status()

    session.hooks["response"] = explode

    (problem,) = problems(session)

    assert "explode" in problem
    assert "HTTP status alone" in problem


def test_a_session_that_streams_is_named(problems, session):
    session.stream = True

    (problem,) = problems(session)

    assert "session.stream is True" in problem


def test_a_session_without_adapters_has_nothing_to_be_seen(problems, session):
    session.adapters.clear()

    assert problems(session) == []


def test_checking_changes_nothing(problems, session):
    before = dict(vars(session))

    problems(session)

    assert vars(session) == before
