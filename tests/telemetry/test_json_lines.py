"""Two partners' logs as JSON lines: one has structlog, one nothing but logging.

Both are configured with the very code of docs/events.md.
"""

from __future__ import annotations

import io
import json
import logging
import re
import sys
from contextlib import redirect_stderr
from dataclasses import asdict
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import structlog
from partner import START_S, fault, guarded, success
from requests import ReadTimeout

from agcod_guard.clock import ManualClock
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.telemetry.ecs import NAMES, ecs_names

PAGE = (Path(__file__).parents[2] / "docs" / "events.md").read_text("utf-8")
STRUCTLOG, LOGGING = re.findall(r"^```python\n(.*?)^```$", PAGE, re.M | re.S)
TENTH = asdict(OutagePolicy().scaled(1 / 10))
OF_AN_INCIDENT = {"outage.started", "outage.recovering", "outage.cleared",
                  "packet.written", "page.due"}  # fmt: skip


@pytest.fixture
def stream():
    return io.StringIO()


@pytest.fixture
def structlog_partner(stream):
    exec(STRUCTLOG, {})
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(stream))
    yield
    structlog.reset_defaults()


@pytest.fixture
def logging_partner(stream):
    structlog.reset_defaults()
    logger = logging.getLogger("agcod_guard")
    handlers, level = list(logger.handlers), logger.level
    with redirect_stderr(stream):
        exec(LOGGING, {})
    yield
    logger.handlers[:] = handlers
    logger.setLevel(level)


@pytest.fixture(params=["structlog", "logging"])
def partner(request, tmp_path):
    """A partner's shop; what it logs goes to `stream`."""
    request.getfixturevalue(f"{request.param}_partner")
    shop = guarded(tmp_path, ManualClock(START_S), policy=TENTH, events={"calls": True})
    yield shop
    shop.guard.close()


def lines_of(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_outage_is_one_story_under_one_incident_id(partner, stream):
    partner.sell(5, success())
    partner.sell(25, fault())
    partner.sell(60, success())

    told = [each for each in lines_of(stream) if each["event.name"] in OF_AN_INCIDENT]
    assert {each["event.name"] for each in told} == OF_AN_INCIDENT
    assert len({each["agcod.incident_id"] for each in told}) == 1


def test_a_call_has_the_names_that_other_programs_use(partner, stream):
    partner.order(success())
    partner.order(fault())
    partner.order(ReadTimeout("no answer in 6 s"))

    well, broken, silent = lines_of(stream)
    assert well["event.outcome"] == "success"
    assert well["http.response.status_code"] == 200
    assert well["event.duration"] == round(well["agcod.duration_s"] * 1e9)
    assert (broken["event.outcome"], broken["agcod.outcome"]) == ("failure", "FAULT")
    assert broken["agcod.error_code"] == "F500"
    assert silent["error.type"] == "ReadTimeout"
    for line in (well, broken, silent):
        assert line["event.name"] == "call.ended"
        assert "call.ended" in line["message"]
        assert line["level"] == "info"
        assert line["@timestamp"]
        assert "event" not in line


def test_a_call_within_a_span_says_which(partner, stream, monkeypatch):
    context = SimpleNamespace(is_valid=True, trace_id=0xABC, span_id=0x12)
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", tracing(context))

    partner.order(success())

    [line] = lines_of(stream)
    assert line["trace.id"] == "00000000000000000000000000000abc"
    assert line["span.id"] == "0000000000000012"


def test_a_call_outside_any_span_has_no_trace(partner, stream, monkeypatch):
    context = SimpleNamespace(is_valid=False, trace_id=0, span_id=0)
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", tracing(context))

    partner.order(success())

    [line] = lines_of(stream)
    assert not {"trace.id", "span.id"} & set(line)


def tracing(context):
    module = ModuleType("opentelemetry.trace")
    module.get_current_span = lambda: SimpleNamespace(get_span_context=lambda: context)
    return module


def test_a_real_span_of_opentelemetrys_is_taken_over(partner, stream):
    sdk = pytest.importorskip("opentelemetry.sdk.trace")

    with sdk.TracerProvider().get_tracer("shop").start_as_current_span("order") as span:
        partner.order(success())

    [line] = lines_of(stream)
    assert line["trace.id"] == f"{span.get_span_context().trace_id:032x}"
    assert line["span.id"] == f"{span.get_span_context().span_id:016x}"


def test_an_event_of_the_partners_own_is_left_alone():
    theirs = {"event": "order.placed", "status": "new", "error": None}

    assert ecs_names(None, "info", dict(theirs)) == theirs


def test_every_fact_on_the_page_gets_another_name():
    table = PAGE.partition("## ")[0]
    rows = [line.split("|")[4] for line in table.splitlines() if line[:3] == "| `"]
    facts = {name for row in rows for name in re.findall(r"`([a-z_]+)`", row)}
    assert len(facts) > 30

    renamed = ecs_names(None, "", {"event": "call.ended", **dict.fromkeys(facts, 1.0)})

    assert not facts & set(renamed)
    assert {NAMES.get(fact, f"agcod.{fact}") for fact in facts} <= set(renamed)
