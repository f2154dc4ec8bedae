"""The file under the ladder and the outbox: one SQLite database, used with care.

Rollback journal, `synchronous=EXTRA`, `BEGIN IMMEDIATE`. A connection is opened
and closed within one method, on a thread of ours or in a command, never held
across a fork: a parent that merely drops an idle handle after a fork can lose
what its child has committed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from agcod_guard.errors import DataError
from agcod_guard.ports import Clock

if TYPE_CHECKING:
    import sqlite3

BUSY_TIMEOUT_S = 5.0

SCHEMA_VERSION = 2
"""Kept as `user_version`; goes up with each table that is added."""

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
CREATE TABLE IF NOT EXISTS acts (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at_s REAL NOT NULL, incident_id TEXT NOT NULL, facts BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS parcels (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE, incident_id TEXT NOT NULL, is_open INTEGER NOT NULL,
    facts BLOB NOT NULL, progress BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS open_parcels ON parcels (number) WHERE is_open;
CREATE TABLE IF NOT EXISTS orders (
    account TEXT NOT NULL, endpoint TEXT NOT NULL,
    operation TEXT NOT NULL, request_id TEXT NOT NULL,
    first_at_s REAL NOT NULL, is_open INTEGER NOT NULL, facts BLOB NOT NULL,
    PRIMARY KEY (account, endpoint, operation, request_id)
);
CREATE INDEX IF NOT EXISTS open_orders ON orders (account, endpoint) WHERE is_open;
CREATE TABLE IF NOT EXISTS troubles (
    day TEXT NOT NULL, account TEXT NOT NULL, endpoint TEXT NOT NULL,
    error TEXT NOT NULL, facts BLOB NOT NULL,
    PRIMARY KEY (day, account, endpoint, error)
);
"""


class Database:
    """The database of one data folder.

    Nothing is created before the first write; reading what is not there gives
    no rows. The first write to a file of an older version adds what it lacks.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path, self._clock = path, clock

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    def rows(self, query: str, *arguments: object, since: int = 0) -> list[Any]:
        """Return what the query finds.

        Args:
            query: One SELECT.
            arguments: Its parameters.
            since: Schema version that brought the tables; an older file has no
                rows of them.

        Raises:
            DataError: The file cannot be read.
        """
        import sqlite3

        with self.told():
            if not self._is_made():
                return []
            try:
                return self._read(query, arguments, since)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_READONLY_ROLLBACK:
                    raise
            with self.writing():
                pass  # undoes what a killed process left half written
            return self._read(query, arguments, since)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Hand out a connection whose writes stand on disk at the end, or none do.

        Raises:
            DataError: The file cannot be written, or is locked for too long.
        """
        with self.told():
            self._create()
            with closing(self._connected("rw")) as db:
                db.execute("PRAGMA synchronous=EXTRA")
                db.execute("BEGIN IMMEDIATE")
                self._upgrade(db)
                yield db
                db.execute("COMMIT")

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turn what goes wrong with the file, or its rows, into a DataError."""
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

    def _read(self, query: str, arguments: tuple[object, ...], since: int) -> list[Any]:
        with closing(self._connected("ro")) as db:
            if since and _version_of(db) < since:
                return []
            return db.execute(query, arguments).fetchall()

    def _is_made(self) -> bool:
        """Whether anything stands in the file, which is made before its tables."""
        return self._path.exists() and self._path.stat().st_size > 0

    def _connected(self, mode: str) -> sqlite3.Connection:
        import sqlite3  # not before it is needed: the partner's start is waiting

        return sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=BUSY_TIMEOUT_S,
            isolation_level=None,
        )

    def _create(self) -> None:
        """Make the file where it is not there yet; its tables come with a write."""
        if self._is_made():
            return
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        with closing(self._connected("rw")) as db:
            db.execute("PRAGMA journal_mode=DELETE")

    def _upgrade(self, db: sqlite3.Connection) -> None:
        """Add the tables that the file lacks, as part of the write under way."""
        if _version_of(db) >= SCHEMA_VERSION:
            return
        if self._is_made():
            db.execute("SELECT 1 FROM facts")  # fails in a file that is no ladder
        for statement in _SCHEMA.split(";"):
            db.execute(statement)
        db.execute(
            "INSERT OR IGNORE INTO facts VALUES ('recording_since_s', ?)",
            (repr(self._clock.wall_s()),),
        )
        db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")


def _version_of(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])
