"""Keep a few failing exchanges as they went over the wire, redacted.

Not pure: writes to its journal. In the partner's thread a failing exchange is
only put by (`put_by`), raw and in memory; the helper thread redacts and journals
it (`write`). Nothing raw is ever shown, stored or copied elsewhere.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from agcod_guard.call import Outcome
from agcod_guard.formats.logged import Exchange
from agcod_guard.frames import End, Sample
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
        self._every_ns = int(every_s * 1e9)
        self._lost = 0
        self._waiting: deque[_RawExchange] = deque()
        self._last_mono_ns: dict[tuple[str, str], int] = {}

    def put_by(self, ended: End, opened: OpenCall, body: bytes | None) -> None:
        """Keep the exchange if its turn has come; a success ends the run."""
        if ended.outcome in _SAMPLED:
            if self._is_due(ended):
                self._keep(_raw_exchange(ended, opened, body))
        elif ended.outcome is Outcome.SUCCESS and self._last_mono_ns:
            self._last_mono_ns.pop((ended.account, ended.endpoint), None)

    def put_by_logged(self, ended: End, exchange: Exchange) -> None:
        """Keep an exchange that a log tells of, as `put_by` does."""
        opened = OpenCall(
            ended,
            method=exchange.method,
            url=exchange.url,
            headers=exchange.headers,
            body=exchange.body,
        )
        opened.status = exchange.status
        opened.answer_headers = exchange.answer_headers
        self.put_by(ended, opened, exchange.answer_body)

    def write(self) -> None:
        """Redact and journal what waits, and tell of what was lost."""
        while self._waiting:
            self._journal.append(_sample_of(self._waiting.popleft()))
        lost, self._lost = self._lost, 0
        if lost:
            self._observer.frames_lost(lost, "too many failing exchanges at once")

    def _is_due(self, ended: End) -> bool:
        scope = ended.account, ended.endpoint
        last_ns = self._last_mono_ns.get(scope)
        if last_ns is not None and ended.mono_ns - last_ns < self._every_ns:
            return False
        if len(self._last_mono_ns) >= _MOST_SCOPES:
            self._last_mono_ns.clear()
        self._last_mono_ns[scope] = ended.mono_ns
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
    ended: End, opened: OpenCall, answer_body: bytes | None
) -> _RawExchange:
    return _RawExchange(
        call_id=ended.call_id,
        wall_ns=ended.wall_ns,
        mono_ns=ended.mono_ns,
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
