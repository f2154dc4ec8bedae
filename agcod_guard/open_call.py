"""A call that was sent and has not ended, and what is kept of a body.

Pure: holds what it is given.
"""

from __future__ import annotations

from collections.abc import Mapping

from agcod_guard.attempting import Try
from agcod_guard.frames import Begin, End
from agcod_guard.protocol.reading import AnswerFacts

KEPT_BYTES = 65_536
"""How much of a body is kept; a body of this length counts as cut."""

_NO_HEADERS: Mapping[str, str] = {}


class OpenCall:
    """One call in flight, from `Recorder.begin` to `Recorder.end`.

    It refers to the raw request, with its signature, so it shows nothing of
    itself and goes when the call has ended.

    Attributes:
        begun: Its begin frame: what may be kept of the request.
        method: HTTP method.
        url: Full URL, raw.
        headers: Request headers, raw.
        body: Request body, raw; None if there is none that can be seen.
        status: HTTP status; None until the answer's head has come.
        answer_headers: Headers of the answer; empty until then.
        attempts: How often the client has sent the request.
        answered_mono_s: Monotonic clock when the answer's head came.
        tries: The attempts under `retrying` it belongs to; nearly always none.
    """

    __slots__ = (
        "_unclaimed",
        "answer_headers",
        "answered_mono_s",
        "attempts",
        "begun",
        "body",
        "headers",
        "method",
        "status",
        "tries",
        "url",
    )

    def __init__(
        self,
        begun: Begin,
        *,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> None:
        self.begun = begun
        self.method, self.url = method, url
        self.headers, self.body = headers, body
        self.answered_mono_s = begun.mono_ns / 1e9
        self.status: int | None = None
        self.answer_headers = _NO_HEADERS
        self.attempts = 1
        self.tries: tuple[Try, ...] = ()
        self._unclaimed = [True]

    def claim(self) -> bool:
        """Return True to the first who asks, of all threads, and False to others."""
        try:
            return self._unclaimed.pop()
        except IndexError:
            return False

    def ended(self, answer: AnswerFacts, *, wall_ns: int, mono_ns: int) -> End:
        """Return the call's end frame.

        Args:
            answer: What came of the call.
            wall_ns: Wall clock at its end.
            mono_ns: Monotonic clock at its end.
        """
        begun = self.begun
        return End(
            call_id=begun.call_id,
            wall_ns=wall_ns,
            mono_ns=mono_ns,
            account=begun.account,
            endpoint=begun.endpoint,
            operation=begun.operation,
            request_id=begun.request_id,
            amount=begun.amount,
            currency=begun.currency,
            card_serial=begun.card_serial,
            probe=begun.probe,
            duration_s=(mono_ns - begun.mono_ns) // 1_000 / 1e6,
            outcome=answer.outcome,
            error_code=answer.error_code,
            error_type=answer.error_type,
            message=answer.message,
            status=answer.status,
            amzn_request_id=answer.amzn_request_id,
            marked=answer.marked,
            attempts=self.attempts,
            exception=answer.exception,
            trouble=answer.trouble,
            origin=begun.origin,
            via=begun.via,
        )


def kept_part(body: object) -> bytes | None:
    """Return the first 64 kB of a body that can be had without reading anything.

    None for a file, a generator or anything else that is not bytes or text.
    """
    if isinstance(body, bytes):
        return body[:KEPT_BYTES]
    if isinstance(body, str):
        return body[:KEPT_BYTES].encode("utf-8", "replace")
    if isinstance(body, bytearray | memoryview):
        return bytes(body[:KEPT_BYTES])
    return None
