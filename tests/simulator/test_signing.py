"""SigV4: AWS's published steps, and what the simulator looks at."""

from __future__ import annotations

import pytest

from agcod_guard.simulator.signing import signature_problem, signed_headers

# Made with botocore's SigV4Auth for the request of `signed` and the same keys.
KNOWN_SIGNATURE = "bcbdb3c033028a8169d348ecce5f8af682630ee0be40f409d7620651cc1e9a70"
URL = "https://agcod-v2-eu.amazon.com/CreateGiftCard"


def signed(**changes):
    headers = signed_headers(URL, b"{}", region="eu-west-1", now_s=1_800_000_000)
    return {name.lower(): value for name, value in headers.items()} | changes


def test_our_own_signature_has_the_right_shape():
    assert signature_problem(signed(), region="eu-west-1") is None


def test_the_signature_depends_on_every_byte_of_the_body():
    other = signed_headers(URL, b"{ }", region="eu-west-1", now_s=1_800_000_000)

    assert other["Authorization"] != signed()["authorization"]


def test_the_signature_is_the_one_that_another_implementation_makes():
    assert signed()["authorization"].rpartition("=")[2] == KNOWN_SIGNATURE


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"authorization": ""}, "not an AWS4"),
        ({"x-amz-date": "20250101T000000Z"}, "should be scoped to 20250101/"),
    ],
)
def test_a_signature_of_the_wrong_shape_is_told_apart(changes, problem):
    assert problem in (signature_problem(signed(**changes), region="eu-west-1") or "")


def test_the_wrong_region_is_named():
    problem = signature_problem(signed(), region="us-west-2")

    assert "us-west-2/AGCODService" in problem
    assert "not 20270115/eu-west-1/AGCODService/aws4_request" in problem


def test_the_host_has_to_be_signed():
    unsigned = signed()["authorization"].replace(";host;", ";")

    problem = signature_problem(signed(authorization=unsigned), region="eu-west-1")

    assert problem == "The host header has to be signed"
