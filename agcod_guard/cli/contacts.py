"""`agcod-guard contacts`: whom to write to at Amazon, and since when that is known."""

from __future__ import annotations

import json
import sys
from typing import Any, TextIO

import click

from agcod_guard.cli.options import with_json, with_settings
from agcod_guard.cli.tables import print_table
from agcod_guard.protocol.contacts import Contact, Contacts
from agcod_guard.protocol.failures import Door
from agcod_guard.settings import Settings
from agcod_guard.settings.contacts import shipped_contacts

_TITLES = ("for", "address", "source", "as of", "note")


@click.command(epilog="Example: agcod-guard contacts --marketplace UK")
@with_settings
@click.option("--marketplace", help="Only what a marketplace needs, e.g. UK.")
@with_json
def contacts(settings_path: Any, *, marketplace: str | None, as_json: bool) -> int:
    """Show whom to write to at Amazon, where each address was read, and when.

    Amazon changes its addresses; rows of your settings stand in the place of those
    shipped with this version.
    """
    settings = Settings.load(settings_path)
    return show_contacts(
        settings.contacts, sys.stdout, marketplace=marketplace, as_json=as_json
    )


def show_contacts(
    contacts: Contacts,
    out: TextIO,
    *,
    marketplace: str | None = None,
    as_json: bool = False,
) -> int:
    """Print the addresses in force.

    Args:
        contacts: Those of the settings.
        out: Where to print.
        marketplace: Amazon's code; None for all of them.
        as_json: Print JSON.

    Returns:
        Exit code: 0.

    Raises:
        click.BadParameter: No operations team has that code.
    """
    rows = [each for each in contacts.rows if _is_wanted(each, marketplace)]
    if marketplace is not None and not any(each.marketplace for each in rows):
        codes = ", ".join(
            sorted(filter(None, (row.marketplace for row in contacts.rows)))
        )
        raise click.BadParameter(
            f"{marketplace!r} is none of {codes}", param_hint="--marketplace"
        )
    if as_json:
        print(json.dumps({"contacts": [_facts(each) for each in rows]}), file=out)
    else:
        print_table(out, _TITLES, (_row(each) for each in rows))
    return 0


def _is_wanted(contact: Contact, marketplace: str | None) -> bool:
    if marketplace is None or contact.marketplace is None:
        return True
    return contact.marketplace == marketplace.upper()


def _facts(contact: Contact) -> dict[str, Any]:
    return {
        "door": contact.door.value,
        "tier": contact.tier,
        "marketplace": contact.marketplace,
        "address": contact.address,
        "source": contact.source,
        "as_of": None if contact.as_of is None else contact.as_of.isoformat(),
        "note": contact.note,
        "own": contact not in shipped_contacts().rows,
    }


def _row(contact: Contact) -> tuple[str | None, ...]:
    if contact.door is Door.URGENT:
        purpose = f"urgent pager, tier {contact.tier}"
    elif contact.door is Door.INTEGRATION:
        purpose = "integration team"
    else:
        purpose = f"operations, {contact.marketplace}"
    as_of = "undated" if contact.as_of is None else contact.as_of.isoformat()
    return purpose, contact.address, contact.source, as_of, contact.note or None
