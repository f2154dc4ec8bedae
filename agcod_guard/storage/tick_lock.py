"""Who ticks: one process per data folder, decided by a lock on a file.

A lock that the kernel drops with its process needs no lease that could expire.
It belongs to the process that took it: a fork closes the child's copy of the
descriptor without unlocking it.
"""

from __future__ import annotations

import fcntl
import os
import weakref
from pathlib import Path

_FLAGS = os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW


class TickLock:
    """The turn to tick for one data folder, held from the first try that works."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        _locks.add(self)

    def acquire(self) -> bool:
        """Return whether it is this process's turn.

        Raises:
            OSError: The file cannot be opened.
        """
        if self._descriptor is not None and not self._is_replaced():
            return True
        self.release()
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._path, _FLAGS, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        except OSError:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Give the turn away, if it is ours."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _is_replaced(self) -> bool:
        """Whether somebody has removed the file, and may lock a new one."""
        try:
            ours, theirs = os.fstat(self._descriptor or -1), self._path.stat()
        except FileNotFoundError:
            return True
        return (ours.st_dev, ours.st_ino) != (theirs.st_dev, theirs.st_ino)


def is_held(path: Path) -> bool:
    """Return whether some process has the turn; takes and makes nothing.

    Raises:
        OSError: The file cannot be opened.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


_locks: weakref.WeakSet[TickLock] = weakref.WeakSet()


def _after_fork() -> None:
    for lock in tuple(_locks):
        lock.release()


os.register_at_fork(after_in_child=_after_fork)
