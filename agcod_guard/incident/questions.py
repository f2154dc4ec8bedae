"""Write to the integration team: a request, an operation, a planned change. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from agcod_guard.call import Call, Outcome, Scope
from agcod_guard.incident.briefing import (
    Letterhead,
    fields,
    in_subject,
    in_words,
    paragraphs,
    whose,
)
from agcod_guard.incident.layout import (
    count,
    gmt,
    gmt_ms,
    identifier,
    money,
    plain,
    some,
    wrapped,
)
from agcod_guard.incident.letters import draft_name, letter
from agcod_guard.incident.message import Mail
from agcod_guard.incident.narrative import endpoint_name
from agcod_guard.incident.routing import Route
from agcod_guard.incident.tally import kind_of_error

_MOST_CALLS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationDown:
    """One operation that fails while others of its scope succeed.

    Attributes:
        scope: Account and endpoint.
        operation: The operation.
        examples: Some of its failed calls, at least one, oldest first.
        calls: How many failed in all.
        orders: How many different orders that is.
        first_at_s: First failure, wall-clock seconds since the epoch.
        others: Operations that succeed meanwhile.
    """

    scope: Scope
    operation: str
    examples: Sequence[Call]
    calls: int
    orders: int
    first_at_s: float
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """A planned change or downtime on the partner's side.

    Attributes:
        account: Partner id.
        what: In the partner's words.
        starts_at_s: When it begins, wall-clock seconds since the epoch.
        ends_at_s: When it is over; None for a change that stays.
        downtime: No calls are made meanwhile.
    """

    account: str
    what: str
    starts_at_s: float
    ends_at_s: float | None = None
    downtime: bool = False


def request_mail(
    calls: Sequence[Call], route: Route, head: Letterhead, *, now_s: float
) -> Mail:
    """Return the question about one request.

    Args:
        calls: Its calls, at least one, oldest first.
        route: Whom it goes to.
        head: Who writes; its reporter names the account's marketplace.
        now_s: Wall-clock time.
    """
    first, last = calls[0], calls[-1]
    who = whose(first.scope.account, head.reporter.marketplace)
    request_id = _request_id(first)
    ended = _ended(last)
    opening = (
        f"One request of partner {who} to {endpoint_name(first.endpoint)} went wrong: "
        f"{identifier(first.operation)} {request_id} of {gmt(first.started_at_s)} "
        f"({count(len(calls), 'attempt')}, the last one: {ended})."
    )
    facts = {
        "Partner ID of account": identifier(first.scope.account),
        "Sample request ID": request_id,
        "Timestamp of sample request": gmt(first.started_at_s),
        "Amount": _amount(first),
        "Card serial number": identifier(first.card_serial or ""),
        "API error response": ended,
        "Message in the response": plain(last.message or ""),
    }
    return letter(
        route,
        head,
        subject=(
            f"AGCOD request {in_subject(request_id)} of {in_subject(who)}: "
            f"{in_subject(ended)}"
        ),
        parts=(paragraphs(opening, _asked(calls)), fields(facts), _listed(calls)),
        name=draft_name(
            first.started_at_s, "report", _digest(f"{who}{first.request_id}")
        ),
        now_s=now_s,
    )


def operation_mail(
    down: OperationDown, route: Route, head: Letterhead, *, now_s: float
) -> Mail:
    """Return the mail about one operation that fails while others succeed."""
    who = whose(down.scope.account, head.reporter.marketplace)
    operation, since = identifier(down.operation), gmt(down.first_at_s)
    error = in_words(kind_of_error(down.examples[-1]))
    opening = (
        f"{operation} fails for partner {who} at {endpoint_name(down.scope.endpoint)}: "
        f"since {since} all {count(down.calls, 'call')} have failed with {error} "
        f"({count(down.orders, 'different order')})."
    )
    others = some(map(identifier, down.others)) or "other operations"
    asked = (
        f"Still working: {others}. So this is no outage, and we have not used the "
        "urgent address. Please look into it and tell us what to expect."
    )
    facts = {
        "Partner ID of account": identifier(down.scope.account),
        "Operation": operation,
        "API error response": error,
        "Timestamp of first failed response": since,
    }
    return letter(
        route,
        head,
        subject=(
            f"AGCOD {in_subject(operation)} fails for {in_subject(who)}: "
            f"{in_subject(error)} since {since}"
        ),
        parts=(paragraphs(opening, asked), fields(facts), _listed(down.examples)),
        name=draft_name(
            down.first_at_s, "operation-down", down.operation, down.scope.account
        ),
        now_s=now_s,
    )


def announcement_mail(
    planned: Announcement, route: Route, head: Letterhead, *, now_s: float
) -> Mail:
    """Return the announcement of a planned change or downtime."""
    who = whose(planned.account, head.reporter.marketplace)
    kind = "downtime" if planned.downtime else "change"
    start = gmt(planned.starts_at_s)
    until = "" if planned.ends_at_s is None else f" until {gmt(planned.ends_at_s)}"
    effect = (
        "We will make no calls to AGCOD meanwhile."
        if planned.downtime
        else "Our calls to AGCOD go on. Please tell us if you expect any trouble."
    )
    plan = "downtime" if planned.downtime else "a change"
    opening = f"We plan {plan} on our side for partner {who}, from {start}{until}."
    return letter(
        route,
        head,
        subject=f"Planned {kind} of AGCOD partner {in_subject(who)}, {start}",
        parts=(paragraphs(opening, plain(planned.what), effect),),
        name=draft_name(
            planned.starts_at_s, kind, _digest(f"{who}{start}{planned.what}")
        ),
        now_s=now_s,
    )


def _asked(calls: Sequence[Call]) -> str:
    if calls[-1].outcome is Outcome.SUCCESS:
        return "It has succeeded since. Please tell us what went wrong before."
    if any(call.outcome is Outcome.NO_ANSWER for call in calls):
        return "Please tell us what went wrong, and whether it was carried out."
    return "Please tell us what went wrong and what we should do."


def _listed(calls: Sequence[Call]) -> str:
    """Return the calls, an entry each; the first of them and the last."""
    shown = calls
    if len(calls) > _MOST_CALLS:
        shown = (*calls[: _MOST_CALLS - 1], calls[-1])
    entries = (
        f"{gmt_ms(call.started_at_s)} {_request_id(call)}: {_ended(call)} after "
        f"{call.duration_s:.1f} s, x-amzn-RequestId "
        f"{identifier(call.amzn_request_id or 'none')}"
        for call in shown
    )
    lines = [
        line for entry in entries for line in wrapped(entry, first="  ", rest="    ")
    ]
    left_out = len(calls) - len(shown)
    head = f"Calls ({left_out:,} more left out):" if left_out else "Calls:"
    return "\n".join((head, *lines))


def _request_id(call: Call) -> str:
    return identifier(call.request_id or "") or "without an ID"


def _ended(call: Call) -> str:
    if call.outcome is Outcome.SUCCESS:
        return "success"
    return in_words(kind_of_error(call))


def _amount(call: Call) -> str:
    return "" if call.amount is None else money(call.amount, call.currency)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
