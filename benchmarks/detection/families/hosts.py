"""Several machines, accounts, regions, environments."""

from __future__ import annotations

import random
from collections.abc import Iterator

from benchmarks.detection.answers import F500, NO_NAME, TIMEOUT
from benchmarks.detection.families.staging import LEAD_S, family, played
from benchmarks.detection.streams import Down, Run
from benchmarks.detection.traffic import HOUR_S, SCOPE, Flow, steady
from benchmarks.detection.world import Spell

HOSTS = tuple(f"shop-{number}" for number in range(1, 9))


def flows_of(
    draw: random.Random, rates: dict[str, float], *, until_s: float, late_s: float = 5.0
) -> list[Flow]:
    """Return one flow a machine; the first machine's frames are prompt."""
    return [
        Flow(
            arrivals=steady(rate, draw, end_s=until_s),
            source=source,
            late_s=0.05 if source == HOSTS[0] else late_s,
        )
        for source, rate in rates.items()
    ]


@family
def one_bad_host_of_eight(draw: random.Random) -> Iterator[Run]:
    end_s = LEAD_S + HOUR_S
    until_s = end_s + 600.0
    for variant, rates, bad in (
        ("busy", dict.fromkeys(HOSTS, 0.2), HOSTS[3]),
        ("only it is busy", dict.fromkeys(HOSTS, 1 / 900) | {HOSTS[3]: 1.0}, HOSTS[3]),
        ("it watches", dict.fromkeys(HOSTS, 1 / 900) | {HOSTS[0]: 1.0}, HOSTS[0]),
    ):
        yield played(
            variant,
            draw,
            flows=flows_of(draw, rates, until_s=until_s),
            until_s=until_s,
            rate=sum(rates.values()),
            spells=[
                Spell(
                    begin_s=LEAD_S,
                    end_s=end_s,
                    answers=(NO_NAME,),
                    sources=(bad,),
                    closes_way=True,
                )
            ],
            ours=True,
        )


@family
def total_on_eight_hosts(draw: random.Random) -> Iterator[Run]:
    end_s = LEAD_S + 1_500.0
    until_s = end_s + 1_200.0
    yield played(
        "",
        draw,
        flows=flows_of(draw, dict.fromkeys(HOSTS, 0.1), until_s=until_s, late_s=25.0),
        until_s=until_s,
        rate=0.8,
        spells=[Spell(begin_s=LEAD_S, end_s=end_s, answers=(F500, TIMEOUT))],
        downs=[Down(scope=SCOPE, begin_s=LEAD_S, end_s=end_s)],
    )


def beside(
    variant: str, draw: random.Random, *, down: str, others: tuple[str, ...]
) -> Run:
    """Return a run in which one scope is down and the others are well."""
    end_s = LEAD_S + 1_500.0
    until_s = end_s + 1_200.0
    flows = [
        Flow(arrivals=steady(0.3, draw, end_s=until_s), scope=scope)
        for scope in (down, *others)
    ]
    is_page = not down.endswith("-sandbox")
    return played(
        variant,
        draw,
        flows=flows,
        until_s=until_s,
        rate=0.3,
        spells=[
            Spell(begin_s=LEAD_S, end_s=end_s, answers=(F500, TIMEOUT), scopes=(down,))
        ],
        downs=[Down(scope=down, begin_s=LEAD_S, end_s=end_s)] if is_page else [],
    )


@family
def one_region_down(draw: random.Random) -> Iterator[Run]:
    yield beside("", draw, down="Acmes/na", others=("Acmes/eu", "Acmes/fe"))


@family
def one_account_down(draw: random.Random) -> Iterator[Run]:
    yield beside("", draw, down="Acmes/eu", others=("Bravo/eu",))


@family
def sandbox_down(draw: random.Random) -> Iterator[Run]:
    yield beside("", draw, down="Acmes/eu-sandbox", others=("Acmes/eu",))
