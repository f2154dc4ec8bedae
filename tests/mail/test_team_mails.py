"""Drafts to Amazon's teams, as a guard at work keeps them."""

from __future__ import annotations

import email
import email.policy

import pytest
import requests
from partner import START_S, fault, guarded, success

from agcod_guard.clock import ManualClock

SANDBOX = "https://agcod-v2-eu-gamma.amazon.com/CreateGiftCard"
FUNDS = "https://agcod-v2-eu.amazon.com/GetAvailableFunds"
TENTH = {"hold_s": 18.0, "clear_s": 10.0, "late_s": 0.2, "checkpoint_every_s": 1.0}


@pytest.fixture
def clock():
    return ManualClock(START_S)


@pytest.fixture
def partner(tmp_path, clock):
    partner = guarded(tmp_path / "data", clock, policy=TENTH)
    yield partner
    partner.guard.close()


def drafts(partner):
    return {
        path.name: email.message_from_bytes(
            path.read_bytes(), policy=email.policy.default
        )
        for path in (partner.guard.settings.data_dir / "drafts").glob("*.eml")
    }


def text_of(mail):
    return mail.get_body().get_content()


def test_funds_that_have_run_out_make_one_draft_a_day_for_the_countrys_team(partner):
    partner.sell(10, success())
    partner.sell(60, fault("F300", "InsufficientFunds"))

    ((name, mail),) = drafts(partner).items()
    assert name == "2026-11-22-F300-InsufficientFunds-Acmes-eu.eml"
    assert mail["To"] == "corporate-gifts@giftcards.amazon.com"
    assert mail["X-Unsent"] == "1"


def test_the_draft_takes_in_what_has_come_since(partner, clock):
    partner.sell(3, fault("F300", "InsufficientFunds"))
    clock.advance(400.0)
    partner.sell(30, fault("F300", "InsufficientFunds"))

    (mail,) = drafts(partner).values()
    assert "3 calls" not in text_of(mail)
    assert "Timestamp of first failed response: 2026-11-22 11:15:05 GMT" in text_of(
        mail
    )


def test_the_last_of_a_burst_is_in_the_draft_as_well(partner):
    partner.sell(30, fault("F300", "InsufficientFunds"))

    partner.sell(310, success())

    (mail,) = drafts(partner).values()
    assert "InsufficientFunds: 30" in text_of(mail)


def test_a_draft_that_could_not_be_written_is_written_later(partner, swallowed):
    folder = partner.guard.settings.data_dir / "drafts"
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("in the way")
    partner.sell(5, fault("F300", "InsufficientFunds"))

    folder.unlink()
    partner.sell(5, success())

    assert len(drafts(partner)) == 1


def test_a_mail_that_cannot_be_made_keeps_no_other_from_being_made(
    tmp_path, clock, swallowed
):
    pager = "amazon-agcod-partner-urgent@amazon.com"
    accounts = {
        "Acmes": {"marketplace": "UK", "account_manager": pager},
        "Primo": {"marketplace": "UK"},
    }
    partner = guarded(tmp_path / "data", clock, policy=TENTH, accounts=accounts)
    for account in ("Acmes", "Primo"):
        partner.order(fault("F300", "InsufficientFunds"), account=account)
    partner.sell(3, success())
    partner.guard.close()

    assert [name for name in drafts(partner) if "Primo" in name]


def test_each_error_has_a_draft_of_its_own_and_each_day(partner, clock):
    partner.sell(3, fault("F300", "InsufficientFunds"))
    partner.sell(3, fault("F300", "ActiveContractNotFound"))
    clock.advance(86_400.0)
    partner.sell(3, fault("F300", "InsufficientFunds"))
    clock.advance(5.0)
    partner.look()

    assert sorted(drafts(partner)) == [
        "2026-11-22-F300-ActiveContractNotFound-Acmes-eu.eml",
        "2026-11-22-F300-InsufficientFunds-Acmes-eu.eml",
        "2026-11-23-F300-InsufficientFunds-Acmes-eu.eml",
    ]


@pytest.mark.parametrize(
    "error",
    [
        fault("F300", "CustomerSurpassedDailyVelocityLimit"),
        fault("F300", "InvalidAwsAccessKeyId"),
        fault("F200", "InvalidAmountInput"),
    ],
)
def test_what_amazon_cannot_help_with_makes_no_draft(partner, error):
    partner.sell(20, error)

    assert drafts(partner) == {}


def test_a_sandbox_makes_no_draft(partner):
    partner.sell(20, fault("F300", "InsufficientFunds"), url=SANDBOX)

    assert drafts(partner) == {}


def test_a_drill_makes_no_draft(tmp_path, clock):
    partner = guarded(tmp_path / "drill", clock, policy=TENTH, drill=True)
    partner.sell(20, fault("F300", "InsufficientFunds"))
    partner.guard.close()

    assert drafts(partner) == {}


def test_an_operation_that_is_down_by_itself_makes_a_draft_for_integration(partner):
    for _ in range(30):
        partner.order(fault("F500"))
        partner.order(success(), url=FUNDS)
        partner.clock.advance(1.0)
        partner.look()

    ((name, mail),) = drafts(partner).items()
    assert name == "2026-11-22-operation-down-CreateGiftCard-Acmes.eml"
    assert mail["To"] == "incentives-api@giftcards.amazon.com"
    assert "Still working: GetAvailableFunds." in text_of(mail)
    assert not (partner.guard.settings.data_dir / "incidents").exists()


def test_a_draft_that_cannot_be_written_stops_nothing(partner, monkeypatch, swallowed):
    (partner.guard.settings.data_dir).mkdir(parents=True, exist_ok=True)
    (partner.guard.settings.data_dir / "drafts").write_text("in the way")

    partner.sell(10, fault("F300", "InsufficientFunds"))
    partner.sell(25, requests.ReadTimeout())

    assert "OUTAGE" in partner.phases
