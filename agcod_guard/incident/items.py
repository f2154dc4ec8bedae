"""Answer the questions Amazon asks of a partner who reports an outage. Pure.

Labels and order are Amazon's (fact sheet 6.5). What neither the calls nor the
settings tell stands as MISSING; nothing is invented.
"""

from __future__ import annotations

from dataclasses import dataclass

from agcod_guard.call import UNKNOWN_ACCOUNT, Call
from agcod_guard.incident.dossier import Dossier
from agcod_guard.incident.failed_calls import names_a_card
from agcod_guard.incident.incident import Incident
from agcod_guard.incident.layout import gmt, identifier, plain, some
from agcod_guard.incident.narrative import consistency, problem
from agcod_guard.incident.routing import marketplace_of
from agcod_guard.redaction import redact_text

MISSING = "MISSING - fill in before sending:"
"""What an unknown fact begins with."""

SAMPLE_FILE = "sample-request.txt"

_LISTED_CHANGES = 5
_NO_CALL = "no failed call is on record"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporter:
    """What the partner alone can tell.

    Attributes:
        name: Who reports; None where it is not set.
        phone: In international form.
        email: Where Amazon's answer goes.
        marketplace: Of the failing account, `UK`.
        changes: Changes on the partner's side: (wall time in s, words), oldest
            first.
        recording_since_s: Since when changes are recorded; None if unknown.
        action: What was done for the business, e.g. taken off sale; None if
            nobody has said.
        changes_answer: A person's own answer about changes; None if nobody has
            given one.
    """

    name: str | None = None
    phone: str | None = None
    email: str | None = None
    marketplace: str | None = None
    changes: tuple[tuple[float, str], ...] = ()
    recording_since_s: float | None = None
    action: str | None = None
    changes_answer: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One of Amazon's questions and its answer, in escaped text.

    Attributes:
        label: Amazon's own words.
        answer: Paragraphs; the first begins with `MISSING` if unknown.
    """

    label: str
    answer: tuple[str, ...]

    @property
    def missing(self) -> bool:
        """Whether a person has to fill it in."""
        return self.answer[0].startswith(MISSING)


def items(
    incident: Incident, dossier: Dossier, reporter: Reporter, *, sample_attached: bool
) -> tuple[Item, ...]:
    """Return Amazon's items in Amazon's order.

    Args:
        incident: The outage.
        dossier: Its facts.
        reporter: Who reports it.
        sample_attached: sample-request.txt goes with the packet.
    """
    call = dossier.sample_call
    answers: dict[str, str | tuple[str, ...]] = {
        "Contact name": _setting(reporter.name, "contact.name"),
        "Contact phone number": _setting(reporter.phone, "contact.phone"),
        "Contact email": _setting(reporter.email, "contact.email"),
        "Partner ID of account": _partner(incident.scope.account),
        "Sample request ID": _request_id(call),
        "Timestamp of sample request": (
            gmt(call.started_at_s) if call else _missing(_NO_CALL)
        ),
        "Timestamp of first failed response": gmt(incident.first_failed_at_s),
        "Sample card serial number (physical card activation only)": _serial(dossier),
        "API error response": _error(dossier),
        "Marketplace": _marketplace(incident, dossier, reporter),
        "Brief problem description": (
            _problem(incident, dossier, reporter)
            if dossier.failed
            else _missing(_NO_CALL)
        ),
        "Is the behavior consistent?": (
            consistency(incident, dossier) if dossier.failed else _missing(_NO_CALL)
        ),
        "Were there any recent changes on your end?": _changes(reporter),
        "Sample request payload (attached)": _payload(sample_attached),
    }
    return tuple(_item(label, answer) for label, answer in answers.items())


def missing_items(
    incident: Incident,
    dossier: Dossier,
    reporter: Reporter,
    *,
    sample_withheld: bool = False,
) -> tuple[str, ...]:
    """Return the labels of the items that a person has to fill in.

    The packet is complete (design 5.6) if there are none.
    """
    attached = dossier.sample is not None and not sample_withheld
    answers = items(incident, dossier, reporter, sample_attached=attached)
    return tuple(item.label for item in answers if item.missing)


def _item(label: str, answer: str | tuple[str, ...]) -> Item:
    return Item(label, (answer,) if isinstance(answer, str) else answer)


def _missing(what: str) -> str:
    return f"{MISSING} {what}"


def _setting(value: str | None, setting: str) -> str:
    return plain(value or "") or _missing(f"setting {setting} is empty")


def _partner(account: str) -> str:
    if account == UNKNOWN_ACCOUNT:
        return _missing("the requests name none and setting partner_id is empty")
    return identifier(account)


def _request_id(call: Call | None) -> str:
    if call is None:
        return _missing(_NO_CALL)
    if call.request_id:
        return identifier(call.request_id)
    operation = identifier(call.operation)
    if call.amzn_request_id:
        amazons = identifier(call.amzn_request_id)
        return (
            f"{amazons} (Amazon's x-amzn-RequestId; {operation} carries no ID of ours)"
        )
    return _missing(f"{operation} carries no ID of ours and Amazon sent none")


def _serial(dossier: Dossier) -> str:
    call = dossier.sample_call
    if call and names_a_card(call):
        unknown = _missing("the 16-digit serial of the card in the sample request")
        return identifier(call.card_serial or "") or unknown
    other = dossier.first_activation
    if other and other.card_serial:
        order = identifier(other.request_id or "") or "without an ID"
        return f"{identifier(other.card_serial)} (another failed request, {order})"
    return "does not apply (no card activation)"


def _error(dossier: Dossier) -> str:
    """Return the sample's error, and what else came."""
    call = dossier.sample_call
    if call is None or call.error is None:
        return _missing(_NO_CALL)
    kinds = [error.error for error in dossier.errors if error.technical]
    others = [plain(kind) for kind in kinds if not call.error.startswith(kind)]
    also = f" (also seen: {some(others)})" if others else ""
    return f"{plain(call.error)}{also}"


def _marketplace(incident: Incident, dossier: Dossier, reporter: Reporter) -> str:
    """Return the setting, else the one that the failing currency stands for."""
    region = incident.scope.endpoint.region
    found = marketplace_of(reporter.marketplace, dossier.currencies, region)
    if found:
        return plain(found)
    if not dossier.currencies:
        return _missing("the failed requests name no currency to tell it by")
    named = some(map(identifier, dossier.currencies))
    return _missing(f"the failed requests are in {named}; which country's account?")


def _problem(
    incident: Incident, dossier: Dossier, reporter: Reporter
) -> tuple[str, ...]:
    told = (problem(incident, dossier),)
    if reporter.action is None:
        return told
    return (*told, f"What we have done: {plain(redact_text(reporter.action))}")


def _changes(reporter: Reporter) -> tuple[str, ...]:
    if reporter.changes_answer is not None:
        told = (plain(redact_text(reporter.changes_answer)),)
        return (*told, *_noted(reporter)) if reporter.changes else told
    return _noted(reporter)


def _noted(reporter: Reporter) -> tuple[str, ...]:
    if reporter.changes:
        newest = reporter.changes[-_LISTED_CHANGES:]
        earlier = len(reporter.changes) - len(newest)
        lines = [f"{gmt(at_s)}: {plain(redact_text(text))}" for at_s, text in newest]
        return (f"and {earlier} before that:", *lines) if earlier else tuple(lines)
    if reporter.recording_since_s is None:
        return (_missing("deployments, configuration, network, keys"),)
    return (f"none recorded since {gmt(reporter.recording_since_s)}",)


def _payload(attached: bool) -> str:
    if attached:
        return f"{SAMPLE_FILE}: raw request with headers, and the answer"
    return _missing("a raw request with its headers")
