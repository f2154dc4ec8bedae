"""The rules of the outbox, without a file or a server."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from parcels import mail, notice

from agcod_guard.incident import handover
from agcod_guard.incident.parcel import (
    FINAL,
    Accepted,
    Entry,
    Later,
    Progress,
    Refused,
    State,
    Unsure,
)

NEW = Progress(state=State.INTENT, changed_at_s=1000.0)
LEASE_S = 60.0


def claimed(progress=NEW, *, now_s=1000.0):
    return handover.claimed(progress, owner="till-7", now_s=now_s, lease_s=LEASE_S)


def sending(progress=NEW):
    taken = claimed(progress)
    return handover.sending(taken, taken.fence)


def settled(progress, result, *, fence=None):
    return handover.settled(
        progress,
        progress.fence if fence is None else fence,
        result,
        at_s=1010.0,
        next_try_at_s=1020.0,
    )


class TestClaims:
    def test_what_is_claimed_cannot_be_claimed_until_its_lease_has_expired(self):
        taken = claimed(now_s=1000.0)

        assert claimed(taken, now_s=1059.9) is None
        assert claimed(taken, now_s=1060.0).fence == 2

    def test_a_claim_that_a_later_one_has_overtaken_begins_nothing(self):
        first = claimed(now_s=1000.0)
        second = claimed(first, now_s=1060.0)

        assert handover.sending(second, first.fence) is None
        assert handover.sending(second, second.fence).state is State.SENDING

    def test_the_same_claim_begins_only_once(self):
        assert handover.sending(sending(), 1) is None

    def test_what_waits_is_not_claimed_before_its_time(self):
        waiting = replace(NEW, next_try_at_s=1100.0)

        assert claimed(waiting, now_s=1099.0) is None
        assert claimed(waiting, now_s=1100.0) is not None

    def test_a_clock_set_back_by_hours_makes_nobody_wait_for_hours(self):
        waiting = replace(NEW, next_try_at_s=1060.0)
        taken = claimed(now_s=1000.0)

        assert claimed(waiting, now_s=1000.0 - 7200.0) is not None
        assert claimed(taken, now_s=1000.0 - 7200.0) is not None

    def test_a_clock_that_differs_by_a_second_takes_nothing_from_its_owner(self):
        assert claimed(claimed(now_s=1000.0), now_s=999.0) is None

    @pytest.mark.parametrize("state", sorted({*FINAL, State.SENDING}))
    def test_what_is_settled_or_being_sent_is_not_claimed(self, state):
        progress = Progress(state=state, changed_at_s=0.0, lease_until_s=9e9)

        assert claimed(progress) is None


class TestSettling:
    def test_an_accepted_mail_is_sent_from_the_time_of_the_answer(self):
        sent = settled(sending(), Accepted("250 queued"))

        assert (sent.state, sent.changed_at_s) == (State.SENT, 1010.0)
        assert sent.note == "250 queued"

    def test_a_mail_that_certainly_did_not_leave_counts_as_no_copy(self):
        later = settled(sending(), Later("452 disk full"))

        assert (later.state, later.sendings) == (State.INTENT, 0)
        assert later.next_try_at_s == 1020.0

    def test_one_that_cannot_be_told_is_sent_once_more_and_then_no_more(self):
        unsure = settled(sending(), Unsure("no answer"))
        assert (unsure.state, unsure.sendings) == (State.UNSURE, 1)

        again = settled(sending(replace(unsure, next_try_at_s=0.0)), Unsure("none"))

        assert (again.state, again.sendings) == (State.ALARM, 2)

    def test_refused_means_that_nobody_has_it(self):
        unsure = settled(sending(), Unsure("no answer"))
        resent = sending(replace(unsure, next_try_at_s=0.0))

        assert settled(sending(), Refused("550 no")).state is State.REFUSED
        assert settled(resent, Refused("550 no")).state is State.ALARM

    def test_what_is_put_off_after_an_unsure_try_stays_unsure(self):
        unsure = settled(sending(), Unsure("no answer"))
        taken = claimed(replace(unsure, next_try_at_s=0.0))

        assert settled(taken, Later("421 busy")).state is State.UNSURE

    @pytest.mark.parametrize("result", [Later("x"), Refused("x"), Unsure("x")])
    def test_a_lost_claim_settles_nothing(self, result):
        lost = claimed(now_s=1000.0)
        taken = claimed(lost, now_s=1060.0)

        assert settled(taken, result, fence=lost.fence) is None

    def test_but_an_acceptance_is_certain_whoever_brings_it(self):
        lost = sending()
        unsure = handover.overdue(lost, 2000.0)

        assert settled(unsure, Accepted("250"), fence=lost.fence).state is State.SENT

    def test_whoever_never_came_back_from_sending_leaves_it_unsure(self):
        gone = sending()

        assert handover.overdue(gone, 1059.0) is None
        assert handover.overdue(gone, 1060.0).state is State.UNSURE

    def test_whoever_never_came_back_from_the_second_sending_leaves_an_alarm(self):
        gone = sending(replace(NEW, sendings=1))

        assert handover.overdue(gone, 1060.0).state is State.ALARM


class TestCancelling:
    @pytest.mark.parametrize("state", [State.INTENT, State.CLAIMED, State.UNSURE])
    def test_what_is_not_being_sent_can_be_cancelled(self, state):
        stopped = handover.cancelled(replace(NEW, state=state), "calls succeed", 5.0)

        assert (stopped.state, stopped.note) == (State.CANCELLED, "calls succeed")

    @pytest.mark.parametrize("state", sorted({*FINAL, State.SENDING}))
    def test_what_is_being_sent_or_settled_cannot(self, state):
        assert handover.cancelled(replace(NEW, state=state), "x", 5.0) is None

    def test_a_cancelled_claim_begins_nothing(self):
        taken = claimed()
        stopped = handover.cancelled(taken, "calls succeed", 1001.0)

        assert handover.sending(stopped, taken.fence) is None

    def test_what_was_cancelled_before_a_copy_left_can_be_intended_anew(self):
        taken = claimed()
        stopped = handover.cancelled(taken, "calls succeed", 1001.0)

        anew = handover.intended(2000.0, stopped)

        assert anew.state is State.INTENT
        assert handover.sending(anew, taken.fence) is None
        assert claimed(anew, now_s=2000.0).fence == taken.fence + 1

    def test_what_may_have_left_is_never_intended_anew(self):
        unsure = settled(sending(), Unsure("no answer"))
        stopped = handover.cancelled(unsure, "calls succeed", 1001.0)

        assert handover.intended(2000.0, stopped) is None

    @pytest.mark.parametrize("state", sorted(set(State) - {State.CANCELLED}))
    def test_what_stands_is_not_intended_twice(self, state):
        assert handover.intended(2000.0, replace(NEW, state=state)) is None

    @pytest.mark.parametrize("state", sorted(State))
    def test_only_what_was_refused_is_tried_again_for_a_person(self, state):
        again = handover.reopened(replace(NEW, state=state), 3000.0)

        assert (again is not None) == (state is State.REFUSED)

    def test_what_was_cancelled_when_it_may_have_left_goes_once_more_as_it_is(self):
        unsure = settled(sending(), Unsure("no answer"))
        stopped = handover.cancelled(unsure, "the kill switch is on", 1001.0)

        again = handover.reopened(stopped, 3000.0)

        assert (again.state, again.sendings) == (State.UNSURE, 1)
        assert handover.sending(claimed(again, now_s=3000.0), again.fence + 1)


class TestOrder:
    def test_pages_go_first_and_the_oldest_of_a_kind(self):
        entries = [
            Entry(notice("opened"), NEW),
            Entry(mail(key="x/t1"), NEW),
            Entry(mail(key="y/t1"), NEW),
        ]

        keys = [entry.key for entry in handover.due(entries, 1000.0)]

        assert keys == ["x/t1", "y/t1", notice("opened").key]

    def test_the_end_of_an_incident_is_never_told_before_its_beginning(self):
        waiting = Entry(notice("opened"), replace(NEW, next_try_at_s=1060.0))
        end = Entry(notice("resolved"), NEW)

        assert handover.due([waiting, end], 1000.0) == []
        assert handover.due([waiting, end], 1060.0) == [waiting]

    def test_one_that_nobody_came_back_with_needs_a_postman_too(self):
        gone = Entry(mail(), sending())

        assert handover.due([gone], 1059.0) == []
        assert handover.due([gone], 1060.0) == [gone]

    def test_what_was_given_up_stands_in_nobodys_way(self):
        refused = Entry(notice("opened"), replace(NEW, state=State.REFUSED))
        end = Entry(notice("resolved"), NEW)
        elsewhere = Entry(notice("a", incident_id="other"), NEW)

        assert handover.due([refused, end, elsewhere], 1000.0) == [end, elsewhere]


RESULTS = st.sampled_from([Accepted("250"), Later("451"), Refused("550"), Unsure("?")])
_STEPS = ("claim", "begin", "settle", "overdue", "cancel", "intend", "reopen")
STEPS = st.lists(
    st.tuples(
        st.sampled_from(_STEPS),
        st.integers(0, 3),
        RESULTS,
        st.floats(0.0, 200.0),
    ),
    max_size=60,
)


@given(STEPS)
def test_whatever_postmen_do_and_die_of_at_most_two_copies_can_leave(steps):  # noqa: C901
    """`left` is what reality may have seen, kept apart from what is noted."""
    progress, now_s, claims = NEW, 1000.0, []
    left, sending_by = 0, {}
    for step, number, result, passed_s in steps:
        now_s += passed_s
        fence = claims[number % len(claims)] if claims else 0
        after = None
        if step == "claim":
            after = claimed(progress, now_s=now_s)
            claims += [after.fence] if after else []
        elif step == "begin":
            after = handover.sending(progress, fence)
            if after:
                left += 1
                sending_by[fence] = True
        elif step == "settle" and sending_by.pop(fence, False):
            # The postman knows what came of its own try, however late it is.
            left -= isinstance(result, Later | Refused)
            after = settled(progress, result, fence=fence)
        elif step == "overdue":
            after = handover.overdue(progress, now_s)
        elif step == "cancel":
            after = handover.cancelled(progress, "over", now_s)
        elif step == "intend":
            after = handover.intended(now_s, progress)
        elif step == "reopen":
            after = handover.reopened(progress, now_s)
        progress = after or progress
        assert left <= handover.MOST_SENDINGS
        assert left <= progress.sendings
        if progress.state in (State.REFUSED, State.INTENT):
            assert left == 0
