"""The whole thread: one wrapped session, and a packet on disk."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from contextlib import closing

import pytest
import requests
import responses
from msgspec.structs import replace
from partner import (
    CLAIM_CODE,
    EU,
    NA,
    START_S,
    Partner,
    fault,
    guarded,
    settings,
    success,
)
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from agcod_guard import Call, Endpoint, Guard, Outcome, SettingsError
from agcod_guard.clock import ManualClock
from agcod_guard.data_folder import DataFolder

DOWN = fault("F500")


@pytest.fixture
def clock():
    return ManualClock(START_S)


@pytest.fixture
def partner(tmp_path, clock):
    partner = guarded(tmp_path, clock)
    yield partner
    partner.guard.close()


def recorded(at_s, *, outcome=Outcome.SUCCESS, **changes):
    return Call(
        endpoint=Endpoint("eu"),
        operation="CreateGiftCard",
        outcome=outcome,
        started_at_s=at_s,
        duration_s=0.1,
        **changes,
    )


def packets(folder):
    return sorted(folder.glob("incidents/*/packet.txt"))


def everything_under(folder):
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_an_outage_ends_as_a_packet_on_disk(tmp_path, partner):
    partner.sell(30, success())
    failed = partner.sell(200, DOWN)
    partner.sell(310, success())

    assert partner.phases == ["SUSPECT", "OUTAGE", "RECOVERING", "OK"]
    [packet] = packets(tmp_path)
    text = packet.read_text("utf-8")
    assert f"Sample request ID: {failed[0]}" in text
    assert "2026-11-22 11:15:35 GMT" in text
    assert "200 calls for 200 different" in text.replace("\n    ", " ")
    assert "MISSING" not in text


def test_the_packet_stands_as_soon_as_the_outage_is_declared(tmp_path, partner):
    partner.sell(179, DOWN)
    assert packets(tmp_path) == []

    partner.sell(1, DOWN)

    assert len(packets(tmp_path)) == 1


def test_no_claim_code_is_kept_anywhere(tmp_path, partner):
    partner.sell(5, success())
    partner.sell(200, {**DOWN, "message": f"lost {CLAIM_CODE}"})
    partner.guard.flush()

    assert CLAIM_CODE.encode() not in everything_under(tmp_path)


def test_a_success_of_one_account_says_nothing_of_another(partner):
    for _ in range(200):
        partner.order(DOWN)
        partner.order(success(), account="Other")
        partner.clock.advance(1.0)
        partner.look()

    assert [str(each.scope) for each in partner.seen if each.after == "OUTAGE"] == [
        "Acmes/eu"
    ]


def test_one_region_can_fail_alone(partner):
    for _ in range(200):
        partner.order(DOWN)
        partner.order(success(), url=NA)
        partner.clock.advance(1.0)
        partner.look()

    phases = {str(each.scope): each.phase for each in partner.guard.status().scopes}
    assert phases == {"Acmes/eu": "OUTAGE", "Acmes/na": "OK"}


@pytest.mark.parametrize(
    "answer",
    [
        fault("F300", "InsufficientFunds"),
        fault("F200", "InvalidAmountInput"),
        {"message": "Rate exceeded"},
        403,
    ],
    ids=["funds", "input", "throttled", "denied"],
)
def test_what_is_not_technical_never_opens_an_incident(tmp_path, partner, answer):
    partner.sell(400, answer)

    assert partner.seen == []
    assert packets(tmp_path) == []


def test_a_relapse_before_clear_s_is_the_same_incident(tmp_path, partner):
    partner.sell(200, DOWN)
    partner.sell(100, success())
    partner.sell(200, DOWN)
    partner.sell(310, success())

    assert partner.phases == [
        "SUSPECT", "OUTAGE", "RECOVERING", "OUTAGE", "RECOVERING", "OK",
    ]  # fmt: skip
    assert len({each.incident_id for each in partner.seen if each.incident_id}) == 1
    assert len(packets(tmp_path)) == 1


def test_an_outage_after_the_incident_was_closed_is_another(tmp_path, partner):
    for _ in range(2):
        partner.sell(200, DOWN)
        partner.sell(310, success())

    assert len(packets(tmp_path)) == 2


@pytest.mark.parametrize("restart_after", [3, 60, 179, 181, 260])
def test_a_restart_in_the_middle_changes_nothing(tmp_path, clock, restart_after):
    partner = guarded(tmp_path, clock)
    partner.sell(20, success())
    partner.sell(restart_after, DOWN)
    partner.guard.close()

    again = guarded(tmp_path, clock)
    again.sell(280 - restart_after, DOWN)
    again.sell(310, success())
    again.guard.close()

    phases = partner.phases + again.phases
    assert phases == ["SUSPECT", "OUTAGE", "RECOVERING", "OK"]
    times = {each.after.value: each.at_s for each in partner.seen + again.seen}
    assert times["OUTAGE"] == START_S + 20 + 180
    [incident] = {each.incident_id for each in again.seen if each.incident_id}
    assert incident.startswith("20261122T111525Z-eu-")


def test_a_lost_checkpoint_makes_no_second_incident(tmp_path, clock):
    partner = guarded(tmp_path, clock)
    partner.sell(200, DOWN)
    partner.guard.close()
    (tmp_path / "ladder.sqlite").unlink()

    again = guarded(tmp_path, clock)
    again.sell(10, DOWN)
    again.guard.close()

    assert again.phases == ["OUTAGE"]
    assert again.seen[0].incident_id == partner.seen[-1].incident_id
    assert len(packets(tmp_path)) == 1


def test_a_damaged_ladder_does_not_stop_detection(tmp_path, clock, swallowed):
    (tmp_path / "ladder.sqlite").write_bytes(b"this is no database" * 100)
    partner = guarded(tmp_path, clock)

    partner.sell(200, DOWN)
    partner.guard.close()

    assert partner.phases == ["SUSPECT", "OUTAGE"]
    assert (tmp_path / "ladder.sqlite").read_bytes().startswith(b"this is no database")
    assert swallowed == []


def test_a_journal_that_cannot_be_written_does_not_stop_detection(tmp_path, clock):
    (tmp_path / "journal").write_text("in the way")
    partner = guarded(tmp_path, clock)

    partner.sell(200, DOWN)
    partner.guard.close()

    assert partner.phases == ["SUSPECT", "OUTAGE"]


@pytest.mark.parametrize("step_s", [-3600.0, 3600.0])
def test_a_wall_clock_that_jumps_falsifies_nothing(tmp_path, partner, step_s):
    partner.sell(20, success())
    partner.sell(60, DOWN)
    partner.clock.step_wall(step_s)
    partner.sell(140, DOWN)

    assert partner.phases == ["SUSPECT", "OUTAGE"]
    assert partner.seen[-1].at_s == START_S + 200
    text = packets(tmp_path)[0].read_text("utf-8")
    assert "2026-11-22 11:15:25 GMT" in text
    assert "180 different orders" in text.replace("\n    ", " ")


def test_two_guards_on_one_folder_tell_the_same_and_write_one_packet(tmp_path, clock):
    first, second = guarded(tmp_path, clock), guarded(tmp_path, clock)
    second.look()
    for _ in range(200):
        first.order(DOWN)
        second.order(DOWN)
        clock.advance(1.0)
        first.look()
        second.look()
    first.guard.close()
    second.guard.close()

    assert first.phases == second.phases == ["SUSPECT", "OUTAGE"]
    assert first.seen == second.seen
    [packet] = packets(tmp_path)
    assert "360 calls for 180 different" in packet.read_text("utf-8").replace(
        "\n    ", " "
    )


def test_when_the_acting_guard_dies_the_other_goes_on(tmp_path, clock):
    first, second = guarded(tmp_path, clock), guarded(tmp_path, clock)
    first.sell(100, DOWN)
    second.look()
    first.guard.close()

    second.sell(100, DOWN)
    second.guard.close()

    assert second.phases == ["OUTAGE"]


def test_callbacks_are_told_and_their_errors_contained(partner, swallowed):
    told = []

    def broken(transition):
        raise ZeroDivisionError

    partner.guard.on_transition(broken)
    partner.guard.on_transition(told.append)

    partner.sell(200, DOWN)

    assert told == partner.seen
    assert [stage for stage, _ in swallowed] == ["on_transition"] * 2


def test_a_noted_change_stands_in_the_packet(tmp_path, partner):
    partner.guard.note_change("deployed 4.2")
    partner.sell(200, DOWN)

    assert "deployed 4.2" in packets(tmp_path)[0].read_text("utf-8")


def test_a_call_classified_by_the_partner_counts(partner):
    for number in range(200):
        partner.guard.record(
            Call(
                endpoint=Endpoint("eu"),
                operation="CreateGiftCard",
                outcome=Outcome.FAULT,
                started_at_s=partner.clock.wall_s(),
                duration_s=0.0,
                partner_id="Acmes",
                request_id=f"Acmes{number}",
            )
        )
        partner.clock.advance(1.0)
        partner.look()

    assert partner.phases == ["SUSPECT", "OUTAGE"]


def test_an_observed_client_counts(partner):
    for number in range(200):
        with partner.guard.observe(
            method="POST",
            url=EU,
            headers={},
            body=f'{{"partnerId":"Acmes","creationRequestId":"Acmes{number}"}}',
        ) as seen:
            seen.answer(status=503, headers={}, body=b"")
        partner.clock.advance(1.0)
        partner.look()

    assert partner.phases == ["SUSPECT", "OUTAGE"]


def test_mock_ids_of_the_sandbox_never_count(partner):
    with responses.RequestsMock() as agcod:
        agcod.post(EU, json=DOWN, status=400)
        for _ in range(200):
            partner.session.post(
                EU, json={"partnerId": "Acmes", "creationRequestId": "F5000"}, timeout=6
            )
            partner.clock.advance(1.0)
            partner.look()

    assert partner.seen == []


def test_status_explains_itself_in_a_sentence(partner):
    partner.sell(10, success())
    partner.sell(7, DOWN)

    [scope] = partner.guard.status().scopes

    assert scope.phase == "SUSPECT"
    assert scope.reason == (
        "7 different orders failed in a row since 2026-11-22 11:15:15 GMT, 7 s; "
        "not yet an outage: needs 10 orders and 3.0 min"
    )
    assert scope.last_success_at_s == START_S + 9


def test_a_data_folder_that_cannot_be_does_not_stop_detection(tmp_path, clock):
    (tmp_path / "file").write_text("in the way")
    partner = guarded(tmp_path / "file" / "data", clock)

    partner.sell(20, success())
    partner.sell(200, DOWN)
    partner.sell(310, success())
    partner.guard.close()

    assert partner.phases == ["SUSPECT", "OUTAGE", "RECOVERING", "OK"]


def test_a_packet_that_cannot_be_made_does_not_stop_detection(
    tmp_path, partner, monkeypatch
):
    def broken(*_, **__):
        raise ValueError("a mistake of ours")

    monkeypatch.setattr("agcod_guard.watching.packing.packet_files", broken)
    partner.sell(200, DOWN)
    assert partner.phases == ["SUSPECT", "OUTAGE"]

    monkeypatch.undo()
    partner.sell(20, DOWN)

    assert len(packets(tmp_path)) == 1


def test_a_mistake_of_ours_does_not_come_out_of_a_look(partner, monkeypatch, swallowed):
    def broken(*_, **__):
        raise ValueError("a mistake of ours")

    partner.order(DOWN)
    monkeypatch.setattr(partner.guard._parts.watch, "tick", broken)

    assert partner.guard.tick() == []
    partner.guard.flush()
    partner.guard.close()

    assert {stage for stage, _ in swallowed} == {"watch.tick"}


def test_a_checkpoint_that_cannot_be_read_costs_a_day_and_no_more(tmp_path, clock):
    partner = guarded(tmp_path, clock)
    partner.sell(200, DOWN)
    partner.sell(310, success())
    partner.guard.close()
    with closing(sqlite3.connect(tmp_path / "ladder.sqlite")) as db:
        db.execute("UPDATE checkpoint SET state = '{}'")
        db.execute("DELETE FROM incidents")
        db.commit()
    clock.advance(3 * 86_400.0)
    for segment in tmp_path.glob("journal/*.seg"):
        os.utime(segment, (START_S, START_S))

    again = guarded(tmp_path, clock)
    again.sell(3, success())
    again.guard.close()

    assert again.guard._parts.ladder.incidents() == []


@pytest.mark.parametrize(
    "changes",
    [{"partner_id": "\ud800"}, {"request_id": "\ud800"}, {"source": "\ud800"}],
    ids=lambda changes: next(iter(changes)),
)
def test_a_recorded_call_that_cannot_be_written_does_not_stop_detection(
    partner, changes
):
    facts = {"partner_id": "Acmes", "request_id": "AcmesOdd"}
    partner.guard.record(recorded(START_S, outcome=Outcome.FAULT, **facts | changes))

    partner.sell(200, DOWN)

    assert partner.phases == ["SUSPECT", "OUTAGE"]


def test_a_call_from_the_future_hides_no_outage(tmp_path, partner):
    partner.sell(5, success())
    partner.guard.record(recorded(START_S + 86_400.0, partner_id="Acmes"))

    partner.sell(200, DOWN)

    assert partner.phases == ["SUSPECT", "OUTAGE"]
    assert len(packets(tmp_path)) == 1


@pytest.mark.parametrize("set_back_s", [3600.0, START_S, -3600.0])
def test_a_boot_with_the_clock_set_wrong_hides_no_outage(
    tmp_path, clock, monkeypatch, set_back_s
):
    first = guarded(tmp_path, clock)
    first.sell(100, success())
    first.guard.close()
    header = DataFolder.header
    monkeypatch.setattr(
        DataFolder, "header", lambda self: replace(header(self), boot_id="another")
    )
    booted = ManualClock(50.0)
    booted.step_wall(START_S + 60.0 - set_back_s)

    again = guarded(tmp_path, booted)
    again.sell(200, DOWN)
    again.guard.close()

    assert again.phases == ["SUSPECT", "OUTAGE"]


def test_a_callback_may_ask_for_a_look(partner):
    told = []
    partner.guard.on_transition(lambda each: told.append(partner.guard.tick()))

    looking = threading.Thread(target=partner.sell, args=(20, DOWN), daemon=True)
    looking.start()
    looking.join(20.0)

    assert told == [[]]


def test_a_child_does_not_tell_what_its_parent_has_told(tmp_path, clock):
    partner = guarded(tmp_path, clock)
    partner.sell(179, DOWN)
    parent_is_done, go = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.read(parent_is_done, 1)
            clock.advance(2.0)
            code = len([each for each in partner.look() if each.after == "OUTAGE"])
        finally:
            os._exit(code)
    partner.sell(1, DOWN)
    partner.guard.close()
    os.write(go, b"x")
    _, state = os.waitpid(child, 0)

    assert partner.phases == ["SUSPECT", "OUTAGE"]
    assert os.waitstatus_to_exitcode(state) == 0


def test_the_metrics_tell_the_same_story(tmp_path, clock):
    registry = CollectorRegistry()
    guard = Guard(settings(tmp_path), registry=registry, clock=clock)
    partner = Partner(guard, clock)
    partner.sell(5, success())
    partner.sell(200, DOWN)

    def value(name, **labels):
        return registry.get_sample_value(name, labels)

    scope = {"account": "Acmes", "endpoint": "eu"}
    assert value("agcod_outage_state", state="OUTAGE", **scope) == 1
    assert value("agcod_outage_state", state="OK", **scope) == 0
    assert value("agcod_first_failure_timestamp_seconds", **scope) == START_S + 5
    assert value("agcod_last_success_timestamp_seconds", **scope) == START_S + 4
    assert (
        value("agcod_calls_total", operation="CreateGiftCard", outcome="FAULT", **scope)
        == 200
    )
    guard.close()


def test_a_registry_that_has_the_names_already_is_no_reason_to_fail(
    tmp_path, clock, swallowed
):
    registry = CollectorRegistry()
    Gauge("agcod_calls", "Somebody else's.", registry=registry)
    Gauge("agcod_outage_state", "Somebody else's.", registry=registry)

    partner = Partner(Guard(settings(tmp_path), registry=registry, clock=clock), clock)
    partner.sell(200, DOWN)
    partner.guard.close()

    assert partner.phases == ["SUSPECT", "OUTAGE"]
    assert generate_latest(registry)


def test_a_logging_handler_that_raises_harms_nobody(tmp_path, partner, swallowed):
    class Broken(logging.Handler):
        def emit(self, record):
            raise RuntimeError("no")

    logger, handler = logging.getLogger("agcod_guard"), Broken()
    logger.addHandler(handler)
    try:
        partner.sell(200, DOWN)
    finally:
        logger.removeHandler(handler)

    assert partner.phases == ["SUSPECT", "OUTAGE"]
    assert len(packets(tmp_path)) == 1


def test_closing_leaves_the_session_as_it_was(tmp_path, clock):
    partner = guarded(tmp_path, clock)
    before = set(vars(requests.Session()))

    partner.guard.close()

    assert set(vars(partner.session)) == before


def test_nothing_is_written_before_the_first_call(tmp_path, clock):
    guard = Guard(
        settings(tmp_path / "data"), registry=CollectorRegistry(), clock=clock
    )
    guard.wrap(requests.Session())

    assert not (tmp_path / "data").exists()
    guard.close()


def test_the_helper_thread_looks_by_itself(tmp_path):
    folder = tmp_path / "data"
    guard = Guard(
        settings(folder, policy={"tick_s": 0.05, "hold_s": 0.2, "late_s": 0.05}),
        registry=CollectorRegistry(),
    )
    partner = Partner(guard, ManualClock())
    opened = threading.Event()
    guard.on_transition(lambda each: each.after == "OUTAGE" and opened.set())

    for _ in range(200):
        partner.order(DOWN)
        if opened.wait(0.02):
            break

    guard.close()
    assert opened.is_set()
    assert len(packets(folder)) == 1


def test_parent_and_child_of_a_fork_both_record(tmp_path):
    guard = Guard(settings(tmp_path), registry=CollectorRegistry())
    partner = Partner(guard, ManualClock())
    partner.order(success())

    child = os.fork()
    if child == 0:
        code = 1
        try:
            partner.order(success(), account="Child")
            guard.flush()
            code = 0
        finally:
            os._exit(code)
    _, state = os.waitpid(child, 0)
    partner.order(success(), account="Paren")
    guard.flush()

    scopes = {each.scope.account for each in guard.status().scopes}
    guard.close()
    assert os.waitstatus_to_exitcode(state) == 0
    assert scopes == {"Acmes", "Child", "Paren"}


def test_a_setting_that_cannot_be_is_the_only_error_of_making_a_guard(tmp_path):
    with pytest.raises(SettingsError, match="hold_s"):
        Guard(settings(tmp_path, policy={"hold_s": -1}), registry=CollectorRegistry())


@pytest.mark.parametrize("given", ["agcod_guard.toml", "", {}, requests.Session()])
def test_what_are_no_settings_is_named_and_never_taken_for_the_default(given):
    with pytest.raises(SettingsError, match=r"must be a Settings, such as Settings\.l"):
        Guard(given, registry=CollectorRegistry())


def test_the_folder_belongs_to_its_owner_alone(tmp_path, clock):
    partner = guarded(tmp_path / "data", clock)
    partner.sell(200, DOWN)
    partner.guard.close()

    for path in [tmp_path / "data", *(tmp_path / "data").rglob("*")]:
        mode = path.stat().st_mode & 0o777
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_the_ladder_is_a_plain_database(tmp_path, partner):
    partner.sell(200, DOWN)

    with sqlite3.connect(tmp_path / "ladder.sqlite") as db:
        [[count]] = db.execute("SELECT count(*) FROM incidents")

    assert count == 1


def test_a_lost_checkpoint_counts_no_relapse_twice(tmp_path, clock):
    partner = guarded(tmp_path, clock)
    partner.sell(200, DOWN)
    partner.sell(5, success())
    partner.sell(200, DOWN)
    partner.guard.close()
    with sqlite3.connect(tmp_path / "ladder.sqlite") as db:
        db.execute("DELETE FROM checkpoint")

    again = guarded(tmp_path, clock)
    again.sell(1, DOWN)
    [incident] = again.guard._parts.ladder.incidents()
    again.guard.close()

    assert incident.relapses == 1
    assert incident.revision == len(list(tmp_path.glob("incidents/*/revisions/*")))


def test_a_ladder_removed_beneath_a_guard_at_work_is_made_anew(tmp_path, partner):
    partner.sell(200, DOWN)
    (tmp_path / "ladder.sqlite").unlink()

    partner.sell(15, DOWN)

    [incident] = partner.guard._parts.ladder.incidents()
    assert incident.incident_id == partner.seen[-1].incident_id


def test_what_a_checkpoint_keeps_of_deleted_segments_is_forgotten(tmp_path, clock):
    for _ in range(3):
        partner = guarded(tmp_path, clock)
        partner.sell(2, success())
        partner.guard.close()
    first, *_ = sorted((tmp_path / "journal").glob("*.seg"))
    first.unlink()

    partner = guarded(tmp_path, clock)
    partner.sell(15, success())
    kept = partner.guard._parts.ladder.checkpoint().state.decode()
    partner.guard.close()

    assert first.name not in kept
    assert kept.count(".seg") == 3


def test_a_packet_that_could_not_be_written_is_made_up_for_after_a_restart(
    tmp_path, clock
):
    (tmp_path / "incidents").write_text("in the way")
    partner = guarded(tmp_path, clock)
    partner.sell(200, DOWN)
    partner.sell(310, success())
    partner.guard.close()
    assert partner.phases[-1] == "OK"
    (tmp_path / "incidents").unlink()

    again = guarded(tmp_path, clock)
    again.sell(1, success())
    again.guard.close()

    [packet] = packets(tmp_path)
    assert "THE OUTAGE IS OVER" in packet.read_text("utf-8")
