"""CreateGiftCard and CancelGiftCard.

Pure, on the account's state. A create is idempotent by its id, even after a
cancel: then it still succeeds and shows the code, as `RefundedToPurchaser`.
"""

from __future__ import annotations

from email.utils import formatdate
from typing import Any

from agcod_guard.simulator import checks
from agcod_guard.simulator.accounts import Card
from agcod_guard.simulator.checks import Case
from agcod_guard.simulator.refusals import refused
from agcod_guard.simulator.wire import Answer

CANCEL_WINDOW_S = 900.0
"""How long after its creation a card can be cancelled (Amazon's FAQ)."""

_TEN_YEARS_S = 3653 * 86400.0


def create(case: Case) -> Answer:
    """Make the card, or give the same one again."""
    request_id = checks.request_id(case, "creationRequestId")
    value = checks.money(case)
    account = case.account
    card = account.cards.get(request_id)
    if card:
        if card.value != value:
            raise refused("RequestedDenominationMismatch")
        return Answer(fields=_card_fields(request_id, card), repeated=True)
    account.spend(value)
    card = account.cards[request_id] = Card(
        value=value,
        gc_id=account.next_gc_id(),
        claim_code=account.next_claim_code(),
        created_at_s=case.now_s,
        expires=_expiry(account.endpoint.region, case.now_s),
    )
    return Answer(fields=_card_fields(request_id, card), created=True)


def cancel(case: Case) -> Answer:
    """Take the card back; a repeat says so again."""
    request_id = checks.request_id(case, "creationRequestId")
    card = case.account.cards.get(request_id)
    if card is None:
        raise refused("CardNotFound")
    if not card.cancelled and case.now_s > card.created_at_s + CANCEL_WINDOW_S:
        raise refused("CancelRequestArrivedAfterTimeLimit")
    repeated = card.cancelled
    if not repeated:
        card.cancelled = True
        case.account.give_back(card.value)
    fields = {"creationRequestId": request_id, "gcId": card.gc_id}
    return Answer(fields=fields, repeated=repeated)


def _card_fields(request_id: str, card: Card) -> dict[str, Any]:
    status = "RefundedToPurchaser" if card.cancelled else "Fulfilled"
    return {
        "gcClaimCode": card.claim_code,
        "cardInfo": {
            "value": card.value.fields(),
            "cardNumber": None,
            "cardStatus": status,
            "expirationDate": None,
        },
        "gcId": card.gc_id,
        "creationRequestId": request_id,
        "gcExpirationDate": card.expires,
    }


def _expiry(region: str, now_s: float) -> str | None:
    """Return the end of a card's ten years in Java's way; none in America."""
    if region == "na":
        return None
    weekday, day, month, year, *_ = formatdate(now_s + _TEN_YEARS_S).split()
    return f"{weekday[:3]} {month} {day} 22:59:59 UTC {year}"
