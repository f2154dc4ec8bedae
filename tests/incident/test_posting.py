"""What goes into the outbox, and that only a page goes to the pager."""

import json
from dataclasses import replace
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from agcod_guard.call import Endpoint, Scope
from agcod_guard.incident.incident import Incident
from agcod_guard.incident.notices import News, Notice
from agcod_guard.incident.page import page
from agcod_guard.incident.parcel import SMTP, Parcel, Purpose
from agcod_guard.incident.posting import (
    notice_parcel,
    own_mail_parcel,
    page_key,
    page_parcel,
)
from agcod_guard.settings.mail import WebhookKind

PACKAGE = Path(__file__).parents[2] / "agcod_guard"
NOW_S = 1_795_346_405.0
INCIDENT = Incident(
    incident_id="20261122T111505Z-eu-ab12",
    scope=Scope("Acmes", Endpoint("eu")),
    first_failed_at_s=NOW_S,
    first_call_id="00000000000000aa",
    opened_at_s=NOW_S,
)


def test_a_page_becomes_the_parcel_of_its_tier(briefing, head):
    made = page(briefing, head, tier=1, now_s=NOW_S, rehearsal=True)

    parcel = page_parcel(made, at_s=NOW_S)

    assert parcel.key == page_key(made.incident_id, 1)
    assert parcel.key == f"{made.incident_id}/t1"
    assert (parcel.purpose, parcel.tier) == (Purpose.PAGE, 1)
    assert parcel.recipients == ("urgent-t1@amazon.invalid",)
    assert parcel.content == made.content()
    read = message_from_bytes(parcel.content, policy=policy.default)
    assert read["Message-ID"] == parcel.message_id


def test_a_mail_to_our_own_people_is_no_page_whatever_it_is(briefing, head):
    mail = page(briefing, head, tier=1, now_s=NOW_S, rehearsal=False).mail

    parcel = own_mail_parcel(mail, "recovery", incident=INCIDENT, at_s=NOW_S)

    assert parcel.key == f"{INCIDENT.incident_id}/recovery"
    assert parcel.purpose is Purpose.NOTICE
    assert parcel.is_mail


@pytest.mark.parametrize(
    ("spoken_of", "rehearsal"),
    [
        (INCIDENT, False),
        (replace(INCIDENT, drill=True), True),
        (replace(INCIDENT, scope=Scope("Acmes", Endpoint("eu", "sandbox"))), True),
        (replace(INCIDENT, scope=Scope("Acmes", Endpoint("x", "loopback"))), True),
    ],
)
def test_what_speaks_of_a_rehearsal_is_marked_as_one(
    briefing, head, spoken_of, rehearsal
):
    made = page(briefing, head, tier=1, now_s=NOW_S, rehearsal=rehearsal)
    notice = Notice(incident=spoken_of, news=News.OPENED, at_s=NOW_S)

    for parcel in (
        page_parcel(made, at_s=NOW_S),
        own_mail_parcel(made.mail, "recovery", incident=spoken_of, at_s=NOW_S),
        notice_parcel(notice, "ops", WebhookKind.SLACK),
    ):
        assert parcel.rehearsal == rehearsal


def test_a_mail_to_nobody_is_no_parcel():
    with pytest.raises(ValueError, match="a/t1 is a mail to nobody"):
        Parcel(
            key="a/t1", incident_id="a", channel=SMTP, content=b"", intended_at_s=0.0
        )


def test_only_one_module_makes_a_parcel_for_the_pager():
    making = {
        path.name
        for path in PACKAGE.rglob("*.py")
        if "purpose=Purpose.PAGE" in path.read_text("utf-8")
    }

    assert making == {"posting.py"}


@pytest.mark.parametrize(
    ("news", "tier", "name"),
    [
        (News.OPENED, None, "opened"),
        (News.PAGE_DUE, 1, "page_due-t1"),
        (News.PAGE_DUE, 2, "page_due-t2"),
        (News.RESOLVED, None, "resolved"),
    ],
)
def test_a_notice_has_one_name_for_each_webhook_and_piece_of_news(news, tier, name):
    notice = Notice(incident=INCIDENT, news=news, at_s=NOW_S, tier=tier)

    parcel = notice_parcel(notice, "ops", WebhookKind.JSON)

    assert parcel.key == f"20261122T111505Z-eu-ab12/webhook/ops/{name}"
    assert parcel.channel == "webhook:ops"
    assert json.loads(parcel.content)["id"] == parcel.key
    assert (parcel.purpose, parcel.recipients) == (Purpose.NOTICE, ())
