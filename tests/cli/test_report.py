"""Questions and announcements to Amazon's teams, as drafts."""

from __future__ import annotations

import email
import email.policy
import io

import click
import pytest
from partner import START_S, fault, guarded, settings, success

from agcod_guard.cli.change import announce_change, only_account
from agcod_guard.cli.report import NothingToReport, write_report
from agcod_guard.clock import ManualClock
from agcod_guard.data_folder import DataFolder
from agcod_guard.incident.questions import Announcement


@pytest.fixture
def lived(tmp_path):
    clock = ManualClock(START_S)
    partner = guarded(tmp_path / "data", clock)
    ids = {
        "failed": partner.order(fault("F500")),
        "broke": partner.order(fault("F300", "InsufficientFunds")),
        "customer": partner.order(fault("F300", "CustomerSurpassedDailyVelocityLimit")),
        "sold": partner.order(success()),
    }
    partner.guard.close()
    return DataFolder(settings=settings(tmp_path / "data"), clock=clock), ids


def reported(folder, request_id, **how):
    out = io.StringIO()
    assert write_report(folder, request_id, out, **how) == 0
    (draft,) = (folder.settings.data_dir / "drafts").glob("*.eml")
    return out.getvalue(), email.message_from_bytes(
        draft.read_bytes(), policy=email.policy.default
    )


def test_a_question_about_one_request_goes_to_the_integration_team(lived):
    folder, ids = lived

    told, mail = reported(folder, ids["failed"])

    assert mail["To"] == "incentives-api@giftcards.amazon.com"
    assert ids["failed"] in mail["Subject"]
    assert "(integration team, as of 2022-12-16; no time is promised)" in told
    assert "mailto:incentives-api@giftcards.amazon.com?" in told


def test_funds_are_the_operations_teams_of_the_country(lived):
    folder, ids = lived

    told, mail = reported(folder, ids["broke"], paste=True)

    assert mail["To"] == "corporate-gifts@giftcards.amazon.com"
    assert "an answer within 1 business day" in told
    assert "Subject:" in told


@pytest.mark.parametrize(
    ("which", "why"),
    [
        ("customer", "the end customer's own account"),
        ("sold", "nothing is wrong with it"),
    ],
)
def test_what_is_nothing_for_amazon_makes_no_draft(lived, which, why):
    folder, ids = lived

    with pytest.raises(NothingToReport, match=why):
        write_report(folder, ids[which], io.StringIO())

    assert not (folder.settings.data_dir / "drafts").exists()


def test_an_id_that_is_on_no_record_says_where_to_look(lived):
    folder, _ = lived

    with pytest.raises(NothingToReport, match=r"calls --since 30d"):
        write_report(folder, "Acmes999999", io.StringIO())


def test_a_planned_downtime_is_announced(lived):
    folder, _ = lived
    out = io.StringIO()
    planned = Announcement(
        account="Acmes",
        what="moving to a new data centre",
        starts_at_s=START_S + 86_400,
        ends_at_s=START_S + 90_000,
        downtime=True,
    )

    announce_change(folder, planned, out)

    (draft,) = (folder.settings.data_dir / "drafts").glob("*.eml")
    mail = email.message_from_bytes(draft.read_bytes(), policy=email.policy.default)
    assert mail["To"] == "incentives-api@giftcards.amazon.com"
    assert mail["Subject"].startswith("Planned downtime of AGCOD partner Acmes (UK)")
    assert "We will make no calls to AGCOD meanwhile." in mail.get_body().get_content()


def test_a_plan_that_ends_before_it_begins_is_refused(lived):
    folder, _ = lived
    planned = Announcement(
        account="Acmes", what="x", starts_at_s=START_S, ends_at_s=START_S - 1
    )

    with pytest.raises(click.BadParameter, match="is not after"):
        announce_change(folder, planned, io.StringIO())


def test_the_account_is_named_where_there_are_several(tmp_path):
    both = settings(tmp_path, accounts={"Acmes": {}, "Primo": {}})
    folder = DataFolder(settings=both, clock=ManualClock(START_S))

    with pytest.raises(click.UsageError, match="Acmes and Primo: add --account"):
        only_account(folder)


def test_as_typed_it_is_announced(lived, run, tmp_path):
    done = run(
        "change", "announce", "new proxy", "--from", "in 2d", "--account", "Acmes",
        "--data-dir", tmp_path / "data",
    )  # fmt: skip

    assert done.exit_code == 0, done.output
    assert "Draft: " in done.output
