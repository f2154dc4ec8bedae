"""From an outage to mails and notices, as a guard at work writes them."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage

import pytest
import requests
from partner import NA, START_S, Partner, fault, guarded, success
from smtp_servers import SmtpServer, keeps_and_drops

from agcod_guard.clock import ManualClock
from agcod_guard.frames import Reference
from agcod_guard.incident.acts import Acknowledged, SentByHand
from agcod_guard.incident.parcel import State

HOLD_S = 18.0
TIER_S = 180.0
TENTH = {
    "hold_s": HOLD_S,
    "clear_s": 10.0,
    "escalate_after_s": TIER_S,
    "escalate_fresh_s": 30.0,
    "late_s": 0.2,
}


@pytest.fixture
def clock():
    return ManualClock(START_S)


@pytest.fixture
def server():
    with SmtpServer() as server:
        yield server


@pytest.fixture
def partner(tmp_path, clock, server):
    """Who lets the guard page by itself, with test calls that fail as well."""
    partner = guarded(tmp_path / "data", clock, **allowing(server))
    partner.guard.set_probe(_no_answer, partner_id="Acmes", endpoint="eu")
    yield partner
    partner.guard.close()


def allowing(server, **page):
    return {
        "policy": TENTH | {"probe_after_s": 1.0, "probe_every_s": 2.0},
        "page": {"mode": "live"} | page,
        "env": {"AGCOD_GUARD_LIVE": "1"},
        "fleet": {"single_host": True},
        "smtp": {
            "host": "127.0.0.1",
            "port": server.port,
            "security": "none",
            "sender": "guard@shop.invalid",
        },
        "own": {"addresses": ["finance@shop.invalid"]},
    }


def _no_answer():
    raise requests.ReadTimeout


def lives(partner: Partner, seconds: int, answer: object) -> None:
    """Sell for so long, and let threads of the guard's finish in between."""
    for _ in range(seconds):
        partner.sell(1, answer)
        settle(partner)


def settle(partner: Partner) -> None:
    for prober in partner.guard._rounds._probers.values():
        prober.wait(5.0)
    partner.guard._parts.post.postman.wait(5.0)


def mails(server: SmtpServer) -> list[EmailMessage]:
    return [
        email.message_from_bytes(content, policy=email.policy.default)
        for _, content in server.mails
    ]


def recipients(server: SmtpServer) -> list[str]:
    return [str(mail["To"]) for mail in mails(server)]


def files(partner: Partner) -> dict[str, bytes]:
    (folder,) = (partner.guard.settings.data_dir / "incidents").iterdir()
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def incident_id(partner: Partner) -> str:
    return partner.guard._parts.ladder.incidents()[0].incident_id


def note(partner: Partner, act) -> None:
    partner.guard._parts.ladder.note_act(act)


def test_an_outage_goes_up_the_tiers_until_somebody_answers(partner, server):
    lives(partner, 3, success())
    lives(partner, 25, fault("F500"))
    assert recipients(server) == ["urgent-t1@amazon.invalid"]

    lives(partner, 175, fault("F500"))
    assert recipients(server)[1:] == ["urgent-t2@amazon.invalid"]
    first, second = mails(server)
    assert second["In-Reply-To"] == first["Message-ID"]

    ack = Acknowledged(incident_id=incident_id(partner), at_s=START_S + 210, by="Ada")
    note(partner, ack)
    lives(partner, 200, fault("F500"))
    assert len(server.mails) == 2


def test_the_end_is_told_to_the_partners_own_people_and_never_to_a_tier(
    partner, server
):
    lives(partner, 3, success())
    lives(partner, 25, fault("F500"))
    lives(partner, 20, success())

    assert recipients(server) == ["urgent-t1@amazon.invalid", "finance@shop.invalid"]
    over = mails(server)[1]
    assert over["Subject"].startswith("AGCOD outage over for Acmes (UK)")
    assert "recovery.eml" in files(partner)
    assert not [name for name in files(partner) if name.startswith("urgent")]


def test_a_success_before_the_mail_has_left_holds_it_back(partner, server):
    partner.guard._parts.post.postman.start = lambda now_s: False  # not yet
    lives(partner, 25, fault("F500"))
    entries = partner.guard._parts.post.outbox.entries()
    assert [each.state for each in entries] == [State.INTENT]

    partner.sell(1, success())

    (entry,) = partner.guard._parts.post.outbox.entries()
    assert entry.state is State.CANCELLED
    assert entry.progress.note.startswith("Calls succeed again since")
    assert server.mails == []


def test_a_kill_switch_holds_every_page_back_until_it_is_taken_off(partner, server):
    hold = partner.guard.settings.data_dir / "HOLD"
    hold.parent.mkdir(parents=True, exist_ok=True)
    hold.touch()
    lives(partner, 30, fault("F500"))
    assert server.mails == []

    hold.unlink()
    lives(partner, 3, fault("F500"))

    assert recipients(server) == ["urgent-t1@amazon.invalid"]


def test_a_tier_waits_for_a_fresh_failure(partner, server, clock):
    lives(partner, 25, fault("F500"))
    partner.guard._rounds.end_probing()
    for _ in range(20):
        clock.advance(10.0)
        partner.look()
        settle(partner)
    assert recipients(server) == ["urgent-t1@amazon.invalid"]

    lives(partner, 2, fault("F500"))

    assert recipients(server)[1:] == ["urgent-t2@amazon.invalid"]


def test_a_guard_that_was_dead_for_hours_is_late_and_skips_no_tier(
    tmp_path, clock, server
):
    before = guarded(tmp_path / "data", clock, **allowing(server))
    before.guard.set_probe(_no_answer, partner_id="Acmes", endpoint="eu")
    lives(before, 25, fault("F500"))
    before.guard.close()
    clock.advance(10 * TIER_S)

    after = guarded(tmp_path / "data", clock, **allowing(server))
    lives(after, 5, fault("F500"))
    after.guard.close()

    assert recipients(server) == [
        "urgent-t1@amazon.invalid",
        "urgent-t2@amazon.invalid",
    ]


@pytest.mark.parametrize("mode", ["draft", "ask"])
def test_where_a_person_sends_the_draft_is_ready_and_nothing_leaves(
    tmp_path, clock, server, mode
):
    partner = guarded(tmp_path / "data", clock, **allowing(server, mode=mode))
    lives(partner, 25, fault("F500"))

    draft = email.message_from_bytes(
        files(partner)["urgent-t1.eml"], policy=email.policy.default
    )
    partner.guard.close()
    assert draft["X-Unsent"] == "1"
    assert draft["Reply-To"] == "ada@example.invalid"
    assert server.mails == []


def test_a_mail_sent_by_hand_starts_the_clock_of_the_next_draft(
    tmp_path, clock, server
):
    partner = guarded(tmp_path / "data", clock, **allowing(server, mode="draft"))
    lives(partner, 25, fault("F500"))
    sent_at_s = START_S + 25
    note(partner, SentByHand(incident_id=incident_id(partner), at_s=sent_at_s, tier=1))

    lives(partner, 175, fault("F500"))
    assert "urgent-t2.eml" not in files(partner)
    lives(partner, 10, fault("F500"))

    assert "urgent-t2.eml" in files(partner)
    assert server.mails == []
    partner.guard.close()


def test_an_unconfirmed_outage_waits_for_a_person_even_in_live_mode(
    tmp_path, clock, server
):
    partner = guarded(tmp_path / "data", clock, **allowing(server))  # no test calls
    lives(partner, 25, fault("F500"))
    partner.guard.close()

    assert "urgent-t1.eml" in files(partner)
    assert server.mails == []


@pytest.mark.parametrize(
    "refusal",
    [
        fault("F300", "InsufficientFunds"),
        fault("F200", "InvalidAmountInput"),
        429,
        403,
    ],
)
def test_no_refusal_however_long_makes_a_page(partner, server, refusal):
    lives(partner, 40, refusal)

    assert server.mails == []
    assert not (partner.guard.settings.data_dir / "incidents").exists()


def test_channels_of_the_partners_own_are_told_each_thing_once(tmp_path, clock, server):
    key = tmp_path / "key"
    key.write_text("secret")
    hook = {"kind": "json", "url": "http://127.0.0.1:9/hook", "key_file": str(key)}
    partner = guarded(
        tmp_path / "data", clock, **allowing(server), webhooks={"ops": hook}
    )
    partner.guard._parts.post.postman.start = lambda now_s: False
    lives(partner, 25, fault("F500"))
    ack = Acknowledged(incident_id=incident_id(partner), at_s=START_S + 25, by="Ada")
    note(partner, ack)
    lives(partner, 20, success())
    partner.guard.close()

    keys = [
        each.key.rpartition("/webhook/ops/")[2]
        for each in partner.guard._parts.post.outbox.entries()
    ]
    assert [name for name in keys if "/" not in name] == [
        "opened",
        "page_due-t1",
        "acknowledged",
        "resolved",
    ]


def test_two_endpoints_have_mails_of_their_own(partner, server):
    partner.guard.set_probe(_no_answer, partner_id="Acmes", endpoint="na")
    for _ in range(25):
        partner.order(fault("F500"))
        partner.order(fault("F500"), url=NA)
        partner.clock.advance(1.0)
        partner.look()
        settle(partner)

    assert recipients(server) == ["urgent-t1@amazon.invalid"] * 2
    assert len({mail["Message-ID"] for mail in mails(server)}) == 2


@pytest.mark.parametrize("how", ["hold", "last look"])
def test_a_page_that_was_held_back_goes_once_nothing_holds_it_back(
    partner, server, how
):
    postman = partner.guard._parts.post.postman
    start, postman.start = postman.start, lambda now_s: False  # not yet
    lives(partner, 25, fault("F500"))
    hold = partner.guard.settings.data_dir / "HOLD"
    hold.touch()
    if how == "hold":
        lives(partner, 2, fault("F500"))
    else:
        postman.round(START_S + 25)
    (entry,) = partner.guard._parts.post.outbox.entries()
    assert entry.state is State.CANCELLED

    hold.unlink()
    postman.start = start
    lives(partner, 62, fault("F500"))

    assert recipients(server) == ["urgent-t1@amazon.invalid"]


def test_a_page_that_a_person_has_sent_meanwhile_does_not_go_as_well(partner, server):
    postman = partner.guard._parts.post.postman
    start, postman.start = postman.start, lambda now_s: False  # the server is down
    lives(partner, 25, fault("F500"))
    sent_at_s = START_S + 25
    note(partner, SentByHand(incident_id=incident_id(partner), at_s=sent_at_s, tier=1))

    postman.start = start
    postman.round(sent_at_s)
    lives(partner, 3, fault("F500"))

    assert server.mails == []
    (entry,) = partner.guard._parts.post.outbox.entries()
    assert entry.state is State.CANCELLED


def test_an_end_that_nobody_watched_is_told_to_the_partners_channels(
    tmp_path, clock, server
):
    hook = {"kind": "slack", "url": "http://127.0.0.1:9/hook"}
    before = guarded(
        tmp_path / "data", clock, **allowing(server), webhooks={"ops": hook}
    )
    before.guard._parts.post.postman.start = lambda now_s: False
    lives(before, 25, fault("F500"))
    for _ in range(30):
        before.order(success())
        clock.advance(1.0)
    before.guard.at_exit()
    before.guard._parts.turn.release()  # as if it had been killed
    clock.advance(6 * 3600.0)

    after = guarded(
        tmp_path / "data", clock, **allowing(server), webhooks={"ops": hook}
    )
    after.guard._parts.post.postman.start = lambda now_s: False
    after.look()
    told = [each.key for each in after.guard._parts.post.outbox.entries()]
    after.guard.close()

    assert [key for key in told if key.endswith("/webhook/ops/resolved")]


def test_a_page_held_back_after_a_copy_may_have_left_goes_once_more_as_it_was(
    partner, server
):
    server.plan({"dot": keeps_and_drops})
    lives(partner, 21, fault("F500"))
    (entry,) = partner.guard._parts.post.outbox.entries()
    assert (entry.state, len(server.mails)) == (State.UNSURE, 1)
    hold = partner.guard.settings.data_dir / "HOLD"
    hold.touch()
    lives(partner, 10, fault("F500"))

    hold.unlink()
    lives(partner, 8, fault("F500"))

    (entry,) = partner.guard._parts.post.outbox.entries()
    first, second = server.mails
    assert (entry.state, first) == (State.SENT, second)


def test_a_relapse_that_no_test_call_confirms_waits_for_a_person(partner, server):
    lives(partner, 25, fault("F500"))
    lives(partner, 3, success())
    partner.guard._rounds.end_probing()

    lives(partner, 20 + int(TIER_S), fault("F500"))

    incident = partner.guard._parts.ladder.incidents()[0]
    assert (incident.relapses, incident.confirmed) == (1, False)
    assert recipients(server) == ["urgent-t1@amazon.invalid"]
    assert "urgent-t2.eml" in files(partner)


def test_nobody_is_paged_while_our_own_network_is_seen_to_fail(tmp_path, clock, server):
    partner = guarded(tmp_path / "data", clock, **allowing(server))
    partner.guard.set_probe(_no_answer, partner_id="Acmes", endpoint="eu")
    heard(partner, reached=True)
    postman = partner.guard._parts.post.postman
    start, postman.start = postman.start, lambda now_s: False  # not yet
    lives(partner, 25, fault("F500"))
    for _ in range(30):
        heard(partner, reached=False)
        lives(partner, 1, requests.ConnectionError("no route"))

    postman.start = start
    lives(partner, 1, requests.ConnectionError("no route"))
    partner.guard.close()

    assert server.mails == []
    (entry,) = partner.guard._parts.post.outbox.entries()
    assert entry.progress.note.startswith("Our own network fails")


def heard(partner: Partner, *, reached: bool) -> None:
    """Note what the reference host has answered."""
    partner.guard._parts.journal.append(
        Reference(
            wall_ns=int(partner.clock.wall_s() * 1e9),
            mono_ns=int(partner.clock.monotonic_s() * 1e9),
            target="https://reference.invalid/",
            reached=reached,
        )
    )


def test_a_ladder_that_was_removed_makes_nobody_be_paged_twice(tmp_path, clock, server):
    allowed = allowing(server)
    allowed["policy"] |= {"packet_every_s": 5.0}
    partner = guarded(tmp_path / "data", clock, **allowed)
    partner.guard.set_probe(_no_answer, partner_id="Acmes", endpoint="eu")
    lives(partner, 25, fault("F500"))
    (tmp_path / "data" / "ladder.sqlite").unlink()

    lives(partner, 40, fault("F500"))
    partner.guard.close()

    assert recipients(server) == ["urgent-t1@amazon.invalid"]
    assert partner.guard._parts.post.mailroom.pages_asked() == {"Acmes/eu": 1}


def test_what_is_noted_after_the_end_raises_no_alert(tmp_path, clock, server):
    hook = {"kind": "slack", "url": "http://127.0.0.1:9/hook"}
    partner = guarded(
        tmp_path / "data", clock, **allowing(server), webhooks={"ops": hook}
    )
    partner.guard._parts.post.postman.start = lambda now_s: False
    lives(partner, 25, fault("F500"))
    lives(partner, 20, success())
    note(
        partner, SentByHand(incident_id=incident_id(partner), at_s=START_S + 26, tier=1)
    )

    lives(partner, 2, success())
    partner.guard.close()

    told = [each.key for each in partner.guard._parts.post.outbox.entries()]
    notices = [key for key in told if "/webhook/" in key]
    assert notices[-1].endswith("/webhook/ops/resolved")


def test_an_address_that_is_also_set_as_a_tier_is_not_told_of_the_end(
    tmp_path, clock, server
):
    allowed = allowing(server)
    allowed["own"] = {"addresses": ["relay@shop.invalid", "finance@shop.invalid"]}
    tier = {
        "door": "urgent",
        "tier": 1,
        "address": "relay@shop.invalid",
        "source": "our account manager",
    }
    partner = guarded(tmp_path / "data", clock, contacts=[tier], **allowed)
    lives(partner, 25, fault("F500"))
    lives(partner, 20, success())
    partner.guard.close()

    assert recipients(server) == ["finance@shop.invalid"]
