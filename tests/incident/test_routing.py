"""Every failure finds the door that can help, or is told that none can."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from agcod_guard.incident.routing import (
    Route,
    for_account,
    for_request,
    for_trouble,
    marketplace_of,
    to_integration,
    to_pager,
)
from agcod_guard.incident.troubles import AccountTrouble
from agcod_guard.protocol.contacts import Contact, Contacts
from agcod_guard.protocol.endpoints import MARKETPLACES
from agcod_guard.protocol.failures import CLASSES, FAILURES, Door, failure_of
from agcod_guard.settings import Settings

CONTACTS = Settings().contacts
INTEGRATION = "incentives-api@giftcards.amazon.com"
FUNDS = failure_of("F300", "InsufficientFunds")


def route(code: str | None, kind: str | None, marketplace: str | None = "UK") -> Route:
    return for_account(failure_of(code, kind), CONTACTS, marketplace=marketplace)


def test_an_outage_goes_to_the_pager_with_its_source_and_date():
    assert to_pager(CONTACTS, 1) == Route(
        door=Door.URGENT,
        to=("amazon-agcod-partner-urgent@amazon.com",),
        promise="on call day and night",
        source="A-OUT",
        as_of=date(2022, 12, 16),
    )


def test_a_failure_of_the_account_goes_to_the_countrys_operations_team():
    assert route("F300", "InsufficientFunds") == Route(
        door=Door.OPERATIONS,
        to=("corporate-gifts@giftcards.amazon.com",),
        promise="an answer within 1 business day",
        source="A-OUT",
        as_of=date(2022, 12, 16),
    )


def test_the_account_manager_gets_a_copy_if_one_is_set():
    found = for_account(
        FUNDS, CONTACTS, marketplace="UK", account_manager="am@example.invalid"
    )

    assert found.cc == ("am@example.invalid",)


@pytest.mark.parametrize("code", ["PL", "BE", "ZA"])
def test_a_country_without_a_team_goes_to_integration_and_says_so(code):
    found = route("F300", "InsufficientFunds", code)

    assert (found.door, found.to) == (Door.INTEGRATION, (INTEGRATION,))
    assert found.promise == "no time is promised"
    assert found.notes[0].startswith(f"Amazon lists no operations team for {code}")


def test_an_integration_address_of_the_partners_own_stands_in_for_every_team():
    row = Contact(door=Door.INTEGRATION, address="new@example.invalid", source="us")
    contacts = CONTACTS.replaced_by(Contacts((row,)))

    found = for_account(FUNDS, contacts, marketplace="PL")

    assert (found.door, found.to) == (Door.INTEGRATION, ("new@example.invalid",))


def test_an_operations_address_of_the_partners_own_is_used_where_amazon_lists_none():
    row = Contact(
        door=Door.OPERATIONS,
        marketplace="PL",
        address="pl@example.invalid",
        source="us",
    )
    contacts = CONTACTS.replaced_by(Contacts((row,)))

    found = for_account(FUNDS, contacts, marketplace="PL")

    assert (found.door, found.to) == (Door.OPERATIONS, ("pl@example.invalid",))


def test_without_a_country_it_goes_to_integration_and_says_so():
    found = route("F300", "InsufficientFunds", None)

    assert (found.door, found.to) == (Door.INTEGRATION, (INTEGRATION,))
    assert "country is not known" in found.notes[0]


def test_a_country_nobody_has_heard_of_goes_to_integration_and_says_so():
    found = route("F300", "InsufficientFunds", "XX")

    assert (found.door, found.to) == (Door.INTEGRATION, (INTEGRATION,))
    assert "no operations team for XX" in found.notes[0]


def test_the_address_that_only_the_older_list_has_is_to_be_confirmed_first():
    found = route("F300", "InsufficientFunds", "CN")

    assert found.to == ("cn-gc-salesops@amazon.com",)
    assert found.as_of is None
    assert "confirm it before sending" in found.notes[-1]


@pytest.mark.parametrize("code", [place.code for place in MARKETPLACES])
def test_every_country_has_a_door_with_a_source(code):
    found = route("F300", "ActiveContractNotFound", code)

    assert found.is_mail
    assert found.source in {"S0", "S1", "A-OUT"}
    assert found.door in {Door.OPERATIONS, Door.INTEGRATION}


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("BlockedCustomer", "end customer"),
        ("CustomerSurpassedDailyVelocityLimit", "end customer"),
        ("InvalidAwsAccessKeyId", "access key"),
        ("BadInput", "our own input"),
    ],
)
def test_what_no_team_at_amazon_can_mend_makes_no_mail_and_says_what_to_do(kind, said):
    found = for_account(
        failure_of("F300", kind),
        CONTACTS,
        marketplace="UK",
        account_manager="am@example.invalid",
    )

    assert not found.is_mail
    assert found.cc == ()
    assert found.promise == "nobody at Amazon is asked"
    assert said in found.notes[0]


@pytest.mark.parametrize(
    "failure",
    [*CLASSES.values(), *FAILURES],
    ids=lambda row: f"{row.error_class}-{row.error_type}",
)
def test_no_failure_of_an_account_or_a_request_ever_finds_the_pager(failure):
    for find in (for_account, for_request):
        found = find(failure, CONTACTS, marketplace="US")

        assert found.door is not Door.URGENT
        assert not any("urgent" in address for address in found.to)
        assert found.is_mail or found.notes


@pytest.mark.parametrize(
    ("code", "kind", "door"),
    [
        ("F500", "GeneralError", Door.INTEGRATION),
        ("F100", "GcLocked", Door.INTEGRATION),
        ("F400", "SystemTemporarilyUnavailable", Door.INTEGRATION),
        ("F200", "InvalidAmountInput", Door.INTEGRATION),
        (None, "ThrottlingException", Door.INTEGRATION),
        ("F300", "AccessDenied", Door.INTEGRATION),
        ("F300", "InsufficientFunds", Door.OPERATIONS),
        ("F300", "UnknownCustomer", Door.NOBODY),
    ],
)
def test_one_failing_request_goes_to_those_who_can_answer_for_it(code, kind, door):
    found = for_request(failure_of(code, kind), CONTACTS, marketplace="US")

    assert found.door is door


def test_a_request_that_is_ours_to_mend_says_so_first():
    found = for_request(
        failure_of("F200", "InvalidAmountInput"), CONTACTS, marketplace="US"
    )

    assert found.notes == (
        "First: Amazon refuses our own input; the answer's message says what to "
        "correct in the request.",
    )


def test_without_any_address_the_route_says_so():
    found = to_integration(Contacts(()))

    assert not found.is_mail
    assert found.notes == ("No address is known for it.",)


@pytest.mark.parametrize(
    ("setting", "currencies", "region", "found"),
    [
        ("FR", ("GBP",), "eu", "FR"),
        (None, ("GBP",), "eu", "UK"),
        (None, ("JPY",), "fe", "JP"),
        (None, ("EUR",), "eu", None),
        (None, ("GBP", "SEK"), "eu", None),
        (None, ("GBP",), "na", None),
        (None, (), "eu", None),
    ],
)
def test_a_country_is_taken_from_the_setting_or_from_a_currency_of_one_country(
    setting, currencies, region, found
):
    assert marketplace_of(setting, currencies, region) == found


@pytest.mark.parametrize(
    ("endpoint", "marketplace", "currencies", "door"),
    [
        ("eu", "FR", ("EUR",), Door.OPERATIONS),
        ("eu", None, ("GBP",), Door.OPERATIONS),
        ("eu", None, ("EUR",), Door.INTEGRATION),
        ("eu-sandbox", "FR", ("EUR",), Door.NOBODY),
        ("eu-loopback", "FR", ("EUR",), Door.NOBODY),
    ],
)
def test_what_is_wrong_with_an_account_finds_its_door_in_production_only(
    endpoint, marketplace, currencies, door
):
    trouble = AccountTrouble(
        day="2026-11-22",
        account="Acmes",
        endpoint=endpoint,
        error_code="F300",
        error_type="InsufficientFunds",
        operation="CreateGiftCard",
        first_at_s=0,
        last_at_s=0,
        calls=1,
        currencies=currencies,
    )

    found = for_trouble(trouble, CONTACTS, marketplace=marketplace)

    assert found.door is door
    assert found.is_mail is (door is not Door.NOBODY)


def test_a_note_about_an_address_is_told():
    assert route("F300", None, "EG").notes == (
        "About the address: an amazon.com address, unlike the others.",
    )
    assert replace(route("F300", None, "EG"), notes=()).is_mail
