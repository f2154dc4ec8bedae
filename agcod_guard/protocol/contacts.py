"""Know whom to write to at Amazon: the pager's tiers and the teams.

Pure: the types, and the check of what a file says. `settings` reads the files,
`contacts.toml` beside this module first; a partner's own rows replace those of
the same tier, team or marketplace, for Amazon changes its addresses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from agcod_guard.errors import SettingsError
from agcod_guard.protocol.failures import Door

TIERS = (1, 2, 3)
"""The pager's tiers: primary, management, senior leadership."""

_DOORS = {door.value: door for door in (Door.URGENT, Door.INTEGRATION, Door.OPERATIONS)}
_REQUIRED = frozenset({"door", "address", "source"})
_OPTIONAL = frozenset({"tier", "marketplace", "as_of", "note"})
_ADDRESS = re.compile(
    r"[A-Za-z0-9._+-]{1,64}@(?=.{1,253}\Z)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*"
)
_REWRITTEN = re.compile(
    r"\.rproxy\.goskope\.com$|\.goskope\.com$|\.mcas\.ms$"
    # Any other domain glued on to one of Amazon's.
    r"|(?:^|\.)amazon\.com\.[^.]+\..+$",
    re.IGNORECASE,
)

Slot = tuple[Door, int | None, str | None]
"""Door, tier and marketplace: what one contact stands for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One address at Amazon.

    Attributes:
        door: `URGENT`, `INTEGRATION` or `OPERATIONS`.
        address: E-mail address.
        source: Key of the page it was read on, or the partner's own word.
        tier: 1 to 3 for the pager; None for the others.
        marketplace: Amazon's code, for operations teams; None for the others.
        as_of: Date of that page; None when it is undated.
        note: What is odd about it; empty when nothing is.
    """

    door: Door
    address: str
    source: str
    tier: int | None = None
    marketplace: str | None = None
    as_of: date | None = None
    note: str = ""

    @property
    def slot(self) -> Slot:
        """What it stands for; of two contacts with one slot the later counts."""
        return self.door, self.tier, self.marketplace


@dataclass(frozen=True, slots=True)
class Contacts:
    """Every contact in force.

    Attributes:
        rows: One contact a slot.
    """

    rows: tuple[Contact, ...]

    def tier(self, number: int) -> Contact | None:
        """Return the pager's tier `number`."""
        return self._at((Door.URGENT, number, None))

    def integration(self) -> Contact | None:
        """Return the partner integration team."""
        return self._at((Door.INTEGRATION, None, None))

    def operations(self, marketplace: str) -> Contact | None:
        """Return the operations team of a marketplace, by Amazon's code.

        The integration team where no operations team is known.
        """
        return self._at((Door.OPERATIONS, None, marketplace)) or self.integration()

    def replaced_by(self, others: Contacts) -> Contacts:
        """Return these contacts with those of `others` in their places.

        Where the integration team stands in for an operations team, it is its
        new address that does.
        """
        standing_in = self._standing_in(others.integration())
        rows = (*self.rows, *standing_in, *others.rows)
        return Contacts(tuple({contact.slot: contact for contact in rows}.values()))

    def _standing_in(self, team: Contact | None) -> tuple[Contact, ...]:
        """Return the operations rows that are the integration team's, as `team`."""
        before = self.integration()
        if team is None or before is None:
            return ()
        return tuple(
            replace(row, address=team.address, source=team.source, as_of=team.as_of)
            for row in self.rows
            if row.door is Door.OPERATIONS and row.address == before.address
        )

    def _at(self, slot: Slot) -> Contact | None:
        return next((contact for contact in self.rows if contact.slot == slot), None)


def contacts_from(mapping: Mapping[str, object], *, origin: str) -> Contacts:
    """Return the contacts of a parsed file.

    Args:
        mapping: `{"contact": [row, ...]}` as TOML gives it.
        origin: Where it came from, for error messages.

    Raises:
        SettingsError: A row is incomplete, has an unknown key, or an address
            that Amazon cannot have.
    """
    rows = mapping.get("contact", [])
    if not isinstance(rows, list):
        raise SettingsError("contact", rows, "a list of tables", origin=origin)
    contacts = {
        contact.slot: contact
        for contact in (
            _contact_from(row, setting=f"contact[{number}]", origin=origin)
            for number, row in enumerate(rows)
        )
    }
    return Contacts(tuple(contacts.values()))


def _contact_from(row: object, *, setting: str, origin: str) -> Contact:
    if not isinstance(row, Mapping):
        raise SettingsError(setting, row, "a table", origin=origin)
    check = _Row(row, setting, origin)
    check.keys()
    door = check.door()
    return Contact(
        door=door,
        address=check.address(),
        source=check.text("source"),
        tier=check.tier(door),
        marketplace=check.marketplace(door),
        as_of=check.as_of(),
        note=check.text("note"),
    )


@dataclass(frozen=True, slots=True)
class _Row:
    """One table of the file; each method returns one checked value."""

    values: Mapping[str, object]
    setting: str
    origin: str

    def keys(self) -> None:
        for key in sorted(_REQUIRED - set(self.values)):
            raise self._wrong(key, None, "given")
        for key in self.values:
            if key not in _REQUIRED | _OPTIONAL:
                allowed = ", ".join(sorted(_REQUIRED | _OPTIONAL))
                raise self._wrong(key, self.values[key], f"one of the keys {allowed}")

    def text(self, key: str) -> str:
        value = self.values.get(key, "")
        if not isinstance(value, str):
            raise self._wrong(key, value, "text")
        return value

    def door(self) -> Door:
        name = self.text("door")
        if name not in _DOORS:
            raise self._wrong("door", name, f"one of {', '.join(_DOORS)}")
        return _DOORS[name]

    def address(self) -> str:
        address = self.text("address")
        if _ADDRESS.fullmatch(address) is None:
            raise self._wrong("address", address, "an e-mail address")
        if rewritten := _REWRITTEN.search(address.partition("@")[2]):
            raise self._wrong(
                "address",
                address,
                "the address as Amazon wrote it: the page was copied through a web "
                f"proxy that rewrote its domain ({rewritten[0]}), and no mail to it "
                "arrives; remove what the proxy added",
            )
        return address

    def tier(self, door: Door) -> int | None:
        tier = self.values.get("tier")
        if door is not Door.URGENT:
            if tier is not None:
                raise self._wrong("tier", tier, 'absent unless door is "urgent"')
            return None
        if type(tier) is not int or tier not in TIERS:
            raise self._wrong("tier", tier, "1, 2 or 3")
        return tier

    def marketplace(self, door: Door) -> str | None:
        code = self.text("marketplace")
        if (door is Door.OPERATIONS) != bool(code):
            raise self._wrong(
                "marketplace", code, 'given if, and only if, door is "operations"'
            )
        return code or None

    def as_of(self) -> date | None:
        value = self.values.get("as_of")
        if value is not None and type(value) is not date:
            raise self._wrong("as_of", value, "a date, such as 2022-12-16")
        return value

    def _wrong(self, key: str, value: object, expected: str) -> SettingsError:
        return SettingsError(
            f"{self.setting}.{key}", value, expected, origin=self.origin
        )
