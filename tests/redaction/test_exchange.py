"""What is kept of a raw request and a raw answer."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agcod_guard import errors
from agcod_guard.redaction import (
    redact_answer,
    redact_headers,
    redact_request,
    secrets_in,
)
from agcod_guard.redaction.text import CUT, DROPPED

URL = "https://agcod-v2-eu.amazon.com/CreateGiftCard"
SIGNATURE = "0123abcd" * 8
KEY_ID = "AKIA" + "EXAMPLE0" * 2
SCOPE = "20261122/eu-west-1/AGCODService/aws4_request"
SIGNED = "accept;content-type;host;x-amz-date;x-amz-target"
HEADERS = {
    "Host": "agcod-v2-eu.amazon.com",
    "Accept": "application/json",
    "Content-Type": "application/json",
    "x-amz-date": "20261122T101500Z",
    "x-amz-target": "com.amazonaws.agcod.AGCODService.CreateGiftCard",
    "Authorization": f"AWS4-HMAC-SHA256 Credential={KEY_ID}/{SCOPE}, "
    f"SignedHeaders={SIGNED}, Signature={SIGNATURE}",
}
BODY = (
    '{"creationRequestId": "Acmes3324500H2", "partnerId": "Acmes",\n'
    ' "value": {"currencyCode": "EUR", "amount": 25.0}}'
)
ANSWER = (
    '{"cardInfo":{"cardNumber":null,"cardStatus":"Fulfilled","expirationDate":null,'
    '"value":{"amount":25.0,"currencyCode":"EUR"}},'
    '"creationRequestId":"Acmes3324500H2","gcClaimCode":"AAAA-BBBBBB-CCCC",'
    '"gcExpirationDate":"Tue Nov 22 22:59:59 UTC 2036","gcId":"A1B2C3D4E5F6G7",'
    '"status":"SUCCESS"}'
)
KEPT_ANSWER = ANSWER.replace("AAAA-BBBBBB-CCCC", "[claim code removed]")


def kept_of(body: bytes | str) -> str:
    return redact_answer(200, "OK", {}, body).partition("\n\n")[2]


def test_a_request_stays_readable_but_cannot_be_sent_again():
    kept = redact_request("POST", URL, HEADERS, BODY.encode())

    assert kept.splitlines() == [
        f"POST {URL} HTTP/1.1",
        "Host: agcod-v2-eu.amazon.com",
        "Accept: application/json",
        "Content-Type: application/json",
        "x-amz-date: 20261122T101500Z",
        "x-amz-target: com.amazonaws.agcod.AGCODService.CreateGiftCard",
        f"Authorization: AWS4-HMAC-SHA256 Credential=AKIA[removed]/{SCOPE}, "
        f"SignedHeaders={SIGNED}, Signature=[removed]",
        "",
        *BODY.splitlines(),
    ]


def test_an_answer_keeps_everything_but_the_claim_code():
    headers = {"x-amzn-RequestId": "550e8400-e29b-41d4-a716-446655440000"}

    kept = redact_answer(200, "OK", headers, ANSWER.encode())

    assert kept == (
        "HTTP/1.1 200 OK\n"
        "x-amzn-RequestId: 550e8400-e29b-41d4-a716-446655440000\n\n" + KEPT_ANSWER
    )


def test_no_answer_says_why():
    kept = redact_answer(None, "ReadTimeout after 6.0 s", {}, None)

    assert kept == "(no answer) ReadTimeout after 6.0 s\n\n[body not seen]"


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (f"AWS4-HMAC-SHA256 Credential=AKID/{SCOPE}, Signature=ab", f"/{SCOPE}"),
        ("Bearer fake-token", "Bearer [removed]"),
        ("Basic ZmFrZTpmYWtl", "Basic [removed]"),
        (f"AWS {KEY_ID}:ZmFrZQ==", "AWS [removed]"),
        ("ZmFrZTpmYWtl", "[removed]"),
        (HEADERS["Authorization"].encode(), "AKIA[removed]"),
    ],
)
def test_an_authorization_of_any_kind_loses_its_secret(value, kept):
    [(name, shown)] = redact_headers({"AUTHORIZATION": value})

    assert name == "AUTHORIZATION"
    assert kept in shown
    assert secrets_in(f"{name}: {shown}") == ()


@pytest.mark.parametrize(
    "name",
    [
        "Cookie",
        "Set-Cookie",
        "Proxy-Authorization",
        "x-amz-security-token",
        "X-Amz-Access-Token",
        "x-api-key",
        "X-Claim-Code",
        "X-Customer-Email",
    ],
)
def test_a_secret_header_keeps_its_name_only(name):
    assert redact_headers([(name, "fake, fake; fake")]) == [(name, "[removed]")]


def test_an_unknown_header_is_redacted_bounded_and_kept_on_one_line():
    headers = [("X-Trace", "AAAA-BBBBBB-CCCC\r\nEvil: 1"), ("X-Long", "x" * 5_000)]

    kept = dict(redact_headers(headers))

    assert kept["X-Trace"] == "[claim code removed] Evil: 1"
    assert len(kept["X-Long"]) <= 512


def test_headers_that_come_twice_are_both_kept_in_order():
    headers = [("Via", "a"), ("Via", "b")]

    assert redact_headers(headers) == headers


def test_the_query_string_loses_its_keys():
    url = f"{URL}?AWSAccessKeyId={KEY_ID}&partnerId=Acmes&Signature=ZmFrZQ%3D%3D"

    line = redact_request("GET", url, {}, None).splitlines()[0]

    assert line == (
        f"GET {URL}?AWSAccessKeyId=[removed]&partnerId=Acmes&Signature=[removed] "
        "HTTP/1.1"
    )


def test_personal_fields_of_a_balance_load_are_removed():
    body = {
        "account": {"id": "+49300000", "type": "PHONE"},
        "partnerId": "Acmes",
        "amount": {"currencyCode": "EUR", "value": 25},
        "externalReference": "Jane Doe",
        "transactionSource": {
            "sourceId": "till 7",
            "institutionId": "store 12",
            "sourceDetails": {"Address": "1 Fake St", "Phone": "+49300001"},
        },
        "notificationDetails": {"notificationMessage": "hi Jane"},
    }

    kept = json.loads(kept_of(json.dumps(body)))

    assert kept == body | {
        "account": "[removed]",
        "externalReference": "[removed]",
        "transactionSource": body["transactionSource"] | {"sourceDetails": "[removed]"},
        "notificationDetails": "[removed]",
    }


def test_a_physical_card_keeps_its_serial_without_the_checksum():
    kept = kept_of(
        '{"activationRequestId":"Acmes42","cardNumber":"1400000000000000987"}'
    )

    assert kept == (
        '{"activationRequestId":"Acmes42","cardNumber":"1400000000000000[removed]"}'
    )


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ('{"unknown":"AAAABBBBBB1CCC"}', '{"unknown":"[removed]"}'),
        ('{"unknown":"see AAAA-BBBBBB-CCCC ok"}', '{"unknown":"[claim code removed]"}'),
        (
            "<a><unknown>AAAABBBBBB1CCC</unknown></a>",
            "<a><unknown>[removed]</unknown></a>",
        ),
        ('{"unknown":"honest words"}', '{"unknown":"honest words"}'),
        ('{"unknown":"Acmes3324500H2"}', '{"unknown":"Acmes3324500H2"}'),
        (
            '{"message":"bad AAAA-BBBBBB-CCCC"}',
            '{"message":"bad [claim code removed]"}',
        ),
    ],
)
def test_an_unknown_field_is_dropped_whole_when_any_of_it_is_suspicious(body, kept):
    assert kept_of(body) == kept


XML = (
    "<CreateGiftCardResponse><gcClaimCode>AAAA-BBBBBB-CCCC</gcClaimCode>"
    "<gcId>A1B2C3D4E5F6G7</gcId><status>SUCCESS</status></CreateGiftCardResponse>"
)


@pytest.mark.parametrize(
    "body",
    [
        XML.encode(),
        b"\xef\xbb\xbf" + XML.encode(),
        XML.encode("utf-16"),
        b"\xfe\xff" + XML.encode("utf-16-be"),
        XML.encode("utf-16-le"),
        XML.encode("utf-16-be"),
        XML.encode("utf-32"),
        gzip.compress(XML.encode()),
        gzip.compress(XML.encode())[:-6],
        XML,
    ],
)
def test_a_body_is_read_in_any_encoding(body):
    assert kept_of(body) == XML.replace("AAAA-BBBBBB-CCCC", "[claim code removed]")


@pytest.mark.parametrize("end", range(len(ANSWER)))
def test_an_answer_cut_short_anywhere_shows_no_code(end):
    kept = kept_of(ANSWER[:end].encode())

    assert "BBB" not in kept
    assert "AAAA" not in kept or '"gcClaimCode":"' not in kept


def test_a_body_that_is_no_text_is_told_by_its_length():
    assert kept_of(bytes(range(32)) * 4) == "[128 bytes that are no text]"
    assert kept_of(b"\x1f\x8b" + b"\xff" * 30) == (
        "[32 bytes of gzip that cannot be read]"
    )


def test_a_packed_bomb_is_opened_only_as_far_as_it_is_read():
    assert len(kept_of(gzip.compress(b"a b " * 5_000_000))) <= 65_536
    assert kept_of("a: b " * 20_000).endswith(CUT)


def test_headers_that_cannot_be_read_leave_no_message(monkeypatch):
    monkeypatch.setattr(errors, "swallowed_listeners", [])

    assert redact_request("POST", URL, 5, b"") == f"POST {URL} HTTP/1.1\n\n"
    assert redact_answer(200, "OK", {}, 5) == DROPPED


@given(body=st.binary(max_size=300), headers=st.dictionaries(st.text(), st.binary()))
def test_any_bytes_can_be_redacted(body, headers):
    assert isinstance(redact_request("POST", URL, headers, body), str)


@given(
    depth=st.integers(0, 5),
    name=st.text(min_size=1, max_size=20),
    code=st.from_regex(r"[A-Z0-9]{4}-[A-Z0-9]{6}-[A-Z0-9]{4,5}", fullmatch=True),
)
def test_a_claim_code_is_never_kept_at_any_depth(depth, name, code):
    body: object = code
    for _ in range(depth):
        body = [{name: body}]

    assert code not in kept_of(json.dumps({name: body}))
