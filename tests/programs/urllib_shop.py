"""A shop that sells gift cards with urllib and XML; it knows of no guard.

It signs by hand, sets no timeout, takes the claim code from its place in the
answer's text and reads an error's body where the error is caught. It reads
request ids, one a line, and prints a line of JSON for each.
"""

import hashlib
import hmac
import json
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime

HOST, REGION, SERVICE = "agcod-v2-fe.amazon.com", "us-west-2", "AGCODService"
KEY_ID, SECRET = "AKIAFAKEFAKEFAKEFAKE", "fake/secret"
CODE_AT = slice(37, 53)  # <CreateGiftCardResponse><gcClaimCode>
CREATE = (
    "<CreateGiftCardRequest><creationRequestId>{}</creationRequestId>"
    "<partnerId>Acmes</partnerId><value><currencyCode>JPY</currencyCode>"
    "<amount>2500</amount></value></CreateGiftCardRequest>"
)
FUNDS = (
    "<GetAvailableFundsRequest><partnerId>Acmes</partnerId></GetAvailableFundsRequest>"
)


def digest(data):
    return hashlib.sha256(data).hexdigest()


def signed(operation, body):
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    headers = {
        "accept": "charset=UTF-8",
        "content-type": "charset=UTF-8",
        "host": HOST,
        "x-amz-date": stamp,
        "x-amz-target": f"com.amazonaws.agcod.{SERVICE}.{operation}",
    }
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = f"POST\n/{operation}\n\n{lines}\n{names}\n{digest(body)}"
    scope = f"{stamp[:8]}/{REGION}/{SERVICE}/aws4_request"
    key = f"AWS4{SECRET}".encode()
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest(request.encode())}"
    for part in (*scope.split("/"), text):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    credential = f"AWS4-HMAC-SHA256 Credential={KEY_ID}/{scope}"
    signature = f"SignedHeaders={names}, Signature={key.hex()}"
    return {**headers, "Authorization": f"{credential}, {signature}"}


def called(operation, text):
    body = text.encode()
    request = urllib.request.Request(
        f"https://{HOST}/{operation}", body, signed(operation, body)
    )
    return urllib.request.urlopen(request).read().decode()


def tried(operation, text, found):
    try:
        return called(operation, text)[found]
    except urllib.error.HTTPError as error:
        if error.code == 403:
            return [f"{type(error)}", "look after the keys"]
        return [f"{type(error)}", f"{error}", error.read().decode()]
    except Exception as error:
        return [f"{type(error)}", f"{error}"]


for line in sys.stdin:
    card = tried("CreateGiftCard", CREATE.format(line.strip()), CODE_AT)
    print(json.dumps([card, tried("GetAvailableFunds", FUNDS, slice(80))]), flush=True)
