"""A shop that sells gift cards with httpx and botocore; it knows of no guard.

It calls `httpx.post` itself, signs with botocore's SigV4Auth and leaves every
other status than 2xx to `raise_for_status`. It reads request ids, one a line, and
prints a line of JSON for each.
"""

import json
import sys

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

BASE_URL = "https://agcod-v2-eu.amazon.com"
KEYS = Credentials("AKIAFAKEFAKEFAKEFAKE", "fake/secret")
TIMEOUT_S = 0.3


def called(operation, **fields):
    signed = AWSRequest(
        method="POST",
        url=f"{BASE_URL}/{operation}",
        data=json.dumps({"partnerId": "Acmes", **fields}),
        headers={
            "accept": "application/json",
            "content-type": "application/json",
            "x-amz-target": f"com.amazonaws.agcod.AGCODService.{operation}",
        },
    )
    SigV4Auth(KEYS, "AGCODService", "eu-west-1").add_auth(signed)
    response = httpx.post(
        signed.url,
        content=signed.data,
        headers=dict(signed.headers),
        timeout=TIMEOUT_S,
    )
    response.raise_for_status()
    return response.json()


def code_for(request_id):
    card = called(
        "CreateGiftCard",
        creationRequestId=request_id,
        value={"currencyCode": "GBP", "amount": 25},
    )
    return [card["gcClaimCode"], card["cardInfo"]["cardStatus"]]


def funds():
    return called("GetAvailableFunds")["availableFunds"]


def tried(call, *arguments):
    try:
        return call(*arguments)
    except httpx.HTTPStatusError as error:
        return [f"{type(error)}", error.response.status_code, error.response.text]
    except Exception as error:
        return [f"{type(error)}", f"{error}", f"{type(error.__cause__)}"]


for line in sys.stdin:
    print(json.dumps([tried(code_for, line.strip()), tried(funds)]), flush=True)
