"""`agcod-guard change`: what has changed, or will change, on your side."""

from __future__ import annotations

import json
import sys
from typing import Any, TextIO

import click

from agcod_guard.cli.drafted import write_draft
from agcod_guard.cli.options import with_folder, with_json
from agcod_guard.cli.tables import print_table
from agcod_guard.cli.times import coming, iso, moment, with_iso
from agcod_guard.data_folder import DataFolder
from agcod_guard.incident.layout import listed
from agcod_guard.incident.questions import Announcement, announcement_mail
from agcod_guard.incident.routing import to_integration
from agcod_guard.post_office import account_letterhead
from agcod_guard.redaction import redact_text

_TITLES = ("when", "change")


@click.group(epilog='Example: agcod-guard change add "deployed 4.2"')
def change() -> None:
    """Note, list and announce changes on your side: deployments, keys, network.

    Those noted answer Amazon's question "Were there any recent changes on your
    end?"; those planned are announced to its integration team.
    """


@change.command(epilog='Example: agcod-guard change add "new proxy" --at 15m')
@click.argument("text")
@click.option("--at", "at_s", callback=moment, help="When; now, unless given.")
@with_folder
def add(folder: DataFolder, *, text: str, at_s: float | None) -> int:
    """Note a change, in your own words."""
    return add_change(folder, text, sys.stdout, at_s=at_s)


@change.command("list", epilog="Example: agcod-guard change list --since 30d")
@click.option("--since", "since_s", callback=moment, help="Only those since then.")
@with_folder
@with_json
def list_(folder: DataFolder, *, since_s: float | None, as_json: bool) -> int:
    """List the changes noted, the newest last."""
    return list_changes(folder, sys.stdout, since_s=since_s, as_json=as_json)


@change.command(
    epilog='Example: agcod-guard change announce "new proxy" --from 2026-12-01T02:00'
)
@click.argument("text")
@click.option(
    "--from", "starts_at_s", callback=coming, required=True, help="When it begins."
)
@click.option("--until", "ends_at_s", callback=coming, help="When it is over.")
@click.option("--downtime", is_flag=True, help="You make no calls meanwhile.")
@click.option("--account", help="Partner id; the only one of the settings otherwise.")
@click.option("--paste", is_flag=True, help="Print a block to copy into a mail.")
@with_folder
def announce(folder: DataFolder, *, text: str, paste: bool, **plan: Any) -> int:
    """Write the draft that tells Amazon of a planned change or downtime.

    It goes to the partner integration team, as Amazon asks.
    """
    account = plan.pop("account") or only_account(folder)
    planned = Announcement(account=account, what=text, **plan)
    return announce_change(folder, planned, sys.stdout, paste=paste)


def announce_change(
    folder: DataFolder, planned: Announcement, out: TextIO, *, paste: bool = False
) -> int:
    """Write the draft of the announcement, and print whom it is for.

    Returns:
        Exit code: 0.

    Raises:
        click.BadParameter: It ends before it begins, or there are no words.
        OSError: The draft cannot be written.
    """
    if not planned.what.strip():
        raise click.BadParameter("say in a few words what will change")
    if planned.ends_at_s is not None and planned.ends_at_s <= planned.starts_at_s:
        raise click.BadParameter(
            f"{iso(planned.ends_at_s)} is not after {iso(planned.starts_at_s)}",
            param_hint="--until",
        )
    head = account_letterhead(planned.account, folder.settings)
    route = to_integration(folder.settings.contacts)
    mail = announcement_mail(planned, route, head, now_s=folder.clock.wall_s())
    return write_draft(folder, mail, route, out, paste=paste)


def only_account(folder: DataFolder) -> str:
    """Return the one partner id that the settings name.

    Raises:
        click.UsageError: They name none, or several.
    """
    settings = folder.settings
    named = sorted({*settings.accounts, *filter(None, [settings.partner_id])})
    if len(named) == 1:
        return named[0]
    many = f"the settings name {listed(named)}" if named else "the settings name none"
    raise click.UsageError(f"Whose account is it? {many}: add --account ID.")


def add_change(
    folder: DataFolder, text: str, out: TextIO, *, at_s: float | None = None
) -> int:
    """Note a change; print what was noted and where it will be seen.

    Args:
        folder: The data folder.
        text: The change, in words; secrets in it are masked.
        out: Where to print.
        at_s: When, seconds since the Unix epoch; now if None.

    Returns:
        Exit code: 0.

    Raises:
        click.BadParameter: There are no words, or it has not happened yet.
        DataError: The ladder cannot be written.
    """
    now_s = folder.clock.wall_s()
    noted_s = now_s if at_s is None else at_s
    words = " ".join(redact_text(text).split())
    if not words:
        raise click.BadParameter("say in a few words what has changed")
    if noted_s > now_s:
        raise click.BadParameter(
            f"{iso(noted_s)} is still to come; note a change once it is made",
            param_hint="--at",
        )
    folder.ladder().note_change(noted_s, words)
    print(f"Noted for {iso(noted_s)}: {words}", file=out)
    print("It stands in every packet written from now on.", file=out)
    return 0


def list_changes(
    folder: DataFolder,
    out: TextIO,
    *,
    since_s: float | None = None,
    as_json: bool = False,
) -> int:
    """Print the changes noted, the newest last.

    Returns:
        Exit code: 0, also when there are none.

    Raises:
        DataError: The ladder cannot be read.
    """
    ladder = folder.ladder()
    found = ladder.changes(float("-inf") if since_s is None else since_s)
    began_s = ladder.recording_since_s()
    if as_json:
        listed = [with_iso({"at_s": at_s, "text": text}) for at_s, text in found]
        facts = with_iso({"recorded_since_s": began_s})
        print(json.dumps({"changes": listed, **facts}), file=out)
    elif found:
        print_table(out, _TITLES, ((iso(at_s), text) for at_s, text in found))
    elif began_s is None:
        where = folder.settings.data_dir
        print(f"Nothing is recorded in {where} yet: no claim can be made.", file=out)
    else:
        print(
            f"No change is recorded since {iso(max(began_s, since_s or 0))}.", file=out
        )
    return 0
