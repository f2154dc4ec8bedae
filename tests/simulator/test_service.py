"""What AGCOD does, operation by operation, without a socket."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agcod_guard.call import Endpoint, Environment
from agcod_guard.protocol.failures import FAILURES
from agcod_guard.protocol.operations import OPERATIONS
from agcod_guard.simulator.refusals import MOCKS
from agcod_guard.simulator.service import Service
from agcod_guard.simulator.signing import signed_headers
from agcod_guard.simulator.wire import read_request

SERIAL = "1400000000000017"


def test_a_create_gives_a_fake_card_of_the_value_asked_for(eu):
    answer = eu.create("Acmes001", 25.5)

    assert answer.wording == "SUCCESS"
    assert answer.created
    assert answer.fields["cardInfo"]["value"] == {
        "currencyCode": "GBP",
        "amount": 25.5,
    }
    assert re.fullmatch(r"(\w)\1{3}-(\w)\2{5}-(\w)\3{3}", answer.fields["gcClaimCode"])


def test_a_repeated_create_gives_the_same_card_and_debits_once(eu):
    first = eu.create("Acmes001", 40)
    again = eu.create("Acmes001", 40)

    assert again.fields == first.fields
    assert not again.created
    assert eu.funds() == 60


def test_the_same_id_with_another_amount_is_a_denomination_mismatch(eu):
    eu.create("Acmes001", 40)

    assert eu.create("Acmes001", 41).wording == "F200 RequestedDenominationMismatch"


def test_a_create_after_its_cancel_succeeds_as_refunded_with_the_code(eu):
    code = eu.create("Acmes001").fields["gcClaimCode"]
    eu.cancel("Acmes001")

    again = eu.create("Acmes001")

    assert again.wording == "SUCCESS"
    assert again.fields["cardInfo"]["cardStatus"] == "RefundedToPurchaser"
    assert again.fields["gcClaimCode"] == code


def test_a_card_can_be_cancelled_for_fifteen_minutes_and_not_longer(eu):
    eu.create("Acmes001", 10)
    eu.create("Acmes002", 10)
    eu.clock.advance(900)
    in_time = eu.cancel("Acmes001")
    eu.clock.advance(1)

    assert in_time.wording == "SUCCESS"
    assert eu.cancel("Acmes001").wording == "SUCCESS"
    assert eu.cancel("Acmes002").wording == "F200 CancelRequestArrivedAfterTimeLimit"
    assert eu.funds() == 90


def test_no_card_can_be_cancelled_that_was_never_made(eu):
    assert eu.cancel("Acmes404").wording == "F200 CardNotFound"


def test_funds_run_down_until_they_do_not_suffice(eu):
    assert eu.create("Acmes001", 70).wording == "SUCCESS"
    assert eu.create("Acmes002", 31).wording == "F300 InsufficientFunds"
    assert eu.create("Acmes003", 30).wording == "SUCCESS"
    assert eu.funds() == 0


def test_accounts_do_not_share_funds_or_cards(eu):
    eu.create("Acmes001", 100)

    other = eu.ask(
        "CreateGiftCard",
        partnerId="Other",
        creationRequestId="Other001",
        value={"currencyCode": "GBP", "amount": 100},
    )

    assert other.created


@pytest.mark.parametrize(
    ("fields", "wording"),
    [
        ({"partnerId": ""}, "F200 InvalidPartnerIdInput"),
        ({"creationRequestId": None}, "F200 InvalidRequestIdInput"),
        ({"creationRequestId": "X1"}, "F200 RequestIdMustStartWithPartnerName"),
        ({"creationRequestId": "acmes1"}, "F200 RequestIdMustStartWithPartnerName"),
        ({"creationRequestId": "Acmes" + 36 * "1"}, "F200 RequestIdTooLong"),
        ({"value": None}, "F200 InvalidAmountInput"),
        ({"value": {"currencyCode": "GBP"}}, "F200 InvalidAmountInput"),
        (
            {"value": {"currencyCode": "GBP", "amount": "NaN"}},
            "F200 InvalidAmountInput",
        ),
        ({"value": {"currencyCode": "GBP", "amount": 0}}, "F200 InvalidAmountValue"),
        ({"value": {"currencyCode": "GBP", "amount": -1}}, "F200 InvalidAmountValue"),
        ({"value": {"amount": 1}}, "F200 InvalidCurrencyCodeInput"),
        ({"value": {"currencyCode": "USD", "amount": 1}}, "F200 CurrencyCodeMismatch"),
    ],
)
def test_a_create_with_unusable_fields_is_refused_by_name(eu, fields, wording):
    good = {
        "creationRequestId": "Acmes001",
        "value": {"currencyCode": "GBP", "amount": 1},
    }

    assert eu.ask("CreateGiftCard", **(good | fields)).wording == wording


@pytest.mark.parametrize(
    ("region", "currency", "amount", "wording"),
    [
        ("na", "USD", "0.14", "F200 AmountBelowMinThreshold"),
        ("na", "USD", 2000, "SUCCESS"),
        ("na", "USD", "2000.01", "F200 MaxAmountExceeded"),
        ("fe", "JPY", "500.5", "F200 FractionalAmountNotAllowed"),
        ("fe", "JPY", "500.0", "SUCCESS"),
    ],
)
def test_amounts_have_the_limits_of_their_currency(
    region, currency, amount, wording, counter_at
):
    counter = counter_at(region, Environment.LOOPBACK)

    assert counter.create("Acmes001", amount, currency).wording == wording


def test_cards_expire_after_ten_years_except_in_america(eu, counter_at):
    na = counter_at("na", Environment.LOOPBACK)

    expires = eu.create("Acmes001").fields["gcExpirationDate"]

    assert expires == "Thu Jan 15 22:59:59 UTC 2037"
    assert na.create("Acmes001", 5, "USD").fields["gcExpirationDate"] is None


def test_a_physical_card_is_activated_checked_and_taken_back(eu):
    activated = eu.activate("Acmes001", SERIAL + "123", 60)
    status = eu.ask(
        "ActivationStatusCheck", statusCheckRequestId="Acmes001", cardNumber=SERIAL
    )
    taken = eu.ask(
        "DeactivateGiftCard", activationRequestId="Acmes001", cardNumber=SERIAL
    )

    assert activated.created
    assert activated.fields["cardInfo"]["cardNumber"] == SERIAL
    assert status.fields["cardInfo"]["cardStatus"] == "Activated"
    assert taken.fields["cardInfo"]["cardStatus"] == "AwaitingActivation"
    assert eu.funds() == 100


def test_a_card_taken_back_twice_is_paid_back_once(eu):
    eu.activate("Acmes001", SERIAL, 60)
    ids = {"activationRequestId": "Acmes001", "cardNumber": SERIAL}

    answers = [eu.ask("DeactivateGiftCard", **ids) for _ in range(2)]
    status = eu.ask(
        "ActivationStatusCheck", statusCheckRequestId="Acmes001", cardNumber=SERIAL
    )

    assert [answer.wording for answer in answers] == ["SUCCESS", "SUCCESS"]
    assert status.fields["cardInfo"]["cardStatus"] == "AwaitingActivation"
    assert eu.funds() == 100
    assert eu.activate("Acmes002", SERIAL, 60).created


def test_a_repeated_activation_gives_the_first_answer_and_debits_once(eu):
    first = eu.activate("Acmes001", SERIAL, 60)
    again = eu.activate("Acmes001", SERIAL, 60)

    assert (again.fields, again.created) == (first.fields, False)
    assert eu.funds() == 40


@pytest.mark.parametrize(
    ("request_id", "card", "amount", "wording"),
    [
        ("Acmes001", SERIAL, 11, "F200 CardActivatedWithDifferentDenomination"),
        ("Acmes001", "1" * 16, 10, "F200 ActivationRequestIdAlreadyBeenUsed"),
        ("Acmes002", SERIAL, 10, "F200 CardAlreadyActivatedWithDifferentRequestId"),
        ("Acmes002", "1" * 15, 10, "F200 CardNumberTooShort"),
        ("Acmes002", "14AA", 10, "F200 InvalidCardNumberInput"),
    ],
)
def test_an_activation_that_does_not_fit_is_refused_by_name(
    eu, request_id, card, amount, wording
):
    eu.activate("Acmes001", SERIAL, 10)

    assert eu.activate(request_id, card, amount).wording == wording


@pytest.mark.parametrize(
    ("request_id", "card", "wording"),
    [
        ("Acmes404", SERIAL, "F200 NonExistingActivationRequestId"),
        ("Acmes001", "1" * 16, "F200 WrongActivationRequestId"),
    ],
)
def test_only_the_activation_itself_can_be_taken_back(eu, request_id, card, wording):
    eu.activate("Acmes001", SERIAL, 10)

    answer = eu.ask(
        "DeactivateGiftCard", activationRequestId=request_id, cardNumber=card
    )

    assert answer.wording == wording


def test_a_balance_load_debits_once_and_can_be_voided(eu):
    load = {
        "loadBalanceRequestId": "Acmes001",
        "account": {"id": "FAKE-BARCODE", "type": "0"},
        "amount": {"currencyCode": "GBP", "value": 30},
    }
    first, again = (
        eu.ask("LoadAmazonBalance", **load),
        eu.ask("LoadAmazonBalance", **load),
    )
    loaded = eu.funds()
    voids = [
        eu.ask("VoidAmazonBalanceLoad", loadBalanceRequestId="Acmes001").wording
        for _ in range(2)
    ]

    assert (first.created, again.created, again.wording) == (True, False, "SUCCESS")
    assert (loaded, voids, eu.funds()) == (70, ["SUCCESS", "SUCCESS"], 100)


def test_a_customer_is_needed_to_validate_a_balance_load(eu):
    name = "ValidateAccountForAmazonBalanceLoad"

    assert eu.ask(name, account={"id": "FAKE-BARCODE"}).wording == "SUCCESS"
    assert eu.ask(name).wording == "F200 InvalidRequestInput"


def test_the_activity_page_lists_real_orders_of_its_period(eu):
    eu.create("Acmes001", 10)
    eu.create("Acmes001", 10)
    eu.clock.advance(3600)
    eu.create("Acmes002", 1000)
    period = {
        "utcStartDate": "2027-01-15T07:00:00",
        "utcEndDate": "2027-01-15T10:00:00Z",
    }

    page = eu.ask("GetGiftCardActivityPage", requestId="Acmes9", **period)
    second = eu.ask(
        "GetGiftCardActivityPage", requestId="Acmes9", pageIndex=1, **period
    )
    every = eu.ask(
        "GetGiftCardActivityPage", requestId="Acmes9", showNoOps=True, **period
    )

    rows = page.fields["cardActivityList"]
    assert [(row["requestId"], row["failureCode"]) for row in rows] == [
        ("Acmes001", None),
        ("Acmes002", "F300"),
    ]
    assert second.fields["cardActivityList"] == rows[1:]
    assert every.fields["totalNumberOfTransactionsInRequestedTimeFrame"] == 3


@pytest.mark.parametrize(
    ("fields", "wording"),
    [
        ({"utcStartDate": "yesterday"}, "F200 InvalidDateFormat"),
        ({"utcEndDate": "2026-01-01T00:00:00"}, "F200 StartDateAfterEndDate"),
        ({"pageIndex": -1}, "F200 InvalidPageIndex"),
        ({"pageSize": "many"}, "F200 InvalidPageSize"),
        ({"pageSize": 1001}, "F200 MaxPageSizeExceeded"),
    ],
)
def test_an_activity_page_that_cannot_be_is_refused_by_name(eu, fields, wording):
    good = {
        "utcStartDate": "2027-01-15T07:00:00",
        "utcEndDate": "2027-01-15T10:00:00",
    }

    assert eu.ask("GetGiftCardActivityPage", **(good | fields)).wording == wording


@pytest.mark.parametrize("mock", sorted(set(MOCKS) - {"F0000"}))
def test_each_mock_id_gets_its_answer_and_has_no_effect(eu, mock):
    answer = eu.create(mock)

    assert answer.refusal == MOCKS[mock]
    assert answer.refusal.code == f"{mock[:2]}00"
    assert eu.funds() == 100


def test_every_mock_id_that_is_known_is_answered():
    known = {mock_id for row in FAILURES for mock_id in row.mock_ids}

    assert known | {"F0000", "F1000"} == set(MOCKS)


def test_mock_success_is_a_fixed_card_that_costs_nothing(eu):
    first, again = eu.create("F0000"), eu.create("F0000", 99)

    assert first.fields["gcClaimCode"] == again.fields["gcClaimCode"]
    assert first.fields["gcExpirationDate"] is None
    assert not first.created
    assert eu.funds() == 100


def test_production_takes_a_mock_id_for_a_wrong_id(counter_at):
    production = counter_at("eu", Environment.PRODUCTION)

    assert (
        production.create("F5000").wording == "F200 RequestIdMustStartWithPartnerName"
    )


def test_the_sandbox_always_says_that_there_are_no_funds(counter_at):
    sandbox = counter_at("eu", Environment.SANDBOX)

    assert sandbox.create("Acmes001").wording == "SUCCESS"
    assert sandbox.funds() == 0


def test_an_unknown_operation_is_not_found(eu):
    answer = eu.ask("DesactivateGiftCard")

    assert answer.refusal.http_status == 404
    assert answer.wording == "UnknownOperationException"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_known_operation_asks_for_its_fields(eu, operation):
    answer = eu.service.answer(read_request(f"/{operation}", {}, b""), now_s=0)

    assert answer.wording == "F200 InvalidRequestInput"


@pytest.mark.parametrize(
    ("headers", "problem"),
    [
        ({}, "Missing Authentication Token"),
        ({"authorization": "Basic Zm9v"}, "not an AWS4-HMAC-SHA256 one"),
    ],
)
def test_an_unsigned_request_is_denied_with_a_message(headers, problem):
    service = Service(Endpoint("eu"))

    answer = service.answer(read_request("/GetAvailableFunds", headers, b"{}"), now_s=0)

    assert answer.refusal.http_status == 403
    assert answer.refusal.code is None
    assert problem in answer.refusal.message


@pytest.mark.parametrize(
    ("signed_for", "wording"),
    [("us-west-2", "SUCCESS"), ("eu-west-1", "IncompleteSignatureException")],
)
def test_the_far_east_wants_its_american_signing_region(signed_for, wording):
    body = json.dumps({"partnerId": "Acmes"}).encode()
    url = "https://agcod-v2-fe.amazon.com/GetAvailableFunds"
    signed = signed_headers(url, body, region=signed_for, now_s=1_800_000_000)
    headers = {name.lower(): value for name, value in signed.items()}

    answer = Service(Endpoint("fe")).answer(
        read_request("/GetAvailableFunds", headers, body), now_s=0
    )

    assert answer.wording == wording


def test_claim_codes_differ_from_card_to_card(eu):
    made = [eu.create(f"Acmes{n}", "0.01").fields["gcClaimCode"] for n in range(2000)]

    assert len(set(made)) == len(made)


orders = st.lists(
    st.tuples(
        st.sampled_from(["create", "cancel"]),
        st.sampled_from(["Acmes1", "Acmes2", "Acmes3"]),
        st.integers(1, 60),
    ),
    max_size=30,
)


@given(orders=orders)
def test_funds_are_always_the_opening_less_the_cards_that_stand(orders, counter_at):
    counter = counter_at("eu", Environment.LOOPBACK, opening_funds=100)
    standing = {}
    for kind, request_id, amount in orders:
        if kind == "cancel":
            if counter.cancel(request_id).wording == "SUCCESS":
                standing[request_id] = 0
        elif counter.create(request_id, amount).created:
            standing[request_id] = amount

    assert counter.funds() == 100 - sum(standing.values()) >= 0


@given(body=st.binary(max_size=200), operation=st.sampled_from(sorted(OPERATIONS)))
def test_no_body_whatever_makes_the_service_raise(body, operation, counter_at):
    counter = counter_at("eu", Environment.LOOPBACK)

    request = read_request(f"/{operation}", {}, body)

    assert counter.service.answer(request, now_s=0).wording


ODD_VALUES = (
    *(None, True, -1, 1e308, "", "x", "NaN", [], [1], {}, {"id": 1}, {"amount": []}),
    {"amount": 1, "currencyCode": ["GBP"]},
    {"value": 1, "currencyCode": "GBP"},
)
NAMES = (
    *("value", "amount", "account", "cardNumber", "pageIndex", "pageSize"),
    *("partnerId", "creationRequestId", "activationRequestId", "loadBalanceRequestId"),
)


@given(
    fields=st.dictionaries(st.sampled_from(NAMES), st.sampled_from(ODD_VALUES)),
    operation=st.sampled_from(sorted(OPERATIONS)),
)
def test_no_field_of_a_wrong_type_makes_the_service_raise(
    fields, operation, counter_at
):
    counter = counter_at("eu", Environment.LOOPBACK)
    ids = {"creationRequestId": "Acmes1", "activationRequestId": "Acmes1"}

    assert counter.ask(operation, **(ids | fields)).wording
