"""The same traffic makes the same incidents, whoever has written it down."""

from __future__ import annotations

import random
from dataclasses import asdict, replace
from typing import NamedTuple

import pytest
from call_logs import Sent, order, write_har, write_ndjson
from hypothesis import given
from hypothesis import strategies as st
from partner import CLAIM_CODE, EU, NA, START_S, fault, guarded, settings, success
from requests import ConnectionError as Refused
from requests import ReadTimeout

from agcod_guard.call import Endpoint
from agcod_guard.cli.replay import write_replayed
from agcod_guard.clock import ManualClock
from agcod_guard.errors import DataError
from agcod_guard.formats.logged import Known
from agcod_guard.frames import End
from agcod_guard.log_replaying import Order, Told, replayed_log
from agcod_guard.logs.call_log import CallLog
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.replaying import Replay, replayed
from agcod_guard.settings.frozen import FrozenMap

POLICY = OutagePolicy(hold_s=18.0, clear_s=30.0)
NO_HOSTS: FrozenMap = FrozenMap()


class Lived(NamedTuple):
    """A guard's journal, and what its program wrote down itself."""

    folder: object
    sent: list[Sent]


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    folder, clock = tmp_path_factory.mktemp("lived") / "data", ManualClock(START_S)
    partner = guarded(folder, clock, policy=asdict(POLICY))
    sent: list[Sent] = []
    for seconds, answer, url in (
        (5, success(), EU),
        (3, fault("F300", "InsufficientFunds"), EU),
        (15, fault("F500"), EU),
        (15, ReadTimeout("nothing in 6 s"), EU),
        (40, success(), EU),
        (4, success(), NA),
        (25, Refused("reset by peer"), NA),
    ):
        for _ in range(seconds):
            sent.append(order(partner, answer, len(sent), url=url))
            partner.look()
            clock.advance(0.75)
    partner.guard.close()
    return Lived(folder, sent)


def judged(path, *, spool=None, hosts=NO_HOSTS) -> Replay:
    problems = []
    log = CallLog(path, Known(hosts), report=problems.append)
    replay = replayed_log(log, policy=POLICY, hosts=hosts, spool=spool)
    assert problems == []
    return replay


def verdicts(replay) -> list[tuple]:
    return [
        (str(each.scope), each.before, each.after, each.reason)
        for each in replay.transitions
    ]


def times(replay) -> list[float]:
    found = [[each.at_s, each.first_failed_at_s] for each in replay.transitions]
    return [at_s for pair in found for at_s in pair if at_s is not None]


@pytest.mark.parametrize("write", [write_ndjson, write_har])
def test_a_log_is_judged_as_the_journal_of_the_same_calls(lived, tmp_path, write):
    journal = replayed(lived.folder)
    log = judged(write(tmp_path / "log", lived.sent))

    assert verdicts(log) == verdicts(journal)
    assert times(log) == pytest.approx(times(journal), abs=1e-6)
    assert [each.first_failed_at_s for each in log.incidents] == pytest.approx(
        [each.first_failed_at_s for each in journal.incidents], abs=1e-6
    )
    assert log.frames == len(lived.sent)
    assert len(log.incidents) == 2


@pytest.mark.parametrize("write", [write_ndjson, write_har])
def test_the_packet_of_a_log_says_what_that_of_the_journal_says(lived, tmp_path, write):
    spool, out = tmp_path / "spool", tmp_path / "out"
    log = judged(write(tmp_path / "log", lived.sent), spool=spool)
    journal = replayed(lived.folder)

    write_replayed(log, spool, out / "log", settings(spool))
    write_replayed(journal, lived.folder, out / "journal", settings(lived.folder))

    ours, theirs = (
        packet(out / "log", log, name="packet.txt"),
        packet(out / "journal", journal, name="packet.txt"),
    )
    for label in ("Sample request ID", "Timestamp of", "API error", "Partner ID"):
        lines = [line for line in ours.splitlines() if line.startswith(label)]
        assert lines
        assert lines == [line for line in theirs.splitlines() if line.startswith(label)]
    sample = packet(out / "log", log, name="sample-request.txt")
    assert "Acmes" in sample
    assert "Signature=[removed]" in sample


def packet(out, replay, *, name) -> str:
    folder = out / "incidents" / replay.incidents[0].incident_id
    return (folder / name).read_text("utf-8")


@pytest.mark.parametrize("write", [write_ndjson, write_har])
def test_no_claim_code_reaches_the_disk(lived, tmp_path, write):
    spool, out = tmp_path / "spool", tmp_path / "out"
    leaking = [
        replace(
            each,
            answer_headers=each.answer_headers | {"x-note": f"code {CLAIM_CODE}"},
            error=each.error and f"{each.error} after {CLAIM_CODE}",
        )
        for each in lived.sent
    ]
    log = judged(write(tmp_path / "log", leaking), spool=spool)

    write_replayed(log, spool, out, settings(spool))

    written = [path for folder in (spool, out) for path in folder.rglob("*.*")]
    files = [path.read_bytes() for path in written if path.is_file()]
    assert len(files) > 5
    assert not [content for content in files if CLAIM_CODE.encode() in content]
    assert not [content for content in files if b"0f0f0f0f" in content]


def test_a_log_may_be_out_of_order_by_the_lateness_of_the_policy(lived, tmp_path):
    shuffled = sorted(
        lived.sent,
        key=lambda each: each.started_at_s + random.Random(each.body).uniform(0, 25),
    )

    log = judged(write_ndjson(tmp_path / "log", shuffled))

    assert shuffled != lived.sent
    assert log.log.late == 0
    assert verdicts(log) == verdicts(replayed(lived.folder))


def test_a_log_without_a_call_is_an_error(tmp_path):
    path = tmp_path / "log"
    path.write_text("\n  no call\n")
    log = CallLog(path, Known({}), report=lambda problem: None)

    with pytest.raises(DataError, match="holds no calls of AGCOD"):
        replayed_log(log, policy=POLICY, hosts={})


def test_hosts_that_are_named_count(lived, tmp_path):
    gate = EU.replace("agcod-v2-eu.amazon.com", "gate.example.invalid")
    sent = [replace(each, url=gate if each.url == EU else NA) for each in lived.sent]
    path = write_ndjson(tmp_path / "log", sent)

    log = judged(path, hosts={"gate.example.invalid": Endpoint("eu")})

    assert {str(each.scope) for each in log.incidents} == {"Acmes/eu", "Acmes/na"}


def told(started_s: float, took_s: float) -> Told:
    ended_ns = round((started_s + took_s) * 1e9)
    end = End(
        call_id="1",
        wall_ns=ended_ns,
        mono_ns=ended_ns,
        account="Acmes",
        endpoint="eu",
        operation="CreateGiftCard",
        duration_s=took_s,
        outcome="FAULT",
    )
    return Told(round(started_s * 1e9), end)


@given(
    spans=st.lists(st.tuples(st.floats(0, 1e5), st.floats(0, 600)), max_size=200),
    by_end=st.booleans(),
)
def test_calls_in_the_order_of_starts_or_ends_come_in_that_of_ends(spans, by_end):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("agcod_guard.log_replaying._CALLS_AT_ONCE", 3)
        spans.sort(key=sum if by_end else None)
        order = Order(0.001)
        batches = list(order.of(told(*span) for span in spans))

    ends = [end.mono_ns for batch, _ in batches for end in batch]
    assert ends == sorted(ends)
    assert len(ends) == len(spans)
    assert order.late == 0


def test_a_call_that_stands_too_late_is_counted_and_not_lost(monkeypatch):
    monkeypatch.setattr("agcod_guard.log_replaying._CALLS_AT_ONCE", 2)
    order = Order(30.0)

    batches = list(order.of(told(at_s, 0.1) for at_s in (0, 1000, 2000, 3000, 5, 6)))

    assert sum(len(ends) for ends, _ in batches) == 6
    assert order.late == 2


def test_calls_that_wait_are_bounded(monkeypatch):
    monkeypatch.setattr("agcod_guard.log_replaying._CALLS_AT_ONCE", 2)
    monkeypatch.setattr("agcod_guard.log_replaying.MOST_WAITING", 10)

    batches = Order(1e6).of(told(at_s, 0.1) for at_s in range(100))

    assert [len(ends) for ends, _ in batches] == [*[0] * 5, *[2] * 45, 10]
