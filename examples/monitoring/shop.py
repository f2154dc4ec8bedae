"""A shop whose AGCOD fails when you say so; Prometheus finds its metrics at port 8000.

Everything stays on this machine, with fake keys. What takes Amazon's outage three
minutes to be one takes 18 seconds here.
"""

import sys
import threading
import time

import requests
from prometheus_client import start_http_server

from agcod_guard import Guard, OutagePolicy, Settings
from agcod_guard.simulator import Simulator
from agcod_guard.simulator.client import PartnerClient

port = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
settings = Settings.load(
    hosts=["127.0.0.1"],
    accounts={"Acmes": {"marketplace": "UK"}},
    policy=OutagePolicy().scaled(1 / 10),
)

with Simulator() as agcod, Guard(settings) as guard:
    session = guard.wrap(requests.Session())  # the one line
    client = PartnerClient(session, agcod.url, partner_id="Acmes", region="eu")

    def sell() -> None:
        """Sell two cards a second for as long as the program runs."""
        number = int(time.time())
        while True:
            number += 1
            client.create(f"Acmes{number}", 25, "GBP")
            time.sleep(0.5)

    start_http_server(port, addr="127.0.0.1")
    threading.Thread(target=sell, daemon=True).start()
    input("The shop sells. Enter breaks AGCOD: ")
    agcod.break_("F500")
    input("AGCOD is down. Enter mends it: ")
    agcod.heal()
    input("The shop sells again. Enter ends it: ")
