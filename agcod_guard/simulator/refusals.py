"""What AGCOD says when it does not do what was asked.

Pure. Codes, error types and mock ids are those of `protocol.failures`; the
messages are the simulator's own words, except where a client was seen to
compare one: `Rate exceeded` and the invalid-token sentence. An F-code comes
with HTTP 400, which one public client models and none contradicts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from agcod_guard.protocol.failures import CLASSES, FAILURES, Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One way of saying no.

    Attributes:
        error_type: Amazon's name of the error, e.g. `GeneralError`.
        message: The sentence that comes with it.
        code: `F100` to `F500`; None for throttling, auth and routing errors,
            which come without `agcodResponse`.
        status: `agcodResponse.status`: `FAILURE`, or `RESEND` for F400.
        http_status: HTTP status code of the answer.
        typed: Whether a JSON answer without F-code names its type in `__type`.
    """

    error_type: str
    message: str
    code: str | None = None
    status: str = "FAILURE"
    http_status: int = 400
    typed: bool = False

    @property
    def wording(self) -> str:
        """The error as the truth log and Amazon's packet write it."""
        return f"{self.code} {self.error_type}" if self.code else self.error_type


class Refused(Exception):
    """Raised inside the service where it says no; never leaves it."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal)
        self.refusal = refusal


def _coded(code: str, error_type: str) -> Refusal:
    return Refusal(
        code=code,
        error_type=error_type,
        message=_CAPITAL.sub(r" \1", error_type).strip().capitalize(),
        status="RESEND" if code == "F400" else "FAILURE",
    )


_CAPITAL = re.compile(r"([A-Z][a-z]+)")

REFUSALS: dict[str, Refusal] = {
    row.error_type: _coded(row.error_class, row.error_type)
    for row in FAILURES
    if row.error_class and row.error_type
}
"""The answers with an F-code, by error type."""

INTERNAL = _coded("F100", "GeneralError")
RESEND = REFUSALS["SystemTemporarilyUnavailable"]
UNKNOWN_FAULT = REFUSALS["GeneralError"]
THROTTLED = Refusal(error_type="ThrottlingException", message="Rate exceeded")
BAD_TOKEN = Refusal(
    error_type="UnrecognizedClientException",
    message="The security token included in the request is invalid.",
    http_status=403,
)
BAD_SIGNATURE = Refusal(
    error_type="InvalidSignatureException",
    message="The signature of the request does not match",
    http_status=403,
)
BAD_CLOCK = Refusal(
    error_type="InvalidSignatureException",
    message="Signature expired: the request's x-amz-date is too far from now",
    http_status=403,
)
UNKNOWN_OPERATION = Refusal(
    error_type="UnknownOperationException",
    message="No such operation",
    http_status=404,
    typed=True,
)


def bad_signature_shape(problem: str) -> Refusal:
    """Return the 403 that says what is wrong with the Authorization header."""
    return Refusal(
        error_type="IncompleteSignatureException", message=problem, http_status=403
    )


def refused(error_type: str) -> Refused:
    """Return the exception to raise for the error type `error_type`."""
    return Refused(REFUSALS[error_type])


# Where a mock was seen to answer with another name than Amazon's page has.
_ON_THE_WIRE = {
    "": "GeneralError",
    "AccountHasProblems": "GeneralError",
    "CardActivatedWithDifferentRequestId": "CardAlreadyActivatedWithDifferentRequestId",
}


def _mocked(row: Failure) -> Refusal:
    name = row.error_type or ""
    return _coded(row.error_class or "", _ON_THE_WIRE.get(name, name))


MOCKS: dict[str, Refusal | None] = {"F0000": None} | {
    mock_id: _mocked(row)
    for row in (*CLASSES.values(), *FAILURES)
    for mock_id in row.mock_ids
}
"""Amazon's mock ids: sent as the request id, each asks for one answer."""
