"""Which operations people were told are down: each is told once. Pure.

What stands is told, not what has passed: an operation that was down and up again
while nobody looked is no news.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from agcod_guard.call import Scope
from agcod_guard.outage.operations import Operations
from agcod_guard.outage.state import OperationTransition


class ToldOperations:
    """Remembers what was told, over restarts as well."""

    def __init__(self, told: Mapping[str, Mapping[str, float]] | None = None) -> None:
        """Begin with `told`: first failure (wall clock) by scope and operation."""
        self._told = {
            (scope, operation): first_s
            for scope, those in (told or {}).items()
            for operation, first_s in those.items()
        }

    def at_rest(self) -> dict[str, dict[str, float]]:
        """Return what a checkpoint keeps."""
        kept: dict[str, dict[str, float]] = {}
        for (scope, operation), first_s in self._told.items():
            kept.setdefault(scope, {})[operation] = first_s
        return kept

    def news(
        self, operations: Operations, now_s: float, *, wall_s: Callable[[float], float]
    ) -> list[OperationTransition]:
        """Return what has changed since it was last told, and take it for told.

        Args:
            operations: As they stand.
            now_s: The present, on the fold's axis.
            wall_s: Turns a time on that axis into seconds since the epoch.
        """
        down = {(scope, name): outage for scope, name, outage in operations.down()}
        news = []
        for scope, name in sorted(down.keys() ^ self._told.keys()):
            outage = down.get((scope, name))
            state = operations.state_of(scope, name)
            if outage is None:
                at_s = now_s if state.since_s is None else state.since_s
                first_s = self._told.pop((scope, name))
            else:
                at_s, first_s = outage.opened_at_s, wall_s(outage.first_failed_at_s)
                self._told[scope, name] = first_s
            news.append(
                OperationTransition(
                    scope=Scope.parse(scope),
                    operation=name,
                    is_down=outage is not None,
                    at_s=wall_s(at_s),
                    reason=state.reason,
                    first_failed_at_s=first_s,
                )
            )
        return news
