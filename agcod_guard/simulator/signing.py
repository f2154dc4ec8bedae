"""AWS Signature Version 4 as AGCOD uses it: made for the partner, looked at here.

Pure. The simulator knows no secret, so it checks the shape and the scope of a
signature and never its value. Every key in here is obviously fake.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"
SERVICE = "AGCODService"
FAKE_KEY_ID = "AKIAFAKEFAKEFAKEFAKE"
FAKE_SECRET = "fake/secret/for/the/simulator/only"

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 +Credential=(?P<key>[^/,\s]{1,128})/(?P<scope>[^,\s]{1,200}),"
    r" *SignedHeaders=(?P<headers>[^,\s]{1,500}), *Signature=[0-9a-f]{64}"
)


def signed_headers(
    url: str, body: bytes, *, region: str, now_s: float
) -> dict[str, str]:
    """Return the headers of a JSON call to `url`, signed with the fake keys.

    Args:
        url: Endpoint and operation, e.g. `https://host/CreateGiftCard`.
        body: The very bytes that will be sent.
        region: SigV4 region, e.g. `eu-west-1`.
        now_s: Wall-clock time of the signature, Unix seconds.
    """
    parts = urlsplit(url)
    stamp = datetime.fromtimestamp(now_s, UTC).strftime("%Y%m%dT%H%M%SZ")
    headers = {
        "accept": "application/json",
        "content-type": "application/json",
        "host": parts.netloc,
        "x-amz-date": stamp,
        "x-amz-target": f"com.amazonaws.agcod.{SERVICE}.{parts.path[1:]}",
    }
    names = ";".join(headers)
    lines = [f"{name}:{value}" for name, value in headers.items()]
    canonical = "\n".join(["POST", parts.path, "", *lines, "", names, _sha256(body)])
    scope = f"{stamp[:8]}/{region}/{SERVICE}/aws4_request"
    to_sign = "\n".join([ALGORITHM, stamp, scope, _sha256(canonical.encode())])
    signature = _hmac(_signing_key(scope), to_sign).hex()
    headers["Authorization"] = (
        f"{ALGORITHM} Credential={FAKE_KEY_ID}/{scope},"
        f" SignedHeaders={names}, Signature={signature}"
    )
    return headers


def signature_problem(headers: Mapping[str, str], *, region: str) -> str | None:
    """Return what is wrong with a request's signature, or None.

    Args:
        headers: Header values by lower-case name.
        region: SigV4 region of the endpoint that was called.
    """
    authorization = headers.get("authorization")
    if authorization is None:
        return "Missing Authentication Token"
    match = _AUTHORIZATION.fullmatch(authorization.strip())
    if match is None:
        return f"The Authorization header is not an {ALGORITHM} one"
    signed = match["headers"].lower().split(";")
    if "host" not in signed:
        return "The host header has to be signed"
    expected = f"{headers.get('x-amz-date', '')[:8]}/{region}/{SERVICE}/aws4_request"
    if match["scope"] != expected:
        return f"Credential should be scoped to {expected}, not {match['scope']}"
    return None


def _signing_key(scope: str) -> bytes:
    key = f"AWS4{FAKE_SECRET}".encode()
    for part in scope.split("/"):
        key = _hmac(key, part)
    return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
