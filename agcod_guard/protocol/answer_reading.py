"""Keep of an answer, or of the exception in its place, what a Call may know.

Pure, never raises, bounded. What the answer proves is judged by `judging`, what
an exception proves by `transport`; here it is decided which of both counts.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from agcod_guard.call import Outcome, Trouble
from agcod_guard.errors import swallowed
from agcod_guard.protocol.answer_body import (
    PLAIN_SUCCESS,
    Said,
    said_by,
    short_type,
)
from agcod_guard.protocol.bodies import Form
from agcod_guard.protocol.failures import code_of, known_type
from agcod_guard.protocol.headers import headers_named
from agcod_guard.protocol.judging import answer_outcome
from agcod_guard.protocol.transport import (
    exception_name,
    exception_outcome,
    exception_text,
    hands_over_answer,
)
from agcod_guard.protocol.trouble import trouble_of
from agcod_guard.protocol.untrusted import (
    LONGEST_NAME,
    name_of,
    redacted,
    text_of,
)

_ID_HEADERS = ("x-amzn-requestid", "x-amzn-request-id", "x-amz-request-id")
_TYPE_HEADER = "x-amzn-errortype"
_HEADERS = frozenset({*_ID_HEADERS, _TYPE_HEADER, "content-encoding"})
_OK = 200


class AnswerFacts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What may be kept of an answer, or of the exception that came instead.

    Attributes:
        outcome: What it proves.
        error_code: F-code; None when it carries none.
        error_type: Amazon's name of the error.
        message: What answer or exception said, redacted, at most 300 characters.
        status: HTTP status; None when no answer came.
        amzn_request_id: Amazon's own id of the exchange.
        marked: It carries Amazon's marks: an F-code body, Amazon's id, or a
            coral `__type`.
        exception: Class name of the exception that the caller saw.
        trouble: How far a call came that got no answer; None if not known.
    """

    outcome: Outcome
    error_code: str | None = None
    error_type: str | None = None
    message: str | None = None
    status: int | None = None
    amzn_request_id: str | None = None
    marked: bool = False
    exception: str | None = None
    trouble: Trouble | None = None


def read_answer(
    *,
    operation: str,
    status: object,
    response_headers: object,
    response_body: object,
    error: object,
) -> AnswerFacts:
    """Return what an answer, or the exception in its place, proves. Never raises.

    An exception of the transport decides even where an answer had begun; any
    other exception gives way to an answer that was read.

    Args:
        operation: As `read_request` gave it.
        status: HTTP status; None when no answer came.
        response_headers: Mapping or pairs, text or bytes; or None.
        response_body: Bytes or text, at most the first 64 kB needed; None when
            it was not seen.
        error: The exception that the caller saw; None when there was none.
    """
    try:
        return _read_answer(operation, status, response_headers, response_body, error)
    except Exception as problem:
        swallowed("read_answer", problem)
        return AnswerFacts(outcome=Outcome.ABANDONED)


def _read_answer(
    operation: str, status: object, headers: object, body: object, error: object
) -> AnswerFacts:
    found = headers_named(headers, _HEADERS)
    in_body = said_by(body, found.get("content-encoding", ""))
    amzn_request_id = _amzn_request_id(found)
    if (
        in_body is PLAIN_SUCCESS
        and type(status) is int
        and status == _OK
        and error is None
        and _TYPE_HEADER not in found
    ):
        # Nearly every answer is this one; nothing of it is left to judge.
        return AnswerFacts(
            outcome=Outcome.SUCCESS,
            status=status,
            amzn_request_id=name_of(amzn_request_id),
            marked=amzn_request_id is not None,
        )
    said = _with_header(in_body, found.get(_TYPE_HEADER))
    answered = _status_of(status)
    words = said.message or (exception_text(error) if error is not None else None)
    outcome = _outcome(said, answered, operation, error)
    return AnswerFacts(
        outcome=outcome,
        error_code=said.error_code,
        error_type=_safe_type(said.error_type),
        message=redacted(words) if words else None,
        status=answered,
        amzn_request_id=name_of(amzn_request_id),
        marked=bool(amzn_request_id or in_body.error_code or in_body.coral),
        exception=name_of(exception_name(error)) if error is not None else None,
        trouble=trouble_of(error) if outcome is Outcome.NO_ANSWER else None,
    )


def _amzn_request_id(found: Mapping[str, str]) -> str | None:
    for name in _ID_HEADERS:
        if found.get(name):
            return found[name]
    return None


def _with_header(said: Said, error_header: str | None) -> Said:
    """Return `said` with what the error header adds; the body goes first."""
    if error_header is None:
        return said
    code = code_of(error_header)
    name = None if code else short_type(error_header)
    return msgspec.structs.replace(
        said,
        error_code=said.error_code or code,
        error_type=said.error_type or name,
    )


def _outcome(said: Said, status: int | None, operation: str, error: object) -> Outcome:
    if error is None or (status is not None and hands_over_answer(error)):
        return answer_outcome(said, status, operation)
    outcome = exception_outcome(error)
    if outcome is Outcome.ABANDONED and status is not None and _was_read(said, error):
        return answer_outcome(said, status, operation)
    return outcome


def _was_read(said: Said, error: object) -> bool:
    """Tell whether the caller's own exception came after it had the answer.

    An interrupt may come in the middle of a body, a failed parse only after it.
    """
    return said.whole or (isinstance(error, Exception) and said.form is not Form.UNSEEN)


def _status_of(status: object) -> int | None:
    if type(status) is int and 100 <= status <= 999:
        return status
    text = text_of(status) or ""
    if len(text) == 3 and text.isascii() and text.isdigit():
        return int(text)
    return None


def _safe_type(error_type: str | None) -> str | None:
    name = error_type.strip() if error_type else None
    if name and len(name) <= LONGEST_NAME and known_type(name):
        return name
    return name_of(name)
