"""What is seen of an answer's body while its reader reads, and the call's end.

Not pure: tells the recorder. Nothing here raises: each method is called from
within the partner's own reading.
"""

from __future__ import annotations

from agcod_guard.open_call import KEPT_BYTES, OpenCall, kept_part
from agcod_guard.recorder import Recorder


class AnswerBody:
    """The body of one answer, of which at most 64 kB are kept.

    Args:
        recorder: Told when the body is being read, and when the call has ended.
        opened: The call, whose answer's head has come.

    Attributes:
        kept_bytes: How much of the body is kept so far.
    """

    __slots__ = ("_chunks", "_opened", "_over", "_recorder", "kept_bytes")

    def __init__(self, recorder: Recorder, opened: OpenCall) -> None:
        self._recorder, self._opened = recorder, opened
        self._chunks: list[bytes] = []
        self._over = False
        self.kept_bytes = 0
        self.pause()

    def read_on(self) -> None:
        """Note that somebody waits for a piece of the body."""
        try:
            self._recorder.reading(self._opened)
        except Exception as error:
            self.contain(error)

    def pause(self) -> None:
        """Note that nobody waits for any of it at present, and perhaps never will."""
        try:
            self._recorder.await_body(self._opened)
        except Exception as error:
            self.contain(error)

    def keep(self, chunk: object) -> None:
        """Keep what of a piece there is room for."""
        try:
            room_bytes = KEPT_BYTES - self.kept_bytes
            if room_bytes > 0 and (piece := kept_part(chunk)):
                self._chunks.append(piece[:room_bytes])
                self.kept_bytes += min(len(piece), room_bytes)
        except Exception as error:
            self.contain(error)

    def end(self, *, seen: bool = True, error: BaseException | None = None) -> None:
        """Note that the call has ended; the first end counts.

        Args:
            seen: False if its reader has not read it from the first byte to the
                last.
            error: What the reader got in place of the rest.
        """
        if self._over:
            return
        self._over = True
        try:
            self.read_on()
            self._tell_end(seen=seen, error=error)
        except Exception as trouble:
            self.contain(trouble)

    def leave(self, rest: bytes | None = None) -> None:
        """Note that nobody will read on; also for finalizers, see `left_unread`.

        Args:
            rest: What nobody will read of the body; None if it cannot be told.
        """
        self._over = True
        try:
            if rest is not None:
                self.keep(rest)
            body = None if rest is None else self.kept()
            self._recorder.left_unread(self._opened, body=body)
        except Exception as error:
            self.contain(error)

    def kept(self) -> bytes:
        """Return what is kept."""
        return b"".join(self._chunks)

    def contain(self, error: Exception) -> None:
        """Count an error of ours, so that it goes no further."""
        self._recorder.contain("capture.body", error)

    def _tell_end(self, *, seen: bool, error: BaseException | None) -> None:
        body = self.kept() if seen else None
        self._recorder.end(self._opened, body=body, error=error)
