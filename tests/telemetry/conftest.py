"""Calls, incidents and transitions to tell, and what was swallowed meanwhile."""

import pytest

from agcod_guard.call import Endpoint, Outcome, Scope
from agcod_guard.frames import End
from agcod_guard.incident.incident import Incident
from agcod_guard.incident.parcel import Entry, Parcel, Progress, Purpose, State
from agcod_guard.outage.state import OperationTransition, Phase, Transition

EU = Endpoint("eu")


@pytest.fixture
def make_call():
    def make(outcome=Outcome.SUCCESS, **facts):
        defaults = {
            "call_id": "00000000000000aa",
            "wall_ns": 1_763_809_505_000_000_000,
            "mono_ns": 7_000_000_000,
            "account": "Acmes",
            "endpoint": "eu",
            "operation": "CreateGiftCard",
            "duration_s": 0.25,
            "status": 200 if outcome is Outcome.SUCCESS else None,
        }
        return End(outcome=outcome, **(defaults | facts))

    return make


@pytest.fixture
def make_transition():
    def make(before, after, **facts):
        defaults = {
            "scope": Scope("Acmes", EU),
            "at_s": 1_763_809_700.0,
            "reason": "12 orders have failed in 190 s.",
        }
        return Transition(
            before=Phase(before), after=Phase(after), **(defaults | facts)
        )

    return make


@pytest.fixture
def make_operation():
    def make(*, is_down):
        return OperationTransition(
            scope=Scope("Acmes", EU),
            operation="CreateGiftCard",
            is_down=is_down,
            at_s=1_763_809_700.0,
            reason="12 orders have failed in 190 s.",
            first_failed_at_s=1_763_809_505.0,
        )

    return make


@pytest.fixture
def incident():
    return Incident(
        incident_id="20261122T111505Z-eu-0a1b",
        scope=Scope("Acmes", EU),
        first_failed_at_s=1_763_809_505.0,
        first_call_id="00000000000000aa",
        opened_at_s=1_763_809_700.0,
        revision=2,
    )


@pytest.fixture
def make_entry():
    def make(state=State.SENT, *, channel="smtp", note="250 2.0.0 OK"):
        return Entry(
            Parcel(
                key="20261122T111505Z-eu-0a1b/t1",
                incident_id="20261122T111505Z-eu-0a1b",
                channel=channel,
                content=b"frozen",
                intended_at_s=1_763_809_700.0,
                purpose=Purpose.PAGE,
                tier=1,
                recipients=("urgent-t1@amazon.invalid",),
                message_id="<t1@shop.invalid>",
            ),
            Progress(state=state, changed_at_s=1_763_809_701.0, note=note, fence=1),
        )

    return make


@pytest.fixture
def entry(make_entry):
    return make_entry()
