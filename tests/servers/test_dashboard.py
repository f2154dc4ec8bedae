"""Every query of the dashboard, asked of a real Prometheus after a bad night."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator

import pytest
from monitored_night import (
    BEGINS_S,
    CHANGED_AFTER_S,
    DOWN_AFTER_S,
    ENDS_AFTER_S,
    PAGED_AFTER_S,
    Night,
)
from prometheus_history import History, prometheus_with

from agcod_guard.monitoring.dashboard import dashboard

ALL = {"job": ".+", "instance": ".+", "endpoint": ".+"}
PANELS = [panel for panel in dashboard()["panels"] if "targets" in panel]


@pytest.fixture(scope="module")
def night(tmp_path_factory, prometheus_command) -> Iterator[History]:
    folder = tmp_path_factory.mktemp("night")
    samples = Night(folder / "guard", order_every_s=15.0).openmetrics()
    with prometheus_with(samples, folder) as url:
        yield History(url, ALL, BEGINS_S, BEGINS_S + ENDS_AFTER_S - 60)


@pytest.fixture
def calm(night) -> History:
    """Return the same, before anything went wrong."""
    return History(night.url, ALL, BEGINS_S, BEGINS_S + CHANGED_AFTER_S / 2)


@pytest.mark.parametrize("panel", PANELS, ids=lambda it: it["title"])
def test_no_panel_is_empty_after_a_bad_night(panel, night):
    for target in panel["targets"]:
        found = night.answer(target)

        assert found, target["expr"]
        assert any(_has_a_number(series) for series in found), target["expr"]


@pytest.mark.parametrize("panel", PANELS, ids=lambda it: it["title"])
def test_a_series_has_every_label_that_its_name_asks_for(panel, night):
    for target in panel["targets"]:
        for series in night.answer(target):
            for label in _labels_in(target["legendFormat"]):
                assert series["metric"].get(label), target["legendFormat"]


@pytest.mark.parametrize("panel", PANELS, ids=lambda it: it["title"])
def test_an_endpoint_that_does_not_exist_shows_nothing(panel, night):
    elsewhere = History(
        night.url, ALL | {"job": "other"}, night.from_s, night.now_s, night.step_s
    )

    assert all(elsewhere.answer(target) == [] for target in panel["targets"])


@pytest.mark.parametrize(
    ("name", "offers"),
    [("job", ["shop"]), ("instance", ["shop-1:9464"]), ("endpoint", ["eu", "na"])],
)
def test_a_variable_offers_what_there_is(name, offers, night):
    (query,) = (
        it["query"]["query"]
        for it in dashboard()["templating"]["list"]
        if it["name"] == name
    )

    assert night.label_values(query) == offers


def test_the_state_is_what_the_guard_thought(night):
    assert _now(night, "State now") == {("Acmes", "eu"): 3, ("Acmus", "na"): 0}


def test_the_line_of_an_outage_says_since_when_whose_and_who_was_told(night):
    line = _lines(night, "Since when, whose, and who was told")["Acmes", "eu"]

    assert 0 <= line["Failing since"] / 1000 - (BEGINS_S + DOWN_AFTER_S) < 60
    assert line["Last success"] < line["Failing since"] < line["Last failure"]
    assert line["Whose"] == 4
    assert (line["Waits for you"], line["Written to"]) == (0, 1)
    assert line["Next tier due"] / 1000 == pytest.approx(
        BEGINS_S + PAGED_AFTER_S + 1800, abs=60
    )
    assert (line["Acked"], line["Packet lacks"]) == (0, 0)
    assert line["In doubt"] > 0


def test_the_line_of_an_operation_that_is_down_says_that_the_rest_is_well(night):
    line = _lines(night, "Since when, whose, and who was told")["Acmus", "na"]

    assert (line["State"], line["Ops down"]) == (0, 1)
    assert "Failing since" not in line
    assert (line["Whose"], line["Waits for you"], line["Written to"]) == (0, 0, 0)


def test_a_table_has_no_line_for_an_account_that_never_calls_an_endpoint(night):
    lines = _lines(night, "Since when, whose, and who was told")

    with_state = {scope for scope, line in lines.items() if "State" in line}
    assert with_state == {("Acmes", "eu"), ("Acmus", "na")}


def test_while_all_is_well_nothing_says_otherwise(calm):
    lines = _lines(calm, "Since when, whose, and who was told")

    assert _now(calm, "State now") == {("Acmes", "eu"): 0, ("Acmus", "na"): 0}
    for heading in ("Ops down", "Whose", "Waits for you", "Packet lacks"):
        assert [line[heading] for line in lines.values()] == [0, 0, 0], heading
    assert not any(
        calm.answer(annotation) for annotation in dashboard()["annotations"]["list"]
    )


def test_a_guard_that_has_made_no_error_is_shown_with_none(calm):
    (panel,) = (it for it in PANELS if it["title"] == "Guards")

    (own_errors,) = calm.answer(panel["targets"][-1])

    assert own_errors["metric"] == {"instance": "shop-1:9464"}
    assert float(own_errors["value"][1]) == 0


def test_incidents_and_changes_are_marked_when_they_were(night):
    marked = {
        it["name"]: (found["metric"], {float(value) for _, value in found["values"]})
        for it in dashboard()["annotations"]["list"]
        for found in night.answer(it)
    }

    scope, _ = marked["Incidents"]
    assert scope == {"account": "Acmes", "endpoint": "eu"}
    scope, began_ms = marked["First failures"]
    assert scope == {"account": "Acmes", "endpoint": "eu"}
    (first_ms,) = began_ms
    assert 0 <= first_ms / 1000 - (BEGINS_S + DOWN_AFTER_S) < 60
    _, (changed_ms,) = marked["Changes"]
    assert 0 <= changed_ms / 1000 - (BEGINS_S + CHANGED_AFTER_S) < 60


def _now(night, title):
    """Return the present values of the only query of a panel."""
    (panel,) = (it for it in PANELS if it["title"] == title)
    (target,) = panel["targets"]
    return {
        (it["metric"]["account"], it["metric"]["endpoint"]): float(it["value"][1])
        for it in night.answer(target)
    }


def _lines(night, title):
    """Return what a table shows: by account and endpoint, heading and value."""
    (panel,) = (it for it in PANELS if it["title"] == title)
    headings = panel["transformations"][1]["options"]["renameByName"]
    lines = defaultdict(dict)
    for target in panel["targets"]:
        for it in night.answer(target):
            scope = it["metric"]["account"], it["metric"]["endpoint"]
            heading = headings[f"Value #{target['refId']}"]
            lines[scope][heading] = float(it["value"][1])
    return lines


def _has_a_number(series):
    points = series.get("values") or [series["value"]]
    return any(not math.isnan(float(value)) for _, value in points)


def _labels_in(legend):
    return [part.partition("}}")[0] for part in legend.split("{{")[1:]]
