"""What the simulator's tests share: an endpoint to ask without a socket."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from agcod_guard.call import Endpoint, Environment
from agcod_guard.clock import ManualClock
from agcod_guard.simulator import Simulator
from agcod_guard.simulator.client import Attempt, PartnerClient
from agcod_guard.simulator.service import Service
from agcod_guard.simulator.wire import Answer, read_request


class Counter:
    """An endpoint to ask, with a clock to move."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.clock = ManualClock(1_800_000_000.0)

    def ask(self, operation: str, /, **fields: Any) -> Answer:
        """Ask for `operation` as account Acmes."""
        body = json.dumps({"partnerId": "Acmes", **fields}).encode()
        request = read_request(f"/{operation}", {}, body)
        return self.service.answer(request, now_s=self.clock.wall_s())

    def create(self, request_id: str, amount: object = 25, currency: str = "GBP"):
        return self.ask(
            "CreateGiftCard",
            creationRequestId=request_id,
            value={"currencyCode": currency, "amount": amount},
        )

    def cancel(self, request_id: str) -> Answer:
        return self.ask("CancelGiftCard", creationRequestId=request_id)

    def activate(self, request_id: str, card: str, amount: object = 25) -> Answer:
        return self.ask(
            "ActivateGiftCard",
            activationRequestId=request_id,
            cardNumber=card,
            value={"currencyCode": "GBP", "amount": amount},
        )

    def funds(self) -> float:
        return self.ask("GetAvailableFunds").fields["availableFunds"]["amount"]


def _counter_at(region: str, environment: Environment, **options: Any) -> Counter:
    endpoint = Endpoint(region, environment)
    return Counter(Service(endpoint, check_signatures=False, **options))


@pytest.fixture(scope="session")
def counter_at() -> Callable[..., Counter]:
    """Makes an endpoint that looks at no signature."""
    return _counter_at


@pytest.fixture
def eu() -> Counter:
    return _counter_at("eu", Environment.LOOPBACK, opening_funds=100)


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def attempts() -> list[Attempt]:
    return []


@pytest.fixture
def client(sim: Simulator, attempts: list[Attempt]) -> Iterator[PartnerClient]:
    """A partner's client of the simulator's EU endpoint."""
    with requests.Session() as session:
        session.trust_env = False
        yield PartnerClient(
            session, sim.url, partner_id="Acmes", region="eu", log=attempts.append
        )
