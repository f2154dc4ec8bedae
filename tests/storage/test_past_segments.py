"""Calls of some time ago stand where a reader looks for their time."""

from __future__ import annotations

import pytest
from partner import START_S

from agcod_guard.call import Outcome
from agcod_guard.frames import End, Header, decoded
from agcod_guard.storage import past_segments as past_module
from agcod_guard.storage.past_segments import PastSegments
from agcod_guard.storage.reading import SegmentReader
from agcod_guard.telemetry.observers import Observers

DAY_S = 86_400
NS = 1_000_000_000


def header() -> Header:
    now_ns = int(START_S + 400 * DAY_S) * NS
    return Header(
        source="shop-1", boot_id="b", pid=1, wall_ns=now_ns, mono_ns=7, version="1"
    )


def end(at_s: float) -> End:
    return End(
        call_id=str(at_s),
        wall_ns=int(at_s) * NS,
        mono_ns=int(at_s) * NS,
        account="Acmes",
        endpoint="eu",
        operation="CreateGiftCard",
        duration_s=0.1,
        outcome=Outcome.FAULT,
    )


class Past:
    """A journal of the past, and who reads it."""

    def __init__(self, folder) -> None:
        self.folder = folder
        self.segments = PastSegments(folder, header)

    def tell(self, *times: float) -> None:
        for at_s in times:
            self.segments.append(end(at_s))

    def read(self):
        """Return each segment's header and the times of its frames."""
        reader = SegmentReader(self.folder, Observers())
        return [
            (segment.header, [time_of(each) for each in reader.frames(segment.name, 0)])
            for segment in reader.segments()
        ]


def time_of(stored) -> float:
    return decoded(stored.kind, stored.payload).wall_ns / NS


@pytest.fixture
def past(tmp_path):
    past = Past(tmp_path / "journal")
    yield past
    past.segments.close()


def test_a_segment_begins_before_its_frames_on_one_clock(past):
    past.tell(START_S + 5, START_S)

    [(found, times)] = past.read()

    assert found.wall_ns == found.mono_ns <= START_S * NS
    assert times == [START_S + 5, START_S]
    assert found.source == "shop-1"


def test_each_day_has_segments_of_its_own_whatever_the_order(past):
    past.tell(START_S, START_S - DAY_S, START_S + 1, START_S - DAY_S + 1)

    assert [times for _, times in past.read()] == [
        [START_S - DAY_S, START_S - DAY_S + 1],
        [START_S, START_S + 1],
    ]


def test_a_days_next_segment_begins_an_hour_before_its_first_frame(past, monkeypatch):
    monkeypatch.setattr(past_module, "ROLL_BYTES", 1)

    past.tell(START_S, START_S + 7_200)

    [_, (second, times)] = past.read()
    assert second.wall_ns == int(START_S + 3_600) * NS
    assert times == [START_S + 7_200]


def test_many_days_are_not_all_kept_open(past, monkeypatch):
    monkeypatch.setattr(past_module, "MOST_DAYS", 2)
    days = [START_S + each * DAY_S for each in range(5)]

    past.tell(*days, days[0])

    told = [time for _, times in past.read() for time in times]
    assert sorted(told) == sorted([*days, days[0]])


def test_what_is_deleted_is_written_again(past):
    past.tell(START_S)
    for segment in past.folder.glob("*.seg"):
        segment.unlink()

    past.segments.maintain()

    assert [times for _, times in past.read()] == [[START_S]]


def test_what_cannot_be_written_is_an_error_and_the_next_begins_anew(past, monkeypatch):
    past.tell(START_S)

    def full(segment, frame):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(past_module.OpenSegment, "write", full)
        with pytest.raises(OSError, match="No space"):
            past.tell(START_S + 1)
    past.tell(START_S + 1)

    assert sorted(times for _, times in past.read()) == [[START_S], [START_S + 1]]
