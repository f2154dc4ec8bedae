"""Under gunicorn, whichever worker is scraped says the same, and so does a new one."""

from __future__ import annotations

import os
import runpy
import signal
from importlib.util import find_spec
from pathlib import Path

import pytest
from alert_servers import eventually

from agcod_guard.simulator import Simulator

EXAMPLE = Path(__file__).parents[2] / "examples" / "flask_gunicorn.py"
SUSPECT = {"account": "other", "endpoint": "eu-loopback", "state": "SUSPECT"}


@pytest.fixture
def example():
    """The functions of the example: a Flask shop under gunicorn."""
    missing = [each for each in ("flask", "gunicorn") if find_spec(each) is None]
    if missing and os.environ.get("CI") == "true":
        pytest.fail(f"{missing} not installed (dependency group examples)")
    if missing:
        pytest.skip(f"{missing} not installed (dependency group examples)")
    return runpy.run_path(str(EXAMPLE))


def test_neither_counts_nor_states_lie_when_a_worker_is_replaced(tmp_path, example):
    buy, shown = example["buy"], example["shown"]
    with (
        Simulator() as sim,
        example["served"](str(tmp_path), sim.url) as port,
    ):
        sold = example["sell_by_both_workers"](port)
        sim.break_("F500")
        pids = {buy(port, f"Acmesbroken{number}").split()[0] for number in range(6)}

        def is_suspected():
            return shown(port, "agcod_outage_state", **SUSPECT) == 1 or None

        eventually(is_suspected, "nothing is suspected")
        for pid in pids:
            os.kill(int(pid), signal.SIGKILL)
        eventually(lambda: pid_of_new_worker(example, port, pids), "no new worker")

        assert shown(port, "agcod_calls_total", outcome="SUCCESS") == sold
        assert shown(port, "agcod_calls_total", outcome="FAULT") >= 6
        assert shown(port, "agcod_outage_state", **SUSPECT) == 1
        assert shown(port, "agcod_guard_last_look_timestamp_seconds") > 0
        assert shown(port, "agcod_guard_build_info") == 1


def pid_of_new_worker(example, port, before):
    try:
        pid = example["buy"](port, "Acmesafter").split()[0]
    except OSError:
        return None
    return None if pid in before else pid
