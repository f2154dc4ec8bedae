"""The groups that settings come in, as values that check themselves.

Pure. Each class is one table of the settings file, under the same names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from agcod_guard.settings.given import Given
from agcod_guard.settings.kinds import (
    EMAIL,
    MARKETPLACE,
    OUTSIDE_URL,
    PARTNER_ID,
    PERSON,
    PHONE,
    SWITCH,
    Kind,
    Scalar,
    Table,
    one_of,
    seconds,
    whole,
)

ARGUMENT = "an argument"
"""Origin of a value that was passed to a constructor."""


class PageMode(StrEnum):
    """What happens with the urgent mail to Amazon."""

    DRAFT = "draft"
    """It is a file; a person sends it."""
    ASK = "ask"
    """It waits for a person's yes."""
    LIVE = "live"
    """It goes out by itself once everything else agrees."""


CONTACT: Mapping[str, Scalar] = {"name": PERSON, "phone": PHONE, "email": EMAIL}
ACCOUNT: Mapping[str, Scalar] = {"marketplace": MARKETPLACE, "account_manager": EMAIL}
REFERENCE: Mapping[str, Scalar] = {
    "url": OUTSIDE_URL,
    "timeout_s": seconds(at_most=60),
}
PAGE: Mapping[str, Scalar] = {"mode": one_of(PageMode)}
FLEET: Mapping[str, Scalar] = {"single_host": SWITCH}
JOURNAL: Mapping[str, Scalar] = {"max_bytes": whole(1_000_000), "max_days": whole(1)}
EVENTS: Mapping[str, Scalar] = {"calls": SWITCH}


def check_fields(value: Any, kinds: Mapping[str, Kind], *, table: str = "") -> None:
    """Replace the fields of a new frozen value by what their kinds make of them.

    None stays where it is the field's default.

    Raises:
        SettingsError: A field is not of its kind.
    """
    prefix = (table,) if table else ()
    for field in fields(value):
        kind, present = kinds.get(field.name), getattr(value, field.name)
        if kind is None or (present is None and field.default is None):
            continue
        taken = kind.take(Given((*prefix, field.name), present, ARGUMENT))
        object.__setattr__(value, field.name, taken)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whom Amazon may call back; None where the settings do not say.

    Attributes:
        name: Given and family name.
        phone: International number.
        email: Address that is read day and night.
    """

    name: str | None = None
    phone: str | None = None
    email: str | None = None

    def __post_init__(self) -> None:
        check_fields(self, CONTACT, table="contact")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What is known of one partner id.

    Attributes:
        marketplace: Amazon's code, e.g. `UK`; None when it is to be taken
            from the currency of the failing orders.
        account_manager: The partner's contact at Amazon; None if unknown.
    """

    marketplace: str | None = None
    account_manager: str | None = None

    def __post_init__(self) -> None:
        check_fields(self, ACCOUNT, table="accounts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A host outside Amazon that tells whether our own way out is open.

    Attributes:
        url: Where any HTTP answer will do; None for no reference.
        timeout_s: How long to wait for it.
    """

    url: str | None = None
    timeout_s: float = 3.0

    def __post_init__(self) -> None:
        check_fields(self, REFERENCE, table="reference")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """How far the guard may go in writing to Amazon.

    Attributes:
        mode: `draft`, `ask` or `live`.
    """

    mode: PageMode = PageMode.DRAFT

    def __post_init__(self) -> None:
        check_fields(self, PAGE, table="page")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """The machines that share one account.

    Attributes:
        single_host: This machine is the only one, so it may speak for all.
    """

    single_host: bool = False

    def __post_init__(self) -> None:
        check_fields(self, FLEET, table="fleet")


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalQuota:
    """How much of the past is kept; an open incident's is never dropped.

    Attributes:
        max_bytes: Size of all segments together.
        max_days: Age of the oldest segment.
    """

    max_bytes: int = 1_000_000_000
    max_days: int = 30

    def __post_init__(self) -> None:
        check_fields(self, JOURNAL, table="journal")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSwitches:
    """Which events are told louder than they are by themselves.

    Attributes:
        calls: Each call at level info; at debug otherwise.
    """

    calls: bool = False

    def __post_init__(self) -> None:
        check_fields(self, EVENTS, table="events")


ACCOUNTS = Table(
    expected="a table of partner ids, each with marketplace or account_manager",
    key=PARTNER_ID,
    columns=ACCOUNT,
    build=Account,
)
