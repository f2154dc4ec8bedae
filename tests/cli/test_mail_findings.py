"""What `check` says about mails: how they go, and what keeps them from it."""

from __future__ import annotations

import pytest
from partner import START_S, settings

from agcod_guard.cli.mail_findings import paging_findings
from agcod_guard.clock import ManualClock
from agcod_guard.data_folder import DataFolder

SERVER = {"host": "mail.example.invalid", "sender": "guard@shop.invalid"}
LIVE = {
    "page": {"mode": "live"},
    "smtp": SERVER,
    "fleet": {"single_host": True},
    "env": {"AGCOD_GUARD_LIVE": "1"},
}


def found(folder, **changes):
    place = DataFolder(settings=settings(folder, **changes), clock=ManualClock(START_S))
    return [(each.level.value, each.text) for each in paging_findings(place)]


def test_drafts_are_the_default_and_no_problem(tmp_path):
    assert found(tmp_path) == [("ok", "page.mode is draft: a person sends the mails")]


@pytest.mark.parametrize("mode", ["ask", "live"])
def test_a_mode_that_mails_needs_a_server(tmp_path, mode):
    assert found(tmp_path, page={"mode": mode}) == [
        ("PROBLEM", f"page.mode is {mode}, but nothing can be mailed: set smtp.host")
    ]


def test_live_with_all_it_needs_is_well(tmp_path):
    assert found(tmp_path, **LIVE) == [
        ("ok", "page.mode is live, by way of mail.example.invalid")
    ]


@pytest.mark.parametrize(
    ("without", "lack"),
    [
        ("env", "AGCOD_GUARD_LIVE=1 is not set"),
        ("fleet", "fleet.single_host = true is not set"),
    ],
)
def test_live_that_acts_as_ask_says_why(tmp_path, without, lack):
    lacking = {name: value for name, value in LIVE.items() if name != without}

    assert found(tmp_path, **lacking) == [
        ("PROBLEM", f"page.mode is live, but acts as ask: {lack}")
    ]


def test_own_people_cannot_be_mailed_without_a_server(tmp_path):
    own = {"addresses": ["finance@shop.invalid"]}

    assert (
        "PROBLEM",
        "own.addresses cannot be mailed: set smtp.host and smtp.sender",
    ) in found(tmp_path, own=own)


def test_a_switch_that_was_forgotten_is_told(tmp_path):
    (tmp_path / "HOLD").write_text("load test, Ada")

    assert (
        "note",
        "every page is held back (load test, Ada): agcod-guard hold off lets them go",
    ) in found(tmp_path)


def test_a_secret_that_cannot_be_read_is_named_and_never_shown(tmp_path):
    empty, good = tmp_path / "empty", tmp_path / "good"
    empty.write_text("")
    good.write_text("correct horse")
    hooks = {
        "ops": {"kind": "pagerduty", "key_file": str(empty)},
        "old": {"kind": "pagerduty", "key_file": str(tmp_path / "gone")},
        "well": {"kind": "pagerduty", "key_file": str(good)},
    }

    problems = [
        text for level, text in found(tmp_path, webhooks=hooks) if level != "ok"
    ]

    assert len(problems) == 2
    assert "webhooks.ops.key_file cannot be used: " in problems[0]
    assert "must hold the secret" in problems[0]
    assert "No such file" in problems[1]
    assert "correct horse" not in str(problems)
