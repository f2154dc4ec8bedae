"""Remember which scopes are down, so that a shop can ask before every sale.

Not pure: reads the ladder where another process acts. The process that acts knows
from its own look; the others hear of each change, and read the ladder anew every
now and then. Asking reads memory only, but for the very first time.

What is no longer known counts as up: a guard that cannot see must not stop sales.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from agcod_guard.call import Endpoint, Scope
from agcod_guard.errors import DataError
from agcod_guard.outage.fold import Fold
from agcod_guard.outage.state import Phase, Transition
from agcod_guard.ports import Ladder
from agcod_guard.watching.kept import kept_scopes, state_in

READ_EVERY_S = 10.0
"""How often the ladder is read anew where another process acts."""

STALE_AFTER_S = 60.0
"""What was last known longer ago than this is not known."""

_NEVER = float("-inf")


class DownScopes:
    """The scopes in OUTAGE, as far as this process knows; safe from any thread.

    Times are those of the guard's monotonic clock.
    """

    def __init__(
        self, ladder: Ladder, contain: Callable[[str, Exception], None]
    ) -> None:
        """Prepare; a ladder that cannot be read is told to `contain`."""
        self._ladder, self._contain = ladder, contain
        self.start_afresh()

    def start_afresh(self) -> None:
        """Know nothing, as after a fork."""
        self._down: frozenset[Scope] = frozenset()
        self._known_at_s = self._asked_at_s = _NEVER

    def follow(
        self, news: Iterable[Transition], present: Fold | None, now_s: float
    ) -> None:
        """Take in what a look has found.

        Args:
            news: What has changed.
            present: Where things stand; None where another process acts.
            now_s: When it looked.
        """
        if present is not None:
            self._know(_down_in(present), now_s)
            return
        down = set(self._down)
        for each in news:
            (down.add if each.after is Phase.OUTAGE else down.discard)(each.scope)
        self._down = frozenset(down)
        if now_s - self._asked_at_s >= READ_EVERY_S:
            self._read(now_s)

    def has(self, endpoint: Endpoint, account: str | None, now_s: float) -> bool:
        """Return whether the account, or if None any, is down at the endpoint."""
        if self._asked_at_s == self._known_at_s == _NEVER:
            self._read(now_s)
        down = self._down
        if not down or now_s - self._known_at_s > STALE_AFTER_S:
            return False
        if account is not None:
            return Scope(account, endpoint) in down
        return any(scope.endpoint == endpoint for scope in down)

    def _read(self, now_s: float) -> None:
        self._asked_at_s = now_s
        try:
            checkpoint = self._ladder.checkpoint()
        except DataError as error:
            self._contain("is_down", error)
            return
        kept = () if checkpoint is None else kept_scopes(state_in(checkpoint))
        down = (each.scope for each in kept if each.phase is Phase.OUTAGE)
        self._know(frozenset(down), now_s)

    def _know(self, down: frozenset[Scope], now_s: float) -> None:
        self._down, self._known_at_s = down, now_s


def _down_in(present: Fold) -> frozenset[Scope]:
    return frozenset(
        Scope.parse(name)
        for name, state in present.scopes.items()
        if state.phase is Phase.OUTAGE
    )
