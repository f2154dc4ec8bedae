"""Stop offering gift cards while AGCOD is down; offer them again afterwards.

Before each sale the till asks the guard, which answers from memory. A sale that
fails all the same is repeated, with the same request id. Runs against a simulator
on this machine, with fake keys and all durations shortened, and ends by itself:

    python examples/pos_loop.py
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import requests

from agcod_guard import Endpoint, Guard, OutagePolicy, Settings
from agcod_guard.call import Environment
from agcod_guard.capture.retry import retrying
from agcod_guard.simulator import Simulator
from agcod_guard.simulator.client import Attempt, PartnerClient

AGCOD = "eu-loopback"  # in production: "eu"
CUSTOMERS_APART_S = 0.02
PATIENCE_S = 20.0


def main() -> None:
    with (
        Simulator() as sim,
        tempfile.TemporaryDirectory() as folder,
        Guard(settings(Path(folder))) as guard,
    ):
        session = guard.wrap(requests.Session())
        client = PartnerClient(session, sim.url, partner_id="Acmes", region="eu")
        # While no card is offered nobody calls AGCOD. This harmless call is what
        # tells the guard that the outage is over.
        guard.set_probe(client.funds, partner_id="Acmes", endpoint=AGCOD)
        till = Till(guard, client)
        sell_through_an_outage(till, sim)
        print("after the outage:", till.sell_card())


def settings(folder: Path) -> Settings:
    """Return the settings; durations a few hundredths of those in production."""
    return Settings(
        data_dir=folder,
        hosts={"127.0.0.1": Endpoint("eu", Environment.LOOPBACK)},
        policy=OutagePolicy().scaled(1 / 200),
    )


def sell_through_an_outage(till: Till, sim: Simulator) -> None:
    """Serve customers while AGCOD breaks and is mended."""
    print("before the outage:", till.sell_card())
    sim.break_("F500")
    for _ in customers():
        till.sell_card()
        if not till.offers_cards():
            break
    print("gift cards are off the shelf")
    sim.heal()
    for _ in customers():
        if till.offers_cards():
            break
    print("gift cards are back")


def customers() -> Iterator[int]:
    """Yield a customer every now and then, for as long as we have patience."""
    closes_s = time.monotonic() + PATIENCE_S
    for number in count(1):
        if time.monotonic() > closes_s:
            raise TimeoutError("nothing has changed all day")
        yield number
        time.sleep(CUSTOMERS_APART_S)


class Till:
    """Your point of sale."""

    def __init__(self, guard: Guard, client: PartnerClient) -> None:
        self._guard, self._client = guard, client
        self._orders = count(1)

    def offers_cards(self) -> bool:
        """Return whether gift cards may be sold; asked before every sale."""
        return not self._guard.is_down(AGCOD, partner_id="Acmes")

    def sell_card(self) -> str:
        """Sell one card and return how it went."""
        if not self.offers_cards():
            return "sorry, no gift cards today"
        request_id = f"Acmes{next(self._orders)}"  # made once, kept for repeats
        return self._order(request_id).result

    @retrying(total_s=0.05)  # in production: 30 s
    def _order(self, request_id: str) -> Attempt:
        return self._client.create(request_id, 25, "GBP")


if __name__ == "__main__":
    main()
