"""A replay reaches the conclusions of the guards that were there."""

from __future__ import annotations

import os
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest
from partner import EU, NA, START_S, Partner, fault, guarded, success
from requests import ReadTimeout

from agcod_guard.clock import ManualClock
from agcod_guard.errors import DataError, SettingsError
from agcod_guard.frames import Header, TransitionNote
from agcod_guard.incident.items import Reporter
from agcod_guard.replaying import replayed, write_packets
from agcod_guard.storage.segments import SegmentJournal
from agcod_guard.telemetry.observers import Observers

DOWN = fault("F500")


@pytest.fixture
def clock():
    clock = ManualClock(START_S)
    clock.step_wall(0.123456)
    return clock


def hang(partner: Partner, number: int) -> None:
    """Send a call that never ends."""
    body = f'{{"partnerId":"Acmes","creationRequestId":"AcmesHangs{number}"}}'
    partner.guard.observe(method="POST", url=EU, headers={}, body=body).__enter__()


def sell(partners: list[Partner], seconds: int, answer, **where) -> None:
    """Have each send an order a second; let all of them look after it."""
    for _ in range(seconds):
        for partner in partners:
            partner.order(answer, **where)
        partners[0].clock.advance(1.0)
        for partner in partners:
            partner.look()


def facts(incidents) -> list[dict]:
    """Return the incidents, oldest first, without how often they were written."""
    found = [asdict(each) | {"revision": None} for each in incidents]
    return sorted(found, key=lambda each: each["opened_at_s"])


def known(partner: Partner):
    return facts(partner.guard._parts.ladder.incidents())


@pytest.fixture
def lived(tmp_path, clock):
    """An outage with all that can happen: what was told, what was kept, and where."""
    first = guarded(tmp_path, clock)
    clock.step_wall(77.7)
    clock.advance(3.21)
    sell([first], 20, success())
    sell([first], 60, DOWN)
    for number in range(3):
        hang(first, number)
    first.guard.close()

    clock.advance(7.0)
    pair = [guarded(tmp_path, clock), guarded(tmp_path, clock, source="shop-2")]
    sell(pair, 40, DOWN)
    sell(pair, 90, ReadTimeout("nothing in 6 s"))
    clock.step_wall(-3600.0)
    sell(pair, 30, success())
    sell(pair, 200, DOWN)
    sell(pair, 310, success())
    sell(pair, 200, DOWN, url=NA)
    incidents = known(pair[0])
    for partner in pair:
        partner.guard.close()
    return tmp_path, first.seen + pair[0].seen, incidents


def test_a_replay_finds_the_same_incidents_to_the_last_digit(lived):
    folder, _, incidents = lived

    replay = replayed(folder)

    assert facts(replay.incidents) == incidents
    assert len(incidents) == 2


def test_a_replay_tells_the_same_changes_for_the_same_reasons(lived):
    folder, told, _ = lived

    assert list(replayed(folder).transitions) == told
