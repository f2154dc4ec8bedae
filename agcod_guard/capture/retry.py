"""Try an order again where that is safe, by calling the partner's function again.

Not pure: sleeps, and asks a clock. The function is called anew, so that it signs
anew; its request id has to stay the same, and a repeat with another one is
refused before it is sent (`attempting.py`). What an attempt came to is taken from
what the guard has seen of it, never from an HTTP status (`repeating.py`).
"""

from __future__ import annotations

import functools
import inspect
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar

from agcod_guard.call import Outcome
from agcod_guard.capture.pacing import FirstSent, Pace
from agcod_guard.capture.repeating import LAST_REPEAT_S, Came, Plan, Run, Switch
from agcod_guard.errors import SettingsError
from agcod_guard.frames import End
from agcod_guard.ports import Clock

if TYPE_CHECKING:
    from tenacity import RetryCallState

P = ParamSpec("P")
R = TypeVar("R")
Sleep = Callable[[float], Any]
"""Waits so many seconds: a function for plain code, an async one for async code."""

TOTAL_S = 30.0
"""No attempt begins later than this after the first, unless told otherwise."""

_PACE, _FIRST_SENT = Pace(), FirstSent()


def retrying(
    *,
    total_s: float = TOTAL_S,
    unless_down: Switch | None = None,
    clock: Clock | None = None,
    sleep: Sleep | None = None,
) -> Retrying:
    """Repeat an order that AGCOD failed, newly signed, with the same request id.

    ```python
    @retrying()
    def buy(order):  # or: async def buy(order)
        return session.post(url, data=body(order), auth=signed, timeout=6)

    for attempt in retrying():  # or: async for attempt in retrying()
        with attempt:
            response = session.post(...)
    ```

    What came to FAULT, NO_ANSWER or THROTTLED is repeated after a random wait,
    whose bound doubles up to 8 s. Everything else, and the last attempt, reaches
    the caller as the function returned or raised it. One function, or one body of
    the loop, is one order.

    Args:
        total_s: No attempt begins later than this after the first; at most 840,
            for a card can be cancelled for 15 minutes only.
        unless_down: A guard: raise `AgcodOutageError` instead of repeating while
            it says that an outage stands.
        clock: Its monotonic time; the machine's own if not given. Only by the
            machine's own are all orders of the process paced together.
        sleep: Waits; a function of seconds, an async one for async code.

    Raises:
        SettingsError: `total_s` is impossible.
    """
    return Retrying(_plan(total_s, unless_down, clock), sleep)


class Retrying:
    """How orders are repeated: a decorator, and something to loop over.

    Instead of what an attempt returns or raises, the caller may meet a
    `ChangedRequestIdError` (a repeat would carry another request id, or go to
    another account or endpoint), an `UnseenCallError` (an attempt failed of which
    the guard saw no call, or no request id), an `AgcodOutageError` (only with
    `unless_down`), or a `RuntimeError` (plain code would wait within a running
    event loop).
    """

    def __init__(self, plan: Plan, sleep: Sleep | None) -> None:
        self._plan, self._sleep = plan, sleep

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Return `function`, repeated.

        Raises:
            TypeError: It is a generator.
        """
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(
            function
        ):
            raise TypeError(
                f"retrying() cannot repeat the generator {function.__name__}(), whose "
                "body runs while it is read; loop over retrying() inside it"
            )
        if inspect.iscoroutinefunction(function):
            return self._repeated_async(function)  # type: ignore[return-value]
        return self._repeated(function)

    def __iter__(self) -> Iterator[Attempt]:
        """Yield attempts until one needs no other; waits by blocking the thread."""
        from tenacity import Retrying as Loop

        if self._sleep is None:
            _refuse_to_block()
        run = Run(self._plan)
        for turn in Loop(sleep=self._sleep or time.sleep, **run.strategies()):
            yield Attempt(run, turn.retry_state)

    def __aiter__(self) -> AsyncIterator[Attempt]:
        """Yield attempts until one needs no other; waits in asyncio or trio."""
        return _AsyncAttempts(Run(self._plan), self._sleep)

    def _repeated(self, function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def repeated(*args: P.args, **kwargs: P.kwargs) -> R:
            for attempt in self:
                with attempt:
                    attempt.result = _no_coroutine(function(*args, **kwargs))
            result: R = attempt.result
            return result

        return repeated

    def _repeated_async(
        self, function: Callable[P, Awaitable[R]]
    ) -> Callable[P, Awaitable[R]]:
        @functools.wraps(function)
        async def repeated(*args: P.args, **kwargs: P.kwargs) -> R:
            async for attempt in self:
                with attempt:
                    attempt.result = await function(*args, **kwargs)
            result: R = attempt.result
            return result

        return repeated


class Attempt:
    """One attempt, for a `with` statement.

    Attributes:
        number: 1 for the first.
        end: What the guard saw of it, once it is over: while nobody has read the
            body, what the head says. None if no call of it was answered or failed.
        result: What came of it. Set it in a loop of your own, so that a failure
            that the guard did not see can be told.
    """

    def __init__(self, run: Run, state: RetryCallState) -> None:
        self._run, self._state, self._try = run, state, run.new_try()
        self.number = self._try.number
        self.end: End | None = None
        self.result: Any = None

    @property
    def outcome(self) -> Outcome | None:
        """What the guard says it came to; None if it saw nothing of the kind."""
        return None if self.end is None else self.end.outcome

    def __enter__(self) -> Self:
        self._try.__enter__()
        return self

    def __exit__(
        self, kind: object, error: BaseException | None, trace: object
    ) -> bool:
        self._try.__exit__()
        self.end = self._try.end
        self._state.set_result(None)
        raised = error if isinstance(error, Exception) else None
        came = Came(self._try.sent, self.end, result=self.result, error=raised)
        return self._run.goes_on_after(came, error) and error is not None


class _AsyncAttempts:
    """The attempts of one order, for `async for`."""

    def __init__(self, run: Run, sleep: Sleep | None) -> None:
        from tenacity import AsyncRetrying as Loop

        self._run = run
        strategies = run.strategies()
        if sleep is not None:  # else it finds out whether this is asyncio or trio
            strategies["sleep"] = sleep
        self._turns = aiter(Loop(**strategies))

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Attempt:
        turn = await anext(self._turns)
        return Attempt(self._run, turn.retry_state)


def _plan(total_s: float, unless_down: Switch | None, clock: Clock | None) -> Plan:
    is_number = isinstance(total_s, int | float)
    if not (is_number and 0 <= total_s <= LAST_REPEAT_S):  # nor is NaN
        raise SettingsError(
            "total_s of retrying()",
            total_s,
            f"0 to {LAST_REPEAT_S:.0f} seconds: a card can be cancelled for 15 minutes",
            origin="an argument",
        )
    if clock is not None:
        return Plan(total_s=total_s, unless_down=unless_down, now_s=clock.monotonic_s)
    return Plan(
        total_s=total_s, unless_down=unless_down, pace=_PACE, first_sent=_FIRST_SENT
    )


def _no_coroutine(result: R) -> R:
    """Return `result`, unless it is a call that has yet to be made.

    Raises:
        TypeError: It is one; it would be made outside all attempts.
    """
    if inspect.iscoroutine(result):
        result.close()
        raise TypeError(
            "a function under retrying() has returned a coroutine, which nobody would "
            "repeat: make it an `async def` that awaits it"
        )
    return result


def _refuse_to_block() -> None:
    """Raise where a wait in this thread would stop an event loop."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise RuntimeError(
        "retrying() would wait in a thread whose event loop is running: use it on an "
        "async def or with `async for`, or call this through asyncio.to_thread()"
    )
