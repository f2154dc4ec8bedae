"""Alertmanager's own tool on the exported settings: they are valid, and route right."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

SETTINGS = Path(__file__).parents[2] / "grafana" / "alertmanager" / "alertmanager.yaml"


def test_amtool_finds_nothing_wrong_with_the_settings(amtool):
    told = run(amtool, "check-config", str(SETTINGS))

    assert told.returncode == 0, told.stderr
    assert "3 receivers" in told.stdout


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (["alertname=AgcodOutage", "severity=critical"], "pager"),
        (["alertname=AgcodOperationDown", "severity=critical"], "pager"),
        (["alertname=AgcodEscalationDue", "severity=critical", "tier=2"], "pager"),
        (["alertname=AgcodPageInDoubt", "severity=critical"], "pager"),
        (["alertname=AgcodOutage", "severity=warning"], "team"),
        (["alertname=AgcodAccountProblem", "severity=warning"], "tickets"),
        (["alertname=AgcodDoubtOrders", "severity=warning"], "tickets"),
        (["alertname=AgcodDegraded", "severity=warning"], "team"),
        (["alertname=AgcodGuardSilent", "severity=warning"], "team"),
        (["alertname=DiskFull", "severity=critical"], "team"),
    ],
)
def test_an_alert_goes_to_whoever_can_act_on_it(amtool, labels, receiver):
    options = [f"--config.file={SETTINGS}", f"--verify.receivers={receiver}"]

    told = run(amtool, "config", "routes", "test", *options, *labels)

    assert told.returncode == 0, told.stdout + told.stderr


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, check=False, text=True, timeout=60
    )
