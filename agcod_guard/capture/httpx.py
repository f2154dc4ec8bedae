"""Catch the calls of `httpx` clients without changing what anyone sees.

Not pure: mounts itself on clients or on their classes, and sees every exchange with
AGCOD go by. The partner's transport sends and the partner's own reading reads; here
is only looked on, and whatever fails in the looking is contained. Nothing here is
awaited but the transport, and no thread is waited for.

A client asks `_transport_for_url` for each request, each redirect and each step of
an authentication, so that is where the guard stands: one record per attempt. The
client's transports and mounts stay as they are.

This module imports httpx; only code that has one of its clients imports this.
"""

from __future__ import annotations

from itertools import islice
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

import httpx

from agcod_guard.capture.httpx_body import AsyncGuardedStream, GuardedStream
from agcod_guard.capture.httpx_exchange import answered, begun, failed
from agcod_guard.capture.mounts import Mounts, choosing
from agcod_guard.protocol.endpoints import endpoint_of
from agcod_guard.recorder import Recorder

Client = httpx.Client | httpx.AsyncClient
ClientT = TypeVar("ClientT", bound=Client)

CHOOSING_METHOD = "_transport_for_url"
"""What a client asks for each request, each redirect and each authentication."""

_TRANSPORTS = (httpx.BaseTransport, httpx.AsyncBaseTransport)
_MOST_NESTED = 16


class Guarding(Protocol):
    """Who is told of the calls: a `Guard`."""

    @property
    def recorder(self) -> Recorder:
        """What is told of each call."""
        ...


class HttpxCapture:
    """All that one guard has mounted on `httpx`.

    Args:
        recorder: Told of each call.
    """

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self._clients = Mounts(CHOOSING_METHOD, choosing(self._chosen))
        self._async_clients = Mounts(CHOOSING_METHOD, choosing(self._async_chosen))

    def wrap(self, client: ClientT) -> ClientT:
        """See the calls of `client` from now on.

        Returns:
            The same object; wrapping it again changes nothing.

        Raises:
            TypeError: It is no `httpx.Client` and no `httpx.AsyncClient`.
        """
        if not isinstance(client, Client):
            raise TypeError(
                "wrap() takes an httpx.Client or AsyncClient, not "
                f"{type(client).__name__}; for other clients there is observe()"
            )
        self._mounts_of(client).put_on(client)
        return client

    def unwrap(self, client: Client) -> None:
        """Leave `client` as it was before `wrap`."""
        self._mounts_of(client).take_off(client)

    def install(self) -> None:
        """See the calls of every client of this process, made or yet to be made."""
        self._clients.put_on(httpx.Client)
        self._async_clients.put_on(httpx.AsyncClient)

    def uninstall(self) -> None:
        """Undo `install`; wrapped clients stay wrapped."""
        self._clients.take_off(httpx.Client)
        self._async_clients.take_off(httpx.AsyncClient)

    def dismount(self) -> None:
        """Undo every `wrap` and `install`."""
        self._clients.take_off_all()
        self._async_clients.take_off_all()

    def has_mounted(self, client: Client) -> bool:
        """Return whether this client was wrapped and not unwrapped since."""
        return client in self._mounts_of(client)

    def _mounts_of(self, client: Client) -> Mounts:
        is_async = isinstance(client, httpx.AsyncClient)
        return self._async_clients if is_async else self._clients

    def _chosen(self, transport: Any, url: object) -> Any:
        if self._is_to_be_seen(transport, url):
            return GuardTransport(transport, self)
        return transport

    def _async_chosen(self, transport: Any, url: object) -> Any:
        if self._is_to_be_seen(transport, url):
            return AsyncGuardTransport(transport, self)
        return transport

    def _is_to_be_seen(self, transport: object, url: Any) -> bool:
        try:
            is_agcod = endpoint_of(url.host, self.recorder.hosts) is not None
            return is_agcod and not is_guarded(transport, self.recorder)
        except Exception as error:
            self.recorder.contain("capture.url", error)
            return False


class GuardTransport(httpx.BaseTransport):
    """A partner's transport with somebody looking on.

    ```python
    client = httpx.Client(transport=GuardTransport(httpx.HTTPTransport(), guard))
    ```

    `guard.wrap(client)` and `guard.install()` need none; it is for a place between
    transports, such as beneath one that repeats requests. Only the sending is ours;
    attributes are those of the transport.

    Args:
        transport: What sends.
        guard: The `Guard` that is told.
    """

    def __init__(self, transport: httpx.BaseTransport, guard: Guarding) -> None:
        self._agcod_inner, self._agcod_recorder = transport, guard.recorder

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send through the partner's transport; journal the call."""
        inner, recorder = self._agcod_inner, self._agcod_recorder
        opened = begun(recorder, inner, request)
        try:
            response = inner.handle_request(request)
        except BaseException as error:
            failed(recorder, opened, request, error)
            raise
        body = answered(recorder, opened, request, response)
        if body is not None and isinstance(response.stream, httpx.SyncByteStream):
            response.stream = GuardedStream(response.stream, body)
        return response

    def close(self) -> None:
        """Close the partner's transport."""
        self._agcod_inner.close()

    def __enter__(self) -> Self:
        self._agcod_inner.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._agcod_inner.__exit__(kind, error, traceback)

    def __getattr__(self, name: str) -> Any:
        return getattr(_inner_of(self), name)


class AsyncGuardTransport(httpx.AsyncBaseTransport):
    """A partner's asynchronous transport with somebody looking on.

    ```python
    transport = AsyncGuardTransport(httpx.AsyncHTTPTransport(http2=True), guard)
    client = httpx.AsyncClient(transport=transport)
    ```

    Args:
        transport: What sends.
        guard: The `Guard` that is told.
    """

    def __init__(self, transport: httpx.AsyncBaseTransport, guard: Guarding) -> None:
        self._agcod_inner, self._agcod_recorder = transport, guard.recorder

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send through the partner's transport; journal the call."""
        inner, recorder = self._agcod_inner, self._agcod_recorder
        opened = begun(recorder, inner, request)
        try:
            response = await inner.handle_async_request(request)
        except BaseException as error:
            failed(recorder, opened, request, error)
            raise
        body = answered(recorder, opened, request, response)
        if body is not None and isinstance(response.stream, httpx.AsyncByteStream):
            response.stream = AsyncGuardedStream(response.stream, body)
        return response

    async def aclose(self) -> None:
        """Close the partner's transport."""
        await self._agcod_inner.aclose()

    async def __aenter__(self) -> Self:
        await self._agcod_inner.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self._agcod_inner.__aexit__(kind, error, traceback)

    def __getattr__(self, name: str) -> Any:
        return getattr(_inner_of(self), name)


def innermost(transport: Any) -> Any:
    """Return the partner's own transport beneath those of all guards."""
    while isinstance(transport, GuardTransport | AsyncGuardTransport):
        transport = transport._agcod_inner
    return transport


def is_guarded(transport: object, recorder: Recorder) -> bool:
    """Return whether `recorder` is told of what `transport` sends.

    A transport that hands on to others has them among its attributes, and a
    guard's may stand beneath one that repeats.
    """
    below = [transport]
    for each in islice(below, _MOST_NESTED):
        if getattr(each, "_agcod_recorder", None) is recorder:
            return True
        held = getattr(each, "__dict__", {}).values()
        below.extend(inner for inner in held if isinstance(inner, _TRANSPORTS))
    return False


def _inner_of(transport: GuardTransport | AsyncGuardTransport) -> Any:
    try:
        return vars(transport)["_agcod_inner"]
    except KeyError:  # asked while a copy or a pickle of it is being made
        raise AttributeError("_agcod_inner") from None
