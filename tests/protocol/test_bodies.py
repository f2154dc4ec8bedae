"""Bodies as load balancers, proxies, odd clients and attackers send them."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agcod_guard.call import Outcome
from agcod_guard.protocol.bodies import LONGEST_PARSED, Form, body_text

FAILURE = '{"errorCode":"F300","errorType":"InsufficientFunds","message":"né"}'
XML_FAILURE = (
    "<E><errorCode>F300</errorCode><errorType>InsufficientFunds</errorType></E>"
)
SUCCESS = b'{"status":"SUCCESS"}'
RAW_DEFLATE = zlib.compress(SUCCESS)[2:-4]


@pytest.mark.parametrize("body", [FAILURE, XML_FAILURE], ids=["json", "xml"])
@pytest.mark.parametrize(
    "encoding",
    [
        "utf-8",
        "utf-8-sig",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "utf-32-le",
        "utf-32-be",
        "latin-1",
    ],
)
def test_any_encoding_is_read_whatever_the_headers_say(exchange, body, encoding):
    call = exchange(
        status=400,
        response_headers={"Content-Type": "text/html; charset=koi8-r"},
        response_body=body.encode(encoding),
    )

    assert call.error == "F300 InsufficientFunds"
    assert call.outcome is Outcome.ACCOUNT


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda b: b.decode()])
def test_any_kind_of_bytes_or_text_is_read(exchange, kind):
    assert exchange(response_body=kind(SUCCESS)).outcome is Outcome.SUCCESS


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(SUCCESS)),
        ("", gzip.compress(SUCCESS)),
        ("x-gzip", SUCCESS),
        ("gzip", gzip.compress(SUCCESS)[:-6]),
        ("deflate", zlib.compress(SUCCESS)),
        ("deflate", RAW_DEFLATE),
        ("", zlib.compress(SUCCESS)),
        ("br", SUCCESS),
    ],
)
def test_a_compressed_body_is_read_and_an_unpacked_one_too(exchange, coding, body):
    call = exchange(response_headers={"Content-Encoding": coding}, response_body=body)

    assert call.outcome is Outcome.SUCCESS


def test_a_compressed_request_is_read(exchange):
    body = gzip.compress(b'{"partnerId":"Acmes","creationRequestId":"Acmes7"}')

    assert exchange(request_body=body).request_id == "Acmes7"


@pytest.mark.parametrize(("status", "outcome"), [(200, "SUCCESS"), (503, "FAULT")])
def test_a_coding_we_cannot_undo_counts_as_not_seen(exchange, status, outcome):
    call = exchange(
        status=status,
        response_headers={"content-encoding": "br"},
        response_body=b"\x8b\x0a\x80\x03 no brotli here",
    )

    assert call.outcome == outcome


@pytest.mark.parametrize(
    "body", [b"\x1f\x8b\x08garbage", b"\x78\x9cgarbage", b"\x00\xff"]
)
def test_a_body_nobody_can_read_is_a_fault(exchange, body):
    assert exchange(response_body=body).outcome is Outcome.FAULT


def test_a_bomb_is_unpacked_to_a_megabyte_at_most():
    bomb = gzip.compress(b" " * 50_000_000)

    tracemalloc.start()
    text = body_text(bomb, "gzip")
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak_bytes < 4_000_000
    assert text.cut


@pytest.mark.parametrize("body", [FAILURE, XML_FAILURE], ids=["json", "xml"])
def test_a_body_cut_after_its_error_still_tells_it(exchange, body):
    cut = body[: body.index("InsufficientFunds") + 25]

    call = exchange(status=400, response_body=cut)

    assert (call.error_code, call.outcome) == ("F300", Outcome.ACCOUNT)


@given(cut=st.integers(min_value=0, max_value=len(FAILURE)))
def test_a_body_cut_anywhere_is_a_failure_at_worst(exchange, cut):
    call = exchange(status=400, response_body=FAILURE[:cut])

    assert call.outcome in {Outcome.FAULT, Outcome.ACCOUNT}


ACTIVITY_URL = "https://agcod-v2-eu.amazon.com/GetGiftCardActivityPage"


def activity_page(rows: int, **outer: object) -> bytes:
    row = {"activityStatus": "FAILURE", "errorCode": "F500", "status": "RESEND"}
    return json.dumps({"cardActivityList": [row] * rows} | outer).encode()


def test_a_long_page_is_searched_past_the_rows_of_other_orders(exchange):
    page = activity_page(3_000, status="SUCCESS")

    call = exchange(url=ACTIVITY_URL, response_body=page)

    assert (call.outcome, call.error_code) == (Outcome.SUCCESS, None)


@pytest.mark.parametrize(
    "page",
    [
        activity_page(3_000, status="SUCCESS"),
        b"<R><cardActivityList>"
        + b"<cardActivity><errorCode>F500</errorCode></cardActivity>" * 3_000,
    ],
    ids=["json", "xml"],
)
def test_a_long_page_that_was_cut_before_its_status_is_no_fault(exchange, page):
    call = exchange(url=ACTIVITY_URL, response_body=page[:LONGEST_PARSED])

    assert (call.outcome, call.error_code) == (Outcome.SUCCESS, None)


def test_a_page_that_broke_off_on_its_way_is_a_fault(exchange):
    page = activity_page(30, status="SUCCESS")[:-30]

    assert exchange(url=ACTIVITY_URL, response_body=page).outcome is Outcome.FAULT


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"message": "m" * 100_000, "errorCode": "F200"}),
        f"<E><Message>{'m' * 100_000}</Message><errorCode>F200</errorCode></E>",
        json.dumps({"errorCode": "F200", "message": "m" * 100_000}),
    ],
    ids=["json", "xml", "first"],
)
def test_an_error_at_either_end_of_a_long_body_is_found(exchange, body):
    assert exchange(status=400, response_body=body).outcome is Outcome.REJECTED


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 13_000,
        b"[" * 60_000,
        b"<a>" * 20_000,
        b"<a>" * 9_000 + b"</a>" * 9_000,
        b'"' * 65_000,
        b'{"a":"' + b'\\"' * 32_000,
        b"<" * 65_000,
        b'<a b="' * 10_000,
        b'"errorCode"' + b" " * 65_000,
        b'{"' + b"\\" * 65_000,
        b"\xed\xa0\x80" * 20_000,
        b'{"a":' + b"9" * 60_000 + b"}",
        b'{"status":' + b"9" * 60_000 + b"}",
    ],
    ids=lambda body: repr(body[:12]),
)
def test_a_hostile_body_is_a_fault_and_nothing_more(exchange, body):
    assert exchange(response_body=body, request_body=body).outcome is Outcome.FAULT


def test_xml_with_a_document_type_is_not_read(exchange):
    call = exchange(response_body="<!DOCTYPE r><r><status>SUCCESS</status></r>")

    assert call.outcome is Outcome.FAULT


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE r [<!ENTITY a "SUCCESS">]>',
        '<!DOCTYPE r SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_xml_with_entities_is_not_read(exchange, doctype):
    call = exchange(response_body=f"{doctype}<r><status>&a;</status></r>")

    assert call.outcome is Outcome.FAULT
    assert call.message is None


def test_namespace_prefixes_are_no_part_of_a_name(exchange):
    body = '<n:E xmlns:n="urn:x"><n:errorCode>F200</n:errorCode></n:E>'
    undeclared = "<n:E><n:errorCode>F200</n:errorCode></n:E>"

    assert exchange(status=400, response_body=body).outcome is Outcome.REJECTED
    assert exchange(status=400, response_body=undeclared).outcome is Outcome.REJECTED


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (None, Form.UNSEEN),
        (object(), Form.UNSEEN),
        (b"", Form.EMPTY),
        (" \r\n", Form.EMPTY),
        (b" {}", Form.JSON),
        (b"[]", Form.JSON),
        (b"<a/>", Form.XML),
        (b'<?xml version="1.0"?><HTML>', Form.HTML),
        (b"<!doctype HTML>", Form.HTML),
        (b"upstream connect error", Form.OTHER),
    ],
)
def test_the_form_is_told_by_the_first_characters(body, form):
    assert body_text(body).form is form
