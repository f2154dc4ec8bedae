"""The words everything else speaks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agcod_guard.call import Call, Endpoint, Environment, Outcome, Scope

ENDPOINTS = [
    (Endpoint("eu"), "eu"),
    (Endpoint("na", Environment.SANDBOX), "na-sandbox"),
    (Endpoint("eu", "loopback"), "eu-loopback"),
    (Endpoint("local", Environment.LOOPBACK), "local-loopback"),
]


@pytest.mark.parametrize(("endpoint", "name"), ENDPOINTS)
def test_an_endpoint_is_known_by_a_short_name_and_back(endpoint, name):
    assert str(endpoint) == name
    assert Endpoint.parse(name) == endpoint


@pytest.mark.parametrize("account", ["Acmes", "a/b", "", "x y"])
def test_a_scope_is_known_by_its_text_and_back(account):
    scope = Scope(account, Endpoint("eu", "sandbox"))

    assert Scope.parse(str(scope)) == scope


def call(**facts):
    defaults = {
        "endpoint": Endpoint("eu"),
        "operation": "CreateGiftCard",
        "outcome": Outcome.FAULT,
        "started_at_s": 10.0,
        "duration_s": 6.0,
    }
    return Call(**(defaults | facts))


@pytest.mark.parametrize(
    ("facts", "error"),
    [
        ({"error_code": "F500", "error_type": "GeneralError"}, "F500 GeneralError"),
        ({"error_type": "ThrottlingException"}, "ThrottlingException"),
        ({"status": 503}, "HTTP 503"),
        ({"exception": "ReadTimeout"}, "no response: ReadTimeout after 6.0 s"),
        ({}, "no response after 6.0 s"),
        ({"status": 200, "outcome": Outcome.SUCCESS}, None),
    ],
)
def test_an_error_is_told_in_amazons_wording(facts, error):
    assert call(**facts).error == error


def test_a_call_ends_where_it_started_and_lasted_unless_it_says_otherwise():
    assert call().ended_at_s == 16.0
    assert call(ended_at_s=99.0).ended_at_s == 99.0
    assert replace(call(), probe=True).probe
