"""Look on while somebody reads an `http.client` answer, and end the call with it.

Not pure: lends the response a class of its own until its body has ended. That
class is the response's own with `close` and the reading methods looked on; it has
the same name, and goes as it came. Attributes put on the response would not do:
`urlopen(url).read()` must keep the response alive until it is read, and a response
that is dropped must close its socket at once, so there can be no cycle.

Nothing is read that the partner does not read, when the partner reads it. Only of
a body that is closed or dropped unread is taken what has come by then.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Sequence
from http.client import HTTPResponse
from typing import Any

from agcod_guard.capture.answer_body import AnswerBody

_READERS = ("read", "read1", "readinto", "readline")
"""Every byte leaves an HTTPResponse through one of these, or through two nested."""

_TEE = "_agcod_tee"
_SET_CLASS = vars(object)["__class__"].__set__


class _Tee:
    """All guards that look on while one body is read.

    Attributes:
        busy: Whether a reading method is under way, which may call another.
    """

    __slots__ = ("_bodies", "busy")

    def __init__(self, bodies: Sequence[AnswerBody]) -> None:
        self._bodies, self.busy = [*bodies], False

    def join(self, bodies: Sequence[AnswerBody]) -> None:
        self._bodies += bodies

    def read_on(self) -> None:
        self.busy = True
        for body in self._bodies:
            body.read_on()

    def pause(self) -> None:
        for body in self._bodies:
            body.pause()

    def keep(self, name: str, got: Any, given: Any) -> None:
        """Keep what the reading method `name` returned, or put into `given`."""
        for body in self._bodies:
            try:
                body.keep(memoryview(given).cast("B")[:got] if _fills(name) else got)
            except Exception as error:
                body.contain(error)

    def is_over(self, response: HTTPResponse, name: str, got: Any, given: Any) -> bool:
        """Return whether what a reading method returned is the last we look at."""
        try:
            return _is_last(name, got, given) or _is_over(response)
        except Exception as error:
            self._bodies[0].contain(error)
            for body in self._bodies:
                body.end(seen=False)
            return True

    def end(self, error: BaseException | None = None) -> None:
        for body in self._bodies:
            body.end(error=error)

    def leave(self, response: HTTPResponse) -> None:
        """Note that nobody will read on; to be called before it is closed."""
        rest = None
        try:
            rest = arrived(response)
        except Exception as error:
            self._bodies[0].contain(error)
        for body in self._bodies:
            body.leave(rest)


def watch_body(response: HTTPResponse, bodies: Sequence[AnswerBody]) -> None:
    """End the call of each of `bodies` where that of `response` ends.

    Args:
        response: An answer of which nothing has been read yet.
        bodies: What each guard sees of its body; at least one.

    Raises:
        Exception: The response cannot be watched; it is as it was.
    """
    watching: _Tee | None = vars(response).get(_TEE)
    if watching is not None:  # a handler got it by opening a URL itself
        watching.join(bodies)
        return
    tee = _Tee(bodies)
    if _is_over(response):
        tee.end()
    else:
        _lend_class(response, _watched(type(response)), tee)


def _lend_class(response: HTTPResponse, lent: type, tee: _Tee) -> None:
    vars(response)[_TEE] = tee
    try:
        _SET_CLASS(response, lent)
    except BaseException:
        del vars(response)[_TEE]
        raise


def _give_back_class(response: HTTPResponse, own: type) -> _Tee | None:
    """Leave the response as it would be without us; return what stood there."""
    if type(response) is not own:
        _SET_CLASS(response, own)
    tee: _Tee | None = vars(response).pop(_TEE, None)
    return tee


@functools.lru_cache(maxsize=16)
def _watched(own: type[HTTPResponse]) -> type[HTTPResponse]:
    """Return the class that a response of class `own` is lent."""
    return type(
        own.__name__,
        (own,),
        {
            "__module__": own.__module__,
            "__qualname__": own.__qualname__,
            "__class__": property(lambda _: own),
            "__reduce_ex__": _reducer(own),
            "close": _closer(own),
            **{name: _reader(own, name) for name in _READERS},
        },
    )


def _reader(own: type[HTTPResponse], name: str) -> Callable[..., Any]:
    @functools.wraps(getattr(own, name))
    def method(response: HTTPResponse, *args: Any, **kwargs: Any) -> Any:
        tee: _Tee | None = vars(response).get(_TEE)
        read = getattr(own, name)
        if tee is None or tee.busy:
            return read(response, *args, **kwargs)
        tee.read_on()
        try:
            got = read(response, *args, **kwargs)
        except (TypeError, ValueError):
            tee.pause()  # the caller's own mistake: the body is still to be read
            raise
        except BaseException as error:
            _give_back_class(response, own)
            tee.end(error)
            raise
        finally:
            tee.busy = False
        given = args[0] if args else next(iter(kwargs.values()), None)
        tee.keep(name, got, given)
        if tee.is_over(response, name, got, given):
            _give_back_class(response, own)
            tee.end()
        else:
            tee.pause()
        return got

    return method


def _closer(own: type[HTTPResponse]) -> Callable[..., Any]:
    @functools.wraps(own.close)
    def close(response: HTTPResponse, *args: Any, **kwargs: Any) -> Any:
        tee = _give_back_class(response, own)
        if tee is not None:
            tee.leave(response)
        return own.close(response, *args, **kwargs)

    return close


def _reducer(own: type[HTTPResponse]) -> Callable[..., Any]:
    def reduced(response: HTTPResponse, protocol: Any) -> Any:
        """Return what the response itself would give to be copied or pickled by."""
        lent, tee = type(response), _give_back_class(response, own)
        try:
            parts: Any = response.__reduce_ex__(protocol)
            function, args, *state = parts
            return (function, args, *map(copy.copy, state))
        finally:
            if tee is not None:
                _lend_class(response, lent, tee)

    return reduced


def arrived(response: HTTPResponse) -> bytes | None:
    """Return the unread rest of the body if all of it has come; None if not.

    It stays to be read: this only peeks, and nothing is waited for. A program that
    looks at an HTTPError's code alone would hide every F-code otherwise.
    """
    connection = getattr(getattr(response.fp, "raw", None), "_sock", None)
    if connection is None or response.chunked or not response.length:
        return None
    try:
        there = _peeked(response, connection)
    except (OSError, ValueError):
        return None  # nothing has come, or the connection is closed already
    return there[: response.length] if len(there) >= response.length else None


def _peeked(response: Any, connection: Any) -> bytes:
    timeout_s = connection.gettimeout()
    connection.settimeout(0.0)
    try:
        there: bytes = response.fp.peek(response.length)
    finally:
        connection.settimeout(timeout_s)
    return there


def _fills(name: str) -> bool:
    """Return whether a reading method fills a buffer, and returns a number."""
    return name == "readinto"


def _is_last(name: str, got: Any, given: Any) -> bool:
    """Return whether a reading method has by its contract met the body's end.

    Args:
        name: The method.
        got: What it returned: bytes, or how many it put into the buffer.
        given: The buffer, or how many bytes were asked for; None for all.
    """
    if got:
        return name == "read" and (given is None or given < 0)
    return len(given) > 0 if _fills(name) else given != 0


def _is_over(response: HTTPResponse) -> bool:
    """Return whether no byte of the body is left to be read."""
    return response.length == 0 or response.isclosed()
