"""`agcod-guard drill`, from the command line to the files it leaves."""

from __future__ import annotations

import os
import select
import signal
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner

from agcod_guard.cli import main

CODE = "from agcod_guard.cli import main; main()"
COMMAND = [sys.executable, "-P", "-c", CODE, "drill"]
# Tests that a shell runs in the background are deaf to SIGINT, and so their children.
HEAR_SIGINT = "import signal as s; s.signal(s.SIGINT, s.default_int_handler); "
INTERRUPTIBLE = [sys.executable, "-P", "-c", HEAR_SIGINT + CODE, "drill"]
TIMEOUT_S = 120


def run(*arguments: str, cwd, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        check=False,
        cwd=cwd,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A whole drill, as short as can be, in a folder with a user's settings.

    Takes about 22 s: the policy's own durations, a thirtieth of each.
    """
    home = tmp_path_factory.mktemp("home")
    (home / "agcod_guard.toml").write_text('data_dir = "theirs"\n')
    (home / "token.py").write_text("raise ImportError\n")
    environ = {
        "HOME": str(home),
        "AGCOD_GUARD_DATA_DIR": str(home / "theirs"),
        "HTTP_PROXY": "http://proxy.invalid:3128",
    }
    return run("--quick", "--plain", cwd=home, **environ), home


def test_a_drill_passes_and_says_so(ran):
    done, _ = ran

    assert done.stderr == ""
    assert "The drill has passed: 11 of 11 checks" in done.stdout
    assert done.returncode == 0


def test_what_happened_is_told_in_order(ran):
    text = ran[0].stdout
    places = [
        text.index(part)
        for part in (
            "> drill begins",
            "> EU breaks",
            "EU first failure: F500 GeneralError",
            "EU SUSPECT: 5 different orders failed",
            "EU OUTAGE:",
            "packet written, revision 1",
            "> EU gets worse",
            "> EU is repaired",
            "EU RECOVERING",
            "EU incident closed",
            "Contact name: Robin Example",
            "Marketplace: UK",
            "/packet.txt",
            "✓ replay: the same incident",
        )
    ]

    assert places == sorted(places)


def test_it_writes_to_its_new_folder_only(ran):
    _, home = ran

    assert sorted(path.name.partition("-2")[0] for path in home.iterdir()) == [
        "agcod-drill",
        "agcod_guard.toml",
        "token.py",
    ]


def test_everything_in_the_folder_is_for_the_user_alone(ran):
    _, home = ran
    [folder] = home.glob("agcod-drill-*")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))}

    assert modes <= {0o600, 0o700}


def test_the_folder_has_the_packet_and_what_it_was_judged_by(ran):
    _, home = ran
    [folder] = home.glob("agcod-drill-*")

    names = {path.name for path in folder.glob("incidents/*/*")}

    assert {"packet.txt", "sample-request.txt", "calls.csv", "revisions"} <= names
    assert (folder / "program-log.csv").is_file()


def test_a_drill_that_is_interrupted_ends_at_once_and_leaves_no_process(tmp_path):
    with subprocess.Popen(
        [*INTERRUPTIBLE, "--plain"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        while "both endpoints answer" not in running.stdout.readline():
            assert running.poll() is None
        simulator = os.pidfd_open(only_child_of(running.pid))
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=TIMEOUT_S)

    ended, _, _ = select.select([simulator], [], [], TIMEOUT_S)
    os.close(simulator)
    assert ended
    assert running.returncode == 1
    assert errors.strip() == "Aborted!"


def only_child_of(pid: int) -> int:
    """Return the one process whose parent is `pid`."""
    children = []
    for stat_file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            _, _, facts = stat_file.read_text("utf-8").rpartition(")")
            if int(facts.split()[1]) == pid:
                children.append(int(stat_file.parent.name))
    [child] = children
    return child


def test_a_folder_that_is_not_there_is_a_usage_error(tmp_path):
    done = CliRunner().invoke(main, ["drill", "-C", str(tmp_path / "none")])

    assert done.exit_code == 2
    assert "does not exist" in done.output


def test_a_place_where_no_folder_can_be_made_is_out_of_reach():
    done = CliRunner().invoke(main, ["drill", "-C", "/proc"])

    assert done.exit_code == 3
    assert "cannot be made" in done.output
    assert "--directory" in done.output


def test_help_has_an_example():
    done = CliRunner().invoke(main, ["drill", "--help"])

    assert done.exit_code == 0
    assert "Example: agcod-guard drill" in done.output
