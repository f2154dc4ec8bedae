import gc
import os
import stat
import threading
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from agcod_guard.storage.open_segment import OpenSegment
from agcod_guard.storage.reading import SegmentReader
from agcod_guard.storage.segments import SegmentJournal


def segments(folder):
    return sorted(folder.glob("*.seg"))


def descriptors(folder):
    """Return the open files of the folder; other threads may open others."""
    return [path for path in _open_files() if path.startswith(str(folder))]


def _open_files():
    for link in Path("/dev/fd").iterdir():
        with suppress(OSError):
            yield str(link.readlink())


def test_nothing_is_touched_before_the_first_frame(journal, folder):
    journal.maintain()

    assert not folder.parent.exists()


def test_an_appended_frame_is_read_back(journal, begin, end, recorded):
    assert journal.append(begin("one"))
    assert journal.append(end("one"))

    assert recorded() == ["one", "one"]


def test_the_file_name_tells_source_boot_and_start(journal, folder, begin, clock):
    clock.step_wall(1_795_342_505 - clock.wall_s())

    journal.append(begin("one"))

    name = segments(folder)[0].name
    assert name.startswith("till-7.example-6a1f0c9e-20261122T101505Z-")


def test_a_source_name_cannot_lead_out_of_its_folder(
    folder, header, clock, told, begin
):
    def hostile():
        return msgspec.structs.replace(header(), source="../../etc/passwd\n")

    journal = SegmentJournal(folder, header=hostile, clock=clock, observer=told)
    journal.append(begin("one"))
    journal.close()

    assert [path.parent for path in segments(folder)] == [folder]


def test_only_the_owner_can_read_what_is_recorded(journal, folder, begin):
    journal.append(begin("one"))

    modes = [folder.parent, folder, *segments(folder)]
    assert [stat.S_IMODE(path.stat().st_mode) for path in modes] == [
        0o700,
        0o700,
        0o600,
    ]


def test_a_symlink_in_place_of_a_new_segment_is_not_followed(
    folder, tmp_path, header, monkeypatch
):
    monkeypatch.setattr(os, "urandom", bytes)  # the name comes back
    path = OpenSegment(folder, header(), 0.0).path
    path.unlink()
    (tmp_path / "precious").write_text("precious")
    path.symlink_to(tmp_path / "precious")

    with pytest.raises(FileExistsError):
        OpenSegment(folder, header(), 0.0)

    assert (tmp_path / "precious").read_text() == "precious"


def test_two_journals_in_one_process_do_not_disturb_each_other(
    new_journal, tmp_path, begin, ids, told
):
    first, second = new_journal(tmp_path / "1"), new_journal(tmp_path / "2")
    first.append(begin("first"))
    second.append(begin("second"))
    first.close()
    second.append(begin("third"))

    assert ids(SegmentReader(tmp_path / "1", told).tail({})) == ["first"]
    assert ids(SegmentReader(tmp_path / "2", told).tail({})) == ["second", "third"]


def test_after_close_a_new_segment_is_begun(journal, folder, begin, recorded):
    journal.append(begin("before"))
    journal.close()
    journal.append(begin("after"))

    assert len(segments(folder)) == 2
    assert sorted(recorded()) == ["after", "before"]


def test_a_full_segment_is_followed_by_another(new_journal, folder, begin, recorded):
    journal = new_journal(roll_bytes=1_000)
    for number in range(30):
        journal.append(begin(f"{number:02}"))
        journal.maintain()

    assert len(segments(folder)) > 3
    assert sorted(recorded()) == [f"{number:02}" for number in range(30)]


def test_a_segment_is_followed_by_another_after_a_day(journal, folder, begin, clock):
    journal.append(begin("one"))
    clock.advance(86_399)
    journal.maintain()
    journal.append(begin("two"))
    clock.advance(1)
    journal.maintain()
    assert len(segments(folder)) == 1

    journal.append(begin("three"))

    assert len(segments(folder)) == 2


def test_segments_change_under_threads_without_a_loss(
    new_journal, reader, begin, recorded
):
    journal = new_journal(roll_bytes=20_000)
    stored = [[] for _ in range(4)]

    def record(number):
        for count in range(1_500):
            call_id = f"{number}-{count}"
            if journal.append(begin(call_id)):
                stored[number].append(call_id)

    threads = [threading.Thread(target=record, args=(each,)) for each in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        journal.maintain()

    expected = [call_id for each in stored for call_id in each]
    assert len(expected) == 6_000
    assert sorted(recorded()) == sorted(expected)
    assert reader.skipped == 0


def test_a_replaced_segment_s_descriptor_is_closed_and_no_other(
    new_journal, begin, clock, folder
):
    journal = new_journal(roll_bytes=1)
    journal.append(begin("one"))
    journal.maintain()
    before = len(descriptors(folder))

    for number in range(20):
        journal.append(begin(str(number)))
        journal.maintain()

    assert len(descriptors(folder)) == before > 0


def test_a_dropped_journal_leaves_no_descriptor(folder, header, clock, told, begin):
    journal = SegmentJournal(folder, header=header, clock=clock, observer=told)
    journal.append(begin("one"))
    assert descriptors(folder)

    del journal
    gc.collect()

    assert descriptors(folder) == []


def test_the_journal_s_size_is_told(journal, folder, begin, told):
    journal.append(begin("one"))
    journal.maintain()

    assert told.of("journal_bytes") == [(segments(folder)[0].stat().st_size,)]
