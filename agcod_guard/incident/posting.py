"""Put what is to leave the house into parcels, under names that never change. Pure.

Only here is a parcel made that may go to Amazon's pager, and only from a `Page`.
"""

from __future__ import annotations

from agcod_guard.incident.incident import Incident
from agcod_guard.incident.message import Mail
from agcod_guard.incident.notices import Notice, body
from agcod_guard.incident.page import Page
from agcod_guard.incident.parcel import SMTP, WEBHOOK_PREFIX, Parcel, Purpose
from agcod_guard.settings.mail import WebhookKind


def page_key(incident_id: str, tier: int) -> str:
    """Return the name of the page to that tier, e.g. `.../t1`."""
    return f"{incident_id}/t{tier}"


def page_parcel(page: Page, *, at_s: float) -> Parcel:
    """Return the page as it goes out.

    Args:
        page: The mail to one tier.
        at_s: Now, wall clock, seconds since the Unix epoch.
    """
    return Parcel(
        key=page_key(page.incident_id, page.tier),
        incident_id=page.incident_id,
        channel=SMTP,
        content=page.content(),
        intended_at_s=at_s,
        purpose=Purpose.PAGE,
        rehearsal=page.rehearsal,
        tier=page.tier,
        recipients=page.recipients,
        message_id=page.message_id,
    )


def own_mail_parcel(
    mail: Mail, name: str, *, incident: Incident, at_s: float
) -> Parcel:
    """Return a mail to the partner's own people as it goes out.

    Args:
        mail: The mail.
        name: What it is of that incident, e.g. `recovery`.
        incident: The incident.
        at_s: Now, wall clock, seconds since the Unix epoch.
    """
    return Parcel(
        key=f"{incident.incident_id}/{name}",
        incident_id=incident.incident_id,
        channel=SMTP,
        content=mail.content(),
        intended_at_s=at_s,
        rehearsal=not incident.concerns_amazon,
        recipients=mail.recipients,
        message_id=mail.message_id,
    )


def notice_parcel(notice: Notice, name: str, kind: WebhookKind) -> Parcel:
    """Return the notice as the webhook of that name is sent it."""
    incident_id = notice.incident.incident_id
    tier = "" if notice.tier is None else f"-t{notice.tier}"
    key = f"{incident_id}/webhook/{name}/{notice.news}{tier}"
    return Parcel(
        key=key,
        incident_id=incident_id,
        channel=f"{WEBHOOK_PREFIX}{name}",
        content=body(notice, kind, key=key),
        intended_at_s=notice.at_s,
        rehearsal=not notice.incident.concerns_amazon,
        tier=notice.tier,
    )
