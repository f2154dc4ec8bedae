"""Read what a redacted exchange says of clocks and headers; show it whole. Pure.

A sample's texts are those of the journal: request line or status line, then
headers, a blank line and the body.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

from agcod_guard.call import Call
from agcod_guard.frames import Sample
from agcod_guard.incident.layout import gmt_ms, harmless_lines, identifier

TRANSPORT_HEADERS = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "traceparent",
        "transfer-encoding",
        "user-agent",
    }
)
"""Headers that clients, proxies and tracing add; no signature needs them."""

_SIGNED_HEADERS = re.compile(r"SignedHeaders=([A-Za-z0-9;_-]{1,2000})")
_MOST_HEADERS = 200


@dataclass(frozen=True, slots=True)
class UnsignedHeaders:
    """Headers a request carried beside those its signature covers; sorted.

    Attributes:
        named: Those that somebody chose to send.
        transport: Those that any client or proxy adds.
    """

    named: tuple[str, ...]
    transport: tuple[str, ...]


def headers_of(text: str) -> Mapping[str, str]:
    """Return the headers of a raw request or answer, names in lower case."""
    headers: dict[str, str] = {}
    for line in text.split("\n")[1 : _MOST_HEADERS + 1]:
        name, colon, value = line.partition(":")
        if not colon:
            break
        headers.setdefault(name.strip().lower(), value.strip())
    return headers


def unsigned_headers(request: str) -> UnsignedHeaders | None:
    """Return the headers of `request` that its signature does not cover.

    None if the request names no signed headers.
    """
    headers = headers_of(request)
    found = _SIGNED_HEADERS.search(headers.get("authorization", ""))
    if found is None:
        return None
    signed = {*found.group(1).lower().split(";"), "authorization"}
    unsigned = sorted(headers.keys() - signed)
    return UnsignedHeaders(
        named=tuple(name for name in unsigned if name not in TRANSPORT_HEADERS),
        transport=tuple(name for name in unsigned if name in TRANSPORT_HEADERS),
    )


def answered_at_s(answer: str) -> float | None:
    """Return the answer's `Date` header as a time, to the second below.

    None if there is none that can be read.
    """
    try:
        moment = parsedate_to_datetime(headers_of(answer)["date"])
        return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    except (KeyError, ValueError, OverflowError):
        return None


def sample_file(sample: Sample, call: Call) -> str:
    """Return the text of sample-request.txt: the request, then its answer."""
    head = [
        "Sample request to Amazon's gift card API (AGCOD), as it was sent, and what",
        "came back. Signature, keys, tokens and personal data are masked.",
        "",
        f"Request ID        {identifier(call.request_id or '(none)')}",
        f"x-amzn-RequestId  {identifier(call.amzn_request_id or '(none)')}",
        f"Sent              {gmt_ms(call.started_at_s)}",
        f"Ended             {gmt_ms(call.ended_at_s)}, {call.duration_s:.3f} s later",
    ]
    answer = sample.answer or call.error or "no response"
    body = ["", "===== Request =====", *harmless_lines(sample.request.rstrip("\r\n"))]
    body += ["", "===== Answer =====", *harmless_lines(answer.rstrip("\r\n"))]
    return "\n".join([*head, *body, ""])
