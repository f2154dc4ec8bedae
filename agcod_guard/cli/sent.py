"""`agcod-guard sent`: a person has mailed a tier, so the next one's clock runs."""

from __future__ import annotations

import sys
from typing import TextIO

import click

from agcod_guard.cli.named import incident_named
from agcod_guard.cli.options import with_folder
from agcod_guard.cli.standing import Standing, on_record_s, standing_in
from agcod_guard.cli.times import iso, moment
from agcod_guard.data_folder import DataFolder
from agcod_guard.incident.acts import SentByHand
from agcod_guard.incident.drafts import URGENT_FILES
from agcod_guard.incident.escalation import next_tier, sent_to
from agcod_guard.incident.incident import Incident
from agcod_guard.protocol.contacts import TIERS


@click.command(epilog="Example: agcod-guard sent latest --tier 1 --at 5m")
@with_folder
@click.argument("incident_id", metavar="ID")
@click.option("--tier", type=click.IntRange(1, 3), required=True, help="1, 2 or 3.")
@click.option("--at", "at_s", callback=moment, help="When; now, unless given.")
@click.option("--message-id", default="", help="As the mail program shows it.")
def sent(
    folder: DataFolder,
    *,
    incident_id: str,
    tier: int,
    at_s: float | None,
    message_id: str,
) -> int:
    """Note that you have mailed a tier yourself; the next one's clock runs.

    ID is an incident's id, the beginning of one, or `latest`. With --message-id the
    next mail is filed under yours.
    """
    return note_sent(
        folder, incident_id, sys.stdout, tier=tier, at_s=at_s, message_id=message_id
    )


def note_sent(  # what one mail is known by
    folder: DataFolder,
    incident_id: str,
    out: TextIO,
    *,
    tier: int,
    at_s: float | None = None,
    message_id: str = "",
) -> int:
    """Note a mail that a person has sent, and print what is due next.

    Returns:
        Exit code: 0.

    Raises:
        click.BadParameter: That tier, or that time, cannot be.
        NoSuchIncident: Nothing of that name is there; exit code 1.
        DataError: The data folder cannot be read or written.
    """
    incident = incident_named(folder, incident_id)
    standing = standing_in(folder, incident)
    sent_at_s = standing.now_s if at_s is None else on_record_s(folder, at_s)
    _check(incident, standing, tier=tier, at_s=sent_at_s)
    folder.ladder().note_act(
        SentByHand(
            incident_id=incident.incident_id,
            at_s=sent_at_s,
            tier=tier,
            message_id=message_id,
        )
    )
    print(f"Noted: tier {tier} was written to at {iso(sent_at_s)}.", file=out)
    print(_what_next(folder, incident), file=out)
    return 0


def _check(incident: Incident, standing: Standing, *, tier: int, at_s: float) -> None:
    if not incident.first_failed_at_s <= at_s <= standing.now_s:
        began = iso(incident.first_failed_at_s)
        raise click.BadParameter(
            f"{iso(at_s)} is not between the first failure ({began}) and now",
            param_hint="--at",
        )
    pages = standing.pursuit.sent
    expected = next_tier(pages)
    if tier != expected and sent_to(pages, tier) is None:
        raise click.BadParameter(
            f"tier {tier} cannot come before tier {expected}; note that one first",
            param_hint="--tier",
        )


def _what_next(folder: DataFolder, incident: Incident) -> str:
    standing = standing_in(folder, incident)
    tier = next_tier(standing.pursuit.sent)
    if standing.due.due_at_s is None or tier not in TIERS:
        return standing.due.reason
    path = folder.packets().folder_of(incident.incident_id) / URGENT_FILES[tier]
    return (
        f"Tier {tier} is due at {iso(standing.due.due_at_s)} unless somebody answers "
        f"(agcod-guard ack {incident.incident_id} --by NAME); its draft will be {path}."
    )
