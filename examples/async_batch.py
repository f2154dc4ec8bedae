"""Order a batch of cards at once, with httpx and asyncio.

The client is yours; `guard.wrap` is the one line. Runs against a simulator on this
machine, with fake keys, and ends by itself:

    python examples/async_batch.py
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx

from agcod_guard import Endpoint, Guard, Settings
from agcod_guard.call import Environment
from agcod_guard.simulator import Simulator
from agcod_guard.simulator.signing import signed_headers

CARDS = 40
AT_ONCE = 8  # AGCOD takes 10 calls a second of an account


def main() -> None:
    with Simulator() as sim, tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            data_dir=Path(folder),
            hosts={"127.0.0.1": Endpoint("eu", Environment.LOOPBACK)},
        )
        with Guard(settings) as guard:
            print(asyncio.run(order_batch(guard, sim, "morning")))
            sim.break_("F500")
            print(asyncio.run(order_batch(guard, sim, "noon")))
            report(guard)


async def order_batch(guard: Guard, sim: Simulator, batch: str) -> str:
    """Order all cards of a batch, some at a time; say how it went."""
    turns = asyncio.Semaphore(AT_ONCE)
    async with guard.wrap(httpx.AsyncClient(timeout=6)) as client:

        async def order(number: int) -> str:
            async with turns:
                return await order_card(client, sim, f"Acmes{batch}{number}")

        results = await asyncio.gather(*map(order, range(CARDS)))
    told = [f"{count} {result}" for result, count in Counter(results).items()]
    return f"{batch}: {', '.join(told)}"


async def order_card(client: httpx.AsyncClient, sim: Simulator, request_id: str) -> str:
    """Order one card, as your code does."""
    url = f"{sim.url}/CreateGiftCard"
    value = {"currencyCode": "GBP", "amount": 25}
    content = {"partnerId": "Acmes", "creationRequestId": request_id, "value": value}
    body = json.dumps(content).encode()
    headers = signed_headers(url, body, region="eu-west-1", now_s=time.time())
    answer = (await client.post(url, content=body, headers=headers)).json()
    return str(answer.get("errorType") or answer["status"])


def report(guard: Guard) -> None:
    """Say what the guard has seen."""
    for scope in guard.status().scopes:
        print(f"{scope.scope} is {scope.phase}: {scope.reason}")


if __name__ == "__main__":
    main()
