from agcod_guard.call import Outcome
from agcod_guard.outage.explanation import explanation


def explained(traffic, now_s):
    return explanation(
        traffic.state,
        now_s,
        policy=traffic.policy,
        wall_s=lambda at_s: at_s + 1_795_346_005,
    )


def test_suspicion_says_what_is_missing_for_an_outage(traffic):
    traffic.fail(*range(100, 226, 18))

    assert explained(traffic, 226.0) == (
        "7 different orders failed in a row since 2026-11-22 11:15:05 GMT, 2.1 min; "
        "not yet an outage: needs 10 orders and 3.0 min"
    )


def test_an_outage_says_since_when(traffic):
    traffic.fail(*range(100, 301))

    assert explained(traffic, 400.0) == (
        "10 or more different orders failed in a row since "
        "2026-11-22 11:15:05 GMT, 5.0 min; no success since"
    )


def test_a_run_that_went_silent_needs_a_fresh_failure(traffic):
    traffic.fail(*range(100, 112))

    assert explained(traffic, 500.0).endswith("needs a fresh failure")


def test_health_says_what_brought_it(traffic):
    traffic.fail(*range(100, 110))
    traffic.succeed(111.0)

    assert explained(traffic, 120.0) == "a call has succeeded"


def test_a_path_that_is_not_proven_is_named(traffic):
    traffic.refer(99.0, reached=True)
    traffic.fail(*range(100, 290), outcome=Outcome.NO_ANSWER, marked=False)

    assert explained(traffic, 290.0).endswith(
        "needs a proof that our own way to Amazon is open"
    )


def test_one_bad_machine_of_two_is_told(traffic):
    traffic.succeed(99.0, source="shop-2")
    traffic.fail(*range(100, 290))

    assert explained(traffic, 290.0).endswith("needs failures on a second machine")


def test_a_single_failure_is_told_in_the_singular(traffic):
    traffic.fail(100)

    assert explained(traffic, 101.0).startswith("1 order failed since")


def test_test_calls_are_told_apart_from_orders(traffic):
    traffic.fail(100, 101)
    traffic.fail(*range(110, 150, 10), probe=True)

    assert explained(traffic, 150.0).startswith(
        "2 different orders and 4 test calls failed in a row since"
    )
