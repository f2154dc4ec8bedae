"""What the audience is told, and when an act is over; with doubles for the rest."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import pytest

from agcod_guard.call import Endpoint, Environment, Scope
from agcod_guard.delivery.files import IncidentFolder
from agcod_guard.drill.happening import Tone
from agcod_guard.drill.program import ProgramLog
from agcod_guard.drill.stage import Stage
from agcod_guard.drill.story import Act, Goal
from agcod_guard.outage.state import Phase, Transition
from agcod_guard.status import ScopeStatus, Status

EU = Scope("Drill", Endpoint("eu", Environment.LOOPBACK))
INCIDENT = "20261122T111505Z-eu-3f9a"
START_S = 1_795_346_105.123

CALM = ScopeStatus(
    scope=EU,
    phase=Phase.OK,
    since_s=None,
    reason="no failure seen",
    last_success_at_s=None,
    first_failed_at_s=None,
    failed=0,
    answered=0,
    silent=0,
    incident_id=None,
)
DOWN = Transition(
    scope=EU,
    before=Phase.SUSPECT,
    after=Phase.OUTAGE,
    at_s=START_S + 6,
    reason="10 or more different orders failed in a row",
    incident_id=INCIDENT,
)
CLOSED = replace(DOWN, before=Phase.RECOVERING, after=Phase.OK, reason="it lasts")


class Guard:
    """Says what a test has it say."""

    def __init__(self) -> None:
        self.scope = CALM

    def on_transition(self, callback) -> None:
        self.tell = callback

    def status(self) -> Status:
        return Status(at_s=START_S, scopes=(self.scope,))


class Simulator:
    """Notes what it is told, and whether the shop was paused then."""

    def __init__(self) -> None:
        self.paused = False
        self.told: list[tuple[str, bool]] = []
        self.urls = {"eu": "http://127.0.0.1:1", "na": "http://localhost:1"}

    def break_(self, fault: str, *, region: str) -> None:
        self.told.append((f"{fault} {region}", self.paused))

    def heal(self, region: str) -> None:
        self.told.append((f"heal {region}", self.paused))

    @contextmanager
    def pause(self):
        self.paused = True
        yield
        self.paused = False


class Audience:
    def __init__(self) -> None:
        self.happenings, self.standings = [], ()

    def happened(self, happening) -> None:
        self.happenings.append(happening)

    def stands(self, standings) -> None:
        self.standings = standings

    @property
    def told(self) -> list[str]:
        return [it.what for it in self.happenings]


@pytest.fixture
def scene(tmp_path):
    """A stage, and everything that stands on it."""
    guard, simulator, log, audience = Guard(), Simulator(), ProgramLog(), Audience()
    stage = Stage(
        SimpleNamespace(folder=tmp_path, simulator=simulator),
        guard,
        shop=SimpleNamespace(paused=simulator.pause),
        log=log,
        audience=audience,
    )
    return SimpleNamespace(
        stage=stage,
        guard=guard,
        simulator=simulator,
        log=log,
        audience=audience,
        packets=IncidentFolder(tmp_path),
    )


def act(*, fault=None, goal=Goal.NOTHING):
    return Act(title="something", fault=fault, lasts_s=0.0, goal=goal)


def test_a_fault_begins_and_ends_between_two_calls(scene):
    scene.stage.play(act(fault="F500"), patience_s=0)
    scene.stage.play(act(), patience_s=0)

    assert scene.simulator.told == [("F500 eu", True), ("heal eu", True)]
    assert [it.tone for it in scene.audience.happenings] == [Tone.STAGE] * 2


def test_an_act_waits_for_its_goal_and_gives_up_in_the_end(scene):
    assert not scene.stage.play(act(goal=Goal.DECLARED), patience_s=0)

    scene.guard.tell(DOWN)

    assert scene.stage.play(act(goal=Goal.DECLARED), patience_s=0)
    assert not scene.stage.play(act(goal=Goal.CLOSED), patience_s=0)


def test_an_incident_is_closed_when_its_scope_is_well_again(scene):
    scene.guard.tell(DOWN)
    scene.guard.tell(CLOSED)

    assert scene.stage.play(act(goal=Goal.CLOSED), patience_s=0)
    assert scene.audience.told[1:] == ["EU OUTAGE", "EU OK", "EU incident closed"]


def test_what_happens_to_the_other_endpoint_is_no_goal(scene):
    other = Scope("Drill", Endpoint("na", Environment.LOOPBACK))
    scene.guard.tell(replace(DOWN, scope=other))

    assert not scene.stage.play(act(goal=Goal.DECLARED), patience_s=0)
    assert scene.audience.told[1:] == ["NA OUTAGE"]


def test_a_suspicion_that_passes_closes_nothing(scene):
    scene.guard.tell(replace(DOWN, after=Phase.SUSPECT, incident_id=None))
    scene.guard.tell(replace(CLOSED, before=Phase.SUSPECT, incident_id=None))

    assert not scene.stage.play(act(goal=Goal.CLOSED), patience_s=0)


def test_the_first_failure_is_told_once_with_the_programs_words(scene, attempt):
    scene.log.add(attempt(0.0, "Drill3", "F500 GeneralError"))
    scene.guard.scope = replace(CALM, first_failed_at_s=START_S)

    for _ in range(2):
        scene.stage.play(act(), patience_s=0)

    [first] = [it for it in scene.audience.happenings if "first failure" in it.what]
    assert first.why == "F500 GeneralError to CreateGiftCard, Drill3"
    assert first.at_s == START_S


def test_a_failure_after_a_success_is_a_first_failure_again(scene):
    for first_s in (START_S, None, START_S + 20):
        scene.guard.scope = replace(CALM, first_failed_at_s=first_s)
        scene.stage.play(act(), patience_s=0)

    assert scene.audience.told.count("EU first failure") == 2


def test_every_revision_of_the_packet_is_told_once(scene):
    scene.guard.tell(DOWN)
    for content in (b"one", b"two"):
        scene.packets.write(INCIDENT, {"packet.txt": content})
        scene.stage.play(act(), patience_s=0)

    told = [it for it in scene.audience.told if it.startswith("packet")]
    assert told == ["packet written, revision 1", "packet written, revision 2"]


def test_the_table_has_both_endpoints_before_the_guard_knows_them(scene, attempt):
    scene.log.add(attempt(0.0, "Drill3", "F500 GeneralError"))

    scene.stage.play(act(), patience_s=0)

    eu, na = scene.audience.standings
    assert (eu.region, eu.calls, eu.failed, eu.newest) == (
        "eu",
        1,
        1,
        "F500 GeneralError",
    )
    assert (na.region, na.calls, na.failed, na.newest) == ("na", 0, 0, "")
