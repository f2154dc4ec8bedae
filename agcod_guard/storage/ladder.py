"""The ladder: incidents, transitions, acts, notes and the watch's checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from agcod_guard.incident.acts import Act, redacted
from agcod_guard.incident.doubt import DoubtfulOrder
from agcod_guard.incident.incident import Incident
from agcod_guard.incident.troubles import AccountTrouble
from agcod_guard.outage.state import Transition
from agcod_guard.ports import NO_BOOKS, Announced, Books, Checkpoint, Clock
from agcod_guard.storage.database import Database

if TYPE_CHECKING:
    import sqlite3

KEPT_TRANSITIONS = 10_000

KEPT_CLOSED_ORDERS = 10_000
"""Orders kept whose outcome has become known: what finance asks for next day."""

KEPT_TROUBLE_DAYS = 90

_ACTS_SINCE = 1
_BOOKS_SINCE = 2


class SqliteLadder:
    """The ladder of one host, in `data_dir/ladder.sqlite`.

    Nothing is created before the first write; reading what is not there gives
    what an empty ladder would give.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._database = Database(path, clock)

    @property
    def database(self) -> Database:
        """The database, which the outbox stands in as well."""
        return self._database

    @property
    def path(self) -> Path:
        """The database file."""
        return self._database.path

    def incidents(self) -> list[Incident]:
        """Return all incidents, newest first."""
        rows = self._database.rows(
            "SELECT facts FROM incidents ORDER BY opened_at_s DESC"
        )
        with self._database.told():
            return [msgspec.json.decode(row[0], type=Incident) for row in rows]

    def checkpoint(self) -> Checkpoint | None:
        """Return the last checkpoint saved; None at the first start."""
        rows = self._database.rows("SELECT boot_id, state FROM checkpoint")
        return Checkpoint(boot_id=rows[0][0], state=rows[0][1]) if rows else None

    def save(
        self,
        checkpoint: Checkpoint,
        *,
        incidents: Sequence[Incident] = (),
        transitions: Sequence[Transition] = (),
        books: Books = NO_BOOKS,
    ) -> None:
        """Store all of it or nothing; what has the name of another replaces it."""
        with self._database.writing() as db:
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
            _save_orders(db, books.orders)
            _save_troubles(db, books.troubles)
            db.execute(
                "INSERT OR REPLACE INTO checkpoint VALUES (1, ?, ?)",
                (checkpoint.boot_id, checkpoint.state),
            )

    def announced(self, after: int) -> list[Announced]:
        """Return the transitions numbered above `after`, oldest first."""
        rows = self._database.rows(
            "SELECT number, facts FROM transitions WHERE number > ? ORDER BY number",
            after,
        )
        with self._database.told():
            return [
                Announced(number, msgspec.json.decode(facts, type=Transition))
                for number, facts in rows
            ]

    def last_announced(self) -> int:
        """Return the number of the newest transition; 0 before the first."""
        rows = self._database.rows("SELECT max(number) FROM transitions")
        return rows[0][0] or 0 if rows else 0

    def note_change(self, at_s: float, text: str) -> None:
        """Remember a change on the partner's side."""
        with self._database.writing() as db:
            db.execute("INSERT INTO changes VALUES (?, ?)", (at_s, text))

    def changes(self, since_s: float) -> list[tuple[float, str]]:
        """Return (wall time, text) of noted changes since then, oldest first."""
        rows = self._database.rows(
            "SELECT at_s, text FROM changes WHERE at_s >= ? ORDER BY at_s", since_s
        )
        return [(at_s, text) for at_s, text in rows]

    def note_version(self, name: str, version: str, at_s: float) -> None:
        """Remember a version; where it differs from the last, that is a change.

        Args:
            name: Whose version it is, e.g. `agcod-guard on shop-1`.
            version: The version in force.
            at_s: Now, wall clock.
        """
        fact = f"version of {name}"
        rows = self._database.rows("SELECT value FROM facts WHERE name = ?", fact)
        known = rows[0][0] if rows else None
        if known == version:
            return
        with self._database.writing() as db:
            db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (fact, version))
            if known is not None:
                text = f"{name}: version {known} -> {version} (seen by agcod-guard)"
                db.execute("INSERT INTO changes VALUES (?, ?)", (at_s, text))

    def recording_since_s(self) -> float | None:
        """Return the wall time at which this ladder was made; None if it is not."""
        rows = self._database.rows(
            "SELECT value FROM facts WHERE name = 'recording_since_s'"
        )
        return float(rows[0][0]) if rows else None

    def orders(self, *, only_open: bool = True) -> list[DoubtfulOrder]:
        """Return the orders in doubt, or also those that were, the oldest first."""
        rows = self._database.rows(
            "SELECT facts FROM orders WHERE is_open OR ? ORDER BY first_at_s",
            not only_open,
            since=_BOOKS_SINCE,
        )
        with self._database.told():
            return [msgspec.json.decode(row[0], type=DoubtfulOrder) for row in rows]

    def orders_in_doubt(self) -> dict[tuple[str, str], int]:
        """Return how many orders are in doubt, by account and endpoint."""
        rows = self._database.rows(
            "SELECT account, endpoint, count(*) FROM orders WHERE is_open "
            "GROUP BY account, endpoint",
            since=_BOOKS_SINCE,
        )
        return {(account, endpoint): count for account, endpoint, count in rows}

    def troubles(self, since_day: str = "") -> list[AccountTrouble]:
        """Return the troubles of accounts from that day on, `2026-11-22`."""
        rows = self._database.rows(
            "SELECT facts FROM troubles WHERE day >= ? ORDER BY day",
            since_day,
            since=_BOOKS_SINCE,
        )
        with self._database.told():
            return [msgspec.json.decode(row[0], type=AccountTrouble) for row in rows]

    def note_act(self, act: Act) -> None:
        """Remember what a person did; what was typed is redacted."""
        with self._database.writing() as db:
            db.execute(
                "INSERT INTO acts (at_s, incident_id, facts) VALUES (?, ?, ?)",
                (act.at_s, act.incident_id, msgspec.json.encode(redacted(act))),
            )

    def acts(self, incident_id: str | None = None) -> list[Act]:
        """Return what people did, about one incident or all, oldest first."""
        rows = self._database.rows(
            "SELECT facts FROM acts WHERE ? IN (incident_id, '') ORDER BY at_s, number",
            incident_id or "",
            since=_ACTS_SINCE,
        )
        with self._database.told():
            return [msgspec.json.decode(row[0], type=Act) for row in rows]


def _save_orders(db: sqlite3.Connection, orders: Sequence[DoubtfulOrder]) -> None:
    if not orders:
        return
    db.executemany(
        "INSERT OR REPLACE INTO orders VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (*each.key, each.first_at_s, each.closed_at_s is None, _json(each))
            for each in orders
        ],
    )
    db.execute(
        "DELETE FROM orders WHERE rowid IN (SELECT rowid FROM orders WHERE NOT is_open "
        "ORDER BY first_at_s DESC LIMIT -1 OFFSET ?)",
        (KEPT_CLOSED_ORDERS,),
    )


def _save_troubles(db: sqlite3.Connection, troubles: Sequence[AccountTrouble]) -> None:
    if not troubles:
        return
    db.executemany(
        "INSERT OR REPLACE INTO troubles VALUES (?, ?, ?, ?, ?)",
        [(*each.key, _json(each)) for each in troubles],
    )
    db.execute(
        "DELETE FROM troubles WHERE day < date((SELECT max(day) FROM troubles), ?)",
        (f"-{KEPT_TROUBLE_DAYS} days",),
    )


def _json(row: DoubtfulOrder | AccountTrouble) -> bytes:
    return msgspec.json.encode(row)
