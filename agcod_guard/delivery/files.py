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
import shutil
import stat
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from agcod_guard.errors import DataError

INCIDENTS = "incidents"
REVISIONS = "revisions"

_LAST = "packet.txt"
_INCIDENT_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z-[a-z0-9]{1,16}-[0-9a-f]{4}")
_FILE_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,60}\.[a-z0-9]{1,8}")
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_LEFTOVER = re.compile(r"\..*\.tmp")
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OLD_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


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
        with self._opened(INCIDENTS, incident_id) as folder_fd:
            with suppress(OSError):  # where there are no locks, nobody waits
                fcntl.flock(folder_fd, fcntl.LOCK_EX)
            _sweep(folder_fd)
            _keep_revision(folder_fd, ordered)
            for name, content in ordered.items():
                if _content(folder_fd, name) != content:
                    _replace(folder_fd, name, content)
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

    @contextmanager
    def _opened(self, *names: str) -> Iterator[int]:
        """Open the folder down that path, making what is missing."""
        self._data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder_fd = os.open(self._data_dir, _FOLDER & ~os.O_NOFOLLOW)
        try:
            for name in names:
                parent_fd, folder_fd = folder_fd, _opened_folder(folder_fd, name)
                os.close(parent_fd)
            yield folder_fd
        finally:
            os.close(folder_fd)


def _check(name: str, pattern: re.Pattern[str], *, within: Path) -> None:
    if not pattern.fullmatch(name):
        raise DataError(
            within,
            f"nothing here can be called {name!r}",
            remedy="`agcod-guard incidents` lists what there is",
        )


def _opened_folder(parent_fd: int, name: str) -> int:
    with suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=parent_fd)
        os.fsync(parent_fd)
    return os.open(name, _FOLDER, dir_fd=parent_fd)


def _sweep(folder_fd: int) -> None:
    """Remove what a crash left behind."""
    for name in _names(folder_fd):
        if not _LEFTOVER.fullmatch(name):
            continue
        try:
            os.unlink(name, dir_fd=folder_fd)
        except (IsADirectoryError, PermissionError):
            shutil.rmtree(name, dir_fd=folder_fd)


def _keep_revision(folder_fd: int, files: Mapping[str, bytes]) -> None:
    """Keep `files` under the next number, unless the newest revision is equal."""
    revisions_fd = _opened_folder(folder_fd, REVISIONS)
    try:
        _sweep(revisions_fd)
        names = filter(_NUMBER.fullmatch, _names(revisions_fd))
        newest = max(map(int, names), default=0)
        if newest and _holds(revisions_fd, str(newest), files):
            return
        _make_whole(revisions_fd, str(newest + 1), files)
    finally:
        os.close(revisions_fd)


def _holds(revisions_fd: int, number: str, files: Mapping[str, bytes]) -> bool:
    revision_fd = os.open(number, _FOLDER, dir_fd=revisions_fd)
    try:
        return set(_names(revision_fd)) == files.keys() and all(
            _content(revision_fd, name) == content for name, content in files.items()
        )
    finally:
        os.close(revision_fd)


def _make_whole(revisions_fd: int, number: str, files: Mapping[str, bytes]) -> None:
    """Make a revision that appears with all its files or not at all."""
    temporary = f".{number}.tmp"
    try:
        revision_fd = _opened_folder(revisions_fd, temporary)
        try:
            for name, content in files.items():
                _write_new(revision_fd, name, content)
            os.fsync(revision_fd)
        finally:
            os.close(revision_fd)
        os.rename(temporary, number, src_dir_fd=revisions_fd, dst_dir_fd=revisions_fd)
        os.fsync(revisions_fd)
    except OSError:
        _sweep(revisions_fd)
        raise


def _replace(folder_fd: int, name: str, content: bytes) -> None:
    temporary = f".{name}.tmp"
    try:
        _write_new(folder_fd, temporary, content)
        os.rename(temporary, name, src_dir_fd=folder_fd, dst_dir_fd=folder_fd)
        os.fsync(folder_fd)
    except OSError:
        _sweep(folder_fd)
        raise


def _write_new(folder_fd: int, name: str, content: bytes) -> None:
    file_fd = os.open(name, _NEW_FILE, 0o600, dir_fd=folder_fd)
    try:
        rest = memoryview(content)
        while rest:
            # On a full disk the first write is short and only the next raises.
            rest = rest[os.write(file_fd, rest) :]
        os.fsync(file_fd)
    finally:
        os.close(file_fd)


def _content(folder_fd: int, name: str) -> bytes | None:
    """Return what the plain file `name` holds; None if it is none."""
    try:
        file_fd = os.open(name, _OLD_FILE, dir_fd=folder_fd)
    except OSError:
        return None
    with os.fdopen(file_fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(file_fd).st_mode):
            return None
        return file.read()


def _names(folder_fd: int) -> list[str]:
    with os.scandir(folder_fd) as entries:
        return [entry.name for entry in entries]


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
