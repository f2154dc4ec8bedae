"""A simulator in a process of its own."""

from __future__ import annotations

import os
import select
import subprocess
import sys

import pytest
import requests

from agcod_guard.simulator import SimulatorProcess
from agcod_guard.simulator.client import PartnerClient
from agcod_guard.simulator.process import SimulatorProcessError

ORPHANING_PARENT = """
import os, sys
from agcod_guard.simulator import SimulatorProcess
simulator = SimulatorProcess()
if os.fork() == 0:
    sys.stdin.read()
    os._exit(0)
print(simulator.pid, flush=True)
os.kill(os.getpid(), 9)
"""


def ended(pid: int) -> bool:
    """Wait up to ten seconds for a process that need not be our child."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    readable, _, _ = select.select([handle], [], [], 10)
    os.close(handle)
    return bool(readable)


def test_a_simulator_in_its_own_process_is_broken_healed_and_read():
    with SimulatorProcess() as sim, requests.Session() as session:
        client = PartnerClient(session, sim.url, partner_id="Acmes", region="eu")
        sim.break_("F500", region="eu")
        broken = client.create("Acmes1", 5, "GBP").result
        sim.heal()
        healed = client.create("Acmes1", 5, "GBP").result

        assert (broken, healed) == ("F500 GeneralError", "SUCCESS")
        assert [entry.answered for entry in sim.log] == [broken, healed]
    assert ended(sim.pid)


def test_a_wrong_fault_is_an_error_here_too():
    with (
        SimulatorProcess() as sim,
        pytest.raises(SimulatorProcessError, match="fault 'F50' is not one of"),
    ):
        sim.break_("F50")


def test_a_simulator_that_cannot_start_says_so(capfd):
    with pytest.raises(SimulatorProcessError, match="code 2"):
        SimulatorProcess("--host", "127.0.0.1=mars")

    assert "region 'mars' is not one of: na, eu, fe" in capfd.readouterr().err


def test_it_ends_with_its_parent_although_a_sibling_holds_the_pipe():
    with subprocess.Popen(
        [sys.executable, "-c", ORPHANING_PARENT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as parent:
        assert ended(int(parent.stdout.readline()))
        parent.stdin.close()


def test_started_by_hand_it_prints_its_addresses_and_ends_with_its_input():
    ran = subprocess.run(
        [sys.executable, "-m", "agcod_guard.simulator"],
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert ran.stdout.startswith("eu http://127.0.0.1:")
    assert (ran.returncode, ran.stderr) == (0, "")
