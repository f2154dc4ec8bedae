"""A page goes by itself only when everything agrees; why not is said."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agcod_guard.call import UNKNOWN_ACCOUNT, Endpoint, Environment, Scope
from agcod_guard.incident.consent import Consent, Permission, consent
from agcod_guard.incident.verdict import Verdict
from agcod_guard.settings.values import PageMode

LIVE = Permission(
    mode=PageMode.LIVE, live_armed=True, speaks_for_all=True, can_send=True
)
SANDBOX = Scope("Acmes", Endpoint("eu", Environment.SANDBOX))


def test_when_everything_agrees_it_goes_by_itself(incident):
    assert consent(incident, LIVE, missing=()) == Consent(PageMode.LIVE)


def test_what_amazon_only_desires_may_be_missing(incident):
    missing = ["Sample request payload (attached)"]

    assert consent(incident, LIVE, missing=missing).mode is PageMode.LIVE


@pytest.mark.parametrize("after_s", [60.0, None])
def test_where_it_is_not_on_record_what_has_gone_a_person_is_asked(incident, after_s):
    since_s = None if after_s is None else incident.opened_at_s + after_s

    found = consent(incident, LIVE, missing=(), recorded_since_s=since_s)

    assert found.mode is PageMode.ASK
    assert found.reasons == (
        "The ladder is newer than the outage: mails may have gone.",
    )


def test_a_permission_by_default_allows_a_draft(incident):
    assert consent(incident, Permission(), missing=()) == Consent(
        PageMode.DRAFT, ("page.mode is draft: a person sends it.",)
    )


LACKING = [
    ({"live_armed": False}, {}, (), "AGCOD_GUARD_LIVE=1 is not set."),
    ({"can_send": False}, {}, (), "No mail server and sender are set"),
    ({"speaks_for_all": False}, {}, (), "fleet.single_host"),
    ({}, {"confirmed": False}, (), "not confirmed"),
    ({}, {"verdict": Verdict.UNCLEAR}, (), "not that the failure is on Amazon's side"),
    ({}, {"scope": Scope(UNKNOWN_ACCOUNT, Endpoint("eu"))}, (), "name no partner ID"),
    ({}, {}, ("Contact name", "Marketplace"), "lacks: Contact name and Marketplace."),
]


@pytest.mark.parametrize(("permitted", "changes", "missing", "why"), LACKING)
def test_anything_less_waits_for_a_person_and_says_why(
    incident, permitted, changes, missing, why
):
    found = consent(
        replace(incident, **changes), replace(LIVE, **permitted), missing=missing
    )

    assert found.mode is PageMode.ASK
    (reason,) = found.reasons
    assert why in reason


def test_ask_waits_for_a_person_even_if_all_else_agrees(incident):
    found = consent(incident, replace(LIVE, mode=PageMode.ASK), missing=())

    assert found.mode is PageMode.ASK
    assert found.reasons == ("page.mode is ask: it waits for a person's yes.",)


BARS = [
    ({"held": True}, {}, "kill switch"),
    ({}, {"first_success_at_s": 1.0}, "The outage is over"),
    ({}, {"first_success_at_s": 1.0, "resolved_at_s": 2.0}, "The outage is over"),
    ({}, {"verdict": Verdict.OURS}, "our own side"),
    ({}, {"drill": True}, "It is a drill."),
    ({}, {"scope": SANDBOX}, "not a production one"),
]


@pytest.mark.parametrize("mode", PageMode)
@pytest.mark.parametrize(("permitted", "changes", "why"), BARS)
def test_what_no_yes_gets_over_stays_a_draft_in_every_mode(
    incident, mode, permitted, changes, why
):
    permission = replace(LIVE, mode=mode, **permitted)

    found = consent(replace(incident, **changes), permission, missing=())

    assert found.mode is PageMode.DRAFT
    assert why in found.reasons[0]


@pytest.mark.parametrize("changes", [{"drill": True}, {"scope": SANDBOX}])
def test_a_rehearsal_may_go_by_itself_on_any_endpoint(incident, changes):
    rehearsal = replace(LIVE, rehearsal=True)

    found = consent(replace(incident, **changes), rehearsal, missing=())

    assert found.mode is PageMode.LIVE


def test_a_rehearsal_is_held_like_anything_else(incident):
    held = replace(LIVE, rehearsal=True, held=True)

    assert consent(incident, held, missing=()).mode is PageMode.DRAFT


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    permission=st.builds(
        Permission,
        mode=st.sampled_from(PageMode),
        live_armed=st.booleans(),
        speaks_for_all=st.booleans(),
        can_send=st.booleans(),
        held=st.booleans(),
    ),
    confirmed=st.booleans(),
    verdict=st.sampled_from(Verdict),
    environment=st.sampled_from(Environment),
    over=st.booleans(),
    drill=st.booleans(),
    missing=st.sets(st.sampled_from(["Contact name", "Marketplace"])),
)
def test_it_never_goes_by_itself_while_anything_is_against_it(
    incident, permission, *, confirmed, verdict, environment, over, drill, missing
):
    incident = replace(
        incident,
        confirmed=confirmed,
        verdict=verdict,
        drill=drill,
        first_success_at_s=1.0 if over else None,
        scope=Scope("Acmes", Endpoint("eu", environment)),
    )

    found = consent(incident, permission, missing=sorted(missing))

    agrees = (
        permission == LIVE
        and confirmed
        and verdict is Verdict.AMAZON
        and environment is Environment.PRODUCTION
        and not (over or drill or missing)
    )
    assert (found.mode is PageMode.LIVE) is agrees
    assert bool(found.reasons) is not agrees
