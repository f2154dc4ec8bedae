"""Catch the calls of `urllib.request` without changing what anyone sees.

Not pure: sees every exchange with AGCOD go by (`urllib_hook`), and looks on while
its body is read (`urllib_body`). The partner's opener sends and the partner's own
reading reads; whatever fails in the looking is contained.

Seen is what handlers send through `AbstractHTTPHandler.do_open`, which is all that
urllib itself has. `URLopener`, `http.client` and a handler with another `do_open`
of its own are not seen: for those there is `observe()`.
"""

from __future__ import annotations

import http.client
import socket
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.request import OpenerDirector, Request
from weakref import ref

from agcod_guard.capture.urllib_hook import Sight, look_at, look_away
from agcod_guard.errors import ChangedRequestIdError
from agcod_guard.open_call import OpenCall
from agcod_guard.protocol.addresses import proxy_address
from agcod_guard.protocol.endpoints import endpoint_of, host_of
from agcod_guard.recorder import Recorder

OpenerT = TypeVar("OpenerT", bound=OpenerDirector)

_STANDARD = (http.client.HTTPConnection, http.client.HTTPSConnection)
_UNSET = getattr(socket, "_GLOBAL_DEFAULT_TIMEOUT", None)


class UrllibCapture:
    """All that one guard watches of `urllib.request`.

    Args:
        recorder: Told of each call.
    """

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self._everywhere = False
        self._openers: tuple[ref[OpenerDirector], ...] = ()

    def wrap(self, opener: OpenerT) -> OpenerT:
        """See the calls of `opener` from now on, also by handlers added later.

        Returns:
            The same object; wrapping it again changes nothing.

        Raises:
            TypeError: It is no `OpenerDirector`.
        """
        if not isinstance(opener, OpenerDirector):
            raise TypeError(
                "wrap() takes what urllib.request.build_opener() returns, not "
                f"{type(opener).__name__}; for other clients there is observe()"
            )
        self._openers = (*self._others(opener), ref(opener))
        self._look()
        return opener

    def unwrap(self, opener: OpenerDirector) -> None:
        """Leave `opener` as it was before `wrap`."""
        self._openers = self._others(opener)
        self._look()

    def install(self) -> None:
        """See the calls of every opener of this process, and of `urlopen`."""
        self._everywhere = True
        self._look()

    def uninstall(self) -> None:
        """Undo `install`; wrapped openers stay wrapped."""
        self._everywhere = False
        self._look()

    def dismount(self) -> None:
        """Undo every `wrap` and `install`."""
        self._everywhere, self._openers = False, ()
        self._look()

    def has_mounted(self, opener: OpenerDirector) -> bool:
        """Return whether this opener was wrapped and not unwrapped since."""
        return any(wrapped() is opener for wrapped in self._openers)

    def sees(self, opener: OpenerDirector) -> bool:
        """Return whether this guard is told of the calls of this opener."""
        return self._everywhere or self.has_mounted(opener)

    def sight_of(
        self, handler: object, http_class: object, request: Any
    ) -> Sight | None:
        """Return this guard's sight of an exchange that begins; None if not its own.

        Raises:
            ChangedRequestIdError: The exchange must not begin.
        """
        try:
            if not (self._everywhere or self._has_handler(handler)):
                return None
            return self._begun(http_class, request)
        except ChangedRequestIdError:
            raise
        except Exception as error:
            self.recorder.contain("capture.request", error)
            return None

    def _look(self) -> None:
        if self._everywhere or self._openers:
            look_at(self.sight_of)
        else:
            look_away(self.sight_of)

    def _others(self, opener: OpenerDirector) -> tuple[ref[OpenerDirector], ...]:
        """Return the openers that are wrapped and still there, without `opener`."""
        kept = (each for each in self._openers if each() not in (None, opener))
        return tuple(kept)

    def _has_handler(self, handler: object) -> bool:
        # handler.parent would not do: of a handler in two openers it is the last.
        openers: list[Any] = [wrapped() for wrapped in self._openers]
        return any(
            handler in opener.handlers for opener in openers if opener is not None
        )

    def _begun(self, http_class: object, request: Request) -> Sight | None:
        url = request.full_url
        if endpoint_of(host_of(url), self.recorder.hosts) is None:
            return None
        opened = self.recorder.begin(
            method=request.get_method(),
            url=url,
            headers=_sent_headers(request),
            body=request.data,
            via=_proxy(request),
        )
        if opened is None:
            return None
        self._look_for_timeout(http_class, request, opened)
        return Sight(self.recorder, opened, lambda: _sent_headers(request))

    def _look_for_timeout(
        self, http_class: object, request: Request, opened: OpenCall
    ) -> None:
        try:
            if _may_wait_for_ever(http_class, request):
                self.recorder.sent_without_timeout(opened)
        except Exception as error:
            self.recorder.contain("capture.timeout", error)


def _sent_headers(request: Any) -> Mapping[str, str]:
    """Return the headers as `do_open` and `http.client` put them on the wire."""
    headers = {"Accept-Encoding": "identity"}
    given = {**request.headers, **request.unredirected_hdrs, "Connection": "close"}
    headers.update((name.title(), value) for name, value in given.items())
    if getattr(request, "_tunnel_host", None):
        headers.pop("Proxy-Authorization", None)  # the proxy gets it, not Amazon
    return headers


def _proxy(request: Any) -> str:
    """Return `host:port` of the proxy it goes through; empty for none."""
    if not (getattr(request, "_tunnel_host", None) or request.has_proxy()):
        return ""
    return proxy_address(request.host)


def _may_wait_for_ever(http_class: object, request: Any) -> bool:
    """Return whether nobody sets a timeout: neither the caller nor the process."""
    timeout = getattr(request, "timeout", None)
    if timeout is _UNSET:
        timeout = socket.getdefaulttimeout()
    # A connection class of the partner's own may bring a timeout of its own.
    return timeout is None and http_class in _STANDARD
