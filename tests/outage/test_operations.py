"""One operation of an account fails while others succeed."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from outage_traffic import Traffic

from agcod_guard.call import Call, Endpoint, Outcome
from agcod_guard.frames import end_of
from agcod_guard.journal.stream import event_of
from agcod_guard.outage.fold import Fold, FoldState
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.outage.state import Phase
from agcod_guard.protocol.operations import OPERATIONS

CREATE, FUNDS, CANCEL = "CreateGiftCard", "GetAvailableFunds", "CancelGiftCard"


def seconds(first, last, step=1):
    return [float(second) for second in range(first, last + 1, step)]


def fail_alone(traffic, first, last, *, others=FUNDS, **changes):
    """Have CreateGiftCard fail each second, and another operation succeed."""
    for second in seconds(first, last):
        traffic.fail(second, operation=CREATE, **changes)
        traffic.succeed(second + 0.5, operation=others)


def told(traffic):
    return [
        (move.operation, move.is_down, move.at_s) for move in traffic.operation_moves
    ]


class TestDown:
    def test_an_operation_that_fails_for_hold_s_while_others_succeed_is_down(
        self, traffic
    ):
        fail_alone(traffic, 100, 300)

        (move,) = traffic.operation_moves
        assert (move.scope, move.operation, move.is_down) == ("Acmes/eu", CREATE, True)
        assert (move.at_s, move.first_failed_at_s) == (280.0, 100.0)
        assert "10 or more different orders failed in a row" in move.reason

    def test_it_is_no_outage_and_not_even_a_suspicion_of_the_scope(self, traffic):
        fail_alone(traffic, 100, 1000)

        assert traffic.moves == []
        assert traffic.state.phase is Phase.OK

    def test_one_order_retried_for_ever_is_no_operation_down(self, traffic):
        fail_alone(traffic, 100, 600, order="Acmes00001")

        assert told(traffic) == []

    def test_its_own_success_ends_its_run(self, traffic):
        fail_alone(traffic, 100, 270)
        traffic.succeed(271.0, operation=CREATE)
        fail_alone(traffic, 272, 400)

        assert told(traffic) == []

    def test_refusals_take_orders_off_as_everywhere(self, traffic):
        for second in seconds(100, 400):
            outcome = Outcome.FAULT if second % 2 else Outcome.REJECTED
            traffic.see(traffic.ended(second, outcome, operation=CREATE))
            traffic.succeed(second + 0.5, operation=FUNDS)

        assert told(traffic) == []

    def test_a_successful_test_call_shows_that_others_succeed(self, traffic):
        for second in seconds(100, 300, 10):
            traffic.fail(second, operation=CREATE)
            traffic.succeed(second + 5, operation=FUNDS, probe=True)

        assert told(traffic) == [(CREATE, True, 280.0)]
        assert traffic.moves == []

    def test_a_test_call_says_nothing_of_another_operation_that_succeeds(self, traffic):
        for second in seconds(100, 400, 10):
            traffic.succeed(second, operation=CREATE)
            traffic.fail(second + 5, operation=FUNDS, probe=True)

        assert told(traffic) == []

    def test_calls_that_hang_count_for_their_operation(self, traffic):
        for second in seconds(100, 500, 10):
            traffic.see(traffic.began(second, operation=CREATE))
            traffic.succeed(second + 1, operation=FUNDS)

        assert told(traffic) == [(CREATE, True, 340.0)]

    def test_two_machines_at_work_must_both_see_it(self, traffic):
        traffic.succeed(90.0, operation=CREATE, source="shop-2")
        fail_alone(traffic, 100, 400)
        assert told(traffic) == []

        traffic.fail(401.0, operation=CREATE, source="shop-2")

        assert told(traffic) == [(CREATE, True, 401.0)]

    def test_each_account_has_its_own(self, traffic):
        for second in seconds(100, 300):
            traffic.fail(second, operation=CREATE)
            traffic.succeed(second + 0.5, operation=FUNDS, scope="Other/eu")

        assert told(traffic) == []
        assert traffic.state.phase is Phase.OUTAGE


class TestOthersSucceed:
    def test_without_a_success_beside_it_it_is_the_scope_that_is_judged(self, traffic):
        traffic.fail(*seconds(100, 300))

        assert told(traffic) == []
        assert traffic.phases[-1] == (Phase.OUTAGE, 280.0)

    def test_a_success_at_the_beginning_of_the_run_is_no_success_beside_it(
        self, traffic
    ):
        traffic.fail(*seconds(100, 105))
        traffic.succeed(105.5, operation=FUNDS)
        traffic.fail(*seconds(106, 285))

        assert told(traffic) == []
        assert traffic.state.phase is Phase.SUSPECT

    def test_it_is_down_from_the_moment_at_which_another_succeeds(self, traffic):
        traffic.succeed(110.0, operation=FUNDS)
        traffic.fail(*seconds(100, 109), *seconds(111, 285))
        traffic.succeed(285.5, operation=FUNDS)

        traffic.wait(300.0)

        assert told(traffic) == [(CREATE, True, 285.5)]

    def test_one_that_fails_most_of_the_time_itself_shows_nothing(self, traffic):
        for second in seconds(100, 1000):
            traffic.fail(second, operation=CANCEL)
            if second % 10:
                traffic.fail(second + 0.5, operation=CREATE)
            else:
                traffic.succeed(second + 0.5, operation=CREATE)

        assert told(traffic) == []

    def test_one_that_fails_now_and_then_does(self, traffic):
        for second in seconds(100, 400):
            traffic.fail(second, operation=CANCEL)
            if second % 20:
                traffic.succeed(second + 0.5, operation=CREATE)
            else:
                traffic.fail(second + 0.5, operation=CREATE)

        assert told(traffic) == [(CANCEL, True, 280.0)]

    def test_a_success_long_after_its_last_failure_shows_nothing(self, traffic):
        fail_alone(traffic, 100, 115)
        traffic.wait(400.0)

        traffic.succeed(400.0, operation=FUNDS)

        assert told(traffic) == []


class TestUp:
    def test_it_is_up_clear_s_after_the_first_of_five_successes(self, traffic):
        fail_alone(traffic, 100, 300)

        traffic.succeed(*seconds(301, 700, 10), operation=CREATE)

        assert told(traffic) == [(CREATE, True, 280.0), (CREATE, False, 601.0)]
        assert traffic.operation_moves[-1].first_failed_at_s == 100.0

    def test_failing_again_before_that_is_told_no_second_time(self, traffic):
        fail_alone(traffic, 100, 300)
        traffic.succeed(301.0, operation=CREATE)

        fail_alone(traffic, 302, 600)

        assert told(traffic) == [(CREATE, True, 280.0)]

    def test_it_is_no_longer_alone_when_the_whole_scope_is_down(self, traffic):
        fail_alone(traffic, 100, 300)

        for operation in (CREATE, FUNDS):
            for second in seconds(301, 500, 5):
                traffic.fail(second, operation=operation)

        assert traffic.phases[-1] == (Phase.OUTAGE, 481.0)
        assert told(traffic) == [(CREATE, True, 280.0), (CREATE, False, 481.0)]


class TestAfterAnOutage:
    def outage(self, traffic):
        traffic.fail(*seconds(100, 300))
        assert traffic.state.phase is Phase.OUTAGE

    def test_what_failed_in_an_outage_is_not_the_operations_own(self, traffic):
        self.outage(traffic)

        traffic.succeed(301.0, operation=FUNDS)
        traffic.fail(302.0, operation=CREATE)
        traffic.succeed(*seconds(303, 400), operation=FUNDS)

        assert told(traffic) == []

    def test_one_that_does_not_come_back_with_the_others_is_down(self, traffic):
        self.outage(traffic)

        fail_alone(traffic, 301, 600)

        assert told(traffic) == [(CREATE, True, 482.0)]


def test_a_success_of_nobody_in_particular_speaks_for_its_operation(traffic):
    fail_alone(traffic, 100, 270)

    traffic.succeed(270.7, scope="unknown/eu", operation=CREATE)
    fail_alone(traffic, 271, 300)

    assert told(traffic) == []


def test_what_an_answer_elsewhere_has_proven_makes_it_due_in_time(traffic):
    traffic.refer(0.0, reached=True)
    for second in seconds(100, 108):  # nothing proves our way: they wait
        traffic.fail(second, operation=CREATE, outcome=Outcome.NO_ANSWER)
    events = [traffic.ended(109.0, Outcome.SUCCESS, operation=FUNDS)]
    for second in seconds(110, 300):
        events.append(traffic.ended(second, Outcome.NO_ANSWER, operation=CREATE))
        events.append(traffic.ended(second + 0.5, Outcome.SUCCESS, operation=FUNDS))
    traffic.see(*events)

    assert told(traffic) == [(CREATE, True, 280.0)]


def test_our_own_network_is_no_operation_down():
    traffic = Traffic()
    traffic.succeed(90.0, operation=FUNDS, source="shop-2")
    traffic.refer(95.0, reached=True)
    for second in seconds(100, 600, 5):
        traffic.fail(second, operation=CREATE, outcome=Outcome.NO_ANSWER, marked=False)
        traffic.succeed(second + 1, operation=FUNDS, source="shop-2")
        traffic.refer(second + 2, reached=False)

    assert told(traffic) == []


NAMES = st.sampled_from([CREATE, FUNDS, CANCEL])
STREAMS = st.lists(
    st.tuples(
        st.floats(0, 1500).map(lambda second: round(second, 3)),
        NAMES,
        st.booleans(),
        st.integers(0, 60),
    ),
    min_size=30,
    max_size=150,
)
POLICY = OutagePolicy(failed=3, suspect_failed=2)


def events_of(traffic, stream):
    """Return calls; of CreateGiftCard most fail, of the others few."""
    return [
        traffic.ended(
            at_s,
            Outcome.SUCCESS if lucky is (operation != CREATE) else Outcome.FAULT,
            operation=operation,
            order=f"Acmes{order}",
        )
        for at_s, operation, lucky, order in sorted(stream)
    ]


@given(stream=STREAMS, looks=st.lists(st.floats(0, 3000), max_size=20))
def test_how_often_somebody_looks_changes_nothing(stream, looks):
    traffic = Traffic(POLICY)
    events = events_of(traffic, stream)
    whole, often = Fold(POLICY), Fold(POLICY)
    changes = whole.fold(events, 3000.0)

    seen, done = [], 0
    for look_s in [*sorted(looks), 3000.0]:
        due = [event for event in events[done:] if event.at_s <= look_s]
        seen += often.fold(due, look_s)
        done += len(due)

    assert seen == changes
    assert often.operations.at_rest() == whole.operations.at_rest()


@given(stream=STREAMS, cut=st.integers(0, 150))
def test_a_restart_anywhere_changes_nothing(stream, cut):
    traffic = Traffic(POLICY)
    events = events_of(traffic, stream)
    whole, first = Fold(POLICY), Fold(POLICY)
    changes = whole.fold(events, 3000.0)

    cut_at_s = events[min(cut, len(events)) - 1].at_s if cut else 0.0
    before = [event for event in events if event.at_s <= cut_at_s]
    seen = first.fold(before, cut_at_s)
    kept = msgspec.json.decode(msgspec.json.encode(first.at_rest()), type=FoldState)
    second = Fold.resumed(kept, POLICY)
    seen += second.fold(events[len(before) :], 3000.0)

    assert seen == changes
    assert second.at_rest() == whole.at_rest()


@given(stream=STREAMS)
def test_an_operation_is_never_down_while_its_scope_is(stream):
    traffic = Traffic(POLICY)
    for event in events_of(traffic, stream):
        traffic.see(event)
        if traffic.state.phase is Phase.OUTAGE:
            down = traffic.fold.operations.states["Acmes/eu"].values()
            assert not any(state.outage for state in down)


@given(names=st.lists(st.text(max_size=20), min_size=20, max_size=40, unique=True))
def test_names_that_no_operation_has_are_remembered_as_one(names):
    fold = Fold(POLICY)
    for number, name in enumerate([*names, *OPERATIONS]):
        event = event_of(end(operation=name), float(number), source="shop-1")
        fold.fold([event], float(number))

    (states,) = fold.operations.states.values()
    assert len(states) <= len(OPERATIONS) + 2


def end(**changes):
    call = Call(
        endpoint=Endpoint("eu"),
        outcome=Outcome.FAULT,
        started_at_s=0.0,
        duration_s=1.0,
        partner_id="Acmes",
        request_id="Acmes00001",
        **changes,
    )
    return end_of(call, wall_ns=0, mono_ns=0)
