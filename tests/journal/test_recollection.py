"""The calls of a time, read back from the journal."""

from __future__ import annotations

import pytest
from partner import EU, START_S, fault, guarded, success

from agcod_guard.call import Outcome
from agcod_guard.clock import ManualClock
from agcod_guard.data_folder import DataFolder
from agcod_guard.frames import Sample
from agcod_guard.journal.recollection import Recollection
from agcod_guard.storage.reading import SegmentReader
from agcod_guard.telemetry.observers import Observers


class RememberingReader(SegmentReader):
    """A reader that remembers which segments were read."""

    def __init__(self, path):
        super().__init__(path, Observers())
        self.read = []

    def frames(self, segment, offset):
        self.read.append(segment)
        return super().frames(segment, offset)


@pytest.fixture
def clock():
    return ManualClock(START_S)


@pytest.fixture
def recollection(tmp_path, clock):
    def made(partner, **how):
        folder = DataFolder(settings=partner.guard.settings, clock=clock)
        return Recollection(
            reader=RememberingReader(tmp_path / "journal"),
            header=folder.header(),
            policy=folder.settings.policy,
            **how,
        )

    return made


def calls(facts):
    return [fact for fact in facts if not isinstance(fact, Sample)]


def test_segments_begun_later_are_not_read(tmp_path, clock, recollection):
    for _ in range(3):
        partner = guarded(tmp_path, clock)
        partner.order(success())
        partner.guard.close()
        clock.advance(86_400.0)
    journal = recollection(partner)

    found = calls(journal.facts(float("-inf"), clock.wall_s(), until_s=START_S + 10.0))

    assert len(found) == 1
    assert len(journal.reader.read) == 1


def test_segments_last_written_before_are_not_read(tmp_path, clock, recollection):
    partner = guarded(tmp_path, clock)
    partner.order(success())
    partner.guard.close()
    journal = recollection(partner)
    [segment] = journal.reader.segments()

    assert calls(journal.facts(segment.changed_at_s + 1.0, clock.wall_s())) == []
    assert journal.reader.read == []


def test_samples_come_among_the_calls(tmp_path, clock, recollection):
    partner = guarded(tmp_path, clock)
    partner.sell(2, fault("F500"))
    partner.guard.close()

    facts = list(recollection(partner).facts(float("-inf"), clock.wall_s()))

    assert sorted(type(fact).__name__ for fact in facts) == ["Sample", "Told", "Told"]


@pytest.mark.parametrize(
    ("status", "all_ends", "outcomes"),
    [
        (503, False, ["NO_ANSWER"]),
        (503, True, ["NO_ANSWER", "FAULT"]),
        (200, False, ["NO_ANSWER", "SUCCESS"]),
        (200, True, ["NO_ANSWER", "SUCCESS"]),
    ],
)
def test_a_late_failure_counts_once_and_a_late_success_always(
    tmp_path, clock, recollection, status, all_ends, outcomes
):
    partner = guarded(tmp_path, clock)
    with partner.guard.observe(method="POST", url=EU) as seen:
        clock.advance(90.0)
        body = b'{"status":"SUCCESS"}' if status == 200 else b""
        seen.answer(status=status, headers={}, body=body)
    partner.guard.close()

    journal = recollection(partner, all_ends=all_ends)
    found = calls(journal.facts(float("-inf"), clock.wall_s()))

    assert [each.call.outcome for each in found] == [Outcome(each) for each in outcomes]
    assert [each.has_ended for each in found] == [False, True][: len(found)]


def test_a_call_under_way_is_no_fact_until_it_is_overdue(tmp_path, clock, recollection):
    partner = guarded(tmp_path, clock)
    partner.guard.observe(method="POST", url=EU).__enter__()
    clock.advance(59.0)
    journal = recollection(partner)

    assert calls(journal.facts(float("-inf"), clock.wall_s())) == []
    assert len(calls(journal.facts(float("-inf"), clock.wall_s() + 1.0))) == 1
    partner.guard.close()
