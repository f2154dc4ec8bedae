"""Choose the door at Amazon that can help, or say that none can. Pure.

The pager is for an outage and nothing else (fact sheet 6.3); contract, funds and
permission are the operations team's of the country; every other question is the
integration team's. Addresses are data with a source and a date.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date

from agcod_guard.call import Endpoint, Environment
from agcod_guard.incident.troubles import AccountTrouble
from agcod_guard.protocol.contacts import Contact, Contacts
from agcod_guard.protocol.endpoints import marketplaces_of
from agcod_guard.protocol.failures import Door, Failure, Owner, failure_of

PROMISES = {
    Door.URGENT: "on call day and night",
    Door.OPERATIONS: "an answer within 1 business day",
    Door.INTEGRATION: "no time is promised",
    Door.FIX: "nobody at Amazon is asked",
    Door.NOBODY: "nobody at Amazon is asked",
}
"""What Amazon promises at each door."""

TO_FIX = {
    Owner.PARTNER: "Amazon refuses our own input; the answer's message says what to "
    "correct in the request.",
    Owner.KEYS: "Check the access key, its secret and the clock of the machine that "
    "signs; an administrator makes new keys in the Incentives API portal.",
    Owner.CUSTOMER: "It is the end customer's own account at Amazon; the customer "
    "settles it with Amazon's customer service.",
    Owner.RATE: "We call too fast: at most 10 calls a second are taken of an account.",
}
"""What the partner does about a failure that is not Amazon's."""

_OLDER_LIST = "S1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Whom to write to, and what to know about it.

    Attributes:
        door: `FIX` and `NOBODY`: no mail is written.
        to: Recipients; empty if no mail is written.
        cc: Who may be sent a copy.
        promise: What Amazon promises there.
        source: Key of the page the address was read on; empty without one.
        as_of: Date of that page; None when it is undated.
        notes: What to know before sending; a sentence each.
    """

    door: Door
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    promise: str
    source: str = ""
    as_of: date | None = None
    notes: tuple[str, ...] = ()

    @property
    def is_mail(self) -> bool:
        """Whether there is anybody to write to."""
        return bool(self.to)


def marketplace_of(
    setting: str | None, currencies: Collection[str], region: str
) -> str | None:
    """Return the account's country: the setting, else the currency's only one.

    None for EUR and wherever else several countries share it.
    """
    if setting or len(currencies) != 1:
        return setting
    codes = marketplaces_of(next(iter(currencies)), region)
    return codes[0] if len(codes) == 1 else None


def to_pager(contacts: Contacts, tier: int) -> Route:
    """Return the route of an outage to the pager's tier 1, 2 or 3."""
    return _route(Door.URGENT, contacts.tier(tier))


def to_integration(contacts: Contacts, *notes: str) -> Route:
    """Return the route of a question, a change, or an operation that is down."""
    return _route(Door.INTEGRATION, contacts.integration(), *notes)


def for_trouble(
    trouble: AccountTrouble,
    contacts: Contacts,
    *,
    marketplace: str | None,
    account_manager: str | None = None,
) -> Route:
    """Return the route of what is wrong with an account.

    Args:
        trouble: One error of one day.
        contacts: The addresses in force.
        marketplace: What is set for the account; else its currency decides.
        account_manager: The partner's own contact at Amazon, for a copy.
    """
    endpoint = Endpoint.parse(trouble.endpoint)
    if endpoint.environment is not Environment.PRODUCTION:
        return Route(
            door=Door.NOBODY,
            promise=PROMISES[Door.NOBODY],
            notes=(f"{endpoint} is not a production endpoint.",),
        )
    return for_account(
        failure_of(trouble.error_code, trouble.error_type),
        contacts,
        marketplace=marketplace_of(marketplace, trouble.currencies, endpoint.region),
        account_manager=account_manager,
    )


def for_account(
    failure: Failure,
    contacts: Contacts,
    *,
    marketplace: str | None,
    account_manager: str | None = None,
) -> Route:
    """Return the route of an account's failure: funds, contract, permission.

    Args:
        failure: Its row.
        contacts: The addresses in force.
        marketplace: Amazon's code of the account's country; None if unknown.
        account_manager: The partner's own contact at Amazon, for a copy.
    """
    match failure.door:
        case Door.FIX | Door.NOBODY:
            return Route(
                door=failure.door,
                promise=PROMISES[failure.door],
                notes=(TO_FIX[failure.owner],),
            )
        case Door.OPERATIONS:
            route = _to_operations(contacts, marketplace)
        case _:
            route = to_integration(contacts)
    return replace(route, cc=(account_manager,) if account_manager else ())


def for_request(
    failure: Failure,
    contacts: Contacts,
    *,
    marketplace: str | None,
    account_manager: str | None = None,
) -> Route:
    """Return the route of a question about one failing request.

    Whatever a single request failed with is no outage: it is never the pager.

    Args:
        failure: As for `for_account`, and so are the others.
        contacts: The addresses in force.
        marketplace: Amazon's code of the account's country; None if unknown.
        account_manager: For a copy of what concerns the account.
    """
    if failure.door in (Door.OPERATIONS, Door.NOBODY):
        return for_account(
            failure,
            contacts,
            marketplace=marketplace,
            account_manager=account_manager,
        )
    first = TO_FIX.get(failure.owner)
    return to_integration(contacts, *([f"First: {first}"] if first else []))


def _to_operations(contacts: Contacts, marketplace: str | None) -> Route:
    if marketplace is None:
        return to_integration(
            contacts,
            "The account's country is not known (no marketplace is set), so this goes "
            "to the integration team.",
        )
    contact, fallback = contacts.operations(marketplace), contacts.integration()
    is_listed = contact is not None and contact.door is Door.OPERATIONS
    if not is_listed or (fallback and contact and contact.address == fallback.address):
        return to_integration(
            contacts,
            f"Amazon lists no operations team for {marketplace}, so this goes to the "
            "integration team.",
        )
    return _route(Door.OPERATIONS, contact)


def _route(door: Door, contact: Contact | None, *notes: str) -> Route:
    """Return the route to `contact`; one without recipients if there is none."""
    if contact is None:
        said = (*notes, "No address is known for it.")
        return Route(door=door, promise=PROMISES[door], notes=said)
    own = [f"About the address: {contact.note}."] if contact.note else []
    if contact.source == _OLDER_LIST:
        own.append("Amazon's newer list no longer has it: confirm it before sending.")
    return Route(
        door=door,
        to=(contact.address,),
        promise=PROMISES[door],
        source=contact.source,
        as_of=contact.as_of,
        notes=(*notes, *own),
    )
