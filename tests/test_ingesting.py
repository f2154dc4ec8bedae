"""What a log tells is taken in once, each call at its own time."""

from __future__ import annotations

import json
from contextlib import closing
from itertools import repeat

import pytest
from call_logs import Sent, line_of
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from partner import CLAIM_CODE, EU, START_S, fault, guarded, settings, success
from prometheus_client import CollectorRegistry

from agcod_guard import ingesting as ingesting_module
from agcod_guard.call import Outcome
from agcod_guard.clock import ManualClock
from agcod_guard.data_folder import DataFolder
from agcod_guard.errors import DataError
from agcod_guard.formats.logged import Known
from agcod_guard.frames import End, Kind, Sample, decoded
from agcod_guard.incident.incident import Stage
from agcod_guard.ingesting import Ingest, positions_of, turn_to_read
from agcod_guard.log_replaying import replayed_log
from agcod_guard.logs import log_files as log_files_module
from agcod_guard.logs.call_log import CallLog
from agcod_guard.logs.log_files import FileLog
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.storage.open_segment import OpenSegment
from agcod_guard.storage.past_segments import BOOT
from agcod_guard.telemetry.observers import Observers

DAY_S = 86_400


def line(at_s: float, answer=None, *, number: int | None = None, **changes) -> str:
    """Return a line for an order that ended at `at_s`."""
    number = int(at_s - START_S) if number is None else number
    sent = Sent(
        started_at_s=at_s - 0.25,
        duration_s=0.25,
        url=EU,
        headers={},
        body=json.dumps(
            {"partnerId": "Acmes", "creationRequestId": f"Acmes{number:06}"}
        ),
        status=200 if (answer or {}).get("status") == "SUCCESS" else 500,
        answer_body=json.dumps(answer or fault("F500")),
    )
    return line_of(sent, **({"event_id": f"e{number}"} | changes)) + "\n"


class Shop:
    """A program that logs its calls, and the guard beside it."""

    def __init__(self, folder, clock=None) -> None:
        self.clock = clock or ManualClock(START_S + DAY_S)
        self.path = folder / "calls.ndjson"
        self.folder = DataFolder(settings=settings(folder / "data"), clock=self.clock)
        self.problems = []
        self.told = []

    def log(self, *lines: str) -> None:
        with self.path.open("a") as file:
            file.writelines(lines)

    def ingest(self, *, keeps: bool = True, pieces: int | None = None) -> Ingest:
        """Take in what the log holds, or some pieces of it.

        Without `keeps` it is as if killed before it was kept how far it read.
        """
        stops = repeat(False) if pieces is None else iter([False] * pieces + [True] * 9)
        ingest = Ingest(
            self.folder,
            hosts={},
            registry=CollectorRegistry(),
            report=self.problems.append,
            tell=self.told.append,
        )
        positions = positions_of(self.path, self.folder.settings.data_dir)
        with closing(self.source(positions.load())) as source, closing(ingest):
            ingest.run(
                source, positions if keeps else None, is_stopped=lambda: next(stops)
            )
        return ingest

    def source(self, spots=()) -> FileLog:
        return FileLog(
            self.path, spots, follows=False, monotonic_s=self.clock.monotonic_s
        )

    def frames(self, kind) -> list:
        reader = self.folder.reader(Observers())
        return [
            decoded(each.kind, each.payload)
            for segment in reader.segments()
            for each in reader.frames(segment.name, 0)
            if each.kind is Kind(kind)
        ]

    @property
    def ends(self) -> list[End]:
        return self.frames(b"E")

    @property
    def samples(self) -> list[Sample]:
        return self.frames(b"S")

    @property
    def incidents(self):
        return self.folder.ladder().incidents()

    def on_disk(self) -> bytes:
        data_dir = self.folder.settings.data_dir
        return b"".join(
            each.read_bytes() for each in data_dir.rglob("*") if each.is_file()
        )


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path)


class PassingClock(ManualClock):
    """A clock on which time passes whenever it is asked."""

    def monotonic_s(self) -> float:
        self.advance(0.5)
        return super().monotonic_s()


def outage(start_s: float, seconds: int, *, then: int = 320) -> list[str]:
    """Return five successes, failures for so long, and lasting successes."""
    answers = [success()] * 5 + [fault("F500")] * seconds + [success()] * then
    return [line(start_s + each, answer) for each, answer in enumerate(answers)]


def test_a_call_is_recorded_as_the_guard_would_have_seen_it(shop):
    now_s = shop.clock.wall_s()
    shop.log(line(now_s, fault("F500")))

    assert shop.ingest().recorded == 1

    [end] = shop.ends
    assert end.outcome is Outcome.FAULT
    assert (end.account, end.endpoint, end.error_code) == ("Acmes", "eu", "F500")
    assert end.wall_ns == end.mono_ns == int(now_s * 1e9)


def test_a_line_counts_once_in_one_log(shop):
    shop.log(line(START_S, number=1), line(START_S, number=1))

    ingest = shop.ingest()

    assert (ingest.recorded, ingest.counts.repeated) == (1, 1)
    assert len(shop.ends) == 1


def test_lines_without_an_event_id_all_count(shop):
    shop.log(*[line(START_S, event_id=None)] * 2)

    assert shop.ingest().recorded == 2


@pytest.mark.parametrize("event_id", ["e1", None])
def test_a_restart_goes_on_where_it_stopped(shop, event_id):
    shop.log(line(START_S, event_id=event_id))
    shop.ingest()
    shop.log(line(START_S + 1, number=2))

    again = shop.ingest()

    assert (again.recorded, again.counts.records) == (1, 1)
    assert len(shop.ends) == 2


@pytest.mark.parametrize("event_id", ["e1", None])
def test_killed_before_it_was_kept_how_far_it_read_a_line_still_counts_once(
    shop, event_id
):
    shop.log(line(START_S, event_id=event_id))
    shop.ingest(keeps=False)

    again = shop.ingest()

    assert (again.recorded, again.counts.repeated) == (0, 1)
    assert len(shop.ends) == 1


def test_a_copy_under_another_name_counts_once(shop):
    shop.log(line(START_S), line(START_S + 1, event_id=None))
    shop.ingest()
    copy = shop.path.with_name("copy")
    copy.write_bytes(shop.path.read_bytes())
    shop.path = copy

    assert shop.ingest().recorded == 0


def test_as_many_calls_are_known_again_as_a_log_remembers(shop, monkeypatch):
    monkeypatch.setattr(ingesting_module, "REMEMBERED_IDS", 3)
    shop.log(line(START_S))
    shop.ingest()
    shop.clock.advance(1)
    shop.log(*[line(START_S + each) for each in range(1, 4)])
    shop.ingest()

    seen = ingesting_module.newest_ids(shop.folder.reader(Observers()))

    assert sum(end.call_id in seen for end in shop.ends) >= 3


def test_a_bad_line_is_reported_with_its_number_and_passed_over(shop):
    shop.log(line(START_S), '{"v":2}\n', "\n", line(START_S + 1), "not json\n")

    assert shop.ingest().recorded == 2
    assert [problem.place for problem in shop.problems] == ["2", "5"]
    assert shop.problems[0].text == "v is 2 but must be 1, the version of this format"


def test_a_line_is_not_done_with_while_its_report_raises(shop):
    def refuse(problem):
        raise KeyboardInterrupt

    shop.log(line(START_S), "bad\n", line(START_S + 1))
    shop.problems = type("Refusing", (), {"append": staticmethod(refuse)})()
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            shop.ingest()
    shop.problems = []

    again = shop.ingest()

    assert [problem.place for problem in shop.problems] == ["2"]
    assert (again.recorded, again.counts.repeated) == (1, 0)


def test_a_torn_last_line_is_reported_and_read_when_it_is_whole(shop):
    whole = line(START_S + 1)
    shop.log(line(START_S), whole[:40])
    assert shop.ingest().recorded == 1
    [problem] = shop.problems
    assert problem == ("2", "the line has no end; it is read when it has one")

    shop.log(whole[40:])

    assert shop.ingest().recorded == 1


def test_a_whole_last_line_needs_no_end(shop):
    shop.log(line(START_S), line(START_S + 1).rstrip())
    assert shop.ingest().recorded == 2

    shop.log("\n", line(START_S + 2))

    assert shop.ingest().recorded == 1
    assert shop.problems == []


def test_claim_codes_in_whole_bodies_never_reach_the_disk(shop):
    now_s = shop.clock.wall_s()
    keys = dict.fromkeys(
        ("error", "exception", "message", "amzn_request_id", "source", "extra"),
        f"code {CLAIM_CODE}",
    )
    headers = {"Authorization": CLAIM_CODE, "x-claim": CLAIM_CODE}
    shop.log(
        line(now_s, success()),
        line(START_S, success() | {"errorCode": "F500"}, request_headers=headers),
        line(now_s, fault("F500", CLAIM_CODE), number=3, response_headers=headers),
        line(now_s, number=4, outcome="FAULT", endpoint="eu", **keys),
        line(now_s, number=5, request_id=CLAIM_CODE, outcome="FAULT", endpoint="eu"),
        line(now_s, number=6, request_body=f'{{"creationRequestId":"{CLAIM_CODE}"}}'),
        f'{{"v":1,"started_at":"{CLAIM_CODE}"}}\n',
    )

    assert shop.ingest().recorded == 6
    assert shop.samples
    assert CLAIM_CODE.encode() not in shop.on_disk()
    assert CLAIM_CODE not in str(shop.problems)


def test_a_call_of_hours_ago_does_not_count_as_happening_now(shop):
    ago_s = shop.clock.wall_s() - 3 * 3600
    shop.log(line(ago_s))

    shop.ingest()

    [end] = shop.ends
    [past] = [
        each
        for each in shop.folder.reader(Observers()).segments()
        if each.header.boot_id == BOOT
    ]
    assert end.wall_ns == end.mono_ns == int(ago_s * 1e9)
    assert past.header.wall_ns <= end.wall_ns


def test_a_wall_clock_that_was_set_moves_no_call_of_now(shop):
    shop.clock.step_wall(7 * 3600)
    shop.log(line(shop.clock.wall_s() - 2, number=1))

    shop.ingest()

    [end] = shop.ends
    assert end.mono_ns == int((shop.clock.monotonic_s() - 2) * 1e9)


def test_nothing_ends_in_the_future(shop):
    shop.log(line(shop.clock.wall_s() + 900, number=1))

    shop.ingest()

    [end] = shop.ends
    assert end.wall_ns == int(shop.clock.wall_s() * 1e9)


def test_an_outage_that_was_slept_through_is_told_as_it_was(shop):
    shop.log(*outage(START_S, 200))

    shop.ingest()

    [incident] = shop.incidents
    log = CallLog(shop.path, Known({}), report=print)
    replay = replayed_log(log, policy=OutagePolicy(), hosts={})
    assert [incident.incident_id] == [each.incident_id for each in replay.incidents]
    assert incident.first_failed_at_s == pytest.approx(START_S + 5)
    assert incident.opened_at_s == pytest.approx(START_S + 185)
    assert incident.stage is Stage.RESOLVED
    phases = ["SUSPECT", "OUTAGE", "RECOVERING", "OK"]
    assert [each.after.value for each in shop.told] == phases
    packet = shop.folder.packets().folder_of(incident.incident_id)
    assert "Acmes000005" in (packet / "sample-request.txt").read_text("utf-8")


@given(piece_bytes=st.integers(4_000, 20_000))
@hypothesis_settings(max_examples=6, deadline=None)
def test_catching_up_never_takes_a_run_that_had_ended_for_an_outage(
    tmp_path_factory, piece_bytes
):
    shop = Shop(tmp_path_factory.mktemp("shop"), PassingClock(START_S + DAY_S))
    shop.log(*outage(START_S, 150, then=5))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log_files_module, "_CHUNK_BYTES", piece_bytes)
        patch.setattr(ingesting_module, "ROUND_S", 0.0)  # a piece a round
        shop.ingest()

    assert shop.incidents == []


def test_killed_half_way_it_takes_no_half_run_for_an_outage(tmp_path, monkeypatch):
    shop = Shop(tmp_path, PassingClock(START_S + DAY_S))
    shop.log(*outage(START_S, 150, then=5))
    monkeypatch.setattr(ingesting_module, "ROUND_S", 0.0)
    monkeypatch.setattr(
        log_files_module, "_CHUNK_BYTES", shop.path.stat().st_size * 145 // 160
    )
    shop.ingest(keeps=False, pieces=2)

    again = shop.ingest()

    assert (shop.incidents, again.recorded + again.counts.repeated) == ([], 160)
    assert again.counts.repeated > 140


def test_a_disk_that_is_full_ends_it_and_nothing_is_lost(shop, monkeypatch):
    shop.log(*[line(START_S + each) for each in range(5)])
    write = OpenSegment.write

    def full(segment, frame):
        if segment.frames >= 2:
            raise OSError(28, "No space left on device")
        write(segment, frame)

    with monkeypatch.context() as patch:
        patch.setattr(OpenSegment, "write", full)
        with pytest.raises(OSError, match="No space"):
            shop.ingest()

    shop.ingest()

    assert sorted(end.request_id for end in shop.ends) == [
        f"Acmes{each:06}" for each in range(5)
    ]


def test_a_journal_that_is_removed_is_begun_again(shop):
    shop.log(line(START_S))
    shop.ingest()
    for segment in (shop.folder.settings.data_dir / "journal").glob("*.seg"):
        segment.unlink()
    shop.log(line(START_S + 1))

    assert shop.ingest().recorded == 1
    assert len(shop.ends) == 1


def test_a_guard_that_is_at_work_judges_what_is_taken_in_beside_it(shop, request):
    guard = guarded(shop.folder.settings.data_dir, shop.clock).guard
    request.addfinalizer(guard.close)
    guard.tick()
    now_s = shop.clock.wall_s()
    shop.log(*[line(now_s - 20 + each, number=each) for each in range(20)])

    shop.ingest()

    assert [each.after.value for each in guard.tick()] == ["SUSPECT"]
    assert shop.told == []


def test_two_do_not_read_one_log(shop):
    data_dir = shop.folder.settings.data_dir
    turn = turn_to_read(shop.path, data_dir)

    with pytest.raises(DataError, match="being read by another"):
        turn_to_read(shop.path, data_dir)
    turn.release()
    turn_to_read(shop.path, data_dir).release()


def test_a_file_of_positions_that_cannot_be_read_costs_a_second_reading(shop):
    shop.log(line(START_S))
    shop.ingest()
    [kept] = (shop.folder.settings.data_dir / "ingest").glob("*.json")
    kept.write_bytes(b"{garbage")

    assert shop.ingest().counts.repeated == 1
