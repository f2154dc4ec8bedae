"""Make the partner's harmless test call when the evidence asks for it.

The call runs on a thread of its own, one at a time, and in one process per
account: whoever has the turn. It is the partner's own code; the guard only
decides when, and marks what it sees of it as a probe.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Protocol

from agcod_guard.call import Call, Environment, Outcome, Scope
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.outage.probing import probe_due_at_s
from agcod_guard.outage.state import ScopeState
from agcod_guard.ports import Clock, Turn
from agcod_guard.protocol.reading import exception_outcome, read_answer
from agcod_guard.recorder import Recorder

OPERATION = "GetAvailableFunds"
"""The harmless operation that Amazon itself recommends as an echo."""

AMAZON_EVERY_S = 1.0
"""Amazon ignores faster funds calls of an account."""


class StateOf(Protocol):
    """Tells what is known of a scope at a time; None if nothing is."""

    def __call__(self, scope: str, now_s: float) -> ScopeState | None:
        """Return the state of the scope of that name."""
        ...


class Prober:
    """One partner's test call to one endpoint."""

    def __init__(
        self,
        call: Callable[[], Any],
        scope: Scope,
        *,
        turn: Turn,
        recorder: Recorder,
        clock: Clock,
        policy: OutagePolicy,
    ) -> None:
        """Prepare to make `call`.

        Args:
            call: Makes one signed GetAvailableFunds call and returns the
                response, or raises what its client raises.
            scope: The account and endpoint it speaks for.
            turn: Decides which process makes it.
            recorder: Told of the call where no guarded client has shown it.
            clock: For the call's times.
            policy: Says when it is due.
        """
        self._call, self._scope = call, scope
        self._turn, self._recorder, self._clock = turn, recorder, clock
        self._policy = policy
        self._last_at_s: float | None = None
        self._probing: threading.Thread | None = None

    def tick(self, now_s: float, state_of: StateOf) -> bool:
        """Begin a test call if one is due; return whether it began.

        Raises:
            OSError: The lock that decides whose turn it is cannot be opened.
        """
        if self._probing is not None and self._probing.is_alive():
            return False
        state = state_of(str(self._scope), now_s)
        due_at_s = None if state is None else self._due_at_s(state)
        if due_at_s is None:
            self._turn.release()
            return False
        if now_s < due_at_s:
            return False
        self._last_at_s = now_s
        if not self._turn.acquire():
            return False  # whoever has the turn makes one about now
        self._probing = threading.Thread(
            target=self._probe, name="agcod-guard-probe", daemon=True
        )
        self._probing.start()
        return True

    def wait(self, timeout_s: float) -> None:
        """Wait for the test call under way, if there is one."""
        if self._probing is not None:
            self._probing.join(timeout_s)

    def close(self) -> None:
        """Let another process have the turn."""
        self._turn.release()

    def _due_at_s(self, state: ScopeState) -> float | None:
        due_at_s = probe_due_at_s(state, self._last_at_s, self._policy)
        if due_at_s is None or self._last_at_s is None:
            return due_at_s
        is_amazons = self._scope.endpoint.environment is not Environment.LOOPBACK
        return max(due_at_s, self._last_at_s + (AMAZON_EVERY_S if is_amazons else 0.0))

    def _probe(self) -> None:
        started_wall_s = self._clock.wall_s()
        started_s = self._clock.monotonic_s()
        answer: Any = None
        error: Exception | None = None
        with self._recorder.probing() as seen:
            try:
                answer = self._call()
            except Exception as raised:
                error = raised
        if not seen.calls:
            duration_s = self._clock.monotonic_s() - started_s
            self._recorder.record(self._made(answer, error, started_wall_s, duration_s))
        if error is not None and exception_outcome(error) is Outcome.ABANDONED:
            self._recorder.contain("probe", error)

    def _made(
        self,
        answer: Any,
        error: Exception | None,
        started_at_s: float,
        duration_s: float,
    ) -> Call:
        """Return the call that no guarded client has shown, by its result."""
        body = getattr(answer, "content", None)
        read = read_answer(
            operation=OPERATION,
            status=_status_of(answer) if error is None else None,
            response_headers=getattr(answer, "headers", None),
            response_body=body if isinstance(body, bytes) else None,
            error=error,
        )
        return Call(
            endpoint=self._scope.endpoint,
            operation=OPERATION,
            outcome=read.outcome,
            started_at_s=started_at_s,
            duration_s=duration_s,
            partner_id=self._scope.account,
            error_code=read.error_code,
            error_type=read.error_type,
            message=read.message,
            status=read.status,
            amzn_request_id=read.amzn_request_id,
            marked=read.marked,
            probe=True,
            exception=read.exception,
        )


def _status_of(answer: Any) -> int:
    """Return the HTTP status of a response; a mere return counts as a success."""
    for name in ("status_code", "status", "code"):
        status = getattr(answer, name, None)
        if isinstance(status, int):
            return status
    return 200
