"""All that one guard looks on in a process, whatever client the calls are made with.

Not pure: hands each client to the capture of its library. A library that the
partner does not use is not imported: a client tells by its class where it comes
from, and `install` waits until somebody else imports the library.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

import requests

from agcod_guard.capture import checks
from agcod_guard.capture.imports import Awaited
from agcod_guard.capture.requests import RequestsCapture
from agcod_guard.capture.urllib import UrllibCapture
from agcod_guard.recorder import Recorder

if TYPE_CHECKING:
    from urllib.request import OpenerDirector

    import aiohttp
    import httpx

    Client = (
        requests.Session
        | OpenerDirector
        | httpx.Client
        | httpx.AsyncClient
        | aiohttp.ClientSession
    )
    """What a guard can be wrapped round."""

ClientT = TypeVar("ClientT", bound="Client")

_ALWAYS = ("requests", "urllib")


class Capture(Protocol):
    """What a guard has mounted on one library."""

    def wrap(self, client: Any, /) -> Any:
        """See the calls of `client` from now on; return the same object."""
        ...

    def unwrap(self, client: Any, /) -> None:
        """Leave `client` as it was before `wrap`."""
        ...

    def install(self) -> None:
        """See the calls of all clients of this library."""
        ...

    def uninstall(self) -> None:
        """Undo `install`; wrapped clients stay wrapped."""
        ...

    def dismount(self) -> None:
        """Undo every `wrap` and `install`."""
        ...


class Library(NamedTuple):
    """One library of clients.

    Attributes:
        capture: What is mounted on it.
        check: Returns what would keep calls of a client from being seen.
    """

    capture: Capture
    check: Callable[[Any], list[str]]


class Clients:
    """The clients of every library, as one.

    Args:
        recorder: Told of each call.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._used: dict[str, Library] = {}
        self._awaited = tuple(
            Awaited(name, partial(self._install_on, name), recorder.contain)
            for name in _LIBRARIES
            if name not in _ALWAYS
        )

    def wrap(self, client: ClientT) -> ClientT:
        """See the calls of `client` from now on.

        Returns:
            The same object; wrapping it again changes nothing.

        Raises:
            TypeError: It is no client that can be wrapped.
        """
        self._library_of(client, "wrap").capture.wrap(client)
        return client

    def unwrap(self, client: Client) -> None:
        """Leave `client` as it was before `wrap`.

        Raises:
            TypeError: It is no client that can be wrapped.
        """
        self._library_of(client, "unwrap").capture.unwrap(client)

    def install(self) -> None:
        """See the calls of every client of this process, made or yet to be made."""
        for name in _ALWAYS:
            self._install_on(name)
        for awaited in self._awaited:
            awaited.wait()

    def uninstall(self) -> None:
        """Undo `install`; wrapped clients stay wrapped."""
        self._stop_waiting()
        for library in tuple(self._used.values()):
            library.capture.uninstall()

    def dismount(self) -> None:
        """Undo every `wrap` and `install`."""
        self._stop_waiting()
        for library in tuple(self._used.values()):
            library.capture.dismount()

    def check(self, client: Client) -> list[str]:
        """Return what would keep calls of `client` from being seen, in words.

        Raises:
            TypeError: It is no client that can be wrapped.
        """
        return self._library_of(client, "check").check(client)

    def _install_on(self, name: str) -> None:
        self._library(name).capture.install()

    def _stop_waiting(self) -> None:
        for awaited in self._awaited:
            awaited.give_up()

    def _library_of(self, client: object, asked: str) -> Library:
        for class_ in type(client).__mro__:
            name = class_.__module__.partition(".")[0]
            if name in _LIBRARIES:
                return self._library(name)
        raise TypeError(
            f"{asked}() takes a client of {', '.join(_LIBRARIES)}, not "
            f"{type(client).__name__}; for other clients there is observe()"
        )

    def _library(self, name: str) -> Library:
        used = self._used.get(name)
        if used is None:
            # Of two threads that ask first, one makes it.
            used = self._used.setdefault(name, _LIBRARIES[name](self._recorder))
        return used


def _requests(recorder: Recorder) -> Library:
    capture = RequestsCapture(recorder)
    return Library(capture, partial(checks.check, capture))


def _urllib(recorder: Recorder) -> Library:
    capture = UrllibCapture(recorder)
    return Library(capture, partial(checks.check_opener, capture))


def _httpx(recorder: Recorder) -> Library:
    from agcod_guard.capture.httpx import HttpxCapture
    from agcod_guard.capture.httpx_checks import check

    capture = HttpxCapture(recorder)
    return Library(capture, partial(check, capture))


def _aiohttp(recorder: Recorder) -> Library:
    from agcod_guard.capture.aiohttp import AiohttpCapture
    from agcod_guard.capture.aiohttp_checks import check

    capture = AiohttpCapture(recorder)
    return Library(capture, partial(check, capture))


_LIBRARIES: dict[str, Callable[[Recorder], Library]] = {
    "requests": _requests,
    "urllib": _urllib,
    "httpx": _httpx,
    "aiohttp": _aiohttp,
}
