import fcntl
import os
import signal

import pytest

from agcod_guard.errors import DataError

DAY_S = 86_400.0


@pytest.fixture
def old_segment(folder, clock):
    """Leave a closed segment of 1,000 bytes, written so long ago."""

    def made(name, age_s):
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.seg"
        path.write_bytes(bytes(1_000))
        os.utime(path, (clock.wall_s() - age_s,) * 2)
        return path

    return made


def names(folder):
    return sorted(path.stem for path in folder.glob("*.seg"))


def test_the_oldest_segments_make_room(new_journal, folder, old_segment, told):
    for day in range(1, 6):
        old_segment(f"day-{day}", day * DAY_S)

    new_journal(quota_bytes=3_500).maintain()

    assert names(folder) == ["day-1", "day-2", "day-3"]
    assert told.of("journal_bytes") == [(3_000,)]


def test_segments_past_their_time_are_deleted(new_journal, folder, old_segment):
    for day in (29, 31, 40):
        old_segment(f"day-{day}", day * DAY_S)

    new_journal(quota_s=30 * DAY_S).maintain()

    assert names(folder) == ["day-29"]


def test_an_open_incident_s_segments_are_never_deleted(
    new_journal, folder, old_segment, clock
):
    for day in (31, 33, 35):
        old_segment(f"day-{day}", day * DAY_S)
    since_s = clock.wall_s() - 34 * DAY_S

    new_journal(quota_bytes=10, protected_since_s=lambda: since_s).maintain()

    assert names(folder) == ["day-31", "day-33"]


def test_nothing_is_deleted_while_it_is_unknown_what_must_be_kept(
    new_journal, folder, old_segment, told
):
    def unknown():
        raise DataError("ladder.sqlite", "cannot be read", remedy="restore it")

    old_segment("day-40", 40 * DAY_S)

    new_journal(protected_since_s=unknown).maintain()

    assert names(folder) == ["day-40"]
    assert [stage for stage, _ in told.of("internal_error")] == ["journal.quota"]


def test_what_a_living_process_writes_is_never_deleted(
    new_journal, folder, begin, clock
):
    writer = new_journal(roll_s=1e9)
    writer.append(begin("one"))
    (segment,) = folder.glob("*.seg")
    clock.advance(40 * DAY_S)
    other = new_journal(quota_bytes=10)

    other.maintain()
    assert segment.exists()

    writer.close()
    clock.advance(10)
    other.maintain()
    assert not segment.exists()


def test_what_a_killed_process_wrote_can_be_deleted(new_journal, folder, begin, clock):
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        new_journal().append(begin("one"))
        os.write(writable, b"x")
        signal.pause()
    os.read(readable, 1)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    clock.advance(3_600)

    new_journal(quota_bytes=10).maintain()

    assert names(folder) == []


def test_a_segment_just_begun_is_left_alone(new_journal, folder, old_segment):
    old_segment("young", 1.0)

    new_journal(quota_bytes=10).maintain()

    assert names(folder) == ["young"]


def test_two_processes_do_not_delete_at_the_same_time(
    new_journal, folder, old_segment, clock
):
    old_segment("day-40", 40 * DAY_S)
    journal = new_journal()
    other = os.open(folder, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)

    journal.maintain()
    assert names(folder) == ["day-40"]

    os.close(other)
    clock.advance(10)
    journal.maintain()
    assert names(folder) == []


def test_other_files_in_the_folder_are_left_alone(new_journal, folder, old_segment):
    old_segment("day-40", 40 * DAY_S).rename(folder / "notes.txt")
    (folder / "folder.seg").mkdir()
    os.utime(folder / "folder.seg", (0, 0))

    new_journal().maintain()

    assert (folder / "notes.txt").exists()
    assert (folder / "folder.seg").is_dir()
