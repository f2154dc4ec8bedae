"""Mails and notices to put into an outbox."""

from __future__ import annotations

from agcod_guard.incident.parcel import SMTP, Parcel, Purpose

INCIDENT_ID = "20261122T111505Z-eu-ab12"
MESSAGE_ID = "<20261122T111505Z-eu-ab12-t1@shop.invalid>"
PAGER = "urgent-t1@amazon.invalid"


def mail(text: str = "All calls fail.", **facts) -> Parcel:
    """A page to tier 1, in a rehearsal."""
    content = (
        f"To: {PAGER}\r\nMessage-ID: {MESSAGE_ID}\r\nSubject: AGCOD is down\r\n\r\n"
        f"{text}\r\n.\r\n..and no more.\r\n"
    )
    defaults = {
        "key": f"{INCIDENT_ID}/t1",
        "incident_id": INCIDENT_ID,
        "channel": SMTP,
        "content": content.encode(),
        "intended_at_s": 1000.0,
        "purpose": Purpose.PAGE,
        "tier": 1,
        "recipients": (PAGER,),
        "message_id": MESSAGE_ID,
    }
    return Parcel(**defaults | facts)


def notice(name: str = "opened", **facts) -> Parcel:
    """A notice to the webhook `ops`."""
    defaults = {
        "key": f"{INCIDENT_ID}/webhook/ops/{name}",
        "incident_id": INCIDENT_ID,
        "channel": "webhook:ops",
        "content": f'{{"event": "{name}"}}'.encode(),
        "intended_at_s": 1000.0,
    }
    return Parcel(**defaults | facts)
