"""Keep a few failing exchanges as they went over the wire, redacted.

Not pure: writes to its journal. In the partner's thread a failing exchange is
only put by (`put_by`), raw and in memory; the helper thread redacts and journals
it (`write`). Nothing raw is ever shown, stored or copied elsewhere.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from agcod_guard.call import Call, Endpoint, Outcome
from agcod_guard.frames import Sample
from agcod_guard.open_call import OpenCall
from agcod_guard.ports import Journal, Observer
from agcod_guard.redaction import redact_answer, redact_request

_SAMPLED = frozenset({Outcome.FAULT, Outcome.NO_ANSWER, Outcome.DENIED})
_MOST_WAITING = 32
_MOST_SCOPES = 1_024


class Samples:
    """The failing exchanges that wait for redaction.

    Kept are the first of a run of failures, as this process sees it, and then
    one every `every_s` seconds per scope.

    Args:
        journal: Where sample frames go.
        observer: Told how many there was no room for.
        every_s: Shortest time between two samples of a scope.
    """

    def __init__(self, journal: Journal, observer: Observer, every_s: float) -> None:
        self._journal, self._observer = journal, observer
        self._every_s = every_s
        self._lost = 0
        self._waiting: deque[_RawExchange] = deque()
        self._last_at_s: dict[tuple[str | None, Endpoint], float] = {}

    def put_by(
        self, call: Call, opened: OpenCall, body: bytes | None, *, ended_mono_s: float
    ) -> None:
        """Keep the exchange if its turn has come; a success ends the run."""
        if call.outcome in _SAMPLED:
            if self._is_due(call, ended_mono_s):
                self._keep(_raw_exchange(call, opened, body, ended_mono_s))
        elif call.outcome is Outcome.SUCCESS and self._last_at_s:
            self._last_at_s.pop((call.partner_id, call.endpoint), None)

    def write(self) -> None:
        """Redact and journal what waits, and tell of what was lost."""
        while self._waiting:
            self._journal.append(_sample_of(self._waiting.popleft()))
        lost, self._lost = self._lost, 0
        if lost:
            self._observer.frames_lost(lost, "too many failing exchanges at once")

    def _is_due(self, call: Call, now_s: float) -> bool:
        scope = call.partner_id, call.endpoint
        last_s = self._last_at_s.get(scope)
        if last_s is not None and now_s - last_s < self._every_s:
            return False
        if len(self._last_at_s) >= _MOST_SCOPES:
            self._last_at_s.clear()
        self._last_at_s[scope] = now_s
        return True

    def _keep(self, raw: _RawExchange) -> None:
        if len(self._waiting) < _MOST_WAITING:
            self._waiting.append(raw)
        else:
            self._lost += 1


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _RawExchange:
    """A failing exchange before redaction."""

    call_id: str
    wall_ns: int
    mono_ns: int
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    status: int | None
    answer_headers: Mapping[str, str]
    answer_body: bytes | None


def _raw_exchange(
    call: Call, opened: OpenCall, answer_body: bytes | None, ended_mono_s: float
) -> _RawExchange:
    return _RawExchange(
        call_id=call.call_id,
        wall_ns=int(call.ended_at_s * 1e9),
        mono_ns=int(ended_mono_s * 1e9),
        method=opened.method,
        url=opened.url,
        # The partner may sign and send the same request again: keep a copy.
        headers=dict(opened.headers),
        body=opened.body,
        status=opened.status,
        answer_headers=dict(opened.answer_headers),
        answer_body=answer_body,
    )


def _sample_of(raw: _RawExchange) -> Sample:
    answer = ""
    if raw.status is not None:
        answer = redact_answer(raw.status, "", raw.answer_headers, raw.answer_body)
    return Sample(
        call_id=raw.call_id,
        wall_ns=raw.wall_ns,
        mono_ns=raw.mono_ns,
        request=redact_request(raw.method, raw.url, raw.headers, raw.body),
        answer=answer,
    )
