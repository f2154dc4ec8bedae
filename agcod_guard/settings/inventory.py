"""What is in force, setting by setting, as it may be shown to anybody. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from agcod_guard.protocol.contacts import Contacts
from agcod_guard.settings.contacts import shipped_contacts
from agcod_guard.settings.fields import FIELDS
from agcod_guard.settings.frozen import FrozenMap
from agcod_guard.settings.given import Given, masked
from agcod_guard.settings.mail import Webhook
from agcod_guard.settings.values import Account

DEFAULT = "the default"
"""Origin of a value that nobody set."""


def inventory(
    settings: object, origins: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    """Return (name, value, origin) of every setting; secrets are masked."""
    return [
        (part.name, _shown(part), part.origin)
        for path in FIELDS
        for part in _parts(_found(settings, path, origins))
    ]


def _found(
    settings: object, path: tuple[str, ...], origins: Mapping[str, str]
) -> Given:
    value = settings
    for name in path:
        value = getattr(value, name)
    return Given(path, value, origins.get(".".join(path), DEFAULT))


def _parts(given: Given) -> Iterator[Given]:
    """Yield what is shown of a setting: itself, or row by row."""
    match given.value:
        case Contacts() as contacts:
            yield from _addresses(given, contacts)
        case FrozenMap() as rows if rows:
            for name, row in rows.items():
                yield from _columns(given.inside(name, row))
        case _:
            yield given


def _columns(row: Given) -> Iterator[Given]:
    match row.value:
        case Account(marketplace=marketplace, account_manager=account_manager):
            yield row.inside("marketplace", marketplace)
            yield row.inside("account_manager", account_manager)
        case Webhook() as webhook:
            yield row.inside("kind", webhook.kind)
            yield row.inside("url", webhook.url_in_force)
            yield row.inside("key_file", webhook.key_file)
        case _:
            yield row


def _addresses(given: Given, contacts: Contacts) -> Iterator[Given]:
    shipped = frozenset(shipped_contacts().rows)
    for row in contacts.rows:
        name = ".".join(str(part) for part in row.slot if part is not None)
        origin = DEFAULT if row in shipped else given.origin
        yield Given((*given.path, name), row.address, origin)


def _shown(given: Given) -> str:
    match given.value:
        case None:
            return "not set"
        case bool():
            return "true" if given.value else "false"
        case FrozenMap() | ():
            return "none"
        case tuple() as several:
            return ", ".join(map(str, several))
        case value:
            return str(masked(given.path, value))
