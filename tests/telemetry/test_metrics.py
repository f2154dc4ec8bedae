"""What the registry shows after the guard was told something."""

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.openmetrics import exposition as openmetrics

from agcod_guard import __version__
from agcod_guard.call import UNKNOWN_ACCOUNT, Endpoint, Outcome
from agcod_guard.outage.state import Phase
from agcod_guard.telemetry.families import FAMILIES
from agcod_guard.telemetry.metrics import ERROR_LABELS, Metrics
from agcod_guard.telemetry.standing import IncidentReport, ScopeReport, Standing

EU, NA = Endpoint("eu"), Endpoint("na")
CREATED = {
    "account": "Acmes",
    "endpoint": "eu",
    "operation": "CreateGiftCard",
    "outcome": "SUCCESS",
}
DOCS = Path(__file__).parents[2] / "docs" / "metrics.md"


@pytest.fixture
def registry():
    return CollectorRegistry()


@pytest.fixture
def metrics(registry):
    return Metrics(registry, endpoints=[EU, NA], accounts={"Acmes"})


def series_of(registry, name):
    return [
        sample
        for family in registry.collect()
        for sample in family.samples
        if family.name == name and not sample.name.endswith("_created")
    ]


class TestCalls:
    def test_a_call_is_counted_once_with_its_duration(
        self, registry, metrics, make_call
    ):
        metrics.call_ended(make_call(duration_s=0.3))

        took = {"endpoint": "eu", "outcome": "SUCCESS"}
        seconds = "agcod_call_duration_seconds"
        value = registry.get_sample_value
        assert value("agcod_calls_total", CREATED) == 1
        assert value(f"{seconds}_count", took) == 1
        assert value(f"{seconds}_sum", took) == 0.3
        assert value(f"{seconds}_bucket", took | {"le": "0.25"}) == 0
        assert value(f"{seconds}_bucket", took | {"le": "0.5"}) == 1

    def test_what_the_settings_or_amazon_do_not_name_is_other(
        self, registry, metrics, make_call
    ):
        for account in ("Nobod", UNKNOWN_ACCOUNT):
            metrics.call_ended(
                make_call(account=account, operation="Made/Up", endpoint="odd-loopback")
            )

        other = {
            "account": "other",
            "endpoint": "other",
            "operation": "other",
            "outcome": "SUCCESS",
        }
        assert registry.get_sample_value("agcod_calls_total", other) == 2

    def test_ten_thousand_names_from_traffic_make_no_new_series(
        self, registry, metrics, make_call
    ):
        metrics.call_ended(make_call(account="x", operation="x"))
        before = len(series_of(registry, "agcod_calls"))

        for number in range(10_000):
            metrics.call_ended(
                make_call(
                    account=f"P{number}",
                    operation=f"Op{number}",
                    endpoint=f"r{number}",
                )
            )

        known_endpoints_and_other = 1
        after = len(series_of(registry, "agcod_calls"))
        assert after == before + known_endpoints_and_other

    @pytest.mark.parametrize(
        ("facts", "label"),
        [
            ({"error_code": "F500", "status": 500}, "F500"),
            ({"error_code": "F400", "status": 200}, "F400"),
            ({"error_code": "F900", "status": 500}, "other"),
            ({"status": 503}, "http_5xx"),
            ({"status": 403}, "http_4xx"),
            ({"status": 200}, "http_2xx"),
            ({"status": 999}, "other"),
            ({"status": None}, "no_answer"),
        ],
    )
    def test_an_error_is_counted_by_its_class_or_by_what_came_instead(
        self, registry, metrics, make_call, facts, label
    ):
        metrics.call_ended(make_call(Outcome.FAULT, **facts))

        labels = {"endpoint": "eu", "error_code": label}
        assert label in ERROR_LABELS
        assert registry.get_sample_value("agcod_errors_total", labels) == 1

    def test_neither_a_success_nor_an_abandoned_call_is_an_error(
        self, registry, metrics, make_call
    ):
        metrics.call_ended(make_call())
        metrics.call_ended(make_call(Outcome.ABANDONED))

        assert {point.value for point in series_of(registry, "agcod_errors")} == {0}

    @pytest.mark.parametrize("duration_s", [float("nan"), float("inf"), -1.0])
    def test_an_impossible_duration_does_not_spoil_the_sum(
        self, registry, metrics, make_call, duration_s
    ):
        metrics.call_ended(make_call(duration_s=duration_s))

        took = {"endpoint": "eu", "outcome": "SUCCESS"}
        total = registry.get_sample_value("agcod_call_duration_seconds_sum", took)
        assert total == 0
        assert registry.get_sample_value("agcod_calls_total", CREATED) == 1


class TestTheOtherNews:
    def test_an_outage_counts_one_incident_and_a_relapse_none(
        self, registry, metrics, make_transition
    ):
        for before, after in (
            ("OK", "SUSPECT"),
            ("SUSPECT", "OUTAGE"),
            ("OUTAGE", "RECOVERING"),
            ("RECOVERING", "OUTAGE"),
            ("OUTAGE", "RECOVERING"),
            ("RECOVERING", "OK"),
        ):
            metrics.transition(make_transition(before, after))

        eu, na = {"endpoint": "eu"}, {"endpoint": "na"}
        assert registry.get_sample_value("agcod_incidents_total", eu) == 1
        assert registry.get_sample_value("agcod_incidents_total", na) == 0

    def test_packets_and_the_journal_are_counted(self, registry, metrics, incident):
        metrics.packet_written(incident, Path("/data/incidents/x"))
        metrics.packet_failed(incident, OSError("disk full"))
        metrics.journal_bytes(4096)
        metrics.frames_lost(3, "disk full")
        metrics.journal_resumed()
        metrics.frames_skipped(2, "a.seg")
        metrics.call_without_timeout("CreateGiftCard")
        metrics.hidden_retries("CreateGiftCard", 3)

        value = registry.get_sample_value
        assert value("agcod_packets_written_total") == 1
        assert value("agcod_packet_failures_total") == 1
        assert value("agcod_guard_journal_bytes") == 4096
        assert value("agcod_guard_frames_lost_total") == 3
        assert value("agcod_guard_frames_skipped_total") == 2
        assert value("agcod_guard_build_info", {"version": __version__}) == 1

    @pytest.mark.parametrize(
        "result", ["sent", "delayed", "unsure", "refused", "cancelled"]
    )
    def test_mails_are_counted_by_result_and_webhooks_as_one_channel(
        self, registry, metrics, make_entry, result
    ):
        tell = getattr(metrics, f"mail_{result}")

        tell(make_entry())
        tell(make_entry(channel="webhook:ops"))
        tell(make_entry(channel="webhook:desk"))

        def value(channel):
            labels = {"channel": channel, "result": result}
            return registry.get_sample_value("agcod_mails_total", labels)

        assert (value("smtp"), value("webhook")) == (1, 2)

    def test_internal_errors_are_counted_by_stage_and_stages_are_bounded(
        self, registry, metrics
    ):
        for number in range(200):
            metrics.internal_error(f"stage{number}", ValueError())
        metrics.internal_error("stage0", ValueError())

        name = "agcod_guard_internal_errors_total"
        assert registry.get_sample_value(name, {"stage": "stage0"}) == 2
        assert len(series_of(registry, "agcod_guard_internal_errors")) <= 51


class TestSeries:
    def test_the_series_of_the_endpoints_in_settings_start_at_zero(
        self, registry, metrics
    ):
        for endpoint in ("eu", "na"):
            labels = CREATED | {"endpoint": endpoint, "outcome": "NO_ANSWER"}
            assert registry.get_sample_value("agcod_calls_total", labels) == 0
            f500 = {"endpoint": endpoint, "error_code": "F500"}
            assert registry.get_sample_value("agcod_errors_total", f500) == 0

    def test_without_accounts_in_the_settings_other_starts_at_zero(self, registry):
        Metrics(registry, endpoints=[EU], accounts=())

        labels = CREATED | {"account": "other"}
        assert registry.get_sample_value("agcod_calls_total", labels) == 0

    def test_no_metric_has_a_hundred_series_for_an_endpoint_and_account(
        self, registry, make_call
    ):
        metrics = Metrics(registry, endpoints=[EU], accounts={"Acmes"})
        metrics.read_states(Standing, place=1)
        for outcome in Outcome:
            metrics.call_ended(make_call(outcome, operation="Made/Up"))

        counts = {
            family.name: len(series_of(registry, family.name))
            for family in registry.collect()
        }
        assert counts["agcod_calls"] == 96
        assert max(counts.values()) < 100

    def test_names_follow_the_rules_of_prometheus(self):
        for family in FAMILIES:
            assert re.fullmatch(r"agcod_[a-z]+(_[a-z]+)*", family.name)
            assert (family.type == "counter") == family.name.endswith("_total")
            assert not re.search(r"_(ms|kb|counter|gauge)(_|$)", family.name)
            assert family.help.endswith(".")
            assert not {"le", "quantile", "job", "instance"} & set(family.labels)
            assert not {"request_id", "call_id", "message"} & set(family.labels)

    def test_both_expositions_can_be_written(self, registry, metrics):
        metrics.read_states(Standing, place=1)

        assert b'agcod_outage_state{account="Acmes"' in generate_latest(registry)
        assert b"# EOF" in openmetrics.generate_latest(registry)


class TestStates:
    def test_a_scope_shows_its_phase_times_and_incident(self, registry, metrics):
        metrics.read_states(
            lambda: Standing(
                scopes=(
                    ScopeReport(
                        account="Acmes",
                        endpoint=EU,
                        phase=Phase.OUTAGE,
                        first_failed_at_s=1000.5,
                        last_failed_at_s=1010.5,
                        last_success_at_s=990.25,
                        incident=IncidentReport(),
                    ),
                )
            ),
            place=1,
        )

        scope = {"account": "Acmes", "endpoint": "eu"}
        value = registry.get_sample_value
        states = {
            phase: value("agcod_outage_state", scope | {"state": phase})
            for phase in Phase
        }
        assert states == {"OK": 0, "SUSPECT": 0, "OUTAGE": 1, "RECOVERING": 0}
        assert value("agcod_first_failure_timestamp_seconds", scope) == 1000.5
        assert value("agcod_last_success_timestamp_seconds", scope) == 990.25
        assert value("agcod_incidents_open", scope) == 1

    def test_a_scope_of_which_nothing_is_known_is_ok_and_its_times_are_zero(
        self, registry, metrics
    ):
        metrics.read_states(Standing, place=1)

        scope = {"account": "Acmes", "endpoint": "na"}
        value = registry.get_sample_value
        assert value("agcod_outage_state", scope | {"state": "OK"}) == 1
        assert value("agcod_first_failure_timestamp_seconds", scope) == 0
        assert value("agcod_last_success_timestamp_seconds", scope) == 0

    def test_accounts_that_share_a_label_show_the_worst_of_them(
        self, registry, metrics
    ):
        reports = (
            ScopeReport(account="A", endpoint=EU, last_success_at_s=50.0),
            ScopeReport(
                account="B",
                endpoint=EU,
                phase=Phase.OUTAGE,
                first_failed_at_s=20.0,
                incident=IncidentReport(),
            ),
            ScopeReport(
                account="C",
                endpoint=EU,
                phase=Phase.SUSPECT,
                first_failed_at_s=30.0,
                operations_down=frozenset({"CreateGiftCard"}),
                own_side=True,
            ),
        )
        metrics.read_states(lambda: Standing(scopes=reports), place=1)

        scope = {"account": "other", "endpoint": "eu"}
        value = registry.get_sample_value
        assert value("agcod_outage_state", scope | {"state": "OUTAGE"}) == 1
        assert value("agcod_first_failure_timestamp_seconds", scope) == 20
        assert value("agcod_last_success_timestamp_seconds", scope) == 50
        assert value("agcod_incidents_open", scope) == 1
        create = scope | {"operation": "CreateGiftCard"}
        assert value("agcod_operation_down", create) == 1
        assert value("agcod_own_side", scope) == 1
        samples = series_of(registry, "agcod_incidents_open")
        assert len({tuple(point.labels.items()) for point in samples}) == len(samples)

    def test_a_ladder_that_cannot_be_read_spoils_no_scrape(self, registry, swallowed):
        metrics = Metrics(registry, endpoints=[EU], accounts={"Acmes"})
        Gauge("shop_open", "The partner's own.", registry=registry).set(1)
        unreadable = OSError("no such file")

        def read():
            raise unreadable

        metrics.read_states(read, place=1)

        assert b"shop_open 1.0" in generate_latest(registry)
        assert swallowed == [("metrics.collect", unreadable)]

    def test_a_closed_guard_shows_its_scopes_no_longer(self, registry, metrics):
        metrics.read_states(Standing, place=1)

        metrics.close()

        assert series_of(registry, "agcod_outage_state") == []


class TestSharedRegistry:
    def test_two_guards_in_one_process_count_into_the_same_series(
        self, registry, make_call, swallowed
    ):
        one = Metrics(registry, endpoints=[EU], accounts={"Acmes"})
        two = Metrics(registry, endpoints=[NA], accounts={"Bravo"})
        one.read_states(Standing, place=1)
        two.read_states(Standing, place=2)

        one.call_ended(make_call())
        two.call_ended(make_call(account="Bravo"))

        bravo = CREATED | {"account": "Bravo"}
        value = registry.get_sample_value
        assert value("agcod_calls_total", CREATED) == 1
        assert value("agcod_calls_total", bravo) == 1
        for scope in (("Acmes", "eu"), ("Bravo", "na")):
            labels = dict(zip(("account", "endpoint"), scope, strict=True))
            assert value("agcod_incidents_open", labels) == 0
        assert swallowed == []

    def test_a_name_that_somebody_else_has_is_told_once_and_left_to_them(
        self, registry, make_call
    ):
        theirs = Counter("agcod_calls_total", "Not ours.", registry=registry)
        Gauge("agcod_outage_state", "Not ours.", registry=registry).set(7)
        told = []

        for _ in range(2):
            metrics = Metrics(
                registry,
                endpoints=[EU],
                accounts={"Acmes"},
                report=lambda stage, error: told.append((stage, str(error))),
            )
            metrics.read_states(Standing, place=1)
        theirs.inc(5)
        metrics.call_ended(make_call(Outcome.FAULT, error_code="F500"))

        f500 = {"endpoint": "eu", "error_code": "F500"}
        assert registry.get_sample_value("agcod_calls_total") == 5
        assert registry.get_sample_value("agcod_outage_state") == 7
        assert registry.get_sample_value("agcod_errors_total", f500) == 1
        assert [stage for stage, _ in told] == ["metrics.register"] * 2
        assert "agcod_calls" in told[0][1]

    @pytest.mark.parametrize("folder_exists", [True, False])
    def test_multi_process_mode_neither_crashes_nor_prints(
        self, tmp_path, folder_exists
    ):
        folder = tmp_path / "prometheus"
        if folder_exists:
            folder.mkdir()
        program = """
            from prometheus_client import CollectorRegistry, generate_latest
            from prometheus_client.multiprocess import MultiProcessCollector
            from agcod_guard.call import Endpoint, Outcome
            from agcod_guard.frames import End
            from agcod_guard.telemetry.metrics import Metrics
            metrics = Metrics(
                CollectorRegistry(), endpoints=[Endpoint("eu")], accounts={"Acmes"}
            )
            metrics.call_ended(End(
                call_id="00000000000000aa", wall_ns=1, mono_ns=1, account="Acmes",
                endpoint="eu", operation="CreateGiftCard", outcome=Outcome.SUCCESS,
                duration_s=0.1,
            ))
            metrics.journal_bytes(12)
            import os, sys
            if os.path.isdir(os.environ["PROMETHEUS_MULTIPROC_DIR"]):
                merged = CollectorRegistry()
                MultiProcessCollector(merged)
                shown = generate_latest(merged).decode()
                assert 'operation="CreateGiftCard",outcome="SUCCESS"} 1.0' in shown
                assert "agcod_guard_journal_bytes 12.0" in shown
        """
        ran = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(program)],
            env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)},
            capture_output=True,
            text=True,
            check=False,
        )

        assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def test_the_table_in_the_documentation_is_that_of_the_code():
    rows = [
        f"| `{family.name}` | {family.type} "
        f"| {', '.join(f'`{label}`' for label in family.labels)} "
        f"| {family.unit} | {family.help} |"
        for family in FAMILIES
    ]
    table = "\n".join(
        [
            "| metric | type | labels | unit | meaning |",
            "| --- | --- | --- | --- | --- |",
            *rows,
        ]
    )

    assert table in DOCS.read_text("utf-8"), table
