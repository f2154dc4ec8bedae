"""A RESEND that lasts is replaced only when its cancel was seen to succeed."""

from __future__ import annotations

import asyncio

import pytest
import requests
import responses

from agcod_guard.capture.replacing import replaced, replaced_async
from agcod_guard.capture.retry import retrying
from agcod_guard.clock import ManualClock
from agcod_guard.errors import SettingsError, StillInDoubtError

CARD = {"status": "SUCCESS", "gcClaimCode": "AAAA-BBBBBB-CCCC", "gcId": "A2GCN9"}
CANCELLED = {"status": "SUCCESS", "creationRequestId": "Acmes1", "gcId": "A2GCN9"}
DOWN = {"errorCode": "F500", "errorType": "GeneralError", "message": "down"}
TOO_LATE = {"errorCode": "F200", "errorType": "CancelRequestArrivedAfterTimeLimit"}


class Shop:
    """Cancels with whatever is next in `answers`; creates with success."""

    def __init__(self, session, *answers, operation="CancelGiftCard"):
        self.session, self.operation = session, operation
        self.asked, self._answers = [], iter(answers)

    def cancel(self, request_id):
        return self._post(self.operation, request_id, next(self._answers))

    def create(self, request_id):
        return self._post("CreateGiftCard", request_id, CARD)

    def _post(self, operation, request_id, answer):
        self.asked.append((operation, request_id))
        url = f"https://agcod-v2-eu.amazon.com/{operation}"
        with responses.RequestsMock() as agcod:
            status = 200 if answer.get("status") == "SUCCESS" else 400
            agcod.post(url, json=answer, status=status)
            order = {"partnerId": "Acmes", "creationRequestId": request_id}
            return self.session.post(url, json=order, timeout=6)


@pytest.fixture
def retry():
    clock = ManualClock(1_000.0)
    return retrying(clock=clock, sleep=clock.advance)


def replace_in(shop, retry):
    return replaced(
        cancel=shop.cancel,
        create=shop.create,
        old_id="Acmes1",
        new_id="Acmes2",
        retry=retry,
    )


def test_a_cancelled_order_is_replaced_by_one_with_a_new_id(session, retry):
    shop = Shop(session, DOWN, CANCELLED)

    assert replace_in(shop, retry).json() == CARD
    assert shop.asked == [
        ("CancelGiftCard", "Acmes1"),
        ("CancelGiftCard", "Acmes1"),
        ("CreateGiftCard", "Acmes2"),
    ]


def test_it_can_be_awaited(session):
    clock, shop = ManualClock(), Shop(session, DOWN, CANCELLED)

    async def sleep(seconds):
        clock.advance(seconds)

    async def cancel(request_id):
        return shop.cancel(request_id)

    async def create(request_id):
        return shop.create(request_id)

    answer = asyncio.run(
        replaced_async(
            cancel=cancel,
            create=create,
            old_id="Acmes1",
            new_id="Acmes2",
            retry=retrying(clock=clock, sleep=sleep),
        )
    )

    assert answer.json() == CARD
    assert shop.asked[-1] == ("CreateGiftCard", "Acmes2")


def test_a_cancel_that_is_refused_leaves_the_order_in_doubt(session, retry):
    shop = Shop(session, TOO_LATE)

    with pytest.raises(StillInDoubtError, match="F200 CancelRequestArrived") as caught:
        replace_in(shop, retry)

    assert caught.value.request_id == "Acmes1"
    assert shop.asked == [("CancelGiftCard", "Acmes1")]


def test_a_cancel_that_goes_on_failing_leaves_the_order_in_doubt(session, retry):
    shop = Shop(session, *[DOWN] * 200)

    with pytest.raises(StillInDoubtError, match="F500 GeneralError"):
        replace_in(shop, retry)

    assert ("CreateGiftCard", "Acmes2") not in shop.asked


def test_a_cancel_that_the_guard_did_not_see_replaces_nothing(retry):
    with requests.Session() as bare:
        shop = Shop(bare, CANCELLED)
        with pytest.raises(StillInDoubtError, match="nothing that the guard saw"):
            replace_in(shop, retry)

    assert len(shop.asked) == 1


def test_a_success_of_another_call_is_no_cancel(session, retry):
    shop = Shop(session, CARD, operation="CreateGiftCard")

    with pytest.raises(StillInDoubtError, match="a CreateGiftCard of Acmes1"):
        replace_in(shop, retry)


def test_the_same_id_cannot_replace_itself(session):
    shop = Shop(session)

    with pytest.raises(SettingsError, match="another than old_id"):
        replaced(
            cancel=shop.cancel, create=shop.create, old_id="Acmes1", new_id="Acmes1"
        )
