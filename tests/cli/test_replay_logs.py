"""`agcod-guard replay` on what other programs have written."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from call_logs import Sent, line_of, write_har, write_ndjson
from click.testing import CliRunner
from partner import CLAIM_CODE, EU, START_S, fault, success

from agcod_guard.cli import main


def sent(number: int, answer) -> Sent:
    return Sent(
        started_at_s=START_S + number,
        duration_s=0.25,
        url=EU,
        headers={"Cookie": CLAIM_CODE},
        body=json.dumps({"partnerId": "Acmes", "creationRequestId": f"Acmes{number}"}),
        status=200 if answer.get("status") == "SUCCESS" else 500,
        answer_headers={"x-amzn-RequestId": "1111"},
        answer_body=json.dumps(answer),
    )


OUTAGE = [
    *(sent(number, success()) for number in range(5)),
    *(sent(number, fault("F500")) for number in range(5, 200)),
]


@pytest.fixture
def ndjson(tmp_path):
    return write_ndjson(tmp_path / "calls", OUTAGE)


@pytest.mark.parametrize("write", [write_ndjson, write_har])
def test_a_log_is_told_like_a_journal(tmp_path, run, write):
    path = write(tmp_path / "calls", OUTAGE)

    done = run("replay", path)

    assert done.exit_code == 0
    assert "2026-11-22T11:15:10.250Z  Acmes/eu  first failure" in done.stdout
    assert "SUSPECT -> OUTAGE" in done.stdout
    assert f"{path}: 200 calls up to 2026-11-22T11:18:24.250Z" in done.stdout
    assert done.stderr == ""


def test_stdin_is_a_log_too(tmp_path, ndjson):
    done = CliRunner().invoke(main, ["replay", "-"], input=ndjson.read_bytes())

    assert done.exit_code == 0
    assert "-: 200 calls" in done.stdout


def test_packets_are_written_with_their_sample_and_without_secrets(
    tmp_path, run, ndjson
):
    done = run("replay", ndjson, "--out", tmp_path / "out")

    [folder] = (tmp_path / "out" / "incidents").iterdir()
    assert done.stdout.splitlines()[-1] == str(folder)
    assert "Acmes5" in (folder / "sample-request.txt").read_text("utf-8")
    written = [path.read_text("utf-8") for path in folder.rglob("*") if path.is_file()]
    assert not [text for text in written if CLAIM_CODE in text]


def test_nothing_is_left_of_the_calls_but_the_packets(
    tmp_path, run, ndjson, monkeypatch
):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", None)

    run("replay", ndjson, "--out", tmp_path / "out")

    assert list((tmp_path / "tmp").iterdir()) == []


def test_bad_lines_are_told_on_stderr_the_first_20_in_full(tmp_path, run, ndjson):
    bad = f'{{"v":1,"started_at":"{CLAIM_CODE}"}}\n'
    ndjson.write_text(bad * 30 + ndjson.read_text())

    done = run("replay", ndjson)

    told = done.stderr.splitlines()
    assert done.exit_code == 0
    assert told[0].startswith(f"{ndjson}:1: started_at is ")
    assert told[19].startswith(f"{ndjson}:20: ")
    assert told[20:] == [f"{ndjson}: 10 more bad records"]
    assert "Passed over: 30 bad records." in done.stdout
    assert CLAIM_CODE not in done.output


def test_strict_stops_at_the_first_bad_line_with_exit_code_2(run, ndjson):
    ndjson.write_text(ndjson.read_text() + "x\n")

    done = run("replay", ndjson, "--strict")

    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"Error: {ndjson}:201: the line is no JSON")


def test_the_policy_is_that_of_the_settings_and_the_option_goes_before(
    tmp_path, run, ndjson
):
    (tmp_path / "agcod_guard.toml").write_text("[policy]\nhold_s = 300\nfresh_s = 70\n")

    of_settings = json.loads(run("replay", ndjson, "--json").stdout)
    nearer = json.loads(run("replay", ndjson, "--json", "--policy", "hold_s=60").stdout)

    assert (of_settings["incidents"], len(nearer["incidents"])) == ([], 1)
    assert nearer["policy"]["fresh_s"] == 70.0


def test_json_tells_what_was_read(run, ndjson):
    other = replace(sent(7, success()), url="https://shop.example.invalid/x")
    extra = line_of(sent(8, success()), level="info")
    ndjson.write_text(f"{ndjson.read_text()}{line_of(other)}\n{extra}\nx\n")

    facts = json.loads(run("replay", ndjson, "--json").stdout)

    assert facts["log"] == {
        "format": "ndjson",
        "records": 203,
        "bad": 1,
        "elsewhere": 1,
        "repeated": 0,
        "late": 0,
        "unknown_keys": {"level": 1},
    }
    assert (facts["frames"], facts["skipped"]) == (201, 1)


def test_a_gateway_can_be_named(tmp_path, run):
    gate = EU.replace("agcod-v2-eu.amazon.com", "gate.example.invalid")
    path = write_ndjson(tmp_path / "calls", [replace(it, url=gate) for it in OUTAGE])

    unnamed = run("replay", path)
    named = run("replay", path, "--host", "gate.example.invalid=eu:sandbox")

    assert unnamed.exit_code == 3
    assert "holds no calls of AGCOD" in unnamed.stderr
    assert "Acmes/eu-sandbox" in named.stdout


@pytest.mark.parametrize(
    "host", ["gate", "gate.example.invalid=", "agcod-v2.amazon.com=eu", "a=eu:moon"]
)
def test_a_host_that_cannot_be_is_exit_code_2(run, ndjson, host):
    done = run("replay", ndjson, "--host", host)

    assert done.exit_code == 2
    assert "--host" in done.stderr


def test_what_is_neither_journal_nor_log_is_exit_code_3(tmp_path, run):
    (tmp_path / "journal.zip").write_bytes(b"PK\x03\x04\x00\x00")

    done = run("replay", tmp_path / "journal.zip")

    assert done.exit_code == 3
    assert "is no call log; name a call log as NDJSON or HAR 1.2" in done.stderr


@pytest.mark.parametrize("of_log", [True, False])
def test_a_bar_is_drawn_on_stderr_if_that_is_a_terminal(
    run, ndjson, lived, monkeypatch, of_log
):
    path = ndjson if of_log else lived.settings.data_dir
    monkeypatch.setattr("agcod_guard.cli.logs._BYTES_SHOWN", 0)
    elsewhere = run("replay", path)
    monkeypatch.setenv("FORCE_COLOR", "1")

    on_terminal = run("replay", path)

    assert elsewhere.stderr == ""
    assert path.name in on_terminal.stderr
    assert "\u2501" in on_terminal.stderr
    assert on_terminal.stdout == elsewhere.stdout
