"""Put the guard round the client you have: one line.

Runs against a simulator on this machine, with fake keys, and ends by itself:

    python examples/wrap_a_session.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import requests

from agcod_guard import Endpoint, Guard, Settings
from agcod_guard.call import Environment
from agcod_guard.simulator import Simulator
from agcod_guard.simulator.client import PartnerClient


def main() -> None:
    with Simulator() as sim, tempfile.TemporaryDirectory() as folder:
        # In production: `Guard()`. It finds agcod_guard.toml and knows AGCOD's
        # own hosts; here it has to be told that 127.0.0.1 stands for one.
        settings = Settings(
            data_dir=Path(folder),
            hosts={"127.0.0.1": Endpoint("eu", Environment.LOOPBACK)},
        )
        with Guard(settings) as guard:
            session = guard.wrap(requests.Session())  # the one line
            sell(session, sim)
            report(guard)


def sell(session: requests.Session, sim: Simulator) -> None:
    """Order five cards, of which the last three fail; your code stands here."""
    client = PartnerClient(session, sim.url, partner_id="Acmes", region="eu")
    for number in range(5):
        if number == 2:
            sim.break_("F500")
        attempt = client.create(f"Acmes{number}", 25, "GBP")
        print(f"{attempt.request_id}: {attempt.result}")


def report(guard: Guard) -> None:
    """Say what the guard has seen."""
    for scope in guard.status().scopes:
        print(f"{scope.scope} is {scope.phase}: {scope.reason}")


if __name__ == "__main__":
    main()
