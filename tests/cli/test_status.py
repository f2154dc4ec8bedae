import io
import json
import os
import subprocess
import sys

import pytest
from partner import guarded, success

from agcod_guard.cli.status import show_status
from agcod_guard.clock import SystemClock
from agcod_guard.storage.tick_lock import TickLock


def shown(folder, **how):
    out = io.StringIO()
    code = show_status(folder, out, **how)
    return code, out.getvalue()


def everything_in(folder):
    return {
        path: (path.stat().st_mtime_ns, path.stat().st_size)
        for path in (folder, *folder.rglob("*"))
    }


def test_a_standing_outage_is_told_with_its_incident_and_exit_code_1(lived):
    code, text = shown(lived)

    assert code == 1
    assert (
        "Acmes/na  OUTAGE  2026-11-22T11:16:33.000Z  2026-11-22T11:16:14.000Z" in text
    )
    assert "20261122T111615Z-na-" in text
    assert "Acmes/na: 10 or more different orders failed in a row" in text


def test_an_endpoint_that_is_well_is_told_with_why(lived):
    _, text = shown(lived)

    assert "Acmes/eu  OK " in text


def test_json_has_every_time_in_seconds_and_in_words(lived):
    code, text = shown(lived, as_json=True)

    facts = json.loads(text)
    _, na = facts["scopes"]
    assert code == 1
    assert facts["outage"] is True
    assert facts["guard_at_work"] is False
    assert na["scope"] == "Acmes/na"
    assert na["phase"] == "OUTAGE"
    assert na["first_failed_at"] == "2026-11-22T11:16:15.000Z"
    assert na["first_failed_at_s"] == 1795346175.0
    assert na["incident_id"].startswith("20261122T111615Z-na-")


def test_it_is_judged_by_the_policy_of_the_guard_not_of_the_asker(lived):
    # The asker's settings have the default policy: its outage takes ten times as long.
    assert lived.settings.policy.hold_s == 180.0

    assert shown(lived)[0] == 1


def test_without_any_data_it_says_where_it_looked_and_makes_nothing(nowhere):
    code, text = shown(nowhere)

    assert code == 0
    assert f"looked in {nowhere.settings.data_dir}/journal" in text
    assert not nowhere.settings.data_dir.exists()


def test_asking_changes_nothing_in_the_data_folder(lived):
    before = everything_in(lived.settings.data_dir)

    shown(lived)

    assert everything_in(lived.settings.data_dir) == before


def test_a_guard_at_work_is_told_and_not_disturbed(tmp_path):
    partner = guarded(tmp_path, SystemClock())
    partner.order(success())
    partner.look()

    code, text = shown(partner.guard._folder)
    partner.guard.close()

    assert code == 0
    assert f"A guard is at work on {tmp_path}." in text
    assert "Acmes/eu  OK" in text


def test_asking_does_not_take_the_turn_to_tick(tmp_path, nowhere):
    lock = TickLock(tmp_path / "tick.lock")
    assert lock.acquire()
    lock.release()

    shown(nowhere)

    assert lock.acquire()
    lock.release()


def test_a_damaged_ladder_is_one_line_with_a_remedy_and_exit_code_3(tmp_path, run):
    (tmp_path / "ladder.sqlite").write_bytes(b"no database at all" * 100)

    done = run("status", "--data-dir", tmp_path)

    assert done.exit_code == 3
    assert done.stderr.startswith(f"Error: {tmp_path}/ladder.sqlite: ")
    assert done.stderr.count("\n") == 1
    assert "move it away" in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_data_folder_that_may_not_be_read_is_exit_code_3(tmp_path, run):
    (tmp_path / "data").mkdir(mode=0)

    assert run("status", "--data-dir", tmp_path / "data").exit_code == 3


def test_a_setting_that_cannot_be_is_exit_code_2(tmp_path, run):
    (tmp_path / "agcod_guard.toml").write_text("[policy]\nhold = 3\n")

    done = run("status")

    assert done.exit_code == 2
    assert "the nearest is policy.hold_s" in done.stderr


def test_it_runs_as_a_module(lived):
    done = subprocess.run(
        [sys.executable, "-m", "agcod_guard", "status", "--data-dir",
         lived.settings.data_dir],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert "Acmes/na  OUTAGE" in done.stdout
    assert done.stderr == ""
