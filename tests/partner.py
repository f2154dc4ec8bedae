"""A partner's program for tests: a guarded session and an AGCOD made of answers."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import requests
import responses
from prometheus_client import CollectorRegistry

from agcod_guard import Guard, Settings
from agcod_guard.clock import ManualClock
from agcod_guard.outage.state import Transition

START_S = 1_795_346_105.0
"""2026-11-22 11:15:05 GMT."""

EU = "https://agcod-v2-eu.amazon.com/CreateGiftCard"
NA = "https://agcod-v2.amazon.com/CreateGiftCard"
CLAIM_CODE = "AAAA-BBBBBB-CCCC"


def settings(folder: Path, **changes: Any) -> Settings:
    """Return settings that leave nothing of a packet missing."""
    facts = {
        "data_dir": folder,
        "source": "shop-1",
        "contact": {
            "name": "Ada Example",
            "phone": "+44 20 7946 0000",
            "email": "ada@example.invalid",
        },
        "accounts": {"Acmes": {"marketplace": "UK"}},
    }
    env = changes.pop("env", {})
    return Settings.load(env=env, **(facts | changes))


def success() -> dict[str, Any]:
    """Return the body of a card that was made."""
    return {"status": "SUCCESS", "gcClaimCode": CLAIM_CODE, "gcId": "A1B2C3D4E5F6G7"}


def fault(code: str = "F500", kind: str = "GeneralError") -> dict[str, Any]:
    """Return the body of an error."""
    return {
        "agcodResponse": {"__type": "CreateGiftCardResponse:x", "status": "FAILURE"},
        "errorCode": code,
        "errorType": kind,
        "message": "it did not work",
    }


class Partner:
    """Sells a card a second and lets the guard look after each."""

    def __init__(self, guard: Guard, clock: ManualClock) -> None:
        self.guard, self.clock = guard, clock
        self.session = guard.wrap(requests.Session())
        self.seen: list[Transition] = []
        self._number = 0

    def order(self, answer: Any, *, url: str = EU, account: str = "Acmes") -> str:
        """Send one order that gets `answer`: a body, an exception or a status."""
        self._number += 1
        request_id = f"{account}{self._number:06}"
        with responses.RequestsMock() as agcod:
            agcod.post(url, **_answer(answer))
            with suppress(requests.RequestException):
                self.session.post(
                    url,
                    json={
                        "partnerId": account,
                        "creationRequestId": request_id,
                        "value": {"amount": 25, "currencyCode": "GBP"},
                    },
                    timeout=6,
                )
        return request_id

    def sell(self, seconds: int, answer: Any, **where: str) -> list[str]:
        """Send an order a second for so long; look after each."""
        sent = []
        for _ in range(seconds):
            sent.append(self.order(answer, **where))
            self.clock.advance(1.0)
            self.look()
        return sent

    def look(self) -> list[Transition]:
        """Have the guard look; remember what it tells."""
        news = self.guard.tick()
        self.seen += news
        return news

    @property
    def phases(self) -> list[str]:
        """The phases told so far."""
        return [each.after.value for each in self.seen]


def _answer(answer: Any) -> dict[str, Any]:
    if isinstance(answer, BaseException):
        return {"body": answer}
    if isinstance(answer, int):
        return {"status": answer, "body": ""}
    return {"json": answer, "status": 200 if answer.get("status") == "SUCCESS" else 400}


def guarded(folder: Path, clock: ManualClock, **changes: Any) -> Partner:
    """Return a partner with a guard of its own, on a registry of its own."""
    guard = Guard(
        settings(folder, **changes), registry=CollectorRegistry(), clock=clock
    )
    return Partner(guard, clock)
