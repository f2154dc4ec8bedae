import io
import json
import shutil

import pytest
from partner import settings

from agcod_guard.cli.replay import show_replay, write_replayed
from agcod_guard.errors import DataError
from agcod_guard.replaying import replayed


def everything_in(folder):
    return {path: path.stat().st_mtime_ns for path in (folder, *folder.rglob("*"))}


@pytest.fixture
def data_dir(lived):
    return lived.settings.data_dir


def shown(path, **how):
    out = io.StringIO()
    code = show_replay(replayed(path), path, out, **how)
    assert code == 0
    return out.getvalue()


def test_the_timeline_has_first_failures_and_changes_with_their_reasons(data_dir):
    lines = [line.split(maxsplit=2) for line in shown(data_dir).splitlines()]

    assert ["2026-11-22T11:15:10.000Z", "Acmes/eu"] in [line[:2] for line in lines]
    told = [line[2] for line in lines[1:] if len(line) == 3 and line[1] == "Acmes/eu"]
    assert [words.split("  ")[0] for words in told[:5]] == [
        "first failure",
        "OK -> SUSPECT",
        "SUSPECT -> OUTAGE",
        "OUTAGE -> RECOVERING",
        "RECOVERING -> OK",
    ]
    assert "no success for 18 s" in told[2]


def test_the_incidents_stand_below_with_what_was_read(data_dir):
    text = shown(data_dir)

    assert "20261122T111510Z-eu-" in text
    assert "20261122T111615Z-na-" in text
    assert "2 incidents." in text.splitlines()[-1]


def test_json_says_the_same_as_the_ladder_of_the_guard(lived, data_dir):
    facts = json.loads(shown(data_dir, as_json=True))

    assert facts["policy"]["hold_s"] == 18.0
    assert facts["skipped"] == 0
    assert [each["incident_id"] for each in facts["incidents"]] == [
        each.incident_id for each in reversed(lived.ladder().incidents())
    ]
    assert facts["transitions"][0]["after"] == "SUSPECT"
    assert facts["incidents"][0]["folder"] is None


def test_a_journal_folder_or_one_segment_will_do(data_dir):
    journal = data_dir / "journal"
    [segment] = journal.iterdir()
    incidents = replayed(data_dir).incidents

    assert replayed(journal).incidents == incidents
    assert replayed(segment).incidents == incidents


def test_the_packet_of_a_resolved_incident_is_the_guards_to_the_byte(
    data_dir, tmp_path
):
    result = replayed(data_dir)

    write_replayed(result, data_dir, tmp_path / "out", settings(data_dir))

    resolved, _ = result.incidents
    name = f"incidents/{resolved.incident_id}"
    for file in ("packet.txt", "calls.csv", "sample-request.txt"):
        live = (data_dir / name / file).read_text("utf-8")
        assert (tmp_path / "out" / name / file).read_text("utf-8") == live


def test_nor_by_whoever_writes_them_without_the_command(data_dir):
    with pytest.raises(DataError, match="which is only read"):
        write_replayed(
            replayed(data_dir / "journal"),
            data_dir / "journal",
            data_dir,
            settings(data_dir),
        )


def test_without_settings_a_packet_names_what_is_missing(data_dir, tmp_path, run):
    done = run("replay", data_dir, "--out", tmp_path / "out")

    assert done.exit_code == 0
    *_, last = done.stdout.splitlines()
    packet = tmp_path / "out" / "incidents" / last.rpartition("/")[2] / "packet.txt"
    assert "Contact name: MISSING" in packet.read_text("utf-8")


def test_a_replay_changes_nothing_in_what_it_reads(data_dir, tmp_path, run):
    before = everything_in(data_dir)

    run("replay", data_dir, "--out", tmp_path / "out")

    assert everything_in(data_dir) == before


@pytest.mark.parametrize("inside", ["", "packets", "journal/x", "../data"])
@pytest.mark.parametrize("replayed_part", ["", "journal"])
def test_packets_are_not_written_into_what_is_replayed(
    data_dir, run, inside, replayed_part
):
    before = everything_in(data_dir)

    done = run("replay", data_dir / replayed_part, "--out", data_dir / inside)

    assert done.exit_code == 2
    assert "which is only read; name a folder elsewhere" in done.stderr
    assert everything_in(data_dir) == before


def test_another_policy_gives_another_judgement(data_dir, run):
    done = run("replay", data_dir, "--policy", "hold_s=60", "--json")

    facts = json.loads(done.stdout)
    assert facts["policy"]["hold_s"] == 60.0
    assert facts["incidents"] == []


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("hold=60", "the nearest is policy.hold_s"),
        ("hold_s", "must be a number of seconds"),
        ("hold_s=soon", "policy.hold_s is 'soon' (set in --policy)"),
        ("failed=1.5", "must be a whole number"),
        ("suspect_failed=20", "at most policy.failed (10)"),
    ],
)
def test_a_policy_that_cannot_be_is_exit_code_2(data_dir, run, written, said):
    done = run("replay", data_dir, "--policy", written)

    assert done.exit_code == 2
    assert said in done.stderr


@pytest.mark.parametrize("option", [("--strict",), ("--host", "a.invalid=eu")])
def test_options_of_call_logs_are_not_for_journals(data_dir, run, option):
    done = run("replay", data_dir, *option)

    assert done.exit_code == 2
    assert "--host and --strict are for call logs, not" in done.stderr


def test_an_empty_folder_and_none_at_all_are_told_apart(tmp_path, run):
    empty = run("replay", tmp_path)
    none = run("replay", tmp_path / "none")

    assert (empty.exit_code, none.exit_code) == (3, 3)
    assert "holds no recorded calls" in empty.stderr
    assert "does not exist" in none.stderr


def test_damage_is_passed_over_and_told(data_dir, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(data_dir, copy)
    [segment] = (copy / "journal").iterdir()
    content = bytearray(segment.read_bytes())
    content[len(content) // 2] ^= 0xFF
    segment.write_bytes(content)

    assert "Passed over: 1 damaged place." in shown(copy)
