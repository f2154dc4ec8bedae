"""Tell the recorder of one exchange of httpx: its request, its answer's head.

Not pure: tells the recorder. Apart from `ChangedRequestIdError`, for which the
partner has asked, nothing here raises. A request's body is looked at where httpx
has it in memory; a generator, a file or a form is the transport's to read.
"""

from __future__ import annotations

from typing import Any

import httpcore
import httpx

from agcod_guard.capture.answer_body import AnswerBody
from agcod_guard.capture.httpx_body import CodedBody
from agcod_guard.errors import ChangedRequestIdError
from agcod_guard.open_call import OpenCall, kept_part
from agcod_guard.protocol.addresses import proxy_address
from agcod_guard.recorder import Recorder

_OWN_TRANSPORTS = (httpx.HTTPTransport, httpx.AsyncHTTPTransport)


def begun(
    recorder: Recorder, transport: object, request: httpx.Request
) -> OpenCall | None:
    """Note that `transport` is about to send `request`."""
    opened = None
    try:
        opened = recorder.begin(
            method=request.method,
            url=str(request.url),
            headers=_text_of(request.headers),
            body=_sent_body(request),
            via=_proxy(transport),
        )
        if opened is not None and _may_wait_for_ever(transport, request):
            recorder.sent_without_timeout(opened)
    except ChangedRequestIdError:
        raise
    except Exception as error:
        recorder.contain("capture.request", error)
    return opened


def failed(
    recorder: Recorder,
    opened: OpenCall | None,
    request: httpx.Request,
    error: BaseException,
) -> None:
    """Note what the caller gets instead of an answer."""
    try:
        if opened is None:
            return
        _note_late_headers(opened, request)
        if isinstance(error, GeneratorExit):
            # A task was thrown away: this may be the garbage collector's doing.
            recorder.left_unread(opened)
        else:
            recorder.end(opened, error=error)
    except Exception as trouble:
        recorder.contain("capture.end", trouble)


def answered(
    recorder: Recorder,
    opened: OpenCall | None,
    request: httpx.Request,
    response: httpx.Response,
) -> AnswerBody | None:
    """Note the head of the answer.

    Returns:
        What is to be told of its body; None if that has been read already, as of
        an answer made for a test, or if nobody wants to know.
    """
    if opened is None:
        return None
    try:
        _note_late_headers(opened, request)
        headers = _text_of(response.headers)
        recorder.answered(opened, status=response.status_code, headers=headers)
        if not response.is_closed:
            return _body_to_come(recorder, opened, response)
        recorder.end(opened, body=_read_body(response))
    except Exception as error:
        recorder.contain("capture.answer", error)
        _end_all_the_same(recorder, opened)
    return None


def _body_to_come(
    recorder: Recorder, opened: OpenCall, response: httpx.Response
) -> AnswerBody:
    coding = response.headers.get("Content-Encoding")
    if coding is None:
        return AnswerBody(recorder, opened)
    return CodedBody(recorder, opened, coding)


def _note_late_headers(opened: OpenCall, request: httpx.Request) -> None:
    """Note the headers anew if some came after signing, from beneath the guard."""
    if len(request.headers) != len(opened.headers):
        opened.headers = _text_of(request.headers)


def _text_of(headers: httpx.Headers) -> dict[str, str]:
    """Return the headers as they go over the wire; `items()` takes away their case."""
    return {
        name.decode("latin-1"): value.decode("latin-1") for name, value in headers.raw
    }


def _sent_body(request: httpx.Request) -> bytes | None:
    """Return the start of a body that is in memory; None if it is the transport's."""
    if type(request.stream) is httpx.ByteStream:  # also of a redirect, not read yet
        return kept_part(b"".join(request.stream))
    return _read_body(request)


def _read_body(message: httpx.Request | httpx.Response) -> bytes | None:
    """Return the start of a body that has been read; None if it has not."""
    try:
        return kept_part(message.content)
    except httpx.StreamError:
        return None


def _may_wait_for_ever(transport: object, request: httpx.Request) -> bool:
    """Return whether the caller has taken the timeouts away, which httpx sets."""
    timeout = request.extensions.get("timeout") or {}
    if timeout.get("connect") is not None or timeout.get("read") is not None:
        return False
    # Another transport than that of httpx may bring a timeout of its own.
    return type(transport) in _OWN_TRANSPORTS


def _proxy(transport: Any) -> str | None:
    """Return the address of the proxy to be used; None if it cannot be told.

    A transport of the partner's own may go ways that only it knows.
    """
    if type(transport) not in _OWN_TRANSPORTS:
        return None
    pool = transport._pool
    if type(pool) in (httpcore.ConnectionPool, httpcore.AsyncConnectionPool):
        return ""
    return proxy_address(str(pool._proxy_url.origin)) or None


def _end_all_the_same(recorder: Recorder, opened: OpenCall) -> None:
    try:
        recorder.end(opened)
    except Exception as error:
        recorder.contain("capture.end", error)
