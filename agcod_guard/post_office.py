"""Put together what writes and carries mails for one data folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from agcod_guard.data_folder import DataFolder, contact_of, reporter_of
from agcod_guard.delivery.gate import Gate
from agcod_guard.delivery.smtp import SmtpCarrier
from agcod_guard.delivery.webhooks import WebhookCarrier
from agcod_guard.incident.briefing import Letterhead
from agcod_guard.incident.consent import Permission
from agcod_guard.incident.escalation import Waits
from agcod_guard.incident.incident import Incident
from agcod_guard.incident.parcel import SMTP, WEBHOOK_PREFIX
from agcod_guard.last_look import LastLook
from agcod_guard.mail.correspondent import Correspondent
from agcod_guard.mail.mailroom import House, Mailroom
from agcod_guard.mail.postman import Postman
from agcod_guard.mail.team_mails import Sources, TeamMails
from agcod_guard.ports import Carrier, Outbox
from agcod_guard.protocol.domains import is_loopback
from agcod_guard.settings import Account, Settings
from agcod_guard.storage.ladder import SqliteLadder
from agcod_guard.telemetry.observers import Observers


@dataclass(frozen=True, slots=True, kw_only=True)
class PostOffice:
    """What writes mails and notices, and what carries them."""

    outbox: Outbox
    mailroom: Mailroom
    correspondent: Correspondent
    postman: Postman

    def carry(self, now_s: float) -> bool:
        """Begin a round if there may be anything to carry; return whether it began.

        Args:
            now_s: The time on the incidents' scale, seconds since the epoch.

        Raises:
            DataError: The outbox cannot be read.
        """
        return bool(self.outbox.due(now_s)) and self.postman.start(now_s)


def post_office(
    folder: DataFolder, ladder: SqliteLadder, observer: Observers
) -> PostOffice:
    """Return the post office of a data folder."""
    settings, outbox = folder.settings, folder.outbox(ladder)
    gate = Gate(rehearsal=settings.drill)

    def permission() -> Permission:
        return permission_in(folder, gate)

    house = House(
        head_of=lambda incident: letterhead(incident, folder, ladder),
        permission=permission,
        own_addresses=settings.own.addresses,
        webhooks={name: hook.kind for name, hook in settings.webhooks.items()},
        rehearsed_webhooks=[
            name
            for name, hook in settings.webhooks.items()
            if is_loopback(urlsplit(hook.url_in_force).hostname or "")
        ],
        waits=Waits(
            after_s=settings.policy.escalate_after_s,
            fresh_s=settings.policy.escalate_fresh_s,
        ),
    )
    mailroom = Mailroom(ladder, outbox, house, observer)
    return PostOffice(
        outbox=outbox,
        mailroom=mailroom,
        correspondent=Correspondent(
            mailroom,
            TeamMails(team_sources(folder, observer), folder.drafts(), observer),
            observer,
        ),
        postman=Postman(
            outbox,
            _carriers(folder, gate),
            clock=folder.clock,
            observer=observer,
            still_due=LastLook(folder, ladder, permission),
            owner=f"{settings.source}/{os.getpid()}",
        ),
    )


def team_sources(folder: DataFolder, observer: Observers) -> Sources:
    """Return what mails to Amazon's teams are made from."""
    settings = folder.settings

    def manager_of(account: str) -> str | None:
        return settings.accounts.get(account, Account()).account_manager

    return Sources(
        reader=folder.reader(observer),
        header=folder.header(),
        policy=settings.policy,
        head_of=lambda account: account_letterhead(account, settings),
        manager_of=manager_of,
        is_rehearsal=settings.drill,
    )


def account_letterhead(account: str, settings: Settings) -> Letterhead:
    """Return who writes about an account."""
    return Letterhead(
        contacts=settings.contacts,
        reporter=contact_of(account, settings),
        sender=settings.smtp.sender,
    )


def permission_in(folder: DataFolder, gate: Gate) -> Permission:
    """Return what the partner allows at this moment."""
    settings = folder.settings
    return Permission(
        mode=settings.page.mode,
        live_armed=settings.live_armed,
        speaks_for_all=settings.fleet.single_host,
        can_send=settings.smtp.host is not None,
        held=folder.hold().stands(),
        rehearsal=gate.is_rehearsal,
    )


def letterhead(
    incident: Incident, folder: DataFolder, ladder: SqliteLadder
) -> Letterhead:
    """Return who writes about an incident.

    Raises:
        DataError: The ladder cannot be read.
    """
    return Letterhead(
        contacts=folder.settings.contacts,
        reporter=reporter_of(incident, folder.settings, ladder),
        sender=folder.settings.smtp.sender,
    )


def _carriers(folder: DataFolder, gate: Gate) -> dict[str, Carrier]:
    settings, wall_s = folder.settings, folder.clock.wall_s
    carriers: dict[str, Carrier] = {
        f"{WEBHOOK_PREFIX}{name}": WebhookCarrier(webhook, gate, wall_s=wall_s)
        for name, webhook in settings.webhooks.items()
    }
    if settings.smtp.host is not None:
        carriers[SMTP] = SmtpCarrier(settings.smtp, gate)
    return carriers
