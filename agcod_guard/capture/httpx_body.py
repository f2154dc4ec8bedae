"""Look on while somebody reads an answer of httpx, and end the call with its body.

Not pure: stands between a transport's stream and its reader. Each chunk or error is
handed on as it is, when it is asked for; a reader that never asks is never served.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx

from agcod_guard.capture.answer_body import AnswerBody
from agcod_guard.open_call import KEPT_BYTES, OpenCall
from agcod_guard.recorder import Recorder

_PIECE_BYTES = 1_024
"""So much of a compressed body is undone at once, so that little can become much."""


class CodedBody(AnswerBody):
    """A body as it came over the wire, still in its Content-Encoding.

    It is undone by httpx, as for the reader: where that fails, it fails for both.

    Args:
        recorder: Told of the body's end.
        opened: The call.
        coding: Value of Content-Encoding.
    """

    __slots__ = ("_coding",)

    def __init__(self, recorder: Recorder, opened: OpenCall, coding: str) -> None:
        self._coding = coding
        super().__init__(recorder, opened)

    def _tell_end(self, *, seen: bool, error: BaseException | None) -> None:
        whole = seen and error is None and self.kept_bytes < KEPT_BYTES
        body = None
        try:
            body = _decoded(self.kept(), self._coding, whole=whole)
        except httpx.DecodingError as trouble:
            error = error or trouble
        except Exception as trouble:
            self.contain(trouble)
        self._recorder.end(self._opened, body=body if seen else None, error=error)


class GuardedStream(httpx.SyncByteStream):
    """A transport's stream with somebody looking on.

    Args:
        stream: What the transport gave.
        body: Told of what goes by.
    """

    def __init__(self, stream: httpx.SyncByteStream, body: AnswerBody) -> None:
        self._stream, self._body = stream, body

    def __iter__(self) -> Iterator[bytes]:
        return _Chunks(iter(self._stream), self._body)

    def close(self) -> None:
        """Close the stream; what nobody has read by now was not seen."""
        self._body.end(seen=False)
        self._stream.close()


class AsyncGuardedStream(httpx.AsyncByteStream):
    """The same for an asynchronous transport; see `GuardedStream`."""

    def __init__(self, stream: httpx.AsyncByteStream, body: AnswerBody) -> None:
        self._stream, self._body = stream, body

    def __aiter__(self) -> AsyncIterator[bytes]:
        return _AsyncChunks(aiter(self._stream), self._body)

    async def aclose(self) -> None:
        """Close the stream; what nobody has read by now was not seen."""
        self._body.end(seen=False)
        await self._stream.aclose()


class _Chunks:
    """An iterator, not a generator: one more of those would be closed in its turn."""

    __slots__ = ("_body", "_chunks")

    def __init__(self, chunks: Iterator[bytes], body: AnswerBody) -> None:
        self._chunks, self._body = chunks, body

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        self._body.read_on()
        try:
            chunk = next(self._chunks)
        except StopIteration:
            self._body.end()
            raise
        except BaseException as error:
            self._body.end(error=error)
            raise
        self._body.keep(chunk)
        self._body.pause()
        return chunk


class _AsyncChunks:
    """The same, awaited; it awaits nothing but the transport's own."""

    __slots__ = ("_body", "_chunks")

    def __init__(self, chunks: AsyncIterator[bytes], body: AnswerBody) -> None:
        self._chunks, self._body = chunks, body

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        self._body.read_on()
        try:
            chunk = await anext(self._chunks)
        except StopAsyncIteration:
            self._body.end()
            raise
        except GeneratorExit:
            # A task was thrown away: this may be the garbage collector's doing.
            self._body.leave()
            raise
        except BaseException as error:
            self._body.end(error=error)
            raise
        self._body.keep(chunk)
        self._body.pause()
        return chunk


class _Pieces(httpx.SyncByteStream):
    """What is kept of a body, piece by piece."""

    def __init__(self, kept: bytes) -> None:
        self._kept = kept
        self.exhausted = False

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self._kept), _PIECE_BYTES):
            yield self._kept[start : start + _PIECE_BYTES]
        self.exhausted = True


def _decoded(kept: bytes, coding: str, *, whole: bool) -> bytes:
    """Return at most 64 kB of what the partner's httpx makes of `kept`.

    Raises:
        httpx.DecodingError: It cannot be undone; not for want of the rest of a
            body of which this is not the whole.
    """
    pieces, decoded = _Pieces(kept), bytearray()
    answer = httpx.Response(200, headers={"Content-Encoding": coding}, stream=pieces)
    try:
        for chunk in answer.iter_bytes():
            decoded += chunk
            if len(decoded) >= KEPT_BYTES:
                break
    except httpx.DecodingError:
        if whole or not pieces.exhausted:
            raise
    return bytes(decoded[:KEPT_BYTES])
