"""The file under ladder and outbox: made, upgraded, left alone when damaged."""

import sqlite3
from contextlib import closing

import pytest

from agcod_guard.clock import ManualClock
from agcod_guard.errors import DataError
from agcod_guard.incident.acts import Acknowledged
from agcod_guard.storage.database import Database
from agcod_guard.storage.ladder import SqliteLadder
from agcod_guard.storage.outbox import SqliteOutbox

FIRST_SCHEMA = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE incidents (
    incident_id TEXT PRIMARY KEY, opened_at_s REAL NOT NULL, facts BLOB NOT NULL
);
CREATE TABLE transitions (
    number INTEGER PRIMARY KEY AUTOINCREMENT, facts BLOB NOT NULL
);
CREATE TABLE checkpoint (
    one INTEGER PRIMARY KEY CHECK (one = 1), boot_id TEXT NOT NULL, state BLOB NOT NULL
);
CREATE TABLE changes (at_s REAL NOT NULL, text TEXT NOT NULL);
INSERT INTO facts VALUES ('recording_since_s', '7.0');
INSERT INTO changes VALUES (8.0, 'deployed 4.1');
"""
ACK = Acknowledged(incident_id="20261122T111505Z-eu-0001", at_s=5.0, by="Ada Example")


@pytest.fixture
def old_ladder(tmp_path):
    """A ladder that the first version of the guard has written."""
    with closing(sqlite3.connect(tmp_path / "ladder.sqlite")) as db:
        db.executescript(FIRST_SCHEMA)
    return SqliteLadder(tmp_path / "ladder.sqlite", ManualClock(1000.0))


def test_a_file_of_the_first_version_is_read_without_being_changed(old_ladder):
    before = old_ladder.path.read_bytes()

    assert old_ladder.changes(0.0) == [(8.0, "deployed 4.1")]
    assert old_ladder.acts() == []
    assert SqliteOutbox(old_ladder.database).entries() == []
    assert SqliteOutbox(old_ladder.database).due(1e10) == []
    assert old_ladder.path.read_bytes() == before


def test_the_first_write_to_it_adds_what_it_lacks_and_keeps_what_it_holds(old_ladder):
    old_ladder.note_act(ACK)

    assert old_ladder.acts() == [ACK]
    assert old_ladder.changes(0.0) == [(8.0, "deployed 4.1")]
    assert old_ladder.recording_since_s() == 7.0


def test_a_file_of_a_later_version_is_used_as_it_is(old_ladder):
    old_ladder.note_act(ACK)
    with closing(sqlite3.connect(old_ladder.path)) as db:
        db.execute("PRAGMA user_version=99")

    old_ladder.note_act(ACK)

    assert old_ladder.acts() == [ACK, ACK]
    with closing(sqlite3.connect(old_ladder.path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (99,)


def test_a_database_of_somebody_else_is_told_and_gets_no_tables(tmp_path):
    path = tmp_path / "ladder.sqlite"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE shop (name TEXT)")
    before = path.read_bytes()

    with (
        pytest.raises(DataError, match="move it away"),
        Database(path, ManualClock()).writing(),
    ):
        pass

    assert path.read_bytes() == before


def test_a_write_that_fails_leaves_no_trace(old_ladder):
    old_ladder.note_act(ACK)

    def interrupted():
        with old_ladder.database.writing() as db:
            db.execute("DELETE FROM acts")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert old_ladder.acts() == [ACK]
