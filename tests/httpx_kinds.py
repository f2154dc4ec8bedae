"""Clients of httpx, synchronous and not, behind one face; and transports to order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx

from agcod_guard.capture.httpx import AsyncGuardTransport, GuardTransport


class Sync:
    """httpx.Client."""

    client, transport, guard = httpx.Client, httpx.HTTPTransport, GuardTransport

    def do(self, act: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return act(*args, **kwargs)

    def close(self, client: httpx.Client) -> None:
        client.close()

    def close_response(self, response: httpx.Response) -> None:
        response.close()

    def read(self, response: httpx.Response) -> bytes:
        return response.read()

    def pieces(self, response: httpx.Response, way: str, most: int = 99) -> list[Any]:
        found = []
        for piece in getattr(response, f"iter_{way}")():
            found.append(piece)
            if len(found) == most:
                break
        return found

    def body_in(self, *pieces: bytes) -> Iterator[bytes]:
        yield from pieces

    def stream(self, *steps: bytes | BaseException) -> httpx.SyncByteStream:
        return SyncSteps(steps)

    def transport_of(self, handle: Callable[..., httpx.Response]) -> Any:
        return SyncHandler(handle)


class Async(Sync):
    """httpx.AsyncClient, on an event loop of its own."""

    client, transport = httpx.AsyncClient, httpx.AsyncHTTPTransport
    guard = AsyncGuardTransport

    def __init__(self, runner: asyncio.Runner) -> None:
        self.runner = runner

    def do(self, act: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return self.runner.run(act(*args, **kwargs))

    def close(self, client: httpx.AsyncClient) -> None:
        self.do(client.aclose)

    def close_response(self, response: httpx.Response) -> None:
        self.do(response.aclose)

    def read(self, response: httpx.Response) -> bytes:
        return self.do(response.aread)

    def pieces(self, response: httpx.Response, way: str, most: int = 99) -> list[Any]:
        async def collected():
            found = []
            async for piece in getattr(response, f"aiter_{way}")():
                found.append(piece)
                if len(found) == most:
                    break
            return found

        return self.do(collected)

    async def body_in(self, *pieces: bytes) -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    def stream(self, *steps: bytes | BaseException) -> httpx.AsyncByteStream:
        return AsyncSteps(steps)

    def transport_of(self, handle: Callable[..., httpx.Response]) -> Any:
        return AsyncHandler(handle)


class SyncSteps(httpx.SyncByteStream):
    """A body that comes in steps, some of which are errors."""

    def __init__(self, steps: Any) -> None:
        self.steps, self.closed, self.taken = steps, 0, 0

    def __iter__(self) -> Iterator[bytes]:
        for step in self.steps:
            self.taken += 1
            if isinstance(step, BaseException):
                raise step
            yield step

    def close(self) -> None:
        self.closed += 1


class AsyncSteps(httpx.AsyncByteStream):
    """The same for an asynchronous client."""

    def __init__(self, steps: Any) -> None:
        self.steps, self.closed, self.taken = steps, 0, 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for step in self.steps:
            self.taken += 1
            await asyncio.sleep(0)
            if isinstance(step, BaseException):
                raise step
            yield step

    async def aclose(self) -> None:
        self.closed += 1


class SyncHandler(httpx.BaseTransport):
    """A transport that is one function, and leaves request and answer alone."""

    def __init__(self, handle: Callable[..., httpx.Response]) -> None:
        self.handle, self.closed = handle, 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self.handle(request)

    def close(self) -> None:
        self.closed += 1


class AsyncHandler(httpx.AsyncBaseTransport):
    """The same for an asynchronous client."""

    def __init__(self, handle: Callable[..., httpx.Response]) -> None:
        self.handle, self.closed = handle, 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self.handle(request)

    async def aclose(self) -> None:
        self.closed += 1
