"""Look on while somebody reads an `http.client` answer, and end the call with it.

Not pure: lends the response a class of its own until its body has ended. That
class is the response's own with `close` and the reading methods looked on; it has
the same name, and goes as it came. Attributes put on the response would not do:
`urlopen(url).read()` must keep the response alive until it is read, and a response
that is dropped must close its socket at once, so there can be no cycle.

Nothing is read that the partner does not read, when the partner reads it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from http.client import HTTPResponse
from typing import Any

from agcod_guard.open_call import KEPT_BYTES, OpenCall, kept_part
from agcod_guard.recorder import Recorder

_READERS = ("read", "read1", "readinto", "readline")
"""Every byte leaves an HTTPResponse through one of these, or through two nested."""

_TEE = "_agcod_tee"
_SET_CLASS = vars(object)["__class__"].__set__


class Sight:
    """What one guard is told of one exchange; nothing here raises.

    Args:
        recorder: Told.
        opened: The call, as `Recorder.begin` gave it.
    """

    __slots__ = ("_opened", "_recorder")

    def __init__(self, recorder: Recorder, opened: OpenCall) -> None:
        self._recorder, self._opened = recorder, opened

    def answered(self, response: HTTPResponse) -> None:
        """Note the head of the answer."""
        self._tell(
            self._recorder.answered,
            status=response.status,
            headers=dict(response.headers.items()),
        )

    def await_body(self) -> None:
        """Note that nobody is reading the body at present."""
        self._tell(self._recorder.await_body)

    def reading(self) -> None:
        """Note that somebody reads the body."""
        self._tell(self._recorder.reading)

    def left_unread(self) -> None:
        """Note that nobody will read the rest of the body; also for finalizers."""
        self._tell(self._recorder.left_unread)

    def end(
        self, *, body: bytes | None = None, error: BaseException | None = None
    ) -> None:
        """Note that the call has ended."""
        self._tell(self._recorder.end, body=body, error=error)

    def contain(self, error: Exception) -> None:
        """Count an error of ours, so that it goes no further."""
        self._recorder.contain("capture.body", error)

    def _tell(self, tell: Callable[..., None], **facts: Any) -> None:
        try:
            tell(self._opened, **facts)
        except Exception as error:
            self.contain(error)


class _Tee:
    """What is known of a body while it is being read.

    Attributes:
        busy: Whether a reading method is under way, which may call another.
    """

    __slots__ = ("_kept", "_room_bytes", "_sights", "busy")

    def __init__(self, sights: Sequence[Sight]) -> None:
        self._sights = sights
        self._kept: list[bytes] = []
        self._room_bytes = KEPT_BYTES
        self.busy = False

    def begin(self) -> None:
        self.busy = True
        for sight in self._sights:
            sight.reading()

    def pause(self) -> None:
        for sight in self._sights:
            sight.await_body()

    def keep(self, got: Any, given: tuple[Any, ...]) -> None:
        """Keep what a reading method returned, or has put into what it was given."""
        try:
            if isinstance(got, int):
                got = memoryview(given[0]).cast("B")[:got]
            piece = kept_part(got[: self._room_bytes])
            if piece:
                self._kept.append(piece)
                self._room_bytes -= len(piece)
        except Exception as error:
            self._sights[0].contain(error)

    def end(self, error: BaseException | None = None) -> None:
        body = b"".join(self._kept)
        for sight in self._sights:
            sight.end(body=body, error=error)

    def leave(self) -> None:
        for sight in self._sights:
            sight.left_unread()


def look_on(response: Any, sights: Sequence[Sight]) -> None:
    """Note the head of the answer, and end the call where its body ends.

    Args:
        response: What `do_open` returned; the body of anything but an
            HTTPResponse is not seen.
        sights: Who looks on; at least one.
    """
    try:
        if isinstance(response, HTTPResponse):
            for sight in sights:
                sight.answered(response)
            _lend_class(response, sights)
            return
    except Exception as error:
        sights[0].contain(error)
    for sight in sights:
        sight.end()


def _lend_class(response: HTTPResponse, sights: Sequence[Sight]) -> None:
    tee = _Tee(sights)
    if _is_over(response):
        tee.end()
        return
    own = type(response)
    vars(response)[_TEE] = tee
    try:
        _SET_CLASS(response, _looked_on(own))
    except BaseException:
        del vars(response)[_TEE]
        raise
    tee.pause()


def _give_back_class(response: HTTPResponse, own: type) -> _Tee | None:
    """Leave the response as it would be without us; return what stood there."""
    if type(response) is not own:
        _SET_CLASS(response, own)
    tee: _Tee | None = vars(response).pop(_TEE, None)
    return tee


@functools.lru_cache(maxsize=16)
def _looked_on(own: type[HTTPResponse]) -> type[HTTPResponse]:
    """Return the class that a response of class `own` is lent."""
    methods: dict[str, Any] = {name: _reader(own, name) for name in _READERS}
    names = {"__module__": own.__module__, "__qualname__": own.__qualname__}
    return type(own.__name__, (own,), methods | names | {"close": _closer(own)})


def _reader(own: type[HTTPResponse], name: str) -> Callable[..., Any]:
    @functools.wraps(getattr(own, name))
    def method(response: HTTPResponse, *args: Any, **kwargs: Any) -> Any:
        tee: _Tee | None = vars(response).get(_TEE)
        read = getattr(own, name)
        if tee is None or tee.busy:
            return read(response, *args, **kwargs)
        tee.begin()
        try:
            got = read(response, *args, **kwargs)
        except (TypeError, ValueError):
            raise  # the caller's own mistake: the body is still to be read
        except BaseException as error:
            _give_back_class(response, own)
            tee.end(error)
            raise
        finally:
            tee.busy = False
        tee.keep(got, (*args, *kwargs.values()))
        if _is_over(response):
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
        try:
            return own.close(response, *args, **kwargs)
        finally:
            if tee is not None:
                tee.leave()

    return close


def _is_over(response: HTTPResponse) -> bool:
    """Return whether no byte of the body is left to be read."""
    return response.length == 0 or response.isclosed()
