"""Write a mail that is no page, and the one about an account. Pure.

They go to the operations team of the country or to the integration team, as
`routing.py` says, and only when a person sends them. Each begins with what is
wrong, since when and how much, and ends with whom to ask.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from agcod_guard.call import Endpoint
from agcod_guard.incident.briefing import (
    Letterhead,
    contact_fields,
    fields,
    in_subject,
    paragraphs,
    subject_without_secrets,
    whose,
    without_secrets,
)
from agcod_guard.incident.clearing import cleared
from agcod_guard.incident.items import MISSING
from agcod_guard.incident.layout import count, gmt, identifier, listed, plain, some
from agcod_guard.incident.message import Mail, message_id
from agcod_guard.incident.narrative import endpoint_name
from agcod_guard.incident.routing import Route
from agcod_guard.incident.troubles import AccountTrouble

_REQUESTS = {
    "InsufficientFunds": "Please check the balance of our account and tell us what is "
    "needed before orders go through again.",
    "IssuanceCapExceeded": "Please check the issuance cap of our account and tell us "
    "what is needed to raise it.",
    "ActiveContractNotFound": "Please check the contract of our account and tell us "
    "what is needed to make it active.",
    "AccountHasProblems": "Please tell us what is wrong with our account and what is "
    "needed from us.",
    "OperationNotPermitted": "Please check whether our account is permitted to use "
    "this operation, and tell us what is needed.",
    "ProductTypeNotEnabledInTheContract": "Please check which product types our "
    "contract includes, and tell us how to enable this one.",
}
_ANY_REQUEST = "Please check our account and tell us what is needed from us."


def account_mail(
    trouble: AccountTrouble, route: Route, head: Letterhead, *, now_s: float
) -> Mail:
    """Return the mail about an account's failure to the team that `route` names.

    Args:
        trouble: The failure; one error of one day.
        route: Whom it goes to.
        head: Who writes; its reporter names the account's marketplace.
        now_s: Wall-clock time.

    Raises:
        NeverToThePager: The route is the pager's.
    """
    marketplace = head.reporter.marketplace
    who = whose(trouble.account, marketplace)
    error, since = plain(trouble.error), gmt(trouble.first_at_s)
    endpoint = Endpoint.parse(trouble.endpoint)
    opening = (
        f"AGCOD refuses the orders of partner {who} with {error}: "
        f"{count(trouble.calls, 'call')} since {since}, the last at "
        f"{gmt(trouble.last_at_s)}."
    )
    unset = f"{MISSING} setting accounts.{identifier(trouble.account)}.marketplace"
    facts = {
        "Partner ID of account": identifier(trouble.account),
        "Marketplace": plain(marketplace or unset),
        "Endpoint": endpoint_name(endpoint),
        "API error response": error,
        "Message in the response": plain(trouble.message),
        "Operation": identifier(trouble.operation),
        "Timestamp of first failed response": since,
        "Timestamp of last failed response": gmt(trouble.last_at_s),
        "Failed calls": f"{trouble.calls:,}",
        "Currency": some(map(identifier, trouble.currencies)),
        "Sample request IDs": listed(map(identifier, trouble.request_ids)),
    }
    return letter(
        route,
        head,
        subject=f"AGCOD account {in_subject(who)}: {in_subject(error)} since {since}",
        parts=(
            paragraphs(opening, _REQUESTS.get(trouble.error_type, _ANY_REQUEST)),
            fields(facts),
        ),
        name=draft_name(
            trouble.last_at_s, trouble.error, trouble.account, trouble.endpoint
        ),
        now_s=now_s,
    )


def letter(
    route: Route,
    head: Letterhead,
    *,
    subject: str,
    parts: Sequence[str],
    name: str,
    now_s: float,
) -> Mail:
    """Return the mail of these finished parts, and whom to ask below.

    Args:
        route: Whom it goes to.
        head: Who writes.
        subject: What it is about.
        parts: Blocks of text; empty ones are left out.
        name: As `draft_name` gives it; makes the Message-ID.
        now_s: Wall-clock time.

    Raises:
        NeverToThePager: The route is the pager's.
    """
    text = "\n\n".join(filter(None, (*parts, fields(contact_fields(head.reporter)))))
    return Mail(
        to=route.to,
        cc=route.cc,
        subject=subject_without_secrets(subject, f"AGCOD: a question ({name})"),
        text=without_secrets(f"{text}\n"),
        message_id=message_id(name, head.own_address),
        dated_s=now_s,
        contacts=head.contacts,
        sender=head.sender,
        reply_to=head.reporter.email,
        name=name,
    )


def draft_name(day_s: float, *parts: str) -> str:
    """Return the name of a draft: `2026-11-22-F300-InsufficientFunds-Acmes-eu`.

    What a file's name should not hold is left out, secrets above all. One error
    of an account has one name a day (GMT).
    """
    day = f"{datetime.fromtimestamp(day_s, UTC):%Y-%m-%d}"
    shown = (part if cleared(part) == part else "withheld" for part in parts)
    safe = (re.sub(r"[^A-Za-z0-9]+", "-", part)[:64].strip("-") for part in shown)
    return "-".join((day, *filter(None, safe)))
