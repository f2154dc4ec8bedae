"""How late an event loop is with many calls at once, without the guard and with it.

    python benchmarks/event_loop.py            # a minute and a half
    python benchmarks/event_loop.py --quick    # twenty seconds

500 tasks call AGCOD over and over through one `httpx.AsyncClient`, whose transport
answers after half a second to a second and a half. Meanwhile a timer that is due
each millisecond notes how late it comes: that is what any other task waits for.
Windows without and with the guard take turns, so that what the machine does hits
both alike.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import httpx
from clients import CANNED_URL, ORDER, SIGNED, new_guard
from httpx_clients import CannedTransport
from rich.console import Console
from rich.table import Table

TICK_S = 0.001
WINDOW_S = 5.0
SETTLING_S = 2.0


class SlowTransport(CannedTransport):
    """Answers when AGCOD would."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return Amazon's usual answer, later."""
        await asyncio.sleep(random.uniform(0.5, 1.5))
        return self.handle_request(request)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a quarter of the time")
    parser.add_argument("--tasks", type=int, default=500, help="calls at once")
    options = parser.parse_args()
    windows = 2 if options.quick else 7
    with tempfile.TemporaryDirectory(prefix="event-loop-") as name:
        lags = asyncio.run(lags_ms(Path(name), options.tasks, windows))
    Console().print(table_of(lags, f"{options.tasks} calls at once"))


async def lags_ms(folder: Path, tasks: int, windows: int) -> dict[str, list[float]]:
    """Return how late each tick came, by client."""
    guard = new_guard(folder)
    found: dict[str, list[float]] = {"bare": [], "guard": []}
    for _ in range(windows):
        for name, prepare in (("bare", lambda bare: bare), ("guard", guard.wrap)):
            client = prepare(httpx.AsyncClient(transport=SlowTransport()))
            found[name] += await window(client, tasks)
            await client.aclose()
    guard.close()
    return found


async def window(client: httpx.AsyncClient, tasks: int) -> list[float]:
    """Return how late each tick of one window came, milliseconds."""
    at_work = [asyncio.create_task(selling(client)) for _ in range(tasks)]
    await asyncio.sleep(SETTLING_S)
    late_ms, end_s = [], time.perf_counter() + WINDOW_S
    while (now_s := time.perf_counter()) < end_s:
        await asyncio.sleep(TICK_S)
        late_ms.append((time.perf_counter() - now_s - TICK_S) * 1e3)
    for task in at_work:
        task.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*at_work)
    return late_ms


async def selling(client: httpx.AsyncClient) -> None:
    while True:
        await client.post(CANNED_URL, content=ORDER, headers=SIGNED)


def table_of(lags: dict[str, list[float]], title: str) -> Table:
    table = Table("client", "ticks", "p50 ms", "p99 ms", "p99.9 ms", "most ms")
    table.title = title
    for name, late in lags.items():
        cuts = statistics.quantiles(late, n=1_000)
        values = (cuts[499], cuts[989], cuts[998], max(late))
        table.add_row(name, f"{len(late):,}", *(f"{value:.2f}" for value in values))
    return table


if __name__ == "__main__":
    main()
