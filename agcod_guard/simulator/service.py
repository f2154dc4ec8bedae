"""AGCOD's behaviour at one endpoint: a request in, an answer out.

Needs no socket; the time is an argument. State is per account and safe for
threads. Mock ids are honoured as in Amazon's sandbox, except at an endpoint
that stands for production, where they are ids without the partner's prefix.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from agcod_guard.call import Endpoint, Environment
from agcod_guard.protocol.endpoints import MARKETPLACES, SIGNING_REGIONS
from agcod_guard.protocol.operations import OPERATIONS
from agcod_guard.simulator import balance, digital, physical
from agcod_guard.simulator.accounts import Account, Activity
from agcod_guard.simulator.checks import Case
from agcod_guard.simulator.refusals import (
    MOCKS,
    UNKNOWN_OPERATION,
    Refusal,
    Refused,
    bad_signature_shape,
    refused,
)
from agcod_guard.simulator.signing import signature_problem
from agcod_guard.simulator.wire import Answer, Request

OPENING_FUNDS = Decimal(1_000_000)

_HANDLERS: Mapping[str, Callable[[Case], Answer]] = {
    "CreateGiftCard": digital.create,
    "CancelGiftCard": digital.cancel,
    "ActivateGiftCard": physical.activate,
    "DeactivateGiftCard": physical.deactivate,
    "ActivationStatusCheck": physical.check_status,
    "GetAvailableFunds": balance.available_funds,
    "GetGiftCardActivityPage": balance.activity_page,
    "ValidateAccountForAmazonBalanceLoad": balance.validate,
    "LoadAmazonBalance": balance.load,
    "VoidAmazonBalanceLoad": balance.void,
}

_ACTIVATION_FIELDS = ("activationRequestId", "cardInfo")
_NULLS_OF_AN_ERROR: Mapping[str, tuple[str, ...]] = {
    "CreateGiftCard": (
        "cardInfo",
        "creationRequestId",
        "gcClaimCode",
        "gcExpirationDate",
        "gcId",
    ),
    "CancelGiftCard": ("creationRequestId", "gcId"),
    "ActivateGiftCard": _ACTIVATION_FIELDS,
    "DeactivateGiftCard": _ACTIVATION_FIELDS,
    "ActivationStatusCheck": ("statusCheckRequestId", "cardInfo"),
    "GetAvailableFunds": ("availableFunds", "timestamp"),
    "GetGiftCardActivityPage": ("cardActivityList",),
    "LoadAmazonBalance": ("loadBalanceRequestId",),
    "VoidAmazonBalanceLoad": ("loadBalanceRequestId",),
}


def refusal_of(refusal: Refusal, operation: str) -> Answer:
    """Return `refusal` as an answer, with the success fields it has as null."""
    nulls = dict.fromkeys(_NULLS_OF_AN_ERROR.get(operation, ()))
    return Answer(fields=nulls, refusal=refusal)


class Service:
    """AGCOD at `endpoint`.

    Args:
        endpoint: Decides currencies, signing region and the sandbox's ways.
        opening_funds: What each account starts with, in each currency.
        check_signatures: Whether a request must have a signature of the right
            shape and scope; no signature's value is ever checked.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        opening_funds: Decimal = OPENING_FUNDS,
        check_signatures: bool = True,
    ) -> None:
        self._endpoint = endpoint
        self._opening_funds = opening_funds
        self._check_signatures = check_signatures
        self._accounts: dict[str, Account] = {}
        self._lock = threading.Lock()

    def answer(self, request: Request, *, now_s: float) -> Answer:
        """Do what `request` asks and say how it went; never raises.

        Args:
            request: What was asked.
            now_s: Wall-clock time, Unix seconds; the cancel window's measure.
        """
        try:
            with self._lock:
                return self._answer(request, now_s)
        except Refused as error:
            return refusal_of(error.refusal, request.operation)

    def _answer(self, request: Request, now_s: float) -> Answer:
        if request.operation not in _HANDLERS:
            raise Refused(UNKNOWN_OPERATION)
        self._require_signature(request)
        if request.fields is None:
            raise refused("InvalidRequestInput")
        mock = self._mock_id(request)
        if mock and (refusal := MOCKS[mock]):
            raise Refused(refusal)
        if mock:
            return Answer(fields=_mock_success(request, mock))
        account = self._account(request)
        return _recorded(Case(request=request, account=account, now_s=now_s))

    def _require_signature(self, request: Request) -> None:
        if not self._check_signatures:
            return
        region = SIGNING_REGIONS[self._endpoint.region]
        problem = signature_problem(request.headers, region=region)
        if problem:
            raise Refused(bad_signature_shape(problem))

    def _mock_id(self, request: Request) -> str | None:
        if self._endpoint.environment is Environment.PRODUCTION:
            return None
        customer = (request.fields or {}).get("account")
        account_id = customer.get("id") if isinstance(customer, Mapping) else None
        candidates = (request.request_id, account_id)
        return next((name for name in candidates if name in MOCKS), None)

    def _account(self, request: Request) -> Account:
        partner_id = request.text("partnerId")
        if partner_id is None:
            raise refused("InvalidPartnerIdInput")
        if partner_id not in self._accounts:
            self._accounts[partner_id] = Account(
                partner_id=partner_id,
                endpoint=self._endpoint,
                opening_funds=self._opening_funds,
                currency=_first_currency(self._endpoint.region),
            )
        return self._accounts[partner_id]


def _first_currency(region: str) -> str:
    return next(place.currency for place in MARKETPLACES if place.region == region)


def _recorded(case: Case) -> Answer:
    """Carry out the request; unless it only reads, note it for the activity page."""
    request = case.request
    try:
        answer = _HANDLERS[request.operation](case)
    except Refused as error:
        answer = refusal_of(error.refusal, request.operation)
    if not OPERATIONS[request.operation].read_only:
        case.account.activity.append(_activity(case, answer))
    return answer


def _activity(case: Case, answer: Answer) -> Activity:
    refusal = answer.refusal
    card = answer.fields.get("cardInfo") or {}
    fields = {
        "activityStatus": refusal.status if refusal else "SUCCESS",
        "activityTime": balance.compact(case.now_s),
        "activityType": case.request.operation,
        "cardNumber": card.get("cardNumber"),
        "cardValue": card.get("value"),
        "failureCode": refusal.code if refusal else None,
        "gcId": answer.fields.get("gcId"),
        "isRealOp": "false" if answer.repeated else "true",
        "partnerId": case.account.partner_id,
        "requestId": case.request.request_id,
    }
    return Activity(case.now_s, not answer.repeated, fields)


def _mock_success(request: Request, mock: str) -> dict[str, Any]:
    """Return what F0000 gets: always the same, and nothing is remembered."""
    nulls: dict[str, Any] = dict.fromkeys(_NULLS_OF_AN_ERROR.get(request.operation, ()))
    ids = {name: mock for name in nulls if name.endswith("RequestId")}
    value = (request.fields or {}).get("value")
    if request.operation == "CreateGiftCard":
        nulls |= {"gcClaimCode": "FAKE-FAKE-FAKE", "gcId": "FAKE0000000000"}
        nulls["cardInfo"] = {"value": value, "cardStatus": "Fulfilled"}
    return nulls | ids
