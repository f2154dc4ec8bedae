"""Our own side fails: network, proxy, trust, deployment. Never a page."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from benchmarks.detection.answers import (
    BAD_CERTIFICATE,
    F500,
    GIVEN_UP,
    HANG,
    HTML_502,
    LONG_NO_CONNECTION,
    NO_CONNECTION,
    NO_NAME,
    REFUSED,
    SHORT_TIMEOUT,
    Answer,
)
from benchmarks.detection.families.staging import (
    LEAD_S,
    NO_REFERENCE,
    Scene,
    family,
    mishap,
    ordinary,
)
from benchmarks.detection.traffic import CREATE, HOUR_S, Flow, poisson, steady
from benchmarks.detection.world import Spell

LASTS_S = 1_800.0
END_S = LEAD_S + LASTS_S


def cut_off(
    *answers: Answer, rate: float, begin_s: float = LEAD_S + 100.0, variant: str = ""
) -> Scene:
    """Return a scene in which our own way out is closed for half an hour."""
    spell = Spell(begin_s=begin_s, end_s=END_S, answers=answers, closes_way=True)
    return mishap(spell, rate=rate, variant=variant)


def spoilt(*answers: Answer, rate: float = 0.5) -> Scene:
    """Return a scene in which our own program is the cause; a probe is not hit."""
    spell = Spell(begin_s=LEAD_S, end_s=END_S, answers=answers, probes=False)
    return mishap(spell, rate=rate)


@family
def own_dns(draw: random.Random) -> Iterator[Scene]:
    yield cut_off(NO_NAME, rate=5.0, variant="5 a second")
    yield cut_off(NO_NAME, rate=0.2, variant="1 in 5 s")


@family
def own_proxy(draw: random.Random) -> Iterator[Scene]:
    yield cut_off(REFUSED, rate=1.0, variant="refuses")
    yield cut_off(HTML_502, rate=1.0, variant="answers 502")


@family
def own_firewall(draw: random.Random) -> Iterator[Scene]:
    yield cut_off(NO_CONNECTION, rate=1.0, variant="1 a second")
    yield cut_off(LONG_NO_CONNECTION, rate=0.05, variant="1 in 20 s")


@family
def own_trust_broken(draw: random.Random) -> Iterator[Scene]:
    yield cut_off(BAD_CERTIFICATE, rate=0.5)


@family
def own_side_broken_without_a_reference(draw: random.Random) -> Iterator[Scene]:
    """Nothing but trying our own way can tell."""
    for variant, answer in (("names", NO_NAME), ("trust", BAD_CERTIFICATE)):
        scene = cut_off(answer, rate=0.5, variant=variant)
        yield replace(scene, reference=NO_REFERENCE)


@family
def own_proxy_beside_a_direct_reference(draw: random.Random) -> Iterator[Scene]:
    """The reference answers: its way is not that of the calls."""
    for variant, answer in (("refuses", REFUSED), ("keeps silent", NO_CONNECTION)):
        spell = Spell(begin_s=LEAD_S, end_s=END_S, answers=(answer,), closes_proxy=True)
        yield mishap(spell, rate=0.5, variant=variant)
        scene = mishap(spell, rate=0.5, variant=f"{variant}, no reference")
        yield replace(scene, reference=NO_REFERENCE)


@family
def own_network_gone_at_start(draw: random.Random) -> Iterator[Scene]:
    """Nobody knows whether the reference would answer in good times."""
    for variant, reference in (("reference", None), ("no reference", NO_REFERENCE)):
        scene = cut_off(NO_NAME, rate=0.5, begin_s=0.0, variant=variant)
        yield replace(scene, reference=reference)


@family
def own_network_gone_at_the_very_check(draw: random.Random) -> Iterator[Scene]:
    """The reference is asked each five minutes: just then, and just before."""
    for offset_s in (0.0, 0.4, -0.4):
        scene = cut_off(
            NO_NAME,
            rate=3.0,
            begin_s=LEAD_S + offset_s,
            variant=f"{offset_s:+.1f} s",
        )
        yield replace(scene, noise=0.0)


@family
def own_network_flapping(draw: random.Random) -> Iterator[Scene]:
    """Cut off for 50 s of every minute and a half, for an hour."""
    spells = [
        Spell(
            begin_s=at_s,
            end_s=at_s + 50.0,
            answers=(NO_NAME, NO_CONNECTION),
            closes_way=True,
        )
        for at_s in (LEAD_S + number * 90.0 for number in range(40))
    ]
    yield mishap(*spells, rate=1.0)


@family
def own_network_loses_packets(draw: random.Random) -> Iterator[Scene]:
    """Calls and reference checks get through now and then."""
    for share in (0.6, 0.97):
        spell = Spell(
            begin_s=LEAD_S,
            end_s=END_S,
            answers=(NO_CONNECTION,),
            share=share,
            closes_way=True,
        )
        yield mishap(spell, rate=1.0, variant=f"{share:.0%}")


@family
def own_network_at_night(draw: random.Random) -> Iterator[Scene]:
    """Cut off for four hours in which five orders come."""
    spell = Spell(
        begin_s=2 * HOUR_S, end_s=6 * HOUR_S, answers=(NO_NAME,), closes_way=True
    )
    yield replace(mishap(spell, rate=1 / 2_700.0), until_s=12 * HOUR_S)


@family
def own_timeout_far_too_short(draw: random.Random) -> Iterator[Scene]:
    """Since the last deployment every call is given up after 0.1 s."""
    yield replace(spoilt(SHORT_TIMEOUT), own_operations_fail=True)


@family
def own_request_makes_it_fail(draw: random.Random) -> Iterator[Scene]:
    """Since the last deployment every order is such that Amazon answers F500."""
    yield replace(spoilt(F500, rate=0.2), own_operations_fail=True)


@family
def own_program_gives_up(draw: random.Random) -> Iterator[Scene]:
    """Every call is abandoned before it is sent: proves nothing."""
    yield spoilt(GIVEN_UP)


@family
def killed_with_calls_under_way(draw: random.Random) -> Iterator[Scene]:
    """Twenty calls never end because the process was killed; then a quiet night."""
    until_s = LEAD_S + 6 * HOUR_S
    flows = [
        ordinary(1.0, draw, end_s=LEAD_S),
        Flow(arrivals=[LEAD_S + number * 0.1 for number in range(20)]),
        ordinary(1 / 2_700.0, draw, begin_s=LEAD_S + 60.0, end_s=until_s),
    ]
    killed = Spell(begin_s=LEAD_S, end_s=LEAD_S + 5.0, answers=(HANG,), probes=False)
    yield Scene(
        flows=flows,
        until_s=until_s,
        rate=1.0,
        spells=[killed],
        restarts=(LEAD_S + 6.0,),
    )


@family
def killed_again_and_again(draw: random.Random) -> Iterator[Scene]:
    """A crash every 20 s takes the calls under way with it."""
    spells = [
        Spell(begin_s=at_s, end_s=at_s + 3.0, answers=(HANG,), probes=False)
        for at_s in (LEAD_S + number * 20.0 for number in range(60))
    ]
    scene = mishap(*spells, rate=1.0)
    yield replace(scene, restarts=tuple(spell.end_s for spell in spells))


@family
def poison_order(draw: random.Random) -> Iterator[Scene]:
    """One order fails five hundred times, beside an order in five minutes."""
    until_s = 4_000.0
    poisoned = Flow(
        arrivals=steady(0.5, draw, begin_s=1_000.0, end_s=2_000.0),
        order="Poison",
        same_order=True,
        operations=((CREATE, 1.0),),
    )
    yield Scene(
        flows=[ordinary(1 / 300, draw, end_s=until_s), poisoned],
        until_s=until_s,
        rate=0.5,
        spells=[Spell(begin_s=0.0, end_s=1e9, answers=(F500,), orders=("Poison",))],
    )


@family
def poison_dozen(draw: random.Random) -> Iterator[Scene]:
    """Twelve orders that can only fail are retried all night, beside few others."""
    until_s = 4 * HOUR_S
    poisoned = Flow(
        arrivals=[3_600.0 + number * 7.0 for number in range(12)],
        order="Poison",
        operations=((CREATE, 1.0),),
        retries=8,
        backoff_s=20.0,
    )
    yield Scene(
        flows=[Flow(arrivals=poisson(1 / 1_200, draw, end_s=until_s)), poisoned],
        until_s=until_s,
        rate=0.01,
        own_operations_fail=True,
        spells=[Spell(begin_s=0.0, end_s=1e9, answers=(F500,), orders=("Poison",))],
    )


@family
def poison_under_new_names(draw: random.Random) -> Iterator[Scene]:
    """One bad request is sent again and again, each time with a new id."""
    until_s = 4_000.0
    poisoned = Flow(
        arrivals=steady(0.5, draw, begin_s=1_000.0, end_s=2_000.0),
        order="Poison",
        operations=((CREATE, 1.0),),
    )
    yield Scene(
        flows=[ordinary(1 / 100, draw, end_s=until_s), poisoned],
        until_s=until_s,
        rate=0.5,
        spells=[Spell(begin_s=0.0, end_s=1e9, answers=(F500,), orders=("Poison",))],
    )
