"""The detection set itself: can its labels, its peers and its score be trusted?"""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from agcod_guard.call import Outcome
from agcod_guard.outage.policy import OutagePolicy
from benchmarks.detection.alarms import Alarm, OperationAlarm
from benchmarks.detection.answers import F500, FOREVER, HANG, SUCCESS, TIMEOUT
from benchmarks.detection.bound import least_orders, policy_floor_s
from benchmarks.detection.families import FAMILIES
from benchmarks.detection.families.staging import Scene, mishap, outage
from benchmarks.detection.peers import PEERS
from benchmarks.detection.peers.peer import Traits
from benchmarks.detection.playing import runs_of
from benchmarks.detection.rule import Watching
from benchmarks.detection.score import result_of
from benchmarks.detection.streams import Down, Run
from benchmarks.detection.traffic import SCOPE, Flow
from benchmarks.detection.world import Reference, Spell, World

QUICK = (
    "total-f500",
    "total-without-a-timeout",
    "ramp-in-two-minutes",
    "flapping-slowly",
    "relapse-after-an-hour",
    "one-region-down",
    "poison-order",
    "total-slow-ones-still-succeed",
)
POLICY = OutagePolicy()


@pytest.fixture
def run() -> Run:
    """An order a second; down from 1,500 s to 3,000 s."""
    return played(replace(outage(F500, rate=1.0), noise=0.0))


def played(scene: Scene) -> Run:
    return scene.played("toy", random.Random(1))


def toy(name: str, seen: str, *, rate: float = 1.0) -> list[tuple[float, float | None]]:
    """Return the alarms of a peer that sees a call a second: `F` or `S`."""
    peer = PEERS[name](Traits(rate=rate, noise=1e-3))
    for number, letter in enumerate(seen, start=1):
        peer.see(number / rate, letter == "F")
    peer.finish(len(seen) / rate + 1.0)
    return [(alarm.opened_s, alarm.closed_s) for alarm in peer.log.alarms]


def alarm(opened_s: float, **facts: float) -> Alarm:
    return Alarm(scope=SCOPE, opened_s=opened_s, paged_s=opened_s, **facts)


# The streams


def test_there_are_at_least_sixty_families():
    assert len(FAMILIES) >= 60


@pytest.mark.parametrize("family", QUICK)
def test_a_seed_always_gives_the_same_streams(family):
    once, again = runs_of(family, 7), runs_of(family, 7)

    assert [run.calls for run in once] == [run.calls for run in again]


def test_another_seed_gives_other_streams():
    (one, *_), (other, *_) = runs_of("total-f500", 1), runs_of("total-f500", 2)

    assert one.calls != other.calls


@pytest.mark.parametrize("family", QUICK)
def test_no_call_sent_in_an_outage_succeeds_unless_it_lets_up(family):
    lets_up = family == "flapping-slowly"
    for run in runs_of(family, 3):
        for true in run.outages:
            succeeded = [
                call
                for call in run.calls
                if call.scope == true.scope
                and call.outcome is Outcome.SUCCESS
                and true.onset_s < call.end_s < true.end_s
            ]
            assert bool(succeeded) == lets_up


def test_a_family_that_contradicts_its_truth_is_refused():
    healthy = Scene(until_s=600.0, rate=1.0, noise=0.0)
    false_label = Down(scope=SCOPE, begin_s=100.0, end_s=500.0)

    with pytest.raises(ValueError, match="succeeds"):
        played(replace(healthy, downs=[false_label]))


def test_the_onset_is_the_completion_of_the_first_failing_call(run):
    failed = [call for call in run.calls if call.outcome is Outcome.FAULT]

    assert run.outages[0].onset_s == min(call.end_s for call in failed)


def test_a_call_that_hangs_has_failed_after_a_minute():
    run = played(replace(outage(HANG, rate=1.0), noise=0.0))
    first = min(call.start_s for call in run.calls if call.end_s == FOREVER)

    assert run.outages[0].onset_s == first + 60.0


def test_an_order_that_fails_is_sent_again_under_the_same_id():
    spell = Spell(begin_s=0.0, end_s=100.0, answers=(TIMEOUT,))
    scene = mishap(spell)
    run = played(replace(scene, flows=[Flow(arrivals=[10.0], retries=2)], noise=0.0))

    assert [call.start_s for call in run.calls] == [10.0, 18.0, 28.0]
    assert len({call.order for call in run.calls}) == 1


# The world


def test_the_same_question_gets_the_same_answer():
    world = World(
        [Spell(begin_s=0.0, end_s=1e6, answers=(F500,), share=0.5)], seed="a seed"
    )

    def answers() -> list[object]:
        return [world.probe(at_s, scope=SCOPE, source="shop-1") for at_s in range(100)]

    assert answers() == answers()
    assert set(answers()) == {SUCCESS, F500}


def test_a_probe_meets_what_orders_meet(run):
    (true,) = run.outages
    times_s = (true.onset_s - 60.0, true.onset_s + 60.0, true.end_s + 60.0)

    met = [run.world.probe(at_s, scope=SCOPE, source="shop-1") for at_s in times_s]

    assert met == [SUCCESS, F500, SUCCESS]


def test_the_reference_is_gone_with_our_own_network_or_behind_a_firewall():
    cut = Spell(begin_s=10.0, end_s=20.0, answers=(TIMEOUT,), closes_way=True)
    world = World([cut], reference=Reference(blocked=((30.0, 40.0),)))

    reached = [
        world.reaches_reference(at_s, source="shop-1") for at_s in (5, 15, 25, 35, 45)
    ]

    assert reached == [True, False, True, False, True]


# The peers


def test_pybreaker_opens_at_the_fifth_and_closes_at_a_success_a_minute_later():
    seen = "FFFF" + "S" + "FFFFF" + "S" * 70

    assert toy("pybreaker, 5 in a row", seen) == [(10.0, 70.0)]


def test_resilience4j_needs_a_hundred_calls_and_half_of_them():
    seen = "S" * 100 + "F" * 50

    assert toy("resilience4j, 50 % of 100", "F" * 99) == []
    assert toy("resilience4j, 50 % of 100", seen) == [(150.0, None)]


def test_envoy_ejects_for_longer_each_time():
    spans = toy("Envoy, 5 consecutive 5xx", "F" * 120)

    assert spans == [(5.0, 40.0), (44.0, 110.0), (114.0, None)]


def test_the_burn_rate_alert_fires_at_one_and_a_half_percent_in_both_windows():
    name = "burn rate 14.4, 1 h and 5 min"

    assert toy(name, "S" * 3_600) == []
    assert toy(name, "S" * 1_000 + "F" * 10 + "S" * 60) == []
    assert toy(name, "S" * 1_000 + "F" * 20) == [(1_020.0, None)]


def test_the_prometheus_alert_fires_when_the_last_success_has_left_the_window():
    assert toy("Prometheus, no success in 5 min", "S" * 60 + "F" * 400) == [
        (345.0, None)
    ]


def test_the_optimal_detectors_need_as_many_orders_as_the_bound_says():
    needed = least_orders(1.0, 1e-3)

    assert 2 < needed < 3
    assert toy("n in a row, noise known", "SSFF" + "S" + "FFF") == [(8.0, None)]
    assert toy("CUSUM, noise known", "SSS" + "FFF") == [(6.0, None)]


# The score


def test_an_alarm_in_an_outage_has_found_it(run):
    result = result_of(run, [alarm(1_700.0)], policy=POLICY)

    (found,) = result.found
    assert found.delay_s == 1_700.0 - run.outages[0].onset_s
    assert (result.missed, result.false, result.duplicates) == ((), (), ())


def test_an_alarm_beside_an_outage_is_false_and_the_outage_missed(run):
    result = result_of(run, [alarm(1_000.0, closed_s=1_100.0)], policy=POLICY)

    assert result.false == (1_000.0,)
    assert result.missed == (run.outages[0].onset_s,)


def test_a_second_alarm_in_an_outage_is_one_too_many(run):
    alarms = [alarm(1_700.0, closed_s=1_800.0), alarm(1_900.0)]

    assert result_of(run, alarms, policy=POLICY).duplicates == (1_900.0,)


def test_an_alarm_that_names_another_beginning_is_noted(run):
    told = replace(alarm(1_700.0), first_failed_s=1_550.0)

    assert result_of(run, [told], policy=POLICY).wrong_first_failures


def test_the_floor_is_hold_for_busy_traffic_and_two_orders_for_slow(run):
    slow = played(replace(outage(F500, rate=1 / 400, lasts_s=8_000.0), noise=0.0))

    def over_onset_s(run: Run, probed_s: list[float]) -> float:
        (true,) = run.outages
        floor_s = policy_floor_s(true, run.calls, probed_s=probed_s, policy=POLICY)
        return floor_s - true.onset_s

    probed_s = [slow.outages[0].onset_s + 5.0 * number for number in range(3, 30)]
    assert over_onset_s(run, []) == 180.0
    assert 200.0 <= over_onset_s(slow, probed_s) <= 600.0
    assert over_onset_s(slow, []) > 9 * 200.0


# The rule, played


@pytest.mark.parametrize("may_probe", [True, False])
def test_the_rule_finds_a_total_outage_at_its_hold(run, may_probe):
    watching = Watching(run, probes=may_probe, policy=POLICY)
    watching.watch()

    result = result_of(run, watching.alarms, probed=watching.probes, policy=POLICY)
    (found,) = result.found
    assert 180.0 <= found.delay_s <= 181.0
    assert not result.wrong_first_failures
    assert bool(watching.probes) == may_probe


def test_probes_are_made_only_from_ten_seconds_after_a_failure(run):
    watching = Watching(run, probes=True, policy=POLICY)
    watching.watch()

    (true,) = run.outages
    assert watching.probes[0].at_s >= true.onset_s + 10.0
    assert watching.probes[-1].at_s <= true.end_s + 60.0


def test_what_is_false_without_probes_is_not_paged_with_them():
    spell = Spell(begin_s=1_500.0, end_s=2_400.0, answers=(F500,), probes=False)
    run = played(mishap(spell))
    pages = {}
    for may_probe in (True, False):
        watching = Watching(run, probes=may_probe, policy=POLICY)
        watching.watch()
        result = result_of(run, watching.alarms, policy=POLICY)
        pages[may_probe] = len(result.false)

    assert pages == {True: 0, False: 1}


# One operation alone


@pytest.fixture
def creates() -> Run:
    """Every order fails from 1,500 s to 3,900 s, and nothing else does."""
    return next(runs_of("creates-down", 1))


def said(operation: str, at_s: float = 1_700.0) -> OperationAlarm:
    return OperationAlarm(scope=SCOPE, operation=operation, at_s=at_s)


def test_an_operation_that_is_down_must_be_told_once_and_no_other(creates):
    told = [said("CreateGiftCard"), said("CreateGiftCard"), said("CancelGiftCard")]

    result = result_of(creates, [], operations=told, policy=POLICY)

    assert result.missed_operations == ()
    assert result.false_operations == (
        "CreateGiftCard at 1700",
        "CancelGiftCard at 1700",
    )


def test_an_operation_that_is_not_told_is_missed(creates):
    result = result_of(creates, [], operations=[], policy=POLICY)

    assert result.missed_operations == ("CreateGiftCard",)
    assert result.false_operations == ()


def test_a_detector_that_tells_of_no_operations_is_not_blamed(creates):
    result = result_of(creates, [], policy=POLICY)

    assert result.missed_operations is result.false_operations is None


def test_the_rule_tells_the_operation_and_pages_nobody(creates):
    watching = Watching(creates, probes=True, policy=POLICY)
    watching.watch()

    (told,) = watching.operations
    assert told.operation == "CreateGiftCard"
    assert 1_680.0 <= told.at_s <= 1_690.0
    assert watching.alarms == []
