"""Tiers are due at Amazon's times, one after the other, and stop when they must."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agcod_guard.call import Endpoint, Scope
from agcod_guard.incident.acts import Acknowledged, Approved, SentByHand
from agcod_guard.incident.escalation import (
    Due,
    How,
    Pursuit,
    SentPage,
    Waits,
    acknowledgement,
    by_hand,
    due,
    next_tier,
)
from agcod_guard.incident.incident import Incident
from agcod_guard.incident.layout import gmt

HALF_HOUR = 1800.0
OUTAGE = Incident(
    incident_id="20261122T111505Z-eu-3f9a",
    scope=Scope("Acmes", Endpoint("eu")),
    first_failed_at_s=1_795_346_105.0,
    first_call_id="0" * 16,
    opened_at_s=1_795_346_285.0,
)


@pytest.fixture
def opened_s(incident) -> float:
    return incident.opened_at_s


def sent(*times_s: float) -> tuple[SentPage, ...]:
    """Return a mail to tier 1, 2 and so on at these times."""
    return tuple(SentPage(tier=tier, at_s=at) for tier, at in enumerate(times_s, 1))


def failing(now_s: float, *pages: SentPage, **changes: object) -> Pursuit:
    """Return a pursuit whose last call has just failed."""
    return Pursuit(sent=pages, last_failed_at_s=now_s - 1, **changes)


def test_the_first_tier_is_due_as_soon_as_the_incident_is_open(incident, opened_s):
    assert due(incident, failing(opened_s), now_s=opened_s) == Due(
        1, opened_s, "The outage stands; tier 1 has not been written to."
    )


@pytest.mark.parametrize("tier", [2, 3])
@pytest.mark.parametrize("how", How)
def test_the_next_tier_is_due_thirty_minutes_after_the_one_before(
    incident, opened_s, tier, how
):
    pages = sent(*(opened_s + HALF_HOUR * step for step in range(tier - 1)))
    pages = tuple(replace(page, how=how) for page in pages)
    due_s = pages[-1].at_s + HALF_HOUR

    before = due(incident, failing(due_s, *pages), now_s=due_s - 0.001)
    then = due(incident, failing(due_s, *pages), now_s=due_s)

    assert before == Due(None, due_s, f"Tier {tier} is due at {gmt(due_s)}.")
    assert then == Due(
        tier, due_s, f"Tier {tier - 1} has not answered for 30 min 0 s and calls fail."
    )


def test_after_the_third_tier_nobody_is_left(incident, opened_s):
    pages = sent(opened_s, opened_s + 1800, opened_s + 3600)
    now_s = opened_s + 90_000

    assert due(incident, failing(now_s, *pages), now_s=now_s) == Due(
        None, None, "All three tiers have been written to."
    )


def test_a_guard_that_was_dead_for_hours_writes_late_and_skips_no_tier(
    incident, opened_s
):
    now_s = opened_s + 5 * 3600
    pages = sent(opened_s)

    second = due(incident, failing(now_s, *pages), now_s=now_s)
    pages = sent(opened_s, now_s)
    third = due(incident, failing(now_s + 60, *pages), now_s=now_s + 60)

    assert second.tier == 2
    assert third.tier is None
    assert third.due_at_s == now_s + HALF_HOUR


@pytest.mark.parametrize("tier", [1, 2, 3])
@pytest.mark.parametrize(("age_s", "is_due"), [(300, True), (300.5, False)])
def test_a_tier_needs_a_failure_of_the_last_five_minutes(
    incident, opened_s, tier, age_s, is_due
):
    pages = sent(*(opened_s + HALF_HOUR * step for step in range(tier - 1)))
    now_s = opened_s + HALF_HOUR * 3
    pursuit = Pursuit(sent=pages, last_failed_at_s=now_s - age_s)

    found = due(incident, pursuit, now_s=now_s)

    assert (found.tier == tier) is is_due
    if not is_due:
        assert "waits for a fresh failure" in found.reason


def test_without_any_known_failure_no_tier_is_due(incident, opened_s):
    found = due(incident, Pursuit(), now_s=opened_s)

    assert found.tier is None
    assert "(none is known)" in found.reason


def test_a_success_in_between_starts_the_wait_anew(incident, opened_s):
    relapsed = replace(incident, relapses=1)
    pursuit = failing(
        opened_s + 2000, *sent(opened_s), last_success_at_s=opened_s + 600
    )

    found = due(relapsed, pursuit, now_s=opened_s + 2000)

    assert found.tier is None
    assert found.due_at_s == opened_s + 600 + HALF_HOUR


def test_a_success_from_before_the_mail_changes_nothing(incident, opened_s):
    now_s = opened_s + HALF_HOUR
    pursuit = failing(now_s, *sent(opened_s), last_success_at_s=opened_s - 600)

    assert due(incident, pursuit, now_s=now_s).tier == 2


def test_a_tier_written_to_again_has_its_thirty_minutes_from_then(incident, opened_s):
    pages = (*sent(opened_s), SentPage(tier=1, at_s=opened_s + 900, how=How.BY_HAND))
    now_s = opened_s + HALF_HOUR

    found = due(incident, failing(now_s, *pages), now_s=now_s)

    assert found.due_at_s == opened_s + 900 + HALF_HOUR


@pytest.mark.parametrize("tier", [1, 2, 3])
@pytest.mark.parametrize(
    ("stop", "why"),
    [
        ("acknowledged", "Acknowledged by Ann at Amazon at "),
        ("recovered", "Calls succeed again since "),
        ("resolved", "The incident is closed."),
        ("held", "The kill switch is on (hold)"),
    ],
)
def test_every_stop_stops_every_tier(incident, opened_s, tier, stop, why):
    pages = sent(*(opened_s + HALF_HOUR * step for step in range(tier - 1)))
    now_s = opened_s + HALF_HOUR * 3
    ack = Acknowledged(
        incident_id=incident.incident_id, at_s=opened_s + 60, by="Ann at Amazon"
    )
    pursuit = failing(
        now_s,
        *pages,
        acknowledged=ack if stop == "acknowledged" else None,
        held=stop == "held",
    )
    if stop in {"recovered", "resolved"}:
        incident = replace(incident, first_success_at_s=now_s - 30)
    if stop == "resolved":
        incident = replace(incident, resolved_at_s=now_s)

    found = due(incident, pursuit, now_s=now_s)

    assert (found.tier, found.due_at_s) == (None, None)
    assert found.reason.startswith(why)


def test_the_times_can_be_set(incident, opened_s):
    waits = Waits(after_s=60, fresh_s=10)
    now_s = opened_s + 60

    found = due(incident, failing(now_s, *sent(opened_s)), now_s=now_s, waits=waits)

    assert found.tier == 2


@settings(deadline=None)
@given(looks_s=st.lists(st.floats(-20_000, 40_000), min_size=1, max_size=60))
def test_however_the_clock_jumps_tiers_come_in_order_and_never_too_early(
    looks_s,
):
    pages: list[SentPage] = []
    for offset_s in looks_s:
        now_s = OUTAGE.opened_at_s + offset_s
        found = due(OUTAGE, failing(now_s, *pages), now_s=now_s)
        if found.tier is None:
            continue
        assert found.tier == len(pages) + 1
        assert all(now_s - page.at_s >= HALF_HOUR for page in pages[-1:])
        pages.append(SentPage(tier=found.tier, at_s=now_s))
    assert [page.tier for page in pages] == [1, 2, 3][: len(pages)]


def test_what_people_did_is_read_from_their_acts():
    facts = {"incident_id": OUTAGE.incident_id, "at_s": 9.0}
    acts = [
        SentByHand(tier=1, message_id="<a@example.invalid>", **facts),
        Approved(tier=2, **facts),
        Acknowledged(by="Ann", **facts),
        Acknowledged(by="Bob", **facts),
    ]

    assert by_hand(acts) == (
        SentPage(tier=1, at_s=9.0, how=How.BY_HAND, message_id="<a@example.invalid>"),
    )
    assert acknowledgement(acts) == acts[2]
    assert acknowledgement(acts[:2]) is None


def test_the_next_tier_follows_the_highest_that_was_written_to():
    assert [next_tier(sent(*range(count))) for count in range(4)] == [1, 2, 3, None]
    assert next_tier([SentPage(tier=2, at_s=0)]) == 3
