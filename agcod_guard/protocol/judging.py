"""Judge an answer: what it proves about AGCOD's health.

Pure. The body's error code decides before the HTTP status, because F500 and
F200 may share one; throttling is asked for before RESEND.
"""

from __future__ import annotations

from agcod_guard.call import Outcome
from agcod_guard.protocol.answer_body import Said
from agcod_guard.protocol.bodies import Form
from agcod_guard.protocol.failures import failure_of, known_type
from agcod_guard.protocol.operations import OPERATIONS

_RATE_WORDS = ("rate exceeded", "too many requests")
_SIGNATURE_WORDS = ("signature", "security token", "authentication token")
_LONGEST_WORDS = 1_024
_RETRYABLE_CLASS = "F4"
_DENIED_STATUS = (401, 403)
_FRAMEWORK_FIELDS = frozenset({"message", "Message", "__type"})


def answer_outcome(said: Said, status: int | None, operation: str) -> Outcome:
    """Return what an answer proves.

    Args:
        said: What its body says.
        status: Its HTTP status; None when the client did not tell.
        operation: The operation that was called; decides which field proves a
            success that has no `status`.
    """
    if said.form is Form.UNSEEN and not (said.error_code or said.error_type):
        return unseen_outcome(status)
    if _is_throttled(said):
        return Outcome.THROTTLED
    if said.error_code is not None:
        return _coded_outcome(said)
    if status in _DENIED_STATUS:
        return Outcome.DENIED
    if said.error_type is not None and known_type(said.error_type):
        return failure_of(None, said.error_type).outcome
    return _status_outcome(said, status, operation)


def unseen_outcome(status: int | None) -> Outcome:
    """Return what the HTTP status alone proves, of an answer whose body is unseen.

    F-codes never come with 200, so a 2xx is a success.
    """
    match status:
        case None:
            return Outcome.ABANDONED
        case 401 | 403:
            return Outcome.DENIED
        case 429:
            return Outcome.THROTTLED
        case _ if 200 <= status < 300:
            return Outcome.SUCCESS
        case _ if status >= 500:
            return Outcome.FAULT
        case _:
            return Outcome.ABANDONED


def _is_throttled(said: Said) -> bool:
    if said.error_code and not said.error_code.startswith(_RETRYABLE_CLASS):
        return False
    if said.error_type and failure_of(None, said.error_type).outcome is (
        Outcome.THROTTLED
    ):
        return True
    return _mentions(said, _RATE_WORDS)


def _coded_outcome(said: Said) -> Outcome:
    outcome = failure_of(said.error_code, said.error_type).outcome
    if outcome is Outcome.REJECTED and _mentions(said, _SIGNATURE_WORDS):
        # Amazon's page files a wrong signature under F200.
        return Outcome.DENIED
    return outcome


def _status_outcome(said: Said, status: int | None, operation: str) -> Outcome:
    """Judge an answer with no error that anybody knows."""
    if status == 429:
        return Outcome.THROTTLED
    if status is not None and not 200 <= status < 300:
        denied = status < 500 and _mentions(said, _SIGNATURE_WORDS)
        return Outcome.DENIED if denied else Outcome.FAULT
    if said.status is not None:
        return Outcome.SUCCESS if said.status == "SUCCESS" else Outcome.FAULT
    if status is None:
        return Outcome.ABANDONED
    return Outcome.SUCCESS if _shows_success(said, operation) else Outcome.FAULT


def _shows_success(said: Said, operation: str) -> bool:
    """Tell whether a 2xx without a status carries a result all the same.

    The status may stand beyond what was kept of a long body; a body that broke
    off on its way proves nothing.
    """
    if said.error_type is not None or not (said.whole or said.cut):
        return False
    known = OPERATIONS.get(operation)
    if known is not None and known.success_fields:
        return bool(said.present & known.success_fields)
    return bool(said.present - _FRAMEWORK_FIELDS)


def _mentions(said: Said, phrases: tuple[str, ...]) -> bool:
    words = (said.message or "")[:_LONGEST_WORDS].lower()
    return any(phrase in words for phrase in phrases)
