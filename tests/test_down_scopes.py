"""The stop-selling switch: what a shop asks before every sale."""

from __future__ import annotations

import os
import threading

import pytest
from partner import EU, NA, START_S, fault, guarded, settings, success
from prometheus_client import CollectorRegistry

from agcod_guard import Endpoint, Guard, SettingsError
from agcod_guard.clock import ManualClock
from agcod_guard.down_scopes import READ_EVERY_S, STALE_AFTER_S

DOWN = fault("F500")


def shop(folder, clock):
    """Return a partner whose guard decides in seconds, for there are many orders."""
    return guarded(folder, clock, policy={"hold_s": 10.0, "clear_s": 20.0})


@pytest.fixture
def clock():
    return ManualClock(START_S)


@pytest.fixture
def partner(tmp_path, clock):
    partner = shop(tmp_path, clock)
    yield partner
    partner.guard.close()


def test_only_an_outage_is_down_and_the_first_success_ends_it(partner):
    seen = []
    for answer, seconds in ((success(), 5), (DOWN, 15), (success(), 30)):
        for _ in range(seconds):
            partner.sell(1, answer)
            seen.append((partner.phases[-1:], partner.guard.is_down("eu")))

    assert {phase[0] for phase, is_down in seen if is_down} == {"OUTAGE"}
    assert {phase[0] for phase, is_down in seen if phase and not is_down} == {
        "SUSPECT",
        "RECOVERING",
        "OK",
    }


def test_it_is_asked_by_endpoint_and_by_account(partner):
    partner.sell(15, DOWN)
    guard = partner.guard

    assert guard.is_down()
    assert guard.is_down("eu", "Acmes")
    assert guard.is_down(Endpoint("eu"), partner_id="Acmes")
    assert not guard.is_down("eu", "Other")
    assert not guard.is_down("na")


def test_another_endpoint_may_be_down_alone(partner):
    partner.sell(15, DOWN, url=NA)
    partner.sell(1, success(), url=EU)

    assert partner.guard.is_down("na")
    assert not partner.guard.is_down("eu")


def test_an_endpoint_that_no_call_can_go_to_is_named(partner):
    with pytest.raises(SettingsError, match=r"endpoint of is_down is 'uk' .* fe, .*na"):
        partner.guard.is_down("uk")


def test_a_process_that_does_not_act_hears_of_it_at_its_next_look(tmp_path, clock):
    acting, listening = shop(tmp_path, clock), shop(tmp_path, clock)
    acting.look()
    listening.look()
    told = []
    for answer, seconds in ((DOWN, 15), (success(), 5)):
        for _ in range(seconds):
            acting.sell(1, answer)
            listening.look()
            told.append(acting.guard.is_down("eu") == listening.guard.is_down("eu"))
        told.append(listening.guard.is_down("eu"))
    acting.guard.close()
    listening.guard.close()

    assert told[15] is True
    assert told[-1] is False
    assert all(told[:-1])


def test_a_process_that_comes_later_knows_before_its_first_look(tmp_path, clock):
    acting = shop(tmp_path, clock)
    acting.sell(15, DOWN)

    late = shop(tmp_path, clock)
    known_at_once = late.guard.is_down("eu")
    late.look()

    assert known_at_once
    assert late.guard.is_down("eu")
    acting.guard.close()
    late.guard.close()


def test_whoever_takes_over_says_the_same(tmp_path, clock):
    first, second = shop(tmp_path, clock), shop(tmp_path, clock)
    first.sell(15, DOWN)
    second.look()
    first.guard.close()

    second.look()

    assert second.guard.is_down("eu")
    second.sell(2, success())
    assert not second.guard.is_down("eu")
    second.guard.close()


def test_old_news_never_stops_a_sale(partner):
    partner.sell(15, DOWN)

    partner.clock.advance(STALE_AFTER_S)
    assert partner.guard.is_down("eu")

    partner.clock.advance(1.0)
    assert not partner.guard.is_down("eu")


def test_a_ladder_that_cannot_be_read_never_stops_a_sale(tmp_path, clock, swallowed):
    acting, listening = shop(tmp_path, clock), shop(tmp_path, clock)
    acting.sell(15, DOWN)
    listening.look()
    assert listening.guard.is_down("eu")
    acting.clock.advance(1.0)
    (tmp_path / "ladder.sqlite").write_bytes(b"no database" * 1_000)

    for _ in range(int(STALE_AFTER_S / READ_EVERY_S) + 2):
        clock.advance(READ_EVERY_S)
        listening.look()

    assert not listening.guard.is_down("eu")
    assert "is_down" in {stage for stage, _ in swallowed}
    acting.guard.close()
    listening.guard.close()


def test_asking_never_raises_for_io(tmp_path, clock, swallowed):
    (tmp_path / "ladder.sqlite").write_bytes(b"no database" * 1_000)
    partner = shop(tmp_path, clock)

    assert partner.guard.is_down("eu") is False

    partner.guard.close()


def test_asking_reads_nothing_but_memory_after_the_first_time(partner, monkeypatch):
    partner.guard.is_down("eu")

    def read(*_):
        raise AssertionError("read")

    monkeypatch.setattr(type(partner.guard._parts.ladder), "checkpoint", read)

    assert not partner.guard.is_down("eu")


def test_a_mistake_in_a_look_leaves_what_was_known(partner, monkeypatch, swallowed):
    partner.sell(15, DOWN)

    def broken(*_, **__):
        raise ValueError("a mistake of ours")

    monkeypatch.setattr(partner.guard._parts.watch, "tick", broken)
    partner.look()

    assert partner.guard.is_down("eu")


def test_a_child_finds_out_for_itself(tmp_path, clock):
    partner = shop(tmp_path, clock)
    partner.sell(15, DOWN)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if partner.guard.is_down("eu") else 2
        finally:
            os._exit(code)
    _, state = os.waitpid(child, 0)
    partner.guard.close()

    assert os.waitstatus_to_exitcode(state) == 0


def test_a_program_that_only_asks_is_kept_up_to_date(tmp_path):
    with Guard(settings(tmp_path), registry=CollectorRegistry()) as shop:
        shop.is_down("eu")
        names = {thread.name for thread in threading.enumerate()}

    assert "agcod-guard" in names
