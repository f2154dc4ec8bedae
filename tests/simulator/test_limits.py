"""Amazon's call rates."""

from __future__ import annotations

from agcod_guard.simulator.limits import RateLimit


def test_the_eleventh_call_of_a_second_is_throttled():
    limit = RateLimit()

    met = [
        limit.fault_name("eu", "Acmes", "CreateGiftCard", 0.05 * n) for n in range(11)
    ]

    assert met == [None] * 10 + ["throttled"]
    assert limit.fault_name("eu", "Acmes", "CreateGiftCard", 1.0) is None


def test_accounts_and_endpoints_are_counted_apart():
    limit = RateLimit()
    for _ in range(10):
        limit.fault_name("eu", "Acmes", "CreateGiftCard", 0)

    assert limit.fault_name("eu", "Other", "CreateGiftCard", 0) is None
    assert limit.fault_name("na", "Acmes", "CreateGiftCard", 0) is None


def test_a_second_question_for_funds_within_a_second_is_ignored():
    limit = RateLimit()

    met = [limit.fault_name("eu", "Acmes", "GetAvailableFunds", t) for t in (0, 0.9, 1)]

    assert met == [None, "hang", None]
