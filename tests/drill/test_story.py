"""What is played, and under which policy."""

from __future__ import annotations

from agcod_guard.drill.story import QUICK, REAL_TIME, STANDARD, Goal
from agcod_guard.outage.policy import OutagePolicy


def shortest_s(story) -> float:
    """How long a story takes on a machine that has nothing else to do."""
    healthy, failing, silent, repaired = story.acts
    assert (failing.goal, repaired.goal) == (Goal.DECLARED, Goal.CLOSED)
    policy = story.policy
    return (
        healthy.lasts_s
        + max(failing.lasts_s, policy.hold_s)
        + silent.lasts_s
        + max(repaired.lasts_s, policy.clear_s)
    )


def test_a_drill_takes_well_under_a_minute():
    assert 30 < shortest_s(STANDARD) < 45
    assert shortest_s(QUICK) < 25


def test_a_hurried_drill_scales_every_duration_alike():
    assert STANDARD.policy == QUICK.policy == OutagePolicy().scaled(1 / 30)


def test_in_real_time_it_is_the_policy_of_production():
    assert REAL_TIME.policy == OutagePolicy()
    assert 10 * 60 < shortest_s(REAL_TIME) < 15 * 60


def test_a_call_that_times_out_ends_before_it_is_overdue():
    for story in (STANDARD, QUICK, REAL_TIME):
        assert story.timeout_s <= story.policy.overdue_s / 2


def test_no_story_is_given_up_before_its_goals_can_be_reached_twice_over():
    for story in (STANDARD, QUICK, REAL_TIME):
        longest_s = max(story.policy.hold_s, story.policy.clear_s)
        assert story.patience_s > 2 * longest_s


def test_every_story_breaks_first_with_answers_then_with_none():
    for story in (STANDARD, QUICK, REAL_TIME):
        assert [act.fault for act in story.acts] == [None, "F500", "hang", None]
