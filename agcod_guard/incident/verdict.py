"""Whose outage it is, as far as the evidence goes, and why. Pure.

`amazon` needs a proof that our own way was open when the calls failed: answers
that bear Amazon's marks, or a reference host outside Amazon that answered.
"""

from __future__ import annotations

from enum import StrEnum

from agcod_guard.outage.state import Outage


class Verdict(StrEnum):
    """Whose outage it is, as far as the evidence goes."""

    AMAZON = "amazon"
    OURS = "ours"
    UNCLEAR = "unclear"


def verdict_of(outage: Outage) -> tuple[Verdict, tuple[str, ...]]:
    """Return the verdict on an outage, and its reasons, one sentence each."""
    reasons = [_answers(outage), _reference(outage)]
    if outage.path_proven:
        reasons.insert(0, "Our own way to Amazon was open when the calls failed.")
        return Verdict.AMAZON, tuple(reasons)
    reasons.insert(0, "Nothing shows that our own way to Amazon was open.")
    return Verdict.UNCLEAR, tuple(reasons)


def _answers(outage: Outage) -> str:
    if not outage.silent:
        return "Every failing call was answered with an error."
    if not outage.answered:
        return "No failing call was answered at all."
    return (
        f"{outage.answered} failing calls were answered with an error, "
        f"{outage.silent} got no answer."
    )


def _reference(outage: Outage) -> str:
    if outage.reference_usable:
        return "A reference host outside Amazon was checked."
    return "Not checked: a reference host outside Amazon (none set, or none usable)."
