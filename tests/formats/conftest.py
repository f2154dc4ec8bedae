"""Records as other programs write them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from partner import CLAIM_CODE, EU

from agcod_guard.call import Endpoint, Environment
from agcod_guard.formats.har import logged_entry
from agcod_guard.formats.logged import Known
from agcod_guard.formats.ndjson import logged_line

STARTED = "2026-11-22T11:15:05.250Z"
STARTED_S = 1_795_346_105.25

REQUEST = {
    "partnerId": "Acmes",
    "creationRequestId": "Acmes000017",
    "value": {"currencyCode": "GBP", "amount": 25},
}
FAULT = {"errorCode": "F500", "errorType": "GeneralError", "message": "no"}
SUCCESS = {"status": "SUCCESS", "gcClaimCode": CLAIM_CODE}


def without(record: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in names}


@pytest.fixture
def known():
    hosts = {"gateway.example.invalid": Endpoint("eu", Environment.SANDBOX)}
    return Known(hosts, "Other")


@pytest.fixture
def raw():
    """A raw line of NDJSON, as a dictionary."""
    return {
        "v": 1,
        "started_at": STARTED,
        "duration_s": 0.5,
        "method": "POST",
        "url": EU,
        "request_headers": {"x-amz-date": "20261122T111505Z"},
        "request_body": json.dumps(REQUEST),
        "status": 500,
        "response_headers": {"x-amzn-RequestId": "1111-2222"},
        "response_body": json.dumps(FAULT),
    }


@pytest.fixture
def classified():
    """A classified line of NDJSON, as a dictionary."""
    return {
        "v": 1,
        "started_at": STARTED_S,
        "duration_s": 0.5,
        "outcome": "FAULT",
        "endpoint": "eu",
        "operation": "CreateGiftCard",
        "partner_id": "Acmes",
        "request_id": "Acmes000017",
        "error_code": "F500",
        "error_type": "GeneralError",
        "status": 500,
        "amount": "25.00",
        "currency": "GBP",
    }


@pytest.fixture
def entry():
    """An entry of a HAR file, as a dictionary."""
    return {
        "startedDateTime": STARTED,
        "time": 500.0,
        "request": {
            "method": "POST",
            "url": EU,
            "headers": [{"name": "x-amz-date", "value": "20261122T111505Z"}],
            "postData": {"mimeType": "application/json", "text": json.dumps(REQUEST)},
        },
        "response": {
            "status": 500,
            "headers": [{"name": "x-amzn-RequestId", "value": "1111-2222"}],
            "content": {"size": 60, "mimeType": "x", "text": json.dumps(FAULT)},
        },
        "cache": {},
        "timings": {"send": 0, "wait": 500, "receive": 0},
    }


@pytest.fixture
def read_line(known):
    def read(record):
        return logged_line(json.dumps(record).encode(), known, call_id="line-1")

    return read


@pytest.fixture
def read_entry(known):
    def read(record):
        return logged_entry(json.dumps(record).encode(), known, call_id="entry-1")

    return read
