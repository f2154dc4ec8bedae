"""The outbox in its file: nothing twice, nothing lost, whoever comes at once."""

import sqlite3
from contextlib import closing
from multiprocessing import get_context

import pytest
from parcels import INCIDENT_ID, MESSAGE_ID, mail, notice

from agcod_guard.clock import ManualClock
from agcod_guard.errors import DataError
from agcod_guard.incident.parcel import Accepted, Later, Refused, State, Unsure
from agcod_guard.storage import database, outbox
from agcod_guard.storage.database import Database
from agcod_guard.storage.outbox import SqliteOutbox

NOW_S = 2000.0


@pytest.fixture
def data(tmp_path):
    return Database(tmp_path / "data" / "ladder.sqlite", ManualClock(1000.0))


@pytest.fixture
def box(data):
    return SqliteOutbox(data)


def claim(box, key=None, *, now_s=NOW_S):
    return box.claim(key or mail().key, owner="till-7", now_s=now_s, lease_s=60.0)


def settle(box, claimed, result):
    return box.settle(claimed, result, at_s=NOW_S, next_try_at_s=NOW_S + 10.0)


def states(box):
    return [entry.state for entry in box.entries()]


def test_an_empty_outbox_is_read_without_making_one(box, tmp_path):
    assert box.entries() == []
    assert box.due(NOW_S) == []
    assert box.overdue(NOW_S) == []
    assert list(tmp_path.iterdir()) == []


def test_a_parcel_comes_back_byte_for_byte(box):
    parcel = mail(content=bytes(range(256)))

    assert box.intend(parcel)

    assert [entry.parcel for entry in box.entries()] == [parcel]
    assert claim(box).parcel == parcel


def test_what_stands_is_never_frozen_in_other_words(box):
    assert box.intend(mail("first"))

    assert not box.intend(mail("second"))

    assert [entry.parcel for entry in box.entries()] == [mail("first")]


def test_what_was_cancelled_before_it_left_is_frozen_anew(box):
    box.intend(mail("first"))
    box.cancel(INCIDENT_ID, "calls succeed", at_s=NOW_S)

    assert box.intend(mail("second"))

    assert [entry.parcel for entry in box.entries()] == [mail("second")]
    assert box.due(NOW_S) == box.entries()


def test_the_way_of_a_mail(box):
    box.intend(mail())

    claimed = claim(box)
    assert states(box) == [State.CLAIMED]
    assert box.begin_sending(claimed)
    assert states(box) == [State.SENDING]
    entry = settle(box, claimed, Accepted("250 queued"))

    assert (entry.state, entry.progress.note) == (State.SENT, "250 queued")
    assert box.entries() == [entry]
    assert box.due(9e9) == []
    assert claim(box, now_s=9e9) is None


def test_only_one_has_it(box):
    box.intend(mail())
    first = claim(box)

    assert claim(box) is None
    second = claim(box, now_s=NOW_S + 60.0)

    assert not box.begin_sending(first)
    assert box.begin_sending(second)
    assert settle(box, first, Later("421")) is None


def test_one_that_nobody_came_back_with_is_found_once(box):
    box.intend(mail())
    box.begin_sending(claim(box))

    assert box.overdue(NOW_S) == []
    found = box.overdue(NOW_S + 60.0)

    assert [entry.state for entry in found] == [State.UNSURE]
    assert box.overdue(NOW_S + 60.0) == []
    assert box.due(NOW_S + 60.0) == found


def test_a_cancel_takes_what_it_can_still_get_of_that_incident(box):
    box.intend(mail())
    box.intend(mail(key="t2", tier=2))
    box.intend(mail(key="other", incident_id="other"))
    box.begin_sending(claim(box))

    cancelled = box.cancel(INCIDENT_ID, "calls succeed", at_s=NOW_S)

    assert [entry.key for entry in cancelled] == ["t2"]
    assert states(box) == [State.SENDING, State.CANCELLED, State.INTENT]


def test_a_cancel_can_name_what_it_takes(box):
    box.intend(mail())
    box.intend(notice())

    cancelled = box.cancel(INCIDENT_ID, "x", at_s=NOW_S, keys=[mail().key])

    assert [entry.key for entry in cancelled] == [mail().key]
    assert box.cancel(INCIDENT_ID, "x", at_s=NOW_S, keys=()) == []


def test_a_refused_one_is_tried_again_when_a_person_wants_it(box):
    box.intend(mail())
    settle(box, claim(box), Refused("550 no"))
    assert box.due(9e9) == []

    assert box.reopen(mail().key, at_s=NOW_S)

    assert [entry.key for entry in box.due(NOW_S)] == [mail().key]
    assert not box.reopen(mail().key, at_s=NOW_S)
    assert not box.reopen("nothing of that name", at_s=NOW_S)


def test_of_one_incident_or_of_all(box):
    box.intend(mail())
    box.intend(mail(key="other", incident_id="other"))

    assert [entry.key for entry in box.entries("other")] == ["other"]
    assert len(box.entries()) == 2


def test_old_ones_go_but_none_that_is_still_open(box, monkeypatch):
    monkeypatch.setattr(outbox, "KEPT_PARCELS", 2)
    box.intend(mail(key="open"))
    for number in range(5):
        box.intend(mail(key=f"{number}"))
        box.cancel(INCIDENT_ID, "x", at_s=NOW_S, keys=[f"{number}"])

    assert [entry.key for entry in box.entries()] == ["open", "3", "4"]


def test_a_locked_file_is_told_and_nothing_is_begun(box, data, monkeypatch):
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.01)
    box.intend(mail())
    claimed = claim(box)
    with closing(sqlite3.connect(data.path, isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        for write in (
            lambda: box.begin_sending(claimed),
            lambda: settle(box, claimed, Accepted("250")),
            lambda: box.intend(mail(key="t2")),
            lambda: box.due(NOW_S),
        ):
            with pytest.raises(DataError, match="locked"):
                write()

    assert states(box) == [State.CLAIMED]


def _race(path, number, results):
    box = SqliteOutbox(Database(path, ManualClock()))
    for key in [f"page {count}" for count in range(10)]:
        box.intend(mail(f"by {number}", key=key))
        claimed = box.claim(key, owner=str(number), now_s=NOW_S, lease_s=60.0)
        if claimed and box.begin_sending(claimed):
            results.put(key)


def test_four_processes_at_once_begin_each_parcel_once(data, box):
    context = get_context("fork")
    results = context.SimpleQueue()
    racers = [
        context.Process(target=_race, args=(data.path, number, results))
        for number in range(4)
    ]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()

    begun = []
    while not results.empty():
        begun.append(results.get())
    assert sorted(begun) == [f"page {count}" for count in range(10)]


def test_an_unsure_one_keeps_its_message_id_and_bytes(box):
    box.intend(mail())
    claimed = claim(box)
    box.begin_sending(claimed)
    settle(box, claimed, Unsure("no answer"))

    again = claim(box, now_s=NOW_S + 10.0)

    assert again.parcel.message_id == MESSAGE_ID
    assert again.parcel.content == mail().content
