"""What people were told is broken on our own side: each finding once. Pure.

What stands is told, not what has passed, as with operations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from agcod_guard.call import Scope
from agcod_guard.outage.own_side import OwnSide, OwnSideTransition


class ToldOwnSide:
    """Remembers what was told, over restarts as well."""

    def __init__(self, told: Mapping[str, str] | None = None) -> None:
        """Begin with `told`: the reasons, by scope."""
        self._told = dict(told or {})

    def at_rest(self) -> dict[str, str]:
        """Return what a checkpoint keeps."""
        return dict(self._told)

    def news(
        self,
        present: Mapping[str, OwnSide],
        now_s: float,
        *,
        wall_s: Callable[[float], float],
    ) -> list[OwnSideTransition]:
        """Return what has changed since it was last told, and take it for told.

        Args:
            present: What is broken, by scope.
            now_s: The present, on the fold's axis.
            wall_s: Turns a time on that axis into seconds since the epoch.
        """
        news = []
        for scope in sorted(present.keys() ^ self._told.keys()):
            own = present.get(scope)
            if own is None:
                at_s, reason = now_s, self._told.pop(scope)
            else:
                at_s, reason = own.since_s, own.reason
                self._told[scope] = reason
            news.append(
                OwnSideTransition(
                    scope=Scope.parse(scope),
                    is_broken=own is not None,
                    at_s=wall_s(at_s),
                    reason=reason,
                )
            )
        return news
