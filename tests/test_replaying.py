"""A replay reaches the conclusions of the guards that were there."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import NamedTuple

import pytest
from partner import EU, NA, START_S, Partner, fault, guarded, success
from requests import ReadTimeout

from agcod_guard.call import Outcome
from agcod_guard.clock import ManualClock
from agcod_guard.errors import DataError
from agcod_guard.frames import End, Header
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.replaying import replayed
from agcod_guard.storage.segments import SegmentJournal
from agcod_guard.telemetry.observers import Observers
from agcod_guard.watching.reckoning import policy_of

DOWN = fault("F500")


class Lived(NamedTuple):
    """What the guards told and kept, and where."""

    folder: object
    told: list
    incidents: list


def hang(partner: Partner, number: int) -> None:
    """Send a call that never ends."""
    body = f'{{"partnerId":"Acmes","creationRequestId":"AcmesHangs{number}"}}'
    partner.guard.observe(method="POST", url=EU, headers={}, body=body).__enter__()


def sell(partners: list[Partner], seconds: int, answer, **where) -> None:
    """Have each send an order a second, and all of them look after it."""
    for _ in range(seconds):
        for partner in partners:
            partner.order(answer, **where)
        partners[0].clock.advance(1.0)
        for partner in partners:
            partner.look()


def facts(incidents) -> list[dict]:
    """Return the incidents, oldest first, without how often they were written."""
    found = [asdict(each) | {"revision": None} for each in incidents]
    return sorted(found, key=lambda each: each["opened_at_s"])


def known(partner: Partner) -> list[dict]:
    return facts(partner.guard._folder.ladder().incidents())


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """An outage with all that can happen, at a time that is no round number."""
    folder, clock = tmp_path_factory.mktemp("lived"), ManualClock(START_S)
    clock.step_wall(0.123456)
    first = guarded(folder, clock)
    first.look()
    clock.step_wall(77.7)  # between the guard's start and its first segment
    clock.advance(3.21)
    sell([first], 20, success())
    sell([first], 60, DOWN)
    for number in range(3):
        hang(first, number)
    first.guard.close()

    clock.advance(7.0)
    pair = [guarded(folder, clock), guarded(folder, clock, source="shop-2")]
    sell(pair, 40, DOWN)
    sell(pair, 90, ReadTimeout("nothing in 6 s"))
    clock.step_wall(-3600.0)
    sell(pair, 30, success())
    sell(pair, 200, DOWN)
    sell(pair, 310, success())
    sell(pair, 200, DOWN, url=NA)
    for partner in pair:
        partner.guard.close()
    return Lived(folder, first.seen + pair[0].seen, known(pair[0]))


def test_a_replay_finds_the_same_incidents_to_the_last_digit(lived):
    found = facts(replayed(lived.folder).incidents)

    assert found == lived.incidents
    eu, na = found
    assert eu["relapses"] == 1
    assert eu["resolved_at_s"] is not None
    assert na["resolved_at_s"] is None


def test_a_replay_tells_the_same_changes_for_the_same_reasons(lived):
    assert list(replayed(lived.folder).transitions) == lived.told


def test_a_replay_says_how_much_it_read(lived):
    replay = replayed(lived.folder)

    assert replay.skipped == 0
    assert replay.unreadable == {}
    assert replay.frames > 2 * (20 + 60 + 2 * 870)


def test_time_goes_on_to_the_newest_frame_a_told_change_included(tmp_path):
    clock = ManualClock(START_S)
    partner = guarded(tmp_path, clock)
    for number in range(25):
        hang(partner, number)
        clock.advance(10.0)
        partner.look()
    partner.guard.close()

    assert partner.phases == ["SUSPECT", "OUTAGE"]
    assert list(replayed(tmp_path).transitions) == partner.seen


def test_time_does_not_go_on_beyond_what_was_recorded(tmp_path):
    clock = ManualClock(START_S)
    partner = guarded(tmp_path, clock)
    partner.sell(179, DOWN)
    partner.guard.close()

    assert [each.after for each in replayed(tmp_path).transitions] == ["SUSPECT"]


def journal_of(folder, clock, boot_id, **about) -> SegmentJournal:
    def header() -> Header:
        return Header(
            source="shop-1",
            boot_id=boot_id,
            pid=1,
            wall_ns=int(clock.wall_s() * 1e9),
            mono_ns=int(clock.monotonic_s() * 1e9),
            version="0.1.0",
            **about,
        )

    return SegmentJournal(
        folder / "journal", header=header, clock=clock, observer=Observers()
    )


def fail(journal, clock, seconds, *, name="") -> None:
    for number in range(seconds):
        journal.append(
            End(
                call_id=f"{name}{number}",
                wall_ns=int(clock.wall_s() * 1e9),
                mono_ns=int(clock.monotonic_s() * 1e9),
                account="Acmes",
                endpoint="eu",
                operation="CreateGiftCard",
                request_id=f"Acmes{name}{number}",
                duration_s=0.1,
                outcome=Outcome.FAULT,
                marked=True,
            )
        )
        clock.advance(1.0)


def test_an_outage_over_a_reboot_is_one_incident(tmp_path):
    before = ManualClock(5_000.0)
    before.step_wall(START_S)
    journal = journal_of(tmp_path, before, "boot-a")
    fail(journal, before, 100, name="a")
    journal.close()
    after = ManualClock(10.0)
    after.step_wall(before.wall_s() + 30.0 - after.wall_s())
    journal = journal_of(tmp_path, after, "boot-b")
    fail(journal, after, 100, name="b")
    journal.close()

    replay = replayed(tmp_path)

    assert replay.home.boot_id == "boot-b"
    [incident] = replay.incidents
    assert incident.first_call_id == "a0"
    assert incident.first_failed_at_s == START_S + 5_000.0
    assert incident.opened_at_s == START_S + 5_180.0


def test_the_axis_is_that_of_the_newest_frame_not_of_the_newest_segment(tmp_path):
    clock = ManualClock(START_S)
    older = journal_of(tmp_path, clock, "boot-a", policy={"hold_s": 30.0})
    fail(older, clock, 5, name="a")
    younger = journal_of(tmp_path, clock, "boot-b", policy={"hold_s": 300.0})
    fail(younger, clock, 5, name="b")
    fail(older, clock, 60, name="c")
    older.close()
    younger.close()

    replay = replayed(tmp_path)

    assert replay.home.boot_id == "boot-a"
    assert replay.policy.hold_s == 30.0
    assert replay.until_s == START_S + 69.0


def test_a_frame_longer_than_the_end_of_a_segment_is_still_found(tmp_path):
    clock = ManualClock(START_S)
    journal = journal_of(tmp_path, clock, "boot-a")
    fail(journal, clock, 20)
    journal.append(
        End(
            call_id="long",
            wall_ns=int(clock.wall_s() * 1e9),
            mono_ns=int(clock.monotonic_s() * 1e9),
            account="Acmes",
            endpoint="eu",
            operation="CreateGiftCard",
            duration_s=0.1,
            outcome=Outcome.FAULT,
            message="x" * 500_000,
        )
    )
    journal.close()

    assert replayed(tmp_path).until_s == START_S + 20.0


def test_a_torn_end_is_no_damage(tmp_path):
    clock = ManualClock(START_S)
    journal = journal_of(tmp_path, clock, "boot-a")
    fail(journal, clock, 20)
    journal.close()
    [segment] = (tmp_path / "journal").iterdir()
    segment.write_bytes(segment.read_bytes()[:-7])

    replay = replayed(tmp_path)

    assert (replay.frames, replay.skipped) == (19, 0)
    assert replay.until_s == START_S + 18.0


def test_fields_of_the_policy_can_be_changed(lived):
    replay = replayed(lived.folder, changes={"hold_s": 100_000.0})

    assert replay.incidents == ()
    assert replay.policy.hold_s == 100_000.0


def test_a_header_gives_back_the_policy_that_it_was_made_of():
    policy = OutagePolicy(failed=7, hold_s=61.5)
    header = Header(
        source="",
        boot_id="",
        pid=0,
        wall_ns=0,
        mono_ns=0,
        version="",
        policy={name: float(at) for name, at in asdict(policy).items()},
    )

    found = policy_of(header)

    assert found == policy
    for field in fields(policy):
        kept, made = getattr(found, field.name), getattr(policy, field.name)
        assert type(kept) is type(made)


def test_a_header_of_another_version_is_taken_as_far_as_it_is_known():
    header = Header(
        source="",
        boot_id="",
        pid=0,
        wall_ns=0,
        mono_ns=0,
        version="9",
        policy={"hold_s": 60.0, "patience_s": 5.0},
    )

    assert policy_of(header) == OutagePolicy(hold_s=60.0)


def test_what_is_no_journal_is_named_with_what_would_do(tmp_path):
    with pytest.raises(DataError, match="name a data folder, a journal folder or one"):
        replayed(tmp_path / "none")
