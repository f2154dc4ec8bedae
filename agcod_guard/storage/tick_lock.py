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
        self._identity: tuple[int, int] | None = None
        _locks.add(self)

    def acquire(self) -> bool:
        """Return whether it is this process's turn.

        Raises:
            OSError: The file cannot be opened.
        """
        if self._descriptor is not None and self._is_in_place(self._descriptor):
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
        self._descriptor, self._identity = descriptor, _identity_of(descriptor)
        return True

    def release(self) -> None:
        """Give the turn away, if it is ours.

        A descriptor that somebody else has closed may have been given to a file
        of the partner's since, and is left alone then.
        """
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None and _identity_of(descriptor) == self._identity:
            os.close(descriptor)

    def _is_in_place(self, descriptor: int) -> bool:
        """Whether we still hold the file that others would lock."""
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False
        return _identity_of(descriptor) == self._identity == _identity(there)


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


def _identity_of(descriptor: int) -> tuple[int, int] | None:
    """Return which file it is; None if it is closed."""
    try:
        return _identity(os.fstat(descriptor))
    except OSError:
        return None


def _identity(state: os.stat_result) -> tuple[int, int]:
    return state.st_dev, state.st_ino


_locks: weakref.WeakSet[TickLock] = weakref.WeakSet()


def _after_fork() -> None:
    for lock in tuple(_locks):
        lock.release()


os.register_at_fork(after_in_child=_after_fork)
