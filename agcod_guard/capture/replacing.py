"""Replace an order that Amazon keeps answering with RESEND. Never done unasked.

Amazon's advice for a RESEND that lasts (fact sheet 2.8): cancel the order, and only
when that has succeeded place another with a new request id. A cancel whose success
nobody has seen leaves the first card possibly bought, so no second one is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from agcod_guard.call import Outcome
from agcod_guard.capture.retry import Attempt, Retrying, retrying
from agcod_guard.errors import SettingsError, StillInDoubtError
from agcod_guard.protocol.operations import OPERATIONS

R = TypeVar("R")

_UNDOING = frozenset(each.undo for each in OPERATIONS.values() if each.undo)


def replaced(
    *,
    cancel: Callable[[str], object],
    create: Callable[[str], R],
    old_id: str,
    new_id: str,
    retry: Retrying | None = None,
) -> R:
    """Cancel an order, and place another in its place if that has succeeded.

    For an order that has been answered with RESEND through all its repeats, within
    15 minutes of its first attempt. Both steps are repeated as by `retrying`.

    Args:
        cancel: Sends the cancel (deactivate, void) of the order of that id, through
            a guarded client.
        create: Places an order with that id.
        old_id: Request id of the order to be replaced.
        new_id: Request id of the new order; you keep it before you call this.
        retry: How both are repeated; `retrying()` if not given.

    Returns:
        What `create` returned.

    Raises:
        StillInDoubtError: The guard saw no success of the cancel; nothing was
            ordered.
        SettingsError: Both ids are the same.
    """
    plan = _plan(retry, old_id, new_id)
    for attempt in plan:
        with attempt:
            cancel(old_id)
    _check_cancelled(attempt, old_id)
    return plan(create)(new_id)


async def replaced_async(
    *,
    cancel: Callable[[str], Awaitable[object]],
    create: Callable[[str], Awaitable[R]],
    old_id: str,
    new_id: str,
    retry: Retrying | None = None,
) -> R:
    """Do what `replaced` does, with async functions."""
    plan = _plan(retry, old_id, new_id)
    async for attempt in plan:
        with attempt:
            await cancel(old_id)
    _check_cancelled(attempt, old_id)
    async for attempt in plan:
        with attempt:
            attempt.result = await create(new_id)
    result: R = attempt.result
    return result


def _plan(retry: Retrying | None, old_id: str, new_id: str) -> Retrying:
    if old_id == new_id:
        raise SettingsError(
            "new_id of replaced()",
            new_id,
            "another than old_id: a cancelled id answers with the cancelled card",
            origin="an argument",
        )
    return retrying() if retry is None else retry


def _check_cancelled(attempt: Attempt, old_id: str) -> None:
    end = attempt.end
    if end is None:
        raise StillInDoubtError(old_id, "nothing that the guard saw")
    if end.request_id != old_id or end.operation not in _UNDOING:
        raise StillInDoubtError(old_id, f"a {end.operation} of {end.request_id}")
    if end.outcome is not Outcome.SUCCESS:
        said = " ".join(filter(None, (end.error_code, end.error_type)))
        raise StillInDoubtError(old_id, said or end.outcome.value)
