"""Grafana's panels as values, and as the JSON of a dashboard. Pure.

The words are those of Grafana 11's panel schema; what the kinds of panels share
among themselves stands in `kinds.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

Json = dict[str, Any]

DATASOURCE: Mapping[str, str] = {"type": "prometheus", "uid": "${datasource}"}
"""The data source that the dashboard's first variable names."""

WIDTH = 24
"""Columns of Grafana's grid."""

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""Grafana's names for the queries of a panel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One query of a panel.

    Attributes:
        expr: PromQL.
        legend: Name of its series, with labels in double braces.
        format: `time_series`, `table` or `heatmap`.
        instant: It asks for the present only: a guard that is gone then shows
            nothing, instead of what it said last.
    """

    expr: str
    legend: str = ""
    format: str = "time_series"
    instant: bool = False

    def as_json(self, ref_id: str) -> Json:
        """Return it under the letter that panels refer to it by."""
        return {
            "datasource": dict(DATASOURCE),
            "editorMode": "code",
            "expr": self.expr,
            "format": self.format,
            "instant": self.instant,
            "legendFormat": self.legend or "__auto",
            "range": not self.instant,
            "refId": ref_id,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One panel.

    Attributes:
        title: What it shows.
        description: How to read it, for somebody who sees it for the first time.
        kind: Grafana's type of panel.
        queries: What it asks.
        width: Columns of 24.
        height: Grid rows, of 30 pixels each.
        defaults: Unit, thresholds, value mappings and so on of every field.
        overrides: The same for single fields.
        options: What belongs to the kind.
        transformations: What becomes of the answers before they are drawn.
    """

    title: str
    description: str
    kind: str
    queries: Sequence[Query] = ()
    width: int = 12
    height: int = 8
    defaults: Mapping[str, Any] = field(default_factory=dict)
    overrides: Sequence[Json] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    transformations: Sequence[Json] = ()

    def as_json(self, number: int, *, x: int, y: int) -> Json:
        """Return it with its number, at its place in the grid."""
        found: Json = {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height},
            "options": dict(self.options),
        }
        if self.queries:
            found |= {
                "datasource": dict(DATASOURCE),
                "fieldConfig": {
                    "defaults": dict(self.defaults),
                    "overrides": list(self.overrides),
                },
                "targets": [
                    query.as_json(letter)
                    for letter, query in zip(LETTERS, self.queries, strict=False)
                ],
            }
        if self.transformations:
            found["transformations"] = list(self.transformations)
        return found

    def sized(self, width: int, height: int) -> Panel:
        """Return it in that many columns of 24 and grid rows of 30 pixels."""
        return replace(self, width=width, height=height)

    def with_defaults(self, **changes: Any) -> Panel:
        """Return it with other defaults of its fields beside those it has."""
        return replace(self, defaults={**self.defaults, **changes})

    def with_overrides(self, *overrides: Json) -> Panel:
        """Return it with other looks of single fields."""
        return replace(self, overrides=overrides)


def meanings(*rows: tuple[int, str, str]) -> list[Json]:
    """Return value mappings: number, word and colour."""
    options = {
        str(value): {"text": text, "color": colour, "index": index}
        for index, (value, text, colour) in enumerate(rows)
    }
    return [{"type": "value", "options": options}]


def steps(*rows: tuple[float | None, str]) -> Json:
    """Return thresholds: from which value on (None for the lowest), and colour."""
    each = [{"value": value, "color": colour} for value, colour in rows]
    return {"mode": "absolute", "steps": each}


def coloured(colours: Mapping[str, str]) -> list[Json]:
    """Return overrides that give each named series its fixed colour."""
    return [
        named(name, color={"mode": "fixed", "fixedColor": colour})
        for name, colour in colours.items()
    ]


def named(name: str, **properties: Any) -> Json:
    """Return an override for the field of that name.

    A double underscore in a property stands for Grafana's dot: `custom__width`.
    """
    return {
        "matcher": {"id": "byName", "options": name},
        "properties": [
            {"id": key.replace("__", "."), "value": value}
            for key, value in properties.items()
        ],
    }
