"""Decide what is written about an incident, to whom, and when; carry nothing.

Works in the process that acts. What goes out by itself is put into the outbox,
frozen, for the postman; what a person has to send is a draft beside the packet,
and a reminder. Everything here may be done twice: parcels have names.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from agcod_guard.incident.briefing import Briefing, Letterhead
from agcod_guard.incident.consent import Permission, consent_to_page
from agcod_guard.incident.drafts import drafts, page_to, withdrawn
from agcod_guard.incident.escalation import Due, Pursuit, Waits, due, has_been_sent
from agcod_guard.incident.incident import Incident, Stage
from agcod_guard.incident.message import is_pager
from agcod_guard.incident.news import news_of
from agcod_guard.incident.notices import News, Notice
from agcod_guard.incident.parcel import FINAL, Entry, Parcel, Purpose, State
from agcod_guard.incident.posting import notice_parcel, own_mail_parcel, page_parcel
from agcod_guard.incident.pursuit import pursuit_of
from agcod_guard.incident.recovery import recovery_mail
from agcod_guard.ports import Ladder, Observer, Outbox
from agcod_guard.settings.mail import WebhookKind
from agcod_guard.settings.values import PageMode

RECOVERY = "recovery"
"""What the mail to the partner's own people is called in the outbox."""

HELD_BACK_S = 60.0
"""How long after a last look held a page back it is made anew, if it is still due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An incident and the newest of its scope; times are wall-clock seconds.

    Attributes:
        incident: As it stands.
        last_failed_at_s: Last technically failed call; None if none is known.
        last_success_at_s: Last success; None if none is known.
    """

    incident: Incident
    last_failed_at_s: float | None = None
    last_success_at_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Who writes, and what the partner allows.

    Attributes:
        head_of: The letterhead for an incident.
        permission: What may be done at this moment.
        own_addresses: Who is mailed when an outage is over.
        webhooks: The partner's channels, by name.
        rehearsed_webhooks: Those that may hear of a drill, a sandbox or a
            stand-in: they are on this machine.
        waits: The times of Amazon's rule.
    """

    head_of: Callable[[Incident], Letterhead]
    permission: Callable[[], Permission]
    own_addresses: tuple[str, ...] = ()
    webhooks: Mapping[str, WebhookKind] = field(default_factory=dict)
    rehearsed_webhooks: Collection[str] = ()
    waits: Waits = field(default_factory=Waits)


@dataclass(frozen=True, slots=True)
class _Standing:
    """How far the mails of an incident have come, as of the last look."""

    pursuit: Pursuit
    entries: Sequence[Entry]
    due: Due

    def held_back_at_s(self, now_s: float) -> float | None:
        """Return when the page that is due was held back, if it may be tried anew."""
        for entry in self.entries:
            held_back = entry.state is State.CANCELLED and _is_page(entry)
            if held_back and entry.parcel.tier == self.due.tier:
                at_s = entry.progress.changed_at_s
                return at_s if abs(now_s - at_s) >= HELD_BACK_S else None
        return None


class Mailroom:
    """Keeps what is written about incidents in step with what happens."""

    def __init__(
        self, ladder: Ladder, outbox: Outbox, house: House, observer: Observer
    ) -> None:
        self._ladder, self._outbox = ladder, outbox
        self._house, self._observer = house, observer
        self._standings: dict[str, _Standing] = {}
        self._written: dict[str, tuple[Stage, int | None]] = {}
        self._made_anew: dict[str, float] = {}
        self._asked: dict[str, tuple[str, int]] = {}
        self._untold: list[tuple[Incident, int, Sequence[str]]] = []
        self._posted: set[str] = set()

    def look(self, cases: Iterable[Case], now_s: float) -> list[str]:
        """Follow what has happened; return whose files must be made anew.

        Args:
            cases: The incidents that are open, or were closed a short while ago.
            now_s: The present, wall-clock seconds since the epoch.

        Raises:
            DataError: The ladder cannot be read or written.
        """
        self._standings, stale = {}, []
        for case in cases:
            incident, standing = case.incident, self._standing(case, now_s)
            self._standings[incident.incident_id] = standing
            for notice in news_of(incident, standing.pursuit, standing.entries):
                self._tell(notice)
            self._call_back(incident, standing, now_s)
            if self._has_changed(incident, standing, now_s):
                stale.append(incident.incident_id)
        return stale

    def tell(self) -> None:
        """Tell the observer which mails wait for a person; each once."""
        while self._untold:
            self._observer.page_due(*self._untold.pop(0))

    def pages_asked(self) -> dict[str, int]:
        """Return the tier that waits for a person, by scope."""
        return dict(self._asked.values())

    def files(self, briefing: Briefing, now_s: float) -> dict[str, bytes]:
        """Return the drafts that go beside the packet."""
        standing = self._standing_of(briefing.incident, now_s)
        return drafts(
            briefing,
            self._house.head_of(briefing.incident),
            pursuit=standing.pursuit,
            due=standing.due,
            now_s=now_s,
            rehearsal=self._house.permission().rehearsal,
        )

    def withdrawn(self, incident: Incident, now_s: float) -> Sequence[str]:
        """Return the drafts that must not lie beside the packet any more."""
        return withdrawn(incident, self._standing_of(incident, now_s).pursuit)

    def packed(self, briefing: Briefing, now_s: float) -> None:
        """Post what is due, now that the packet stands, or ask a person to.

        Raises:
            DataError: The outbox cannot be written.
        """
        incident = briefing.incident
        standing = self._standing_of(incident, now_s)
        self._written[incident.incident_id] = incident.stage, standing.due.tier
        if standing.due.tier is not None:
            self._page(standing.due.tier, briefing, standing, now_s)
        if incident.stage is Stage.RESOLVED:
            self._tell_own_people(briefing, standing, now_s)

    def _standing_of(self, incident: Incident, now_s: float) -> _Standing:
        known = self._standings.get(incident.incident_id)
        return known or self._standing(Case(incident=incident), now_s)

    def _standing(self, case: Case, now_s: float) -> _Standing:
        name = case.incident.incident_id
        entries = self._outbox.entries(name)
        self._posted.update(entry.key for entry in entries)
        pursuit = pursuit_of(
            self._ladder.acts(name),
            entries,
            last_failed_at_s=case.last_failed_at_s,
            last_success_at_s=case.last_success_at_s,
            held=self._house.permission().held,
        )
        tier_due = due(case.incident, pursuit, now_s=now_s, waits=self._house.waits)
        return _Standing(pursuit, entries, tier_due)

    def _has_changed(
        self, incident: Incident, standing: _Standing, now_s: float
    ) -> bool:
        """Whether what was written no longer says what is due, or was held back."""
        name, tier = incident.incident_id, standing.due.tier
        asked = self._asked.get(name)
        if asked is not None and asked[1] != tier:
            del self._asked[name]
        written = self._written.get(name)
        if written is None:
            return False
        held_back_at_s = standing.held_back_at_s(now_s)
        if held_back_at_s not in (None, self._made_anew.get(name)):
            self._made_anew[name] = held_back_at_s
            return True
        return written != (incident.stage, tier)

    def _tell(self, notice: Notice) -> None:
        for name, kind in self._house.webhooks.items():
            may_hear = notice.incident.concerns_amazon or (
                name in self._house.rehearsed_webhooks
            )
            if may_hear:
                self._post(notice_parcel(notice, name, kind))

    def _post(self, parcel: Parcel) -> None:
        if parcel.key not in self._posted:
            self._outbox.intend(parcel)
            self._posted.add(parcel.key)

    def _call_back(self, incident: Incident, standing: _Standing, now_s: float) -> None:
        """Cancel the pages that nobody need get any more."""
        sent, is_over = standing.pursuit.sent, standing.due.due_at_s is None
        keys = [
            entry.key
            for entry in standing.entries
            if entry.state not in FINAL
            and _is_page(entry)
            and (is_over or has_been_sent(sent, entry.parcel.tier))
        ]
        reason = standing.due.reason if is_over else "A person has written meanwhile."
        if keys:
            for entry in self._outbox.cancel(
                incident.incident_id, reason, at_s=now_s, keys=keys
            ):
                self._observer.mail_cancelled(entry)

    def _page(
        self, tier: int, briefing: Briefing, standing: _Standing, now_s: float
    ) -> None:
        incident, head = briefing.incident, self._house.head_of(briefing.incident)
        permission = self._house.permission()
        made = page_to(
            tier,
            briefing,
            head,
            pursuit=standing.pursuit,
            now_s=now_s,
            rehearsal=permission.rehearsal,
        )
        if made is None:
            return
        since_s = self._ladder.recording_since_s()
        allowed = consent_to_page(briefing, head, permission, recorded_since_s=since_s)
        if allowed.mode is PageMode.LIVE:
            self._post_page(page_parcel(made, at_s=now_s), standing, now_s)
        else:
            self._ask(incident, tier, allowed.reasons, now_s)

    def _post_page(self, parcel: Parcel, standing: _Standing, now_s: float) -> None:
        """Have it carried, also if it was held back after a copy may have left."""
        held_back = {
            each.key for each in standing.entries if each.state is State.CANCELLED
        }
        if not self._outbox.intend(parcel) and parcel.key in held_back:
            self._outbox.reopen(parcel.key, at_s=now_s)

    def _ask(
        self, incident: Incident, tier: int, reasons: Sequence[str], now_s: float
    ) -> None:
        """Remind the partner's people, once, that a mail waits for one of them."""
        wanted = str(incident.scope), tier
        if self._asked.get(incident.incident_id) == wanted:
            return
        self._asked[incident.incident_id] = wanted
        self._untold.append((incident, tier, reasons))
        self._tell(Notice(incident=incident, news=News.PAGE_DUE, at_s=now_s, tier=tier))

    def _tell_own_people(
        self, briefing: Briefing, standing: _Standing, now_s: float
    ) -> None:
        house, incident = self._house, briefing.incident
        permission = house.permission()
        is_of_interest = incident.concerns_amazon or permission.rehearsal
        head = house.head_of(incident)
        to = [each for each in house.own_addresses if not is_pager(each, head.contacts)]
        if not (to and permission.can_send and is_of_interest):
            return
        mail = recovery_mail(
            briefing,
            head,
            to=to,
            sent=standing.pursuit.sent,
            now_s=now_s,
        )
        self._post(own_mail_parcel(mail, RECOVERY, incident=incident, at_s=now_s))


def _is_page(entry: Entry) -> bool:
    return entry.parcel.purpose is Purpose.PAGE
