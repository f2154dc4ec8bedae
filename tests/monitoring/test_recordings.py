"""What is recorded has names and durations that Prometheus understands."""

from __future__ import annotations

import re

import pytest

from agcod_guard.call import Outcome
from agcod_guard.monitoring.alerts import alerts
from agcod_guard.monitoring.recordings import REAL, Pace, calls, recordings
from agcod_guard.telemetry.families import FAMILIES


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(90, "90s"), (180, "3m"), (3600, "1h"), (5400, "90m"), (604_800, "7d")],
)
def test_a_duration_is_written_in_the_largest_unit_that_fits(seconds, written):
    assert REAL.span(seconds) == written


def test_a_quicker_pace_reaches_into_milliseconds_and_never_to_nothing():
    assert Pace(1 / 100).span(180) == "1800ms"
    assert Pace(1e-9).span(1) == "1ms"


def test_calls_are_summed_over_every_job_and_instance():
    assert calls(REAL, 120, Outcome.SUCCESS) == (
        "sum by (account, endpoint) "
        '(increase(agcod_calls_total{outcome="SUCCESS"}[2m]))'
    )


def test_every_name_that_a_rule_uses_is_a_metric_or_is_recorded_before_it():
    known = {family.name for family in FAMILIES}
    for recording in recordings():
        assert used_in(recording.expr) <= known, recording.name
        known.add(recording.name)
    for alert in alerts():
        assert used_in(alert.expr) <= known, alert.name


def test_the_pace_changes_no_name_and_no_alert():
    assert [each.name for each in recordings(Pace(0.01))] == [
        each.name for each in recordings()
    ]
    assert [(each.name, each.labels) for each in alerts(Pace(0.01))] == [
        (each.name, each.labels) for each in alerts()
    ]


def used_in(expr: str) -> set[str]:
    names = re.findall(r"(?:\w+:)?agcod_\w+(?::\w+)?", expr)
    return {re.sub(r"_(bucket|count|sum)$", "", name) for name in names}
