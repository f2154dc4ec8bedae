"""Decide, after each attempt at an order, whether there is another, and when.

Not pure: asks a clock and keeps what the orders of this process have in common.
tenacity keeps the loop and asks a `Run`; nothing of an attempt's own passes
through it, so that what the partner's function returns or raises stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Any, Protocol

from agcod_guard.attempting import Order, Try
from agcod_guard.call import Outcome
from agcod_guard.capture.pacing import FirstSent, Pace
from agcod_guard.capture.unseen import names_agcod, outcome_unseen
from agcod_guard.clock import SystemClock
from agcod_guard.errors import (
    AgcodOutageError,
    GuardError,
    SettingsError,
    UnseenCallError,
)
from agcod_guard.frames import Begin, End
from agcod_guard.incident.doubt import UNDO_WINDOW_S

if TYPE_CHECKING:
    from tenacity import RetryCallState

REPEATED = frozenset({Outcome.FAULT, Outcome.NO_ANSWER, Outcome.THROTTLED})
"""What an attempt may have come to for there to be another."""

TIME_TO_UNDO_S = 60.0
"""What is left of the cancel window for the last answer and for the cancel."""

LAST_REPEAT_S = UNDO_WINDOW_S - TIME_TO_UNDO_S
"""No repeat begins later than this after the order was first sent."""

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 8.0
"""Most of the wait after the first attempt, and after any; zero is the least."""

THROTTLED_WAIT_S = 1.0
"""Least wait after a throttled call: Amazon counts by the second."""

_ENDS = (StopIteration, StopAsyncIteration, GuardError)
"""Exceptions that are no failure of an order, whatever came before them."""


class Switch(Protocol):
    """Tells whether AGCOD is down; a Guard does."""

    def is_down(self, endpoint: str, partner_id: str | None) -> bool:
        """Return whether an outage stands.

        Raises:
            SettingsError: It knows no such endpoint.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How orders are repeated.

    Attributes:
        total_s: No attempt begins later than this after the first.
        unless_down: Give up where this says that an outage stands.
        now_s: Monotonic clock.
        pace: What keeps the repeats of an account apart.
        first_sent: When orders were first sent.
    """

    total_s: float
    unless_down: Switch | None = None
    now_s: Callable[[], float] = SystemClock.monotonic_s
    pace: Pace = field(default_factory=Pace)
    first_sent: FirstSent = field(default_factory=FirstSent)


@dataclass(slots=True)
class Came:
    """What came of an attempt.

    Attributes:
        sent: How many calls of it the guard saw going out.
        end: How the one that counts has ended, or what its head says while nobody
            has read its body; None if the guard saw neither.
        result: What the function returned.
        error: What it raised; None if it returned.
    """

    sent: int
    end: End | None
    result: Any = None
    error: Exception | None = None

    @property
    def outcome(self) -> Outcome | None:
        """What it came to; where the guard saw nothing, as far as can be told.

        A call that was given up is judged by why: a timeout of the partner's own,
        such as `asyncio.timeout`, leaves the order as unknown as any other. An
        HTTPError of urllib that nobody has read is looked into.
        """
        if self.end is None and (self.sent or not self._names_agcod()):
            return None  # a call that outlives the attempt, or none to AGCOD
        outcome = None if self.end is None else self.end.outcome
        if outcome is None or (outcome is Outcome.ABANDONED and self.error):
            return outcome_unseen(result=self.result, error=self.error)
        return outcome

    def _names_agcod(self) -> bool:
        return names_agcod(self.result if self.error is None else self.error)


class Run:
    """One order's way through its attempts."""

    def __init__(self, plan: Plan) -> None:
        from tenacity import wait_random_exponential

        self._plan = plan
        self._order = Order(self._note_sent)
        self._started_s = plan.now_s()
        self._backoff = wait_random_exponential(FIRST_WAIT_S, LONGEST_WAIT_S)
        self._came: Came | None = None
        self._is_awaiting = False

    def strategies(self) -> dict[str, Any]:
        """Return what tenacity is to ask, by its names."""
        return {
            "retry": lambda state: self._came is not None,
            "wait": self._wait_s,
            "stop": lambda state: state.upcoming_sleep == inf,
            "retry_error_callback": self._give_up,
        }

    def new_try(self) -> Try:
        """Return the next attempt, to be entered.

        Raises:
            RuntimeError: The last one was not.
        """
        if self._is_awaiting:
            raise RuntimeError(
                "an attempt of retrying() was not used: write `with attempt:` round "
                "the call, or it would be repeated for ever"
            )
        self._is_awaiting = True
        return Try(self._order)

    def goes_on_after(self, came: Came, error: BaseException | None) -> bool:
        """Tell whether an attempt calls for another, if there is time.

        Raises:
            UnseenCallError: It does, and cannot be repeated safely.
            AgcodOutageError: It does, and an outage stands.
        """
        self._came, self._is_awaiting = None, False
        is_whole = error is None or isinstance(error, Exception)
        if not is_whole or isinstance(error, _ENDS) or came.outcome not in REPEATED:
            return False
        self._check_seen(came)
        self._check_up(came)
        self._came = came
        return True

    def _check_seen(self, came: Came) -> None:
        if came.end is None:
            raise UnseenCallError(
                "the guard saw no call of it",
                remedy="wrap() the client, call install(), or use observe(); a call "
                "made on another thread of your own is not seen either",
                result=came.result,
            ) from came.error
        if self._order.unreadable:
            raise UnseenCallError(
                "its request id could not be read",
                remedy="give the client the body as bytes or text, with a request id",
                result=came.result,
            ) from came.error

    def _check_up(self, came: Came) -> None:
        switch, end = self._plan.unless_down, came.end
        if switch is None or end is None:
            return
        is_down = False
        with suppress(SettingsError):  # a host of which the guard knows nothing
            is_down = switch.is_down(end.endpoint, end.account)
        if is_down:
            scope = f"{end.account}/{end.endpoint}"
            raise AgcodOutageError(scope, result=came.result) from came.error

    def _wait_s(self, state: RetryCallState) -> float:
        """Return how long to wait for the next attempt; infinite for none."""
        end = self._came.end if self._came is not None else None
        if end is None:
            return inf
        wait_s = self._backoff(state)
        if end.outcome is Outcome.THROTTLED:
            wait_s += THROTTLED_WAIT_S
        now_s = self._plan.now_s()
        at_s = self._plan.pace.reserve(end.account, now_s + wait_s, self._until_s(end))
        return inf if at_s is None else at_s - now_s

    def _until_s(self, end: End) -> float:
        """Return when the last attempt may begin."""
        first_s = self._started_s
        if end.request_id is not None:
            first_s = self._plan.first_sent.of(end.account, end.request_id, first_s)
        return min(self._started_s + self._plan.total_s, first_s + LAST_REPEAT_S)

    def _give_up(self, state: RetryCallState) -> None:
        if self._came is not None and self._came.error is not None:
            raise self._came.error

    def _note_sent(self, begun: Begin) -> None:
        self._plan.pace.sent(begun.account, self._plan.now_s())
