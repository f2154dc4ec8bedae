"""A page is made from the evidence of an open outage, and from nothing else."""

from __future__ import annotations

import copy
import dataclasses
import email
import pickle
from dataclasses import replace
from email import policy
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import agcod_guard
from agcod_guard.call import Endpoint, Environment, Outcome, Scope
from agcod_guard.incident import clearing
from agcod_guard.incident.escalation import How, SentPage
from agcod_guard.incident.page import NotForThePager, Page, page
from agcod_guard.incident.verdict import Verdict
from agcod_guard.protocol.contacts import Contact, Contacts
from agcod_guard.protocol.failures import Door
from agcod_guard.redaction import secrets_in

NOW_S = 1_795_346_105.123 + 300
T1 = SentPage(tier=1, at_s=NOW_S, message_id="<t1@example.invalid>")
T2 = SentPage(tier=2, at_s=NOW_S + 1800, message_id="<t2@example.invalid>")
URGENT = "amazon-agcod-partner-urgent"
OPENING = """\
AGCOD Europe is down for partner Acmes (UK): since 2026-11-22 11:15:05 GMT all
100 calls have failed with F500 GeneralError. Affected: 100 different orders,
GBP 2,500.00 not delivered.

Please look into it now and reply to this mail, or call +44 20 5550 0100.
Attached: packet.txt and sample-request.txt.

Contact name: Zoë Example
"""


def read(made: Page) -> email.message.EmailMessage:
    return email.message_from_bytes(made.content(), policy=policy.default)


def text_of(made: Page) -> str:
    return read(made).get_body().get_content().replace("\r\n", "\n")


def refused(*args: object, **kwargs: object) -> str:
    with pytest.raises(NotForThePager) as caught:
        page(*args, **{"tier": 1, "now_s": NOW_S, "rehearsal": False} | kwargs)
    return str(caught.value)


@pytest.mark.parametrize(
    ("tier", "address"),
    [
        (1, f"{URGENT}@amazon.com"),
        (2, f"{URGENT}-t2@amazon.com"),
        (3, f"{URGENT}-t3@amazon.com"),
    ],
)
def test_a_page_goes_to_the_address_of_its_tier(briefing, head, tier, address):
    made = page(briefing, head, tier=tier, sent=(T1, T2), now_s=NOW_S, rehearsal=False)

    assert made.recipients == (address,)
    assert read(made)["To"] == address
    assert read(made)["Cc"] is None


def test_a_page_is_the_packet_with_what_is_wrong_above_it(briefing, head):
    made = page(briefing, head, tier=1, now_s=NOW_S, rehearsal=False)

    assert text_of(made).startswith(OPENING)
    packet = briefing.files["packet.txt"].decode()
    assert text_of(made).split("\n\n", 2)[2].rstrip() in packet
    assert "EVIDENCE" not in text_of(made)


def test_a_page_carries_the_packet_and_the_sample_but_not_the_table_of_calls(
    briefing, head
):
    made = page(briefing, head, tier=1, now_s=NOW_S, rehearsal=False)

    attached = {
        part.get_filename(): part.get_content().replace("\r\n", "\n")
        for part in read(made).iter_attachments()
    }
    assert attached == {
        name: briefing.files[name].decode()
        for name in ("packet.txt", "sample-request.txt")
    }


def test_a_pages_headers_tell_the_incident(briefing, head):
    message = read(page(briefing, head, tier=1, now_s=NOW_S, rehearsal=False))

    assert message["Subject"] == (
        "AGCOD outage for Acmes (UK): F500 GeneralError since "
        "2026-11-22 11:15:05 GMT [20261122T111505Z-eu-3f9a]"
    )
    assert message["From"] == "agcod-guard@example.invalid"
    assert message["Reply-To"] == "oncall@example.invalid"
    assert message["Date"] == "Sun, 22 Nov 2026 11:20:05 +0000"
    assert message["Message-ID"] == "<20261122T111505Z-eu-3f9a-t1@example.invalid>"
    assert message["In-Reply-To"] is None


def test_a_page_made_twice_is_the_same_byte_for_byte(briefing, head):
    first, second = (
        page(briefing, head, tier=1, now_s=NOW_S, rehearsal=False) for _ in range(2)
    )

    assert first == second
    assert first.content() == second.content()


def test_the_third_tier_hears_when_the_first_two_were_written_to(briefing, head):
    made = page(briefing, head, tier=3, sent=(T1, T2), now_s=NOW_S, rehearsal=False)

    assert text_of(made).startswith("AGCOD Europe is still down for partner Acmes (UK)")
    said = text_of(made).split("\n\n")[1].replace("\n", " ")
    assert said == (
        "We wrote to tier 1 (primary) at 2026-11-22 11:20:05 GMT and to tier 2 "
        "(management) at 2026-11-22 11:50:05 GMT. Nobody has answered."
    )
    message = read(made)
    assert message["In-Reply-To"] == "<t1@example.invalid>"
    assert message["References"] == "<t1@example.invalid> <t2@example.invalid>"
    assert message["Subject"].startswith("Escalation to tier 3: AGCOD outage")


def test_a_mail_sent_by_hand_without_its_id_is_taken_to_have_our_drafts(briefing, head):
    by_hand = SentPage(tier=1, at_s=NOW_S, how=How.BY_HAND)
    first = page(briefing, head, tier=1, now_s=NOW_S, rehearsal=False)

    second = page(briefing, head, tier=2, sent=(by_hand,), now_s=NOW_S, rehearsal=False)

    assert read(second)["In-Reply-To"] == first.message_id


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"first_success_at_s": NOW_S - 9}, "calls succeed again since 2026-11-22"),
        (
            {"first_success_at_s": NOW_S - 9, "resolved_at_s": NOW_S},
            "the outage is over",
        ),
        ({"verdict": Verdict.OURS}, "the evidence points to our own side"),
        (
            {"scope": Scope("Acmes", Endpoint("eu", Environment.SANDBOX))},
            "eu-sandbox is not a production endpoint",
        ),
        (
            {"scope": Scope("Acmes", Endpoint("eu", Environment.LOOPBACK))},
            "eu-loopback is not a production endpoint",
        ),
    ],
)
def test_what_is_no_open_outage_in_production_makes_no_page(
    briefing, head, changes, why
):
    other = replace(briefing, incident=replace(briefing.incident, **changes))

    assert why in refused(other, head)


@pytest.mark.parametrize(
    ("outcome", "code", "kind"),
    [
        (Outcome.ACCOUNT, "F300", "InsufficientFunds"),
        (Outcome.ACCOUNT, "F300", "ActiveContractNotFound"),
        (Outcome.REJECTED, "F200", "InvalidAmountInput"),
        (Outcome.THROTTLED, None, "ThrottlingException"),
        (Outcome.DENIED, None, "InvalidSignatureException"),
        (Outcome.ABANDONED, None, None),
        (Outcome.SUCCESS, None, None),
    ],
)
def test_funds_contract_input_keys_and_rate_make_no_page_however_hard_one_tries(
    incident, reporter, head, call, dossier, *, briefed, outcome, code, kind
):
    calls = [
        call(number, outcome=outcome, error_code=code, error_type=kind, status=400)
        for number in range(500)
    ]
    forged = briefed(incident, dossier(incident, calls), reporter, now_s=NOW_S)

    assert "no call has failed for technical reasons" in refused(forged, head)


@pytest.mark.parametrize(
    "changes", [{"failed": 500}, {"failed": 500, "sample_call": None}]
)
def test_counts_without_a_technical_failure_behind_them_make_no_page(
    briefing, head, call, changes
):
    refusal = call(0, outcome=Outcome.ACCOUNT, error_code="F300")
    forged = replace(briefing.dossier, **({"sample_call": refusal} | changes))

    assert "no call has failed" in refused(replace(briefing, dossier=forged), head)


def test_a_page_without_a_packet_is_not_made(briefing, head):
    assert "packet is not written" in refused(replace(briefing, files={}), head)


@pytest.mark.parametrize(("tier", "sent"), [(2, ()), (3, (T1,)), (3, ())])
def test_no_tier_is_skipped(briefing, head, tier, sent):
    said = refused(briefing, head, tier=tier, sent=sent)

    assert f"tier {tier - 1} has not been written to" in said


def test_a_tier_that_does_not_exist_has_no_page(briefing, head):
    assert "no address of tier 4" in refused(
        briefing, head, tier=4, sent=(replace(T1, tier=3),)
    )


@pytest.mark.parametrize("tier", [1, 2, 3])
@pytest.mark.parametrize("environment", Environment)
@pytest.mark.parametrize(("drill", "rehearsal"), [(True, False), (False, True)])
def test_in_a_drill_or_rehearsal_no_page_can_reach_amazon(
    briefing, head, tier, environment, drill, rehearsal
):
    scope = Scope("Acmes", Endpoint("eu", environment))
    incident = replace(briefing.incident, scope=scope, drill=drill)

    made = page(
        replace(briefing, incident=incident),
        head,
        tier=tier,
        sent=(T1, T2),
        now_s=NOW_S,
        rehearsal=rehearsal,
    )

    assert made.recipients == (f"urgent-t{tier}@amazon.invalid",)
    assert made.rehearsal
    assert b"amazon.com>" not in made.content()
    assert read(made)["To"] == made.recipients[0]


def test_a_drills_page_says_so_first(briefing, head, dossier, briefed, reporter):
    incident = replace(briefing.incident, drill=True)
    drill = briefed(incident, briefing.dossier, reporter, now_s=NOW_S)

    made = page(drill, head, tier=1, now_s=NOW_S, rehearsal=False)

    assert read(made)["Subject"].startswith("DRILL, PLEASE IGNORE - AGCOD outage")
    assert text_of(made).startswith("NOT FOR THE PAGER - THIS IS A DRILL")


def test_the_partners_own_address_of_a_tier_is_used(briefing, head):
    row = Contact(door=Door.URGENT, tier=1, address="t1@example.invalid", source="us")
    own = replace(head, contacts=head.contacts.replaced_by(Contacts((row,))))

    made = page(briefing, own, tier=1, now_s=NOW_S, rehearsal=False)

    assert made.recipients == ("t1@example.invalid",)


def test_without_an_address_there_is_no_page(briefing, head):
    nobody = replace(head, contacts=Contacts(()))

    assert "no address of tier 1 is set" in refused(briefing, nobody)


def test_a_page_cannot_be_made_changed_or_copied_into_being(briefing, head):
    made = page(briefing, head, tier=1, now_s=NOW_S, rehearsal=True)
    facts = {
        field.name: getattr(made, field.name) for field in dataclasses.fields(made)
    }

    with pytest.raises(TypeError, match="made by page"):
        Page()
    with pytest.raises(TypeError, match="made by page"):
        Page(**facts)
    with pytest.raises(TypeError):
        replace(made, recipients=(f"{URGENT}@amazon.com",))
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.tier = 2
    for copied in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError, match="not pickled"):
            copied(made)


def test_no_other_file_claims_that_its_mail_is_a_page():
    package = Path(agcod_guard.__file__).parent

    claiming = [
        path.name
        for path in package.rglob("*.py")
        if "is_page=" in path.read_text("utf-8")
    ]

    assert claiming == ["page.py"]


def test_a_secret_in_the_facts_is_masked_in_text_and_subject(
    incident, reporter, head, call, dossier, briefed
):
    calls = [call(number, error_type="AAAA-BBBBBB-CCCC") for number in range(20)]
    leaky = briefed(incident, dossier(incident, calls), reporter, now_s=NOW_S)

    made = page(leaky, head, tier=1, now_s=NOW_S, rehearsal=False)

    assert b"BBBBBB" not in made.content()
    assert read(made)["Subject"] == "AGCOD outage [20261122T111505Z-eu-3f9a]"
    assert secrets_in(text_of(made)) == ()


def test_a_text_that_cannot_be_cleared_is_withheld_and_the_page_still_goes_out(
    briefing, head, monkeypatch
):
    monkeypatch.setattr(clearing, "secrets_in", lambda text: ("x",))

    made = page(briefing, head, tier=1, now_s=NOW_S, rehearsal=False)

    assert text_of(made).startswith("WITHHELD: the text of this mail")
    assert "agcod-guard calls" in text_of(made)


hostile = st.one_of(
    st.text(st.characters(codec=None), max_size=40),
    st.sampled_from(
        ["x\r\nBcc: a@b", "=?utf-8?q?=0ATo:_x?=", "A" * 300, "\u2028", "\ud800", "\0"]
    ),
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(account=hostile, request_id=hostile, kind=hostile, message=hostile)
def test_whatever_came_over_the_wire_the_page_goes_out_with_one_of_each_header(
    incident,
    reporter,
    head,
    call,
    dossier,
    *,
    briefed,
    account,
    request_id,
    kind,
    message,
):
    facts = {
        "partner_id": account or "x",
        "request_id": request_id,
        "error_type": kind,
        "message": message,
        "exception": kind,
        "amzn_request_id": message,
        "currency": kind,
    }
    calls = [call(number, **facts) for number in range(3)]
    wild = replace(incident, scope=calls[0].scope, first_call_id=calls[0].call_id)
    known = replace(reporter, marketplace=None, name=message, phone=kind)
    wild_briefing = briefed(wild, dossier(wild, calls), known, now_s=NOW_S)

    made = page(
        wild_briefing,
        replace(head, reporter=known),
        tier=1,
        now_s=NOW_S,
        rehearsal=False,
    )

    message_ = read(made)
    assert message_["Subject"].endswith("[20261122T111505Z-eu-3f9a]")
    for name in ("Message-ID", "Date", "From", "To", "Reply-To", "Subject"):
        assert len(message_.get_all(name)) == 1
    assert message_.get_all("Bcc") is None
    assert message_["To"] == f"{URGENT}@amazon.com"
    assert made.content().isascii()
