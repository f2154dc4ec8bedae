"""The clients of httpx that `overhead.py` and `event_loop.py` compare."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import httpx
from clients import (
    ANSWER,
    ANSWER_HEADERS,
    CANNED_URL,
    ORDER,
    SIGNED,
    Client,
    Fleet,
    new_guard,
)

BARE = "bare httpx"
GUARDED = "guard, httpx"
BARE_ASYNC = "bare httpx, async"
GUARDED_ASYNC = "guard, httpx, async"
BARE_OF = {
    BARE: BARE,
    GUARDED: BARE,
    BARE_ASYNC: BARE_ASYNC,
    GUARDED_ASYNC: BARE_ASYNC,
}
"""Each client, and the one of its kind that has no guard."""


class CannedStream(httpx.SyncByteStream, httpx.AsyncByteStream):
    """The body of Amazon's usual answer, in one piece."""

    def __iter__(self) -> Iterator[bytes]:
        yield ANSWER

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield ANSWER


class CannedTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Answers without a network."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return Amazon's usual answer."""
        return httpx.Response(200, headers=ANSWER_HEADERS, stream=CannedStream())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return Amazon's usual answer."""
        return self.handle_request(request)


def httpx_fleet(url: str, folder: Path, runner: asyncio.Runner) -> Fleet:
    """Return clients of either kind, bare and guarded, ready to call `url`."""
    guard = new_guard(folder)
    options = {"timeout": 6, "trust_env": False}
    if url == CANNED_URL:
        options["transport"] = CannedTransport()
    made = {
        BARE: httpx.Client(**options),
        GUARDED: guard.wrap(httpx.Client(**options)),
        BARE_ASYNC: httpx.AsyncClient(**options),
        GUARDED_ASYNC: guard.wrap(httpx.AsyncClient(**options)),
    }
    clients = {name: caller(client, url, runner) for name, client in made.items()}
    return Fleet(clients, (guard,))


def caller(
    client: httpx.Client | httpx.AsyncClient, url: str, runner: asyncio.Runner
) -> Client:
    """Return a call of `client`, run to its end."""
    post = partial(client.post, url, content=ORDER, headers=SIGNED)
    return post if isinstance(client, httpx.Client) else lambda: runner.run(post())
