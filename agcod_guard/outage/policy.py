"""The few knobs of detection, with units and reasons. Pure.

Every duration is a field that ends in `_s`, so a policy scales as one:
`OutagePolicy().scaled(1 / 30)` plays an hour in two minutes.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from agcod_guard.errors import SettingsError


@dataclass(frozen=True, slots=True, kw_only=True)
class OutagePolicy:
    """When suspicion starts, when it is an outage, and when it has ended.

    Attributes:
        hold_s: How long not one call may have succeeded before it is an
            outage. AGCOD's own blips last up to 90 s; 180 s leaves them out.
        failed: Different orders that must have failed for technical reasons.
        real_failed: How many of them must be the partner's own, not probes.
        fresh_s: The last failure must be at most this old: a run that went
            silent is no evidence of the present.
        path_s: How old a proof of our own way to Amazon may be.
        reference_failing_s: A reference that fails this long, with no answer
            bearing Amazon's marks meanwhile, clears the run: it is our network.
        reference_usable_s: A reference counts only if it answered within this
            time before the run; many payment networks block everything else.
        reference_healthy_every_s: Reference check interval while all is well.
        reference_suspect_every_s: Reference check interval in suspicion.
        overdue_s: A call begun this long ago and not ended counts as failed.
        suspect_failed: Different failures in a row that make a suspicion; 5
            keeps healthy traffic with 1 % failures quiet.
        throttled_per_order: So many throttled answers take one order off.
        sources_s: Sources that made calls within this time must share the
            failure (at least two of them, when there are two).
        clear_s: How long after the first success an incident stays open;
            AGCOD comes back in bursts.
        clear_successes: Successes it takes to close an incident.
        late_s: How long a frame of this source may be on its way.
        late_other_s: The same for other sources.
        checkpoint_every_s: How often the state of the fold is kept.
        packet_every_s: First interval at which an open incident's packet is
            written anew; it doubles each time.
        sample_every_s: How often a failing exchange is kept as a sample.
        tick_s: How often the helper thread looks.
        probe_after_s: How long after a run's first failure our own test calls
            begin, if the partner has given one.
        probe_every_s: How often one is made; Amazon ignores more than one a
            second, which would look like a time-out.
        probe_outage_every_s: The same once it is an outage.
        confirm_probes: Failed test calls that confirm an outage.
        escalate_after_s: How long Amazon's next tier is left alone after a mail
            that nobody has acknowledged; 30 minutes by Amazon's own rule.
        escalate_fresh_s: The last failure must be at most this old for a mail to
            the next tier.
    """

    hold_s: float = 180.0
    failed: int = 10
    real_failed: int = 2
    fresh_s: float = 60.0
    path_s: float = 60.0
    reference_failing_s: float = 20.0
    reference_usable_s: float = 3600.0
    reference_healthy_every_s: float = 300.0
    reference_suspect_every_s: float = 20.0
    overdue_s: float = 60.0
    suspect_failed: int = 5
    throttled_per_order: int = 4
    sources_s: float = 3600.0
    clear_s: float = 300.0
    clear_successes: int = 5
    late_s: float = 2.0
    late_other_s: float = 30.0
    checkpoint_every_s: float = 10.0
    packet_every_s: float = 300.0
    sample_every_s: float = 60.0
    tick_s: float = 1.0
    probe_after_s: float = 10.0
    probe_every_s: float = 5.0
    probe_outage_every_s: float = 30.0
    confirm_probes: int = 3
    escalate_after_s: float = 1800.0
    escalate_fresh_s: float = 300.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not 0 < value < float("inf"):
                raise SettingsError(
                    f"policy.{field.name}",
                    value,
                    "a number above 0",
                    origin="the policy",
                )
        if not self.real_failed <= self.failed:
            raise SettingsError(
                "policy.real_failed",
                self.real_failed,
                f"at most policy.failed ({self.failed})",
                origin="the policy",
            )
        if not self.suspect_failed <= self.failed:
            raise SettingsError(
                "policy.suspect_failed",
                self.suspect_failed,
                f"at most policy.failed ({self.failed}): suspicion comes first",
                origin="the policy",
            )

    def scaled(self, factor: float) -> OutagePolicy:
        """Return the same policy with every duration multiplied by `factor`."""
        return replace(
            self,
            **{
                field.name: getattr(self, field.name) * factor
                for field in fields(self)
                if field.name.endswith("_s")
            },
        )
