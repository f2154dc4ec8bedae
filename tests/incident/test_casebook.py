import pytest

from agcod_guard.incident.casebook import Casebook
from agcod_guard.incident.incident import Stage
from agcod_guard.incident.verdict import Verdict
from agcod_guard.outage.moves import Move
from agcod_guard.outage.state import Outage, Phase

EPOCH_S = 1_795_346_000.0
OUTAGE = Outage(
    first_failed_at_s=105.0,
    first_failed_wall_ns=1_795_346_105_000_000_000,
    first_call_id="ab",
    opened_at_s=285.0,
    last_success_at_s=104.0,
    path_proven=True,
    answered=12,
)


def move(before, after, at_s, *, scope="Acmes/eu", outage=OUTAGE):
    return Move(
        scope=scope,
        before=before,
        after=after,
        at_s=at_s,
        reason="because",
        first_failed_at_s=105.0,
        outage=outage,
    )


DOWN = move(Phase.SUSPECT, Phase.OUTAGE, 285.0)
UP = move(Phase.OUTAGE, Phase.RECOVERING, 400.0)
DOWN_AGAIN = move(Phase.RECOVERING, Phase.OUTAGE, 600.0)
OVER = move(Phase.RECOVERING, Phase.OK, 700.0)


@pytest.fixture
def book():
    return Casebook(wall_s=lambda at_s: at_s + EPOCH_S)


def test_suspicion_is_no_incident(book):
    assert book.follow(move(Phase.OK, Phase.SUSPECT, 110.0, outage=None)) is None
    assert book.follow(move(Phase.SUSPECT, Phase.OK, 120.0, outage=None)) is None
    assert book.everything() == []


def test_an_outage_opens_an_incident_in_wall_time(book):
    incident = book.follow(DOWN)

    assert incident.incident_id.startswith("20261122T111505Z-eu-")
    assert incident.first_failed_at_s == EPOCH_S + 105
    assert incident.opened_at_s == EPOCH_S + 285
    assert incident.last_success_at_s == EPOCH_S + 104
    assert incident.verdict is Verdict.AMAZON
    assert book.all_open() == [incident]


def test_it_recovers_and_closes(book):
    book.follow(DOWN)

    recovering, closed = book.follow(UP), book.follow(OVER)

    assert recovering.stage is Stage.RECOVERING
    assert recovering.first_success_at_s == EPOCH_S + 400
    assert closed.stage is Stage.RESOLVED
    assert closed.resolved_at_s == EPOCH_S + 700
    assert book.all_open() == []


def test_a_relapse_is_the_same_incident(book):
    first = book.follow(DOWN)
    book.follow(UP)

    again = book.follow(DOWN_AGAIN)

    assert again.incident_id == first.incident_id
    assert again.relapses == 1
    assert again.first_success_at_s is None
    assert book.all_open() == [again]


def test_told_twice_that_it_is_down_it_is_one_relapse_less(book):
    first = book.follow(DOWN)

    assert book.follow(move(Phase.OK, Phase.OUTAGE, 285.0)) == first


def test_scopes_have_incidents_of_their_own(book):
    book.follow(DOWN)

    other = book.follow(move(Phase.SUSPECT, Phase.OUTAGE, 285.0, scope="Acmes/na"))

    assert len(book.all_open()) == 2
    assert "-na-" in other.incident_id


def test_an_incident_made_anew_keeps_its_revision(book):
    known = book.follow(DOWN)
    book.put(
        type(known)(**{f: getattr(known, f) for f in known.__slots__} | {"revision": 3})
    )
    again = Casebook(book.everything(), wall_s=book.wall_s)

    assert again.get(known.incident_id).revision == 3
    assert again.follow(UP).revision == 3


def test_names_depend_on_account_endpoint_and_first_call_alone(book):
    one = book.follow(DOWN).incident_id
    same = Casebook(wall_s=book.wall_s).follow(DOWN).incident_id
    other = Casebook(wall_s=book.wall_s).follow(
        move(Phase.SUSPECT, Phase.OUTAGE, 285.0, scope="Other/eu")
    )

    assert one == same
    assert one[:20] == other.incident_id[:20]
    assert one != other.incident_id


def test_a_region_cannot_lead_out_of_a_folder(book):
    incident = book.follow(
        move(Phase.SUSPECT, Phase.OUTAGE, 285.0, scope="Acmes/../../etc")
    )

    assert "/" not in incident.incident_id
    assert ".." not in incident.incident_id
