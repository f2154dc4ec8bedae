"""The dashboard as JSON: what Grafana can read, and what its linter asks for."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from itertools import combinations, product
from pathlib import Path

import pytest

from agcod_guard.call import Outcome
from agcod_guard.incident.parcel import SMTP
from agcod_guard.monitoring.dashboard import dashboard, dashboard_files
from agcod_guard.telemetry.families import BUILD_INFO, FAMILIES, Type
from agcod_guard.telemetry.metrics import ERROR_LABELS, MAIL_RESULTS
from agcod_guard.telemetry.states import WEBHOOK

GRAFANA = Path(__file__).parents[2] / "grafana"
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
PROMETHEUS_ONLY = {"titleFormat", "step", "useValueForTime"}
"""What an annotation of Prometheus has beside what all annotations have."""

PANELS = [panel for panel in dashboard()["panels"] if panel["type"] != "row"]
ASKING = [panel for panel in PANELS if panel["type"] != "text"]


def _expressions() -> Iterator[str]:
    for panel in ASKING:
        for target in panel["targets"]:
            yield target["expr"]
    for annotation in dashboard()["annotations"]["list"]:
        yield annotation["expr"]


QUERIES = [*_expressions()]
each_query = pytest.mark.parametrize("expr", QUERIES)
each_panel = pytest.mark.parametrize("panel", PANELS, ids=lambda it: it["title"])
each_asking = pytest.mark.parametrize("panel", ASKING, ids=lambda it: it["title"])


def test_the_files_in_the_repository_are_those_that_the_code_writes():
    for name, text in dashboard_files().items():
        assert (GRAFANA / name).read_text("utf-8") == text, (
            "python -m agcod_guard export grafana grafana"
        )


def test_grafanas_own_schema_knows_every_word_of_it():
    sdk = _sdk()
    written = json.loads(dashboard_files()["dashboards/agcod-guard.json"])

    read = json.loads(sdk(written))

    assert list(_lost(written, read)) == []


def _sdk():
    """Return what reads a dashboard into Grafana's models and writes it again."""
    try:
        from grafana_foundation_sdk.cog.encoder import JSONEncoder
        from grafana_foundation_sdk.cog.plugins import register_default_plugins
        from grafana_foundation_sdk.models.dashboard import Dashboard
    except ImportError:
        reason = "grafana-foundation-sdk is not installed (pip install --group grafana)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    register_default_plugins()
    return lambda written: JSONEncoder().encode(Dashboard.from_json(written))


def _lost(written: object, read: object, where: str = "") -> Iterator[str]:
    """Yield where a model did not keep what was written."""
    if isinstance(written, dict) and isinstance(read, dict):
        for key, value in written.items():
            if key in read:
                yield from _lost(value, read[key], f"{where}.{key}")
            elif not (where.startswith(".annotations.") and key in PROMETHEUS_ONLY):
                yield f"{where}.{key}"
    elif isinstance(written, list) and isinstance(read, list):
        for number, pair in enumerate(zip(written, read, strict=True)):
            yield from _lost(*pair, f"{where}[{number}]")
    elif written != read:
        yield f"{where}: {written!r} became {read!r}"


@each_query
def test_a_query_asks_for_metrics_of_the_guard_only(expr):
    names = {
        family.name + suffix
        for family in FAMILIES
        for suffix in (("_bucket",) if family.type is Type.HISTOGRAM else ("",))
    }

    asked = set(re.findall(r"\bagcod_\w+", expr))

    assert asked
    assert asked <= names


def test_every_metric_of_the_guard_is_shown_somewhere():
    asked = " ".join(QUERIES)

    assert [family.name for family in FAMILIES if family.name not in asked] == []


@each_query
def test_every_series_is_chosen_by_the_variables_whose_labels_it_has(expr):
    endpointless = {it.name for it in FAMILIES if "endpoint" not in it.labels}
    for name, matchers in re.findall(r"\b(agcod_\w+?)(?:_bucket)?\{(.*?)\}", expr):
        assert 'job=~"$job"' in matchers
        assert 'instance=~"$instance"' in matchers
        assert ('endpoint=~"$endpoint"' in matchers) is (name not in endpointless)


@each_query
def test_a_counter_is_never_shown_raw(expr):
    counters = len(re.findall(r"_(?:total|bucket)\{", expr))
    ranged = re.findall(
        r"(?:rate|increase)\(agcod_\w+_(?:total|bucket)\{.*?\}"
        r"\[(?:\$__rate_interval|\$__range)\]\)",
        expr,
    )

    assert len(ranged) == counters


def test_the_data_source_is_a_variable():
    (variable,) = (it for it in _variables() if it["type"] == "datasource")

    assert variable["name"] == "datasource"
    assert variable["label"] == "Data source"
    assert variable["query"] == "prometheus"


@pytest.mark.parametrize("name", ["job", "instance", "endpoint"])
def test_what_is_shown_can_be_narrowed_by(name):
    (variable,) = (it for it in _variables() if it["name"] == name)

    assert variable["type"] == "query"
    assert variable["label"] == name.title()
    assert variable["datasource"] == DATASOURCE
    assert variable["multi"]
    assert variable["includeAll"]
    assert variable["allValue"] == ".+"
    assert variable["refresh"] == 2, "read anew when the time range changes"
    query = variable["query"]["query"]
    assert re.fullmatch(rf"label_values\((agcod_\w+)(\{{.*\}})?, {name}\)", query)


def test_a_narrower_variable_offers_what_the_wider_ones_leave():
    queries = {it["name"]: it.get("query") for it in _variables()}

    assert BUILD_INFO.name in queries["job"]["query"]
    assert "$job" in queries["instance"]["query"]
    assert "$job" in queries["endpoint"]["query"]
    assert "$instance" in queries["endpoint"]["query"]


@each_panel
def test_a_panel_says_what_it_shows_and_how_to_read_it(panel):
    assert panel["title"]
    if panel["type"] != "text":
        assert len(panel["description"]) > 20


@each_asking
def test_a_panel_asks_the_data_source_that_was_chosen(panel):
    assert panel["datasource"] == DATASOURCE
    assert all(target["datasource"] == DATASOURCE for target in panel["targets"])


@each_asking
def test_every_series_of_a_panel_has_a_name(panel):
    if panel["type"] != "table":
        assert all(target["legendFormat"] != "__auto" for target in panel["targets"])


@each_asking
def test_the_values_of_a_panel_have_a_unit(panel):
    known = {"none", "short", "percentunit", "s", "cpm", "bytes"}
    if panel["type"] == "heatmap":
        assert panel["options"]["yAxis"]["unit"] in known
    else:
        assert panel["fieldConfig"]["defaults"]["unit"] in known


@pytest.mark.parametrize(
    ("title", "names"),
    [
        ("Calls by outcome", {str(each) for each in Outcome}),
        ("Errors by code", ERROR_LABELS),
        (
            "Mails and notices, per try",
            {" ".join(each) for each in product((SMTP, WEBHOOK), MAIL_RESULTS)},
        ),
    ],
)
def test_every_series_of_a_closed_set_has_its_colour(title, names):
    (panel,) = (it for it in ASKING if it["title"] == title)

    overrides = panel["fieldConfig"]["overrides"]

    assert {it["matcher"]["options"] for it in overrides} == names


def test_panels_have_numbers_of_their_own_and_stand_beside_each_other():
    placed = dashboard()["panels"]
    numbers = [panel["id"] for panel in placed]

    assert len(set(numbers)) == len(numbers)
    for panel in placed:
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
    for one, other in combinations((panel["gridPos"] for panel in placed), 2):
        beside = (
            one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        )
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or above


def test_what_is_now_is_asked_for_the_present_only():
    """A guard that is gone shows nothing, not what it said last."""
    for panel in ASKING:
        if panel["type"] in {"stat", "table", "bargauge"}:
            assert all(target["instant"] for target in panel["targets"])


def test_nobody_edits_by_accident_what_a_file_would_put_back():
    assert dashboard()["editable"] is False
    assert dashboard()["time"]["to"] == "now"


def test_incidents_and_changes_are_marked_in_every_panel():
    names = [it["name"] for it in dashboard()["annotations"]["list"]]

    assert names == ["Incidents", "First failures", "Changes"]


def _variables():
    return dashboard()["templating"]["list"]
