"""`agcod-guard send`: a person's yes to the mail that is due, and its way out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TextIO

import click

from agcod_guard.cli.named import incident_named
from agcod_guard.cli.options import with_folder
from agcod_guard.cli.standing import Standing, standing_in
from agcod_guard.cli.times import iso
from agcod_guard.data_folder import DataFolder, policy_in_force
from agcod_guard.delivery.gate import Gate
from agcod_guard.incident.acts import Approved
from agcod_guard.incident.consent import Consent, consent_to_page
from agcod_guard.incident.drafts import URGENT_FILES
from agcod_guard.incident.incident import Incident
from agcod_guard.incident.page import NotForThePager, Page, page
from agcod_guard.incident.parcel import Entry, State
from agcod_guard.incident.posting import page_parcel
from agcod_guard.post_office import letterhead, permission_in, post_office
from agcod_guard.settings.values import PageMode
from agcod_guard.telemetry.events import Events
from agcod_guard.telemetry.observers import Observers

_SHOWN_LINES = 12


class NotSent(click.ClickException):
    """The mail did not go, and why."""

    exit_code = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A page that is due, and what speaks against sending it."""

    page: Page
    standing: Standing
    consent: Consent
    can_send: bool


@click.command(epilog="Example: agcod-guard send latest")
@with_folder
@click.argument("incident_id", metavar="ID")
@click.option("--by", default="", help="Who says yes; kept with the incident.")
@click.option("--yes", is_flag=True, help="Do not ask; the mail was read elsewhere.")
@click.option("--paste", is_flag=True, help="Send nothing; print the mail to copy.")
def send(
    folder: DataFolder, *, incident_id: str, by: str, yes: bool, paste: bool
) -> int:
    """Send the mail that is due to Amazon's pager, after a look at it.

    ID is an incident's id, the beginning of one, or `latest`. It wakes people at
    Amazon: it goes only while no call succeeds. Needs page.mode = "ask" or "live"
    and a mail server in the settings; --paste needs neither.
    """
    if paste:
        return paste_page(folder, incident_id, sys.stdout)
    agreed = (lambda: True) if yes else (lambda: click.confirm("Send it?"))
    return send_page(folder, incident_id, sys.stdout, by=by, agreed=agreed)


def paste_page(folder: DataFolder, incident_id: str, out: TextIO) -> int:
    """Print the mail that is due for any mail program, and send nothing.

    Returns:
        Exit code: 0.

    Raises:
        NotSent: None is due, or the pager may not be used; exit code 1.
        NoSuchIncident: Nothing of that name is there; exit code 1.
        DataError: The data folder cannot be read.
    """
    incident = incident_named(folder, incident_id)
    made = _prepared(folder, incident).page
    print(made.mail.pasted(), file=out)
    print(f"As a link: {made.mail.mailto()}", file=out)
    print(f"Then: {_sent_by_hand(incident, made.tier)}", file=out)
    return 0


def send_page(
    folder: DataFolder,
    incident_id: str,
    out: TextIO,
    *,
    agreed: Callable[[], bool],
    by: str = "",
) -> int:
    """Show the mail that is due, and have it carried if a person agrees.

    Returns:
        Exit code: 0 if it was accepted, 1 if not.

    Raises:
        NotSent: None is due, or it may not be sent; exit code 1.
        NoSuchIncident: Nothing of that name is there; exit code 1.
        DataError: The data folder cannot be read or written.
    """
    incident = incident_named(folder, incident_id)
    prepared = _prepared(folder, incident)
    if prepared.consent.mode is PageMode.DRAFT or not prepared.can_send:
        raise NotSent(_by_hand(folder, incident, prepared))
    _show(prepared, out)
    if not agreed():
        print("Not sent.", file=out)
        return 1
    folder.ladder().note_act(
        Approved(
            incident_id=incident.incident_id,
            at_s=prepared.standing.now_s,
            tier=prepared.page.tier,
            by=by,
        )
    )
    return _carried(folder, prepared, out)


def _prepared(folder: DataFolder, incident: Incident) -> Prepared:
    standing = standing_in(folder, incident)
    tier = standing.due.tier
    if tier is None:
        raise NotSent(f"No mail is due: {standing.due.reason}")
    ladder = folder.ladder()
    packer = replace(folder.packer(Observers(), ladder), policy=policy_in_force(folder))
    briefing = packer.briefing(incident, standing.now_s)
    head = letterhead(incident, folder, ladder)
    permission = permission_in(folder, Gate(rehearsal=folder.settings.drill))
    try:
        made = page(
            briefing,
            head,
            tier=tier,
            sent=standing.pursuit.sent,
            now_s=standing.now_s,
            rehearsal=permission.rehearsal,
        )
    except NotForThePager as refusal:
        raise NotSent(str(refusal)) from refusal
    since_s = ladder.recording_since_s()
    return Prepared(
        page=made,
        standing=standing,
        consent=consent_to_page(briefing, head, permission, recorded_since_s=since_s),
        can_send=permission.can_send,
    )


def _by_hand(folder: DataFolder, incident: Incident, prepared: Prepared) -> str:
    tier = prepared.page.tier
    draft = folder.packets().folder_of(incident.incident_id) / URGENT_FILES[tier]
    return (
        f"{' '.join(prepared.consent.reasons)} To send it by hand, open {draft}, "
        f"then: {_sent_by_hand(incident, tier)}"
    )


def _sent_by_hand(incident: Incident, tier: int) -> str:
    return f"agcod-guard sent {incident.incident_id} --tier {tier}"


def _show(prepared: Prepared, out: TextIO) -> None:
    mail = prepared.page.mail
    print(f"To: {', '.join(prepared.page.recipients)}", file=out)
    print(f"Subject: {mail.subject}", file=out)
    lines = mail.text.splitlines()
    print("", *lines[:_SHOWN_LINES], sep="\n", file=out)
    if len(lines) > _SHOWN_LINES:
        print(f"... and {len(lines) - _SHOWN_LINES} more lines.", file=out)
    print("", file=out)
    for reason in prepared.consent.reasons:
        print(f"Note: {reason}", file=out)


def _carried(folder: DataFolder, prepared: Prepared, out: TextIO) -> int:
    """Put the page into the outbox, and carry what is due there now."""
    ladder = folder.ladder()
    observer = Observers(Events())
    post = post_office(folder, ladder, observer)
    now_s = prepared.standing.now_s
    parcel = page_parcel(prepared.page, at_s=now_s)
    if not post.outbox.intend(parcel):
        post.outbox.reopen(parcel.key, at_s=now_s)
    post.postman.round(now_s)
    entries = post.outbox.entries(parcel.incident_id)
    entry = next(each for each in entries if each.key == parcel.key)
    print(_result(entry), file=out)
    if entry.state is not State.SENT:
        return 1
    standing = standing_in(folder, incident_named(folder, parcel.incident_id))
    if standing.due.due_at_s is not None:
        print(
            f"The next tier is due at {iso(standing.due.due_at_s)} unless somebody "
            f"answers: agcod-guard ack {parcel.incident_id} --by NAME",
            file=out,
        )
    return 0


def _result(entry: Entry) -> str:
    """Return what has come of it, and what a person does now."""
    note, to = entry.progress.note, ", ".join(entry.parcel.recipients)
    by_hand = f"agcod-guard sent {entry.parcel.incident_id} --tier {entry.parcel.tier}"
    match entry.state:
        case State.SENT:
            return f"Sent to {to} at {iso(entry.progress.changed_at_s)}: {note}"
        case State.UNSURE:
            return (
                f"It may have gone to {to}, and may not: {note}. A guard at work sends "
                "it once more, and so does this command."
            )
        case State.ALARM:
            return (
                f"It may have gone to {to}, and is sent no more: {note}. Look into the "
                f"mail server's log; once it has gone, say so: {by_hand}"
            )
        case State.REFUSED:
            return (
                f"Refused: {note}. Put that right and send it again; or send the draft "
                f"by hand, then: {by_hand}"
            )
        case State.CANCELLED:
            return f"Held back at the last look: {note}"
        case _:
            return f"Not yet: {note}. A guard at work tries again."
