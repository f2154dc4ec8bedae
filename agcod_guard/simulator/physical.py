"""ActivateGiftCard, DeactivateGiftCard and ActivationStatusCheck.

Pure, on the account's state. Every serial is taken for a card that was
delivered; a repeat with the same id gives the first call's answer.
"""

from __future__ import annotations

from typing import Any

from agcod_guard.simulator import checks
from agcod_guard.simulator.accounts import Activation
from agcod_guard.simulator.checks import Case
from agcod_guard.simulator.refusals import refused
from agcod_guard.simulator.wire import Answer


def activate(case: Case) -> Answer:
    """Put the card into use, or give the first answer again."""
    request_id = checks.request_id(case, "activationRequestId")
    serial, value = checks.serial(case), checks.money(case)
    account = case.account
    known = account.activations.get(request_id)
    if known:
        if known.serial != serial:
            raise refused("ActivationRequestIdAlreadyBeenUsed")
        if known.value != value:
            raise refused("CardActivatedWithDifferentDenomination")
        fields = _fields("activationRequestId", request_id, known, active=True)
        return Answer(fields=fields, repeated=True)
    if serial in account.serials_in_use:
        raise refused("CardAlreadyActivatedWithDifferentRequestId")
    account.spend(value)
    account.serials_in_use.add(serial)
    made = account.activations[request_id] = Activation(value=value, serial=serial)
    fields = _fields("activationRequestId", request_id, made, active=True)
    return Answer(fields=fields, created=True)


def deactivate(case: Case) -> Answer:
    """Take the card out of use; a repeat says so again."""
    request_id, known = _earlier(case, "activationRequestId")
    repeated = not known.active
    if not repeated:
        known.active = False
        case.account.serials_in_use.discard(known.serial)
        case.account.give_back(known.value)
    fields = _fields("activationRequestId", request_id, known, active=False)
    return Answer(fields=fields, repeated=repeated)


def check_status(case: Case) -> Answer:
    """Tell whether the card is in use."""
    request_id, known = _earlier(case, "statusCheckRequestId")
    fields = _fields("statusCheckRequestId", request_id, known, active=known.active)
    return Answer(fields=fields)


def _earlier(case: Case, name: str) -> tuple[str, Activation]:
    request_id, serial = checks.request_id(case, name), checks.serial(case)
    known = case.account.activations.get(request_id)
    if known is None:
        raise refused("NonExistingActivationRequestId")
    if known.serial != serial:
        raise refused("WrongActivationRequestId")
    return request_id, known


def _fields(
    name: str, request_id: str, known: Activation, *, active: bool
) -> dict[str, Any]:
    return {
        name: request_id,
        "cardInfo": {
            "value": known.value.fields(),
            "cardNumber": known.serial,
            "cardStatus": "Activated" if active else "AwaitingActivation",
            "expirationDate": None,
        },
    }
