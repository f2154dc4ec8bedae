"""Read how things stand in a data folder, for the metrics, at each scrape.

Whichever process is asked, and however often it was restarted, the ladder has one
answer. A scrape costs a few reads of it and changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from agcod_guard.call import Endpoint, Scope
from agcod_guard.data_folder import DataFolder
from agcod_guard.incident.acts import Act
from agcod_guard.incident.escalation import Waits, due
from agcod_guard.incident.incident import Incident, Stage
from agcod_guard.incident.parcel import Entry
from agcod_guard.incident.pursuit import pursuit_of
from agcod_guard.storage.ladder import SqliteLadder
from agcod_guard.telemetry.standing import (
    PARCEL_STATES,
    IncidentReport,
    ScopeReport,
    Standing,
)
from agcod_guard.watching.kept import KeptScope, kept_scopes, state_in

CHANGES_S = 30 * 86_400.0
"""How far back changes on the partner's side are looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _OnRecord:
    """What was done about the open incidents, besides what they say themselves."""

    acts: Sequence[Act]
    entries: Sequence[Entry]
    held: bool
    now_s: float
    waits: Waits

    def report_of(self, incident: Incident, kept: KeptScope) -> IncidentReport:
        name = incident.incident_id
        pursuit = pursuit_of(
            [each for each in self.acts if each.incident_id == name],
            [each for each in self.entries if each.parcel.incident_id == name],
            last_failed_at_s=kept.last_failed_at_s,
            last_success_at_s=kept.last_success_at_s,
            held=self.held,
        )
        return IncidentReport(
            verdict=incident.verdict,
            acknowledged=pursuit.acknowledged is not None,
            sent_tier=max((page.tier for page in pursuit.sent), default=0),
            due_at_s=due(
                incident, pursuit, now_s=self.now_s, waits=self.waits
            ).due_at_s,
            missing_items=len(incident.missing),
        )


def standing_in(folder: DataFolder) -> Standing:
    """Return how things stand, as the ladder has it.

    Raises:
        DataError: The ladder cannot be read.
    """
    ladder = folder.ladder()
    checkpoint = ladder.checkpoint()
    state = None if checkpoint is None else state_in(checkpoint)
    open_ones = {
        each.scope: each
        for each in ladder.incidents()
        if each.stage is not Stage.RESOLVED
    }
    records = _on_record(folder, ladder, [*open_ones.values()])
    doubts = {
        Scope(account, Endpoint.parse(endpoint)): count
        for (account, endpoint), count in ladder.orders_in_doubt().items()
    }
    changes = ladder.changes(records.now_s - CHANGES_S)
    known = {each.scope: each for each in kept_scopes(state)}
    return Standing(
        scopes=tuple(
            _scope_report(
                known.get(scope) or KeptScope(scope=scope),
                open_ones.get(scope),
                records,
                doubt_orders=doubts.get(scope, 0),
            )
            for scope in {**known, **doubts, **open_ones}
        ),
        parcels=Counter(
            (each.parcel.channel, each.state)
            for each in records.entries
            if each.state in PARCEL_STATES
        ),
        changed_at_s=max((at_s for at_s, _ in changes), default=None),
        held=records.held,
        looked_at_s=None if state is None else state.saved_at_s,
    )


def _on_record(
    folder: DataFolder, ladder: SqliteLadder, incidents: Sequence[Incident]
) -> _OnRecord:
    policy = folder.settings.policy
    return _OnRecord(
        acts=ladder.acts() if incidents else (),
        entries=folder.outbox(ladder).standing(
            [each.incident_id for each in incidents]
        ),
        held=folder.hold().stands(),
        now_s=folder.clock.wall_s(),
        waits=Waits(after_s=policy.escalate_after_s, fresh_s=policy.escalate_fresh_s),
    )


def _scope_report(
    kept: KeptScope,
    incident: Incident | None,
    records: _OnRecord,
    *,
    doubt_orders: int,
) -> ScopeReport:
    return ScopeReport(
        account=kept.scope.account,
        endpoint=kept.scope.endpoint,
        phase=kept.phase,
        first_failed_at_s=kept.first_failed_at_s,
        last_failed_at_s=kept.last_failed_at_s,
        last_success_at_s=kept.last_success_at_s,
        incident=None if incident is None else records.report_of(incident, kept),
        operations_down=frozenset(kept.operations_down),
        own_side=kept.own_side,
        due_tier=kept.page_asked,
        doubt_orders=doubt_orders,
    )
