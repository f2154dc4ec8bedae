"""A drill's place: a new folder, and nothing of the user's."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime

import pytest
import requests

from agcod_guard.drill.ground import (
    NoLoopbackError,
    drill_settings,
    new_folder,
    prepared,
    reference_of,
)
from agcod_guard.drill.story import STANDARD
from agcod_guard.errors import DataError

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_the_folder_is_named_after_the_time_and_is_the_users_alone(tmp_path):
    folder = new_folder(tmp_path, NOON)

    assert folder == tmp_path / "agcod-drill-20261122T120000Z"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_is_there_already_is_left_alone(tmp_path):
    made = [new_folder(tmp_path, NOON).name for _ in range(3)]

    assert made == [
        "agcod-drill-20261122T120000Z",
        "agcod-drill-20261122T120000Z-2",
        "agcod-drill-20261122T120000Z-3",
    ]


def test_a_folder_that_cannot_be_made_is_an_error_with_a_remedy(tmp_path):
    with pytest.raises(DataError, match=r"cannot be made: .*--directory"):
        new_folder(tmp_path / "not-there", NOON)


def test_nothing_of_the_users_settings_takes_part(tmp_path, monkeypatch):
    (tmp_path / "agcod_guard.toml").write_text('partner_id = "Theirs"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AGCOD_GUARD_PARTNER_ID", "Theirs")
    monkeypatch.setenv("AGCOD_GUARD_DATA_DIR", str(tmp_path / "theirs"))
    monkeypatch.setenv("AGCOD_GUARD_LIVE", "1")

    settings = drill_settings(
        tmp_path / "drill", STANDARD.policy, "http://127.0.0.1:1/"
    )

    assert settings.partner_id is None
    assert settings.data_dir == tmp_path / "drill"
    assert settings.drill
    assert not settings.live_armed


def test_the_packet_of_a_drill_lacks_no_setting_and_reaches_nobody(tmp_path):
    settings = drill_settings(tmp_path, STANDARD.policy, "http://127.0.0.1:1/")

    assert settings.missing_for_packet("Drill") == []
    assert settings.contact.email.endswith(".invalid")
    assert {str(it) for it in settings.hosts.values()} == {"eu-loopback", "na-loopback"}


def test_the_users_proxies_are_out_of_the_way_and_then_back(tmp_path, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.invalid:3128")
    monkeypatch.setenv("https_proxy", "http://proxy.invalid:3128")

    with prepared(tmp_path, policy=STANDARD.policy, seed=7):
        inside = {name for name in os.environ if name.lower().endswith("_proxy")}

    assert not inside & {"HTTP_PROXY", "https_proxy"}
    assert os.environ["HTTP_PROXY"] == os.environ["https_proxy"]


def test_a_machine_that_cannot_reach_itself_is_told_so_and_nothing_is_made(tmp_path):
    hosts = {"127.0.0.1": "eu", "host.invalid": "na"}

    with (
        pytest.raises(NoLoopbackError, match=r"host\.invalid has to lead to it"),
        prepared(tmp_path, policy=STANDARD.policy, seed=7, hosts=hosts),
    ):
        raise AssertionError("there is no ground to stand on")

    assert list(tmp_path.iterdir()) == []


def test_the_reference_answers_although_everything_is_broken(tmp_path):
    with prepared(tmp_path, policy=STANDARD.policy, seed=7) as place:
        place.simulator.break_("hang")
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(reference_of(place.simulator), timeout=5)

        assert answer.ok
        assert place.simulator.log == []
