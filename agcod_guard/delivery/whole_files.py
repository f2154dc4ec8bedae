"""Write files below a folder's handle, each whole or not at all.

Everything is opened from its parent's handle and without following links, so that
nobody can lead a file elsewhere. What a crash leaves behind begins with a dot.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

_LEFTOVER = re.compile(r"\..*\.tmp")
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OLD_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@contextmanager
def opened_below(top: Path, *names: str) -> Iterator[int]:
    """Open the folder down that path, making what is missing, for its owner alone.

    Raises:
        OSError: It cannot be made or opened.
    """
    top.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder_fd = os.open(top, FOLDER & ~os.O_NOFOLLOW)
    try:
        for name in names:
            parent_fd, folder_fd = folder_fd, opened_folder(folder_fd, name)
            os.close(parent_fd)
        yield folder_fd
    finally:
        os.close(folder_fd)


def opened_folder(parent_fd: int, name: str) -> int:
    """Return the handle of a folder, making it where it is not there yet."""
    with suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=parent_fd)
        os.fsync(parent_fd)
    return os.open(name, FOLDER, dir_fd=parent_fd)


def sweep(folder_fd: int) -> None:
    """Remove what a crash left behind."""
    for name in names_in(folder_fd):
        if not _LEFTOVER.fullmatch(name):
            continue
        try:
            os.unlink(name, dir_fd=folder_fd)
        except (IsADirectoryError, PermissionError):
            shutil.rmtree(name, dir_fd=folder_fd)


def replace_file(folder_fd: int, name: str, content: bytes) -> None:
    """Put the content in the place of what stood there, at once.

    Raises:
        OSError: What stood before still stands.
    """
    temporary = f".{name}.tmp"
    try:
        write_new(folder_fd, temporary, content)
        os.rename(temporary, name, src_dir_fd=folder_fd, dst_dir_fd=folder_fd)
        os.fsync(folder_fd)
    except OSError:
        sweep(folder_fd)
        raise


def write_new(folder_fd: int, name: str, content: bytes) -> None:
    """Write a file that is not there yet, and have it on disk."""
    file_fd = os.open(name, _NEW_FILE, 0o600, dir_fd=folder_fd)
    try:
        rest = memoryview(content)
        while rest:
            # On a full disk the first write is short and only the next raises.
            rest = rest[os.write(file_fd, rest) :]
        os.fsync(file_fd)
    finally:
        os.close(file_fd)


def content_of(folder_fd: int, name: str) -> bytes | None:
    """Return what the plain file `name` holds; None if it is none."""
    try:
        file_fd = os.open(name, _OLD_FILE, dir_fd=folder_fd)
    except OSError:
        return None
    with os.fdopen(file_fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(file_fd).st_mode):
            return None
        return file.read()


def names_in(folder_fd: int) -> list[str]:
    """Return the names of what stands in a folder."""
    with os.scandir(folder_fd) as entries:
        return [entry.name for entry in entries]
