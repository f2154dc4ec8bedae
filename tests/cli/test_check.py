import io
import json
import shutil
from email.utils import formatdate

import pytest
from partner import EU, START_S, guarded, settings, success

from agcod_guard.cli.check import findings, show_check
from agcod_guard.clock import ManualClock, SystemClock
from agcod_guard.data_folder import DataFolder
from agcod_guard.frames import Sample


def found(folder, subject):
    return [
        (each.level.value, each.text)
        for each in findings(folder)
        if each.subject == subject
    ]


@pytest.fixture
def clock():
    return ManualClock(START_S)


@pytest.fixture
def recorded(tmp_path, clock):
    """A data folder in which a call has succeeded."""
    partner = guarded(tmp_path / "data", clock)
    partner.sell(1, success())
    partner.guard.close()
    return DataFolder(settings=partner.guard.settings, clock=clock)


def test_with_all_that_a_packet_needs_there_is_no_problem(recorded):
    out = io.StringIO()

    assert show_check(recorded, out) == 0
    assert out.getvalue().endswith("\nNo problem.\n")


def test_every_setting_is_told_with_its_origin(recorded):
    out = io.StringIO()

    show_check(recorded, out, as_json=True)

    rows = json.loads(out.getvalue())["settings"]
    assert {
        "name": "contact.name",
        "value": "Ada Example",
        "origin": "an argument",
    } in rows
    assert {"name": "policy.hold_s", "value": "180.0", "origin": "the default"} in rows


def test_amazons_addresses_are_told_with_source_and_date(recorded):
    out = io.StringIO()

    show_check(recorded, out, as_json=True)

    assert {
        "door": "urgent",
        "for": "tier 1",
        "address": "amazon-agcod-partner-urgent@amazon.com",
        "source": "A-OUT",
        "as_of": "2022-12-16",
    } in json.loads(out.getvalue())["contacts"]


def test_old_addresses_are_a_note_and_no_problem(recorded):
    [(level, text)] = found(recorded, "contacts")

    assert level == "note"
    assert "older than a year, the newest of 2022-12-16" in text


def test_what_packets_lack_is_named_account_by_account(recorded):
    folder = DataFolder(
        settings=settings(
            recorded.settings.data_dir,
            contact={"name": "Ada Example"},
            accounts={"Other": {"marketplace": "DE"}},
        ),
        clock=recorded.clock,
    )

    assert found(folder, "packet") == [
        (
            "PROBLEM",
            "packets of Acmes lack contact.phone, contact.email and "
            "accounts.Acmes.marketplace: set them",
        ),
        (
            "PROBLEM",
            "packets of Other lack contact.phone and contact.email: set them",
        ),
    ]


def test_a_data_folder_that_is_not_there_yet_is_fine_and_stays_so(nowhere):
    out = io.StringIO()

    code = show_check(nowhere, out)

    assert code == 0
    assert "is not there yet; the first call makes it" in out.getvalue()
    assert not nowhere.settings.data_dir.exists()


def test_a_data_folder_open_to_others_is_a_problem(recorded):
    path = recorded.settings.data_dir
    path.chmod(0o755)

    assert found(recorded, "data folder") == [
        ("PROBLEM", f"{path} is open to others (mode 0755): chmod 700 {path}")
    ]


def test_a_file_in_the_place_of_the_data_folder_is_a_problem(tmp_path, clock):
    (tmp_path / "data").write_text("")
    folder = DataFolder(settings=settings(tmp_path / "data"), clock=clock)

    assert found(folder, "data folder")[0] == (
        "PROBLEM",
        f"{tmp_path}/data is no folder",
    )


def test_a_damaged_ladder_is_a_finding_and_the_rest_is_still_looked_at(recorded):
    (recorded.settings.data_dir / "ladder.sqlite").write_bytes(b"no database" * 999)

    [(level, text)] = found(recorded, "ladder")

    assert level == "PROBLEM"
    assert "move it away" in text
    assert found(recorded, "journal")[0][0] == "ok"


def test_a_segment_that_cannot_be_read_is_named(recorded):
    journal = recorded.settings.data_dir / "journal"
    (journal / "till-7-0-20261122T111505Z-0.seg").mkdir()

    assert any(
        level == "PROBLEM" and "till-7-0-20261122T111505Z-0.seg cannot be read" in text
        for level, text in found(recorded, "journal")
    )


def test_another_policy_than_the_guards_is_noted(recorded):
    folder = DataFolder(
        settings=settings(recorded.settings.data_dir, policy={"hold_s": 60}),
        clock=recorded.clock,
    )

    assert found(folder, "journal")[1] == (
        "note",
        "written under another policy than these settings': hold_s 180, not 60",
    )


def test_a_clock_that_was_set_back_is_a_problem(recorded):
    recorded.clock.step_wall(-7200.0)

    [(level, text)] = found(recorded, "clock")

    assert level == "PROBLEM"
    assert "calls are recorded up to 2026-11-22T11:15:05.000Z: set the clock" in text


def test_a_clock_of_another_age_is_a_problem(tmp_path):
    folder = DataFolder(settings=settings(tmp_path), clock=ManualClock(1_000.0))

    assert found(folder, "clock") == [
        ("PROBLEM", "it cannot be 1970-01-01T00:16:40.000Z: set the clock")
    ]


@pytest.mark.parametrize(
    ("ahead_s", "level", "said"),
    [
        (400, "PROBLEM", "399.5 s ahead of Amazon's, by 3 answers: signed requests"),
        (-400, "PROBLEM", "400.5 s behind Amazon's"),
        (1, "ok", "0.5 s ahead of Amazon's, by 3 answers"),
    ],
)
def test_the_clock_is_held_against_the_dates_of_amazons_answers(
    recorded, clock, ahead_s, level, said
):
    journal = recorded.journal(None, recorded.ladder())
    now_s = clock.wall_s()
    for _ in range(3):
        journal.append(
            Sample(
                call_id="0",
                wall_ns=int(now_s * 1e9),
                mono_ns=0,
                request=f"POST {EU} HTTP/1.1",
                answer="HTTP/1.1 500\r\nDate: "
                f"{formatdate(now_s - ahead_s, usegmt=True)}\r\n\r\n",
            )
        )
    journal.close()

    [(found_level, text)] = found(recorded, "clock")

    assert found_level == level
    assert text.startswith(said)


def test_a_guard_at_work_is_told(tmp_path):
    partner = guarded(tmp_path, SystemClock())
    partner.order(success())
    partner.look()
    folder = DataFolder(settings=partner.guard.settings, clock=SystemClock())

    at_work = found(folder, "guard")
    partner.guard.close()

    assert at_work == [("ok", "one is at work on this data folder")]
    assert found(folder, "guard")[0][0] == "note"


def test_too_little_room_is_a_problem(recorded, monkeypatch):
    usage = type(shutil.disk_usage("/"))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 10**6))

    assert found(recorded, "disk") == [
        ("PROBLEM", "1.0 MB free: an outage may not fit on it")
    ]


def test_less_room_than_the_journal_may_take_is_noted(recorded, monkeypatch):
    usage = type(shutil.disk_usage("/"))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(0, 0, 5 * 10**8))

    [(level, text)] = found(recorded, "disk")

    assert level == "note"
    assert "(journal.max_bytes)" in text


def test_every_setting_that_cannot_be_is_named_at_once(tmp_path, run, monkeypatch):
    monkeypatch.setenv("AGCOD_GUARD_FOO", "1")
    (tmp_path / "agcod_guard.toml").write_text(
        'partner = "x"\n[policy]\nhold_s = "long"\nhold = 3\n[contact]\nphone = 1\n'
    )

    done = run("check")

    assert done.exit_code == 2
    named = [line.split()[1] for line in done.stderr.splitlines()]
    assert sorted(named) == [
        "AGCOD_GUARD_FOO", "contact.phone", "partner", "policy.hold", "policy.hold_s",
    ]  # fmt: skip
    assert done.stdout == ""


def test_values_that_contradict_each_other_are_named(tmp_path, run):
    (tmp_path / "agcod_guard.toml").write_text("[policy]\nsuspect_failed = 11\n")

    done = run("check")

    assert done.exit_code == 2
    assert "policy.suspect_failed" in done.stderr


def test_a_settings_file_that_is_not_there_is_named(tmp_path, run):
    done = run("check", "--settings", tmp_path / "none.toml", "--json")

    [error] = json.loads(done.stdout)["settings_errors"]
    assert done.exit_code == 2
    assert error["value"] == str(tmp_path / "none.toml")


def test_as_typed_without_any_settings_it_says_what_is_missing(tmp_path, run):
    done = run("check", "--data-dir", tmp_path / "none")

    assert done.exit_code == 1
    assert "packets lack contact.name, contact.phone and contact.email" in done.stdout
    assert done.stdout.endswith("\n1 problem.\n")
    assert not (tmp_path / "none").exists()
