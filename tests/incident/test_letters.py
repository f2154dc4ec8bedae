"""Mails that are no page: complete, addressed to the right team, free of secrets."""

from __future__ import annotations

import email
import re
from dataclasses import replace
from email import policy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as replaced

from agcod_guard.call import UNKNOWN_ACCOUNT, Outcome
from agcod_guard.incident.letters import account_mail, draft_name
from agcod_guard.incident.message import Mail, NeverToThePager
from agcod_guard.incident.questions import (
    Announcement,
    OperationDown,
    announcement_mail,
    operation_mail,
    request_mail,
)
from agcod_guard.incident.routing import for_account, to_integration, to_pager
from agcod_guard.incident.troubles import AccountTrouble
from agcod_guard.protocol.failures import failure_of
from agcod_guard.redaction import secrets_in
from agcod_guard.settings import Settings

START_S = 1_795_346_105.0
NOW_S = START_S + 600
CONTACTS = Settings().contacts
TEAM = for_account(
    failure_of("F300", "InsufficientFunds"),
    CONTACTS,
    marketplace="UK",
    account_manager="am@example.invalid",
)
INTEGRATION = to_integration(CONTACTS)
TROUBLE = AccountTrouble(
    day="2026-11-22",
    account="Acmes",
    endpoint="eu",
    error_code="F300",
    error_type="InsufficientFunds",
    message="Insufficient funds",
    operation="CreateGiftCard",
    first_at_s=START_S,
    last_at_s=START_S + 120,
    calls=1_204,
    request_ids=tuple(f"Acmes{number}" for number in range(5)),
    currencies=("GBP",),
)
ACCOUNT_TEXT = """\
AGCOD refuses the orders of partner Acmes (UK) with F300 InsufficientFunds:
1,204 calls since 2026-11-22 11:15:05 GMT, the last at
2026-11-22 11:17:05 GMT.

Please check the balance of our account and tell us what is needed before
orders go through again.

Partner ID of account: Acmes
Marketplace: UK
Endpoint: AGCOD Europe
API error response: F300 InsufficientFunds
Message in the response: Insufficient funds
Operation: CreateGiftCard
Timestamp of first failed response: 2026-11-22 11:15:05 GMT
Timestamp of last failed response: 2026-11-22 11:17:05 GMT
Failed calls: 1,204
Currency: GBP
Sample request IDs: Acmes0, Acmes1, Acmes2, Acmes3 and Acmes4

Contact name: Zoë Example
Contact phone number: +44 20 5550 0100
Contact email: oncall@example.invalid
"""
REQUEST_TEXT = """\
One request of partner Acmes (UK) to AGCOD Europe went wrong: CreateGiftCard
Acmes33245000H2 of 2026-11-22 11:15:04 GMT (2 attempts, the last one: F500
GeneralError).

Please tell us what went wrong and what we should do.

Partner ID of account: Acmes
Sample request ID: Acmes33245000H2
Timestamp of sample request: 2026-11-22 11:15:04 GMT
Amount: GBP 25.00
API error response: F500 GeneralError
Message in the response: Unknown error

Calls:
  2026-11-22 11:15:04.923 GMT Acmes33245000H2: F500 GeneralError after 0.2 s,
    x-amzn-RequestId 6d1f0c9e-0000-4000-8000-000000000000
  2026-11-22 11:15:09.923 GMT Acmes33245000H2: F500 GeneralError after 0.2 s,
    x-amzn-RequestId 6d1f0c9e-0000-4000-8000-000000000000

Contact name: Zoë Example
Contact phone number: +44 20 5550 0100
Contact email: oncall@example.invalid
"""
DOWN_TEXT = """\
CreateGiftCard fails for partner Acmes (UK) at AGCOD Europe: since
2026-11-22 11:15:05 GMT all 64 calls have failed with F500 GeneralError (23
different orders).

Still working: GetAvailableFunds. So this is no outage, and we have not used
the urgent address. Please look into it and tell us what to expect.
"""
PLAN_TEXT = """\
We plan downtime on our side for partner Acmes (UK), from
2026-11-22 11:15:05 GMT until 2026-11-22 12:15:05 GMT.

A new data centre.

We will make no calls to AGCOD meanwhile.
"""


def read(mail: Mail) -> email.message.EmailMessage:
    return email.message_from_bytes(mail.content(), policy=policy.default)


def test_the_mail_about_an_account_has_every_fact_its_team_asks_for(head):
    mail = account_mail(TROUBLE, TEAM, head, now_s=NOW_S)

    assert mail.text == ACCOUNT_TEXT
    assert mail.to == ("corporate-gifts@giftcards.amazon.com",)
    assert mail.cc == ("am@example.invalid",)
    assert mail.subject == (
        "AGCOD account Acmes (UK): F300 InsufficientFunds since 2026-11-22 11:15:05 GMT"
    )


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        ("InsufficientFunds", "balance"),
        ("ActiveContractNotFound", "contract"),
        ("OperationNotPermitted", "permitted"),
        ("ProductTypeNotEnabledInTheContract", "product types"),
        ("AccountHasProblems", "what is wrong with our account"),
        ("SomethingNew", "Please check our account"),
    ],
)
def test_the_mail_about_an_account_asks_for_what_its_error_needs(head, kind, asked):
    mail = account_mail(replaced(TROUBLE, error_type=kind), TEAM, head, now_s=NOW_S)

    assert asked in mail.text.split("\n\n")[1]


def test_what_nobody_has_set_is_named_and_not_invented(head):
    reporter = replace(head.reporter, marketplace=None, phone=None)
    unknown = replaced(TROUBLE, message="", request_ids=(), currencies=())

    text = account_mail(
        unknown, TEAM, replace(head, reporter=reporter), now_s=NOW_S
    ).text.replace("\n    ", " ")

    assert "Marketplace: MISSING - fill in before sending: setting accounts" in text
    assert "Contact phone number: MISSING - fill in before sending" in text
    for label in ("Message in the response", "Sample request IDs", "Currency"):
        assert label not in text


def test_an_account_that_no_request_names_is_to_be_filled_in(head):
    mail = account_mail(
        replaced(TROUBLE, account=UNKNOWN_ACCOUNT), TEAM, head, now_s=NOW_S
    )

    assert "(partner ID to be filled in) (UK)" in mail.text


def test_one_error_of_an_account_has_one_name_and_one_id_a_day(head):
    later = replaced(TROUBLE, last_at_s=START_S + 9_000, calls=9_999)
    tomorrow = replaced(TROUBLE, last_at_s=START_S + 86_400)

    ids = [
        account_mail(each, TEAM, head, now_s=NOW_S).message_id
        for each in (TROUBLE, later, tomorrow)
    ]

    assert ids[0] == "<2026-11-22-F300-InsufficientFunds-Acmes-eu@example.invalid>"
    assert ids[1] == ids[0]
    assert ids[2] != ids[0]


def test_a_drafts_name_holds_no_secret():
    name = draft_name(START_S, "F300 AAAA-BBBBBB-CCCC", "Acmes")

    assert name == "2026-11-22-withheld-Acmes"


@settings(deadline=None)
@given(parts=st.lists(st.text(st.characters(codec=None), max_size=300), max_size=3))
def test_a_drafts_name_is_safe_for_every_file_system(parts):
    name = draft_name(START_S, *parts)

    assert re.fullmatch(r"2026-11-22(-[A-Za-z0-9]+)*", name)
    assert len(name) <= 10 + 3 * 65


def test_a_request_is_reported_with_each_of_its_calls(head, call):
    calls = [call(0), call(0, at_s=START_S + 5.123)]

    mail = request_mail(calls, INTEGRATION, head, now_s=NOW_S)

    assert mail.text == REQUEST_TEXT
    assert (
        mail.subject == "AGCOD request Acmes33245000H2 of Acmes (UK): F500 GeneralError"
    )
    assert mail.to == ("incentives-api@giftcards.amazon.com",)
    assert "Acmes332" not in mail.message_id


def test_a_request_that_got_no_answer_asks_whether_it_was_carried_out(head, call):
    silent = call(
        0,
        outcome=Outcome.NO_ANSWER,
        error_code=None,
        error_type=None,
        status=None,
        exception="ReadTimeout",
    )

    text = request_mail([silent, call(0)], INTEGRATION, head, now_s=NOW_S).text

    assert "and whether it was carried out." in text
    assert "no response (ReadTimeout)" in text


def test_a_request_that_succeeded_in_the_end_says_so(head, call, success):
    mail = request_mail([call(0), success(0)], INTEGRATION, head, now_s=NOW_S)

    assert "the last one: success" in mail.text.replace("\n", " ")
    assert "It has succeeded since." in mail.text


def test_of_many_attempts_the_first_and_the_last_are_listed(head, call):
    calls = [call(0, at_s=START_S + 5 * number) for number in range(40)]

    text = request_mail(calls, INTEGRATION, head, now_s=NOW_S).text

    assert "Calls (35 more left out):" in text
    assert text.count("x-amzn-RequestId") == 5
    assert "2026-11-22 11:18:19.800 GMT" in text


def test_a_request_without_an_id_is_told_by_amazons(head, call):
    mail = request_mail(
        [call(0, operation="GetAvailableFunds", request_id=None, amount=None)],
        INTEGRATION,
        head,
        now_s=NOW_S,
    )

    assert "GetAvailableFunds without an ID of" in mail.text.replace("\n", " ")
    assert "Amount" not in mail.text


def test_an_operation_that_is_down_is_told_as_no_outage(head, call):
    down = OperationDown(
        scope=call(0).scope,
        operation="CreateGiftCard",
        examples=[call(0), call(1)],
        calls=64,
        orders=23,
        first_at_s=START_S,
        others=("GetAvailableFunds",),
    )

    mail = operation_mail(down, INTEGRATION, head, now_s=NOW_S)
    silent = operation_mail(replace(down, others=()), INTEGRATION, head, now_s=NOW_S)

    assert mail.text.startswith(DOWN_TEXT)
    assert mail.text.count("x-amzn-RequestId") == 2
    assert "Still working: other operations." in silent.text


@pytest.mark.parametrize(
    ("downtime", "ends_at_s", "said"),
    [
        (True, START_S + 3600, PLAN_TEXT),
        (False, None, "We plan a change on our side for partner Acmes (UK), from"),
    ],
)
def test_a_plan_is_announced_with_its_times(head, downtime, ends_at_s, said):
    planned = Announcement(
        account="Acmes",
        what="A new\ndata centre.",
        starts_at_s=START_S,
        ends_at_s=ends_at_s,
        downtime=downtime,
    )

    mail = announcement_mail(planned, INTEGRATION, head, now_s=NOW_S)

    assert mail.text.startswith(said)
    assert ("until" in mail.text) is downtime
    assert "Acmes (UK), 2026-11-22 11:15:05 GMT" in mail.subject


@pytest.mark.parametrize("tier", [1, 2, 3])
def test_no_letter_can_be_sent_to_the_pager(head, call, tier):
    pager = to_pager(CONTACTS, tier)
    plan = Announcement(account="Acmes", what="A change.", starts_at_s=START_S)

    for route in (pager, replace(TEAM, to=pager.to), replace(TEAM, cc=pager.to)):
        with pytest.raises(NeverToThePager):
            account_mail(TROUBLE, route, head, now_s=NOW_S)
        with pytest.raises(NeverToThePager):
            request_mail([call(0)], route, head, now_s=NOW_S)
        with pytest.raises(NeverToThePager):
            announcement_mail(plan, route, head, now_s=NOW_S)


@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(wild=st.text(st.characters(codec=None), max_size=60), secret=st.booleans())
def test_whatever_the_facts_are_a_letter_goes_out_whole_and_without_secrets(
    head, call, wild, secret
):
    code = "AAAA-BBBBBB-CCCC" if secret else ""
    trouble = replaced(
        TROUBLE,
        account=wild or "x",
        error_type=f"{wild} {code}",
        message=f"{code} {wild}",
        operation=wild,
        request_ids=(wild,),
    )
    wild_call = call(0, request_id=wild, error_type=f"{wild} {code}", message=code)
    plan = Announcement(account="Acmes", what=f"{wild} {code}", starts_at_s=START_S)

    for mail in (
        account_mail(trouble, TEAM, head, now_s=NOW_S),
        request_mail([wild_call], INTEGRATION, head, now_s=NOW_S),
        announcement_mail(plan, INTEGRATION, head, now_s=NOW_S),
    ):
        message = read(mail)
        for name in ("Message-ID", "Date", "From", "To", "Reply-To", "Subject"):
            assert len(message.get_all(name)) == 1
        assert message.get_all("Bcc") is None
        assert secrets_in(mail.text) == ()
        assert secrets_in(mail.subject) == ()
