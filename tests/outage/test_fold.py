from itertools import takewhile

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from outage_traffic import Traffic

from agcod_guard.call import TECHNICAL_FAILURES, Outcome
from agcod_guard.outage.fold import Fold, FoldState
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.outage.state import Phase, ScopeState

REFUSALS = [Outcome.REJECTED, Outcome.ACCOUNT, Outcome.DENIED]


def seconds(first, last, step=1):
    return [float(second) for second in range(first, last + 1, step)]


class TestDown:
    def test_an_outage_is_declared_when_nothing_has_succeeded_for_hold_s(self, traffic):
        traffic.succeed(99.0)

        traffic.fail(*seconds(100, 300))

        assert traffic.phases == [(Phase.SUSPECT, 104.0), (Phase.OUTAGE, 280.0)]
        assert traffic.state.outage.first_failed_at_s == 100.0
        assert traffic.state.outage.last_success_at_s == 99.0

    def test_it_is_declared_between_two_calls_at_the_very_moment(self, traffic):
        traffic.fail(*seconds(100, 270, 10))

        moves = traffic.wait(281.5)

        assert [(move.after, move.at_s) for move in moves] == [(Phase.OUTAGE, 280.0)]

    def test_looking_late_changes_nothing_about_when_it_was(self, traffic):
        traffic.fail(*seconds(100, 270, 10))

        traffic.wait(100_000.0)

        assert traffic.phases[-1] == (Phase.OUTAGE, 280.0)

    def test_nine_orders_are_not_enough(self, traffic):
        traffic.fail(*seconds(100, 116, 2))

        traffic.fail(300.0, order="Acmes00001")

        assert traffic.state.phase is Phase.SUSPECT

    def test_one_order_retried_five_hundred_times_is_one_failure(self, traffic):
        traffic.fail(*seconds(100, 600), order="Acmes00001")

        assert traffic.moves == []
        assert traffic.state.evidence.failed == 1

    def test_calls_without_a_request_id_count_each(self, traffic):
        for second in seconds(100, 290, 10):
            traffic.fail(second, order=f"call-{second}")

        assert traffic.state.phase is Phase.OUTAGE

    def test_a_run_that_went_silent_is_no_outage(self, traffic):
        traffic.fail(*seconds(100, 115))

        traffic.wait(10_000.0)

        assert traffic.state.phase is Phase.SUSPECT

    def test_probes_fill_up_the_count_but_two_orders_must_be_real(self, traffic):
        traffic.fail(100.0)
        for second in seconds(110, 290, 10):
            traffic.fail(second, probe=True)
        assert traffic.state.phase is Phase.SUSPECT

        traffic.fail(291.0)

        assert traffic.phases[-1] == (Phase.OUTAGE, 291.0)

    def test_one_bad_machine_of_two_is_no_outage(self, traffic):
        traffic.succeed(90.0, source="shop-2")
        traffic.fail(*seconds(100, 400))
        assert traffic.state.phase is Phase.SUSPECT

        traffic.fail(401.0, source="shop-2")

        assert traffic.phases[-1] == (Phase.OUTAGE, 401.0)

    def test_a_machine_that_is_no_longer_at_work_has_no_say(self):
        traffic = Traffic(OutagePolicy(sources_s=100.0))
        traffic.succeed(90.0, source="shop-2")

        traffic.fail(*seconds(100, 400))

        assert traffic.phases[-1] == (Phase.OUTAGE, 280.0)


class TestSuccess:
    def test_a_success_ends_the_run(self, traffic):
        traffic.fail(*seconds(100, 270))
        traffic.succeed(270.5)
        traffic.fail(*seconds(271, 400))

        assert traffic.phases == [
            (Phase.SUSPECT, 104.0),
            (Phase.OK, 270.5),
            (Phase.SUSPECT, 275.0),
        ]
        assert traffic.state.evidence.first_failed_at_s == 271.0

    def test_late_news_of_an_older_success_changes_nothing(self, traffic):
        traffic.fail(*seconds(100, 150))

        traffic.succeed(99.0)

        assert traffic.state.phase is Phase.SUSPECT
        assert traffic.state.evidence.first_failed_at_s == 100.0

    def test_late_news_of_a_success_within_the_run_ends_it(self, traffic):
        traffic.fail(*seconds(100, 150))

        traffic.succeed(120.0)

        assert traffic.state.phase is Phase.OK

    def test_an_older_late_failure_never_moves_the_first_failure(self, traffic):
        traffic.fail(*seconds(100, 110))

        traffic.fail(95.0)

        assert traffic.state.evidence.first_failed_at_s == 100.0

    def test_a_late_failure_from_before_the_last_success_is_no_run(self, traffic):
        traffic.succeed(100.0)

        traffic.fail(99.0)

        assert traffic.state.evidence.first_failed_at_s is None

    def test_a_success_of_nobody_in_particular_speaks_for_its_endpoint(self, traffic):
        traffic.fail(*seconds(100, 300))

        traffic.succeed(301.0, scope="unknown/eu")

        assert traffic.phases[-1] == (Phase.RECOVERING, 301.0)

    def test_a_success_elsewhere_does_not(self, traffic):
        traffic.fail(*seconds(100, 300))

        traffic.succeed(301.0, scope="unknown/na")
        traffic.succeed(302.0, scope="Other/eu")

        assert traffic.state.phase is Phase.OUTAGE


class TestRefusals:
    @pytest.mark.parametrize("outcome", REFUSALS)
    def test_a_refusal_takes_one_order_off(self, traffic, outcome):
        traffic.fail(*seconds(100, 107))

        traffic.see(traffic.ended(108.0, outcome))

        assert traffic.state.evidence.failed == 7

    def test_every_fourth_throttled_answer_does(self, traffic):
        traffic.fail(*seconds(100, 107))

        counts = []
        for second in seconds(108, 115):
            traffic.see(traffic.ended(second, Outcome.THROTTLED))
            counts.append(traffic.state.evidence.failed)

        assert counts == [8, 8, 8, 7, 7, 7, 7, 6]

    @pytest.mark.parametrize("outcome", [*REFUSALS, Outcome.THROTTLED])
    def test_a_refused_probe_says_nothing(self, traffic, outcome):
        traffic.fail(*seconds(100, 107))

        for second in seconds(108, 120):
            traffic.see(traffic.ended(second, outcome, probe=True))

        assert traffic.state.evidence.failed == 8

    def test_what_the_caller_gave_up_proves_nothing(self, traffic):
        traffic.fail(*seconds(100, 107))

        traffic.see(traffic.ended(108.0, Outcome.ABANDONED))

        assert traffic.state.evidence.failed == 8

    def test_suspicion_ends_when_amazon_only_refuses(self, traffic):
        traffic.fail(*seconds(100, 105))
        refusals = [traffic.ended(s, Outcome.REJECTED) for s in seconds(106, 111)]

        traffic.see(*refusals)

        assert traffic.phases[-1] == (Phase.OK, 111.0)

    @given(
        st.lists(
            st.sampled_from(
                [*REFUSALS, Outcome.THROTTLED, Outcome.ABANDONED, Outcome.SUCCESS]
            ),
            min_size=1,
            max_size=60,
        )
    )
    def test_without_a_technical_failure_nothing_is_ever_suspected(self, outcomes):
        traffic = Traffic()

        traffic.see(
            *(traffic.ended(10.0 * n, outcome) for n, outcome in enumerate(outcomes))
        )
        traffic.wait(100_000.0)

        assert traffic.moves == []


class TestRecovery:
    def outage(self, traffic):
        traffic.fail(*seconds(100, 300))
        assert traffic.state.phase is Phase.OUTAGE

    def test_it_is_over_clear_s_after_the_first_of_five_successes(self, traffic):
        self.outage(traffic)

        traffic.succeed(*seconds(301, 700, 10))

        assert traffic.phases[-2:] == [(Phase.RECOVERING, 301.0), (Phase.OK, 601.0)]
        assert traffic.state.outage is None

    def test_four_successes_are_not_enough_however_long(self, traffic):
        self.outage(traffic)
        traffic.succeed(301.0, 302.0, 303.0, 304.0)
        traffic.wait(10_000.0)
        assert traffic.state.phase is Phase.RECOVERING

        traffic.succeed(10_001.0)

        assert traffic.phases[-1] == (Phase.OK, 10_001.0)

    def test_silence_is_no_recovery(self, traffic):
        self.outage(traffic)

        traffic.wait(1e6)

        assert traffic.state.phase is Phase.OUTAGE

    def test_a_relapse_is_the_same_outage(self, traffic):
        self.outage(traffic)
        traffic.succeed(301.0)

        traffic.fail(*seconds(302, 500))

        assert traffic.phases[-1] == (Phase.OUTAGE, 482.0)
        assert traffic.state.outage.first_failed_at_s == 100.0
        assert traffic.state.outage.relapses == 1

    def test_it_is_not_over_in_the_middle_of_new_failures(self, traffic):
        self.outage(traffic)
        traffic.succeed(*seconds(301, 580, 10))

        traffic.fail(*seconds(590, 650))

        assert traffic.state.phase is Phase.RECOVERING


class TestHangingCalls:
    def test_a_call_that_never_ends_fails_when_it_is_overdue(self, traffic):
        traffic.see(traffic.began(100.0), until_s=160.5)

        assert traffic.state.evidence.first_failed_at_s == 160.0
        assert traffic.state.evidence.silent == 1

    def test_it_counts_until_its_end_says_otherwise(self, traffic):
        began = traffic.began(100.0)
        traffic.see(began, until_s=161.0)

        traffic.succeed(170.0, call_id=began.call_id, order=began.order)

        assert traffic.state.evidence.first_failed_at_s is None

    def test_its_late_failure_is_the_same_order(self, traffic):
        began = traffic.began(100.0)
        traffic.see(began, until_s=161.0)

        traffic.fail(170.0, call_id=began.call_id, order=began.order)

        assert traffic.state.evidence.failed == 1

    def test_a_begin_that_comes_late_is_overdue_in_its_turn(self, traffic):
        traffic.see(*(traffic.began(at_s) for at_s in seconds(110, 114)))
        traffic.see(traffic.began(100.0), until_s=115.0)
        again = Traffic()
        again.fold = Fold.resumed(traffic.fold.at_rest(), again.policy)

        for each in (traffic, again):
            each.wait(161.0)

            assert each.state.evidence.first_failed_at_s == 160.0
            assert each.state.evidence.failed == 1
            assert each.wait(400.0)[0].at_s == 173.0

    def test_thousands_of_hanging_calls_are_not_gone_through_at_each_event(
        self, traffic, monkeypatch
    ):
        counted = []
        monkeypatch.setattr(
            "agcod_guard.outage.fold.takewhile",
            lambda is_due, calls: takewhile(
                lambda call: counted.append(call) or is_due(call), calls
            ),
        )

        traffic.see(*(traffic.began(number / 100) for number in range(12_000)))

        assert len(counted) < 3 * 12_000

    def test_ten_hanging_calls_make_an_outage(self, traffic):
        traffic.see(*(traffic.began(second) for second in seconds(100, 290, 10)))

        traffic.wait(400.0)

        assert traffic.phases == [(Phase.SUSPECT, 200.0), (Phase.OUTAGE, 340.0)]

    def test_a_call_that_ends_in_time_leaves_nothing(self, traffic):
        began = traffic.began(100.0)
        traffic.see(began)

        traffic.succeed(130.0, call_id=began.call_id)
        traffic.wait(1000.0)

        assert traffic.state.evidence.first_failed_at_s is None


class TestReference:
    def silent(self, traffic, *times_s):
        return traffic.fail(*times_s, outcome=Outcome.NO_ANSWER, marked=False)

    def test_without_a_reference_silent_failures_count_but_nothing_is_proven(
        self, traffic
    ):
        self.silent(traffic, *seconds(100, 300))

        assert traffic.state.phase is Phase.OUTAGE
        assert not traffic.state.outage.path_proven

    def test_marked_answers_prove_the_path_by_themselves(self, traffic):
        traffic.fail(*seconds(100, 300))

        assert traffic.state.outage.path_proven

    def test_a_reference_that_answers_proves_it_for_silent_failures(self, traffic):
        traffic.refer(95.0, reached=True)
        for second in seconds(100, 300, 5):
            self.silent(traffic, second)
            traffic.refer(second + 1, reached=True)

        assert traffic.state.phase is Phase.OUTAGE
        assert traffic.state.outage.path_proven

    def test_a_reference_that_fails_as_well_clears_the_run(self, traffic):
        traffic.refer(95.0, reached=True)
        self.silent(traffic, *seconds(100, 110))
        traffic.refer(111.0, reached=False)
        self.silent(traffic, *seconds(112, 130))

        traffic.refer(131.0, reached=False)

        assert traffic.phases[-1] == (Phase.OK, 131.0)
        assert "our own network" in traffic.state.reason

    def test_our_own_network_down_all_night_is_never_an_outage(self, traffic):
        traffic.refer(95.0, reached=True)
        for second in seconds(100, 20_000, 20):
            self.silent(traffic, second)
            traffic.refer(second + 1, reached=False)

        assert Phase.OUTAGE not in [phase for phase, _ in traffic.phases]

    def test_a_blocked_reference_never_clears_a_real_outage(self, traffic):
        for second in seconds(100, 400, 5):
            traffic.refer(second, reached=False)
            self.silent(traffic, second + 1)

        assert traffic.state.phase is Phase.OUTAGE

    def test_nor_does_one_that_is_blocked_while_calls_succeed(self, traffic):
        traffic.refer(10.0, reached=True)
        traffic.refer(50.0, reached=False)
        traffic.succeed(75.0)
        for second in seconds(100, 400, 5):
            traffic.refer(second, reached=False)
            self.silent(traffic, second + 1)

        assert traffic.state.phase is Phase.OUTAGE

    def test_one_success_that_was_on_its_way_shows_nothing(self, traffic):
        traffic.refer(1200.0, reached=True)
        traffic.refer(1500.0, reached=False)
        traffic.succeed(1500.2)
        for second in seconds(1501, 1900, 5):
            self.silent(traffic, second)
            traffic.refer(second + 1, reached=False)

        assert Phase.OUTAGE not in [phase for phase, _ in traffic.phases]

    def test_a_failed_check_voids_the_answer_before_it(self, traffic):
        traffic.refer(95.0, reached=True)
        traffic.refer(96.0, reached=False)

        self.silent(traffic, 100.0)

        assert traffic.state.evidence.failed == 0

    def test_a_failure_counts_when_the_proof_comes_soon_after_it(self, traffic):
        traffic.refer(10.0, reached=True)
        self.silent(traffic, 200.0)
        assert traffic.state.evidence.failed == 0

        traffic.refer(220.0, reached=True)

        assert traffic.state.evidence.failed == 1
        assert traffic.state.evidence.last_failed_at_s == 200.0

    def test_it_does_not_when_the_proof_comes_too_late(self, traffic):
        traffic.refer(10.0, reached=True)
        self.silent(traffic, 200.0)

        traffic.refer(260.5, reached=True)

        assert traffic.state.evidence.failed == 0

    def test_amazons_answers_elsewhere_prove_the_way_of_the_same_machine(self, traffic):
        traffic.refer(95.0, reached=True)
        for second in seconds(100, 400, 5):
            self.silent(traffic, second)
            traffic.succeed(second + 1, scope="Acmes/na")
            traffic.refer(second + 2, reached=False)

        assert traffic.phases[-1] == (Phase.OUTAGE, 280.0)

    def test_those_that_another_machine_got_do_not(self, traffic):
        traffic.refer(95.0, reached=True)
        for second in seconds(100, 400, 5):
            self.silent(traffic, second)
            traffic.succeed(second + 1, scope="Other/na", source="shop-2")
            traffic.refer(second + 2, reached=False)

        assert Phase.OUTAGE not in [phase for phase, _ in traffic.phases]

    def test_our_own_cut_within_an_outage_moves_no_beginning(self, traffic):
        traffic.refer(95.0, reached=True)
        traffic.fail(*seconds(100, 150))
        for second in seconds(151, 210, 10):
            self.silent(traffic, second)
            traffic.refer(second + 1, reached=False)
        traffic.refer(215.0, reached=True)
        traffic.fail(*seconds(216, 300))

        assert traffic.phases[-1] == (Phase.OUTAGE, 280.0)
        assert traffic.state.outage.first_failed_at_s == 100.0

    def test_nothing_is_declared_while_we_are_cut_off(self, traffic):
        traffic.refer(95.0, reached=True)
        traffic.fail(*seconds(100, 240))
        for second in seconds(241, 300, 5):
            self.silent(traffic, second)
            traffic.refer(second + 1, reached=False)

        assert traffic.state.phase is Phase.SUSPECT

    def test_amazons_own_answers_outweigh_a_failing_reference(self, traffic):
        traffic.refer(95.0, reached=True)
        for second in seconds(100, 300, 5):
            traffic.fail(second)
            traffic.refer(second + 1, reached=False)

        assert traffic.state.phase is Phase.OUTAGE


OUTCOMES = st.sampled_from(list(Outcome))
STREAMS = st.lists(
    st.tuples(
        st.floats(0, 2000).map(lambda second: round(second, 3)),
        OUTCOMES,
        st.integers(0, 30),
    ),
    max_size=80,
)


def events_of(traffic, stream):
    return [
        traffic.ended(at_s, outcome, order=f"Acmes{order}")
        for at_s, outcome, order in sorted(stream, key=lambda each: each[0])
    ]


@given(stream=STREAMS, cut=st.integers(0, 80))
def test_a_restart_anywhere_changes_nothing(stream, cut):
    traffic = Traffic()
    events = events_of(traffic, stream)
    whole, first = Fold(traffic.policy), Fold(traffic.policy)
    moves = whole.fold(events, 3000.0)

    cut_at_s = events[min(cut, len(events)) - 1].at_s if cut and events else 0.0
    before = [event for event in events if event.at_s <= cut_at_s]
    seen = first.fold(before, cut_at_s)
    kept = msgspec.json.decode(msgspec.json.encode(first.at_rest()), type=FoldState)
    second = Fold.resumed(kept, traffic.policy)
    seen += second.fold(events[len(before) :], 3000.0)

    assert seen == moves
    assert second.scopes == whole.scopes


@given(stream=STREAMS, looks=st.lists(st.floats(0, 3000), max_size=20))
def test_how_often_somebody_looks_changes_nothing(stream, looks):
    traffic = Traffic()
    events = events_of(traffic, stream)
    whole, often = Fold(traffic.policy), Fold(traffic.policy)
    moves = whole.fold(events, 3000.0)

    seen, done = [], 0
    for look_s in [*sorted(looks), 3000.0]:
        due = [event for event in events[done:] if event.at_s <= look_s]
        seen += often.fold(due, look_s)
        done += len(due)

    assert seen == moves


@given(
    times=st.lists(st.floats(0, 119), min_size=1, max_size=60),
    jump_s=st.floats(0, 1e7),
)
def test_a_clock_that_jumps_ahead_opens_nothing_by_itself(times, jump_s):
    traffic = Traffic()
    for at_s in sorted(times):
        traffic.fail(at_s)

    traffic.wait(119.0 + jump_s)

    assert Phase.OUTAGE not in [phase for phase, _ in traffic.phases]


@given(stream=STREAMS, steps=st.lists(st.integers(-(10**13), 10**13), min_size=80))
def test_what_the_wall_clock_says_changes_no_phase(stream, steps):
    traffic, stepped = Traffic(), Traffic()
    events = events_of(traffic, stream)
    odd = [
        msgspec.structs.replace(event, wall_ns=event.wall_ns + step)
        for event, step in zip(events, steps, strict=False)
    ]

    traffic.see(*events, until_s=3000.0)
    stepped.see(*odd, until_s=3000.0)

    assert stepped.phases == traffic.phases


@given(stream=STREAMS)
def test_no_answer_that_is_no_technical_failure_ever_opens_an_outage(stream):
    traffic = Traffic(OutagePolicy(failed=3, suspect_failed=2))
    for event in events_of(traffic, stream):
        traffic.wait(event.at_s)
        before = traffic.fold.scopes.get(traffic.scope, ScopeState())
        traffic.see(event)
        if event.outcome not in TECHNICAL_FAILURES:
            is_new = before.phase is not Phase.OUTAGE
            assert not (is_new and traffic.state.phase is Phase.OUTAGE)


@given(stream=STREAMS)
def test_memory_stays_small_whatever_comes(stream):
    traffic = Traffic()
    traffic.see(*events_of(traffic, stream), until_s=3000.0)

    kept = msgspec.json.encode(traffic.fold.at_rest())

    assert len(kept) < 4_000
