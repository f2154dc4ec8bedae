import os
import sqlite3
from multiprocessing import get_context

import pytest

from agcod_guard.call import Endpoint, Scope
from agcod_guard.clock import ManualClock
from agcod_guard.errors import DataError
from agcod_guard.incident.acts import Acknowledged, SentByHand
from agcod_guard.incident.incident import Incident
from agcod_guard.outage.state import Phase, Transition
from agcod_guard.ports import Checkpoint
from agcod_guard.storage.ladder import SqliteLadder

SCOPE = Scope("Ac/mes", Endpoint("eu", "sandbox"))
NOTHING_KEPT = Checkpoint(boot_id="boot", state=b"{}")


def incident(name="20261122T111505Z-eu-0001", **changes):
    facts = {
        "incident_id": name,
        "scope": SCOPE,
        "first_failed_at_s": 1.25,
        "first_call_id": "ab",
        "opened_at_s": 181.25,
        "reasons": ("one", "two"),
    }
    return Incident(**(facts | changes))


def transition(at_s, after=Phase.OUTAGE):
    return Transition(
        scope=SCOPE, before=Phase.SUSPECT, after=after, at_s=at_s, reason="because"
    )


@pytest.fixture
def ladder(tmp_path):
    return SqliteLadder(tmp_path / "data" / "ladder.sqlite", ManualClock(1000.0))


def test_an_empty_ladder_is_read_without_making_one(ladder, tmp_path):
    assert ladder.incidents() == []
    assert ladder.checkpoint() is None
    assert ladder.announced(0) == []
    assert ladder.last_announced() == 0
    assert ladder.changes(0.0) == []
    assert ladder.recording_since_s() is None
    assert list(tmp_path.iterdir()) == []


def test_what_is_saved_comes_back_as_it_was(ladder):
    ladder.save(NOTHING_KEPT, incidents=[incident()], transitions=[transition(1.0)])

    assert ladder.incidents() == [incident()]
    assert [each.transition for each in ladder.announced(0)] == [transition(1.0)]
    assert ladder.checkpoint() == NOTHING_KEPT


def test_an_incident_replaces_the_one_of_its_name(ladder):
    ladder.save(NOTHING_KEPT, incidents=[incident()])

    ladder.save(NOTHING_KEPT, incidents=[incident(relapses=2)])

    assert ladder.incidents() == [incident(relapses=2)]


def test_incidents_come_newest_first(ladder):
    old, new = incident("a", opened_at_s=1.0), incident("b", opened_at_s=2.0)

    ladder.save(NOTHING_KEPT, incidents=[new, old])

    assert ladder.incidents() == [new, old]


def test_transitions_are_numbered_on_and_heard_once(ladder):
    ladder.save(NOTHING_KEPT, transitions=[transition(1.0)])
    heard = ladder.last_announced()

    ladder.save(NOTHING_KEPT, transitions=[transition(2.0), transition(3.0)])

    assert [each.transition.at_s for each in ladder.announced(heard)] == [2.0, 3.0]
    assert ladder.announced(ladder.last_announced()) == []


def test_changes_are_listed_from_a_time_on(ladder):
    ladder.note_change(10.0, "deployed 4.1")
    ladder.note_change(20.0, "deployed 4.2")

    assert ladder.changes(15.0) == [(20.0, "deployed 4.2")]
    assert ladder.recording_since_s() == 1000.0


def test_the_file_is_its_owners_alone(ladder):
    ladder.note_change(1.0, "x")

    assert ladder.path.stat().st_mode & 0o777 == 0o600
    assert ladder.path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("content", [b"no database at all" * 99, b"x"])
def test_a_damaged_file_is_told_with_a_remedy_and_left_alone(ladder, content):
    ladder.path.parent.mkdir()
    ladder.path.write_bytes(content)

    for use in (
        ladder.incidents,
        ladder.checkpoint,
        lambda: ladder.save(NOTHING_KEPT),
        lambda: ladder.note_change(1.0, "x"),
    ):
        with pytest.raises(DataError, match="move it away"):
            use()
    assert ladder.path.read_bytes() == content


def test_facts_of_another_version_are_told_as_damage(ladder):
    ladder.save(NOTHING_KEPT, incidents=[incident()])
    with sqlite3.connect(ladder.path) as db:
        db.execute("UPDATE incidents SET facts = '{}'")

    with pytest.raises(DataError, match="ladder cannot be used"):
        ladder.incidents()


def test_a_file_made_by_a_full_disk_reads_as_an_empty_ladder(ladder):
    ladder.path.parent.mkdir()
    ladder.path.touch()

    assert ladder.checkpoint() is None
    assert ladder.incidents() == []


def test_a_path_that_cannot_be_is_told_as_every_other_trouble(tmp_path):
    ladder = SqliteLadder(tmp_path / ("x" * 300) / "ladder.sqlite", ManualClock())

    with pytest.raises(DataError, match="too long"):
        ladder.checkpoint()


def test_a_save_that_a_kill_cut_short_never_was(ladder):
    ladder.save(NOTHING_KEPT, incidents=[incident()], transitions=[transition(1.0)])
    child = os.fork()
    if child == 0:
        db = sqlite3.connect(ladder.path, isolation_level=None)
        db.execute("PRAGMA cache_size=1")  # writes pages before the commit
        db.execute("BEGIN IMMEDIATE")
        db.execute("UPDATE checkpoint SET state = ?", (b"half" * 100_000,))
        db.execute("UPDATE incidents SET facts = ?", (b"half" * 100_000,))
        os.kill(os.getpid(), 9)
    os.waitpid(child, 0)
    assert ladder.path.with_name("ladder.sqlite-journal").exists()

    assert ladder.checkpoint() == NOTHING_KEPT
    assert ladder.incidents() == [incident()]
    assert ladder.last_announced() == 1


def test_a_save_that_fails_halfway_leaves_everything_as_it_was(ladder):
    ladder.save(NOTHING_KEPT, incidents=[incident()])
    unsaveable = incident("b", first_failed_at_s=object())

    with pytest.raises((DataError, TypeError)):
        ladder.save(
            Checkpoint(boot_id="other", state=b""),
            incidents=[incident("c")],
            transitions=[unsaveable],
        )

    assert ladder.checkpoint() == NOTHING_KEPT
    assert ladder.incidents() == [incident()]


def _note(path, number):
    ladder = SqliteLadder(path, ManualClock())
    for count in range(20):
        ladder.note_change(float(number), f"{number}-{count}")


def test_eight_processes_write_at_once_and_nothing_is_lost(ladder):
    context = get_context("fork")
    writers = [
        context.Process(target=_note, args=(ladder.path, number)) for number in range(8)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert len(ladder.changes(0.0)) == 160
    assert len(list(ladder.path.parent.iterdir())) == 1


def test_what_people_did_comes_back_oldest_first_of_one_incident_or_all(ladder):
    early = Acknowledged(incident_id="a", at_s=1.0, by="Ada Example")
    late = SentByHand(incident_id="b", at_s=2.0, tier=1)
    ladder.note_act(late)
    ladder.note_act(early)

    assert ladder.acts() == [early, late]
    assert ladder.acts("b") == [late]


def test_a_claim_code_that_somebody_typed_never_reaches_the_file(ladder):
    note = "see AAAA-BBBBBB-CCCC"
    ladder.note_act(Acknowledged(incident_id="a", at_s=1.0, by="Ada", note=note))

    assert b"BBBBBB" not in ladder.path.read_bytes()
