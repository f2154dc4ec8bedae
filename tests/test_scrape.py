"""What a scrape reads from the data folder, whoever is asked."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from partner import START_S, Partner, fault, settings, success
from prometheus_client import CollectorRegistry
from requests import ReadTimeout

from agcod_guard import Guard
from agcod_guard.clock import ManualClock
from agcod_guard.data_folder import DataFolder
from agcod_guard.incident.acts import Acknowledged, SentByHand
from agcod_guard.incident.parcel import Parcel, Purpose, State
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.scrape import standing_in
from agcod_guard.telemetry.standing import Standing

TENTH = asdict(OutagePolicy().scaled(1 / 10))


@pytest.fixture
def clock():
    return ManualClock(START_S)


@pytest.fixture
def folder(tmp_path, clock):
    """A data folder whose guard knows no e-mail address of its own people."""
    known = settings(tmp_path, policy=TENTH, contact={"name": "Ada Example"})
    return DataFolder(settings=known, clock=clock)


@pytest.fixture
def registry():
    return CollectorRegistry()


@pytest.fixture
def partner(folder, registry, clock):
    with Guard(folder.settings, registry=registry, clock=clock) as guard:
        yield Partner(guard, clock)


@pytest.fixture
def down(partner):
    """A partner whose shop has been down for half a minute."""
    partner.sell(5, success())
    partner.sell(5, fault())
    partner.sell(3, ReadTimeout("no answer in 6 s"))
    partner.sell(17, fault())
    return partner


def open_incident(folder):
    return folder.ladder().incidents()[0]


def test_a_folder_in_which_nothing_happened_tells_nothing(folder):
    assert standing_in(folder) == Standing()


def test_a_scope_shows_its_first_and_last_failure_and_its_last_success(folder, down):
    [scope] = standing_in(folder).scopes

    assert (scope.account, str(scope.endpoint)) == ("Acmes", "eu")
    assert scope.phase == "OUTAGE"
    assert scope.last_success_at_s == pytest.approx(START_S + 4, abs=0.1)
    assert scope.first_failed_at_s == pytest.approx(START_S + 5, abs=0.1)
    assert scope.first_failed_at_s < scope.last_failed_at_s


def test_a_scope_that_was_only_just_met_shows_its_phase(folder, partner):
    for _ in range(6):
        partner.order(fault())
    partner.look()

    [scope] = standing_in(folder).scopes
    assert partner.phases == ["SUSPECT"]
    assert scope.phase == "SUSPECT"


def test_an_incident_shows_what_its_packet_lacks_and_the_tier_that_waits(folder, down):
    [scope] = standing_in(folder).scopes

    assert open_incident(folder).missing == ("Contact phone number", "Contact email")
    assert scope.incident.missing_items == 2
    assert scope.due_tier == 1
    assert scope.incident.due_at_s == open_incident(folder).opened_at_s
    assert scope.incident.sent_tier == 0
    assert not scope.incident.acknowledged


def test_what_a_person_has_sent_counts_at_once(folder, down):
    name = open_incident(folder).incident_id
    sent_at_s = folder.clock.wall_s()

    folder.ladder().note_act(SentByHand(incident_id=name, at_s=sent_at_s, tier=1))

    [scope] = standing_in(folder).scopes
    assert scope.incident.sent_tier == 1
    assert (
        scope.incident.due_at_s == sent_at_s + folder.settings.policy.escalate_after_s
    )


def test_an_acknowledgement_leaves_no_tier_due(folder, down):
    name = open_incident(folder).incident_id

    folder.ladder().note_act(
        Acknowledged(incident_id=name, at_s=folder.clock.wall_s(), by="Amazon")
    )
    down.sell(2, fault())

    [scope] = standing_in(folder).scopes
    assert scope.incident.acknowledged
    assert scope.incident.due_at_s is None


def test_the_kill_switch_shows(folder, down):
    folder.hold().put_on("load test")

    standing = standing_in(folder)

    assert standing.held
    assert standing.scopes[0].incident.due_at_s is None


def test_mails_on_their_way_are_counted_until_they_are_sent(folder, down):
    outbox = folder.outbox(folder.ladder())
    name = open_incident(folder).incident_id
    for number in range(2):
        outbox.intend(
            Parcel(
                key=f"{name}/{number}",
                incident_id=name,
                channel="smtp",
                content=b"frozen",
                intended_at_s=START_S,
                purpose=Purpose.PAGE,
                recipients=("t1@amazon.invalid",),
            )
        )
    outbox.cancel(name, "a drill", at_s=START_S, keys=[f"{name}/1"])

    assert standing_in(folder).parcels == {("smtp", State.INTENT): 1}


def test_orders_in_doubt_are_counted(folder, down):
    [scope] = standing_in(folder).scopes

    assert scope.doubt_orders == 3


def test_the_last_look_is_when_the_acting_process_last_kept_what_it_knows(folder, down):
    before_s = standing_in(folder).looked_at_s

    down.sell(20, fault())

    assert before_s < standing_in(folder).looked_at_s <= folder.clock.wall_s()


def test_the_latest_change_on_our_side_is_shown(folder, partner, clock):
    partner.guard.note_change("deployed 4.1")
    clock.advance(60.0)
    partner.guard.note_change("deployed 4.2")
    clock.advance(60.0)

    assert standing_in(folder).changed_at_s == START_S + 60


def test_a_change_of_long_ago_is_shown_no_more(folder, partner, clock):
    partner.guard.note_change("deployed 4.1")
    clock.advance(31 * 86_400.0)

    assert standing_in(folder).changed_at_s is None


def test_once_it_is_over_nothing_of_the_incident_shows(folder, down):
    down.sell(60, success())

    [scope] = standing_in(folder).scopes
    assert (scope.phase, scope.incident, scope.due_tier) == ("OK", None, 0)


def test_what_is_read_is_what_a_scrape_shows(registry, down):
    scope = {"account": "Acmes", "endpoint": "eu"}

    def value(name, **labels):
        return registry.get_sample_value(f"agcod_{name}", labels)

    assert value("outage_state", **scope, state="OUTAGE") == 1
    assert value("packet_missing_items", **scope) == 2
    assert value("page_due_tier", **scope) == 1
    assert value("page_sent_tier", **scope) == 0
    assert value("incident_acknowledged", **scope) == 0
    assert value("incident_verdict", **scope, verdict="amazon") == 1
    assert value("incident_verdict", **scope, verdict="ours") == 0
    assert value("doubt_orders", **scope) == 3
    assert value("last_failure_timestamp_seconds", **scope) > START_S
    assert value("guard_hold") == 0
    assert value("guard_last_look_timestamp_seconds") > START_S
    assert value("outbox_parcels", channel="smtp", state="alarm") == 0


def test_a_registry_made_for_one_scrape_can_show_it_as_well(down):
    for_one_scrape = CollectorRegistry()
    for_one_scrape.register(down.guard.states)

    labels = {"account": "Acmes", "endpoint": "eu", "state": "OUTAGE"}
    assert for_one_scrape.get_sample_value("agcod_outage_state", labels) == 1


def test_two_guards_on_one_folder_count_nothing_twice(folder, down, registry):
    labels = {"account": "Acmes", "endpoint": "eu"}
    once = registry.get_sample_value("agcod_doubt_orders", labels)

    with Guard(folder.settings, registry=registry, clock=folder.clock):
        twice = registry.get_sample_value("agcod_doubt_orders", labels)

    assert once == twice == 3
