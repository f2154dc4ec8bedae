"""Prometheus's own tools read what the guard exposes."""

from __future__ import annotations

import subprocess

from partner import START_S, Partner, fault, settings, success
from prometheus_client import CollectorRegistry, generate_latest

from agcod_guard import Guard
from agcod_guard.clock import ManualClock


def test_promtool_finds_nothing_wrong_with_the_metrics(tmp_path, promtool):
    registry, clock = CollectorRegistry(), ManualClock(START_S)
    with Guard(settings(tmp_path), registry=registry, clock=clock) as guard:
        partner = Partner(guard, clock)
        partner.sell(5, success())
        partner.sell(200, fault("F500"))
        exposed = generate_latest(registry)

    checked = subprocess.run(
        [promtool, "check", "metrics"],
        input=exposed,
        capture_output=True,
        check=False,
        timeout=60,
    )

    assert checked.stdout + checked.stderr == b""
    assert checked.returncode == 0
