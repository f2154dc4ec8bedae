"""The ladder: incidents, transitions, notes and the watch's checkpoint, in SQLite.

Rollback journal, `synchronous=EXTRA`, `BEGIN IMMEDIATE`. A connection is opened
and closed within one method, on the helper thread or in a command, never held
across a fork: a parent that merely drops an idle handle after a fork can lose
what its child has committed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from agcod_guard.errors import DataError
from agcod_guard.incident.incident import Incident
from agcod_guard.outage.state import Transition
from agcod_guard.ports import Announced, Checkpoint, Clock

if TYPE_CHECKING:
    import sqlite3

BUSY_TIMEOUT_S = 5.0
KEPT_TRANSITIONS = 10_000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS incidents (
    incident_id TEXT PRIMARY KEY, opened_at_s REAL NOT NULL, facts BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS transitions (
    number INTEGER PRIMARY KEY AUTOINCREMENT, facts BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS checkpoint (
    one INTEGER PRIMARY KEY CHECK (one = 1), boot_id TEXT NOT NULL, state BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS changes (at_s REAL NOT NULL, text TEXT NOT NULL);
"""


class SqliteLadder:
    """The ladder of one host, in `data_dir/ladder.sqlite`.

    Nothing is created before the first write; reading what is not there gives
    what an empty ladder would give.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path, self._clock = path, clock

    @property
    def path(self) -> Path:
        """The database file."""
        return self._path

    def incidents(self) -> list[Incident]:
        """Return all incidents, newest first."""
        rows = self._rows("SELECT facts FROM incidents ORDER BY opened_at_s DESC")
        with self._told():
            return [msgspec.json.decode(row[0], type=Incident) for row in rows]

    def checkpoint(self) -> Checkpoint | None:
        """Return the last checkpoint saved; None at the first start."""
        rows = self._rows("SELECT boot_id, state FROM checkpoint")
        return Checkpoint(boot_id=rows[0][0], state=rows[0][1]) if rows else None

    def save(
        self,
        checkpoint: Checkpoint,
        *,
        incidents: Sequence[Incident] = (),
        transitions: Sequence[Transition] = (),
    ) -> None:
        """Store all of it or nothing; incidents replace those of the same id."""
        with self._writing() as db:
            db.executemany(
                "INSERT OR REPLACE INTO incidents VALUES (?, ?, ?)",
                [
                    (each.incident_id, each.opened_at_s, msgspec.json.encode(each))
                    for each in incidents
                ],
            )
            db.executemany(
                "INSERT INTO transitions (facts) VALUES (?)",
                [(msgspec.json.encode(each),) for each in transitions],
            )
            if transitions:
                db.execute(
                    "DELETE FROM transitions WHERE number <= "
                    "(SELECT max(number) FROM transitions) - ?",
                    (KEPT_TRANSITIONS,),
                )
            db.execute(
                "INSERT OR REPLACE INTO checkpoint VALUES (1, ?, ?)",
                (checkpoint.boot_id, checkpoint.state),
            )

    def announced(self, after: int) -> list[Announced]:
        """Return the transitions numbered above `after`, oldest first."""
        rows = self._rows(
            "SELECT number, facts FROM transitions WHERE number > ? ORDER BY number",
            after,
        )
        with self._told():
            return [
                Announced(number, msgspec.json.decode(facts, type=Transition))
                for number, facts in rows
            ]

    def last_announced(self) -> int:
        """Return the number of the newest transition; 0 before the first."""
        rows = self._rows("SELECT max(number) FROM transitions")
        return rows[0][0] or 0 if rows else 0

    def note_change(self, at_s: float, text: str) -> None:
        """Remember a change on the partner's side."""
        with self._writing() as db:
            db.execute("INSERT INTO changes VALUES (?, ?)", (at_s, text))

    def changes(self, since_s: float) -> list[tuple[float, str]]:
        """Return (wall time, text) of noted changes since then, oldest first."""
        rows = self._rows(
            "SELECT at_s, text FROM changes WHERE at_s >= ? ORDER BY at_s", since_s
        )
        return [(at_s, text) for at_s, text in rows]

    def recording_since_s(self) -> float | None:
        """Return the wall time at which this ladder was made; None if it is not."""
        rows = self._rows("SELECT value FROM facts WHERE name = 'recording_since_s'")
        return float(rows[0][0]) if rows else None

    def _rows(self, query: str, *arguments: object) -> list[Any]:
        import sqlite3

        with self._told():
            if not self._is_made():
                return []
            try:
                return self._read(query, arguments)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_READONLY_ROLLBACK:
                    raise
            with self._writing():
                pass  # undoes what a killed process left half written
            return self._read(query, arguments)

    def _read(self, query: str, arguments: tuple[object, ...]) -> list[Any]:
        with closing(self._connected("ro")) as db:
            return db.execute(query, arguments).fetchall()

    def _is_made(self) -> bool:
        """Whether anything stands in the file, which is made before its tables."""
        return self._path.exists() and self._path.stat().st_size > 0

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._told():
            self._create()
            with closing(self._connected("rw")) as db:
                db.execute("PRAGMA synchronous=EXTRA")
                db.execute("BEGIN IMMEDIATE")
                yield db
                db.execute("COMMIT")

    def _connected(self, mode: str) -> sqlite3.Connection:
        import sqlite3  # not before it is needed: the partner's start is waiting

        return sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=BUSY_TIMEOUT_S,
            isolation_level=None,
        )

    def _create(self) -> None:
        """Make the file and its tables where they are not there yet."""
        if self._is_made():
            return
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        with closing(self._connected("rw")) as db:
            db.execute("PRAGMA journal_mode=DELETE")
            db.execute("BEGIN IMMEDIATE")
            for statement in _SCHEMA.split(";"):
                db.execute(statement)
            db.execute(
                "INSERT OR IGNORE INTO facts VALUES ('recording_since_s', ?)",
                (repr(self._clock.wall_s()),),
            )
            db.execute("COMMIT")

    @contextmanager
    def _told(self) -> Iterator[None]:
        import sqlite3

        try:
            yield
        except (sqlite3.Error, OSError, msgspec.MsgspecError) as error:
            raise DataError(
                self._path,
                f"the ladder cannot be used ({error})",
                remedy="check the disk and the file's owner; if the file is damaged, "
                "move it away: incidents are made anew from the journal",
            ) from error
