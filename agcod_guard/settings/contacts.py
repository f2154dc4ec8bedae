"""Amazon's addresses in force: those shipped, and the partner's in their place."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from agcod_guard.errors import SettingsError
from agcod_guard.protocol.contacts import Contacts, contacts_from
from agcod_guard.settings.given import Given

_SHIPPED_FILE = "contacts.toml"


@cache
def shipped_contacts() -> Contacts:
    """Return the addresses that came with this version."""
    import tomllib

    text = files("agcod_guard.protocol").joinpath(_SHIPPED_FILE).read_text("utf-8")
    return contacts_from(tomllib.loads(text), origin=_SHIPPED_FILE)


@dataclass(frozen=True, slots=True)
class ContactRows:
    """Rows as in the shipped file; each replaces the one it stands for."""

    expected: str = "a list of tables, each with door, address and source"

    def take(self, given: Given) -> Contacts:
        """Return the shipped addresses with those given in their places."""
        rows = given.value
        if isinstance(rows, Contacts):
            return shipped_contacts().replaced_by(rows)
        if not isinstance(rows, list | tuple):
            raise given.refused(self.expected)
        try:
            own = contacts_from({"contact": list(rows)}, origin=given.origin)
        except SettingsError as error:
            row = error.setting.removeprefix("contact")
            raise SettingsError(
                f"{given.name}{row}", error.value, error.expected, origin=error.origin
            ) from None
        return shipped_contacts().replaced_by(own)

    def read(self, text: str) -> object:
        """Return the text as it is: rows do not fit into one variable."""
        return text


CONTACT_ROWS = ContactRows()
