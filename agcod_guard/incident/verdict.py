"""Whose outage it is, as far as the evidence goes, and why. Pure.

`amazon` needs a proof that our own way was open when the calls failed: answers
that bear Amazon's marks, a connection to Amazon's host that we opened ourselves,
or a reference host outside Amazon that answered. `ours` is never said of an outage
that was declared: it keeps one from being declared.
"""

from __future__ import annotations

from enum import StrEnum

from agcod_guard.outage.detector import is_path_proven
from agcod_guard.outage.fold import Fold
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.outage.state import Outage, Phase
from agcod_guard.outage.ways import endpoint_of


class Verdict(StrEnum):
    """Whose outage it is, as far as the evidence goes."""

    AMAZON = "amazon"
    OURS = "ours"
    UNCLEAR = "unclear"


def verdict_of(outage: Outage) -> tuple[Verdict, tuple[str, ...]]:
    """Return the verdict on an outage, and its reasons, one sentence each."""
    reasons = (
        _answers(outage.answered, outage.silent),
        _reference(outage.reference_usable),
        *_tried(outage.tried),
    )
    return _weighed(outage.path_proven, reasons)


def verdict_so_far(
    fold: Fold, scope: str, policy: OutagePolicy
) -> tuple[Verdict | None, tuple[str, ...]]:
    """Return the verdict on what a scope is suspected of; None if of nothing.

    Args:
        fold: What is known of all scopes.
        scope: The scope's text.
        policy: The policy in force.
    """
    state, own = fold.scopes[scope], fold.own.present.get(scope)
    evidence = state.evidence
    if own is not None and evidence.first_failed_at_s is None:
        return Verdict.OURS, (sentence(own.reason),)
    if state.outage is not None:
        return verdict_of(state.outage)
    if state.phase is Phase.OK:
        return None, ()
    reasons = (
        _answers(evidence.answered, evidence.silent),
        _reference(evidence.reference_usable),
        *_tried(fold.own.ways.tried(evidence, endpoint_of(scope))),
    )
    if own is not None:
        reasons += (f"One machine's own side is broken: {own.reason}.",)
    return _weighed(is_path_proven(evidence, fold.reference, policy), reasons)


def sentence(words: str) -> str:
    """Return the words as a sentence."""
    return f"{words[:1].upper()}{words[1:]}."


def _weighed(
    path_proven: bool, reasons: tuple[str, ...]
) -> tuple[Verdict, tuple[str, ...]]:
    if path_proven:
        first = "Our own way to Amazon was open when the calls failed."
        return Verdict.AMAZON, (first, *reasons)
    return Verdict.UNCLEAR, (
        "Nothing shows that our own way to Amazon was open.",
        *reasons,
    )


def _answers(answered: int, silent: int) -> str:
    if not silent:
        return "Every failing call was answered with an error."
    if not answered:
        return "No failing call was answered at all."
    return (
        f"{answered} failing calls were answered with an error, {silent} got no answer."
    )


def _reference(is_usable: bool) -> str:
    if is_usable:
        return "A reference host outside Amazon was checked."
    return "Not checked: a reference host outside Amazon (none set, or none usable)."


def _tried(tried: tuple[str, ...]) -> tuple[str, ...]:
    if tried:
        return tuple(sentence(each) for each in tried)
    return ("Not checked: names, connection and certificate on our own way.",)
