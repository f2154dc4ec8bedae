from __future__ import annotations

import pytest
from partner import START_S

from agcod_guard.call import Outcome
from agcod_guard.frames import End, Header, decoded
from agcod_guard.storage import spool as spool_module
from agcod_guard.storage.reading import SegmentReader
from agcod_guard.storage.spool import Spool
from agcod_guard.telemetry.observers import Observers

START_NS = int(START_S * 1e9)


def header(now_ns: int) -> Header:
    return Header(
        source="", boot_id="b", pid=1, wall_ns=now_ns, mono_ns=now_ns, version="1"
    )


def end(number: int) -> End:
    now_ns = START_NS + number * 1_000_000_000
    return End(
        call_id=str(number),
        wall_ns=now_ns,
        mono_ns=now_ns,
        account="Acmes",
        endpoint="eu",
        operation="CreateGiftCard",
        duration_s=0.1,
        outcome=Outcome.FAULT,
    )


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Three segments of ten ends, a second apart."""
    monkeypatch.setattr(spool_module, "ROLL_BYTES", 1)
    spool = Spool(tmp_path / "journal", header)
    for number in range(30):
        spool.append(end(number))
        if number % 10 == 9:
            spool.maintain()
    return tmp_path / "journal"


def test_what_was_taken_is_read_back_as_a_journal(written):
    reader = SegmentReader(written, Observers())

    found = [
        decoded(each.kind, each.payload).call_id
        for segment in reader.segments()
        for each in reader.frames(segment.name, 0)
    ]

    assert found == [str(number) for number in range(30)]
    assert reader.skipped == 0


def test_a_segment_tells_the_time_of_its_newest_frame(written):
    segments = SegmentReader(written, Observers()).segments()

    assert [each.changed_at_s for each in segments] == [
        START_S + 9,
        START_S + 19,
        START_S + 29,
    ]


def test_nothing_is_made_before_there_is_something_to_write(tmp_path):
    spool = Spool(tmp_path / "journal", header)
    spool.maintain()
    assert not (tmp_path / "journal").exists()

    spool.append(end(1))
    spool.close()

    assert len(list((tmp_path / "journal").iterdir())) == 1
    assert spool.unwritten() == []


def test_a_spool_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "journal").write_text("a file in its place")
    spool = Spool(tmp_path / "journal", header)
    spool.append(end(1))

    with pytest.raises(OSError, match="journal"):
        spool.maintain()
