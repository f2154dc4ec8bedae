"""What the partner's own channels are told: what, since when, who, what next. Pure.

A notice is made once and frozen like a mail. It holds no payload, no claim code
and no key; what people typed is redacted and shown on one line.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from agcod_guard.incident.incident import Incident
from agcod_guard.incident.layout import gmt, length, plain
from agcod_guard.redaction import redact_text
from agcod_guard.settings.mail import WebhookKind

FORMAT = 1
"""Of the JSON notice; goes up when a field changes its meaning."""

_LONGEST_SUMMARY = 1_000  # PagerDuty cuts at 1,024
_LONGEST_TYPED = 300


class News(StrEnum):
    """What has happened."""

    OPENED = "opened"
    PAGE_DUE = "page_due"
    PAGE_SENT = "page_sent"
    PAGE_FAILED = "page_failed"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


_PAGERDUTY_ACTIONS = {News.ACKNOWLEDGED: "acknowledge", News.RESOLVED: "resolve"}
"""PagerDuty's words; the others trigger, under one key and so one alert."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One piece of news about an incident.

    Attributes:
        incident: As it stands.
        news: What has happened.
        at_s: When, wall clock, seconds since the Unix epoch.
        tier: The tier it speaks of; None where it speaks of none.
        by: Who acknowledged; empty where nobody did.
        detail: The mail server's words, or why; empty where there are none.
    """

    incident: Incident
    news: News
    at_s: float
    tier: int | None = None
    by: str = ""
    detail: str = ""

    @property
    def summary(self) -> str:
        """What has happened, in one line that begins with how serious it is."""
        return f"{_seriousness(self.incident)}{_summary(self)}"[:_LONGEST_SUMMARY]

    @property
    def next_step(self) -> str:
        """What a person does now."""
        return _next_step(self)


def body(notice: Notice, kind: WebhookKind, *, key: str) -> bytes:
    """Return what a webhook of that kind is sent.

    Args:
        notice: The news.
        kind: Whose words to use.
        key: Names the notice for ever, so that a second copy can be told.
    """
    match kind:
        case WebhookKind.PAGERDUTY:
            content = _for_pagerduty(notice)
        case WebhookKind.SLACK:
            content = _for_slack(notice)
        case WebhookKind.JSON:
            content = _as_json(notice, key)
    return json.dumps(content).encode()


def _for_pagerduty(notice: Notice) -> dict[str, Any]:
    """Return an event of the Events API v2; the routing key is added on the way."""
    incident = notice.incident
    action = _PAGERDUTY_ACTIONS.get(notice.news, "trigger")
    event: dict[str, Any] = {
        "event_action": action,
        "dedup_key": incident.incident_id,
        "client": "agcod-guard",
    }
    if action == "trigger":
        event["payload"] = {
            "summary": notice.summary,
            "source": str(incident.scope),
            "severity": "critical" if incident.concerns_amazon else "info",
            "timestamp": _stamp(notice.at_s),
            "component": "AGCOD",
            "class": notice.news.value,
            "custom_details": _facts(notice),
        }
    return event


def _for_slack(notice: Notice) -> dict[str, Any]:
    lines = [
        f"*{_for_slack_text(notice.summary)}*",
        _for_slack_text(notice.next_step),
        f"Incident `{notice.incident.incident_id}`",
    ]
    return {"text": "\n".join(lines), "unfurl_links": False}


def _as_json(notice: Notice, key: str) -> dict[str, Any]:
    return {"format": FORMAT, "id": key, "event": notice.news.value} | _facts(notice)


def _facts(notice: Notice) -> dict[str, Any]:
    incident = notice.incident
    return {
        "incident_id": incident.incident_id,
        "summary": notice.summary,
        "next_step": notice.next_step,
        "at": _stamp(notice.at_s),
        "account": plain(incident.scope.account),
        "endpoint": str(incident.scope.endpoint),
        "stage": incident.stage.value,
        "verdict": incident.verdict.value,
        "first_failed_at": _stamp(incident.first_failed_at_s),
        "first_success_at": _stamp(incident.first_success_at_s),
        "tier": notice.tier,
        "rehearsal": not incident.concerns_amazon,
    }


def _seriousness(incident: Incident) -> str:
    if incident.drill:
        return "DRILL: "
    return "" if incident.concerns_amazon else "NOT PRODUCTION: "


def _summary(notice: Notice) -> str:
    incident = notice.incident
    where = f"{plain(incident.scope.account)} at {incident.scope.endpoint}"
    match notice.news:
        case News.OPENED:
            return f"AGCOD is down for {where} since {gmt(incident.first_failed_at_s)}"
        case News.PAGE_DUE:
            return f"AGCOD is still down for {where}: {_mail(notice)} is due"
        case News.PAGE_SENT:
            return f"AGCOD is down for {where}: {_mail(notice)} was sent"
        case News.PAGE_FAILED:
            said = f" ({_typed(notice.detail)})" if notice.detail else ""
            return f"AGCOD is down for {where}: {_mail(notice)} has failed{said}"
        case News.ACKNOWLEDGED:
            return f"The outage of AGCOD for {where} is acknowledged by {_by(notice)}"
        case News.RESOLVED:
            return f"AGCOD works again for {where}{_lasted(incident)}"


def _next_step(notice: Notice) -> str:
    name, tier = notice.incident.incident_id, notice.tier
    match notice.news:
        case News.OPENED:
            return f"Read what Amazon will be told: agcod-guard packet {name}"
        case News.PAGE_DUE:
            return (
                f"Send it: agcod-guard send {name}; or send it by hand and say so: "
                f"agcod-guard sent {name} --tier {tier}"
            )
        case News.PAGE_SENT:
            return f"When Amazon answers: agcod-guard ack {name} --by NAME"
        case News.PAGE_FAILED:
            return (
                "Look at the mail server; to send the mail by hand and say so: "
                f"agcod-guard sent {name} --tier {tier}"
            )
        case News.ACKNOWLEDGED:
            return "No further tier is written to."
        case News.RESOLVED:
            return (
                "Tell whoever answered, with recovery.eml, and settle the orders in "
                "doubt: agcod-guard doubt"
            )


def _mail(notice: Notice) -> str:
    return f"the mail to tier {notice.tier} of Amazon's pager"


def _by(notice: Notice) -> str:
    return _typed(notice.by) or "somebody"


def _lasted(incident: Incident) -> str:
    until_s = incident.first_success_at_s
    if until_s is None:
        return ""
    lasted = length(until_s - incident.first_failed_at_s)
    return f" since {gmt(until_s)}; it was down for {lasted}"


def _typed(text: str) -> str:
    return plain(redact_text(text))[:_LONGEST_TYPED]


def _stamp(at_s: float | None) -> str | None:
    """Return the time as programs read it, e.g. `2026-11-22T11:15:05Z`."""
    if at_s is None:
        return None
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _for_slack_text(text: str) -> str:
    """Return text in which nothing links or mentions."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
