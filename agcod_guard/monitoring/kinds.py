"""One function a kind of panel, with the choices that all of that kind share. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agcod_guard.monitoring.panels import LETTERS, Json, Panel, Query, steps

PLAIN = steps((None, "text"))
LAST_VALUE: Mapping[str, Any] = {
    "calcs": ["lastNotNull"],
    "fields": "",
    "values": False,
}


def time_series(
    title: str,
    description: str,
    *queries: Query,
    unit: str,
    bars: bool = False,
    stacked: bool = False,
    line_at: float | None = None,
) -> Panel:
    """Return values over time.

    Args:
        title: What it shows.
        description: How to read it.
        queries: What it asks.
        unit: Grafana's id of the unit.
        bars: Draw bars: for what happens now and then.
        stacked: Draw the series on top of each other.
        line_at: Value at which a dashed line is drawn; None for none.
    """
    marked = [] if line_at is None else [(line_at, "red")]
    custom = {
        "drawStyle": "bars" if bars else "line",
        # The line of a series that is 0 would lie on top of the whole stack.
        "lineWidth": 0 if stacked else 1,
        "fillOpacity": 70 if bars or stacked else 0,
        "showPoints": "never",
        "spanNulls": False,
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
        "thresholdsStyle": {"mode": "off" if line_at is None else "dashed"},
    }
    return Panel(
        title=title,
        description=description,
        kind="timeseries",
        queries=queries,
        defaults={
            "unit": unit,
            "min": 0,
            "color": {"mode": "palette-classic"},
            "thresholds": steps((None, "green"), *marked),
            "custom": custom,
        },
        options={
            "legend": {
                "calcs": [],
                "displayMode": "list",
                "placement": "bottom",
                "showLegend": True,
            },
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
    )


def tiles(
    title: str, description: str, query: Query, *, background: bool = False
) -> Panel:
    """Return one big value for each series, as it is now."""
    return Panel(
        title=title,
        description=description,
        kind="stat",
        queries=(replace(query, instant=True),),
        defaults={
            "unit": "none",
            "color": {"mode": "thresholds"},
            "thresholds": PLAIN,
        },
        options={
            "colorMode": "background_solid" if background else "value",
            "graphMode": "none",
            "justifyMode": "center",
            "orientation": "auto",
            "reduceOptions": LAST_VALUE,
            "textMode": "value_and_name",
            "wideLayout": True,
        },
    )


def table(
    title: str,
    description: str,
    columns: Mapping[str, Query],
    *,
    keys: Mapping[str, str],
    only_with: str = "",
) -> Panel:
    """Return a row for each set of labels, as things are now.

    Args:
        title: What it shows.
        description: How to read it.
        columns: Heading and query of each column, two at least, in their order.
        keys: Labels that make a row, and their headings; they come first.
        only_with: Leave rows out that have nothing in the column of that heading.
    """
    values = [f"Value #{letter}" for letter in LETTERS[: len(columns)]]
    fields = [*keys, *values]
    return Panel(
        title=title,
        description=description,
        kind="table",
        queries=tuple(
            replace(query, format="table", instant=True) for query in columns.values()
        ),
        defaults={
            "unit": "none",
            "color": {"mode": "thresholds"},
            "thresholds": PLAIN,
            "custom": {"align": "left", "cellOptions": {"type": "auto"}},
            "noValue": "-",
        },
        options={"cellHeight": "sm", "showHeader": True},
        transformations=(
            {"id": "merge", "options": {}},
            {
                "id": "organize",
                "options": {
                    "excludeByName": {"Time": True},
                    "indexByName": {name: at for at, name in enumerate(fields)},
                    "renameByName": dict(
                        zip(fields, [*keys.values(), *columns], strict=True)
                    ),
                },
            },
            *([_rows_with(only_with)] if only_with else []),
        ),
    )


def _rows_with(heading: str) -> Json:
    return {
        "id": "filterByValue",
        "options": {
            "filters": [
                {"fieldName": heading, "config": {"id": "isNotNull", "options": {}}}
            ],
            "match": "all",
            "type": "include",
        },
    }


def state_timeline(
    title: str, description: str, *queries: Query, mappings: list[Json]
) -> Panel:
    """Return a band for each series, in the colour of what its value means."""
    return Panel(
        title=title,
        description=description,
        kind="state-timeline",
        queries=queries,
        defaults={
            "unit": "none",
            "color": {"mode": "thresholds"},
            "thresholds": PLAIN,
            "mappings": mappings,
            "custom": {"fillOpacity": 80, "lineWidth": 0},
        },
        options={
            "alignValue": "left",
            "legend": {
                "calcs": [],
                "displayMode": "list",
                "placement": "bottom",
                "showLegend": False,
            },
            "mergeValues": True,
            "rowHeight": 0.8,
            "showValue": "auto",
            "tooltip": {"mode": "single", "sort": "none"},
        },
    )


def heatmap(title: str, description: str, query: Query, *, unit: str) -> Panel:
    """Return how often which value came: time to the right, buckets upwards."""
    return Panel(
        title=title,
        description=description,
        kind="heatmap",
        queries=(replace(query, format="heatmap", legend="{{le}}"),),
        options={
            "calculate": False,
            "cellGap": 1,
            "cellValues": {"unit": "short"},
            "color": {
                "exponent": 0.5,
                "fill": "dark-orange",
                "mode": "scheme",
                "reverse": False,
                "scale": "exponential",
                "scheme": "Oranges",
                "steps": 64,
            },
            "filterValues": {"le": 1e-9},
            "legend": {"show": True},
            "rowsFrame": {"layout": "auto"},
            "showValue": "never",
            "tooltip": {"mode": "single", "showColorScale": False, "yHistogram": True},
            "yAxis": {"axisPlacement": "left", "reverse": False, "unit": unit},
        },
    )


def ranking(title: str, description: str, query: Query) -> Panel:
    """Return one bar for each series, as it is now."""
    return Panel(
        title=title,
        description=description,
        kind="bargauge",
        queries=(replace(query, instant=True),),
        defaults={
            "unit": "short",
            "decimals": 0,
            "min": 0,
            "noValue": "None",
            "color": {"mode": "continuous-YlRd"},
            "thresholds": PLAIN,
        },
        options={
            "displayMode": "basic",
            "namePlacement": "left",
            "orientation": "horizontal",
            "reduceOptions": LAST_VALUE,
            "showUnfilled": True,
            "sizing": "auto",
            "valueMode": "color",
        },
    )


def note(title: str, content: str) -> Panel:
    """Return words, in Markdown."""
    return Panel(
        title=title,
        description="",
        kind="text",
        options={"mode": "markdown", "content": content},
    )
