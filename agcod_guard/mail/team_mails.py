"""Keep ready what Amazon's teams are to be told that is no outage.

What is wrong with an account goes to the operations team of its country, an
operation that is down by itself to the integration team. Both are drafts: a
person reads them and sends them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from agcod_guard.call import TECHNICAL_FAILURES, Call, Environment, Outcome
from agcod_guard.frames import Header, Sample
from agcod_guard.incident.briefing import Letterhead
from agcod_guard.incident.letters import account_mail
from agcod_guard.incident.message import Mail
from agcod_guard.incident.questions import OperationDown, operation_mail
from agcod_guard.incident.routing import for_trouble, to_integration
from agcod_guard.incident.troubles import AccountTrouble, TroubleKey
from agcod_guard.journal.recollection import CLOCK_STEP_S, Recollection
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.outage.state import OperationTransition
from agcod_guard.ports import Drafts, JournalReader, Observer

REFRESHED_EVERY_S = 300.0
"""How often a draft takes in what has come since; there is one a day and error."""

EXAMPLES = 5

_SAME_S = 0.002
"""Two ways of reckoning one time may differ by this."""

ManagerOf = Callable[[str], str | None]
"""Returns the account manager at Amazon of a partner id; None if none is set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What the mails are made from.

    Attributes:
        reader: The journal.
        header: This process's own; its boot is the axis.
        policy: The policy in force.
        head_of: The letterhead for a partner id.
        manager_of: Its account manager at Amazon.
        is_rehearsal: Nothing here may concern Amazon.
    """

    reader: JournalReader
    header: Header
    policy: OutagePolicy
    head_of: Callable[[str], Letterhead]
    manager_of: ManagerOf
    is_rehearsal: bool = False


class TeamMails:
    """Keeps the drafts to Amazon's teams in step with what happens."""

    def __init__(self, sources: Sources, drafts: Drafts, observer: Observer) -> None:
        self._sources, self._drafts, self._observer = sources, drafts, observer
        self._written_at_s: dict[TroubleKey, float] = {}
        self._waiting: dict[TroubleKey, AccountTrouble] = {}

    def follow_troubles(self, troubles: Iterable[AccountTrouble], now_s: float) -> None:
        """Write what is new about accounts, at most every few minutes.

        To be called also when nothing has changed: what came in between waits.

        Args:
            troubles: Those that have changed.
            now_s: The present, wall-clock seconds since the epoch.

        Raises:
            OSError: A draft cannot be written; it is tried again the next time.
        """
        self._waiting |= {each.key: each for each in troubles}
        for key, trouble in list(self._waiting.items()):
            written_at_s = self._written_at_s.get(key, float("-inf"))
            if now_s - written_at_s < REFRESHED_EVERY_S:
                continue
            self._forget_other_days(trouble.day)
            self._written_at_s[key] = now_s
            mail = self._about(self._waiting.pop(key), now_s)
            if mail is not None:
                self._write_or_wait(mail, trouble)

    def follow_operation(self, operation: OperationTransition, now_s: float) -> None:
        """Write to the integration team about an operation that is down.

        Args:
            operation: What has changed.
            now_s: The present, wall-clock seconds since the epoch.

        Raises:
            DataError: The journal cannot be read.
            OSError: The draft cannot be written.
        """
        environment = operation.scope.endpoint.environment
        is_amazons = environment is Environment.PRODUCTION
        if not operation.is_down or not is_amazons or self._sources.is_rehearsal:
            return
        head = self._sources.head_of(operation.scope.account)
        down = operation_down(operation, self._calls_since(operation, now_s))
        if down is not None:
            route = to_integration(head.contacts)
            self._write(operation_mail(down, route, head, now_s=now_s))

    def _about(self, trouble: AccountTrouble, now_s: float) -> Mail | None:
        """Return the mail about a trouble; None if nobody at Amazon is asked."""
        head = self._sources.head_of(trouble.account)
        route = for_trouble(
            trouble,
            head.contacts,
            marketplace=head.reporter.marketplace,
            account_manager=self._sources.manager_of(trouble.account),
        )
        if not route.is_mail or self._sources.is_rehearsal:
            return None
        return account_mail(trouble, route, head, now_s=now_s)

    def _write_or_wait(self, mail: Mail, trouble: AccountTrouble) -> None:
        """Write it; where the disk will not have it, it waits for the next time."""
        try:
            self._write(mail)
        except OSError:
            del self._written_at_s[trouble.key]
            self._waiting[trouble.key] = trouble
            raise

    def _write(self, mail: Mail) -> None:
        is_new = not self._drafts.path_of(mail.name).exists()
        path = self._drafts.write(mail.name, mail.draft())
        if is_new:
            self._observer.draft_written(path, mail.subject)

    def _forget_other_days(self, day: str) -> None:
        for key in [each for each in self._written_at_s if each.day != day]:
            del self._written_at_s[key]

    def _calls_since(
        self, operation: OperationTransition, now_s: float
    ) -> Iterator[Call]:
        """Yield the scope's calls since the operation first failed."""
        sources, since_s = self._sources, operation.first_failed_at_s
        journal = Recollection(
            reader=sources.reader, header=sources.header, policy=sources.policy
        )
        for fact in journal.facts(since_s - CLOCK_STEP_S, now_s):
            if isinstance(fact, Sample) or fact.call.ended_at_s < since_s - _SAME_S:
                continue
            if fact.call.scope == operation.scope:
                yield fact.call


def operation_down(
    operation: OperationTransition, calls: Iterable[Call]
) -> OperationDown | None:
    """Return what the integration team is told; None if no call is on record.

    Args:
        operation: The operation that is down.
        calls: The scope's calls since it first failed.
    """
    examples: list[Call] = []
    others: dict[str, None] = {}
    orders, failed = set(), 0
    for call in calls:
        if call.operation != operation.operation:
            if call.outcome is Outcome.SUCCESS:
                others[call.operation] = None
        elif call.outcome in TECHNICAL_FAILURES:
            failed += 1
            orders.add(call.request_id or call.call_id)
            if len(examples) < EXAMPLES:
                examples.append(call)
    if not examples:
        return None
    return OperationDown(
        scope=operation.scope,
        operation=operation.operation,
        examples=examples,
        calls=failed,
        orders=len(orders),
        first_at_s=operation.first_failed_at_s,
        others=tuple(others),
    )
