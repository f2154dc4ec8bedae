"""`agcod-guard packet ID`: the letter to Amazon, and where its files are."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import click

from agcod_guard.cli.named import NoSuchIncident, named
from agcod_guard.cli.options import with_folder, with_json
from agcod_guard.cli.rebuilding import rebuild
from agcod_guard.data_folder import DataFolder
from agcod_guard.errors import DataError
from agcod_guard.incident.acts import BUSINESS_ACTION, RECENT_CHANGES, Answered
from agcod_guard.incident.incident import Incident
from agcod_guard.incident.packet import PACKET_FILE
from agcod_guard.incident.pursuit import answer_to

_QUESTIONS = {
    BUSINESS_ACTION: "What have you done for the business (e.g. taken off sale)?",
    RECENT_CHANGES: "Were there any recent changes on your end?",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Which packet to show, and how.

    Attributes:
        incident_id: An id, the beginning of one, or `latest`.
        revision: Its number; None for the newest.
        rebuild: Write a new revision first.
        paths: Show only where the files are.
        launch: Open the newest draft, or the packet, in the program for it.
        edit: Ask for what only a person knows, then write a new revision.
        action: What was done for the business; None to leave it as it is.
        changes: A person's own answer about changes; likewise.
        as_json: Show all of it as a JSON object.
    """

    incident_id: str
    revision: int | None = None
    rebuild: bool = False
    paths: bool = False
    launch: bool = False
    edit: bool = False
    action: str | None = None
    changes: str | None = None
    as_json: bool = False

    @property
    def answers(self) -> dict[str, str]:
        """What was given on the command line, by item."""
        given = {BUSINESS_ACTION: self.action, RECENT_CHANGES: self.changes}
        return {item: text for item, text in given.items() if text is not None}


@click.command(epilog="Example: agcod-guard packet latest")
@with_folder
@click.argument("incident_id", metavar="ID")
@click.option("--revision", type=click.IntRange(min=1), help="Number of an older one.")
@click.option("--rebuild", is_flag=True, help="Write a new revision first.")
@click.option("--edit", is_flag=True, help="Ask for what only you know.")
@click.option("--action", help="What you have done, e.g. taken cards off sale.")
@click.option("--changes", help="Your own answer about recent changes.")
@click.option("--open", "launch", is_flag=True, help="Open it for reading or sending.")
@click.option("--paths", is_flag=True, help="Only print where the files are.")
@with_json
def packet(folder: DataFolder, **request: str | int | bool | None) -> int:
    """Show the packet of an incident, and where its files are.

    ID is an incident's id, the beginning of one, or `latest`. The packet goes to
    stdout, the paths to stderr. --rebuild makes the packet anew from the journal,
    with the settings and notes of now; so do --edit, --action and --changes, which
    fill in what no call tells. --open opens the mail that is due, else the packet.
    """
    return show_packet(folder, Request(**request), sys.stdout, sys.stderr)  # type: ignore[arg-type]


def show_packet(
    folder: DataFolder, request: Request, out: TextIO, beside: TextIO
) -> int:
    """Print a packet on `out`, and the paths of its files on `beside`.

    Returns:
        Exit code: 0.

    Raises:
        NoSuchIncident: Nothing of that name is there; exit code 1.
        DataError: The ladder or the journal cannot be read, and files will not do.
        OSError: A file cannot be read or written.
    """
    known = _known(folder, request, beside)
    names = sorted({*known, *folder.packets().names()})
    name = named(request.incident_id, names, where=folder.settings.data_dir)
    answers = _asked(folder, name) if request.edit else request.answers
    if answers:
        _note(folder, name, answers)
    if request.rebuild or answers:
        rebuild(folder, name, known.get(name))
    files = _files(folder, name, request.revision)
    text = files[PACKET_FILE].read_text("utf-8")
    paths = "\n".join(str(path) for path in _letter_first(files))
    if request.launch:
        click.launch(str(_to_open(files)))
    if request.as_json:
        print(json.dumps(_facts(folder, name, files, text=text)), file=out)
    elif request.paths:
        print(paths, file=out)
    else:
        out.write(text)
        print(paths, file=beside)
    return 0


def _known(
    folder: DataFolder, request: Request, beside: TextIO
) -> Mapping[str, Incident]:
    """Return the ladder's incidents; none if it is damaged and files will do."""
    try:
        return {each.incident_id: each for each in folder.ladder().incidents()}
    except DataError as error:
        if request.rebuild or not folder.packets().names():
            raise
        print(f"Note: {error}", file=beside)
        return {}


def _asked(folder: DataFolder, name: str) -> dict[str, str]:
    """Ask for what only a person knows; an empty answer leaves it as it is."""
    acts = folder.ladder().acts(name)
    answers = {}
    for item, question in _QUESTIONS.items():
        known = answer_to(acts, item) or ""
        answer = click.prompt(question, default=known, err=True)
        if answer != known:
            answers[item] = answer
    return answers


def _note(folder: DataFolder, name: str, answers: Mapping[str, str]) -> None:
    ladder, at_s = folder.ladder(), folder.clock.wall_s()
    for item, text in answers.items():
        ladder.note_act(
            Answered(incident_id=name, at_s=at_s, item=item, text=text.strip())
        )


def _to_open(files: Mapping[str, Path]) -> Path:
    """Return the newest draft of a mail; the packet if there is none."""
    mails = sorted(name for name in files if name.endswith(".eml"))
    return files[mails[-1] if mails else PACKET_FILE]


def _files(folder: DataFolder, name: str, revision: int | None) -> Mapping[str, Path]:
    packets = folder.packets()
    files = packets.revision(name, revision) if revision else packets.newest(name)
    if PACKET_FILE in files:
        return files
    if revision is None:
        raise NoSuchIncident(f"{name} has no packet; --rebuild writes it")
    numbers = [path.name for path in packets.revisions(name)]
    raise NoSuchIncident(
        f"{name} has no revision {revision}; there are: {', '.join(numbers) or 'none'}"
    )


def _letter_first(files: Mapping[str, Path]) -> list[Path]:
    return sorted(files.values(), key=lambda path: (path.name != PACKET_FILE, path))


def _facts(
    folder: DataFolder, name: str, files: Mapping[str, Path], *, text: str
) -> dict[str, object]:
    packets = folder.packets()
    return {
        "incident_id": name,
        "folder": str(packets.folder_of(name)),
        "revisions": len(packets.revisions(name)),
        "files": {path.name: str(path) for path in _letter_first(files)},
        "packet": text,
    }
