"""`agcod-guard packet ID`: the letter to Amazon, and where its files are."""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

import click

from agcod_guard.cli.options import with_folder, with_json
from agcod_guard.data_folder import DataFolder, policy_in_force
from agcod_guard.errors import DataError
from agcod_guard.incident.incident import Incident
from agcod_guard.incident.layout import listed
from agcod_guard.incident.packet import PACKET_FILE
from agcod_guard.telemetry.observers import Observers

LATEST = "latest"
"""Stands for the incident that began last."""

_MOST_NAMED = 5


class NoSuchPacket(click.ClickException):
    """Nothing of that name is there."""

    exit_code = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Which packet to show, and how.

    Attributes:
        incident_id: An id, the beginning of one, or `latest`.
        revision: Its number; None for the newest.
        rebuild: Write a new revision first.
        paths: Show only where the files are.
        as_json: Show all of it as a JSON object.
    """

    incident_id: str
    revision: int | None = None
    rebuild: bool = False
    paths: bool = False
    as_json: bool = False


@click.command(epilog="Example: agcod-guard packet latest")
@with_folder
@click.argument("incident_id", metavar="ID")
@click.option("--revision", type=click.IntRange(min=1), help="Number of an older one.")
@click.option("--rebuild", is_flag=True, help="Write a new revision first.")
@click.option("--paths", is_flag=True, help="Only print where the files are.")
@with_json
def packet(folder: DataFolder, **request: str | int | bool | None) -> int:
    """Show the packet of an incident, and where its files are.

    ID is an incident's id, the beginning of one, or `latest`. The packet goes to
    stdout, the paths to stderr. --rebuild makes the packet anew from the journal,
    with the settings and notes of now.
    """
    return show_packet(folder, Request(**request), sys.stdout, sys.stderr)  # type: ignore[arg-type]


def show_packet(
    folder: DataFolder, request: Request, out: TextIO, beside: TextIO
) -> int:
    """Print a packet on `out`, and the paths of its files on `beside`.

    Returns:
        Exit code: 0.

    Raises:
        NoSuchPacket: Nothing of that name is there; exit code 1.
        DataError: The ladder or the journal cannot be read, and files will not do.
        OSError: A file cannot be read or written.
    """
    known = _known(folder, request, beside)
    names = sorted({*known, *folder.packets().names()})
    name = named(request.incident_id, names, where=folder.settings.data_dir)
    if request.rebuild:
        _rebuild(folder, name, known.get(name))
    files = _files(folder, name, request.revision)
    text = files[PACKET_FILE].read_text("utf-8")
    paths = "\n".join(str(path) for path in _letter_first(files))
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


def named(wanted: str, names: Sequence[str], *, where: Path) -> str:
    """Return the incident that `wanted` means.

    Args:
        wanted: An id, the beginning of one, or `latest`.
        names: All there are, sorted: an id begins with the time.
        where: The data folder, for the error.

    Raises:
        NoSuchPacket: None is meant, or more than one.
    """
    if wanted == LATEST and names:
        return names[-1]
    found = [name for name in names if name.startswith(wanted)]
    if len(found) == 1 or wanted in found:
        return wanted if wanted in found else found[0]
    if found:
        raise NoSuchPacket(
            f"{wanted!r} is the beginning of {listed(found[-_MOST_NAMED:])}; "
            "write more of it"
        )
    near = difflib.get_close_matches(wanted, names, n=_MOST_NAMED, cutoff=0.0)
    hint = f"the nearest: {listed(near)}" if near else "there is none at all yet"
    raise NoSuchPacket(f"{where} has no incident {wanted!r}; {hint}")


def _rebuild(folder: DataFolder, name: str, incident: Incident | None) -> None:
    """Write one more revision, from the journal."""
    if incident is None:
        raise NoSuchPacket(
            f"{name} has files, but the ladder does not know it; "
            "`agcod-guard replay --out` makes packets without a ladder"
        )
    observer = Observers()
    packer = folder.packer(observer, folder.ladder())
    in_force = replace(packer, policy=policy_in_force(folder))
    in_force.pack(incident, folder.clock.wall_s())


def _files(folder: DataFolder, name: str, revision: int | None) -> Mapping[str, Path]:
    packets = folder.packets()
    files = packets.revision(name, revision) if revision else packets.newest(name)
    if PACKET_FILE in files:
        return files
    if revision is None:
        raise NoSuchPacket(f"{name} has no packet; --rebuild writes it")
    numbers = [path.name for path in packets.revisions(name)]
    raise NoSuchPacket(
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
