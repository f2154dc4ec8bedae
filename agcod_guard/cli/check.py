"""`agcod-guard check`: the settings in force, and what is still missing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, TextIO

import click

from agcod_guard.cli import in_words
from agcod_guard.cli.data_findings import (
    data_folder_findings,
    guard_findings,
    journal_findings,
    ladder_findings,
)
from agcod_guard.cli.fact_findings import (
    clock_findings,
    contacts_findings,
    packet_findings,
)
from agcod_guard.cli.findings import Finding, Level
from agcod_guard.cli.mail_findings import paging_findings
from agcod_guard.cli.options import with_json, with_places
from agcod_guard.cli.tables import print_table
from agcod_guard.clock import SystemClock
from agcod_guard.data_folder import DataFolder
from agcod_guard.errors import DataError, SettingsError
from agcod_guard.incident.layout import count
from agcod_guard.protocol.contacts import Contact
from agcod_guard.settings import Settings
from agcod_guard.settings.problems import problems

SETTINGS_CODE = 2

LOOKS: Mapping[str, Callable[[DataFolder], Iterator[Finding]]] = {
    "packet": packet_findings,
    "paging": paging_findings,
    "contacts": contacts_findings,
    "data folder": data_folder_findings,
    "journal": journal_findings,
    "ladder": ladder_findings,
    "clock": clock_findings,
    "guard": guard_findings,
}
"""What is looked into, in the order shown."""


@click.command(epilog="Example: agcod-guard check --settings agcod_guard.toml")
@with_places
@with_json
def check(*, places: dict[str, Any], as_json: bool) -> int:
    """Show the settings in force, where each was set, and what is missing.

    Looks at what packets still lack, Amazon's addresses, the data folder, the
    journal, the ladder and the clock. Exit code 1 if something is a problem, 2 if
    a setting cannot be worked with: then every such setting is named.
    """
    refused = problems(**places)
    if refused:
        return show_refused(refused, sys.stdout, sys.stderr, as_json=as_json)
    folder = DataFolder(settings=Settings.load(**places), clock=SystemClock())
    return show_check(folder, sys.stdout, as_json=as_json)


def show_refused(
    refused: Sequence[SettingsError],
    out: TextIO,
    beside: TextIO,
    *,
    as_json: bool = False,
) -> int:
    """Name every setting that cannot be worked with.

    Returns:
        Exit code: 2.
    """
    if as_json:
        listed = [
            {
                "setting": error.setting,
                "value": error.value,
                "expected": error.expected,
                "origin": error.origin,
            }
            for error in refused
        ]
        print(json.dumps({"settings_errors": listed}, default=str), file=out)
    else:
        for error in refused:
            print(f"Error: {error}", file=beside)
    return SETTINGS_CODE


def show_check(folder: DataFolder, out: TextIO, *, as_json: bool = False) -> int:
    """Print what is in force and what was found.

    Returns:
        Exit code: 0 if nothing is a problem, else 1.
    """
    found = findings(folder)
    wrong = sum(each.level is Level.PROBLEM for each in found)
    if as_json:
        facts = check_facts(folder.settings, found) | {"problems": wrong}
        print(json.dumps(facts), file=out)
    else:
        _print_all(folder.settings, found, out)
        print(f"\n{count(wrong, 'problem') if wrong else 'No problem'}.", file=out)
    return int(wrong > 0)


def findings(folder: DataFolder) -> list[Finding]:
    """Return everything there is to say of the settings, the data and the clock."""
    found: list[Finding] = []
    for subject, look in LOOKS.items():
        try:
            found += look(folder)
        except DataError as error:
            found.append(Finding(Level.PROBLEM, subject, str(error)))
        except OSError as error:
            found.append(Finding(Level.PROBLEM, subject, in_words(error)))
    return found


def check_facts(settings: Settings, found: Sequence[Finding]) -> dict[str, Any]:
    """Return the check as a JSON object; `docs/command-line.md` has the keys."""
    return {
        "settings": [
            {"name": name, "value": value, "origin": origin}
            for name, value, origin in settings.in_force()
        ],
        "contacts": [
            {
                "door": row.door.value,
                "for": _purpose(row),
                "address": row.address,
                "source": row.source,
                "as_of": str(row.as_of) if row.as_of else None,
            }
            for row in settings.contacts.rows
        ],
        "findings": [asdict(each) for each in found],
    }


def _print_all(settings: Settings, found: Sequence[Finding], out: TextIO) -> None:
    rows = [row for row in settings.in_force() if not row[0].startswith("contacts.")]
    print_table(out, ("setting", "value", "set in"), rows)
    print(file=out)
    print_table(
        out,
        ("door", "for", "address at Amazon", "source", "as of"),
        [
            (
                row.door.value,
                _purpose(row),
                row.address,
                row.source,
                str(row.as_of or "undated"),
            )
            for row in settings.contacts.rows
        ],
    )
    print(file=out)
    print_table(
        out,
        ("", "looked at", "found"),
        [(each.level.value, each.subject, each.text) for each in found],
    )


def _purpose(row: Contact) -> str | None:
    """Return which of the door's addresses it is: a tier or a marketplace."""
    return f"tier {row.tier}" if row.tier else row.marketplace
