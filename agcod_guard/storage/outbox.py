"""The outbox: mails and notices on their way, in the ladder's database.

What may happen to a parcel, `incident/handover.py` decides; here its answer is
read, asked and written within one transaction, so two postmen never both get it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from agcod_guard.incident import handover
from agcod_guard.incident.parcel import (
    FINAL,
    Claim,
    Entry,
    Parcel,
    Progress,
    Result,
)
from agcod_guard.storage.database import Database

if TYPE_CHECKING:
    import sqlite3

KEPT_PARCELS = 2_000
"""Parcels kept, with those still open beyond them."""

_SINCE = 1
_COLUMNS = "SELECT facts, progress FROM parcels"

Step = Callable[[Progress], Progress | None]


class SqliteOutbox:
    """The outbox of one host."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def intend(self, parcel: Parcel) -> bool:
        """Freeze the parcel; False if one of its key stands already."""
        with self._database.writing() as db:
            before = _found(db, parcel.key)
            progress = handover.intended(
                parcel.intended_at_s, None if before is None else before.progress
            )
            if progress is None:
                return False
            db.execute(
                "INSERT OR REPLACE INTO parcels"
                " (key, incident_id, is_open, facts, progress) VALUES (?, ?, 1, ?, ?)",
                (
                    parcel.key,
                    parcel.incident_id,
                    msgspec.json.encode(parcel),
                    msgspec.json.encode(progress),
                ),
            )
            db.execute(
                "DELETE FROM parcels WHERE NOT is_open AND number <= "
                "(SELECT max(number) FROM parcels) - ?",
                (KEPT_PARCELS,),
            )
        return True

    def entries(self, incident_id: str | None = None) -> list[Entry]:
        """Return what stands in the outbox, of one incident or of all, oldest first."""
        if incident_id is None:
            return self._entries(f"{_COLUMNS} ORDER BY number")
        return self._entries(
            f"{_COLUMNS} WHERE incident_id = ? ORDER BY number", incident_id
        )

    def standing(self, incident_ids: Collection[str]) -> list[Entry]:
        """Return what is on its way, and all of these incidents, oldest first."""
        marks = ", ".join("?" * len(incident_ids))
        return self._entries(
            f"{_COLUMNS} WHERE is_open OR incident_id IN ({marks}) ORDER BY number",
            *incident_ids,
        )

    def due(self, now_s: float) -> list[Entry]:
        """Return what needs a postman now, the most urgent first."""
        return handover.due(self._open(), now_s)

    def overdue(self, now_s: float) -> list[Entry]:
        """Mark those whose postman never came back from sending; return them."""
        if not any(handover.overdue(each.progress, now_s) for each in self._open()):
            return []
        with self._database.writing() as db:
            rows = db.execute(f"{_COLUMNS} WHERE is_open ORDER BY number").fetchall()
            return _stepped(
                db,
                map(_entry, rows),
                lambda progress: handover.overdue(progress, now_s),
            )

    def claim(
        self, key: str, *, owner: str, now_s: float, lease_s: float
    ) -> Claim | None:
        """Claim that parcel; None if it cannot be claimed now."""
        after = self._step(
            key,
            lambda progress: handover.claimed(
                progress, owner=owner, now_s=now_s, lease_s=lease_s
            ),
        )
        return None if after is None else Claim(after.parcel, after.progress.fence)

    def begin_sending(self, claim: Claim) -> bool:
        """Note that the next byte could make a mail; False: nothing may be sent."""
        begun = self._step(
            claim.parcel.key,
            lambda progress: handover.sending(progress, claim.fence),
        )
        return begun is not None

    def settle(
        self,
        claim: Claim,
        result: Result,
        *,
        at_s: float,
        next_try_at_s: float,
    ) -> Entry | None:
        """Note what came of it; return the entry, None if the claim was lost."""
        return self._step(
            claim.parcel.key,
            lambda progress: handover.settled(
                progress, claim.fence, result, at_s=at_s, next_try_at_s=next_try_at_s
            ),
        )

    def cancel(
        self,
        incident_id: str,
        reason: str,
        *,
        at_s: float,
        keys: Collection[str] | None = None,
    ) -> list[Entry]:
        """Cancel what of the incident can still be held back; return what was."""
        with self._database.writing() as db:
            rows = db.execute(
                f"{_COLUMNS} WHERE is_open AND incident_id = ? ORDER BY number",
                (incident_id,),
            ).fetchall()
            found = [
                entry
                for entry in map(_entry, rows)
                if keys is None or entry.key in keys
            ]
            return _stepped(
                db,
                found,
                lambda progress: handover.cancelled(progress, reason, at_s),
            )

    def reopen(self, key: str, *, at_s: float) -> bool:
        """Have a parcel tried once more as it is; False where that cannot be."""
        again = self._step(key, lambda progress: handover.reopened(progress, at_s))
        return again is not None

    def _open(self) -> list[Entry]:
        return self._entries(f"{_COLUMNS} WHERE is_open ORDER BY number")

    def _entries(self, query: str, *arguments: object) -> list[Entry]:
        rows = self._database.rows(query, *arguments, since=_SINCE)
        with self._database.told():
            return [_entry(row) for row in rows]

    def _step(self, key: str, step: Step) -> Entry | None:
        with self._database.writing() as db:
            entry = _found(db, key)
            stepped = [] if entry is None else _stepped(db, [entry], step)
        return stepped[0] if stepped else None


def _found(db: sqlite3.Connection, key: str) -> Entry | None:
    row = db.execute(f"{_COLUMNS} WHERE key = ?", (key,)).fetchone()
    return None if row is None else _entry(row)


def _entry(row: Any) -> Entry:
    facts, progress = row
    return Entry(
        msgspec.json.decode(facts, type=Parcel),
        msgspec.json.decode(progress, type=Progress),
    )


def _stepped(
    db: sqlite3.Connection, entries: Iterable[Entry], step: Step
) -> list[Entry]:
    """Write what `step` makes of each entry; return those it has changed."""
    changed = []
    for entry in entries:
        after = step(entry.progress)
        if after is None:
            continue
        db.execute(
            "UPDATE parcels SET progress = ?, is_open = ? WHERE key = ?",
            (msgspec.json.encode(after), after.state not in FINAL, entry.key),
        )
        changed.append(Entry(entry.parcel, after))
    return changed
