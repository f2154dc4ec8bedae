"""Order cards from a Django management command.

In your project the guard is made in `ready` of an AppConfig, and `install` sees every
call of the process, whoever makes it. Here the project is this one file. Runs against
a simulator on this machine, with fake keys, and ends by itself:

    python examples/django_command.py
"""

from __future__ import annotations

import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import django
import requests
from django.conf import settings as django_settings
from django.core.management import BaseCommand, call_command

from agcod_guard import Endpoint, Guard, Settings
from agcod_guard.call import Environment
from agcod_guard.simulator import Simulator
from agcod_guard.simulator.client import PartnerClient


def main() -> None:
    if not django_settings.configured:
        django_settings.configure(USE_TZ=True)
        django.setup()
    with Simulator() as sim, tempfile.TemporaryDirectory() as folder:
        guard = ready(Path(folder))
        try:
            call_command(OrderCards(), sim.url, "Acmes1", "Acmes2")
            sim.break_("F500")
            call_command(OrderCards(), sim.url, "Acmes3")
            report(guard)
        finally:
            guard.close()


def ready(folder: Path) -> Guard:
    """Begin to watch: what you write in your AppConfig."""
    guard = Guard(
        Settings(
            data_dir=folder,
            hosts={"127.0.0.1": Endpoint("eu", Environment.LOOPBACK)},
        )
    )
    guard.install()
    return guard


class OrderCards(BaseCommand):
    """Your command, which knows nothing of the guard."""

    help = "Order one gift card for each request id."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take AGCOD's address and the orders."""
        parser.add_argument("url")
        parser.add_argument("request_ids", nargs="+")

    def handle(self, *_: Any, url: str, request_ids: list[str], **__: Any) -> None:
        """Order the cards."""
        client = PartnerClient(requests.Session(), url, partner_id="Acmes", region="eu")
        for request_id in request_ids:
            print(f"{request_id}: {client.create(request_id, 25, 'GBP').result}")


def report(guard: Guard) -> None:
    """Say what the guard has seen."""
    for scope in guard.status().scopes:
        print(f"{scope.scope} is {scope.phase}: {scope.reason}")


if __name__ == "__main__":
    main()
