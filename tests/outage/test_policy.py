from dataclasses import fields

import pytest

from agcod_guard.errors import SettingsError
from agcod_guard.outage.policy import OutagePolicy


def test_a_scaled_policy_scales_every_duration_and_no_count():
    policy = OutagePolicy()
    scaled = policy.scaled(1 / 30)

    for field in fields(OutagePolicy):
        before, after = getattr(policy, field.name), getattr(scaled, field.name)
        is_duration = field.name.endswith("_s")
        assert after == pytest.approx(before / 30 if is_duration else before)


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
def test_a_duration_that_is_none_is_refused_by_name(value):
    with pytest.raises(SettingsError, match=r"policy\.hold_s .* a number above 0"):
        OutagePolicy(hold_s=value)


def test_suspicion_cannot_need_more_orders_than_the_outage():
    with pytest.raises(SettingsError, match="suspicion comes first"):
        OutagePolicy(failed=4, suspect_failed=5)


def test_more_real_orders_than_orders_are_refused():
    with pytest.raises(SettingsError, match=r"policy\.real_failed is 11"):
        OutagePolicy(failed=10, real_failed=11)
