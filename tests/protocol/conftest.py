"""An invented exchange with AGCOD to vary, and a net under what is swallowed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from agcod_guard.call import Call
from agcod_guard.errors import swallowed_listeners
from agcod_guard.protocol.reading import read_exchange

Exchange = Callable[..., Call]

USUAL = {
    "method": "POST",
    "url": "https://agcod-v2-eu.amazon.com/CreateGiftCard",
    "request_headers": {"content-type": "application/json"},
    "request_body": json.dumps(
        {
            "creationRequestId": "Acmes000017",
            "partnerId": "Acmes",
            "value": {"currencyCode": "EUR", "amount": 25.0},
        }
    ).encode(),
    "status": 200,
    "response_headers": {"Content-Type": "application/json"},
    "response_body": json.dumps(
        {
            "cardInfo": {"cardStatus": "Fulfilled", "value": {"amount": 25.0}},
            "creationRequestId": "Acmes000017",
            "gcClaimCode": "AAAA-BBBBBB-CCCC",
            "gcId": "A1B2C3D4E5F6G7",
            "status": "SUCCESS",
        }
    ).encode(),
    "error": None,
    "started_at_s": 1_000.0,
    "duration_s": 0.25,
}


@pytest.fixture(scope="session")
def exchange() -> Exchange:
    """Return a function that reads a card being bought, with changes to it."""

    def read(**changes: object) -> Call:
        return read_exchange(**USUAL | changes)  # type: ignore[arg-type]

    return read


@pytest.fixture(autouse=True)
def _nothing_is_swallowed() -> Iterator[None]:
    swallowed: list[tuple[str, Exception]] = []

    def note(stage: str, error: Exception) -> None:
        swallowed.append((stage, error))

    swallowed_listeners.append(note)
    yield
    swallowed_listeners.remove(note)
    assert swallowed == []
