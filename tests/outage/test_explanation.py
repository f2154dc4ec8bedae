from agcod_guard.call import Outcome
from agcod_guard.outage.explanation import explanation, operation_explanation


def explained(traffic, now_s):
    return explanation(
        traffic.scope,
        traffic.fold.scopes,
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


def test_how_others_fare_is_told_beside_a_run_of_failures(traffic):
    traffic.succeed(95.0, scope="Acmes/fe")
    traffic.succeed(95.0, scope="Acmes/na-sandbox")
    traffic.fail(*range(100, 107), scope="Acmes/na")
    traffic.fail(*range(100, 107))

    assert "; Acmes/na failing too; Acmes/fe healthy; not yet" in explained(
        traffic, 110.0
    )


def test_in_an_outage_as_well(traffic):
    traffic.succeed(200.0, scope="Acmes/na")
    traffic.fail(*range(100, 301))

    assert explained(traffic, 301.0).endswith("; no success since; Acmes/na healthy")


def test_who_made_no_call_within_the_hour_is_not_called_healthy(traffic):
    traffic.succeed(100.0, scope="Acmes/na")
    traffic.fail(*range(3_800, 3_810))

    assert "healthy" not in explained(traffic, 3_810.0)


def test_of_many_others_three_are_named(traffic):
    for number in range(5):
        traffic.succeed(90.0, scope=f"Acmes{number}/eu")
    traffic.fail(*range(100, 107))

    named = "Acmes0/eu, Acmes1/eu, Acmes2/eu and 2 more healthy"
    assert named in explained(traffic, 110.0)


def test_an_operation_that_is_down_says_beside_what_and_who_is_to_be_told(traffic):
    for second in range(100, 301):
        traffic.fail(float(second), operation="CreateGiftCard")
        traffic.succeed(second + 0.5, operation="GetAvailableFunds")

    assert explained_operation(traffic) == (
        "CreateGiftCard is down since 2026-11-22 11:15:05 GMT: 10 or more different "
        "orders failed in a row, while GetAvailableFunds succeeds: no page to Amazon; "
        "write to the integration team"
    )

    traffic.succeed(302.0, operation="CreateGiftCard")

    assert explained_operation(traffic) == (
        "CreateGiftCard is down since 2026-11-22 11:15:05 GMT: "
        "a call has succeeded; not yet sure that it lasts"
    )


def explained_operation(traffic):
    return operation_explanation(
        "CreateGiftCard",
        traffic.fold.operations.states[traffic.scope],
        policy=traffic.policy,
        wall_s=lambda at_s: at_s + 1_795_346_005,
    )
