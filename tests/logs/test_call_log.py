"""A call log is read to its end, whatever stands in it."""

from __future__ import annotations

import gzip
import io
import json

import pytest
from call_logs import Sent, entry_of, line_of
from partner import CLAIM_CODE, EU, START_S

from agcod_guard.errors import DataError
from agcod_guard.formats.logged import Known
from agcod_guard.logs import call_log
from agcod_guard.logs.call_log import LONGEST_LINE, CallLog


def sent(number: int = 1, **changes) -> Sent:
    facts = {
        "started_at_s": START_S + number,
        "duration_s": 0.25,
        "url": EU,
        "headers": {},
        "body": json.dumps({"partnerId": "Acmes", "creationRequestId": f"A{number}"}),
        "status": 500,
        "answer_body": "{}",
    }
    return Sent(**(facts | changes))


def lines(*numbers: int) -> bytes:
    return b"".join(line_of(sent(each)).encode() + b"\n" for each in numbers)


def har(*numbers: int) -> bytes:
    entries = [entry_of(sent(number)) for number in numbers]
    return json.dumps({"log": {"entries": entries}}).encode()


class Read:
    """A log, read to its end."""

    def __init__(self, source) -> None:
        self.problems = []
        stream = io.BytesIO(source) if isinstance(source, bytes) else source
        log = CallLog(stream, Known({}), report=self.problems.append)
        self.ids = [each.call.request_id for each in log.calls()]
        self.counts = log.counts

    @property
    def places(self) -> list[str]:
        return [problem.place for problem in self.problems]


@pytest.mark.parametrize("write", [lines, har])
def test_calls_come_in_the_order_of_the_file(write):
    read = Read(write(1, 3, 2))

    assert read.ids == ["A1", "A3", "A2"]
    assert (read.counts.records, read.problems) == (3, [])


@pytest.mark.parametrize("write", [lines, har])
@pytest.mark.parametrize("packed", [False, True])
def test_a_file_is_told_by_its_content_packed_or_not(tmp_path, write, packed):
    content = b"\xef\xbb\xbf" + write(1, 2)
    path = tmp_path / "calls.txt"
    path.write_bytes(gzip.compress(content) if packed else content)

    assert Read(path).ids == ["A1", "A2"]


def test_blank_lines_and_windows_line_ends_are_no_problem():
    text = b"\n" + lines(1).replace(b"\n", b"\r\n") + b"\r\n  \n" + lines(2).rstrip()

    assert Read(text).ids == ["A1", "A2"]


@pytest.mark.parametrize(
    "bad",
    [
        b"not json",
        b"{",
        b"[]",
        b"[" * 200_000,
        b"\xff\xfe\xff",
        b"\x00\x01\x02",
        b'{"v":1}',
        b'{"v":1,"started_at":"x","duration_s":[]}',
        lines(1)[:-20],
    ],
)
def test_a_bad_line_is_reported_with_its_number_and_skipped(bad):
    read = Read(lines(1) + bad + b"\n" + lines(2))

    assert read.ids == ["A1", "A2"]
    assert read.places == ["2"]
    assert (read.counts.bad, read.counts.records) == (1, 3)


@pytest.mark.parametrize("length", [LONGEST_LINE - 1, LONGEST_LINE, 10_000_000])
def test_a_line_without_end_is_not_kept_and_the_next_is_read(length):
    read = Read(lines(1) + b"{" * length + b"\n" + lines(2))

    assert (read.ids, read.places) == (["A1", "A2"], ["2"])


def test_a_log_of_one_endless_line_ends():
    read = Read(lines(1) + b"x" * 3_000_000)

    assert (read.ids, read.places) == (["A1"], ["2"])


def test_bad_entries_are_reported_with_their_number_and_skipped():
    text = har(1, 2).replace(b'"entries": [', b'"entries": [{"a": tru}, [], ')

    read = Read(text)

    assert (read.ids, read.places) == (["A1", "A2"], ["entry 1", "entry 2"])


@pytest.mark.parametrize("cut", [1, 40, 300])
def test_a_har_file_that_ends_in_the_middle_says_so(cut):
    read = Read(har(1, 2)[:-cut])

    assert read.ids[0] == "A1"
    assert read.places in ([], ["entry 2"])
    assert read.places == ["entry 2"] or cut == 1


def test_an_entry_that_is_too_large_is_reported_unless_it_is_of_another_host():
    film = entry_of(sent(2, answer_body="x" * 5_000_000))
    other = film | {"request": film["request"] | {"url": "https://x.example.invalid/"}}
    entries = [entry_of(sent(1)), other, film, entry_of(sent(3))]

    read = Read(json.dumps({"log": {"entries": entries}}).encode())

    assert read.ids == ["A1", "A3"]
    assert read.places == ["entry 3"]
    assert read.counts.elsewhere == 1


def test_deep_nesting_in_a_har_file_is_one_bad_entry():
    deep = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    text = har(1).replace(b'"entries": [', b'"entries": [' + deep + b",")

    read = Read(text)

    assert (read.ids, read.places) == (["A1"], ["entry 1"])


@pytest.mark.parametrize("content", [b"", b" \n", b"PK\x03\x04\x00", b"\x1f\x8b\x08"])
def test_what_is_no_call_log_is_refused_with_what_would_do(content):
    with pytest.raises(DataError, match="is no call log; name a call log as NDJSON or"):
        Read(content)


def test_an_archive_that_is_cut_short_is_read_as_far_as_it_goes():
    packed = gzip.compress(b"".join(lines(number) for number in range(2_000)))

    read = Read(packed[: len(packed) // 2])

    assert read.ids[:2] == ["A0", "A1"]
    assert [each.text for each in read.problems][-1] == (
        "the archive is cut short or damaged"
    )


def test_calls_to_other_hosts_are_counted_not_reported():
    other = line_of(sent(2, url="https://shop.example.invalid/x")).encode()

    read = Read(lines(1) + other)

    assert (read.ids, read.problems, read.counts.elsewhere) == (["A1"], [], 1)


def test_an_event_that_is_told_twice_counts_once():
    twice = line_of(sent(1), event_id="e-1").encode() + b"\n"

    read = Read(twice + lines(2) + twice + lines(2))

    assert read.ids == ["A1", "A2", "A2"]
    assert read.counts.repeated == 1


def test_the_memory_of_events_is_bounded_and_forgets_the_oldest(monkeypatch):
    monkeypatch.setattr(call_log, "REMEMBERED_IDS", 10)
    text = "\n".join(line_of(sent(1), event_id=f"e-{each % 25}") for each in range(50))

    read = Read(text.encode())

    assert read.counts.repeated == 0
    assert len(read.ids) == 50


def test_unknown_keys_are_counted_by_name_and_their_names_are_no_way_out():
    extra = {"level": "info", CLAIM_CODE: 1} | {f"key{each}": 1 for each in range(50)}

    read = Read(b"\n".join(line_of(sent(1), **extra).encode() for _ in range(3)))

    assert set(read.counts.unknown_keys.values()) == {3}
    assert len(read.counts.unknown_keys) == 20
    assert CLAIM_CODE not in str(read.counts)


def test_whoever_is_told_of_a_bad_record_can_end_the_reading():
    def stop(problem):
        raise KeyError(problem.place)

    log = CallLog(io.BytesIO(lines(1) + b"x\n" + lines(2)), Known({}), report=stop)

    with pytest.raises(KeyError, match="2"):
        list(log.calls())


def test_progress_is_told_in_bytes_of_the_file(tmp_path):
    path, told = tmp_path / "calls", []
    path.write_bytes(gzip.compress(lines(*range(2_000))))
    log = CallLog(path, Known({}), report=print, progress=told.append)

    for _ in log.calls():
        pass

    assert told == sorted(told)
    assert told[-1] == path.stat().st_size
