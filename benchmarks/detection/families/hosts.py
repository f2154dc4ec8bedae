"""Several machines, accounts, regions, environments."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace

from benchmarks.detection.answers import F500, MIXTURE, NO_NAME, RESET, TIMEOUT, Answer
from benchmarks.detection.families.staging import (
    AFTER_S,
    LEAD_S,
    Scene,
    family,
    mishap,
    outage,
)
from benchmarks.detection.streams import Down
from benchmarks.detection.traffic import HOUR_S, SCOPE, Flow, steady
from benchmarks.detection.world import Reference, Spell

HOSTS = tuple(f"shop-{number}" for number in range(1, 9))
QUIET = 1 / 900


def flows_of(
    draw: random.Random,
    rates: Mapping[str, float],
    *,
    until_s: float,
    late_s: float = 5.0,
) -> list[Flow]:
    """Return one flow a machine; the watching machine's frames are prompt."""
    return [
        Flow(
            arrivals=steady(rate, draw, end_s=until_s),
            source=source,
            late_s=0.05 if source == HOSTS[0] else late_s,
        )
        for source, rate in rates.items()
    ]


def with_hosts(
    scene: Scene, draw: random.Random, rates: Mapping[str, float], late_s: float = 5.0
) -> Scene:
    """Return the scene with such traffic from several machines."""
    flows = flows_of(draw, rates, until_s=scene.until_s, late_s=late_s)
    return replace(scene, flows=flows, rate=sum(rates.values()))


def bad_host(source: str, *answers: Answer, variant: str = "") -> Scene:
    """Return a scene in which one machine is cut off for an hour."""
    spell = Spell(
        begin_s=LEAD_S,
        end_s=LEAD_S + HOUR_S,
        answers=answers,
        sources=(source,),
        closes_way=True,
    )
    return mishap(spell, variant=variant)


@family
def one_bad_host_of_eight(draw: random.Random) -> Iterator[Scene]:
    scene = bad_host(HOSTS[3], NO_NAME, variant="all are busy")
    yield with_hosts(scene, draw, dict.fromkeys(HOSTS, 0.2))


@family
def one_bad_host_and_idle_ones(draw: random.Random) -> Iterator[Scene]:
    """All but the bad one make a call in a quarter of an hour."""
    for source, variant in ((HOSTS[3], "another watches"), (HOSTS[0], "it watches")):
        scene = bad_host(source, NO_NAME, TIMEOUT, variant=variant)
        rates = dict.fromkeys(HOSTS, QUIET) | {source: 1.0}
        yield with_hosts(scene, draw, rates)


@family
def one_bad_host_with_late_news_of_others(draw: random.Random) -> Iterator[Scene]:
    """What the others succeed in is heard of a minute and a half later."""
    scene = bad_host(HOSTS[0], F500)
    spells = [replace(each, closes_way=False) for each in scene.spells]
    scene = replace(scene, spells=[replace(each, probes=False) for each in spells])
    yield with_hosts(scene, draw, {HOSTS[0]: 1.0, HOSTS[1]: 0.2}, late_s=90.0)


@family
def two_bad_hosts_of_eight(draw: random.Random) -> Iterator[Scene]:
    scene = bad_host(HOSTS[3], TIMEOUT)
    spells = [replace(each, sources=HOSTS[3:5]) for each in scene.spells]
    yield with_hosts(replace(scene, spells=spells), draw, dict.fromkeys(HOSTS, 0.1))


@family
def total_on_eight_hosts(draw: random.Random) -> Iterator[Scene]:
    scene = outage(F500, TIMEOUT)
    yield with_hosts(scene, draw, dict.fromkeys(HOSTS, 0.1))


@family
def total_with_late_frames(draw: random.Random) -> Iterator[Scene]:
    """Frames of the other machines take up to 28 s and come out of order."""
    scene = outage(*MIXTURE)
    yield with_hosts(scene, draw, dict.fromkeys(HOSTS[:4], 0.1), late_s=28.0)


@family
def total_seen_by_one_of_two(draw: random.Random) -> Iterator[Scene]:
    """The other machine makes a call in forty minutes."""
    for answer, watching in ((F500, 0), (TIMEOUT, 0), (F500, 1)):
        variant = f"{answer.outcome}, {'idle' if watching else 'busy'} one watches"
        scene = outage(answer, lasts_s=3_600.0, begin_s=6_000.0, variant=variant)
        rates = {HOSTS[watching]: 0.5, HOSTS[1 - watching]: 1 / 2_400}
        yield with_hosts(scene, draw, rates)


def beside(
    draw: random.Random, down: tuple[str, ...], others: tuple[str, ...]
) -> Scene:
    """Return a scene in which some scopes are down and the others are well."""
    end_s = LEAD_S + 1_500.0
    until_s = end_s + AFTER_S
    flows = [
        Flow(arrivals=steady(0.3, draw, end_s=until_s), scope=scope, order=scope)
        for scope in (*down, *others)
    ]
    return Scene(
        flows=flows,
        until_s=until_s,
        rate=0.3,
        spells=[
            Spell(begin_s=LEAD_S, end_s=end_s, answers=(F500, TIMEOUT), scopes=down)
        ],
        downs=[
            Down(scope=scope, begin_s=LEAD_S, end_s=end_s)
            for scope in down
            if not scope.endswith("-sandbox")
        ],
    )


@family
def one_region_down_and_the_reference(draw: random.Random) -> Iterator[Scene]:
    """Region and reference share a fate; only the other regions show our way."""
    scene = beside(draw, ("Acmes/na",), (SCOPE, "Acmes/fe"))
    spells = [replace(each, answers=(TIMEOUT, RESET)) for each in scene.spells]
    blocked = Reference(blocked=((LEAD_S, LEAD_S + 1_500.0),))
    yield replace(scene, spells=spells, reference=blocked)


@family
def many_accounts_of_few_orders(draw: random.Random) -> Iterator[Scene]:
    """A reseller: six accounts with an order a minute each, all of them down."""
    end_s = LEAD_S + 2_400.0
    accounts = tuple(f"Acme{number}/eu" for number in range(6))
    flows = [
        Flow(arrivals=steady(1 / 60, draw, end_s=end_s + AFTER_S), scope=scope)
        for scope in accounts
    ]
    yield Scene(
        flows=flows,
        until_s=end_s + AFTER_S,
        rate=1 / 60,
        spells=[Spell(begin_s=LEAD_S, end_s=end_s, answers=MIXTURE)],
        downs=[Down(scope=scope, begin_s=LEAD_S, end_s=end_s) for scope in accounts],
    )


@family
def one_region_down(draw: random.Random) -> Iterator[Scene]:
    yield beside(draw, ("Acmes/na",), (SCOPE, "Acmes/fe"))


@family
def two_regions_down(draw: random.Random) -> Iterator[Scene]:
    yield beside(draw, ("Acmes/na", "Acmes/fe"), (SCOPE,))


@family
def one_account_down(draw: random.Random) -> Iterator[Scene]:
    yield beside(draw, (SCOPE,), ("Bravo/eu",))


@family
def two_accounts_down(draw: random.Random) -> Iterator[Scene]:
    yield beside(draw, (SCOPE, "Bravo/eu"), ())


@family
def sandbox_down(draw: random.Random) -> Iterator[Scene]:
    yield beside(draw, ("Acmes/eu-sandbox",), (SCOPE,))


@family
def calls_of_no_account_succeed(draw: random.Random) -> Iterator[Scene]:
    """A success that names no partner speaks for every account there."""
    scene = beside(draw, (SCOPE,), ("unknown/eu",))
    yield replace(scene, downs=())
