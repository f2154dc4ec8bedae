"""Catch the calls of `requests` sessions without changing what anyone sees.

Not pure: mounts itself on sessions or on their class, and sees every exchange
with AGCOD go by. The partner's adapter sends and the partner's own reading reads;
here is only looked on, and whatever fails in the looking is contained.

A session asks `get_adapter` for each request and each redirect, so that is where
the guard stands. `session.adapters` stays as it is, and with it `mount`, pickling
and every adapter of the partner's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import requests
from requests.adapters import HTTPAdapter
from requests.utils import select_proxy
from urllib3.exceptions import MaxRetryError
from urllib3.util.retry import Retry

from agcod_guard.call import Endpoint
from agcod_guard.capture.mounts import Mounts, choosing
from agcod_guard.capture.tee import Tee
from agcod_guard.errors import ChangedRequestIdError
from agcod_guard.open_call import OpenCall, kept_part
from agcod_guard.protocol.addresses import proxy_address
from agcod_guard.protocol.endpoints import endpoint_of, host_of
from agcod_guard.recorder import Recorder

SessionT = TypeVar("SessionT", bound=requests.Session)

CHOOSING_METHOD = "get_adapter"
"""What a session asks for each request and each redirect."""

_ORIGINS_KEPT = 256


class RequestsCapture:
    """All that one guard has mounted on `requests`.

    Args:
        recorder: Told of each call.
    """

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self._agcod = _AgcodUrls(recorder.hosts)
        self._mounts = Mounts(CHOOSING_METHOD, choosing(self.chosen))

    def wrap(self, session: SessionT) -> SessionT:
        """See the calls of `session` from now on.

        Returns:
            The same object; wrapping it again changes nothing.

        Raises:
            TypeError: It is no `requests.Session`.
        """
        if not isinstance(session, requests.Session):
            raise TypeError(
                f"wrap() takes a requests.Session, not {type(session).__name__}; "
                "for other clients there is observe()"
            )
        self._mounts.put_on(session)
        return session

    def unwrap(self, session: requests.Session) -> None:
        """Leave `session` as it was before `wrap`."""
        self._mounts.take_off(session)

    def install(self) -> None:
        """See the calls of every session of this process, made or yet to be made."""
        self._mounts.put_on(requests.Session)

    def uninstall(self) -> None:
        """Undo `install`; wrapped sessions stay wrapped."""
        self._mounts.take_off(requests.Session)

    def dismount(self) -> None:
        """Undo every `wrap` and `install`."""
        self._mounts.take_off_all()

    def has_mounted(self, session: requests.Session) -> bool:
        """Return whether this session was wrapped and not unwrapped since."""
        return session in self._mounts

    def chosen(self, adapter: Any, url: object) -> Any:
        """Return what shall send to `url`: `adapter` itself unless it is AGCOD's."""
        try:
            if url in self._agcod and not is_guarded(adapter, self.recorder):
                return GuardedAdapter(adapter, self.recorder)
        except Exception as error:
            self.recorder.contain("capture.url", error)
        return adapter


class GuardedAdapter:
    """A partner's adapter with somebody looking on.

    Only `send` is ours. Attributes, equality, class, copies and pickles are those
    of the adapter, so that code which asks a session for its adapter finds it.
    """

    __slots__ = ("_agcod_inner", "_agcod_recorder")

    _agcod_inner: Any
    _agcod_recorder: Recorder

    def __init__(self, inner: Any, recorder: Recorder) -> None:
        object.__setattr__(self, "_agcod_inner", inner)
        object.__setattr__(self, "_agcod_recorder", recorder)

    def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Send through the partner's adapter; journal the call."""
        send, recorder = self._agcod_inner.send, self._agcod_recorder
        opened = _begun(recorder, self._agcod_inner, request, args, kwargs)
        try:
            response = send(request, *args, **kwargs)
        except BaseException as error:
            _failed(recorder, opened, self._agcod_inner, error)
            raise
        if opened is not None:
            stream = args[0] if args else kwargs.get("stream")
            _look_on(recorder, opened, response, stream=stream)
        return response

    @property  # type: ignore[misc]  # what isinstance() asks, besides the type
    def __class__(self) -> type:
        return type(self._agcod_inner)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._agcod_inner, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._agcod_inner, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._agcod_inner, name)

    def __eq__(self, other: object) -> bool:
        theirs = other._agcod_inner if type(other) is GuardedAdapter else other
        return bool(self._agcod_inner == theirs)

    def __hash__(self) -> int:
        return hash(self._agcod_inner)

    def __repr__(self) -> str:
        return repr(self._agcod_inner)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self._agcod_inner.__reduce_ex__(protocol)


def innermost(adapter: Any) -> Any:
    """Return the partner's own adapter beneath those of all guards."""
    while type(adapter) is GuardedAdapter:
        adapter = adapter._agcod_inner
    return adapter


def is_guarded(adapter: object, recorder: Recorder) -> bool:
    """Return whether `recorder` is told of what `adapter` sends."""
    while type(adapter) is GuardedAdapter:
        if adapter._agcod_recorder is recorder:
            return True
        adapter = adapter._agcod_inner
    return False


class _AgcodUrls:
    """The URLs whose host is AGCOD's.

    Other calls of a session pay for every `in`, so origins are remembered.
    """

    def __init__(self, hosts: Mapping[str, Endpoint]) -> None:
        self._hosts = hosts
        self._known: dict[str, bool] = {}

    def __contains__(self, url: object) -> bool:
        path_at = url.find("/", len("https://")) if type(url) is str else -1
        if type(url) is not str or path_at < 0:
            return self._is_agcod(url)
        origin = url[:path_at]
        known = self._known.get(origin)
        if known is None:
            known = self._is_agcod(url)
            # A user's password can stand before the host: that is not kept.
            if "@" not in origin and len(self._known) < _ORIGINS_KEPT:
                self._known[origin] = known
        return known

    def _is_agcod(self, url: object) -> bool:
        return endpoint_of(host_of(url), self._hosts) is not None


def _begun(
    recorder: Recorder,
    adapter: Any,
    request: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> OpenCall | None:
    opened = None
    try:
        opened = recorder.begin(
            method=request.method,
            url=request.url,
            headers=request.headers,
            body=request.body,
            via=_proxy(adapter, request.url, args, kwargs),
        )
        if opened is not None and _may_wait_for_ever(adapter, args, kwargs):
            recorder.sent_without_timeout(opened)
    except ChangedRequestIdError:
        raise
    except Exception as error:
        recorder.contain("capture.request", error)
    return opened


def _look_on(
    recorder: Recorder, opened: OpenCall, response: Any, *, stream: object
) -> None:
    """Note the head of the answer, and end the call where its body ends."""
    try:
        recorder.answered(
            opened,
            status=getattr(response, "status_code", None),
            headers=getattr(response, "headers", None) or {},
            attempts=_attempts(response),
        )
        if stream or not issubclass(type(response), requests.Response):
            recorder.end(opened)
        elif response._content is not False or response._content_consumed:
            recorder.end(opened, body=kept_part(response._content))
        elif response.raw is None:
            recorder.end(opened)
        else:
            Tee(recorder, opened, response)
    except Exception as error:
        recorder.contain("capture.answer", error)
        _ended(recorder, opened)


def _failed(
    recorder: Recorder, opened: OpenCall | None, adapter: Any, error: BaseException
) -> None:
    """Note what the caller gets instead of an answer."""
    try:
        attempts = _attempts_given_up(adapter, error)
        if opened is not None and attempts > 1:
            recorder.sent_several_times(opened, attempts)
    except Exception as trouble:
        recorder.contain("capture.end", trouble)
    _ended(recorder, opened, error)


def _ended(
    recorder: Recorder, opened: OpenCall | None, error: BaseException | None = None
) -> None:
    try:
        recorder.end(opened, error=error)
    except Exception as trouble:
        recorder.contain("capture.end", trouble)


def _may_wait_for_ever(
    adapter: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> bool:
    """Return whether neither the caller nor the adapter sets a timeout."""
    timeout = args[1] if len(args) > 1 else kwargs.get("timeout")
    if timeout is not None and timeout != (None, None):
        return False
    # Another `send` than that of requests may bring a timeout of its own.
    return getattr(type(adapter), "send", None) is HTTPAdapter.send


def _proxy(
    adapter: Any, url: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> str | None:
    """Return the address of the proxy to be used; None if it cannot be told.

    An adapter of the partner's own may go ways that only it knows.
    """
    if type(innermost(adapter)) is not HTTPAdapter:
        return None
    proxies = args[4] if len(args) > 4 else kwargs.get("proxies")
    proxy = select_proxy(url, proxies) if proxies else None
    return proxy_address(proxy) or None if proxy else ""


def _attempts(response: Any) -> int:
    """Return how often urllib3 sent the request, which it may do unseen."""
    retries = getattr(getattr(response, "raw", None), "retries", None)
    history = getattr(retries, "history", None)
    return len(history) + 1 if isinstance(history, tuple) else 1


def _attempts_given_up(adapter: Any, error: BaseException) -> int:
    """Return how often, at least, urllib3 tried before it gave up.

    It does not tell which of its counters has run out.
    """
    cause = error.args[0] if error.args else None
    retries = getattr(adapter, "max_retries", None)
    if not isinstance(cause, MaxRetryError) or not isinstance(retries, Retry):
        return 1
    kinds = ("total", "connect", "read", "status", "other")
    counts = [getattr(retries, kind) for kind in kinds]
    return 1 + min((count for count in counts if type(count) is int), default=0)
