"""Write docs/facts.md from the tables that the code itself uses.

Run `python docs/generate_facts.py` after a change to them; a test holds both
equal.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

from agcod_guard.protocol import contacts, endpoints, failures, operations

PAGE = Path(__file__).with_name("facts.md")
CONTACTS = Path(contacts.__file__).with_suffix(".toml")

INTRODUCTION = """\
# What agcod-guard knows about AGCOD

Generated from the code by `docs/generate_facts.py`; do not edit. An empty cell
means: none, or nothing to remark. Amazon publishes none of this as a contract,
so confidence and notes say what a row rests on.
"""
SOURCES = """\
`A-OUT` is Amazon's outage management page, `S0` a copy of it from which a web
proxy's suffix was removed, `S1` Amazon's older, undated emergency procedure.
Rows of your own settings go before these.
"""
FAILURE_NOTES = """\
The error code decides before the type. A type that is not listed inherits its
class, an unlisted class is a fault. `urgent` means the pager, and only while no
call at all succeeds; a single failure of that kind goes to the integration
team. *Retry* means: the same request id may be sent again unchanged. A mock id
makes the sandbox give that answer; with `~` it is inferred.
"""


def facts() -> str:
    """Return the page."""
    parts = [
        INTRODUCTION,
        "## Hosts\n",
        _hosts(),
        "## Operations\n",
        _operations(),
        "## Marketplaces\n",
        _marketplaces(),
        "## Failures\n",
        FAILURE_NOTES,
        _failures(),
        "## Contacts\n",
        SOURCES,
        _contacts(),
    ]
    return "\n".join(parts)


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join(
        "| " + " | ".join(str(cell or "") for cell in line) + " |\n" for line in lines
    )


def _hosts() -> str:
    return _table(
        ("Host", "Region", "Environment", "SigV4 region", "Note"),
        (
            (
                f"`{host.name}`",
                host.endpoint.region,
                host.endpoint.environment.value,
                f"`{host.signing_region}`",
                "legacy" if host.legacy else "",
            )
            for host in endpoints.HOSTS
        ),
    )


def _operations() -> str:
    return _table(
        ("Operation", "Request id", "Read-only", "Idempotent", "Undo", "Note"),
        (
            (
                f"`{operation.name}`",
                ", ".join(f"`{name}`" for name in operation.request_id_fields),
                _yes(operation.read_only),
                "unknown" if operation.idempotent is None else "yes",
                operation.undo and f"`{operation.undo}`",
                operation.note,
            )
            for operation in operations.OPERATIONS.values()
        ),
    )


def _marketplaces() -> str:
    return _table(
        ("Marketplace", "ISO", "Region", "Currency", "Note"),
        (
            (place.code, place.iso, place.region, place.currency, place.note)
            for place in endpoints.MARKETPLACES
        ),
    )


def _failures() -> str:
    rows = [*failures.CLASSES.values(), *failures.FAILURES]
    return _table(
        ("Class", "Error type", "Outcome", "Owner", "Door", "Retry", "From", "Mock id"),
        (
            (
                row.error_class,
                f"`{row.error_type}`" if row.error_type else "(any other)",
                row.outcome.value,
                row.owner.value,
                row.door.value,
                _yes(row.retryable),
                row.confidence.value,
                ", ".join(_mock_id(mock_id) for mock_id in row.mock_ids),
            )
            for row in rows
        ),
    )


def _contacts() -> str:
    known = contacts.contacts_from(
        tomllib.loads(CONTACTS.read_text(encoding="utf-8")), origin=CONTACTS.name
    )
    return _table(
        ("Door", "For", "Address", "Source", "As of", "Note"),
        (
            (
                contact.door.value,
                f"tier {contact.tier}" if contact.tier else contact.marketplace,
                f"`{contact.address}`",
                contact.source,
                contact.as_of or "undated",
                contact.note,
            )
            for contact in known.rows
        ),
    )


def _mock_id(mock_id: str) -> str:
    return f"{mock_id}~" if mock_id in failures.INFERRED_MOCK_IDS else mock_id


def _yes(value: bool) -> str:
    return "yes" if value else ""


if __name__ == "__main__":
    PAGE.write_text(facts(), encoding="utf-8")
