import pytest
from hypothesis import given
from hypothesis import strategies as st

from agcod_guard.storage.framing import MAX_PAYLOAD_BYTES, framed, frames_in

kinds = st.sampled_from([b"H", b"B", b"E", b"S"])
payloads = st.binary(max_size=60).map(lambda raw: raw.replace(b"\n", b" "))
frames = st.tuples(kinds, payloads)
runs = st.lists(frames, max_size=6)


def written(run):
    return b"".join(framed(kind, payload) for kind, payload in run)


def read(buffer):
    return [(found.kind, found.payload) for found in frames_in(buffer, 0).frames]


def test_a_frame_on_disk_is_a_line_that_grep_finds():
    assert framed(b"E", b'{"c":"1"}') == b'\nE000009ef836d60{"c":"1"}'


@given(run=runs)
def test_what_was_framed_is_found_with_its_place(run):
    buffer = written(run)

    scan = frames_in(buffer, 100)

    assert [(found.kind, found.payload) for found in scan.frames] == run
    assert (scan.damaged, scan.end) == ([], 100 + len(buffer))
    for found in scan.frames:
        piece = buffer[found.start - 100 : found.end - 100]
        assert piece == framed(found.kind, found.payload)


@given(run=runs, data=st.data())
def test_wherever_a_segment_is_cut_the_whole_frames_before_are_read(run, data):
    buffer = written(run)
    cut = data.draw(st.integers(0, len(buffer)))

    scan = frames_in(buffer[:cut], 0)

    found = [(each.kind, each.payload) for each in scan.frames]
    assert found == run[: len(found)]
    assert len(written(run[: len(found) + 1])) > cut or len(found) == len(run)


@given(run=runs, data=st.data())
def test_reading_on_from_a_cut_misses_nothing(run, data):
    buffer = written(run)
    cut = data.draw(st.integers(0, len(buffer)))

    first = frames_in(buffer[:cut], 0)
    second = frames_in(buffer[first.end :], first.end)

    found = [(each.kind, each.payload) for each in first.frames + second.frames]
    assert found == run
    assert not first.damaged
    assert not second.damaged


@given(before=runs, garbage=st.binary(min_size=1, max_size=80), after=runs)
def test_garbage_between_frames_costs_no_frame(before, garbage, after):
    found = read(written(before) + garbage + written(after))

    assert found == before + after


@given(run=st.lists(frames, min_size=1, max_size=6), data=st.data())
def test_a_flipped_bit_costs_its_own_frame_and_never_makes_a_wrong_one(run, data):
    buffer = bytearray(written(run))
    position = data.draw(st.integers(0, len(buffer) - 1))
    buffer[position] ^= 1 << data.draw(st.integers(0, 7))

    found = read(bytes(buffer) + framed(b"E", b"last"))

    assert found[-1] == (b"E", b"last")
    assert set(found) <= {*run, (b"E", b"last")}
    assert len(found) >= len(run) - 1


@given(garbage=st.binary(max_size=300))
def test_garbage_alone_is_no_frame(garbage):
    assert read(garbage) == []


def test_a_frame_torn_by_a_full_disk_is_counted_and_the_next_one_is_read():
    torn = framed(b"E", b"torn")[:-2]

    scan = frames_in(torn + framed(b"E", b"whole"), 0)

    assert [found.payload for found in scan.frames] == [b"whole"]
    assert scan.damaged == [0]


def test_a_torn_last_frame_is_left_for_the_next_time():
    whole, torn = framed(b"E", b"whole"), framed(b"E", b"torn")[:-2]

    scan = frames_in(whole + torn, 0)

    assert (scan.damaged, scan.end) == ([], len(whole))


def test_no_stated_length_makes_a_reader_wait_for_more_than_the_longest_frame():
    claim = b"\nE%06x00000000{" % (MAX_PAYLOAD_BYTES + 1)

    scan = frames_in(claim, 0)

    assert (scan.damaged, scan.end) == ([0], len(claim))


@pytest.mark.parametrize("payload", [b"two\nlines", b"x" * (MAX_PAYLOAD_BYTES + 1)])
def test_a_payload_that_could_not_be_read_back_is_refused(payload):
    with pytest.raises(ValueError, match="one line of at most"):
        framed(b"E", payload)
