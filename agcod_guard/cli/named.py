"""Find the incident that somebody means: an id, its beginning, or `latest`."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

import click

from agcod_guard.data_folder import DataFolder
from agcod_guard.incident.incident import Incident
from agcod_guard.incident.layout import listed

LATEST = "latest"
"""Stands for the incident that began last."""

_MOST_NAMED = 5


class NoSuchIncident(click.ClickException):
    """Nothing of that name is there."""

    exit_code = 1


def incident_named(folder: DataFolder, wanted: str) -> Incident:
    """Return the incident that is meant.

    Raises:
        NoSuchIncident: None is, or more than one; exit code 1.
        DataError: The ladder cannot be read.
    """
    known = {each.incident_id: each for each in folder.ladder().incidents()}
    return known[named(wanted, sorted(known), where=folder.settings.data_dir)]


def named(wanted: str, names: Sequence[str], *, where: Path) -> str:
    """Return the incident that `wanted` means.

    Args:
        wanted: An id, the beginning of one, or `latest`.
        names: All there are, sorted: an id begins with the time.
        where: The data folder, for the error.

    Raises:
        NoSuchIncident: None is meant, or more than one.
    """
    if wanted == LATEST and names:
        return names[-1]
    found = [name for name in names if name.startswith(wanted)]
    if len(found) == 1 or wanted in found:
        return wanted if wanted in found else found[0]
    if found:
        raise NoSuchIncident(
            f"{wanted!r} is the beginning of {listed(found[-_MOST_NAMED:])}; "
            "write more of it"
        )
    near = difflib.get_close_matches(wanted, names, n=_MOST_NAMED, cutoff=0.0)
    hint = f"the nearest: {listed(near)}" if near else "there is none at all yet"
    raise NoSuchIncident(f"{where} has no incident {wanted!r}; {hint}")
