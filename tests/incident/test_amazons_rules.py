"""Amazon's support and outage process, rule by rule (fact sheet, section 6)."""

from __future__ import annotations

import email
from dataclasses import replace
from email import policy
from itertools import takewhile

import pytest

from agcod_guard.call import Call, Endpoint, Environment, Outcome, Scope
from agcod_guard.errors import SettingsError
from agcod_guard.incident.acts import Acknowledged
from agcod_guard.incident.escalation import Pursuit, SentPage, due
from agcod_guard.incident.items import MISSING, Reporter
from agcod_guard.incident.page import NotForThePager, Page, page
from agcod_guard.incident.routing import (
    for_account,
    for_request,
    to_integration,
    to_pager,
)
from agcod_guard.protocol.contacts import contacts_from
from agcod_guard.protocol.failures import FAILURES, Door, Owner, failure_of
from agcod_guard.settings import Settings

CONTACTS = Settings().contacts
START_S = 1_795_346_105.123
NOW_S = START_S + 300
MINUTE = 60.0
FIVE_NAMED = (
    "InsufficientFunds",
    "AccountHasProblems",
    "OperationNotPermitted",
    "ActiveContractNotFound",
    "ProductTypeNotEnabledInTheContract",
)
TEAMS = {
    "US": "corp-gc-salesops@giftcards.amazon.com",
    "CA": "corp-gc-salesops@giftcards.amazon.com",
    "MX": "corp-gc-salesops@giftcards.amazon.com",
    "UK": "corporate-gifts@giftcards.amazon.com",
    "DE": "gutscheine-grosskunden@giftcards.amazon.com",
    "FR": "cartes-cadeaux-entreprises@giftcards.amazon.com",
    "ES": "cheques-regalo-empresas@giftcards.amazon.com",
    "IT": "buoni-regalo-imprese@giftcards.amazon.com",
    "NL": "amazon-incentives-nl@giftcards.amazon.com",
    "SE": "amazon-incentives-se@giftcards.amazon.com",
    "TR": "amazon-bm-gc-inbox-eu@giftcards.amazon.com",
    "UAE": "incentives-contact-uae@giftcards.amazon.com",
    "KSA": "incentives-contact-ksa@giftcards.amazon.com",
    "EG": "mena-gc-ops@amazon.com",
    "JP": "jp-gc-salesops@giftcards.amazon.com",
    "AU": "amazon-au-gift-card@giftcards.amazon.com",
    "SG": "amazon-au-gift-card@giftcards.amazon.com",
    "CN": "cn-gc-salesops@amazon.com",
}
ITEMS = (
    "Contact name",
    "Contact phone number",
    "Contact email",
    "Partner ID of account",
    "Sample request ID",
    "Timestamp of sample request",
    "Timestamp of first failed response",
    "Sample card serial number (physical card activation only)",
    "API error response",
    "Marketplace",
    "Brief problem description",
    "Is the behavior consistent?",
    "Were there any recent changes on your end?",
    "Sample request payload (attached)",
)


def paged(briefing, head, tier: int = 1, *sent: SentPage) -> Page:
    return page(briefing, head, tier=tier, sent=sent, now_s=NOW_S, rehearsal=False)


def text_of(made: Page) -> str:
    message = email.message_from_bytes(made.content(), policy=policy.default)
    return message.get_body().get_content().replace("\r\n", "\n")


def answer(text: str, label: str) -> str:
    """Return what stands at a label, on one line."""
    first, *rest = text.partition(f"\n{label}")[2].split("\n")
    more = takewhile(lambda line: line.startswith("    "), rest)
    return " ".join(line.strip(": ") for line in (first, *more)).strip()


# 6.1 Three doors


@pytest.mark.parametrize("kind", FIVE_NAMED)
def test_6_1_funds_contract_and_permission_go_to_the_countrys_operations_team(kind):
    route = for_account(failure_of("F300", kind), CONTACTS, marketplace="FR")

    assert route.to == (TEAMS["FR"],)
    assert route.promise == "an answer within 1 business day"


def test_6_1_the_equivalent_of_the_named_account_errors_goes_there_as_well():
    for kind in ("GeneralError", "BrandNewAccountError", None):
        route = for_account(failure_of("F300", kind), CONTACTS, marketplace="FR")

        assert route.to == (TEAMS["FR"],)


def test_6_1_other_technical_questions_go_to_the_integration_team():
    failure = failure_of("F500", "GeneralError")

    route = for_request(failure, CONTACTS, marketplace="FR")

    assert route.to == ("incentives-api@giftcards.amazon.com",)
    assert route.promise == "no time is promised"


def test_6_1_planned_changes_go_to_the_integration_team():
    assert to_integration(CONTACTS).to == ("incentives-api@giftcards.amazon.com",)


def test_6_1_an_availability_outage_goes_to_the_urgent_pager_day_and_night(
    briefing, head
):
    assert paged(briefing, head).recipients == (
        "amazon-agcod-partner-urgent@amazon.com",
    )
    assert to_pager(CONTACTS, 1).promise == "on call day and night"


# 6.2 Tiers and waits


def test_6_2_the_primary_tier_is_written_to_at_once(incident):
    now_s = incident.opened_at_s

    assert due(incident, Pursuit(last_failed_at_s=now_s), now_s=now_s).tier == 1


def test_6_2_management_after_30_minutes_and_leadership_after_another_30(incident):
    opened_s = incident.opened_at_s
    found = {}
    sent: list[SentPage] = []
    for minute in range(91):
        now_s = opened_s + minute * MINUTE
        pursuit = Pursuit(sent=sent, last_failed_at_s=now_s - 1)
        if tier := due(incident, pursuit, now_s=now_s).tier:
            found[tier] = minute
            sent.append(SentPage(tier=tier, at_s=now_s))

    assert found == {1: 0, 2: 30, 3: 60}


def test_6_2_a_reply_stops_the_clock(incident):
    now_s = incident.opened_at_s + 40 * MINUTE
    ack = Acknowledged(incident_id=incident.incident_id, at_s=now_s - 60, by="Ann")
    pursuit = Pursuit(
        sent=[SentPage(tier=1, at_s=incident.opened_at_s)],
        acknowledged=ack,
        last_failed_at_s=now_s,
    )

    assert due(incident, pursuit, now_s=now_s).tier is None


def test_6_2_each_tier_has_its_address_and_hears_that_the_one_before_is_silent(
    briefing, head
):
    first = SentPage(tier=1, at_s=NOW_S)
    second = SentPage(tier=2, at_s=NOW_S + 30 * MINUTE)

    assert paged(briefing, head, 2, first).recipients == (
        "amazon-agcod-partner-urgent-t2@amazon.com",
    )
    assert paged(briefing, head, 3, first, second).recipients == (
        "amazon-agcod-partner-urgent-t3@amazon.com",
    )
    assert "Nobody has answered." in text_of(paged(briefing, head, 2, first))


# 6.3 When the pager may not be used


def test_6_3_1_not_while_any_call_still_succeeds(briefing, head):
    lull = replace(briefing.incident, first_success_at_s=NOW_S - 1)

    with pytest.raises(NotForThePager, match="calls succeed again"):
        paged(replace(briefing, incident=lull), head)


@pytest.mark.parametrize("kind", FIVE_NAMED)
def test_6_3_2_not_for_contract_or_funds(
    incident, reporter, head, call, dossier, *, briefed, kind
):
    calls = _failing(call, Outcome.ACCOUNT, "F300", kind)
    forged = briefed(incident, dossier(incident, calls), reporter, now_s=NOW_S)

    with pytest.raises(NotForThePager):
        paged(forged, head)


@pytest.mark.parametrize(
    "failure",
    [row for row in FAILURES if row.error_class == "F300"],
    ids=lambda row: row.error_type,
)
def test_6_3_3_not_for_any_other_inquiry_about_an_account(failure):
    route = for_account(failure, CONTACTS, marketplace="US")

    assert route.door is not Door.URGENT
    assert failure.owner is not Owner.CUSTOMER or not route.is_mail


@pytest.mark.parametrize(
    ("outcome", "code", "kind"),
    [
        (Outcome.THROTTLED, None, "ThrottlingException"),
        (Outcome.REJECTED, "F200", "CardNumberCheckSumError"),
        (Outcome.DENIED, None, "ExpiredToken"),
    ],
)
def test_6_3_4_not_for_throttling_input_one_bad_card_or_expired_keys(
    incident, reporter, head, call, dossier, *, briefed, outcome, code, kind
):
    calls = _failing(call, outcome, code, kind)
    forged = briefed(incident, dossier(incident, calls), reporter, now_s=NOW_S)

    with pytest.raises(NotForThePager):
        paged(forged, head)


def test_6_3_4_not_for_the_sandbox(briefing, head):
    scope = Scope("Acmes", Endpoint("eu", Environment.SANDBOX))
    sandbox = replace(briefing.incident, scope=scope)

    with pytest.raises(NotForThePager, match="not a production endpoint"):
        paged(replace(briefing, incident=sandbox), head)


# 6.4 Operations contacts


@pytest.mark.parametrize(("code", "address"), TEAMS.items())
def test_6_4_every_country_has_the_newest_address_of_its_team(code, address):
    failure = failure_of("F300", "InsufficientFunds")

    assert for_account(failure, CONTACTS, marketplace=code).to == (address,)


@pytest.mark.parametrize("code", ["PL", "BE", "ZA"])
def test_6_4_where_no_team_is_listed_it_is_the_integration_team_and_says_so(code):
    failure = failure_of("F300", "InsufficientFunds")

    route = for_account(failure, CONTACTS, marketplace=code)

    assert route.to == ("incentives-api@giftcards.amazon.com",)
    assert f"no operations team for {code}" in route.notes[0]


def test_6_4_a_proxys_suffix_is_refused_and_explained():
    row = {
        "door": "operations",
        "marketplace": "SG",
        "address": "amazon-au-gift-card@giftcards.amazon.com.rproxy.goskope.com",
        "source": "S0",
    }

    with pytest.raises(SettingsError, match="web proxy"):
        contacts_from({"contact": [row]}, origin="mine.toml")


# 6.5 The incident packet


def test_6_5_every_item_stands_in_the_mail_in_amazons_order(briefing, head):
    text = text_of(paged(briefing, head))

    places = [text.index(f"\n{label}") for label in ITEMS]
    assert places == sorted(places)
    assert MISSING not in text


@pytest.mark.parametrize(
    ("number", "label", "shape"),
    [
        (1, "Contact name", "Zoë Example"),
        (2, "Contact phone number", "+44 20 5550 0100"),
        (3, "Contact email", "oncall@example.invalid"),
        (4, "Partner ID of account", "Acmes"),
        (5, "Sample request ID", "Acmes33245000H2"),
        (6, "Timestamp of sample request", "2026-11-22 11:15:04 GMT"),
        (7, "Timestamp of first failed response", "2026-11-22 11:15:05 GMT"),
        (8, "API error response", "F500 GeneralError"),
        (9, "Marketplace", "UK"),
        (11, "Brief problem description", "Since 2026-11-22 11:15:05 GMT all our"),
        (12, "Is the behavior consistent?", "Yes. Not one call has succeeded since"),
        (13, "Were there any recent changes on your end?", "none recorded since"),
        (14, "Sample request payload (attached)", "sample-request.txt: raw request"),
    ],
)
def test_6_5_an_item_is_answered_in_the_shape_amazon_shows(
    briefing, head, number, label, shape
):
    said = answer(text_of(paged(briefing, head)), label)

    assert said == shape if number <= 9 else said.startswith(shape)


def test_6_5_10_a_card_activation_names_the_16_digit_serial(
    incident, reporter, head, call, dossier, briefed
):
    calls = [
        call(number, operation="ActivateGiftCard", card_serial="1400000000000000")
        for number in range(20)
    ]
    cards = briefed(incident, dossier(incident, calls), reporter, now_s=NOW_S)

    text = text_of(paged(cards, head))

    assert answer(text, ITEMS[7]) == "1400000000000000"


def test_6_5_14_the_raw_request_is_a_txt_file_with_its_headers(briefing, head):
    message = email.message_from_bytes(
        paged(briefing, head).content(), policy=policy.default
    )

    attached = {part.get_filename(): part for part in message.iter_attachments()}
    sample = attached["sample-request.txt"]
    assert sample.get_content_type() == "text/plain"
    assert "x-amz-target: com.amazonaws.agcod.AGCODService" in sample.get_content()


def test_6_5_what_only_a_person_knows_is_named_as_missing_and_never_invented(
    incident, call, dossier, briefed, head
):
    calls = [call(number, currency="EUR") for number in range(20)]
    bare = briefed(incident, dossier(incident, calls), Reporter(), now_s=NOW_S)

    text = text_of(paged(bare, replace(head, reporter=Reporter())))

    for number in (1, 2, 3, 9, 13):
        label = {9: "Marketplace", 13: ITEMS[12]}.get(number) or ITEMS[number - 1]
        assert answer(text, label).startswith(MISSING)


def test_6_5_without_an_id_of_ours_amazons_own_is_given_and_said_to_be_that(
    incident, reporter, head, call, dossier, briefed
):
    calls = [
        call(number, operation="GetAvailableFunds", request_id=None)
        for number in range(20)
    ]
    funds = briefed(incident, dossier(incident, calls), reporter, now_s=NOW_S)

    said = answer(text_of(paged(funds, head)), "Sample request ID")

    assert "Amazon's x-amzn-RequestId" in said


# 6.6 Which is newer


def test_6_6_contacts_are_data_with_a_source_and_a_date_and_can_be_replaced():
    for row in CONTACTS.rows:
        assert row.source in {"S0", "S1", "A-OUT"}
        assert (row.as_of is None) is (row.source == "S1")
    own = contacts_from(
        {
            "contact": [
                {
                    "door": "operations",
                    "marketplace": "FR",
                    "address": "fr@example.invalid",
                    "source": "our account manager",
                }
            ]
        },
        origin="mine.toml",
    )

    route = for_account(
        failure_of("F300", "InsufficientFunds"),
        CONTACTS.replaced_by(own),
        marketplace="FR",
    )

    assert (route.to, route.source) == (("fr@example.invalid",), "our account manager")


def test_6_6_an_address_that_only_the_older_list_has_is_to_be_confirmed_first():
    route = for_account(
        failure_of("F300", "InsufficientFunds"), CONTACTS, marketplace="CN"
    )

    assert "confirm it before sending" in " ".join(route.notes)


def _failing(call, outcome: Outcome, code: str | None, kind: str | None) -> list[Call]:
    return [
        call(number, outcome=outcome, error_code=code, error_type=kind)
        for number in range(500)
    ]
