"""What is remembered of a run, at the edges."""

from __future__ import annotations

import pytest

from agcod_guard.call import Outcome
from agcod_guard.outage.evidence import MAX_SOURCES
from agcod_guard.outage.state import Phase


def test_answered_and_silent_failures_are_counted_apart(traffic):
    traffic.fail(100.0, 101.0, 102.0)
    traffic.fail(103.0, outcome=Outcome.NO_ANSWER, marked=False)

    assert (traffic.state.evidence.answered, traffic.state.evidence.silent) == (3, 1)


def test_a_success_at_the_very_moment_of_the_first_failure_does_not_end_the_run(
    traffic,
):
    traffic.fail(100.0)

    traffic.succeed(100.0)

    assert traffic.state.evidence.first_failed_at_s == 100.0


def test_a_failure_at_the_very_moment_of_the_last_success_begins_no_run(traffic):
    traffic.succeed(100.0)

    traffic.fail(100.0)

    assert traffic.state.evidence.first_failed_at_s is None


def test_the_last_success_is_the_latest_and_not_the_one_heard_of_last(traffic):
    traffic.succeed(100.0)

    traffic.succeed(90.0)

    assert traffic.state.evidence.last_success_at_s == 100.0


def test_a_refusal_takes_a_failed_probe_off_when_no_order_is_left(traffic):
    traffic.fail(100.0, 101.0, probe=True)

    traffic.see(traffic.ended(102.0, Outcome.REJECTED))

    assert traffic.state.evidence.failed == 1


def test_failed_probes_count_up_to_the_policy_and_no_further(traffic):
    traffic.fail(*[100.0 + second for second in range(30)], probe=True)

    assert traffic.state.evidence.probes == traffic.policy.failed


def test_the_machine_that_was_silent_longest_is_forgotten_first(traffic):
    for number in range(MAX_SOURCES + 1):
        traffic.succeed(100.0 + number, source=f"shop-{number}")

    heard = traffic.state.evidence.heard
    assert len(heard) == MAX_SOURCES
    assert "shop-0" not in heard


def test_a_machine_is_noted_once_a_minute_or_so(traffic):
    traffic.succeed(100.0, 120.0)
    assert traffic.state.evidence.heard == {"shop-1": 100.0}

    traffic.succeed(160.0)

    assert traffic.state.evidence.heard == {"shop-1": 160.0}


@pytest.mark.parametrize(("before_s", "cleared"), [(3600.0, True), (3600.5, False)])
def test_a_reference_has_a_say_if_it_answered_within_the_hour_before(
    traffic, before_s, cleared
):
    traffic.refer(10_000.0 - before_s, reached=True)
    traffic.fail(10_000.0, 10_001.0, outcome=Outcome.NO_ANSWER, marked=False)

    traffic.refer(10_002.0, reached=False)
    traffic.refer(10_030.0, reached=False)

    assert (traffic.state.evidence.first_failed_at_s is None) is cleared


@pytest.mark.parametrize(("age_s", "counted"), [(60.0, 1), (60.5, 0)])
def test_a_silent_failure_counts_within_a_minute_of_a_proof(traffic, age_s, counted):
    traffic.refer(100.0, reached=True)

    traffic.fail(100.0 + age_s, outcome=Outcome.NO_ANSWER, marked=False)

    assert traffic.state.evidence.failed == counted


def test_a_refusal_with_amazons_marks_proves_the_path(traffic):
    traffic.refer(100.0, reached=True)
    traffic.see(traffic.ended(500.0, Outcome.ACCOUNT))

    traffic.fail(510.0, outcome=Outcome.NO_ANSWER, marked=False)

    assert traffic.state.evidence.failed == 1


def test_a_reference_that_failed_for_less_than_20_s_clears_nothing(traffic):
    traffic.refer(90.0, reached=True)
    traffic.fail(100.0, 101.0, outcome=Outcome.NO_ANSWER, marked=False)
    traffic.refer(102.0, reached=False)

    traffic.refer(121.5, reached=False)
    assert traffic.state.evidence.first_failed_at_s == 100.0

    traffic.refer(122.0, reached=False)
    assert traffic.state.evidence.first_failed_at_s is None


def test_a_declared_outage_is_not_taken_back_by_the_reference(traffic):
    traffic.refer(95.0, reached=True)
    traffic.fail(*[100.0 + second for second in range(200)])
    assert traffic.state.phase is Phase.OUTAGE
    traffic.fail(310.0, 320.0, outcome=Outcome.NO_ANSWER, marked=False)

    traffic.refer(330.0, reached=False)
    traffic.refer(400.0, reached=False)

    assert traffic.state.phase is Phase.OUTAGE
    assert traffic.state.evidence.first_failed_at_s == 100.0


def test_reasons_carry_their_numbers(traffic):
    traffic.fail(*[100.0 + second for second in range(200)])
    traffic.succeed(*[301.0 + 10 * count for count in range(40)])

    assert [move.reason for move in traffic.moves] == [
        "5 different orders failed in a row, none succeeded",
        "10 or more different orders failed in a row, no success for 180 s",
        "a call has succeeded; not yet sure that it lasts",
        "30 calls have succeeded in 300 s",
    ]


def test_a_failure_that_is_exactly_60_s_old_is_still_fresh(traffic):
    traffic.fail(*[100.0 + 2 * count for count in range(10)], 220.0)

    traffic.wait(280.0)

    assert traffic.phases[-1] == (Phase.OUTAGE, 280.0)


def test_suspicion_does_not_keep_an_incident_from_closing_once_it_is_over(traffic):
    traffic.fail(*[100.0 + second for second in range(200)])
    traffic.succeed(*[301.0 + 10 * count for count in range(28)])
    traffic.fail(*[590.0 + second for second in range(4)])

    traffic.wait(602.0)

    assert traffic.phases[-1] == (Phase.OK, 601.0)


def test_proofs_count_on_an_axis_that_begins_below_zero(traffic):
    traffic.refer(-500.0, reached=True)
    traffic.succeed(-300.0, scope="Acmes/na")

    traffic.fail(-290.0, outcome=Outcome.NO_ANSWER, marked=False)

    assert traffic.state.evidence.failed == 1


def test_the_machines_whose_answers_are_remembered_are_bounded(traffic):
    for number in range(MAX_SOURCES + 10):
        traffic.succeed(100.0 + number, source=f"shop-{number}")

    assert len(traffic.fold.at_rest().marks) == MAX_SOURCES
