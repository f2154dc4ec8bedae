"""Know AGCOD's failures: what each proves, whose it is and who can help.

Pure. The error code decides before the error type, because `GeneralError`
comes with F100, F300 and F500. A type that is not listed inherits its class,
and a class that is not listed is a fault. Rows are those of fact sheet 3.4 and
3.5; the answers without an F-code are those of AWS front doors in general.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from agcod_guard.call import Outcome


class Owner(StrEnum):
    """Whose matter a failure is."""

    PARTNER = "partner"
    """The partner's own request."""
    CONTRACT = "contract"
    """Contract, funds or account with Amazon."""
    KEYS = "keys"
    """Keys, signature or permission."""
    CUSTOMER = "customer"
    """The end customer's account at Amazon."""
    RATE = "rate"
    """How fast the partner calls."""
    AMAZON = "amazon"
    """Amazon's own machinery."""


class Door(StrEnum):
    """Who can help; fact sheet 6.1."""

    FIX = "fix"
    """The partner's own developers."""
    OPERATIONS = "operations"
    """Amazon's operations team of the country."""
    INTEGRATION = "integration"
    """Amazon's partner integration team."""
    URGENT = "urgent"
    """Amazon's pager, and only if no call at all succeeds."""
    NOBODY = "nobody"
    """Nobody is written to: the end customer settles it with Amazon."""


class Confidence(StrEnum):
    """What a row rests on."""

    CONFIRMED = "confirmed"
    """Amazon's page or a live mock shows the class."""
    INFERRED = "inferred"
    """Worked out from the order or the name in Amazon's lists."""
    GENERIC = "generic"
    """How AWS services answer in general; not shown for AGCOD."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One way in which AGCOD refuses or fails.

    Attributes:
        error_class: `F100` to `F500`; None where the answer has no F-code.
        error_type: Amazon's name; None in the row of a whole class.
        outcome: What it proves.
        owner: Whose matter it is.
        door: Who can help, once it is clear that somebody must.
        retryable: The same request id may be sent again unchanged.
        confidence: What the row rests on.
        mock_ids: Request ids that make the sandbox answer with it.
    """

    error_class: str | None
    error_type: str | None
    outcome: Outcome
    owner: Owner
    door: Door
    retryable: bool = False
    confidence: Confidence = Confidence.CONFIRMED
    mock_ids: tuple[str, ...] = ()


_F100 = Failure(
    error_class="F100",
    error_type=None,
    outcome=Outcome.FAULT,
    owner=Owner.AMAZON,
    door=Door.URGENT,
    retryable=True,
    mock_ids=("F1000",),
)
_F200 = Failure(
    error_class="F200",
    error_type=None,
    outcome=Outcome.REJECTED,
    owner=Owner.PARTNER,
    door=Door.FIX,
)
_F300 = Failure(
    error_class="F300",
    error_type=None,
    outcome=Outcome.ACCOUNT,
    owner=Owner.CONTRACT,
    door=Door.OPERATIONS,
)
_F400 = replace(_F100, error_class="F400", mock_ids=("F4000",))
_F500 = replace(_F100, error_class="F500", mock_ids=("F5000",))

CLASSES: Mapping[str, Failure] = MappingProxyType(
    {row.error_class or "": row for row in (_F100, _F200, _F300, _F400, _F500)}
)
"""What a class means by itself; an unlisted error type inherits it."""

_ANY_FAULT = replace(_F500, error_class=None, mock_ids=())
_NULL_INPUT = replace(
    _F100, outcome=Outcome.REJECTED, owner=Owner.PARTNER, door=Door.FIX, mock_ids=()
)
_LIKELY_F200 = replace(_F200, confidence=Confidence.INFERRED)
_LIKELY_F300 = replace(_F300, confidence=Confidence.INFERRED)
_CUSTOMER = replace(_F300, owner=Owner.CUSTOMER, door=Door.NOBODY)
_KEYS = replace(_LIKELY_F300, owner=Owner.KEYS, door=Door.FIX)
_FRONT_DOOR = replace(
    _F200, error_class=None, door=Door.INTEGRATION, confidence=Confidence.GENERIC
)
_THROTTLED = replace(
    _FRONT_DOOR, outcome=Outcome.THROTTLED, owner=Owner.RATE, retryable=True
)

_ROWS: tuple[tuple[Failure, str], ...] = (
    (_NULL_INPUT, "SimpleAmountIsNull AmountIsNull"),
    (_NULL_INPUT, "CurrencyCodeIsNull EmptyCardInfoList"),
    (replace(_F100, mock_ids=()), "RequestError GcLocked"),
    (_F200, "InvalidRequestInput=F2000 InvalidCardNumberInput=F2001"),
    (_F200, "InvalidPartnerIdInput=F2002 InvalidAmountInput=F2003"),
    (_F200, "InvalidAmountValue=F2004 InvalidCurrencyCodeInput=F2005"),
    (_F200, "CardActivatedWithDifferentRequestId=F2010"),
    (_F200, "CardAlreadyActivatedWithDifferentRequestId=F2010"),
    (_F200, "MaxAmountExceeded=F2015 CurrencyCodeMismatch=F2016"),
    (_F200, "FractionalAmountNotAllowed=F2017"),
    (_F200, "CancelRequestArrivedAfterTimeLimit=F2047"),
    (_LIKELY_F200, "InvalidRequestIdInput=F2006"),
    (_LIKELY_F200, "CardNotFound CardNumberNotFound CardNumberTooShort"),
    (_LIKELY_F200, "CardNumberCheckSumError CardActivatedWithDifferentDenomination"),
    (_LIKELY_F200, "RequestedDenominationMismatch NegativeOrZeroAmount"),
    (_LIKELY_F200, "AmountBelowMinThreshold InvalidCurrencyInMarketplace"),
    (_LIKELY_F200, "RequestIdTooLong RequestIdMustStartWithPartnerName"),
    (_LIKELY_F200, "InvalidGCIdInput ExternalReferenceTooLong InvalidRequest"),
    (_LIKELY_F200, "ActivationRequestIdAlreadyBeenUsed WrongActivationRequestId"),
    (_LIKELY_F200, "NonExistingActivationRequestId"),
    (_LIKELY_F200, "ActivationNotAllowed DeactivationNotAllowed"),
    (_LIKELY_F200, "InvalidDateFormat InvalidStartDate InvalidEndDate"),
    (_LIKELY_F200, "StartDateAfterEndDate InvalidPageIndex InvalidPageSize"),
    (_LIKELY_F200, "MaxPageSizeExceeded ProgramIdNotPresent"),
    (
        replace(_LIKELY_F200, door=Door.INTEGRATION),
        "GcNotReadyForRefund OrderNotFound WrongGcOrderSource WrongGcOrderType "
        "GcOrderBelongToOtherCustomer GcRTPNotAllowed",
    ),
    (_F300, "InsufficientFunds=F3003 AccountHasProblems=F3005"),
    (_F300, "OperationNotPermitted=F3006 ActiveContractNotFound=F3008"),
    (_F300, "ProductTypeNotEnabledInTheContract"),
    (_LIKELY_F300, "IssuanceCapExceeded=F3004 InvalidProgramId ProgramIsNotApproved"),
    (replace(_LIKELY_F300, owner=Owner.PARTNER, door=Door.FIX), "BadInput=F3007"),
    (_KEYS, "InvalidAwsAccessKeyId=F3001 InvalidAccessKey"),
    (
        replace(_KEYS, door=Door.INTEGRATION),
        "AccessDenied InvalidPartnerId APIGetGiftCardActivityPageIsDisabled",
    ),
    (_CUSTOMER, "CustomerSurpassedDailyVelocityLimit=F3010"),
    (
        replace(_CUSTOMER, confidence=Confidence.INFERRED),
        "UnknownCustomer=F3000 BlockedCustomer=F3002 CustomerAccountBlocked=F3009",
    ),
    (_F400, "SystemTemporarilyUnavailable=F4000"),
    (_F500, "GeneralError=F5000"),
    (_THROTTLED, "ThrottlingException Throttling ThrottledException"),
    (_THROTTLED, "TooManyRequestsException RequestLimitExceeded SlowDown"),
    (_FRONT_DOOR, "UnknownOperationException InvalidAction MissingAction"),
    (_FRONT_DOOR, "SerializationException MalformedQueryString"),
    (_FRONT_DOOR, "ValidationException ValidationError MissingParameter"),
    (_FRONT_DOOR, "InvalidParameterValue InvalidParameterCombination"),
    (
        replace(_FRONT_DOOR, outcome=Outcome.DENIED, owner=Owner.KEYS, door=Door.FIX),
        "AccessDeniedException UnrecognizedClientException InvalidClientTokenId "
        "InvalidSignatureException SignatureDoesNotMatch IncompleteSignature "
        "IncompleteSignatureException MissingAuthenticationToken "
        "MissingAuthenticationTokenException ExpiredToken ExpiredTokenException "
        "InvalidToken RequestExpired RequestTimeTooSkewed NotAuthorized OptInRequired",
    ),
    (
        replace(_ANY_FAULT, confidence=Confidence.GENERIC),
        "InternalFailure InternalServerError InternalServerException "
        "ServiceUnavailable ServiceUnavailableException",
    ),
)


def _named(rows: tuple[tuple[Failure, str], ...]) -> Iterator[Failure]:
    """Yield a row for each `Name` or `Name=mock id`."""
    for base, names in rows:
        for entry in names.split():
            name, _, mock_id = entry.partition("=")
            mock_ids = (mock_id,) if mock_id else ()
            yield replace(base, error_type=name, mock_ids=mock_ids)


FAILURES: tuple[Failure, ...] = tuple(_named(_ROWS))
"""Every named failure."""

INFERRED_MOCK_IDS = frozenset(
    {"F2006", "F3000", "F3001", "F3002", "F3004", "F3006", "F3007", "F3008", "F3009"}
)
"""Mock ids that rest on the order of a published list; the others were seen."""

_MOCK_ID = re.compile(r"F[0-5][0-9]{3}")
_CODE = re.compile(r"F[0-9][0-9X]{2,3}")


def _loose(name: str) -> str:
    """Return `name` for comparison: published lists carry stray blanks."""
    return "".join(name.split()).casefold()


_BY_CLASS_AND_TYPE = {
    (row.error_class, _loose(row.error_type or "")): row for row in FAILURES
}
_BY_TYPE = {_loose(row.error_type or ""): row for row in FAILURES}


def code_of(text: str | None) -> str | None:
    """Return `text` as an F-code, trimmed and in capitals; None if it is none."""
    code = (text or "")[:32].strip().upper()
    return code if _CODE.fullmatch(code) else None


def failure_of(error_code: str | None, error_type: str | None) -> Failure:
    """Return what is known of a failure; a fault when nothing is.

    Args:
        error_code: `F500` and the like; None when the answer carries none.
        error_type: Amazon's name for it, in any case and with stray blanks.
    """
    name = _loose((error_type or "")[:128])
    code = code_of(error_code)
    if code is None:
        return _BY_TYPE.get(name, _ANY_FAULT)
    error_class = f"{code[:2]}00"
    row = _BY_CLASS_AND_TYPE.get((error_class, name))
    return row or CLASSES.get(error_class, _ANY_FAULT)


def known_type(error_type: str) -> bool:
    """Tell whether some row has this error type."""
    return _loose(error_type[:128]) in _BY_TYPE


def is_mock_id(request_id: str | None) -> bool:
    """Tell whether a request id asks the sandbox for a chosen result."""
    return request_id is not None and _MOCK_ID.fullmatch(request_id) is not None
