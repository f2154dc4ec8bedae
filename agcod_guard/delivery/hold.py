"""The kill switch: while a file named HOLD stands in the data folder, no page goes.

Anybody can make it by hand (`touch HOLD`); `agcod-guard hold on` does the same and
notes who and why. What cannot be looked at holds: nobody is paged by mistake.
"""

from __future__ import annotations

import os
from pathlib import Path

HOLD = "HOLD"

_LONGEST_BYTES = 2_000
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW


class HoldFile:
    """The kill switch of one data folder."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / HOLD

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    def stands(self) -> bool:
        """Return whether pages are held back."""
        try:
            self._path.lstat()
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return True

    def note(self) -> str:
        """Return who holds them back and why; empty if nobody said."""
        try:
            with self._path.open("rb") as opened:
                return opened.read(_LONGEST_BYTES).decode("utf-8", "replace").strip()
        except OSError:
            return ""

    def put_on(self, note: str) -> None:
        """Hold pages back from now on.

        Raises:
            OSError: The file cannot be made.
        """
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(self._path, _FLAGS, 0o600), "wb") as opened:
            opened.write(note.encode("utf-8", "replace")[:_LONGEST_BYTES])

    def take_off(self) -> bool:
        """Let pages go again; False if nothing held them back.

        Raises:
            OSError: The file cannot be removed.
        """
        try:
            self._path.unlink()
        except FileNotFoundError:
            return False
        return True
