"""Have calls recorded that are made by another client than requests.

Here it is `http.client`, against a simulator on this machine, with fake keys.
Ends by itself:

    python examples/observe_any_client.py
"""

from __future__ import annotations

import http.client
import json
import tempfile
import time
from pathlib import Path

from agcod_guard import Endpoint, Guard, Settings
from agcod_guard.call import Environment
from agcod_guard.simulator import Simulator
from agcod_guard.simulator.signing import signed_headers


def main() -> None:
    with Simulator() as sim, tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            data_dir=Path(folder),
            hosts={"127.0.0.1": Endpoint("eu", Environment.LOOPBACK)},
        )
        with Guard(settings) as guard:
            order(guard, sim, "Acmes1")
            sim.break_("reset")
            try:
                order(guard, sim, "Acmes2")
            except ConnectionError as error:
                # Your program sees its own error; the guard has recorded it.
                print(f"Acmes2: {type(error).__name__}")
            report(guard)


def order(guard: Guard, sim: Simulator, request_id: str) -> None:
    """Order one card over a connection of our own."""
    url = f"{sim.url}/CreateGiftCard"
    value = {"currencyCode": "GBP", "amount": 25}
    content = {"partnerId": "Acmes", "creationRequestId": request_id, "value": value}
    body = json.dumps(content).encode()
    headers = signed_headers(url, body, region="eu-west-1", now_s=time.time())
    connection = http.client.HTTPConnection("127.0.0.1", sim.port, timeout=6)
    try:
        with guard.observe(method="POST", url=url, headers=headers, body=body) as seen:
            connection.request("POST", "/CreateGiftCard", body=body, headers=headers)
            answer = connection.getresponse()
            raw = answer.read()
            seen.answer(status=answer.status, headers=dict(answer.headers), body=raw)
    finally:
        connection.close()
    print(f"{request_id}: {json.loads(raw)['status']}")


def report(guard: Guard) -> None:
    """Say what the guard has seen."""
    for scope in guard.status().scopes:
        print(f"{scope.scope}: {scope.silent} call got no answer")


if __name__ == "__main__":
    main()
