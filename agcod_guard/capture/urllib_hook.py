"""Stand where urllib sends, once for all guards, and leave without a trace.

Not pure: sets and restores `do_open` of `urllib.request.AbstractHTTPHandler`. Of
all places that one sees each exchange exactly once and as it is: beneath the
handlers that add headers, follow redirects, answer a 401 or turn a status into an
HTTPError (each of them opens anew), and above the connection, so that the request
still has the URL that was meant and not its proxy's. `OpenerDirector.open` would
see the beginning and the end of a chain of exchanges, and none of their bodies.

Several guards share one hook, so that none can stand above another. What stands
beneath is called as Python would call it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPResponse
from typing import Any
from urllib.request import AbstractHTTPHandler

from agcod_guard.capture.answer_body import AnswerBody
from agcod_guard.capture.urllib_body import watch_body
from agcod_guard.open_call import OpenCall
from agcod_guard.recorder import Recorder


class Sight:
    """What one guard sees of one exchange; nothing here raises.

    Args:
        recorder: Told of it.
        opened: The call, as `Recorder.begin` gave it.
        headers: Returns the request's headers as they stand when it is asked.
    """

    __slots__ = ("_headers", "_opened", "_recorder")

    def __init__(
        self,
        recorder: Recorder,
        opened: OpenCall,
        headers: Callable[[], Mapping[str, str]],
    ) -> None:
        self._recorder, self._opened, self._headers = recorder, opened, headers

    def sent(self) -> None:
        """Note that the request went out, or failed to.

        A tool that stands beneath the guard may have added headers to it.
        """
        try:
            self._opened.headers = self._headers()
        except Exception as error:
            self.contain(error)

    def answered(self, response: HTTPResponse) -> AnswerBody:
        """Note the head of the answer; return what will be seen of its body."""
        try:
            self._recorder.answered(
                self._opened,
                status=response.status,
                headers=dict(response.headers.items()),
            )
        except Exception as error:
            self.contain(error)
        return AnswerBody(self._recorder, self._opened)

    def end(self, error: BaseException | None = None) -> None:
        """Note that the call has ended, and that no body will be seen."""
        try:
            self._recorder.end(self._opened, error=error)
        except Exception as trouble:
            self.contain(trouble)

    def contain(self, error: Exception) -> None:
        """Count an error of ours, so that it goes no further."""
        self._recorder.contain("capture.answer", error)


SightOf = Callable[..., Sight | None]
"""Given a handler and what its `do_open` was given, returns who looks on, if any.

It raises nothing but a `ChangedRequestIdError`, for which the partner has asked.
"""

_NAME = "do_open"


class _Hook:
    """What stands in place of `do_open`; passes everything on once it is not used."""

    __slots__ = ("_beneath", "function")

    def __init__(self) -> None:
        self._beneath = vars(AbstractHTTPHandler)[_NAME]
        self.function = _function_of(self)
        setattr(AbstractHTTPHandler, _NAME, self.function)

    def is_uppermost(self) -> bool:
        return vars(AbstractHTTPHandler)[_NAME] is self.function

    def leave(self) -> None:
        """Restore what stood here, unless somebody else has built upon it."""
        if self.is_uppermost():
            setattr(AbstractHTTPHandler, _NAME, self._beneath)

    def asked_of(self, handler: Any) -> Any:
        """Return the `do_open` of `handler` as if this hook were not there."""
        bind = getattr(type(self._beneath), "__get__", None)
        if bind is None:
            return self._beneath
        return bind(self._beneath, handler, type(handler))


class _Hooked:
    """Who looks on at present, and through which hook.

    Attributes:
        hook: The one hook in use; all older ones only pass on.
        watchers: Those who look on; the tuple is replaced, never changed.
    """

    hook: _Hook | None = None
    watchers: tuple[SightOf, ...] = ()


def look_at(sight_of: SightOf) -> None:
    """Ask `sight_of` at every exchange from now on; once, however often told."""
    if sight_of not in _Hooked.watchers:
        _Hooked.watchers = (*_Hooked.watchers, sight_of)
    # Another tool may stand above, or may have thrown the hook out: either way
    # a new one on top sees everything, and the old one no longer looks.
    if _Hooked.hook is None or not _Hooked.hook.is_uppermost():
        _Hooked.hook = _Hook()


def look_away(sight_of: SightOf) -> None:
    """Ask `sight_of` no more; the last one to go takes the hook along."""
    left = tuple(other for other in _Hooked.watchers if other != sight_of)
    _Hooked.watchers = left
    hook = _Hooked.hook
    if hook is not None and not left:
        _Hooked.hook = None
        hook.leave()


def _function_of(hook: _Hook) -> Any:
    """Return the function that stands in place of `do_open`."""

    @functools.wraps(AbstractHTTPHandler.do_open, updated=())
    def do_open(handler: Any, *args: Any, **kwargs: Any) -> Any:
        send = hook.asked_of(handler)
        watchers = _Hooked.watchers if _Hooked.hook is hook else ()
        sights = _sights(watchers, handler, args, kwargs)
        if not sights:
            return send(*args, **kwargs)
        try:
            response = send(*args, **kwargs)
        except BaseException as error:
            for sight in sights:
                sight.sent()
                sight.end(error)
            raise
        _look_on(response, sights)
        return response

    return do_open


def _look_on(response: Any, sights: Sequence[Sight]) -> None:
    """Note the head of the answer, and end the call where its body ends.

    Of what is no HTTPResponse nothing can be seen.
    """
    try:
        for sight in sights:
            sight.sent()
        if isinstance(response, HTTPResponse):
            watch_body(response, [sight.answered(response) for sight in sights])
            return
    except Exception as error:
        sights[0].contain(error)
    for sight in sights:
        sight.end()


def _sights(
    watchers: tuple[SightOf, ...],
    handler: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> list[Sight]:
    request = args[1] if len(args) > 1 else kwargs.get("req")
    http_class = args[0] if args else kwargs.get("http_class")
    sights: list[Sight] = []
    try:
        for watcher in watchers:
            sight = watcher(handler, http_class, request)
            if sight is not None:
                sights.append(sight)
    except BaseException as error:
        for sight in sights:
            sight.end(error)
        raise
    return sights
