"""The Grafana dashboard and what provisions it, as files. Pure.

`dashboard_files()` is what `agcod-guard export grafana` writes and what stands in
`grafana/`; a test holds both equal. The JSON is made of plain dicts: Grafana's
own SDK reads it in the tests, and nobody has to install that to export it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from agcod_guard.monitoring import call_rows, down_row, house_rows
from agcod_guard.monitoring.links import DASHBOARD_UID
from agcod_guard.monitoring.panels import DATASOURCE, WIDTH, Json, Panel
from agcod_guard.monitoring.queries import SCOPE, earliest, latest, milliseconds, worst
from agcod_guard.monitoring.yaml import Node, written
from agcod_guard.telemetry import families

TITLE = "AGCOD: is it down?"
DASHBOARD = "dashboards/agcod-guard.json"
DATASOURCES = "provisioning/datasources/agcod-guard.yaml"
PROVIDER = "provisioning/dashboards/agcod-guard.yaml"

_DATASOURCES_COMMENT = """\
Where Grafana finds Prometheus. Leave this file out if yours knows it already.
timeInterval is how often Prometheus asks; the same as in its own configuration.
"""
_PROVIDER_COMMENT = """\
Where Grafana finds the dashboard: put dashboards/agcod-guard.json there.
"""

Row = tuple[str, Sequence[Panel]]


def dashboard_files() -> dict[str, str]:
    """Return every file for Grafana: path below the folder, and text."""
    return {
        DASHBOARD: json.dumps(dashboard(), indent=2, ensure_ascii=False) + "\n",
        DATASOURCES: written(_datasources(), comment=_DATASOURCES_COMMENT),
        PROVIDER: written(_provider(), comment=_PROVIDER_COMMENT),
    }


def dashboard() -> Json:
    """Return the dashboard as Grafana 11 imports it."""
    return {
        "uid": DASHBOARD_UID,
        "title": TITLE,
        "description": "Amazon's gift card API (AGCOD) as agcod-guard sees it.",
        "tags": ["agcod", "agcod-guard"],
        "timezone": "utc",
        "editable": False,
        "graphTooltip": 1,
        "refresh": "30s",
        "schemaVersion": 41,
        "time": {"from": "now-3h", "to": "now"},
        "templating": {"list": _variables()},
        "annotations": {"list": _annotations()},
        "panels": list(_placed(rows())),
    }


def rows() -> tuple[Row, ...]:
    """Return the titles of the rows and their panels, from top to bottom."""
    return (
        ("Is it down?", down_row.is_it_down()),
        ("Traffic", call_rows.traffic()),
        ("Errors", call_rows.errors()),
        ("Latency", call_rows.latency()),
        ("Orders in doubt", house_rows.doubt()),
        ("Pages and packets", house_rows.pages()),
        ("The guard itself", house_rows.the_guard()),
    )


def _datasources() -> Node:
    prometheus: Node = {
        "name": "Prometheus",
        "type": "prometheus",
        "access": "proxy",
        "url": "http://localhost:9090",
        "jsonData": {"timeInterval": "15s"},
    }
    return {"apiVersion": 1, "datasources": [prometheus]}


def _provider() -> Node:
    provider: Node = {
        "name": "agcod-guard",
        "folder": "AGCOD",
        "type": "file",
        "allowUiUpdates": False,
        "options": {"path": "/var/lib/grafana/dashboards"},
    }
    return {"apiVersion": 1, "providers": [provider]}


def _placed(rows: Iterable[Row]) -> Iterator[Json]:
    """Yield rows and panels with their places, left to right, top to bottom."""
    number, y = 0, 0
    for title, panels in rows:
        number += 1
        yield {
            "id": number,
            "type": "row",
            "title": title,
            "collapsed": False,
            "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1},
            "panels": [],
        }
        x, y, height = 0, y + 1, 0
        for panel in panels:
            if x + panel.width > WIDTH:
                x, y, height = 0, y + height, 0
            number += 1
            yield panel.as_json(number, x=x, y=y)
            x, height = x + panel.width, max(height, panel.height)
        y += height


def _variables() -> list[Json]:
    build = families.BUILD_INFO.name
    state = families.OUTAGE_STATE.name
    return [
        {
            "type": "datasource",
            "name": "datasource",
            "label": "Data source",
            "query": "prometheus",
            "refresh": 1,
            "hide": 0,
        },
        _choice("job", f"label_values({build}, job)"),
        _choice("instance", f'label_values({build}{{job=~"$job"}}, instance)'),
        _choice(
            "endpoint",
            f'label_values({state}{{job=~"$job", instance=~"$instance"}}, endpoint)',
        ),
    ]


def _choice(name: str, query: str) -> Json:
    """Return a variable of several values, all of them unless somebody chooses."""
    return {
        "type": "query",
        "name": name,
        "label": name.title(),
        "datasource": dict(DATASOURCE),
        "query": {"query": query, "refId": f"Variable-{name}"},
        "multi": True,
        "includeAll": True,
        "allValue": ".+",
        "current": {"text": ["All"], "value": ["$__all"]},
        # 2: read anew when the range changes; an endpoint may be new in it.
        "refresh": 2,
        "sort": 1,
        "hide": 0,
    }


def _annotations() -> list[Json]:
    incidents = f"({worst(families.INCIDENTS_OPEN)} > 0)"
    began = milliseconds(earliest(families.FIRST_FAILURE))
    return [
        _annotation(
            "Incidents",
            incidents,
            title="Incident: {{account}} {{endpoint}}",
            colour="red",
        ),
        _annotation(
            "First failures",
            f"{began} and on ({SCOPE}) {incidents}",
            title="First failure: {{account}} {{endpoint}}",
            colour="orange",
            timed=True,
        ),
        _annotation(
            "Changes",
            milliseconds(latest(families.LAST_CHANGE, by="instance")),
            title="Change on our side, seen on {{instance}}",
            colour="blue",
            timed=True,
        ),
    ]


def _annotation(
    name: str, expr: str, *, title: str, colour: str, timed: bool = False
) -> Json:
    """Return marks in every panel; a value that lasts is one mark with two ends.

    Args:
        name: Its switch at the top of the dashboard.
        expr: PromQL; a mark stands where it is above 0.
        title: What the mark says, with labels in double braces.
        colour: Its colour.
        timed: The value is the time of the mark, in milliseconds.
    """
    return {
        "name": name,
        "datasource": dict(DATASOURCE),
        "enable": True,
        "hide": False,
        "iconColor": colour,
        "expr": expr,
        "step": "15s",
        "titleFormat": title,
        "useValueForTime": timed,
    }
