"""Look on while somebody reads an answer's body, and end the call with it.

Not pure: puts an `iter_content` on the response and takes it away when the body
has ended. Nothing is read that the partner does not read, when the partner reads
it. Reading a body for the partner would change `response.elapsed`, what hooks
see, and where a broken body raises.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import requests

from agcod_guard.capture.answer_body import AnswerBody
from agcod_guard.open_call import OpenCall
from agcod_guard.recorder import Recorder


class Tee:
    """What stands in place of a response's `iter_content` until the body ends."""

    __slots__ = (
        "_beneath",
        "_body",
        "_iter_content",
        "_response",
        "done",
    )

    def __init__(
        self, recorder: Recorder, opened: OpenCall, response: requests.Response
    ) -> None:
        self._response = response
        self._iter_content = response.iter_content
        self._beneath = vars(response).get("iter_content")
        self._body = AnswerBody(recorder, opened)
        self.done = False
        vars(response)["iter_content"] = self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the response's own `iter_content` returns, looked on."""
        chunks = self._iter_content(*args, **kwargs)
        if not hasattr(type(chunks), "__next__"):
            return chunks
        return self._handed_on(chunks)

    def _handed_on(self, chunks: Iterator[Any]) -> Iterator[Any]:
        seen = self._begin()
        try:
            for chunk in chunks:
                self._body.keep(chunk)
                yield chunk
        except GeneratorExit:
            # The reader stops early: what it holds is ours, so pass that on.
            try:
                _close(chunks)
            finally:
                self._end(body_seen=False)
            raise
        except BaseException as error:
            self._end(body_seen=seen, error=error)
            raise
        self._end(body_seen=seen)

    def _begin(self) -> bool:
        """Note that the body is being read; return False if part of it was before."""
        self._body.read_on()
        try:
            return self._body.kept_bytes > 0 or not _pulled_bytes(self._response)
        except Exception as error:
            self._body.contain(error)
            return True

    def _end(self, *, body_seen: bool, error: BaseException | None = None) -> None:
        self._body.end(seen=body_seen, error=error)
        self._take_away()

    def _take_away(self) -> None:
        """Leave the response as it would be without any tee that is done."""
        self.done = True
        uppermost = vars(self._response).get("iter_content")
        while isinstance(uppermost, Tee) and uppermost.done:
            uppermost = uppermost._uncover()

    def _uncover(self) -> Any:
        if self._beneath is None:
            del vars(self._response)["iter_content"]
        else:
            vars(self._response)["iter_content"] = self._beneath
        return self._beneath


def _pulled_bytes(response: requests.Response) -> int:
    """Return how many bytes of the body have been taken from the wire already."""
    tell = getattr(response.raw, "tell", None)
    pulled = tell() if callable(tell) else 0
    return pulled if isinstance(pulled, int) else 0


def _close(chunks: Any) -> None:
    close = getattr(chunks, "close", None)
    if close is not None:
        close()
