"""Tell the recorder of one exchange of aiohttp: request, answer's head, its body.

Not pure: tells the recorder, and lends the answer a class of its own until its body
has been read or left. That class is the answer's own, of the same name, with `read`,
`close` and `release` looked on. `text` and `json` read through `read`; who reads
`response.content` piece by piece is left alone, and judged by the HTTP status.

Apart from `ChangedRequestIdError`, for which the partner has asked, nothing here
raises. An answer holds no circle of references: one that is dropped gives its
connection back at once, as without us.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import aiohttp

from agcod_guard.capture.answer_body import AnswerBody
from agcod_guard.errors import ChangedRequestIdError
from agcod_guard.open_call import OpenCall, kept_part
from agcod_guard.protocol.addresses import proxy_address
from agcod_guard.recorder import Recorder

_BODIES = "_agcod_bodies"


def begun(recorder: Recorder, request: Any, *, may_wait: bool) -> OpenCall | None:
    """Note that an attempt is about to be made."""
    opened = None
    try:
        opened = recorder.begin(
            method=request.method,
            url=str(request.url),
            headers=dict(request.headers),
            body=_sent_body(request),
            via=proxy_address(str(request.proxy)) or None if request.proxy else "",
        )
        if opened is not None and may_wait:
            recorder.sent_without_timeout(opened)
    except ChangedRequestIdError:
        raise
    except Exception as error:
        recorder.contain("capture.request", error)
    return opened


def failed(
    recorder: Recorder, opened: OpenCall | None, request: Any, error: BaseException
) -> None:
    """Note what the caller gets instead of an answer."""
    try:
        if opened is None:
            return
        opened.headers = dict(request.headers)
        if isinstance(error, GeneratorExit):
            # A task was thrown away: this may be the garbage collector's doing.
            recorder.left_unread(opened)
        else:
            recorder.end(opened, error=error)
    except Exception as trouble:
        recorder.contain("capture.end", trouble)


def answered(
    recorder: Recorder, opened: OpenCall | None, request: Any, response: Any
) -> None:
    """Note the head of the answer, and look on while its body is read."""
    if opened is None:
        return
    try:
        opened.headers = dict(request.headers)
        headers = dict(response.headers)
        recorder.answered(opened, status=response.status, headers=headers)
        body = AnswerBody(recorder, opened)
        if isinstance(response, aiohttp.ClientResponse):
            _lend_class(response, body)
    except Exception as error:
        recorder.contain("capture.answer", error)


def _sent_body(request: Any) -> bytes | None:
    """Return the start of a body that is in memory; None if it is yet to be read."""
    body = request.body
    if isinstance(body, aiohttp.BytesPayload):
        return kept_part(body.decode("utf-8", "replace"))
    return kept_part(body)


def _lend_class(response: aiohttp.ClientResponse, body: AnswerBody) -> None:
    bodies = vars(response).get(_BODIES)
    if bodies is not None:  # another guard looks on already
        bodies.append(body)
        return
    vars(response)[_BODIES] = [body]
    own: Any = type(response)
    response.__class__ = _looked_on(own)


def _give_back_class(response: Any, own: type) -> list[AnswerBody]:
    """Leave the answer as it would be without us; return who has looked on."""
    bodies: list[AnswerBody] = vars(response).pop(_BODIES, [])
    if bodies:
        response.__class__ = own
    return bodies


@functools.lru_cache(maxsize=16)
def _looked_on(own: type[Any]) -> type[Any]:
    """Return the class that an answer of class `own` is lent."""
    names = {"__module__": own.__module__, "__qualname__": own.__qualname__}
    methods: dict[str, Any] = {
        "read": _reader(own),
        "close": _closer(own, "close"),
        "release": _closer(own, "release"),
    }
    return type(own.__name__, (own,), names | methods)


def _reader(own: type[Any]) -> Callable[..., Any]:
    @functools.wraps(own.read)
    async def read(response: Any) -> bytes:
        bodies = _give_back_class(response, own)
        for body in bodies:
            body.read_on()
        try:
            content: bytes = await response.read()
        except GeneratorExit:
            for body in bodies:
                body.leave()
            raise
        except BaseException as error:
            for body in bodies:
                body.end(seen=False, error=error)
            raise
        for body in bodies:
            body.keep(content)
            body.end()
        return content

    return read


def _closer(own: type[Any], name: str) -> Callable[..., Any]:
    @functools.wraps(getattr(own, name))
    def close(response: Any) -> Any:
        for body in _give_back_class(response, own):
            body.end(seen=False)
        return getattr(response, name)()

    return close
