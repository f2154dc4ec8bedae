"""How requests are read and answers written, in JSON and XML."""

from __future__ import annotations

import json

import pytest

from agcod_guard.simulator import refusals
from agcod_guard.simulator.service import refusal_of
from agcod_guard.simulator.wire import Answer, Format, read_request, rendered

CREATE = "/CreateGiftCard"
XML_BODY = (
    b"<CreateGiftCardRequest><creationRequestId>Acmes1</creationRequestId>"
    b"<value><amount>5</amount></value></CreateGiftCardRequest>"
)


def request(operation="CreateGiftCard", *, accept="application/json"):
    return read_request(f"/{operation}", {"accept": accept}, b"{}")


def json_of(answer, asked):
    return json.loads(rendered(answer, asked).body)


def test_an_xml_request_is_read_like_a_json_one():
    read = read_request(CREATE, {}, b" \n" + XML_BODY)

    assert read.request_id == "Acmes1"
    assert read.fields["value"] == {"amount": "5"}


@pytest.mark.parametrize(
    ("accept", "body", "expected"),
    [
        ("", b"{}", Format.JSON),
        ("", XML_BODY, Format.XML),
        ("*/*", XML_BODY, Format.XML),
        ("application/json", XML_BODY, Format.JSON),
        ("application/xml", b"{}", Format.XML),
        ("charset=UTF-8", XML_BODY, Format.XML),
    ],
)
def test_the_answer_has_the_format_of_accept_else_of_the_request(
    accept, body, expected
):
    assert read_request(CREATE, {"accept": accept}, body).answer_format is expected


def test_a_json_request_may_keep_the_xml_root_as_its_outer_key():
    body = b'{"CreateGiftCardRequest": {"creationRequestId": "Acmes1"}}'

    assert read_request(CREATE, {}, body).request_id == "Acmes1"


def test_the_operation_comes_from_the_target_header_when_the_path_has_none():
    headers = {"x-amz-target": "com.amazonaws.agcod.AGCODService.CancelGiftCard"}

    assert read_request("/", headers, b"{}").operation == "CancelGiftCard"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[1]",
        b"{",
        b"\xff\xfe",
        b"<a>",
        b"<plain/>",
        b"[" * 100_000,
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    ],
)
def test_a_body_that_is_no_object_has_no_fields(body):
    assert read_request(CREATE, {}, body).fields is None


def test_a_json_error_wraps_the_success_fields_as_nulls():
    asked = request()

    reply = rendered(refusal_of(refusals.RESEND, "CreateGiftCard"), asked)

    assert reply.http_status == 400
    assert json.loads(reply.body) == {
        "agcodResponse": {
            "__type": "CreateGiftCardResponse:"
            "http://internal.amazon.com/coral/com.amazonaws.agcod/",
            "cardInfo": None,
            "creationRequestId": None,
            "gcClaimCode": None,
            "gcExpirationDate": None,
            "gcId": None,
            "status": "RESEND",
        },
        "errorCode": "F400",
        "errorType": "SystemTemporarilyUnavailable",
        "message": "System temporarily unavailable",
    }


def test_an_xml_error_has_a_message_with_a_capital():
    asked = request(accept="application/xml")

    reply = rendered(refusal_of(refusals.UNKNOWN_FAULT, "CreateGiftCard"), asked)

    assert reply.body.decode() == (
        "<CreateGiftCardError><agcodResponse><status>FAILURE</status></agcodResponse>"
        "<errorCode>F500</errorCode><errorType>GeneralError</errorType>"
        "<Message>General error</Message></CreateGiftCardError>"
    )


def test_throttling_is_a_message_alone_in_both_formats():
    throttled = refusal_of(refusals.THROTTLED, "CreateGiftCard")

    as_json = rendered(throttled, request())
    as_xml = rendered(throttled, request(accept="application/xml"))

    assert as_json.body == b'{"message":"Rate exceeded"}'
    assert as_json.headers["x-amzn-ErrorType"] == "ThrottlingException"
    assert as_xml.body == (
        b"<ThrottlingException><Message>Rate exceeded</Message></ThrottlingException>"
    )


def test_a_denial_has_a_message_and_no_code():
    denied = refusal_of(refusals.BAD_TOKEN, "CreateGiftCard")

    assert rendered(denied, request()).http_status == 403
    assert json_of(denied, request()) == {
        "message": "The security token included in the request is invalid."
    }


def test_an_unknown_operation_is_named_by_its_type():
    answer = refusal_of(refusals.UNKNOWN_OPERATION, "Nonsense")

    assert json_of(answer, request("Nonsense"))["__type"] == (
        "com.amazon.coral.service#UnknownOperationException"
    )


def test_the_claim_code_is_the_first_thing_in_an_xml_card(eu):
    fields = eu.create("Acmes1").fields
    asked = request(accept="application/xml")

    body = rendered(Answer(fields=fields), asked).body

    assert body.startswith(
        b"<CreateGiftCardResponse><gcClaimCode>AAAA-AAAAAA-AAAA</gcClaimCode>"
    )
    assert b"<cardNumber>" not in body
    assert body.endswith(b"<status>SUCCESS</status></CreateGiftCardResponse>")


def test_json_keys_are_in_alphabetical_order(eu):
    body = rendered(Answer(fields=eu.create("Acmes1").fields), request()).body

    assert list(json.loads(body)) == sorted(json.loads(body))
    assert json.loads(body)["cardInfo"]["value"] == {
        "amount": 25.0,
        "currencyCode": "GBP",
    }


def test_the_root_of_available_funds_lacks_the_word_response(eu):
    asked = request("GetAvailableFunds", accept="application/xml")

    body = rendered(eu.ask("GetAvailableFunds"), asked).body

    assert body.startswith(b"<GetAvailableFunds><availableFunds>")
    assert b"<timestamp>20270115T080000Z</timestamp>" in body


def test_an_activity_page_can_be_written_as_xml(eu):
    eu.create("Acmes1")
    page = eu.ask(
        "GetGiftCardActivityPage",
        utcStartDate="2027-01-01T00:00:00",
        utcEndDate="2027-02-01T00:00:00",
    )

    body = rendered(page, request("GetGiftCardActivityPage", accept="text/xml")).body

    assert b"<cardActivityList><cardActivity><activityStatus>SUCCESS" in body
