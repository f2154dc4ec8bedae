"""How far a log of another program has been read: one small file per log.

Not pure: reads and writes that file. It is replaced whole, after the calls read so
far stand in the journal: whoever is killed in between reads some lines twice, and
knows their calls by what the journal holds.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from agcod_guard.formats.lines import Spot


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    path: str
    spots: list[Spot]


class LogPositions:
    """The spots reached in one log and in those that it was rotated from.

    Args:
        file: Where they are kept; its folder is made with the first.
        path: The log, for people who look into the file.
    """

    def __init__(self, file: Path, path: Path) -> None:
        self._file, self._path = file, path

    def load(self) -> list[Spot]:
        """Return the spots, the newest last; none if there are none to be read.

        Without them the log is read anew, and what stands in the journal known.

        Raises:
            OSError: The file is there and cannot be reached.
        """
        try:
            kept = msgspec.json.decode(self._file.read_bytes(), type=_Kept)
        except (FileNotFoundError, msgspec.MsgspecError, UnicodeDecodeError):
            return []
        return kept.spots

    def save(self, spots: Sequence[Spot]) -> None:
        """Keep the spots, whole or not at all.

        Raises:
            OSError: They could not be kept.
        """
        kept = _Kept(
            path=os.fsencode(self._path).decode("utf-8", "replace"), spots=list(spots)
        )
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = self._file.with_suffix(".tmp")
        descriptor = os.open(temporary, _FLAGS, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(kept))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._file)


_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
