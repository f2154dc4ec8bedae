"""That a URL leads to the same place each time, and that no secret is remembered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agcod_guard.call import UNKNOWN_ENDPOINT, Endpoint, Environment
from agcod_guard.protocol.targets import Target, Targets, target_of

URL = "https://agcod-v2-eu.amazon.com/CreateGiftCard"
HOSTS = {"agcod.example.invalid": Endpoint("eu", Environment.LOOPBACK)}


@pytest.fixture
def targets():
    return Targets(HOSTS)


def test_a_url_says_endpoint_and_operation(targets):
    target = targets.of(URL)

    assert (target.endpoint, target.endpoint_name) == (Endpoint("eu"), "eu")
    assert target.operation is not None
    assert target.operation.name == "CreateGiftCard"


def test_an_operation_that_is_not_listed_is_left_to_the_headers(targets):
    target = targets.of("https://agcod-v2-eu.amazon.com/v2/")

    assert (target.operation, target.path) == (None, "/v2/")


def test_a_name_from_the_settings_goes_before_an_unknown_host(targets):
    known = targets.of("http://agcod.example.invalid:8080/CancelGiftCard")
    unknown = targets.of("http://other.example.invalid/CancelGiftCard")

    assert known.endpoint_name == "eu-loopback"
    assert unknown.endpoint == UNKNOWN_ENDPOINT


def test_a_url_that_was_asked_for_before_is_remembered(targets):
    assert targets.of(URL) is targets.of(URL)


@pytest.mark.parametrize(
    "url",
    [
        "https://user:fake-password@agcod-v2-eu.amazon.com/CreateGiftCard",
        f"{URL}?X-Amz-Signature=00",
        f"https://agcod-v2-eu.amazon.com/{'x' * 300}/CreateGiftCard",
        "https://agcod-v2-eu.amazon.com/AAAA-BBBBBB-CCCC",
        URL.encode(),
    ],
)
def test_what_may_hold_a_secret_is_not_remembered(targets, url):
    assert targets.of(url) == targets.of(url)
    assert targets.of(url) is not targets.of(url)


def test_a_thousand_urls_are_not_all_remembered(targets):
    made = [targets.of(f"https://h{n}.invalid/CreateGiftCard") for n in range(1_000)]

    again = [targets.of(f"https://h{n}.invalid/CreateGiftCard") for n in range(1_000)]
    assert made == again
    assert sum(one is other for one, other in zip(made, again, strict=True)) < 100


@given(url=st.one_of(st.text(), st.binary(), st.none(), st.integers()))
def test_remembering_changes_no_answer(url):
    targets = Targets(HOSTS)

    answers: list[Target] = [targets.of(url), targets.of(url), target_of(url, HOSTS)]

    assert answers[0] == answers[1] == answers[2]
