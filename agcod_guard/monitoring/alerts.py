"""When the partner's people are woken, and what they are told first. Pure.

Two opinions stand side by side. `seen_by: guard` asks what a guard has concluded
from its journal; `seen_by: fleet` asks only the counters of all instances. Either
alone is enough, and a success on any instance silences both.
"""

from __future__ import annotations

from agcod_guard.monitoring.alert import Alert
from agcod_guard.monitoring.call_alerts import call_alerts
from agcod_guard.monitoring.house_alerts import house_alerts
from agcod_guard.monitoring.recordings import REAL, Pace


def alerts(pace: Pace = REAL) -> list[Alert]:
    """Return every alert, those that matter most first."""
    return [*call_alerts(pace), *house_alerts(pace)]
