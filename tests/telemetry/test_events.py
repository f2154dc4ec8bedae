"""What is logged, to whom, and that nobody who does not listen hears it."""

import logging
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from agcod_guard.call import Outcome, Scope
from agcod_guard.incident.parcel import State
from agcod_guard.outage.own_side import OwnSideTransition
from agcod_guard.telemetry import events as names
from agcod_guard.telemetry.channel import LOGGER_NAME
from agcod_guard.telemetry.events import Events

DOCS = Path(__file__).parents[2] / "docs" / "events.md"
INCIDENT_FACTS = {
    "incident_id": "20261122T111505Z-eu-0a1b",
    "account": "Acmes",
    "endpoint": "eu",
}


@pytest.fixture(autouse=True)
def _structlog_as_it_comes():
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


@pytest.fixture
def logged():
    """What reaches the partner's structlog."""
    with capture_logs() as captured:
        yield captured


@pytest.fixture
def lines(caplog):
    """What reaches the stdlib logger."""
    caplog.set_level(logging.DEBUG, LOGGER_NAME)
    return caplog


class TestEvents:
    def test_a_call_is_told_at_debug_with_its_facts_and_their_units(
        self, logged, make_call
    ):
        Events().call_ended(
            make_call(
                Outcome.FAULT,
                call_id="00000000000000aa",
                status=500,
                error_code="F500",
                error_type="GeneralError",
                request_id="Acmes3324500H2",
                amzn_request_id="0000-1111",
            )
        )

        assert logged == [
            {
                "event": "call.ended",
                "log_level": "debug",
                "call_id": "00000000000000aa",
                "account": "Acmes",
                "endpoint": "eu",
                "operation": "CreateGiftCard",
                "outcome": "FAULT",
                "duration_s": 0.25,
                "status": 500,
                "error_code": "F500",
                "error_type": "GeneralError",
                "request_id": "Acmes3324500H2",
                "amzn_request_id": "0000-1111",
            }
        ]

    def test_calls_are_told_at_info_if_the_settings_say_so(self, logged, make_call):
        Events(calls=True).call_ended(make_call())

        assert [(entry["event"], entry["log_level"]) for entry in logged] == [
            ("call.ended", "info")
        ]

    @pytest.mark.parametrize(
        ("before", "after", "event", "level"),
        [
            ("OK", "SUSPECT", "outage.suspected", "warning"),
            ("SUSPECT", "OK", "outage.dismissed", "info"),
            ("SUSPECT", "OUTAGE", "outage.started", "warning"),
            ("OUTAGE", "RECOVERING", "outage.recovering", "info"),
            ("RECOVERING", "OUTAGE", "outage.relapsed", "warning"),
            ("RECOVERING", "OK", "outage.cleared", "info"),
        ],
    )
    def test_each_change_of_phase_has_an_event_with_its_reason(
        self, logged, make_transition, before, after, event, level
    ):
        transition = make_transition(
            before,
            after,
            first_failed_at_s=1_763_809_505.0,
            incident_id="20261122T111505Z-eu-0a1b",
        )

        Events().transition(transition)

        assert logged == [
            {
                "event": event,
                "log_level": level,
                **INCIDENT_FACTS,
                "before": before,
                "after": after,
                "at_s": 1_763_809_700.0,
                "first_failed_at_s": 1_763_809_505.0,
                "reason": "12 orders have failed in 190 s.",
            }
        ]

    @pytest.mark.parametrize(
        ("is_down", "event", "level"),
        [(True, "operation.down", "warning"), (False, "operation.up", "info")],
    )
    def test_an_operation_that_is_down_by_itself_has_events_of_its_own(
        self, logged, make_operation, is_down, event, level
    ):
        Events().operation_changed(make_operation(is_down=is_down))

        assert logged == [
            {
                "event": event,
                "log_level": level,
                "account": "Acmes",
                "endpoint": "eu",
                "operation": "CreateGiftCard",
                "at_s": 1_763_809_700.0,
                "first_failed_at_s": 1_763_809_505.0,
                "reason": "12 orders have failed in 190 s.",
            }
        ]

    @pytest.mark.parametrize(
        ("is_broken", "event", "level"),
        [(True, "own_side.broken", "warning"), (False, "own_side.mended", "info")],
    )
    def test_what_is_broken_on_our_own_side_has_events_of_its_own(
        self, logged, is_broken, event, level
    ):
        Events().own_side_changed(
            OwnSideTransition(
                scope=Scope.parse("Acmes/eu"),
                is_broken=is_broken,
                at_s=7.0,
                reason="no name can be looked up",
            )
        )

        assert logged == [
            {
                "event": event,
                "log_level": level,
                "account": "Acmes",
                "endpoint": "eu",
                "at_s": 7.0,
                "reason": "no name can be looked up",
            }
        ]

    def test_a_packet_is_told_with_its_folder_and_its_incident(self, logged, incident):
        Events().packet_written(incident, Path("/data/incidents/x"))

        assert logged == [
            {
                "event": "packet.written",
                "log_level": "info",
                **INCIDENT_FACTS,
                "revision": 2,
                "folder": "/data/incidents/x",
            }
        ]

    def test_a_packet_that_could_not_be_written_is_an_error(self, logged, incident):
        Events().packet_failed(incident, OSError("disk full"))

        assert logged == [
            {
                "event": "packet.failed",
                "log_level": "error",
                **INCIDENT_FACTS,
                "error": "OSError('disk full')",
            }
        ]

    def test_the_journal_tells_of_loss_recovery_and_damage(self, logged):
        events = Events()

        events.frames_lost(3, "disk full")
        events.journal_resumed()
        events.journal_bytes(4096)
        events.frames_skipped(2, "a.seg")

        assert logged == [
            {
                "event": "journal.frames_lost",
                "log_level": "error",
                "count": 3,
                "reason": "disk full",
            },
            {"event": "journal.resumed", "log_level": "warning"},
            {
                "event": "journal.frames_skipped",
                "log_level": "warning",
                "count": 2,
                "segment": "a.seg",
            },
        ]

    def test_a_call_without_a_timeout_is_told_what_amazon_advises(self, logged):
        Events().call_without_timeout("CreateGiftCard")

        assert logged == [
            {
                "event": "call.without_timeout",
                "log_level": "warning",
                "operation": "CreateGiftCard",
                "advised_timeout_s": 6,
            }
        ]

    def test_retries_of_a_client_on_its_own_are_told(self, logged):
        Events().hidden_retries("CreateGiftCard", 3)

        assert logged == [
            {
                "event": "call.hidden_retries",
                "log_level": "warning",
                "operation": "CreateGiftCard",
                "attempts": 3,
            }
        ]

    def test_the_same_internal_error_is_told_once_a_minute_with_a_count(self, logged):
        now_s = [100.0]
        events = Events(monotonic_s=lambda: now_s[0])

        for _ in range(4):
            events.internal_error("capture.begin", ValueError("odd"))
        events.internal_error("capture.end", ValueError("odd"))
        now_s[0] += 60
        events.internal_error("capture.begin", ValueError("odd"))

        told = {
            "event": "guard.internal_error",
            "log_level": "warning",
            "error": "ValueError('odd')",
        }
        assert logged == [
            told | {"stage": "capture.begin"},
            told | {"stage": "capture.end"},
            told | {"stage": "capture.begin", "untold": 3},
        ]

    @pytest.mark.parametrize(
        ("news", "state", "event", "level"),
        [
            ("mail_sent", State.SENT, "page.sent", "info"),
            ("mail_delayed", State.INTENT, "page.delayed", "warning"),
            ("mail_unsure", State.UNSURE, "page.unsure", "warning"),
            ("mail_unsure", State.ALARM, "page.unsure", "error"),
            ("mail_refused", State.REFUSED, "page.refused", "error"),
            ("mail_cancelled", State.CANCELLED, "page.cancelled", "info"),
        ],
    )
    def test_a_mail_is_told_with_what_came_of_it_but_not_its_content(
        self, logged, make_entry, news, state, event, level
    ):
        getattr(Events(), news)(make_entry(state, note="the server's own words"))

        assert logged == [
            {
                "event": event,
                "log_level": level,
                "incident_id": "20261122T111505Z-eu-0a1b",
                "key": "20261122T111505Z-eu-0a1b/t1",
                "channel": "smtp",
                "purpose": "page",
                "tier": 1,
                "state": state.value,
                "attempts": 1,
                "message_id": "<t1@shop.invalid>",
                "note": "the server's own words",
            }
        ]

    def test_no_claim_code_comes_out_in_the_text_of_an_error(self, logged, incident):
        error = ValueError("unexpected gcClaimCode AAAA-BBBBBB-CCCC " + "x" * 5000)

        Events().internal_error("recorder.end", error)
        Events().packet_failed(incident, error)

        for entry in logged:
            assert "AAAA-BBBBBB-CCCC" not in entry["error"]
            assert len(entry["error"]) <= 300

    def test_a_page_that_waits_for_a_person_says_why(self, logged, incident):
        Events().page_due(incident, 2, ("page.mode is draft: a person sends it.",))

        (event,) = logged
        assert event == {
            "event": "page.due",
            "log_level": "warning",
            **INCIDENT_FACTS,
            "tier": 2,
            "reason": "page.mode is draft: a person sends it.",
        }

    def test_a_draft_is_told_with_its_place_and_subject(self, logged):
        Events().draft_written(Path("/data/drafts/x.eml"), "AGCOD account Acmes")

        (event,) = logged
        assert (event["event"], event["log_level"]) == ("draft.written", "warning")
        assert event["path"] == "/data/drafts/x.eml"
        assert event["subject"] == "AGCOD account Acmes"

    def test_every_event_stands_in_the_documentation(self):
        constants = [
            value
            for name, value in vars(names).items()
            if name.isupper() and isinstance(value, str) and "." in value
        ]

        text = DOCS.read_text("utf-8")
        assert len(constants) == 26
        assert [name for name in constants if f"| `{name}` |" not in text] == []


class TestWhoHearsThem:
    def test_unconfigured_structlog_is_left_alone_and_logging_gets_one_line(
        self, lines, capsys
    ):
        Events().frames_lost(3, "disk full\n at /data")

        (record,) = lines.records
        assert record.name == "agcod_guard"
        assert record.levelname == "ERROR"
        assert record.getMessage() == (
            r'journal.frames_lost count=3 reason="disk full\n at /data"'
        )
        assert record.agcod_guard == {
            "event": "journal.frames_lost",
            "count": 3,
            "reason": "disk full\n at /data",
        }
        assert capsys.readouterr() == ("", "")

    def test_a_request_id_cannot_forge_a_second_line(self, lines, make_call):
        Events().call_ended(
            make_call(request_id='../../etc/passwd\nroot level="x"\u2028\x1b[2J')
        )

        (record,) = lines.records
        line = record.getMessage()
        assert line.isprintable()
        assert r'request_id="../../etc/passwd\nroot level=\"x\"' in line

    def test_a_partner_who_configures_structlog_later_is_heard_from_then_on(
        self, lines
    ):
        events = Events()
        events.journal_resumed()

        with capture_logs() as logged:
            events.journal_resumed()

        assert [record.getMessage() for record in lines.records] == ["journal.resumed"]
        assert logged == [{"event": "journal.resumed", "log_level": "warning"}]

    @pytest.mark.parametrize(
        "wrapper",
        [
            structlog.make_filtering_bound_logger(logging.INFO),
            structlog.stdlib.BoundLogger,
            structlog.BoundLogger,
        ],
        ids=["native", "stdlib", "generic"],
    )
    def test_any_kind_of_structlog_logger_takes_an_info_and_drops_a_debug(
        self, wrapper, make_call, caplog
    ):
        caplog.set_level(logging.INFO, LOGGER_NAME)
        structlog.configure(
            processors=[
                structlog.stdlib.filter_by_level,
                structlog.processors.KeyValueRenderer(key_order=["event"]),
            ],
            wrapper_class=wrapper,
            logger_factory=structlog.stdlib.LoggerFactory(),
        )

        Events(calls=True).call_ended(make_call(operation="Heard"))
        Events(calls=False).call_ended(make_call(operation="Unheard"))

        (record,) = caplog.records
        assert "operation='Heard'" in record.getMessage()

    def test_a_change_of_the_level_is_noticed(self, make_call):
        events = Events()
        heard = []

        def level(name):
            structlog.configure(
                processors=[lambda _, __, entry: heard.append(entry) or ""],
                wrapper_class=structlog.make_filtering_bound_logger(name),
                logger_factory=structlog.ReturnLoggerFactory(),
            )

        for name in (logging.INFO, logging.DEBUG, logging.INFO):
            level(name)
            events.call_ended(make_call())

        assert len(heard) == 1

    @pytest.mark.parametrize(("kept", "loggers"), [(True, 1), (False, 4)])
    def test_loggers_are_kept_where_the_partner_keeps_loggers(
        self, make_call, kept, loggers
    ):
        made = []

        def factory(*args):
            made.append(args)
            return structlog.ReturnLogger()

        structlog.configure(
            processors=[lambda _, __, entry: ""],
            wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
            logger_factory=factory,
            cache_logger_on_first_use=kept,
        )
        events = Events(calls=True)

        for _ in range(3):
            events.call_ended(make_call())

        assert len(made) == loggers  # one of them to ask for its level

    def test_new_processors_are_used_though_loggers_are_kept(self, make_call):
        events, heard = Events(calls=True), []
        for name in ("first", "second"):
            structlog.configure(
                processors=[lambda _, __, entry, name=name: heard.append(name) or ""],
                logger_factory=structlog.ReturnLoggerFactory(),
                cache_logger_on_first_use=True,
            )
            events.call_ended(make_call())

        assert heard == ["first", "second"]

    def test_the_library_prints_nothing_and_configures_nothing(self):
        program = """
            import logging
            before = logging.root.handlers[:], logging.root.level
            import agcod_guard.telemetry.metrics
            from agcod_guard.telemetry.events import Events
            import sys
            assert "structlog" not in sys.modules
            events = Events()
            events.frames_lost(1, "disk full")
            import structlog
            events.frames_lost(1, "disk full")
            assert (logging.root.handlers, logging.root.level) == before
            handlers = logging.getLogger("agcod_guard").handlers
            assert [type(handler).__name__ for handler in handlers] == ["NullHandler"]
            Events()
            assert len(handlers) == 1
            assert not structlog.is_configured()
        """
        ran = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(program)],
            env=dict(os.environ),
            capture_output=True,
            text=True,
            check=False,
        )

        assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
