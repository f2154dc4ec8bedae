"""Ours or theirs: what trying our own way changes, and what it never may."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from outage_traffic import Traffic

from agcod_guard.call import Outcome, Trouble
from agcod_guard.outage.fold import Fold, FoldState
from agcod_guard.outage.path import Finding, Route
from agcod_guard.outage.state import Phase

OPEN = Finding(True, (), "agcod-v2-eu.amazon.com:443 took a connection of ours")
EITHER = Finding(False, (), "agcod-v2-eu.amazon.com:443: timed out")
NO_NAMES = Finding(False, (Trouble.NAME,), "no name can be looked up")
NO_PROXY = Finding(False, (Trouble.REFUSED, Trouble.CONNECT), "the proxy is gone")
PROXY = "proxy.example.invalid:3128"


def seconds(first, last, step=1):
    return [float(second) for second in range(first, last + 1, step)]


def silent(traffic, *times_s, **changes):
    changes = {"outcome": Outcome.NO_ANSWER, "marked": False, "via": "", **changes}
    return traffic.fail(*times_s, **changes)


def lost(traffic, first, last, finding=NO_NAMES, trouble=Trouble.NAME, **changes):
    """Have a call fail each second, and the way tried every 20 s."""
    for second in range(first, last + 1):
        silent(traffic, float(second), trouble=trouble, **changes)
        if (second - first) % 20 == 1:
            route = {key: changes[key] for key in ("via", "source") if key in changes}
            traffic.check(second + 0.5, finding, **route)


class TestOurs:
    def test_no_names_for_twenty_seconds_are_our_own_side(self, traffic):
        lost(traffic, 100, 150)

        own = traffic.fold.own.present["Acmes/eu"]
        assert (own.since_s, own.source) == (101.5, "shop-1")
        assert own.reason == "no name can be looked up (tried from shop-1)"
        assert traffic.phases == [(Phase.SUSPECT, 104.0), (Phase.OK, 121.5)]
        assert traffic.state.reason == f"our own side: {own.reason}"

    def test_our_own_side_down_all_night_is_never_an_outage(self, traffic):
        lost(traffic, 100, 5_000)

        assert traffic.state.phase is Phase.OK
        assert traffic.state.evidence.first_failed_at_s is None

    def test_one_check_alone_is_not_enough(self, traffic):
        silent(traffic, *seconds(100, 101), trouble=Trouble.NAME)
        traffic.check(101.5, NO_NAMES)
        silent(traffic, *seconds(102, 400), trouble=Trouble.NAME)

        assert traffic.state.phase is Phase.OUTAGE

    def test_a_proxy_that_is_gone_beside_a_reference_that_answers(self, traffic):
        traffic.refer(95.0, reached=True)
        for first in range(100, 1_000, 20):
            lost(traffic, first, first + 19, NO_PROXY, Trouble.REFUSED, via=PROXY)
            traffic.refer(first + 19.5, reached=True)

        assert traffic.state.phase is Phase.OK
        assert "Acmes/eu" in traffic.fold.own.present

    def test_it_is_over_with_the_next_answer(self, traffic):
        lost(traffic, 100, 150)

        traffic.succeed(151.0)

        assert traffic.fold.own.present == {}

    def test_it_is_over_with_the_next_check_that_does_not_show_it(self, traffic):
        lost(traffic, 100, 150)

        traffic.check(155.0, EITHER)

        assert traffic.fold.own.present == {}

    def test_what_fails_afterwards_is_a_run_of_its_own(self, traffic):
        lost(traffic, 100, 150)
        traffic.check(155.0, OPEN)

        silent(traffic, *seconds(160, 400), trouble=Trouble.ANSWER)

        assert traffic.state.phase is Phase.OUTAGE
        assert traffic.state.outage.first_failed_at_s == 160.0

    def test_an_account_that_fails_for_the_first_time_is_told_of_as_well(self, traffic):
        lost(traffic, 100, 150)

        silent(traffic, 151.0, trouble=Trouble.NAME, scope="Other/eu")

        assert "Other/eu" in traffic.fold.own.present

    def test_the_reference_tells_it_too(self, traffic):
        traffic.refer(95.0, reached=True)
        silent(traffic, *seconds(100, 110))
        traffic.refer(111.0, reached=False)
        traffic.refer(131.0, reached=False)
        assert traffic.fold.own.present["Acmes/eu"].by_reference

        traffic.refer(151.0, reached=True)

        assert traffic.fold.own.present == {}

    def test_a_restart_changes_nothing(self, traffic):
        lost(traffic, 100, 150)
        kept = msgspec.json.encode(traffic.fold.at_rest())

        again = Fold.resumed(msgspec.json.decode(kept, type=FoldState), traffic.policy)

        assert again.at_rest() == traffic.fold.at_rest()
        assert again.own.present == traffic.fold.own.present


class TestNotOurs:
    def test_amazons_own_word_keeps_the_run(self, traffic):
        traffic.fail(100.0)
        lost(traffic, 101, 400)

        assert traffic.phases[-1] == (Phase.OUTAGE, 280.0)
        assert traffic.fold.own.present == {}

    def test_a_declared_outage_is_never_cleared(self, traffic):
        traffic.fail(*seconds(100, 300))
        lost(traffic, 301, 400)

        assert traffic.state.phase is Phase.OUTAGE
        assert traffic.fold.own.present == {}

    @pytest.mark.parametrize(
        "trouble", [None, Trouble.ANSWER, Trouble.CONNECT, Trouble.REFUSED]
    )
    def test_calls_that_tell_another_tale_are_believed(self, traffic, trouble):
        lost(traffic, 100, 400, trouble=trouble)

        assert traffic.state.phase is Phase.OUTAGE

    def test_a_call_that_comes_further_than_the_check_refutes_it(self, traffic):
        lost(traffic, 100, 150)

        silent(traffic, 151.0, trouble=Trouble.ANSWER)

        assert traffic.fold.own.present == {}
        assert traffic.state.evidence.first_failed_at_s == 151.0

    def test_a_check_of_another_route_has_no_say(self, traffic):
        for second in seconds(100, 400):
            silent(traffic, second, trouble=Trouble.NAME)
            traffic.check(second + 0.5, NO_NAMES, via=PROXY)

        assert traffic.state.phase is Phase.OUTAGE

    def test_what_may_be_either_side_clears_nothing(self, traffic):
        lost(traffic, 100, 400, EITHER, Trouble.CONNECT)

        assert traffic.state.phase is Phase.OUTAGE
        assert not traffic.state.outage.path_proven

    def test_one_machines_broken_way_says_nothing_of_anothers_calls(self, traffic):
        lost(traffic, 100, 150)

        for second in seconds(151, 400):
            silent(traffic, second, trouble=Trouble.NAME)
            silent(traffic, second + 0.2, source="shop-2", trouble=Trouble.ANSWER)
        silent(traffic, 401.0, source="shop-3", trouble=Trouble.ANSWER)

        assert traffic.state.phase is Phase.OUTAGE
        assert traffic.state.outage.first_failed_at_s == 151.2
        assert traffic.fold.own.present["Acmes/eu"].source == "shop-1"

    def test_a_run_that_two_machines_share_takes_both_of_them_to_clear(self, traffic):
        for second in range(100, 400):
            silent(traffic, second + 0.2, source="shop-2", trouble=Trouble.ANSWER)
            lost(traffic, second, second)
            traffic.check(second + 0.5, NO_NAMES)

        assert traffic.state.phase is Phase.OUTAGE
        assert traffic.state.outage.first_failed_at_s == 100.2

    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["marked", "silent", "check", "refer"]),
                st.sampled_from([*Trouble, None]),
                st.sampled_from([OPEN, EITHER, NO_NAMES, NO_PROXY]),
            ),
            max_size=120,
        )
    )
    def test_nothing_ever_hides_that_amazon_says_it_fails(self, happenings):
        traffic = Traffic()
        traffic.fail(0.0)
        for at_s, (kind, trouble, finding) in enumerate(happenings, start=1):
            match kind:
                case "marked":
                    traffic.fail(float(at_s))
                case "silent":
                    silent(traffic, float(at_s), trouble=trouble)
                case "check":
                    traffic.check(float(at_s), finding)
                case _:
                    traffic.refer(float(at_s), reached=False)

        assert traffic.state.evidence.first_failed_at_s == 0.0
        assert traffic.fold.own.present == {}


class TestOpenWay:
    def test_a_handshake_proves_our_way_for_calls_that_get_no_answer(self, traffic):
        lost(traffic, 100, 400, OPEN, Trouble.ANSWER)

        assert traffic.state.phase is Phase.OUTAGE
        assert traffic.state.outage.path_proven

    @pytest.mark.parametrize(
        "trouble", [Trouble.NAME, Trouble.UNTRUSTED, Trouble.CONNECT, Trouble.NO_ROUTE]
    )
    def test_not_if_the_calls_never_came_that_far(self, traffic, trouble):
        lost(traffic, 100, 400, OPEN, trouble)

        assert not traffic.state.outage.path_proven

    def test_not_where_nobody_knows_which_way_the_calls_went(self, traffic):
        lost(traffic, 100, 400, OPEN, Trouble.ANSWER, via=None)

        assert not traffic.state.outage.path_proven

    def test_after_a_check_that_failed_it_takes_two(self, traffic):
        silent(traffic, *seconds(100, 110), trouble=Trouble.ANSWER)

        proofs = []
        for at_s, finding in [(111.0, EITHER), (112.0, OPEN), (113.0, OPEN)]:
            traffic.check(at_s, finding)
            proofs.append(traffic.state.evidence.proof_at_s)

        assert proofs == [None, None, 113.0]

    def test_beside_a_reference_that_is_of_no_use_it_lets_them_count(self, traffic):
        traffic.refer(95.0, reached=True)
        silent(traffic, *seconds(100, 110), trouble=Trouble.ANSWER)
        traffic.refer(111.0, reached=False)
        traffic.check(112.0, OPEN)
        lost(traffic, 113, 400, OPEN, Trouble.ANSWER)

        assert traffic.state.phase is Phase.OUTAGE


class TestRoutes:
    def test_a_way_is_tried_from_the_first_unexplained_failure_on(self, traffic):
        silent(traffic, 100.0)

        assert traffic.fold.routes_to_check("shop-1") == [Route("eu", via="")]
        assert traffic.fold.routes_to_check("shop-2") == []

    def test_not_for_single_failures_that_amazon_has_told_of(self, traffic):
        traffic.fail(100.0)
        assert traffic.fold.routes_to_check("shop-1") == []

        traffic.fail(*seconds(101, 105))

        assert traffic.fold.routes_to_check("shop-1") == [Route("eu")]

    @pytest.mark.parametrize("outcome", [Outcome.SUCCESS, Outcome.REJECTED])
    def test_nor_once_an_answer_has_come(self, traffic, outcome):
        silent(traffic, 100.0)

        traffic.see(traffic.ended(101.0, outcome))

        assert traffic.fold.routes_to_check("shop-1") == []

    def test_nor_once_it_is_an_outage(self, traffic):
        silent(traffic, *seconds(100, 300))

        assert traffic.fold.routes_to_check("shop-1") == []

    def test_nor_to_where_nobody_knows_the_way(self, traffic):
        silent(traffic, 100.0, scope="Acmes/eu-loopback")

        assert traffic.fold.routes_to_check("shop-1") == []
