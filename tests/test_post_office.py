"""What hears of an incident that is none of Amazon's."""

from __future__ import annotations

import pytest
from partner import START_S, fault, guarded

from agcod_guard.clock import ManualClock

SANDBOX = "https://agcod-v2-eu-gamma.amazon.com/CreateGiftCard"
TENTH = {"hold_s": 18.0, "clear_s": 10.0, "late_s": 0.2}


@pytest.mark.parametrize(
    ("url", "hears"),
    [("http://127.0.0.1:9/hook", True), ("https://hooks.example.invalid/x", False)],
)
def test_a_sandboxs_outage_is_told_on_this_machine_alone(tmp_path, url, hears):
    key = tmp_path / "key"
    key.write_text("secret")
    partner = guarded(
        tmp_path / "data",
        ManualClock(START_S),
        policy=TENTH,
        webhooks={"ops": {"kind": "json", "url": url, "key_file": str(key)}},
    )
    partner.guard._parts.post.postman.start = lambda now_s: False

    partner.sell(30, fault("F500"), url=SANDBOX)
    partner.guard.close()

    assert "OUTAGE" in partner.phases
    assert bool(partner.guard._parts.post.outbox.entries()) is hears
