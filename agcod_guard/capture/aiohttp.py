"""Catch the calls of `aiohttp` sessions without changing what anyone sees.

Not pure: stands round `_request`, through which every call of a session goes, and
gives each a client middleware that is the innermost: it sees each attempt, also
those of redirects and of the partner's own middlewares, from the connection on.
aiohttp's tracing would not do: it neither has the answer's body nor every error.

The session's total timeout reaches the middleware as a cancelled task. What it was
is known only round `_request`, so that is where such an attempt ends.

This module imports aiohttp; only code that has one of its sessions imports this.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import aiohttp

from agcod_guard.capture.aiohttp_exchange import answered, begun, failed
from agcod_guard.capture.mounts import Mounts, mounts_on
from agcod_guard.open_call import OpenCall
from agcod_guard.protocol.endpoints import endpoint_of
from agcod_guard.recorder import Recorder

SessionT = TypeVar("SessionT", bound=aiohttp.ClientSession)

_CALLING_METHOD = "_request"
_NEEDED = "ClientMiddlewareType"
_NO_TIMEOUTS = aiohttp.ClientTimeout()


class AiohttpCapture:
    """All that one guard has mounted on `aiohttp`.

    Args:
        recorder: Told of each call.
    """

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self._mounts = Mounts(_CALLING_METHOD, self._looked_on)

    def wrap(self, session: SessionT) -> SessionT:
        """See the calls of `session` from now on.

        Returns:
            The same object; wrapping it again changes nothing.

        Raises:
            TypeError: It is no `aiohttp.ClientSession`, or of an aiohttp before 3.12,
                or its class has a `_request` of its own that takes no middlewares.
        """
        if not isinstance(session, aiohttp.ClientSession):
            raise TypeError(
                f"wrap() takes an aiohttp.ClientSession, not {type(session).__name__}; "
                "for other clients there is observe()"
            )
        self._put_on(session)
        return session

    def unwrap(self, session: aiohttp.ClientSession) -> None:
        """Leave `session` as it was before `wrap`."""
        self._mounts.take_off(session)

    def install(self) -> None:
        """See the calls of every session of this process, made or yet to be made.

        Raises:
            TypeError: aiohttp is older than 3.12.
        """
        self._put_on(aiohttp.ClientSession)

    def uninstall(self) -> None:
        """Undo `install`; wrapped sessions stay wrapped."""
        self._mounts.take_off(aiohttp.ClientSession)

    def dismount(self) -> None:
        """Undo every `wrap` and `install`."""
        self._mounts.take_off_all()

    def sees(self, session: aiohttp.ClientSession) -> bool:
        """Return whether this guard is told of the calls of this session."""
        return any(
            mount.around == self._looked_on
            for target in (session, *type(session).__mro__)
            for mount in mounts_on(target, _CALLING_METHOD)
        )

    def _put_on(self, target: Any) -> None:
        if not hasattr(aiohttp, _NEEDED):
            raise TypeError(
                f"aiohttp {aiohttp.__version__} has no client middlewares, which the "
                "guard needs; use aiohttp>=3.12, or tell of its calls with observe()"
            )
        if not _takes_middlewares(target._request):
            raise TypeError(
                f"{_name_of(target)} has a _request of its own that takes no "
                "middlewares, which the guard needs; let it take **kwargs and hand "
                "them on, or use install(), which stands beneath it"
            )
        self._mounts.put_on(target)

    async def _looked_on(
        self, beneath: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any
    ) -> Any:
        """Make a call of a session with somebody looking on."""
        session = getattr(beneath, "__self__", None)
        given = _middlewares(session, kwargs)
        if any(_is_of(each, self.recorder) for each in given):
            return await beneath(*args, **kwargs)
        seen = Lookout(self.recorder, may_wait=_may_wait_for_ever(session, kwargs))
        kwargs["middlewares"] = (*given, seen)
        try:
            response = await beneath(*args, **kwargs)
        except BaseException as error:
            seen.settle(error)
            raise
        seen.settle(None)
        return response


class Lookout:
    """A client middleware that looks on at the attempts of one call.

    Args:
        recorder: Told of each attempt.
        may_wait: Nobody has set a timeout for the call.
    """

    def __init__(self, recorder: Recorder, *, may_wait: bool) -> None:
        self.recorder, self._may_wait = recorder, may_wait
        self._cancelled: OpenCall | None = None

    async def __call__(self, request: Any, send: Callable[..., Awaitable[Any]]) -> Any:
        """Send an attempt; journal it if it goes to AGCOD."""
        if not self._is_agcod(request):
            return await send(request)
        opened = begun(self.recorder, request, may_wait=self._may_wait)
        try:
            response = await send(request)
        except asyncio.CancelledError:
            self._cancelled = opened
            raise
        except BaseException as error:
            failed(self.recorder, opened, request, error)
            raise
        answered(self.recorder, opened, request, response)
        return response

    def settle(self, error: BaseException | None) -> None:
        """End an attempt that was cancelled, now that it is known by what."""
        opened, self._cancelled = self._cancelled, None
        if opened is not None:
            self.recorder.end(opened, error=error)

    def _is_agcod(self, request: Any) -> bool:
        try:
            return endpoint_of(request.url.raw_host, self.recorder.hosts) is not None
        except Exception as error:
            self.recorder.contain("capture.url", error)
            return False


def _takes_middlewares(request: Callable[..., Any]) -> bool:
    """Return whether a `_request` can be given middlewares, or whatever it is given."""
    parameters = inspect.signature(request).parameters.values()
    return any(
        each.name == "middlewares" or each.kind is each.VAR_KEYWORD
        for each in parameters
    )


def _name_of(target: Any) -> str:
    """Return the name of a class of sessions, or that of a session's."""
    kind = target if isinstance(target, type) else type(target)
    return kind.__name__


def _middlewares(session: Any, kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """Return those of the call, which go before those of its session."""
    given = kwargs.get("middlewares")
    return tuple(getattr(session, "_middlewares", ()) if given is None else given)


def _is_of(middleware: object, recorder: Recorder) -> bool:
    """Return whether it looks on for this recorder: wrap and install have met."""
    return isinstance(middleware, Lookout) and middleware.recorder is recorder


def _may_wait_for_ever(session: Any, kwargs: dict[str, Any]) -> bool:
    """Return whether neither the call nor its session has a timeout."""
    timeout = kwargs.get("timeout", getattr(session, "timeout", _NO_TIMEOUTS))
    if isinstance(timeout, aiohttp.ClientTimeout):
        return timeout.total is None and timeout.sock_read is None
    return timeout is None
