"""Prometheus's rules and an example of its settings, as files. Pure.

`agcod-guard export prometheus DIR` writes them; the copy in the repository's
`grafana/prometheus/` is held equal by a test.
"""

from __future__ import annotations

from agcod_guard.monitoring.alert import Alert
from agcod_guard.monitoring.alerts import alerts
from agcod_guard.monitoring.links import Links
from agcod_guard.monitoring.recordings import REAL, Pace, Recording, recordings
from agcod_guard.monitoring.yaml import Node, written

RULES_FILE = "agcod-guard.rules.yaml"
SETTINGS_FILE = "prometheus.example.yaml"

_ABOUT_RULES = """\
Written by `agcod-guard export prometheus`; do not edit, export anew.
One group, so that every alert sees what was recorded a moment before it."""
_ABOUT_SETTINGS = """\
Written by `agcod-guard export prometheus`: an example of prometheus.yml.
Set the addresses of your program and of Alertmanager."""


def prometheus_files(links: Links) -> dict[str, str]:
    """Return the rules and an example of prometheus.yml, by file name."""
    return {
        RULES_FILE: written(rules(links), comment=_ABOUT_RULES),
        SETTINGS_FILE: written(_settings(), comment=_ABOUT_SETTINGS),
    }


def rules(links: Links, *, pace: Pace = REAL) -> dict[str, Node]:
    """Return the rules as Prometheus reads them.

    Args:
        links: Where the annotations point to.
        pace: How fast time passes.
    """
    every: list[Node] = [_recorded(each) for each in recordings(pace)]
    every += [_alerting(each, links, pace) for each in alerts(pace)]
    return {"groups": [{"name": "agcod-guard", "rules": every}]}


def _recorded(recording: Recording) -> Node:
    return {"record": recording.name, "expr": recording.expr}


def _alerting(alert: Alert, links: Links, pace: Pace) -> Node:
    lasting = {"for": pace.span(alert.for_s)} if alert.for_s else {}
    return {
        "alert": alert.name,
        "expr": alert.expr,
        **lasting,
        "labels": {"severity": alert.severity, **alert.labels},
        "annotations": {
            "summary": alert.summary,
            "description": alert.description,
            "runbook_url": links.runbook(alert.name),
            "dashboard_url": links.dashboard(),
        },
    }


def _settings() -> dict[str, Node]:
    return {
        "global": {"scrape_interval": "15s", "evaluation_interval": "15s"},
        "rule_files": [RULES_FILE],
        "alerting": {
            "alertmanagers": [{"static_configs": [{"targets": ["localhost:9093"]}]}]
        },
        "scrape_configs": [
            {"job_name": "shop", "static_configs": [{"targets": ["localhost:8000"]}]}
        ],
    }
