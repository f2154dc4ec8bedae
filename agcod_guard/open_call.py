"""A call that was sent and has not ended, and what is kept of a body.

Pure: holds what it is given.
"""

from __future__ import annotations

from collections.abc import Mapping

from agcod_guard.protocol.reading import RequestFacts

KEPT_BYTES = 65_536
"""How much of a body is kept; a body of this length counts as cut."""

_NO_HEADERS: Mapping[str, str] = {}


class OpenCall:
    """One call in flight, from `Recorder.begin` to `Recorder.end`.

    It refers to the raw request, with its signature, so it shows nothing of
    itself and goes when the call has ended.

    Attributes:
        call_id: Our own name for the call, 16 hex digits.
        facts: What may be kept of the request.
        method: HTTP method.
        url: Full URL, raw.
        headers: Request headers, raw.
        body: Request body, raw; None if there is none that can be seen.
        probe: A harmless test call of the guard.
        started_wall_s: Wall clock at the start.
        started_mono_s: Monotonic clock at the start.
        status: HTTP status; None until the answer's head has come.
        answer_headers: Headers of the answer; empty until then.
        attempts: How often the client has sent the request.
        answered_mono_s: Monotonic clock when the answer's head came.
    """

    __slots__ = (
        "_unclaimed",
        "answer_headers",
        "answered_mono_s",
        "attempts",
        "body",
        "call_id",
        "facts",
        "headers",
        "method",
        "probe",
        "started_mono_s",
        "started_wall_s",
        "status",
        "url",
    )

    def __init__(  # noqa: PLR0913  # all that is known when a call is sent
        self,
        *,
        call_id: str,
        facts: RequestFacts,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        probe: bool,
        started_wall_s: float,
        started_mono_s: float,
    ) -> None:
        self.call_id, self.facts, self.probe = call_id, facts, probe
        self.method, self.url = method, url
        self.headers, self.body = headers, body
        self.started_wall_s = started_wall_s
        self.started_mono_s = self.answered_mono_s = started_mono_s
        self.status: int | None = None
        self.answer_headers = _NO_HEADERS
        self.attempts = 1
        self._unclaimed = [True]

    def claim(self) -> bool:
        """Return True to the first who asks, of all threads, and False to others."""
        try:
            return self._unclaimed.pop()
        except IndexError:
            return False


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
