"""Keep mails to Amazon's teams as files that a person opens and sends.

    data_dir/drafts/2026-11-22-F300-InsufficientFunds-Acmes-eu.eml

One file a name; a newer one takes the place of the older.
"""

from __future__ import annotations

import re
from pathlib import Path

from agcod_guard.delivery.whole_files import content_of, opened_below, replace_file
from agcod_guard.errors import DataError

DRAFTS = "drafts"

_NAME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}-[A-Za-z0-9-]{1,230}")


class DraftFolder:
    """The drafts under one data folder."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir

    def write(self, name: str, content: bytes) -> Path:
        """Keep the draft; return its file.

        Args:
            name: `Mail.name`: its day and its subject.
            content: The mail.

        Raises:
            DataError: No draft can have that name.
            OSError: It could not be written; an older one still stands.
        """
        path = self.path_of(name)
        with opened_below(self._data_dir, DRAFTS) as folder_fd:
            if content_of(folder_fd, path.name) != content:
                replace_file(folder_fd, path.name, content)
        return path

    def path_of(self, name: str) -> Path:
        """Return where the draft is, or would be.

        Raises:
            DataError: No draft can have that name.
        """
        if not _NAME.fullmatch(name):
            raise DataError(
                self._data_dir / DRAFTS,
                f"no draft can be called {name!r}",
                remedy="a draft is named after its day and its subject",
            )
        return self._data_dir / DRAFTS / f"{name}.eml"
