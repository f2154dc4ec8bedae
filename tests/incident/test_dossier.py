"""The dossier: what is counted, where it begins, and where it ends."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from agcod_guard.call import Endpoint, Outcome
from agcod_guard.incident import dossier as module
from agcod_guard.incident import tally
from agcod_guard.incident.dossier import DossierBuilder


def test_retries_of_an_order_are_calls_but_one_order(call, dossier, incident):
    retries = [call(n, request_id="Acmes1", at_s=call(n).ended_at_s) for n in range(3)]

    facts = dossier(incident, retries, call(3))

    assert (facts.calls, facts.failed, facts.failed_orders) == (4, 4, 2)
    assert facts.undelivered == {"GBP": Decimal("50.00")}


def test_calls_without_a_request_id_count_each_as_an_order(call, dossier, incident):
    nameless = [call(n, request_id=None) for n in range(3)]

    facts = dossier(incident, nameless)

    assert facts.failed_orders == 3
    assert facts.errors[0].orders == 3


def test_it_begins_with_the_first_failing_call(call, success, dossier, incident):
    before = [success(-n, at_s=call(-n).ended_at_s) for n in (3, 2, 1)]

    facts = dossier(replace(incident, last_success_at_s=None), before, call(0))

    assert (facts.calls, facts.succeeded) == (1, 0)
    assert facts.last_success_at_s == before[-1].ended_at_s
    assert facts.latency_before is not None
    assert facts.latency_before.calls == 3


def test_the_first_call_is_known_by_its_id_even_if_clocks_drifted(
    call, success, dossier, incident
):
    drifted = replace(incident, first_failed_at_s=incident.first_failed_at_s + 0.4)

    facts = dossier(drifted, success(-1), call(0), call(1))

    assert facts.failed == 2


def test_if_the_first_call_is_lost_time_tells_where_it_begins(
    call, success, dossier, incident
):
    facts = dossier(incident, success(-1), call(1), call(2))

    assert (facts.calls, facts.failed) == (2, 2)


def test_it_ends_before_the_first_success_after(call, success, dossier, incident):
    over = replace(incident, first_success_at_s=call(10).ended_at_s)

    facts = dossier(over, call(0), call(1), success(10), call(11), success(12))

    assert (facts.calls, facts.failed, facts.succeeded) == (2, 2, 0)
    assert len(facts.first_calls) == 5


def test_a_relapse_is_one_outage_with_successes_in_between(
    call, success, dossier, incident
):
    facts = dossier(incident, call(0), success(5), call(9))

    assert (facts.calls, facts.failed, facts.succeeded) == (3, 2, 1)


def test_an_order_delivered_later_is_no_longer_owed(call, success, dossier, incident):
    over = replace(incident, first_success_at_s=call(10).ended_at_s)
    resent = success(10, request_id=call(0).request_id)

    facts = dossier(over, call(0), call(1), resent, resent)

    assert facts.undelivered == {"GBP": Decimal("25.00")}
    assert facts.undelivered_orders == 1
    assert facts.failed_orders == 2


def test_a_cancelled_order_is_not_a_delivered_one(call, success, dossier, incident):
    cancelled = success(
        1, operation="CancelGiftCard", request_id=call(0).request_id, amount=None
    )

    facts = dossier(incident, call(0), cancelled)

    assert facts.undelivered_orders == 1


@pytest.mark.parametrize("amount", ["NaN", "-5", "1E+999999"])
def test_an_absurd_amount_is_not_added_up(call, dossier, incident, amount):
    facts = dossier(incident, call(0, amount=Decimal(amount)), call(1))

    assert facts.undelivered == {"GBP": Decimal("25.00")}


def test_refusals_are_neither_failed_nor_owed(call, dossier, incident):
    refused = call(1, outcome=Outcome.ACCOUNT, error_code="F300", error_type="X")

    facts = dossier(incident, call(0), refused)

    assert (facts.calls, facts.failed, facts.failed_orders) == (2, 1, 1)
    assert [(e.error, e.technical) for e in facts.errors] == [
        ("F500 GeneralError", True),
        ("F300 X", False),
    ]
    assert facts.undelivered_orders == 1


def test_errors_are_counted_without_what_differs_each_time(call, dossier, incident):
    silent = {"status": None, "error_code": None, "error_type": None}
    calls = [
        call(n, exception="ReadTimeout", duration_s=6 + n / 10, **silent)
        for n in range(3)
    ]

    (error,) = dossier(incident, calls).errors

    assert (error.error, error.calls) == ("no response: ReadTimeout", 3)
    assert error.first_at_s == calls[0].ended_at_s
    assert error.last_at_s == calls[2].ended_at_s


def test_our_own_test_calls_are_counted_apart(call, success, dossier, incident):
    probes = [call(1, probe=True), success(2, probe=True)]

    facts = dossier(incident, call(0), probes)

    assert (facts.calls, facts.failed_orders) == (1, 1)
    assert facts.probes.calls == 2
    assert (facts.probes.failed, facts.probes.succeeded) == (1, 1)


def test_other_endpoints_and_accounts_are_counted_while_it_lasts(
    call, success, dossier, incident
):
    na = Endpoint("na")
    over = replace(incident, first_success_at_s=call(10).ended_at_s)
    others = [
        success(-1, endpoint=na),
        success(1, endpoint=na),
        call(2, endpoint=na),
        success(3, partner_id="Other"),
        success(11, endpoint=na),
    ]

    facts = dossier(over, call(0), others)

    assert [(str(t.scope), t.calls, t.succeeded, t.failed) for t in facts.others] == [
        ("Acmes/na", 2, 1, 1),
        ("Other/eu", 1, 1, 0),
    ]


def test_the_sample_is_the_first_with_an_f_code_and_a_request_id(
    call, sample, dossier, incident
):
    nameless = call(0, request_id=None)
    plain = call(1, error_code=None, error_type=None, status=503)
    best, later = call(2), call(3)

    facts = dossier(
        incident,
        *(
            part
            for each in (nameless, plain, best, later)
            for part in (each, sample(each))
        ),
    )

    assert facts.sample_call is best
    assert facts.sample == sample(best)


def test_a_request_id_counts_more_for_the_sample_than_being_first(
    call, sample, dossier, incident
):
    nameless = call(0, request_id=None)
    named = call(1, error_code=None, error_type=None, status=503)

    facts = dossier(incident, nameless, sample(nameless), named, sample(named))

    assert facts.sample_call is named


def test_the_sample_of_a_refused_or_foreign_call_is_not_taken(
    call, sample, dossier, incident
):
    denied = call(1, outcome=Outcome.DENIED)
    foreign = call(2, endpoint=Endpoint("na"))

    facts = dossier(incident, call(0), denied, sample(denied), foreign, sample(foreign))

    assert facts.sample is None
    assert facts.sample_call == call(0)


def test_a_sample_may_come_before_its_call(call, sample, dossier, incident):
    facts = dossier(incident, sample(call(0)), call(0))

    assert facts.sample == sample(call(0))


def test_our_clock_is_compared_with_the_answers_date(call, sample, dossier, incident):
    calls = [call(n) for n in range(3)]
    dates = ("11:05:05", "11:05:06", "06:00:00")
    parts = [
        part
        for each, date in zip(calls, dates, strict=True)
        for part in (each, sample(each, date=f"Sun, 22 Nov 2026 {date} GMT"))
    ]

    facts = dossier(incident, *parts)

    assert facts.clock_offset_s == pytest.approx(600, abs=1)
    assert facts.clock_answers == 3


def test_without_a_date_our_clock_is_not_compared(call, sample, dossier, incident):
    facts = dossier(incident, call(0), replace_answer(sample(call(0))))

    assert facts.clock_offset_s is None


def replace_answer(sample):
    return type(sample)(
        call_id=sample.call_id, wall_ns=0, mono_ns=0, request=sample.request
    )


def test_it_may_be_asked_at_any_time_and_goes_on(call, incident):
    builder = DossierBuilder(incident)
    builder.add_call(call(0))
    early = builder.dossier()
    builder.add_call(call(1))

    assert (early.calls, builder.dossier().calls) == (1, 2)


def test_five_orders_are_listed_each_once(call, dossier, incident):
    calls = [call(n, request_id=f"Acmes{n // 2}") for n in range(20)]

    facts = dossier(incident, calls)

    listed = [each.request_id for each in facts.failed_examples]
    assert listed == [f"Acmes{n}" for n in range(5)]


def test_memory_is_bounded_and_what_is_left_out_is_said(
    call, dossier, incident, monkeypatch
):
    monkeypatch.setattr(module, "CALLS_AT_EACH_END", 3)
    monkeypatch.setattr(tally, "MOST_ORDERS", 4)
    monkeypatch.setattr(tally, "MOST_ERRORS", 2)

    facts = dossier(incident, [call(n, error_type=f"E{n}") for n in range(10)])

    kept = [each.call_id[-1] for each in (*facts.first_calls, *facts.last_calls)]
    assert kept == ["0", "1", "2", "7", "8", "9"]
    assert facts.omitted_calls == 4
    assert (facts.failed_orders, facts.orders_truncated) == (4, True)
    assert [(e.error, e.calls) for e in facts.errors] == [
        ("other errors", 8),
        ("F500 E0", 1),
        ("F500 E1", 1),
    ]


def test_percentiles_are_within_one_per_cent(call, dossier, incident):
    calls = [call(n, duration_s=(n + 1) / 100) for n in range(100)]

    latency = dossier(incident, calls).latency_since

    assert latency is not None
    assert latency.calls == 100
    assert latency.p50_s == pytest.approx(0.50, rel=0.011)
    assert latency.p95_s == pytest.approx(0.95, rel=0.011)
    assert latency.max_s == 1.0


def test_orders_that_amazon_can_look_up_are_listed_first(call, dossier, incident):
    calls = [call(number, request_id=None) for number in range(6)]
    calls += [call(number) for number in range(6, 9)]

    listed = dossier(incident, calls).failed_examples

    assert [each.request_id is None for each in listed] == [0, 0, 0, 1, 1]
