import os
import sys

import msgspec
import pytest

from agcod_guard.errors import DataError
from agcod_guard.frames import Kind, TransitionNote, decoded, encoded
from agcod_guard.storage.framing import framed
from agcod_guard.storage.reading import SegmentReader

HOUR_S = 3600.0


@pytest.fixture
def segment(folder, header, end):
    """Write a segment of three ends by hand and return its path."""

    def made(name="till-7-6a1f0c9e-20261120T101500Z-0a0a0a0a.seg", start=0):
        folder.mkdir(parents=True, exist_ok=True)
        ends = [end(f"{number:016x}") for number in range(start, start + 3)]
        parts = [framed(b"H", encoded(header()))]
        parts += [framed(b"E", encoded(each)) for each in ends]
        path = folder / name
        path.write_bytes(b"".join(parts))
        return path

    return made


def test_frames_come_with_their_header_and_place(segment, reader, header, end):
    path = segment()

    first, second, _ = reader.tail({})

    assert first.header == header()
    assert first.kind is Kind.END
    assert decoded(first.kind, first.payload) == end("0" * 16)
    assert first.position.segment == path.name
    assert first.end == second.position.offset


def test_a_tail_goes_on_where_the_last_one_ended(segment, reader, end, ids):
    path = segment()
    offsets = {each.position.segment: each.end for each in reader.tail({})}
    with path.open("ab") as file:
        file.write(framed(b"E", encoded(end("new"))))

    assert ids(reader.tail(offsets)) == ["new"]


def test_a_tail_hands_out_nothing_twice_when_nothing_changed(segment, reader):
    segment()
    offsets = {each.position.segment: each.end for each in reader.tail({})}

    assert list(reader.tail(offsets)) == []


def test_a_segment_that_has_not_changed_is_not_opened(segment, reader, in_child):
    path = segment()
    with path.open("ab") as file:
        file.write(framed(b"E", b"torn")[:-2])
    offsets = {each.position.segment: each.end for each in reader.tail({})}
    opened = []

    def opened_by_a_tail():
        sys.addaudithook(
            lambda event, facts: opened.append(facts[0]) if event == "open" else None
        )
        list(reader.tail(offsets))
        return str(path) in map(str, opened)

    assert in_child(opened_by_a_tail) is False


def test_a_segment_cut_at_any_byte_gives_its_whole_frames(segment, reader, told):
    path = segment()
    content = path.read_bytes()
    ends = [each.end for each in reader.tail({})]

    for cut in range(len(content)):
        path.write_bytes(content[:cut])
        found = list(SegmentReader(path, told).tail({}))
        assert [each.end for each in found] == [end for end in ends if end <= cut]

    assert not told.of("frames_skipped")


def test_a_torn_last_frame_is_read_once_it_is_whole(segment, reader, ids):
    path = segment()
    content = path.read_bytes()
    path.write_bytes(content[:-5])
    first = list(reader.tail({}))
    offsets = {path.name: first[-1].end}
    assert list(reader.tail(offsets)) == []

    path.write_bytes(content)

    assert ids(reader.tail(offsets)) == [f"{2:016x}"]


def test_damage_is_told_once_however_often_it_is_read(segment, reader, told, ids):
    path = segment()
    content = path.read_bytes()
    path.write_bytes(
        content.replace(b'"c":"0000000000000001"', b'"c":"000000000000000l"')
    )

    for _ in range(3):
        assert ids(reader.tail({})) == [f"{0:016x}", f"{2:016x}"]
        assert len(list(reader.between(0, 1e12))) == 2

    assert reader.skipped == 1
    assert told.of("frames_skipped") == [(1, path.name)]


def test_garbage_at_the_end_is_not_read_again_and_again(segment, reader, told, ids):
    path = segment()
    with path.open("ab") as file:
        file.write(b"\n" + bytes(100_000))
    offsets = {path.name: list(reader.tail({}))[-1].end}
    with path.open("ab") as file:
        file.write(framed(b"E", b"{}"))

    assert [each.payload for each in reader.tail(offsets)] == [b"{}"]
    assert told.of("frames_skipped") == [(1, path.name)]


@pytest.mark.parametrize("size_bytes", [10, 100_000, 3_000_000])
def test_garbage_is_one_damaged_place_however_long_it_is(
    segment, reader, told, size_bytes
):
    path = segment()
    with path.open("ab") as file:
        file.write(b"\n" + bytes(size_bytes) + framed(b"E", b"{}"))

    assert [each.payload for each in reader.tail({})][-1] == b"{}"
    assert told.of("frames_skipped") == [(1, path.name)]


def test_a_file_of_garbage_yields_nothing_and_does_not_raise(folder, reader):
    folder.mkdir(parents=True)
    (folder / "a.seg").write_bytes(os.urandom(300_000))

    assert list(reader.tail({})) == []
    assert reader.segments() == []
    assert reader.skipped > 0


def test_a_segment_with_a_damaged_header_is_placed_by_its_first_frame(
    segment, reader, end
):
    path = segment()
    content = bytearray(path.read_bytes())
    content[40] ^= 1
    path.write_bytes(content)

    found = list(reader.tail({}))

    assert len(found) == 3
    assert found[0].header.source == "till-7"
    assert found[0].header.mono_ns == end("").mono_ns
    assert found[0].header.wall_ns == end("").wall_ns


def test_kinds_and_fields_of_a_later_version_are_passed_over(
    folder, header, reader, end, ids
):
    folder.mkdir(parents=True)
    later = msgspec.to_builtins(header()) | {"zone": "later"}
    (folder / "a.seg").write_bytes(
        framed(b"H", msgspec.json.encode(later))
        + framed(b"Z", b'{"what":"later"}')
        + framed(b"E", encoded(end("known")))
    )

    found = list(reader.tail({}))

    assert ids(found) == ["known"]
    assert found[0].header.source == header().source
    assert reader.skipped == 0


def test_a_segment_that_cannot_be_read_does_not_hide_the_others(
    segment, folder, reader, told, ids
):
    segment("good-6a1f0c9e-20261120T101500Z-0a0a0a0a.seg")
    (folder / "folder.seg").mkdir()
    (folder / "link.seg").symlink_to("/dev/zero")
    os.mkfifo(folder / "fifo.seg")

    assert len(list(reader.tail({}))) == 3
    assert len(list(reader.tail({}))) == 3
    assert set(reader.unreadable) == {"folder.seg", "link.seg", "fifo.seg"}
    assert len(told.of("internal_error")) == 3


def test_a_segment_can_be_read_by_itself(segment, told):
    path = segment()
    segment("other-6a1f0c9e-20261120T101500Z-0b0b0b0b.seg")

    assert len(list(SegmentReader(path, told).tail({}))) == 3


def test_a_single_file_that_is_no_segment_file_is_an_error(folder, told):
    folder.mkdir(parents=True)
    os.mkfifo(folder / "fifo.seg")

    with pytest.raises(DataError, match="not a regular file"):
        list(SegmentReader(folder / "fifo.seg", told).tail({}))


def test_a_journal_that_does_not_exist_yet_is_empty(reader):
    assert list(reader.tail({})) == []
    assert list(reader.between(0, 1e12)) == []
    assert reader.segments() == []


def test_a_folder_that_cannot_be_reached_is_an_error(tmp_path, told):
    (tmp_path / "file").write_text("in the way")
    reader = SegmentReader(tmp_path / "file" / "journal", told)

    with pytest.raises(DataError, match="cannot be read"):
        list(reader.tail({}))


def test_segments_are_told_oldest_first(segment, reader, clock):
    clock.advance(HOUR_S)
    younger = segment("a-6a1f0c9e-20261120T111500Z-0a0a0a0a.seg")
    clock.advance(-HOUR_S)
    older = segment("z-6a1f0c9e-20261120T101500Z-0a0a0a0a.seg")

    found = reader.segments()

    assert [each.name for each in found] == [older.name, younger.name]
    assert found[0].size_bytes == older.stat().st_size


def test_a_segment_is_read_from_any_place(segment, reader, ids):
    path = segment()
    first = next(reader.tail({}))

    assert len(ids(reader.frames(path.name, first.end))) == 2
    assert list(reader.frames("gone.seg", 0)) == []


def test_segments_of_another_time_are_not_opened(segment, folder, reader, clock):
    old = segment("old-6a1f0c9e-20261020T101500Z-0a0a0a0a.seg")
    os.utime(old, (clock.wall_s() - 48 * HOUR_S,) * 2)
    new = segment("new-6a1f0c9e-20261120T101500Z-0b0b0b0b.seg", start=3)
    os.utime(new, (clock.wall_s(),) * 2)
    now_s = clock.wall_s()

    lately = {each.position.segment for each in reader.between(now_s - 60, now_s)}
    before = list(reader.between(now_s - 36 * HOUR_S, now_s - 30 * HOUR_S))

    assert lately == {new.name}
    assert before == []


def test_a_file_that_was_cut_is_read_on_from_its_new_end(segment, reader, end, ids):
    path = segment()
    offsets = {path.name: list(reader.tail({}))[-1].end}
    os.truncate(path, 0)
    assert list(reader.tail(offsets)) == []
    with path.open("ab") as file:
        file.write(framed(b"E", encoded(end("after"))))

    assert ids(reader.tail(offsets)) == ["after"]


def test_a_frame_longer_than_a_chunk_is_read(segment, reader):
    path = segment()
    note = TransitionNote(
        wall_ns=1, mono_ns=1, scope="Acmes/eu", phase="OUTAGE", reason="x" * 700_000
    )
    with path.open("ab") as file:
        file.write(framed(b"T", encoded(note)))

    *_, last = reader.tail({})

    assert decoded(last.kind, last.payload) == note
