"""What holds of every exchange, however it was made."""

from __future__ import annotations

import base64
import json
import string
from dataclasses import asdict

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from agcod_guard.call import Call, Outcome
from agcod_guard.protocol.reading import read_exchange

NAMES = st.sampled_from(
    [
        "partnerId",
        "creationRequestId",
        "value",
        "amount",
        "currencyCode",
        "cardNumber",
        "status",
        "errorCode",
        "errorType",
        "message",
        "Message",
        "__type",
        "agcodResponse",
        "gcClaimCode",
        "requestId",
    ]
) | st.text(max_size=8)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["SUCCESS", "RESEND", "F500", "F200", "Rate exceeded"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4)
    ),
    max_leaves=12,
)
JSON = st.dictionaries(NAMES, VALUES, max_size=6).map(json.dumps)
BODIES = st.one_of(
    st.none(),
    st.binary(max_size=200),
    st.text(max_size=200),
    JSON,
    JSON.map(str.encode),
    JSON.map(lambda text: text.encode("utf-16")),
    JSON.map(lambda text: text[: len(text) // 2]),
    st.text(alphabet="<>/ aeC!&;[]\"'", max_size=60).map("<r>{}".format),
    VALUES,
    st.binary(max_size=40).map(bytearray),
    st.binary(max_size=40).map(memoryview),
)
HEADERS = st.one_of(
    st.none(),
    st.integers(),
    st.dictionaries(st.text(max_size=8), VALUES, max_size=3),
    st.lists(st.tuples(st.binary(max_size=8), st.binary(max_size=8)), max_size=3),
    st.lists(VALUES, max_size=3),
    st.dictionaries(
        st.sampled_from(
            ["x-amzn-RequestId", "x-amzn-ErrorType", "content-encoding", "X-Amz-Target"]
        ),
        st.text(max_size=30) | st.binary(max_size=30),
    ),
)
ERRORS = st.sampled_from(
    [None, TimeoutError("x"), KeyboardInterrupt(), ValueError(), OSError, "text", 3]
)
ANYTHING = st.one_of(st.none(), st.text(max_size=30), st.binary(max_size=30), VALUES)
CODES = st.from_regex(r"[A-Z0-9]{4}-[A-Z0-9]{6}-[A-Z0-9]{4,5}", fullmatch=True).filter(
    lambda code: any(letter in string.ascii_uppercase for letter in code)
)


@given(
    method=ANYTHING,
    url=ANYTHING | st.just("https://agcod-v2-eu.amazon.com/CreateGiftCard"),
    request_headers=HEADERS,
    request_body=BODIES,
    status=st.none() | st.integers(-1, 1_000) | ANYTHING,
    response_headers=HEADERS,
    response_body=BODIES,
    error=ERRORS,
    started_at_s=ANYTHING | st.floats(),
    duration_s=ANYTHING | st.floats(),
)
def test_reading_an_exchange_never_raises(**exchange):
    call = read_exchange(**exchange)

    assert isinstance(call, Call)
    assert isinstance(call.outcome, Outcome)
    msgspec.msgpack.encode(asdict(call))


@given(
    code=CODES,
    around=st.text(alphabet=" .:/\n\"'", max_size=3),
    name=NAMES,
    form=st.sampled_from(["json", "nested", "xml", "text", "html", "broken"]),
    status=st.sampled_from([200, 400, 403, 500]),
)
def test_a_claim_code_is_in_no_field_of_a_call(code, around, name, form, status):
    said = f"{around}{code}{around}"
    body = {
        "json": json.dumps({name: said}),
        "nested": json.dumps({"agcodResponse": {name: said}, "errorCode": said}),
        "xml": f"<E><message>{code}</message><errorType>{code}</errorType></E>",
        "text": said,
        "html": f"<html><title>{code}</title></html>",
        "broken": json.dumps({name: said, "message": said})[:-2],
    }[form]

    call = read_exchange(
        method="POST",
        url=f"https://agcod-v2-eu.amazon.com/{code}",
        request_headers={"x-amz-target": f"x.{code}"},
        request_body=json.dumps(
            {
                "partnerId": said,
                "creationRequestId": said,
                "cardNumber": said,
                "value": {"currencyCode": said, "amount": said},
            }
        ),
        status=status,
        response_headers={"x-amzn-RequestId": said, "x-amzn-ErrorType": said},
        response_body=body,
        error=OSError(said),
        started_at_s=0.0,
        duration_s=0.0,
    )

    assert code not in repr(call)
    assert code not in str(asdict(call))


@given(
    code=CODES,
    encoded=st.sampled_from(
        [
            lambda code: code.encode().hex(),
            lambda code: code.encode().hex().upper(),
            lambda code: code.encode("utf-16").hex()[4:],
            lambda code: base64.b64encode(code.encode()).decode().rstrip("="),
        ]
    ),
    prefix=st.sampled_from(["", "Acmes-", "Acmes_"]),
)
def test_a_claim_code_hides_in_no_id_or_name(exchange, code, encoded, prefix):
    hidden = encoded(code)
    said = prefix + hidden

    call = exchange(
        url=f"https://agcod-v2-eu.amazon.com/{said}",
        request_headers={"x-amz-target": f"x.{said}"},
        request_body=json.dumps({"partnerId": said, "creationRequestId": said}),
        status=500,
        response_headers={"x-amzn-RequestId": said},
        response_body=json.dumps({"errorCode": said, "errorType": said}),
    )

    assert hidden not in repr(call)


@given(
    name=st.from_regex(r"Acmes[A-Za-z0-9]{1,35}", fullmatch=True)
    | st.from_regex(r"[0-9A-Z]{1,13}", fullmatch=True)
    | st.uuids().map(lambda uuid: f"Acmes-{uuid.hex}")
)
def test_an_honest_request_id_stays_as_it_is(exchange, name):
    body = json.dumps({"partnerId": "Acmes", "creationRequestId": name})

    assert exchange(request_body=body).request_id == name


@given(body=BODIES, status=st.sampled_from([400, 404, 500, 503]))
def test_an_answer_that_is_no_2xx_is_never_a_success(exchange, body, status):
    call = exchange(status=status, response_body=body)

    assert call.outcome is not Outcome.SUCCESS
