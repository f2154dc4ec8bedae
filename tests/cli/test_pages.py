"""send, sent, ack and hold: a person's part in an outage."""

from __future__ import annotations

import email
import email.policy
import io
from dataclasses import replace

import click
import pytest
import requests
from partner import START_S, fault, guarded, settings, success
from smtp_servers import SmtpServer, keeps_and_drops, says

from agcod_guard.cli.ack import acknowledge
from agcod_guard.cli.hold import set_hold, show_hold
from agcod_guard.cli.named import NoSuchIncident
from agcod_guard.cli.packet import Request, show_packet
from agcod_guard.cli.send import NotSent, paste_page, send_page
from agcod_guard.cli.sent import note_sent
from agcod_guard.clock import ManualClock
from agcod_guard.data_folder import DataFolder
from agcod_guard.incident.acts import Acknowledged, SentByHand
from agcod_guard.settings.mail import Own

TENTH = {
    "hold_s": 18.0,
    "clear_s": 10.0,
    "escalate_after_s": 180.0,
    "escalate_fresh_s": 30.0,
    "late_s": 0.2,
}


@pytest.fixture
def server():
    with SmtpServer() as server:
        yield server


@pytest.fixture
def live_through(tmp_path, server):
    """A partner who has lived through an outage, and the folder that tells of it."""

    def lived(*, mode="ask", seconds=25, **changes):
        clock = ManualClock(START_S)
        facts = {
            "policy": TENTH,
            "page": {"mode": mode},
            "smtp": {
                "host": "127.0.0.1",
                "port": server.port,
                "security": "none",
                "sender": "guard@shop.invalid",
            },
        } | changes
        partner = guarded(tmp_path / "data", clock, **facts)
        partner.sell(5, success())
        partner.sell(seconds, fault("F500"))
        partner.guard.flush()
        folder = DataFolder(settings=settings(tmp_path / "data", **facts), clock=clock)
        return partner, folder

    return lived


def yes():
    return True


def no():
    return False


def said(command, *arguments, **how):
    out = io.StringIO()
    assert command(*arguments, out, **how) == 0
    return out.getvalue()


def name_in(folder):
    return folder.ladder().incidents()[0].incident_id


class TestSend:
    def test_it_shows_the_mail_and_what_speaks_against_it_and_then_sends(
        self, live_through, server
    ):
        _, folder = live_through()

        told = said(send_page, folder, "latest", agreed=yes, by="Ada")

        assert "To: urgent-t1@amazon.invalid" in told
        assert "Subject: DRILL" not in told
        assert "Note: The outage is not confirmed by test calls of our own." in told
        assert "Sent to urgent-t1@amazon.invalid at 2026-11-22T11:15:35.000Z" in told
        assert "The next tier is due at 2026-11-22T11:18:35.000Z" in told
        ((envelope, content),) = server.mails
        mail = email.message_from_bytes(content, policy=email.policy.default)
        assert envelope == ("<guard@shop.invalid>", "<urgent-t1@amazon.invalid>")
        assert mail["X-Unsent"] is None
        assert [part.get_filename() for part in mail.iter_attachments()] == [
            "packet.txt",
            "sample-request.txt",
        ]

    def test_without_a_persons_yes_nothing_leaves(self, live_through, server):
        _, folder = live_through()
        out = io.StringIO()

        assert send_page(folder, "latest", out, agreed=no) == 1

        assert out.getvalue().endswith("Not sent.\n")
        assert server.mails == []
        assert folder.ladder().acts() == []

    def test_the_same_tier_is_not_sent_twice(self, live_through, server):
        _, folder = live_through()
        said(send_page, folder, "latest", agreed=yes)

        with pytest.raises(NotSent, match=r"Tier 2 is due at 2026-11-22 11:18:35 GMT"):
            send_page(folder, "latest", io.StringIO(), agreed=yes)

        assert len(server.mails) == 1

    def test_the_next_tier_goes_half_an_hour_later_under_the_first(
        self, live_through, server
    ):
        partner, folder = live_through()
        said(send_page, folder, "latest", agreed=yes)
        partner.sell(181, fault("F500"))

        told = said(send_page, folder, "latest", agreed=yes)

        assert "To: urgent-t2@amazon.invalid" in told
        first, second = (
            email.message_from_bytes(content, policy=email.policy.default)
            for _, content in server.mails
        )
        assert second["In-Reply-To"] == first["Message-ID"]

    def test_a_success_between_the_look_and_the_yes_holds_it_back(
        self, live_through, server
    ):
        partner, folder = live_through()

        def sells_a_card():
            partner.order(success())
            partner.clock.advance(0.5)
            return True

        out = io.StringIO()
        assert send_page(folder, "latest", out, agreed=sells_a_card) == 1

        assert "Held back at the last look: The outage does not stand" in out.getvalue()
        assert server.mails == []

    def test_once_it_is_over_no_mail_is_due(self, live_through):
        partner, folder = live_through()
        partner.sell(3, success())

        with pytest.raises(NotSent, match="Calls succeed again since"):
            send_page(folder, "latest", io.StringIO(), agreed=yes)

    def test_in_draft_mode_it_says_how_to_send_it_by_hand(self, live_through, server):
        _, folder = live_through(mode="draft")

        with pytest.raises(NotSent, match=r"open .*urgent-t1.eml, then: agcod-guard"):
            send_page(folder, "latest", io.StringIO(), agreed=yes)

        assert server.mails == []

    def test_paste_prints_the_mail_for_any_mail_program(self, live_through, server):
        _, folder = live_through(mode="draft")

        told = said(paste_page, folder, "latest")

        assert told.startswith("To: urgent-t1@amazon.invalid\nSubject: ")
        assert "Timestamp of first failed response: 2026-11-22 11:15:10 GMT" in told
        assert "As a link: mailto:urgent-t1@amazon.invalid?subject=" in told
        assert f"Then: agcod-guard sent {name_in(folder)} --tier 1" in told
        assert server.mails == []

    def test_without_a_mail_server_it_says_so(self, live_through):
        _, folder = live_through(smtp={})

        with pytest.raises(NotSent, match="No mail server and sender are set"):
            send_page(folder, "latest", io.StringIO(), agreed=yes)

    def test_what_the_server_says_is_told(self, live_through, server):
        _, folder = live_through()
        server.plan({"rcpt": says("550 no such user here")})
        out = io.StringIO()

        assert send_page(folder, "latest", out, agreed=yes) == 1

        assert "Refused" in out.getvalue()
        assert "no such user here" in out.getvalue()
        assert f"then: agcod-guard sent {name_in(folder)} --tier 1" in out.getvalue()
        told = said(send_page, folder, "latest", agreed=yes)
        assert "Sent to" in told

    def test_where_it_may_have_gone_it_says_what_to_do(self, live_through, server):
        partner, folder = live_through()
        server.plan({"dot": keeps_and_drops}, {"dot": keeps_and_drops})
        first, second = io.StringIO(), io.StringIO()

        assert send_page(folder, "latest", first, agreed=yes) == 1
        partner.clock.advance(15.0)
        assert send_page(folder, "latest", second, agreed=yes) == 1

        assert "sends it once more" in first.getvalue()
        assert "is sent no more" in second.getvalue()
        assert f"agcod-guard sent {name_in(folder)} --tier 1" in second.getvalue()
        assert len({content for _, content in server.mails}) == 1

    def test_as_typed_it_asks_first(self, live_through, server, run, tmp_path):
        _, folder = live_through(mode="draft")

        done = run("send", "latest", "--data-dir", tmp_path / "data")

        assert done.exit_code == 1
        assert "No mail is due: Tier 1 waits for a fresh failure" in done.output
        assert folder.ladder().acts() == []


class TestSent:
    def test_a_mail_sent_by_hand_starts_the_next_tiers_clock(self, live_through):
        _, folder = live_through(mode="draft")

        told = said(
            note_sent, folder, "latest", tier=1, at_s=START_S + 28, message_id="<a@b>"
        )

        assert "Noted: tier 1 was written to at 2026-11-22T11:15:33.000Z." in told
        assert "Tier 2 is due at 2026-11-22T11:18:33.000Z unless somebody" in told
        assert folder.ladder().acts() == [
            SentByHand(
                incident_id=name_in(folder),
                at_s=START_S + 28,
                tier=1,
                message_id="<a@b>",
            )
        ]

    @pytest.mark.parametrize(
        ("tier", "at_s", "why"),
        [
            (2, None, "tier 2 cannot come before tier 1"),
            (1, START_S + 1_000, "is not between the first failure"),
            (1, START_S - 60, "is not between the first failure"),
        ],
    )
    def test_what_cannot_be_is_refused(self, live_through, tier, at_s, why):
        _, folder = live_through(mode="draft")

        with pytest.raises(click.BadParameter, match=why):
            note_sent(folder, "latest", io.StringIO(), tier=tier, at_s=at_s)

        assert folder.ladder().acts() == []

    @pytest.mark.parametrize("step_s", [3600.0, -3600.0])
    @pytest.mark.parametrize("ago_s", [None, 5.0])
    def test_a_step_of_the_wall_clock_moves_no_tier(self, live_through, step_s, ago_s):
        partner, folder = live_through(mode="draft")
        partner.clock.step_wall(step_s)
        typed_s = None if ago_s is None else folder.clock.wall_s() - ago_s

        said(note_sent, folder, "latest", tier=1, at_s=typed_s)

        (act,) = folder.ladder().acts()
        assert act.at_s == pytest.approx(START_S + 30 - (ago_s or 0.0))

    def test_the_last_tier_has_no_next(self, live_through):
        _, folder = live_through(mode="draft")

        for tier in (1, 2, 3):
            told = said(note_sent, folder, "latest", tier=tier)

        assert told.endswith("All three tiers have been written to.\n")


class TestAck:
    def test_who_has_answered_is_noted_and_the_tiers_stop(self, live_through):
        partner, folder = live_through(mode="draft")
        said(note_sent, folder, "latest", tier=1)

        told = said(acknowledge, folder, "latest", by=" Grace ", note="on it")
        partner.sell(200, fault("F500"))

        assert "No further tier is written to." in told
        ack = folder.ladder().acts()[-1]
        assert isinstance(ack, Acknowledged)
        assert (ack.by, ack.note) == ("Grace", "on it")
        folder_of = folder.packets().folder_of(name_in(folder))
        assert not (folder_of / "urgent-t2.eml").exists()

    def test_once_somebody_has_answered_no_higher_tier_finds_a_mail(self, live_through):
        partner, folder = live_through(mode="draft")
        said(note_sent, folder, "latest", tier=1)
        partner.sell(190, fault("F500"))
        folder_of = folder.packets().folder_of(name_in(folder))
        assert (folder_of / "urgent-t2.eml").exists()

        said(acknowledge, folder, "latest", by="Grace")
        partner.sell(2, fault("F500"))

        assert not (folder_of / "urgent-t2.eml").exists()

    def test_nobody_has_not_answered(self, live_through):
        _, folder = live_through()

        with pytest.raises(click.BadParameter, match="name who has answered"):
            acknowledge(folder, "latest", io.StringIO(), by=" ")

    def test_an_incident_that_is_none_is_refused(self, nowhere):
        with pytest.raises(NoSuchIncident, match="there is none at all yet"):
            acknowledge(nowhere, "latest", io.StringIO(), by="Ada")

    def test_whoever_answered_is_whom_the_recovery_mail_is_for(self, live_through):
        partner, folder = live_through()
        said(acknowledge, folder, "latest", by="Grace <grace@example.invalid>")
        partner.sell(20, success())

        draft = folder.packets().folder_of(name_in(folder)) / "recovery.eml"
        mail = email.message_from_bytes(draft.read_bytes(), policy=email.policy.default)
        assert mail["To"] == "grace@example.invalid"


class TestHold:
    def test_the_switch_is_turned_and_shown(self, nowhere):
        assert said(show_hold, nowhere) == "Pages are not held back.\n"

        told = said(set_hold, nowhere, on=True, note="load test")

        assert "No page goes to Amazon while" in told
        assert "since 2026-11-22T11:15:05.000Z load test" in said(show_hold, nowhere)
        assert "Pages may go again" in said(set_hold, nowhere, on=False)
        assert said(set_hold, nowhere, on=False) == "Nothing held pages back.\n"

    def test_while_it_is_on_no_mail_is_due(self, live_through, server):
        _, folder = live_through()
        said(set_hold, folder, on=True)

        with pytest.raises(NotSent, match="kill switch"):
            send_page(folder, "latest", io.StringIO(), agreed=yes)

        assert server.mails == []


class TestWhatOnlyAPersonKnows:
    def test_it_is_filled_in_and_the_packet_and_the_draft_are_made_anew(
        self, live_through
    ):
        _, folder = live_through(mode="draft")
        request = Request(
            incident_id="latest", action="cards off sale", changes="none for weeks"
        )
        out = io.StringIO()

        show_packet(folder, request, out, io.StringIO())

        assert "What we have done: cards off sale" in out.getvalue()
        assert "none for weeks" in out.getvalue()
        draft = folder.packets().newest(name_in(folder))["urgent-t1.eml"]
        assert b"cards off sale" in draft.read_bytes()

    def test_it_stands_in_the_draft_of_a_later_tier_as_well(self, live_through):
        partner, folder = live_through(mode="draft")
        said(note_sent, folder, "latest", tier=1)
        partner.sell(182, fault("F500"))
        request = Request(incident_id="latest", action="cards off sale")

        show_packet(folder, request, io.StringIO(), io.StringIO())

        draft = folder.packets().newest(name_in(folder))["urgent-t2.eml"]
        assert b"cards off sale" in draft.read_bytes()

    def test_a_packet_made_anew_sends_nothing(self, live_through):
        partner, _ = live_through(mode="draft")
        partner.sell(20, success())
        own = Own(addresses=("finance@shop.invalid",))
        told = replace(partner.guard.settings, own=own)
        folder = DataFolder(settings=told, clock=partner.clock)

        request = Request(incident_id="latest", rebuild=True)
        show_packet(folder, request, io.StringIO(), io.StringIO())

        assert folder.outbox(folder.ladder()).entries() == []

    def test_edit_asks_with_what_is_known_and_an_empty_answer_changes_nothing(
        self, live_through, run, tmp_path, monkeypatch
    ):
        _, folder = live_through(mode="draft")
        answers = iter(["cards off sale", ""])
        monkeypatch.setattr(click, "prompt", lambda *_, **__: next(answers))

        done = run("packet", "latest", "--edit", "--data-dir", tmp_path / "data")

        assert done.exit_code == 0
        assert [act.text for act in folder.ladder().acts()] == ["cards off sale"]

    def test_open_opens_the_mail_that_is_due(
        self, live_through, run, tmp_path, monkeypatch
    ):
        live_through(mode="draft")
        opened = []
        monkeypatch.setattr(click, "launch", opened.append)

        run("packet", "latest", "--open", "--data-dir", tmp_path / "data")

        assert [path.rpartition("/")[2] for path in opened] == ["urgent-t1.eml"]


def test_a_time_out_of_the_first_call_after_the_mail_does_not_send_it_again(
    live_through, server
):
    partner, folder = live_through()
    said(send_page, folder, "latest", agreed=yes)

    partner.sell(20, requests.ReadTimeout())

    assert len(server.mails) == 1
