"""What AGCOD says when it does not do what was asked.

Pure. Codes and error types are Amazon's (its gift-codes-errors page); the
messages are the simulator's own words, except where a client was seen to
compare one: `Rate exceeded` and the invalid-token sentence. An F-code comes
with HTTP 400, which one public client models and none contradicts.
"""

from __future__ import annotations

from dataclasses import dataclass


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


_MESSAGES = {
    "F200": {
        "InvalidRequestInput": "The request body is missing or not readable",
        "InvalidCardNumberInput": "A card number of digits is needed",
        "InvalidPartnerIdInput": "A partner id is needed",
        "InvalidAmountInput": "An amount is needed",
        "InvalidAmountValue": "The amount has to be above zero",
        "InvalidCurrencyCodeInput": "A currency code is needed",
        "InvalidRequestIdInput": "A request id is needed",
        "CardAlreadyActivatedWithDifferentRequestId": (
            "This card is active under another request id"
        ),
        "MaxAmountExceeded": "The amount is above the maximum",
        "CurrencyCodeMismatch": "The currency does not belong to this marketplace",
        "FractionalAmountNotAllowed": "This currency has no fractions",
        "CancelRequestArrivedAfterTimeLimit": "Too late to cancel this card",
        "CardNotFound": "No card has this request id",
        "CardNumberTooShort": "The card number is too short",
        "CardActivatedWithDifferentDenomination": (
            "This card was activated with another amount"
        ),
        "RequestedDenominationMismatch": "This request id was used for another amount",
        "AmountBelowMinThreshold": "The amount is below the minimum",
        "RequestIdTooLong": "The request id is too long",
        "RequestIdMustStartWithPartnerName": (
            "The request id does not begin with the partner id"
        ),
        "ActivationRequestIdAlreadyBeenUsed": "Another card has this request id",
        "NonExistingActivationRequestId": "No activation has this request id",
        "WrongActivationRequestId": "Another card has this request id",
        "OrderNotFound": "No load has this request id",
        "InvalidDateFormat": "A date has to read yyyy-MM-ddTHH:mm:ss",
        "StartDateAfterEndDate": "The start lies after the end",
        "InvalidPageIndex": "The page index has to be zero or above",
        "InvalidPageSize": "The page size has to be above zero",
        "MaxPageSizeExceeded": "The page size is above the maximum",
    },
    "F300": {
        "UnknownCustomer": "This customer is not known",
        "InvalidAwsAccessKeyId": "This access key is not known",
        "BlockedCustomer": "This customer is blocked",
        "InsufficientFunds": "The funds of this account do not suffice",
        "IssuanceCapExceeded": "The issuance cap of this account is reached",
        "AccountHasProblems": "There is a problem with this account",
        "OperationNotPermitted": "This account may not use this operation",
        "BadInput": "The customer's data cannot be used",
        "ActiveContractNotFound": "This account has no active contract",
        "CustomerAccountBlocked": "This customer's account is blocked",
        "CustomerSurpassedDailyVelocityLimit": (
            "This customer has reached the limit of the day"
        ),
        "ProductTypeNotEnabledInTheContract": (
            "The contract does not include this product type"
        ),
    },
}

REFUSALS: dict[str, Refusal] = {
    error_type: Refusal(code=code, error_type=error_type, message=message)
    for code, messages in _MESSAGES.items()
    for error_type, message in messages.items()
}
"""The F200 and F300 answers by error type, each of which has one class only."""

INTERNAL = Refusal(code="F100", error_type="GeneralError", message="Internal error")
ACCOUNT_PROBLEM = Refusal(
    code="F300", error_type="GeneralError", message="General error of this account"
)
"""What mock F3005 answers: AccountHasProblems, called GeneralError on the wire."""
RESEND = Refusal(
    code="F400",
    error_type="SystemTemporarilyUnavailable",
    message="The system is not available for the moment",
    status="RESEND",
)
UNKNOWN_FAULT = Refusal(
    code="F500", error_type="GeneralError", message="An unknown error occurred"
)
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
    """Return the exception to raise for the F200 or F300 type `error_type`."""
    return Refused(REFUSALS[error_type])


MOCKS: dict[str, Refusal | None] = {
    "F0000": None,
    "F1000": INTERNAL,
    "F2000": REFUSALS["InvalidRequestInput"],
    "F2001": REFUSALS["InvalidCardNumberInput"],
    "F2002": REFUSALS["InvalidPartnerIdInput"],
    "F2003": REFUSALS["InvalidAmountInput"],
    "F2004": REFUSALS["InvalidAmountValue"],
    "F2005": REFUSALS["InvalidCurrencyCodeInput"],
    "F2006": REFUSALS["InvalidRequestIdInput"],
    "F2010": REFUSALS["CardAlreadyActivatedWithDifferentRequestId"],
    "F2015": REFUSALS["MaxAmountExceeded"],
    "F2016": REFUSALS["CurrencyCodeMismatch"],
    "F2017": REFUSALS["FractionalAmountNotAllowed"],
    "F2047": REFUSALS["CancelRequestArrivedAfterTimeLimit"],
    "F3000": REFUSALS["UnknownCustomer"],
    "F3001": REFUSALS["InvalidAwsAccessKeyId"],
    "F3002": REFUSALS["BlockedCustomer"],
    "F3003": REFUSALS["InsufficientFunds"],
    "F3004": REFUSALS["IssuanceCapExceeded"],
    "F3005": ACCOUNT_PROBLEM,
    "F3006": REFUSALS["OperationNotPermitted"],
    "F3007": REFUSALS["BadInput"],
    "F3008": REFUSALS["ActiveContractNotFound"],
    "F3009": REFUSALS["CustomerAccountBlocked"],
    "F3010": REFUSALS["CustomerSurpassedDailyVelocityLimit"],
    "F4000": RESEND,
    "F5000": UNKNOWN_FAULT,
}
"""Amazon's mock ids: sent as the request id, each asks for one answer."""
