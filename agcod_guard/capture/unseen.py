"""Say what came of an attempt by what the partner's function returned or raised.

For attempts of which the guard saw no call, where it tells that they failed and
never leads to a repeat, and for those of which it saw no more than a head. Reads
only what is there: a body that has yet to be read is left to be read.
"""

from __future__ import annotations

from http.client import HTTPResponse
from typing import Any

from agcod_guard.call import Outcome
from agcod_guard.capture.urllib_body import arrived
from agcod_guard.protocol.operations import UNKNOWN_OPERATION
from agcod_guard.protocol.reading import read_answer
from agcod_guard.protocol.targets import target_of
from agcod_guard.protocol.transport import hands_over_answer


def outcome_unseen(
    *, result: object = None, error: Exception | None = None
) -> Outcome | None:
    """Return what came of it; None if that cannot be told.

    Args:
        result: What the partner's function returned: a response, or anything.
        error: What it raised; None if it returned.
    """
    answer = result
    if error is not None:
        answer = _answer_in(error) if hands_over_answer(error) else None
    status = _status_of(answer)
    if error is None and status is None:
        return None
    return read_answer(
        operation=UNKNOWN_OPERATION,
        status=status,
        response_headers=_part(answer, "headers"),
        response_body=_body_of(answer),
        error=error,
    ).outcome


def names_agcod(came: object) -> bool:
    """Tell whether a response or an error says that it is of a call to AGCOD.

    Known by the operation in its URL, for AGCOD may stand behind any host.
    """
    for place in (came, _part(came, "response"), _part(came, "request")):
        url = _part(place, "url")
        if url is not None:
            return target_of(str(url), {}).operation is not None
    return False


def _answer_in(error: Exception) -> object:
    response = _part(error, "response")
    return error if response is None else response


def _status_of(answer: object) -> int | None:
    for name in ("status_code", "status", "code"):
        status = _part(answer, name)
        if isinstance(status, int):
            return status
    return None


def _body_of(answer: object) -> bytes | None:
    """Return the body if it has been read, or lies there whole."""
    if _part(answer, "_content") is False:
        return None  # requests would read it now
    unread = _part(answer, "fp")
    if isinstance(unread, HTTPResponse):  # an HTTPError of urllib
        return _unread_body_of(unread)
    body = _part(answer, "content")
    return body if isinstance(body, bytes) else None


def _unread_body_of(answer: HTTPResponse) -> bytes | None:
    """Return the body if all of it lies there, and nobody has begun to read it."""
    try:
        is_whole = str(answer.length) == answer.headers.get("Content-Length")
        return arrived(answer) if is_whole else None
    except Exception:
        return None  # a connection of the partner's own make


def _part(thing: object, name: str) -> Any:
    try:
        return getattr(thing, name, None)
    except Exception:
        return None  # httpx raises for what it does not have
