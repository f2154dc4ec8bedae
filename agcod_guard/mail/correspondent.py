"""Everything that is written to people, as the watch sees it: it cannot fail.

Whatever goes wrong with a mail, detection and the packet go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

from agcod_guard.incident.troubles import AccountTrouble
from agcod_guard.mail.mailroom import Case, Mailroom
from agcod_guard.mail.team_mails import TeamMails
from agcod_guard.outage.state import OperationTransition
from agcod_guard.ports import Observer

ResultT = TypeVar("ResultT")


class Correspondent:
    """Writes to the pager, to Amazon's teams and to the partner's own people."""

    def __init__(
        self, mailroom: Mailroom, team_mails: TeamMails, observer: Observer
    ) -> None:
        self._mailroom, self._team_mails = mailroom, team_mails
        self._observer = observer

    def look(self, cases: Iterable[Case], now_s: float) -> list[str]:
        """Follow the incidents; return whose files must be made anew."""
        look = partial(self._mailroom.look, cases, now_s)
        return self._contained("mailroom", look) or []

    def tell_pages(self) -> None:
        """Tell which mails wait for a person, after what made them due."""
        self._contained("mailroom", self._mailroom.tell)

    def pages_asked(self) -> dict[str, int]:
        """Return the tier that waits for a person, by scope."""
        return self._mailroom.pages_asked()

    def tell_operations(
        self, changes: Iterable[OperationTransition], now_s: float
    ) -> None:
        """Have drafts made of the operations that are down by themselves."""
        for change in changes:
            follow = partial(self._team_mails.follow_operation, change, now_s)
            self._contained("drafts", follow)

    def tell_troubles(self, troubles: Iterable[AccountTrouble], now_s: float) -> None:
        """Have drafts made of what is wrong with accounts."""
        follow = partial(self._team_mails.follow_troubles, troubles, now_s)
        self._contained("drafts", follow)

    def _contained(self, stage: str, work: Callable[[], ResultT]) -> ResultT | None:
        try:
            return work()
        except Exception as error:
            self._observer.internal_error(stage, error)
            return None
