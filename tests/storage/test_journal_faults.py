import os
import resource
import subprocess
import threading

import pytest

from agcod_guard.frames import Kind, decoded, encoded
from agcod_guard.storage.framing import framed
from agcod_guard.storage.reading import SegmentReader
from agcod_guard.storage.segments import SegmentJournal


def segments(folder):
    return sorted(folder.glob("*.seg"))


@pytest.fixture
def blocked(folder):
    """A file where the folder should be: nothing can be written, even by root."""
    folder.parent.mkdir(parents=True)
    folder.write_text("in the way")
    return folder


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 kB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode:
        pytest.skip("needs the right to mount a tmpfs")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_frame_that_cannot_be_written_is_kept_for_the_fold_once(
    blocked, journal, begin, end
):
    assert not journal.append(begin("one"))
    assert not journal.append(end("one"))

    assert journal.unwritten() == [begin("one"), end("one")]
    assert journal.unwritten() == []


def test_the_newest_unwritten_frames_are_kept(blocked, new_journal, begin):
    journal = new_journal(lost_ring=3)
    for number in range(10):
        journal.append(begin(str(number)))

    assert [each.call_id for each in journal.unwritten()] == ["7", "8", "9"]


def test_losses_are_told_once_a_minute_with_their_number(
    blocked, journal, begin, clock, told
):
    for _ in range(120):
        journal.append(begin("one"))
        journal.maintain()
        clock.advance(1)

    assert told.of("frames_lost") == [(1, "Not a directory"), (60, "Not a directory")]
    assert told.of("journal_resumed") == []


def test_recording_resumes_by_itself_and_that_is_told_once(
    blocked, journal, begin, clock, told, recorded
):
    journal.append(begin("lost"))
    journal.maintain()
    blocked.unlink()
    for number in range(3):
        clock.advance(1)
        journal.append(begin(str(number)))
        journal.maintain()

    assert recorded() == ["0", "1", "2"]
    assert told.of("journal_resumed") == [()]


def test_recording_resumes_even_if_no_call_comes(blocked, journal, begin, clock, told):
    journal.append(begin("lost"))
    journal.maintain()
    blocked.unlink()
    clock.advance(1)

    journal.maintain()

    assert told.of("journal_resumed") == [()]


def test_a_call_whose_end_was_lost_does_not_stay_open_in_the_journal(
    journal, folder, reader, begin, end, clock
):
    journal.append(begin("one"))
    journal.close()
    away = folder.with_name("away")
    folder.rename(away)
    folder.write_text("in the way")
    journal.append(end("one"))
    journal.append(begin("two"))
    folder.unlink()
    away.rename(folder)
    clock.advance(1)

    journal.maintain()

    assert [each.kind for each in reader.tail({})] == [Kind.BEGIN, Kind.END]


def test_a_journal_that_refuses_costs_its_callers_one_attempt_a_second(
    blocked, header, clock, told, begin
):
    attempts = []

    def counted():
        attempts.append(1)
        return header()

    journal = SegmentJournal(blocked, header=counted, clock=clock, observer=told)
    for _ in range(50):
        journal.append(begin("one"))
        clock.advance(0.1)

    assert len(attempts) == 5


def test_a_frame_that_cannot_be_encoded_is_lost_alone(journal, end, told, recorded):
    assert not journal.append(end("\ud800"))
    assert journal.append(end("next"))
    journal.maintain()

    assert recorded() == ["next"]
    assert len(journal.unwritten()) == 1
    assert told.of("frames_lost")[0][0] == 1


def test_a_deleted_segment_costs_only_what_was_deleted(
    journal, folder, begin, told, recorded
):
    for name in ("old", "seen"):
        journal.append(begin(name))
        journal.maintain()
    journal.maintain()
    segments(folder)[0].unlink()
    assert journal.append(begin("into the deleted file"))

    journal.maintain()
    journal.append(begin("after"))

    assert recorded() == ["into the deleted file", "after"]
    assert told.of("frames_lost") == [(2, "a segment was deleted, moved or replaced")]
    assert told.of("journal_resumed") == [()]


def test_what_a_deleted_segment_took_since_the_last_look_but_one_is_saved(
    journal, folder, begin, told, recorded
):
    for name in ("old", "on its way at the last look"):
        journal.maintain()
        journal.append(begin(name))
        journal.maintain()
    segments(folder)[0].unlink()
    journal.append(begin("into the deleted file"))

    journal.maintain()

    assert recorded() == ["on its way at the last look", "into the deleted file"]
    assert [count for count, _ in told.of("frames_lost")] == [1]


def test_frames_that_reach_a_deleted_segment_late_are_saved_too(
    journal, folder, begin, descriptor_of, recorded
):
    journal.append(begin("one"))
    descriptor = descriptor_of(segments(folder)[0])
    segments(folder)[0].unlink()
    journal.maintain()
    os.write(descriptor, framed(b"B", encoded(begin("late"))))
    journal.maintain()

    assert recorded() == ["one", "late"]


def test_a_folder_that_vanishes_is_made_again(journal, folder, begin, recorded):
    journal.append(begin("one"))
    segments(folder)[0].unlink()
    folder.rmdir()
    folder.parent.rmdir()

    journal.maintain()

    assert recorded() == ["one"]


def test_a_segment_that_was_moved_away_is_followed_by_another(
    journal, folder, begin, recorded
):
    journal.append(begin("one"))
    journal.maintain()
    journal.maintain()
    segments(folder)[0].rename(folder.parent / "moved.seg")
    journal.maintain()
    journal.append(begin("two"))

    assert recorded() == ["two"]


def test_a_cut_segment_is_counted_and_followed_by_another(
    journal, folder, reader, begin, told, recorded
):
    for number in range(3):
        journal.append(begin(str(number)))
    path = segments(folder)[0]
    os.truncate(path, next(reader.tail({})).end)

    journal.maintain()
    journal.append(begin("after"))

    assert sorted(recorded()) == ["0", "after"]
    assert told.of("frames_lost") == [(2, "a segment was cut by somebody else")]


def test_a_descriptor_that_now_is_another_file_s_is_left_alone(
    journal, folder, tmp_path, begin, descriptor_of, recorded
):
    journal.append(begin("one"))
    journal.maintain()
    number = descriptor_of(segments(folder)[0])
    os.close(number)
    theirs = os.open(tmp_path / "theirs", os.O_CREAT | os.O_RDWR)
    assert theirs == number
    content = bytes(10_000)  # longer than ours: its size gives nothing away
    os.write(theirs, content)

    journal.maintain()
    journal.append(begin("two"))
    journal.maintain()

    assert os.fstat(number).st_ino == (tmp_path / "theirs").stat().st_ino
    assert (tmp_path / "theirs").read_bytes() == content
    assert sorted(recorded()) == ["one", "two"]
    os.close(theirs)


def test_a_descriptor_that_was_closed_costs_no_frame(
    journal, folder, begin, clock, descriptor_of, recorded
):
    journal.append(begin("one"))
    clock.advance(1)
    os.close(descriptor_of(segments(folder)[0]))

    assert journal.append(begin("two"))

    assert sorted(recorded()) == ["one", "two"]


def test_a_file_size_limit_tears_no_frame_for_good(
    new_journal, reader, begin, clock, in_child, recorded
):
    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, resource.RLIM_INFINITY))
        journal = new_journal()
        for number in range(40):
            assert journal.append(begin(f"{number:02}"))
            clock.advance(1)
        return len(journal.unwritten())

    assert in_child(limited) == 0

    assert len(reader.segments()) > 3
    assert sorted(recorded()) == [f"{number:02}" for number in range(40)]
    assert reader.skipped == 0


def test_a_limit_that_takes_not_even_a_header_leaves_no_file(
    new_journal, folder, begin, clock, told, in_child
):
    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (50, resource.RLIM_INFINITY))
        journal = new_journal()
        for _ in range(5):
            assert not journal.append(begin("one"))
            clock.advance(1)
        journal.maintain()
        return told.of("frames_lost")

    assert in_child(limited) == [[5, "disk full or file size limit reached"]]
    assert segments(folder) == []


def test_too_many_open_files_lose_nothing_for_the_fold(
    new_journal, begin, clock, in_child, recorded
):
    def limited():
        journal = new_journal()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        assert not journal.append(begin("lost"))
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        clock.advance(1)
        assert journal.append(begin("kept"))
        return [each.call_id for each in journal.unwritten()]

    assert in_child(limited) == ["lost"]
    assert recorded() == ["kept"]


def test_a_full_disk_harms_nobody_and_recording_resumes(
    small_disk, new_journal, begin, end, clock, told
):
    journal = new_journal(small_disk / "journal")
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(40_000))
    stored = []
    for number in range(200):
        for frame in (begin(f"{number:03}"), end(f"{number:03}")):
            if journal.append(frame):
                stored.append((type(frame).__name__, frame.call_id))
    lost = journal.unwritten()
    journal.maintain()
    assert lost
    assert told.of("frames_lost") == [
        (len(lost), "disk full or file size limit reached")
    ]

    ballast.unlink()
    clock.advance(1)
    journal.maintain()
    clock.advance(1)
    assert journal.append(begin("again"))
    journal.maintain()
    journal.close()

    reader = SegmentReader(small_disk / "journal", told)
    found = [
        (each.kind, decoded(each.kind, each.payload).call_id)
        for each in reader.tail({})
    ]
    begins = {call for kind, call in found if kind is Kind.BEGIN}
    ends = {call for kind, call in found if kind is Kind.END}
    assert {call for name, call in stored if name == "Begin"} <= begins
    assert ends == {f"{number:03}" for number in range(200)}
    assert told.of("journal_resumed") == [()]


def test_a_thread_that_finds_the_segment_being_opened_waits_for_it(
    folder, header, clock, told, begin, recorded
):
    ready = threading.Barrier(4)
    journal = SegmentJournal(folder, header=header, clock=clock, observer=told)

    def record(number):
        ready.wait()
        journal.append(begin(str(number)))

    threads = [threading.Thread(target=record, args=(each,)) for each in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.close()

    assert len(segments(folder)) == 1
    assert sorted(recorded()) == ["0", "1", "2", "3"]
