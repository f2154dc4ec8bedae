"""One entry of a HAR 1.2 file, as browsers and proxies write them.

Pure. Facts of the format: http://www.softwareishard.com/blog/har-12-spec/.
Browsers and mitmproxy write a call without answer as status 0 with `_error`,
which is no part of that page.
"""

from __future__ import annotations

import base64
import binascii
import re

from agcod_guard.call import UNKNOWN_ENDPOINT
from agcod_guard.formats.logged import (
    Exchange,
    Facts,
    Failure,
    Headers,
    Known,
    Logged,
    call_in,
    class_leading,
    headers_of,
)
from agcod_guard.formats.values import (
    Record,
    body_in,
    object_in,
    record_in,
    refused,
    seconds_in,
    text_in,
    time_in,
    whole_in,
)
from agcod_guard.protocol.bodies import LONGEST_PARSED

_ABANDONED = {"ERR_ABORTED", "ERR_BLOCKED_BY_CLIENT", "NS_BINDING_ABORTED"}
"""Errors of browsers whose user or page gave up."""

_URL = re.compile(rb'"url"\s*:\s*"([^"\\]{0,2048})')
_UNKNOWN_TIME = -1
_BASE64_CHARACTERS = LONGEST_PARSED // 3 * 4


def logged_entry(entry: bytes, known: Known, *, call_id: str) -> Logged | None:
    """Return what an entry says; None if it is of a host that is not AGCOD's.

    Args:
        entry: The JSON of one element of `log.entries`.
        known: What the settings know.
        call_id: The call's name.

    Raises:
        BadRecord: It is no such entry.
    """
    record = record_in(entry, what="the entry")
    request = object_in(record, "request")
    url = text_in(request, "url", at="request.")
    if url is None:
        raise refused("request.url", None, "the URL that was called")
    if known.targets.of(url).endpoint == UNKNOWN_ENDPOINT:
        return None
    response = object_in(record, "response") if record.get("response") else {}
    exchange = _exchange(url, request, response)
    facts = Facts(
        call_id=call_id,
        started_at_s=time_in(record, "startedDateTime"),
        duration_s=_duration_s(record),
    )
    failure = _failure(record, response) if exchange.status is None else None
    call = call_in(exchange, facts, known, failure=failure)
    return None if call is None else Logged(call, exchange)


def is_elsewhere(beginning: bytes, known: Known) -> bool:
    """Tell whether an entry that is too large is of hosts that are not AGCOD's."""
    urls = _URL.findall(beginning)
    return bool(urls) and all(
        known.targets.of(url.decode("latin-1")).endpoint == UNKNOWN_ENDPOINT
        for url in urls
    )


def _exchange(url: str, request: Record, response: Record) -> Exchange:
    return Exchange(
        method=text_in(request, "method", at="request.") or "POST",
        url=url,
        headers=_headers(request, at="request."),
        body=_posted(request),
        status=whole_in(response, "status", at="response.", at_most=999) or None,
        answer_headers=_headers(response, at="response."),
        answer_body=_content(response),
    )


def _duration_s(record: Record) -> float:
    """Return how long it took; 0 if the writer says that it does not know."""
    if record.get("time") == _UNKNOWN_TIME:
        return 0.0
    return seconds_in(record, "time", per_second=1000.0)


def _failure(record: Record, response: Record) -> Failure:
    """Return why there is no answer, in the words of whoever wrote the file."""
    text = text_in(response, "_error", at="response.") or text_in(record, "_error")
    if text is None:
        return Failure("no answer")
    name = class_leading(text)
    return Failure(text, name, abandoned=name in _ABANDONED)


def _headers(message: Record, *, at: str) -> Headers:
    headers = message.get("headers")
    if headers is None:
        return {}
    try:
        pairs = [(each["name"], each["value"]) for each in headers]
    except (TypeError, KeyError):
        pairs = [(None, None)]
    if not all(isinstance(text, str) for pair in pairs for text in pair):
        raise refused(f"{at}headers", headers, "a list of {name, value}, both texts")
    return headers_of(pairs)


def _posted(request: Record) -> bytes | None:
    """Return the request's body; of a form, what its fields were made from."""
    if request.get("postData") is None:
        return None
    posted = object_in(request, "postData", at="request.")
    text = posted.get("text")
    if text or not isinstance(posted.get("params"), list):
        return body_in(text, "request.postData.text")
    parts = (
        "=".join(str(part[key]) for key in ("name", "value") if part.get(key))
        for part in posted["params"]
        if isinstance(part, dict)
    )
    return body_in("&".join(parts), "request.postData.params")


def _content(response: Record) -> bytes | None:
    """Return the answer's body; None if the file was saved without it."""
    if response.get("content") is None:
        return None
    content = object_in(response, "content", at="response.")
    text = text_in(content, "text", at="response.content.")
    if text is None:
        size = content.get("size")
        return None if isinstance(size, int) and size > 0 else b""
    if text_in(content, "encoding", at="response.content.") != "base64":
        return body_in(text, "response.content.text")
    try:
        return base64.b64decode(text[:_BASE64_CHARACTERS])
    except (binascii.Error, ValueError):
        raise refused("response.content.text", text, "base64") from None
