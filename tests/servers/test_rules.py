"""Every alert fires when it should and is silent otherwise: promtool's word for it.

A case is what Prometheus has scraped, and what is then expected. Time begins at 0,
so a clock's reading in a series is seconds since then.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from agcod_guard.monitoring.alerts import alerts

ACMES = {"account": "Acmes", "endpoint": "eu"}
SHOP_1 = {"job": "shop", "instance": "shop-1:8000"}
SHOP_2 = {"job": "shop", "instance": "shop-2:8000"}
WHO = "Acmes at eu"
WEEK = 7 * 24 * 12
"""Samples of a week, one in 5 minutes."""

Series = Mapping[str, str]


def series(name: str, values: str, **labels: str) -> dict[str, str]:
    """Return one series of a shop, by its full name."""
    shown = ",".join(f'{label}="{value}"' for label, value in labels.items())
    return {f"{name}{{{shown}}}": values}


def calls(outcome: str, values: str, **labels: str) -> dict[str, str]:
    create = {"operation": "CreateGiftCard", "outcome": outcome}
    return series("agcod_calls_total", values, **(SHOP_1 | ACMES | create | labels))


def gauge(name: str, values: str, **labels: str) -> dict[str, str]:
    return series(f"agcod_{name}", values, **(SHOP_1 | ACMES | labels))


def of_guard(name: str, values: str, **labels: str) -> dict[str, str]:
    return series(f"agcod_{name}", values, **(SHOP_1 | labels))


@dataclass(frozen=True, kw_only=True)
class Case:
    """What fires from which series, and what keeps it silent.

    Attributes:
        alert: Its name.
        fires: Series that make it fire.
        labels: Its labels, besides the severity.
        severity: How bad it is.
        summary: Its first line, in full.
        tells: Its description, in full.
        silent: Series beside or instead of those, each of which silences it.
        at: When it is asked.
        links: What the dashboard's address ends with.
        sample_min: Minutes between samples.
        look_min: Minutes between looks.
    """

    alert: str
    fires: Series
    labels: Mapping[str, str]
    severity: str = "warning"
    summary: str
    tells: str
    silent: Iterable[Series] = field(default_factory=list)
    at: str = "20m"
    links: str = "?var-endpoint=eu"
    sample_min: float = 0.5
    look_min: float = 0.5

    def alerting(self) -> dict[str, Any]:
        return {
            "exp_labels": {"severity": self.severity, **self.labels},
            "exp_annotations": {
                "summary": self.summary,
                "description": self.tells,
                "runbook_url": f"docs/runbooks.md#{self.alert.lower()}",
                "dashboard_url": f"/d/agcod-guard{self.links}",
            },
        }


DOWN_NEXT = (
    " First failure: 1970-01-01 00:15:00 +0000 UTC. Next: `agcod-guard status`, then "
    "`agcod-guard incidents` and `agcod-guard send ID` to write to Amazon."
)
GUARD_SAYS = (
    "A guard has declared an outage, and no call of any instance has succeeded for "
    f"two minutes.{DOWN_NEXT}"
)
SINCE = gauge("first_failure_timestamp_seconds", "900x40")
OUTAGE = gauge("outage_state", "1x40", state="OUTAGE") | SINCE
LONG_AGO = gauge("last_success_timestamp_seconds", "890x40")
JUST_NOW = gauge("last_success_timestamp_seconds", "1190x40")
SUCCEEDING = calls("SUCCESS", "0+1x40")
ELSEWHERE = calls("SUCCESS", "0+1x40", **SHOP_2)

CASES = {
    "an outage that a guard has declared": Case(
        alert="AgcodOutage",
        fires=OUTAGE | LONG_AGO,
        labels=ACMES | {"seen_by": "guard"},
        severity="critical",
        summary=f"AGCOD is down for {WHO}",
        tells=GUARD_SAYS,
        silent=[
            OUTAGE | LONG_AGO | ELSEWHERE,
            OUTAGE | JUST_NOW,
            gauge("outage_state", "1x40", state="SUSPECT"),
            gauge("outage_state", "0x40", state="OUTAGE"),
            gauge("outage_state", "1x40", state="RECOVERING"),
        ],
    ),
    "an outage of a stand-in wakes nobody": Case(
        alert="AgcodOutage",
        fires=gauge("outage_state", "1x40", state="OUTAGE", endpoint="eu-sandbox"),
        labels={"account": "Acmes", "endpoint": "eu-sandbox", "seen_by": "guard"},
        severity="warning",
        summary="AGCOD is down for Acmes at eu-sandbox",
        tells=GUARD_SAYS.replace(" First failure: 1970-01-01 00:15:00 +0000 UTC.", ""),
        links="?var-endpoint=eu-sandbox",
    ),
    "an outage that the counters of all instances show": Case(
        alert="AgcodOutage",
        fires=calls("FAULT", "0x19 0+6x20") | SINCE,
        labels=ACMES | {"seen_by": "fleet"},
        severity="critical",
        summary=f"AGCOD is down for {WHO}",
        tells="36 calls failed within 3m and none of any instance succeeded."
        + DOWN_NEXT,
        at="15m",
        silent=[
            calls("FAULT", "0x19 0+6x20") | ELSEWHERE,
            calls("FAULT", "0x19 0+6x20")
            | gauge("last_success_timestamp_seconds", "890x40", **SHOP_2),
            calls("FAULT", "0x19 0+6x20") | calls("REJECTED", "0+9x40"),
            calls("FAULT", "0x19 0+6x20") | gauge("own_side", "1x40"),
            calls("FAULT", "0x19 0+3x20"),
            calls("THROTTLED", "0+60x40"),
        ],
    ),
    "a quiet shop whose few calls all fail": Case(
        alert="AgcodOutage",
        fires=calls("NO_ANSWER", "0x69 1x9 2x9 3x9 4x9 5x40")
        | gauge("first_failure_timestamp_seconds", "900x140"),
        labels=ACMES | {"seen_by": "fleet-quiet"},
        severity="critical",
        summary=f"AGCOD is down for {WHO}",
        tells="5 calls failed within 30m and none of any instance succeeded."
        + DOWN_NEXT,
        at="62m",
        silent=[
            calls("NO_ANSWER", "0x69 1x9 2x9 3x9 4x60"),
            calls("NO_ANSWER", "0x69 1x9 2x9 3x9 4x9 5x40")
            | calls("SUCCESS", "0x80 1x60"),
        ],
    ),
    "one operation that is down": Case(
        alert="AgcodOperationDown",
        fires=gauge("operation_down", "1x40", operation="CreateGiftCard")
        | calls("SUCCESS", "0+1x40", operation="GetAvailableFunds"),
        labels=ACMES | {"operation": "CreateGiftCard"},
        severity="critical",
        summary=f"CreateGiftCard is down for {WHO}",
        tells="Every order of this operation fails while others succeed. It is nothing "
        "for Amazon's pager: `agcod-guard status` says since when and why, and a mail "
        "to Amazon's integration team lies ready.",
        silent=[
            gauge("operation_down", "0x40", operation="CreateGiftCard"),
            gauge("operation_down", "1x40", operation="CreateGiftCard") | ELSEWHERE,
        ],
    ),
    "a suspicion": Case(
        alert="AgcodOutageSuspected",
        fires=gauge("outage_state", "1x40", state="SUSPECT") | SINCE,
        labels=ACMES,
        summary=f"Calls of {WHO} fail one after the other",
        tells="It is no outage yet, or calls of another instance succeed. First "
        "failure: 1970-01-01 00:15:00 +0000 UTC. `agcod-guard status` says on whose "
        "side it looks to be.",
        silent=[
            gauge("outage_state", "1x40", state="OK"),
            gauge("outage_state", "0x39 1x4", state="SUSPECT"),
        ],
    ),
    "an outage of one instance while others sell": Case(
        alert="AgcodOutageSuspected",
        fires=OUTAGE | ELSEWHERE,
        labels=ACMES,
        summary=f"Calls of {WHO} fail one after the other",
        tells="It is no outage yet, or calls of another instance succeed. First "
        "failure: 1970-01-01 00:15:00 +0000 UTC. `agcod-guard status` says on whose "
        "side it looks to be.",
    ),
    "our own network": Case(
        alert="AgcodOwnNetwork",
        fires=gauge("own_side", "1x40"),
        labels=ACMES | {"instance": "shop-1:8000"},
        summary=f"Our own network fails calls of {WHO}",
        tells="On shop-1:8000 the proxy, name lookup, the route or trust is broken: it "
        "is no outage of Amazon's. `agcod-guard status` says which.",
        silent=[gauge("own_side", "0x40"), gauge("own_side", "0x39 1x4")],
    ),
    "no funds": Case(
        alert="AgcodAccountProblem",
        fires=calls("ACCOUNT", "0x20 3x40"),
        labels=ACMES,
        summary=f"Amazon refuses orders of {WHO} for account reasons",
        tells="3 calls within 15 minutes: funds, contract or limits. The mail to the "
        "operations team of the country lies in the data folder's drafts; "
        "`agcod-guard contacts` says whom it is for.",
        silent=[calls("ACCOUNT", "0x20 2x40"), calls("REJECTED", "0+9x40")],
    ),
    "too many calls": Case(
        alert="AgcodThrottled",
        fires=calls("THROTTLED", "0+1x40") | calls("SUCCESS", "0+9x40"),
        labels=ACMES,
        summary=f"Amazon throttles {WHO}",
        tells="10% of the calls. The limit is 10 a second for an account: send fewer, "
        "or ask Amazon's integration team for a higher rate.",
        silent=[
            calls("THROTTLED", "0+1x40") | calls("SUCCESS", "0+29x40"),
            calls("THROTTLED", "0x32 0+9x7") | calls("SUCCESS", "0+9x40"),
        ],
    ),
    "keys that Amazon does not know": Case(
        alert="AgcodDenied",
        fires=calls("DENIED", "0x20 0+1x20"),
        labels=ACMES | {"all_calls": "yes"},
        severity="critical",
        summary=f"Amazon denies calls of {WHO}",
        tells="10 calls within 5 minutes, and none succeeded: keys, signature or "
        "clock. Were keys changed, is a clock off by minutes? `agcod-guard check` "
        "looks at the clock.",
        silent=[calls("DENIED", "0x30 2x20"), calls("REJECTED", "0+9x40")],
    ),
    "one machine whose keys Amazon does not know": Case(
        alert="AgcodDenied",
        fires=calls("DENIED", "0x20 0+1x20") | ELSEWHERE,
        labels=ACMES | {"all_calls": "no"},
        summary=f"Amazon denies calls of {WHO}",
        tells="10 calls within 5 minutes, while others succeed: keys, signature or "
        "clock. Were keys changed, is a clock off by minutes? `agcod-guard check` "
        "looks at the clock.",
        silent=[calls("DENIED", "0x32 2x20") | ELSEWHERE],
    ),
    "a brown-out": Case(
        alert="AgcodDegraded",
        fires=calls("FAULT", "0+3x40") | calls("SUCCESS", "0+7x40"),
        labels=ACMES | {"kind": "failures"},
        summary=f"AGCOD fails part of the calls of {WHO}",
        tells="30% of the calls failed for technical reasons, and others succeed: no "
        "outage, nothing for Amazon's pager. Orders that fail are to be sent again "
        "with the same request id.",
        silent=[
            calls("FAULT", "0x40 4x40") | calls("SUCCESS", "0x40 4x40"),
            calls("FAULT", "0x36 0+5x4") | calls("SUCCESS", "0+50x40"),
            calls("FAULT", "0+1x40") | calls("SUCCESS", "0+99x40"),
        ],
    ),
    "a slow brown-out": Case(
        alert="AgcodDegraded",
        fires=series(
            "agcod_call_duration_seconds_bucket",
            "0+3x40",
            **SHOP_1,
            endpoint="eu",
            outcome="SUCCESS",
            le="4.0",
        )
        | series(
            "agcod_call_duration_seconds_count",
            "0+4x40",
            **SHOP_1,
            endpoint="eu",
            outcome="SUCCESS",
        ),
        labels={"endpoint": "eu", "kind": "slow"},
        summary="AGCOD is slow at eu",
        tells="25% of the successes took longer than 4 s. Amazon advises a timeout of "
        "6 s: a shorter one makes failures out of them.",
    ),
    "a mail that waits for a person": Case(
        alert="AgcodEscalationDue",
        fires=gauge("page_due_tier", "2x40") | gauge("page_sent_tier", "1x40"),
        labels=ACMES | {"tier": "2"},
        severity="critical",
        summary=f"The mail to tier 2 of Amazon's pager waits for you ({WHO})",
        tells="Nothing goes out by itself. Look at it and send it: `agcod-guard "
        "incidents --open`, then `agcod-guard send ID`; or mail it yourself and say "
        "so: `agcod-guard sent ID --tier 2`.",
        silent=[
            gauge("page_due_tier", "0x40"),
            gauge("page_due_tier", "2x40") | gauge("page_sent_tier", "2x40", **SHOP_2),
            gauge("page_due_tier", "2x40") | gauge("incident_acknowledged", "1x40"),
        ],
    ),
    "a mail that may have gone": Case(
        alert="AgcodPageInDoubt",
        fires=of_guard("outbox_parcels", "1x40", channel="smtp", state="alarm"),
        labels=SHOP_1 | {"state": "alarm"},
        severity="critical",
        summary="A mail of an open incident may not have reached Amazon",
        tells="It is alarm on shop-1:8000. `agcod-guard packet ID --paths` says where "
        "it lies; ask the mail server's log, then send it by hand, or say that it "
        "went: "
        "`agcod-guard sent ID --tier N`.",
        links="",
        silent=[
            of_guard("outbox_parcels", "1x40", channel="smtp", state="intent"),
            of_guard("outbox_parcels", "1x40", channel="webhook", state="refused"),
            of_guard("outbox_parcels", "0x39 1x4", channel="smtp", state="unsure"),
        ],
    ),
    "a kill switch that was forgotten": Case(
        alert="AgcodPagesHeld",
        fires=of_guard("guard_hold", "1x200"),
        labels=SHOP_1,
        summary="The kill switch holds every page to Amazon back",
        tells="Somebody ran `agcod-guard hold on` on shop-1:8000. `agcod-guard hold "
        "status` says who and why, `agcod-guard hold off` ends it.",
        at="61m",
        links="",
        silent=[of_guard("guard_hold", "0x10 1x100"), of_guard("guard_hold", "0x200")],
    ),
    "a packet that lacks answers": Case(
        alert="AgcodPacketIncomplete",
        fires=gauge("packet_missing_items", "3x40"),
        labels=ACMES,
        summary=f"The packet for Amazon lacks answers ({WHO})",
        tells="3 of Amazon's questions have no answer. `agcod-guard packet ID` shows "
        "them as MISSING; `agcod-guard check` says which settings would answer them "
        "next time.",
        silent=[gauge("packet_missing_items", "0x40")],
    ),
    "orders in doubt": Case(
        alert="AgcodDoubtOrders",
        fires=gauge("doubt_orders", "7x40"),
        labels=ACMES,
        summary=f"The outcome of 7 orders of {WHO} is unknown",
        tells="A card may have been bought for each. `agcod-guard doubt` lists them, "
        "and says of each whether to send it again or to cancel it.",
        silent=[gauge("doubt_orders", "0x40"), gauge("doubt_orders", "0x20 7x20")],
    ),
    "nobody buys": Case(
        alert="AgcodNoTraffic",
        fires=calls("SUCCESS", f"0+5x{WEEK} {5 * WEEK}x40"),
        labels=ACMES,
        summary=f"Nobody calls AGCOD for {WHO}",
        tells="No call within 30 minutes, though at this time there were some "
        "yesterday and a week ago. Does the shop sell, and do its calls still go "
        "through the guard?",
        at=f"{5 * WEEK + 120}m",
        sample_min=5,
        look_min=60,
        silent=[
            calls("SUCCESS", f"0+5x{WEEK + 40}"),
            # It was as quiet a week ago.
            calls("SUCCESS", f"0x26 0+5x{WEEK - 27} {5 * WEEK}x40"),
        ],
    ),
    "a guard that looks no more": Case(
        alert="AgcodGuardSilent",
        fires=calls("SUCCESS", "0+1x40")
        | of_guard("guard_last_look_timestamp_seconds", "600x40")
        | of_guard("guard_build_info", "1x40", version="1"),
        labels=SHOP_1 | {"kind": "stuck"},
        summary="agcod-guard is silent: an outage would go unseen",
        tells="As it seems, calls on shop-1:8000 are recorded, but no guard has looked "
        "at them for 10m 0s. The disk, a deployment and `agcod-guard check` are the "
        "first places to look.",
        links="",
        silent=[
            calls("SUCCESS", "0+1x40")
            | of_guard("guard_last_look_timestamp_seconds", "0+30x40")
            | of_guard("guard_build_info", "1x40", version="1"),
            # No call, so nothing to look at: a program that was just started.
            calls("SUCCESS", "9x40")
            | of_guard("guard_last_look_timestamp_seconds", "600x40")
            | of_guard("guard_build_info", "1x40", version="1"),
        ],
    ),
    "a program that has lost its guard": Case(
        alert="AgcodGuardSilent",
        fires=series("up", "1x200", **SHOP_1)
        | of_guard("guard_build_info", "1x60 stale", version="1")
        | of_guard("guard_build_info", "1x200", version="1", instance="shop-2:8000"),
        labels=SHOP_1 | {"kind": "gone"},
        summary="agcod-guard is silent: an outage would go unseen",
        tells="As it seems, shop-1:8000 runs without the guard that it had an hour "
        "ago. The disk, a deployment and `agcod-guard check` are the first places to "
        "look.",
        at="75m",
        links="",
        silent=[
            series("up", "0x200", **SHOP_1)
            | of_guard("guard_build_info", "1x60 stale", version="1")
            | of_guard("guard_build_info", "1x200", version="1", job="other"),
            # Upgraded, not removed.
            series("up", "1x200", **SHOP_1)
            | of_guard("guard_build_info", "1x60 stale", version="1")
            | of_guard("guard_build_info", "_x60 1x140", version="2"),
        ],
    ),
    "no guard at all": Case(
        alert="AgcodGuardSilent",
        fires=series("up", "1x40", **SHOP_1),
        labels={"kind": "absent"},
        summary="agcod-guard is silent: an outage would go unseen",
        tells="As it seems, no instance that Prometheus scrapes shows an agcod-guard. "
        "The disk, a deployment and `agcod-guard check` are the first places to look.",
        links="",
        silent=[of_guard("guard_build_info", "1x40", version="1")],
    ),
    "the first error of the guard's own": Case(
        alert="AgcodGuardErrors",
        fires=of_guard("guard_internal_errors_total", "_x38 1x2", stage="ladder"),
        labels=SHOP_1 | {"kind": "internal", "stage": "ladder"},
        summary="agcod-guard fails on shop-1:8000",
        tells="It failed 1 times within 15 minutes (stage ladder); your calls are not "
        "touched by it. The log says why: `guard.internal_error`, "
        "`journal.frames_lost`, `packet.failed`.",
        links="",
        silent=[of_guard("guard_internal_errors_total", "1x40", stage="ladder")],
    ),
    "calls that could not be stored": Case(
        alert="AgcodGuardErrors",
        fires=of_guard("guard_frames_lost_total", "0x20 4x20"),
        labels=SHOP_1 | {"kind": "journal"},
        summary="agcod-guard fails on shop-1:8000",
        tells="It failed 4 times within 15 minutes in storing calls in its journal; "
        "your calls are not touched by it. The log says why: `guard.internal_error`, "
        "`journal.frames_lost`, `packet.failed`.",
        links="",
        silent=[of_guard("guard_frames_lost_total", "0x40")],
    ),
    "a packet that could not be written": Case(
        alert="AgcodGuardErrors",
        fires=of_guard("packet_failures_total", "0x20 4x20"),
        labels=SHOP_1 | {"kind": "packet"},
        summary="agcod-guard fails on shop-1:8000",
        tells="It failed 4 times within 15 minutes in writing a packet; your calls are "
        "not touched by it. The log says why: `guard.internal_error`, "
        "`journal.frames_lost`, `packet.failed`.",
        links="",
        silent=[of_guard("packet_failures_total", "0x40")],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_it_fires_with_its_labels_and_words_and_is_silent_otherwise(
    tmp_path, promtool, prometheus_folder, name
):
    case = CASES[name]
    tests = [_test_of(case, case.fires, [case.alerting()])]
    tests += [_test_of(case, given, []) for given in case.silent]
    path = tmp_path / "tests.json"
    path.write_text(
        json.dumps(
            {
                "rule_files": [str(prometheus_folder / "agcod-guard.rules.yaml")],
                "evaluation_interval": f"{case.look_min * 60:.0f}s",
                "tests": tests,
            }
        )
    )

    told = _run(promtool, "test", "rules", str(path))

    assert told.returncode == 0, told.stdout + told.stderr


def test_every_alert_has_a_case_that_fires_and_one_that_is_silent():
    fired = {
        (case.alert, *case.labels.items() - ACMES.items()) for case in CASES.values()
    }
    silenced = {case.alert for case in CASES.values() if case.silent}

    names = {each.name for each in alerts()}
    assert {alert for alert, *_ in fired} == names == silenced


def test_promtool_finds_nothing_to_say_about_the_rules(promtool, prometheus_folder):
    rules = prometheus_folder / "agcod-guard.rules.yaml"

    told = _run(promtool, "check", "rules", "--lint=all", "--lint-fatal", str(rules))

    assert told.returncode == 0, told.stdout + told.stderr


def test_prometheus_takes_the_example_of_its_settings(promtool, prometheus_folder):
    told = _run(
        promtool, "check", "config", str(prometheus_folder / "prometheus.example.yaml")
    )

    assert told.returncode == 0, told.stdout + told.stderr


def _test_of(
    case: Case, given: Series, expected: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "interval": f"{case.sample_min * 60:.0f}s",
        "input_series": [
            {"series": name, "values": values} for name, values in given.items()
        ],
        "alert_rule_test": [
            {"eval_time": case.at, "alertname": case.alert, "exp_alerts": expected}
        ],
    }


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, check=False, text=True, timeout=60
    )
