"""`agcod-guard ingest`, as it is typed and as it is stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from call_logs import Sent, line_of
from partner import EU, fault, success

from agcod_guard.data_folder import DataFolder
from agcod_guard.frames import Kind
from agcod_guard.settings import Settings
from agcod_guard.telemetry.observers import Observers

PATIENCE_S = 30.0


def lines(count: int, answer, *, start_s: float, first: int = 0) -> str:
    return "".join(
        line_of(
            Sent(
                started_at_s=start_s + number,
                duration_s=0.25,
                url=EU,
                headers={},
                body=json.dumps({"creationRequestId": f"Acmes{number}"}),
                status=200 if answer["status"] == "SUCCESS" else 500,
                answer_body=json.dumps(answer),
            ),
            event_id=f"e{number}",
        )
        + "\n"
        for number in range(first, first + count)
    )


FAULT = fault("F500") | {"status": "FAILURE"}


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "calls.ndjson"
    now_s = time.time()
    path.write_text(
        lines(5, success(), start_s=now_s - 7200)
        + lines(200, FAULT, start_s=now_s - 7200, first=5)
    )
    return path


class Sidecar:
    """`agcod-guard ingest` as a process of its own."""

    def __init__(self, folder, *words, stdin=None) -> None:
        self.data_dir = folder / "data"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "agcod_guard", "ingest", *map(str, words)],
            cwd=folder,
            env={**os.environ, "AGCOD_GUARD_DATA_DIR": str(self.data_dir)},
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_for_ends(self, count: int) -> None:
        until_s = time.monotonic() + PATIENCE_S
        while len(ends(self.data_dir)) < count:
            is_late = time.monotonic() > until_s
            if is_late or self._process.poll() is not None:
                pytest.fail(self.stop(signal.SIGTERM))
            time.sleep(0.02)

    def stop(self, number: int) -> str:
        self._process.send_signal(number)
        return self.output()

    def output(self, text: str | None = None) -> str:
        """Return all that it prints until it ends."""
        out, error = self._process.communicate(text, timeout=PATIENCE_S)
        return out + error

    @property
    def exit_code(self) -> int:
        return self._process.returncode


def ends(data_dir) -> list[str]:
    """Return the call ids of the ends in the journal."""
    folder = DataFolder(settings=Settings(data_dir=data_dir), clock=None)
    reader = folder.reader(Observers())
    return [
        json.loads(each.payload)["c"]
        for segment in reader.segments()
        for each in reader.frames(segment.name, 0)
        if each.kind is Kind.END
    ]


def test_a_log_becomes_a_journal_an_incident_and_a_packet(run, log, tmp_path):
    data_dir = tmp_path / "data"

    done = run("ingest", log, "--data-dir", data_dir)

    assert done.exit_code == 0
    assert done.stdout == f"{log}: 205 calls recorded.\n"
    suspect, outage = done.stderr.splitlines()
    assert " unknown/eu OK -> SUSPECT: 5 different orders failed in a row" in suspect
    assert " unknown/eu SUSPECT -> OUTAGE: 10 or more different orders" in outage
    [packet] = (data_dir / "incidents").glob("*/packet.txt")
    assert f"(incident {packet.parent.name})" in outage
    assert "F500 GeneralError" in packet.read_text("utf-8")


def test_what_did_not_count_is_told(run, log, tmp_path):
    log.write_text('{"v":1}\n' + log.read_text() + log.read_text().splitlines()[0])

    done = run("ingest", log, "--data-dir", tmp_path / "data")

    assert done.stdout == (
        f"{log}: 205 calls recorded.\n"
        "Passed over: 1 bad record.\n"
        "Passed over: 1 repeated event.\n"
    )
    assert f"{log}:1: started_at is missing but must be" in done.stderr


def test_json_tells_the_same(run, log, tmp_path):
    done = run("ingest", log, "--data-dir", tmp_path / "data", "--json")

    facts = json.loads(done.stdout)
    assert facts == {
        "path": str(log),
        "recorded": 205,
        "records": 205,
        "bad": 0,
        "elsewhere": 0,
        "repeated": 0,
        "unknown_keys": {},
    }


def test_strict_stops_at_the_first_bad_line(run, log, tmp_path):
    log.write_text(log.read_text() + "bad\nbad\n")

    done = run("ingest", log, "--data-dir", tmp_path / "data", "--strict")

    assert done.exit_code == 2
    assert done.stdout == f"{log}: 205 calls recorded.\nPassed over: 1 bad record.\n"
    assert f"Error: {log}:206: the line is no JSON" in done.stderr


def test_another_kind_of_log_is_refused(run, tmp_path):
    path = tmp_path / "calls.har"
    path.write_text('{"log": {"version": "1.2", "entries": []}}')

    done = run("ingest", path, "--data-dir", tmp_path / "data")

    assert done.exit_code == 3
    assert "is no NDJSON; agcod-guard replay reads other logs" in done.stderr


def test_what_is_no_file_is_refused_before_anything_is_taken_from_it(run, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    for path in (pipe, tmp_path):
        done = run("ingest", "--follow", path, "--data-dir", tmp_path / "data")

        assert done.exit_code == 3
        assert f"Error: {path}: is no file" in done.stderr


def test_a_log_that_is_not_there_is_told(run, tmp_path):
    done = run("ingest", tmp_path / "none", "--data-dir", tmp_path / "data")

    assert done.exit_code == 3
    assert f"{tmp_path}/none: No such file or directory" in done.stderr


def test_stdin_cannot_be_followed(run):
    done = run("ingest", "--follow")

    assert done.exit_code == 2
    assert "--follow is for files" in done.stderr


def test_stdin_is_read_to_its_end(tmp_path, log):
    sidecar = Sidecar(tmp_path, stdin=subprocess.PIPE)

    told = sidecar.output(log.read_text())

    assert told.startswith("-: 205 calls recorded.\n")
    assert len(ends(sidecar.data_dir)) == 205


def test_a_followed_log_is_recorded_as_it_grows_until_ctrl_c(tmp_path):
    path = tmp_path / "calls.ndjson"
    sidecar = Sidecar(tmp_path, path, "--follow")
    path.write_text(lines(3, success(), start_s=time.time()))
    sidecar.wait_for_ends(3)
    with path.open("a") as file:
        file.write(lines(2, FAULT, start_s=time.time(), first=3))
    sidecar.wait_for_ends(5)

    told = sidecar.stop(signal.SIGINT)

    assert told == f"{path}: 5 calls recorded.\n"
    assert sidecar.exit_code == 0


def test_killed_at_any_moment_every_call_counts_once(tmp_path):
    path = tmp_path / "calls.ndjson"
    path.write_text(lines(3_000, success(), start_s=time.time() - 5_000))
    for reached in (1, 1_000):
        sidecar = Sidecar(tmp_path, path, "--follow")
        sidecar.wait_for_ends(reached)
        sidecar.stop(signal.SIGKILL)

    Sidecar(tmp_path, path).output()

    recorded = ends(tmp_path / "data")
    assert len(recorded) == len(set(recorded)) == 3_000
