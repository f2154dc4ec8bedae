"""Say what came of an attempt of which the guard saw no call.

Reads only what is there: no body is taken from the wire for it. Used to tell
that an attempt failed, never to repeat one.
"""

from __future__ import annotations

from typing import Any

from agcod_guard.call import Outcome
from agcod_guard.protocol.operations import UNKNOWN_OPERATION
from agcod_guard.protocol.reading import read_answer
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
        response_headers=getattr(answer, "headers", None),
        response_body=_body_of(answer),
        error=error,
    ).outcome


def _answer_in(error: Exception) -> object:
    response = getattr(error, "response", None)
    return error if response is None else response


def _status_of(answer: object) -> int | None:
    for name in ("status_code", "status", "code"):
        status = getattr(answer, name, None)
        if isinstance(status, int):
            return status
    return None


def _body_of(answer: Any) -> bytes | None:
    """Return the body if it has been read already."""
    if getattr(answer, "_content", None) is False:
        return None  # requests would read it now
    try:
        body = answer.content
    except Exception:
        return None  # httpx says so where it was not read
    return body if isinstance(body, bytes) else None
