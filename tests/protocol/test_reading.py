"""What a Call says of an exchange, by the rules of Amazon's pages."""

from __future__ import annotations

import json
from decimal import Decimal
from enum import IntEnum
from http import HTTPStatus

import pytest
from requests import HTTPError
from requests.structures import CaseInsensitiveDict

from agcod_guard.call import UNKNOWN_ENDPOINT, Endpoint, Environment, Outcome
from agcod_guard.protocol.reading import AnswerFacts, read_answer, read_request

CORAL = "CreateGiftCardResponse:http://internal.amazon.com/coral/com.amazonaws.agcod/"
AMZN_ID = "0b3c6ee1-5f9e-11e8-8c1d-000000000001"
SIGNATURE = "The request signature we calculated does not match"


def failed(
    code: str | None, error_type: str | None, message: str = "", state: str = "FAILURE"
) -> bytes:
    body = {
        "agcodResponse": {"__type": CORAL, "gcClaimCode": None, "status": state},
        "errorCode": code,
        "errorType": error_type,
        "message": message,
    }
    return json.dumps(body).encode()


def asking(**fields: object) -> bytes:
    return json.dumps({"partnerId": "Acmes", **fields}).encode()


# The request --------------------------------------------------------------


def test_a_card_bought_is_a_success_with_the_facts_of_its_request(exchange):
    call = exchange(response_headers={"x-amzn-RequestId": AMZN_ID})

    assert call.outcome is Outcome.SUCCESS
    assert call.endpoint == Endpoint("eu")
    assert call.operation == "CreateGiftCard"
    assert (call.partner_id, call.request_id) == ("Acmes", "Acmes000017")
    assert (call.amount, call.currency) == (Decimal("25.0"), "EUR")
    assert (call.amzn_request_id, call.marked) == (AMZN_ID, True)
    assert (call.started_at_s, call.duration_s, call.ended_at_s) == (
        1000,
        0.25,
        1000.25,
    )
    assert (call.error_code, call.error_type, call.message) == (None, None, None)


@pytest.mark.parametrize(
    ("operation", "field", "seen"),
    [
        ("CreateGiftCard", "creationRequestId", True),
        ("CancelGiftCard", "creationRequestId", True),
        ("ActivateGiftCard", "activationRequestId", True),
        ("DeactivateGiftCard", "activationRequestId", True),
        ("ActivationStatusCheck", "statusCheckRequestId", True),
        ("GetGiftCardActivityPage", "requestId", True),
        ("LoadAmazonBalance", "loadBalanceRequestId", True),
        ("VoidAmazonBalanceLoad", "loadBalanceRequestId", True),
        ("DesactivateGiftCard", "activationRequestId", True),
        ("GetAvailableFunds", "requestId", False),
        ("CreateGiftCard", "requestId", False),
    ],
)
@pytest.mark.parametrize("form", ["json", "wrapped", "xml", "namespaced"])
def test_the_request_id_is_read_where_the_operation_carries_it(
    exchange, operation, field, seen, form
):
    fields = f"<partnerId>Acmes</partnerId><{field}>Acmes7</{field}>"
    body = {
        "json": asking(**{field: "Acmes7"}),
        "wrapped": json.dumps(
            {f"{operation}Request": {"partnerId": "Acmes", field: "Acmes7"}}
        ).encode(),
        "xml": f"<{operation}Request>{fields}</{operation}Request>".encode(),
        "namespaced": f'<Q xmlns="http://example.invalid/">{fields}</Q>'.encode(),
    }[form]

    call = exchange(
        url=f"https://agcod-v2-eu.amazon.com/{operation}", request_body=body
    )

    assert call.partner_id == "Acmes"
    assert call.request_id == ("Acmes7" if seen else None)


def test_the_operation_comes_from_the_target_when_the_path_has_none(exchange):
    call = exchange(
        url="https://agcod-v2-eu.amazon.com/",
        request_headers=[(b"X-Amz-Target", b"com.x.AGCODService./CreateGiftCard")],
    )

    assert call.operation == "CreateGiftCard"
    assert call.request_id == "Acmes000017"


@pytest.mark.parametrize(
    ("money", "amount", "currency"),
    [
        ({"value": {"amount": 10, "currencyCode": "USD"}}, "10", "USD"),
        ({"value": {"amount": "10.50", "currencyCode": "USD"}}, "10.50", "USD"),
        ({"amount": {"value": 5.5, "currencyCode": "GBP"}}, "5.5", "GBP"),
        ({"amount": 7, "currencyCode": "GBP"}, "7", "GBP"),
        ({"value": {"amount": None, "currencyCode": "USD"}}, None, "USD"),
        ({"value": {"amount": "NaN"}}, None, None),
        ({"value": {"amount": "1e999999"}}, None, None),
        ({"value": {"amount": "9" * 500}}, None, None),
        ({"value": {"amount": True}}, None, None),
        ({"value": {"amount": "ten"}}, None, None),
        ({"value": "10"}, None, None),
        ({}, None, None),
    ],
)
def test_amount_and_currency_are_money_or_nothing(exchange, money, amount, currency):
    call = exchange(request_body=asking(**money))

    assert call.amount == (None if amount is None else Decimal(amount))
    assert call.currency == currency


@pytest.mark.parametrize(
    ("number", "serial"),
    [
        ("1400000000000000", "1400000000000000"),
        ("1400000000000000123", "1400000000000000"),
        ("1400 0000 0000 0000 123", "1400000000000000"),
        (1400000000000000123, "1400000000000000"),
        ("140000000000000012", None),
        ("١٤٠٠٠٠٠٠٠٠٠٠٠٠٠٠", None),
        ("AAAA-BBBBBB-CCCC", None),
        (None, None),
    ],
)
def test_a_card_is_kept_by_its_serial_and_never_with_its_checksum(
    exchange, number, serial
):
    url = "https://agcod-v2.amazon.com/ActivateGiftCard"

    assert (
        exchange(url=url, request_body=asking(cardNumber=number)).card_serial == serial
    )
    assert exchange(request_body=asking(cardNumber=number)).card_serial is None


@pytest.mark.parametrize("request_id", ["", "  ", None, [], {}, True, 1.5])
def test_a_request_id_that_is_empty_or_no_text_is_none(exchange, request_id):
    call = exchange(request_body=asking(creationRequestId=request_id))

    assert call.request_id is None
    assert call.partner_id == "Acmes"


@pytest.mark.parametrize(
    "request_id",
    ["F5000", "Acmes_62a309", "Acmes-1", "A" * 40, "../../etc/passwd\n", AMZN_ID],
)
def test_an_odd_request_id_is_kept(exchange, request_id):
    assert (
        exchange(request_body=asking(creationRequestId=request_id)).request_id
        == request_id
    )


@pytest.mark.parametrize(
    "secret",
    [
        "AAAA-BBBBBB-CCCC",
        "AAAA-BBBBBB-CCCCC",
        "AAAA_BBBB_CCCC",
        "AAAA--BBBBBB--CCCC",
        "AKIAIOSFODNN7EXAMPLE",
    ],
)
def test_a_secret_in_the_place_of_a_request_id_is_not_kept(exchange, secret):
    call = exchange(request_body=asking(creationRequestId=secret))

    assert secret not in repr(call)


def test_a_long_request_id_is_cut(exchange):
    call = exchange(request_body=asking(creationRequestId="Acmes " * 500))

    assert len(call.request_id) <= 64


def test_a_lone_surrogate_never_reaches_a_call(exchange):
    call = exchange(request_body='{"partnerId":"Acmes","creationRequestId":"A\\ud800"}')

    call.request_id.encode()


def test_an_unknown_host_is_the_unknown_endpoint(exchange):
    assert exchange(url="https://example.invalid/x").endpoint is UNKNOWN_ENDPOINT


def test_the_settings_hosts_are_endpoints(exchange):
    drill = Endpoint("drill", Environment.LOOPBACK)

    call = exchange(
        url="http://127.0.0.1:8080/CreateGiftCard", hosts={"127.0.0.1": drill}
    )

    assert call.endpoint == drill


def test_a_body_that_is_a_generator_is_left_alone():
    body = iter([b'{"partnerId":"Acmes"}'])

    facts = read_request(
        method="POST",
        url="https://agcod-v2.amazon.com/CreateGiftCard",
        request_headers={},
        request_body=body,
    )

    assert facts.partner_id is None
    assert list(body) == [b'{"partnerId":"Acmes"}']


# The answer ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "error_type", "message", "outcome"),
    [
        ("F100", "GeneralError", "", Outcome.FAULT),
        ("F100", "AmountIsNull", "", Outcome.REJECTED),
        ("F200", "InvalidAmountInput", "", Outcome.REJECTED),
        ("F200", "InvalidRequest", SIGNATURE, Outcome.DENIED),
        ("F300", "InsufficientFunds", "", Outcome.ACCOUNT),
        ("F300", "GeneralError", "", Outcome.ACCOUNT),
        ("F300", "InvalidAwsAccessKeyId", SIGNATURE, Outcome.ACCOUNT),
        ("F400", "SystemTemporarilyUnavailable", "", Outcome.FAULT),
        ("F400", "ThrottlingException", "Rate exceeded", Outcome.THROTTLED),
        ("F500", "GeneralError", "", Outcome.FAULT),
        ("F500", "ThrottlingException", "Rate exceeded", Outcome.FAULT),
        ("F700", "Unheard", "", Outcome.FAULT),
    ],
)
@pytest.mark.parametrize("status", [200, 400, 403, 429, 500])
def test_the_error_code_decides_before_the_http_status(
    exchange, code, error_type, message, outcome, status
):
    call = exchange(status=status, response_body=failed(code, error_type, message))

    assert call.outcome is outcome
    assert (call.error_code, call.error_type) == (code, error_type)
    assert call.marked


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (400, b'{"message":"Rate exceeded"}', Outcome.THROTTLED),
        (400, b"Rate exceeded", Outcome.THROTTLED),
        (503, b'{"__type":"x#ThrottlingException"}', Outcome.THROTTLED),
        (429, b"{}", Outcome.THROTTLED),
        (429, b"", Outcome.THROTTLED),
        (429, b"<html>slow down</html>", Outcome.THROTTLED),
        (400, failed(None, None, "Rate exceeded", "RESEND"), Outcome.THROTTLED),
        (400, failed(None, None, "later", "RESEND"), Outcome.FAULT),
        (403, b"{}", Outcome.DENIED),
        (403, b"<html>Forbidden</html>", Outcome.DENIED),
        (401, b"", Outcome.DENIED),
        (403, b'{"__type":"AccessDenied"}', Outcome.DENIED),
        (400, b'{"__type":"a#InvalidSignatureException"}', Outcome.DENIED),
        (400, json.dumps({"Message": SIGNATURE}).encode(), Outcome.DENIED),
        (404, b'{"__type":"a#UnknownOperationException"}', Outcome.REJECTED),
        (404, b"<UnknownOperationException/>", Outcome.REJECTED),
        (400, b'{"__type":"SerializationException:http://x/"}', Outcome.REJECTED),
        (400, b'{"errorType":"InsufficientFunds"}', Outcome.ACCOUNT),
        (500, b'{"__type":"a#InternalFailure"}', Outcome.FAULT),
        (500, json.dumps({"message": SIGNATURE}).encode(), Outcome.FAULT),
        (502, b"<html><title>502 Bad Gateway</title></html>", Outcome.FAULT),
        (503, b"", Outcome.FAULT),
        (400, b"{}", Outcome.FAULT),
        (404, b"not here", Outcome.FAULT),
        (302, b"", Outcome.FAULT),
        (400, b'{"status":"SUCCESS"}', Outcome.FAULT),
        (200, b"", Outcome.FAULT),
        (200, b"  \n", Outcome.FAULT),
        (200, b"{}", Outcome.FAULT),
        (200, b"[]", Outcome.FAULT),
        (200, b"null", Outcome.FAULT),
        (200, b"<html>ok</html>", Outcome.FAULT),
        (200, b'{"status":"FAILURE"}', Outcome.FAULT),
        (200, b'{"status":"RESEND"}', Outcome.FAULT),
        (200, b'{"status":null,"gcId":null}', Outcome.FAULT),
        (200, b'{"gcId":"A1B2C3D4E5F6G7"}', Outcome.SUCCESS),
        (204, b'{"status":" success "}', Outcome.SUCCESS),
    ],
)
def test_without_a_code_the_answer_is_judged_by_type_words_and_status(
    exchange, status, body, outcome
):
    assert exchange(status=status, response_body=body).outcome is outcome


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.SUCCESS),
        (403, Outcome.DENIED),
        (429, Outcome.THROTTLED),
        (500, Outcome.FAULT),
        (503, Outcome.FAULT),
        (400, Outcome.ABANDONED),
        (302, Outcome.ABANDONED),
        (None, Outcome.ABANDONED),
    ],
)
def test_of_a_body_that_was_not_seen_the_status_is_all_that_counts(
    exchange, status, outcome
):
    assert exchange(status=status, response_body=None).outcome is outcome


class OwnStatus(IntEnum):
    """A status as a client may print it for people."""

    OK = 200

    def __str__(self) -> str:
        return "200 OK"


@pytest.mark.parametrize("status", [HTTPStatus.OK, "200", OwnStatus.OK])
def test_a_status_may_come_as_a_clients_own_type(exchange, status):
    call = exchange(status=status)

    assert (call.outcome, call.status) == (Outcome.SUCCESS, 200)


@pytest.mark.parametrize("status", [True, 0, -1, 20, 10**9, "OK", 2.5, object()])
def test_what_is_no_status_is_none(exchange, status):
    assert exchange(status=status, response_body=None).status is None


def test_the_errors_in_an_activity_page_belong_to_other_orders(exchange):
    row = {"activityStatus": "RESEND", "failureCode": "F400", "status": "RESEND"}
    body = {"cardActivityList": [row | {"errorCode": "F500"}], "status": "SUCCESS"}

    call = exchange(response_body=json.dumps(body))

    assert (call.outcome, call.error_code) == (Outcome.SUCCESS, None)


@pytest.mark.parametrize("outer", ["agcodResponse", None])
def test_a_coral_type_may_name_the_answers_class_and_is_a_mark(exchange, outer):
    said = {"__type": CORAL, "status": "FAILURE"}

    call = exchange(
        status=400, response_body=json.dumps({outer: said} if outer else said)
    )

    assert (call.error_type, call.marked) == (None, True)


@pytest.mark.parametrize(
    ("headers", "code", "error_type"),
    [
        ({"x-amzn-ErrorType": "F400"}, "F400", None),
        ({"X-AMZN-ERRORTYPE": "Name:http://example.invalid/"}, None, "Name"),
        ([("x-amzn-errortype", "ns#Name:http://example.invalid/#x")], None, "Name"),
        (CaseInsensitiveDict({"x-amzn-ErrorType": "ns#Name"}), None, "Name"),
        ([[b"x-amzn-errortype", b"Name,more"]], None, "Name"),
    ],
)
def test_the_error_header_speaks_where_the_body_does_not(
    exchange, headers, code, error_type
):
    call = exchange(status=400, response_headers=headers, response_body=b"{}")

    assert (call.error_code, call.error_type) == (code, error_type)


def test_the_error_header_speaks_for_a_body_that_was_not_seen(exchange):
    call = exchange(
        status=400, response_headers={"x-amzn-ErrorType": "F300"}, response_body=None
    )

    assert call.outcome is Outcome.ACCOUNT


def test_headers_that_cannot_be_walked_are_no_headers(exchange):
    class Broken(dict):
        def items(self):
            raise RuntimeError("no headers")

    assert exchange(response_headers=Broken()).outcome is Outcome.SUCCESS


def test_the_body_goes_before_the_error_header(exchange):
    call = exchange(
        status=400,
        response_headers={"x-amzn-ErrorType": "F500"},
        response_body=failed("F200", "InvalidAmountInput"),
    )

    assert call.error == "F200 InvalidAmountInput"


@pytest.mark.parametrize(
    "name", ["x-amzn-RequestId", "X-Amzn-Request-Id", "x-amz-request-id"]
)
def test_amazons_id_is_found_under_each_of_its_names(exchange, name):
    assert exchange(response_headers={name: AMZN_ID}).amzn_request_id == AMZN_ID


@pytest.mark.parametrize("body", [b"", b"<html/>", b"\x00\x01", b'{"message":"no"}'])
def test_what_amazon_did_not_mark_is_unmarked(exchange, body):
    assert not exchange(status=503, response_body=body).marked


XML_FIELDS = (
    "<agcodResponse><status>FAILURE</status></agcodResponse>"
    "<errorCode>F300</errorCode><errorType>InsufficientFunds</errorType>"
    "<Message>Insufficient &amp; sad</Message>"
)


@pytest.mark.parametrize(
    "body",
    [
        f"<CreateGiftCardError>{XML_FIELDS}</CreateGiftCardError>",
        f'<?xml version="1.0" encoding="nonsense"?>\n<E>{XML_FIELDS}</E>',
        f'<E xmlns="http://example.invalid/">{XML_FIELDS}</E>',
    ],
)
def test_xml_says_the_same_as_json(exchange, body):
    call = exchange(status=400, response_body=body.encode())

    assert call.outcome is Outcome.ACCOUNT
    assert call.error == "F300 InsufficientFunds"
    assert call.message == "Insufficient & sad"


def test_an_xml_root_that_is_an_exception_is_the_error(exchange):
    body = "<ThrottlingException><Message>Rate exceeded</Message></ThrottlingException>"

    call = exchange(status=400, response_body=body)

    assert (call.outcome, call.error_type) == (Outcome.THROTTLED, "ThrottlingException")


def test_an_html_page_is_known_by_its_title(exchange):
    page = b"<!DOCTYPE html><html><title>502 Bad Gateway</title>F500 SUCCESS</html>"

    call = exchange(status=502, response_body=page)

    assert (call.message, call.error_code) == ("502 Bad Gateway", None)


# Exceptions ---------------------------------------------------------------


def test_a_timeout_is_no_answer_and_says_so(exchange):
    call = exchange(
        status=None,
        response_headers=None,
        response_body=None,
        error=TimeoutError("no answer in 6 s"),
    )

    assert call.outcome is Outcome.NO_ANSWER
    assert (call.exception, call.message) == ("TimeoutError", "no answer in 6 s")
    assert (call.status, call.marked) == (None, False)


def test_a_body_that_broke_off_is_no_answer(exchange):
    call = exchange(response_body=b'{"gcId":"A1', error=ConnectionResetError())

    assert (call.outcome, call.status) == (Outcome.NO_ANSWER, 200)


@pytest.mark.parametrize(
    ("status", "body", "error", "outcome"),
    [
        (500, failed("F500", "GeneralError"), ValueError(), Outcome.FAULT),
        (502, b"<html/>", ValueError("not JSON"), Outcome.FAULT),
        (400, failed("F200", "CardNotFound"), HTTPError(), Outcome.REJECTED),
        (403, None, HTTPError(), Outcome.DENIED),
        (200, b'{"status":"SUCCESS"}', KeyboardInterrupt(), Outcome.SUCCESS),
        (200, b'{"gcId":"A1', KeyboardInterrupt(), Outcome.ABANDONED),
        (200, None, ValueError(), Outcome.ABANDONED),
        (None, None, ValueError(), Outcome.ABANDONED),
    ],
)
def test_the_callers_own_error_gives_way_to_an_answer_that_was_read(
    exchange, status, body, error, outcome
):
    assert exchange(status=status, response_body=body, error=error).outcome is outcome


def test_an_error_that_cannot_speak_is_still_recorded(exchange):
    class Mute(OSError):
        def __str__(self) -> str:
            raise RuntimeError("no words")

    call = exchange(status=None, response_body=None, error=Mute())

    assert (call.outcome, call.exception) == (Outcome.NO_ANSWER, "Mute")
    assert call.message is None


# What may be kept ---------------------------------------------------------


def test_a_message_is_kept_to_three_hundred_characters(exchange):
    call = exchange(status=400, response_body=failed("F500", "E", "word " * 5_000))

    assert len(call.message) == 300


@pytest.mark.parametrize("before", range(4_040, 4_100))
def test_a_claim_code_is_not_let_through_where_a_message_is_cut(exchange, before):
    # A signature shrinks to a word, which brings the cut into the message.
    signature = "Signature=".ljust(before, "f")
    error = OSError(f"{signature} AAAA-BBBBBB-CCCC")

    call = exchange(status=None, response_body=None, error=error)

    assert "AAAA" not in (call.message or "")


@pytest.mark.parametrize("seconds", [None, "1", float("nan"), float("inf"), -1e300])
def test_times_that_are_no_times_are_zero(exchange, seconds):
    call = exchange(started_at_s=seconds, duration_s=seconds)

    assert (call.started_at_s, call.duration_s) == (0.0, 0.0)


def test_an_unhashable_operation_is_judged_all_the_same():
    facts = read_answer(
        operation=["CreateGiftCard"],  # type: ignore[arg-type]
        status=200,
        response_headers=None,
        response_body=b'{"status":"SUCCESS"}',
        error=None,
    )

    assert facts == AnswerFacts(outcome=Outcome.SUCCESS, status=200)
