"""A FastAPI shop that orders with httpx and closes its gift card shelf in time.

The guard lives as long as the application. `guard.is_down` answers from memory, so it
may be asked in the event loop. Runs against a simulator on this machine, with fake
keys and all durations shortened, and ends by itself:

    python examples/fastapi_httpx.py
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI, HTTPException

from agcod_guard import Endpoint, Guard, OutagePolicy, Settings
from agcod_guard.call import Environment
from agcod_guard.simulator import Simulator
from agcod_guard.simulator.signing import signed_headers

AGCOD = "eu-loopback"  # in production: "eu"
PATIENCE_S = 20.0


def shop(agcod_url: str, settings: Settings) -> FastAPI:
    """Return the application."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with Guard(settings) as guard:
            async with guard.wrap(httpx.AsyncClient(timeout=6)) as client:
                app.state.guard, app.state.client = guard, client
                yield

    app = FastAPI(lifespan=lifespan)

    @app.post("/cards/{request_id}")
    async def sell(request_id: str) -> dict[str, Any]:
        if app.state.guard.is_down(AGCOD, partner_id="Acmes"):
            raise HTTPException(503, "gift cards are not available now")
        answer = await order_card(app.state.client, agcod_url, request_id)
        if answer.get("status") != "SUCCESS":
            raise HTTPException(502, answer.get("errorType"))
        return {"sold": request_id}

    return app


async def order_card(
    client: httpx.AsyncClient, agcod_url: str, request_id: str
) -> dict[str, Any]:
    """Order one card, as your code does."""
    url = f"{agcod_url}/CreateGiftCard"
    value = {"currencyCode": "GBP", "amount": 25}
    content = {"partnerId": "Acmes", "creationRequestId": request_id, "value": value}
    body = json.dumps(content).encode()
    headers = signed_headers(url, body, region="eu-west-1", now_s=time.time())
    answer: dict[str, Any] = (
        await client.post(url, content=body, headers=headers)
    ).json()
    return answer


def main() -> None:
    with Simulator() as sim, tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            data_dir=Path(folder),
            hosts={"127.0.0.1": Endpoint("eu", Environment.LOOPBACK)},
            policy=OutagePolicy().scaled(1 / 200),
        )
        with served(shop(sim.url, settings)) as customer:
            print("before:", customer.post("/cards/Acmes0").json())
            sim.break_("F500")
            print("broken:", customer.post("/cards/Acmes1").json())
            print("known: ", buy_until_closed(customer))


@contextmanager
def served(app: FastAPI) -> Iterator[httpx.Client]:
    """Serve the shop on a free port; yield a customer's client."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = Thread(target=server.run)
    thread.start()
    try:
        closes_s = time.monotonic() + PATIENCE_S
        while not server.started and time.monotonic() < closes_s:
            time.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as customer:
            yield customer
    finally:
        server.should_exit = True
        thread.join()


def buy_until_closed(customer: httpx.Client) -> Any:
    """Order on until the shop itself says no; return what it says."""
    closes_s = time.monotonic() + PATIENCE_S
    number = 2
    while (answer := customer.post(f"/cards/Acmes{number}")).status_code != 503:
        if time.monotonic() > closes_s:
            raise TimeoutError("the outage was not noticed")
        number += 1
        time.sleep(0.02)
    return answer.json()


if __name__ == "__main__":
    main()
