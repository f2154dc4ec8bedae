"""Keep an incident's files on disk, each whole or not at all.

    data_dir/incidents/20261122T111505Z-eu-3f9a/packet.txt      the newest
                                               /revisions/1/...  all of them

The process whose turn it is to tick writes, and commands that are asked to; two
that meet wait for each other. A revision appears under its number at once, by a
rename, before the newest files change.
Below the data folder everything is opened from its parent's handle and without
following links, so that nobody can lead a packet elsewhere.
"""

from __future__ import annotations

import fcntl
import os
import re
import stat
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path

from agcod_guard.delivery.whole_files import (
    FOLDER,
    content_of,
    names_in,
    opened_below,
    opened_folder,
    replace_file,
    sweep,
    write_new,
)
from agcod_guard.errors import DataError

INCIDENTS = "incidents"
REVISIONS = "revisions"

_LAST = "packet.txt"
_INCIDENT_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z-[a-z0-9]{1,16}-[0-9a-f]{4}")
_FILE_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,60}\.[a-z0-9]{1,8}")
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


class IncidentFolder:
    """The incidents' folders under one data folder."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir

    def write(
        self,
        incident_id: str,
        files: Mapping[str, bytes],
        *,
        withdrawn: Collection[str] = (),
    ) -> Path:
        """Keep `files` as the newest and as a new revision; return the folder.

        Files that equal the newest revision are not written again. What is
        withdrawn stays in the revisions only.

        Raises:
            DataError: The incident or a file has an impossible name.
            OSError: What stood before still stands; nothing is half-written.
        """
        folder = self.folder_of(incident_id)
        for name in (*files, *withdrawn):
            _check(name, _FILE_NAME, within=folder)
        # The letter comes last: what it says is attached stands by then.
        ordered = dict(sorted(files.items(), key=lambda item: item[0] == _LAST))
        with opened_below(self._data_dir, INCIDENTS, incident_id) as folder_fd:
            with suppress(OSError):  # where there are no locks, nobody waits
                fcntl.flock(folder_fd, fcntl.LOCK_EX)
            sweep(folder_fd)
            _keep_revision(folder_fd, ordered)
            for name, content in ordered.items():
                if content_of(folder_fd, name) != content:
                    replace_file(folder_fd, name, content)
            for name in set(withdrawn).difference(files):
                with suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=folder_fd)
        return folder

    def folder_of(self, incident_id: str) -> Path:
        """Return where the incident's files are, or would be.

        Raises:
            DataError: No incident can have that name.
        """
        _check(incident_id, _INCIDENT_ID, within=self._data_dir / INCIDENTS)
        return self._data_dir / INCIDENTS / incident_id

    def names(self) -> list[str]:
        """Return the incidents that have a folder, those that began first first."""
        return [
            path.name
            for path in _listing(self._data_dir / INCIDENTS)
            if _INCIDENT_ID.fullmatch(path.name) and _is(path, stat.S_ISDIR)
        ]

    def newest(self, incident_id: str) -> dict[str, Path]:
        """Return the newest files by name; empty if there are none.

        Raises:
            DataError: No incident can have that name.
        """
        return _files_in(self.folder_of(incident_id))

    def revision(self, incident_id: str, number: int) -> dict[str, Path]:
        """Return the files of one revision by name; empty if there is none.

        Raises:
            DataError: No incident can have that name.
        """
        return _files_in(self.folder_of(incident_id) / REVISIONS / str(number))

    def revisions(self, incident_id: str) -> list[Path]:
        """Return the folders of the revisions, oldest first.

        Raises:
            DataError: No incident can have that name.
        """
        folders = [
            path
            for path in _listing(self.folder_of(incident_id) / REVISIONS)
            if _NUMBER.fullmatch(path.name) and _is(path, stat.S_ISDIR)
        ]
        return sorted(folders, key=lambda path: int(path.name))


def _check(name: str, pattern: re.Pattern[str], *, within: Path) -> None:
    if not pattern.fullmatch(name):
        raise DataError(
            within,
            f"nothing here can be called {name!r}",
            remedy="`agcod-guard incidents` lists what there is",
        )


def _keep_revision(folder_fd: int, files: Mapping[str, bytes]) -> None:
    """Keep `files` under the next number, unless the newest revision is equal."""
    revisions_fd = opened_folder(folder_fd, REVISIONS)
    try:
        sweep(revisions_fd)
        names = filter(_NUMBER.fullmatch, names_in(revisions_fd))
        newest = max(map(int, names), default=0)
        if newest and _holds(revisions_fd, str(newest), files):
            return
        _make_whole(revisions_fd, str(newest + 1), files)
    finally:
        os.close(revisions_fd)


def _holds(revisions_fd: int, number: str, files: Mapping[str, bytes]) -> bool:
    revision_fd = os.open(number, FOLDER, dir_fd=revisions_fd)
    try:
        return set(names_in(revision_fd)) == files.keys() and all(
            content_of(revision_fd, name) == content for name, content in files.items()
        )
    finally:
        os.close(revision_fd)


def _make_whole(revisions_fd: int, number: str, files: Mapping[str, bytes]) -> None:
    """Make a revision that appears with all its files or not at all."""
    temporary = f".{number}.tmp"
    try:
        revision_fd = opened_folder(revisions_fd, temporary)
        try:
            for name, content in files.items():
                write_new(revision_fd, name, content)
            os.fsync(revision_fd)
        finally:
            os.close(revision_fd)
        os.rename(temporary, number, src_dir_fd=revisions_fd, dst_dir_fd=revisions_fd)
        os.fsync(revisions_fd)
    except OSError:
        sweep(revisions_fd)
        raise


def _listing(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _files_in(folder: Path) -> dict[str, Path]:
    return {
        path.name: path
        for path in _listing(folder)
        if _FILE_NAME.fullmatch(path.name) and _is(path, stat.S_ISREG)
    }


def _is(path: Path, is_kind: Callable[[int], bool]) -> bool:
    return is_kind(path.lstat().st_mode)
