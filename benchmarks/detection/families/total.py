"""Total outages: not one call succeeds, whatever it is that comes instead."""

from __future__ import annotations

import random
from collections.abc import Iterator

from benchmarks.detection.answers import (
    EMPTY_503,
    F100,
    F500,
    FORBIDDEN,
    GATEWAY_504,
    HANG,
    HTML_502,
    LONG_TIMEOUT,
    MIXTURE,
    NO_NAME,
    REFUSED,
    RESEND,
    RESET,
    TIMEOUT,
    Answer,
)
from benchmarks.detection.families.staging import LEAD_S, family, orders, played
from benchmarks.detection.streams import Down, Run
from benchmarks.detection.traffic import SCOPE, Flow, batches, bursts, poisson
from benchmarks.detection.world import Reference, Spell

LASTS_S = 1_500.0
AFTER_S = 1_200.0


def outage(
    variant: str,
    draw: random.Random,
    *answers: Answer,
    rate: float = 0.5,
    lasts_s: float = LASTS_S,
    reference: Reference | None = None,
) -> Run:
    """Return a run with one total outage in the middle of ordinary traffic."""
    begin_s = LEAD_S + 60 * draw.random()
    end_s = begin_s + lasts_s
    until_s = end_s + AFTER_S
    return played(
        variant,
        draw,
        flows=orders(rate, draw, until_s=until_s),
        until_s=until_s,
        rate=rate,
        spells=[Spell(begin_s=begin_s, end_s=end_s, answers=answers)],
        downs=[Down(scope=SCOPE, begin_s=begin_s, end_s=end_s)],
        reference=reference,
    )


@family
def total_f500(draw: random.Random) -> Iterator[Run]:
    yield outage("2 a second", draw, F500, rate=2.0)
    yield outage("1 in 5 s", draw, F500, rate=0.2)


@family
def total_resend(draw: random.Random) -> Iterator[Run]:
    yield outage("", draw, RESEND)


@family
def total_f100(draw: random.Random) -> Iterator[Run]:
    yield outage("", draw, F100)


@family
def total_timeouts(draw: random.Random) -> Iterator[Run]:
    yield outage("reference answers", draw, TIMEOUT)
    yield outage("no reference", draw, TIMEOUT, reference=Reference(configured=False))


@family
def total_long_timeouts(draw: random.Random) -> Iterator[Run]:
    yield outage("", draw, LONG_TIMEOUT)


@family
def total_resets(draw: random.Random) -> Iterator[Run]:
    yield outage("", draw, RESET)


@family
def total_refused(draw: random.Random) -> Iterator[Run]:
    yield outage("", draw, REFUSED, rate=1.0)


@family
def total_amazons_name_gone(draw: random.Random) -> Iterator[Run]:
    yield outage("", draw, NO_NAME)


@family
def total_empty_503(draw: random.Random) -> Iterator[Run]:
    yield outage("", draw, EMPTY_503)


@family
def total_html_502(draw: random.Random) -> Iterator[Run]:
    yield outage("", draw, HTML_502)


@family
def total_gateway_504(draw: random.Random) -> Iterator[Run]:
    yield outage("", draw, GATEWAY_504)


@family
def total_mixture(draw: random.Random) -> Iterator[Run]:
    yield outage("5 a second", draw, *MIXTURE, rate=5.0, lasts_s=600)
    yield outage("1 in 10 s", draw, *MIXTURE, rate=0.1)


@family
def total_changing_face(draw: random.Random) -> Iterator[Run]:
    """Timeouts first, then resets, then empty answers, at last F500."""
    begin_s, step_s = LEAD_S, 240.0
    faces = (TIMEOUT, RESET, EMPTY_503, F500)
    end_s = begin_s + step_s * len(faces)
    spells = [
        Spell(
            begin_s=begin_s + step_s * number,
            end_s=begin_s + step_s * (number + 1),
            answers=(face,),
        )
        for number, face in enumerate(faces)
    ]
    yield played(
        "",
        draw,
        flows=orders(0.5, draw, until_s=end_s + AFTER_S),
        until_s=end_s + AFTER_S,
        rate=0.5,
        spells=spells,
        downs=[Down(scope=SCOPE, begin_s=begin_s, end_s=end_s)],
    )


@family
def total_while_reference_blocked(draw: random.Random) -> Iterator[Run]:
    """Many payment networks let nothing out but what they must."""
    always = Reference(blocked=((0.0, 1e9),))
    yield outage("timeouts", draw, TIMEOUT, reference=always)
    yield outage("f500", draw, F500, reference=always)
    earlier = Reference(blocked=((900.0, 1e9),))
    yield outage("blocked ten minutes before", draw, RESET, reference=earlier)
    midway = Reference(blocked=((LEAD_S + 120.0, 1e9),))
    yield outage("blocked midway, f500", draw, F500, reference=midway)


@family
def total_fast(draw: random.Random) -> Iterator[Run]:
    yield outage("10 a second", draw, F500, TIMEOUT, rate=10.0, lasts_s=600)


@family
def total_noisy_partner(draw: random.Random) -> Iterator[Run]:
    """Noise of 3 %, in bursts, then nothing succeeds at all."""
    begin_s, end_s = LEAD_S, LEAD_S + LASTS_S
    until_s = end_s + AFTER_S
    spells = [Spell(begin_s=begin_s, end_s=end_s, answers=MIXTURE)]
    yield played(
        "",
        draw,
        flows=[Flow(arrivals=poisson(0.5, draw, end_s=until_s), retries=2)],
        until_s=until_s,
        rate=0.5,
        spells=spells + bursts(draw, every_s=300.0, end_s=until_s),
        downs=[Down(scope=SCOPE, begin_s=begin_s, end_s=end_s)],
        noise=0.03,
    )


@family
def total_for_a_batch_job(draw: random.Random) -> Iterator[Run]:
    """Twelve orders every ten minutes, and nothing in between."""
    begin_s, end_s = 5_990.0, 12_000.0
    until_s = end_s + 4_000.0
    yield played(
        "",
        draw,
        flows=[Flow(arrivals=batches(12, 600.0, end_s=until_s))],
        until_s=until_s,
        rate=12 / 600,
        spells=[Spell(begin_s=begin_s, end_s=end_s, answers=(F500,))],
        downs=[Down(scope=SCOPE, begin_s=begin_s, end_s=end_s)],
    )


@family
def total_without_a_timeout(draw: random.Random) -> Iterator[Run]:
    """The client knows no timeout: calls are sent and never end."""
    yield outage("", draw, HANG)


@family
def total_workers_all_hang(draw: random.Random) -> Iterator[Run]:
    """Sixteen workers without a timeout: after sixteen calls there is silence."""
    begin_s, end_s = LEAD_S, LEAD_S + 1_800.0
    arrivals = [
        *(number * 5.0 for number in range(int(begin_s / 5))),
        *(begin_s + number * 5.0 for number in range(16)),
        *(end_s + number * 5.0 for number in range(240)),
    ]
    yield played(
        "",
        draw,
        flows=[Flow(arrivals=arrivals)],
        until_s=end_s + AFTER_S,
        rate=0.2,
        spells=[
            Spell(begin_s=begin_s, end_s=end_s, answers=(HANG,), probes=False),
            Spell(begin_s=begin_s, end_s=end_s, answers=(TIMEOUT,)),
        ],
        downs=[Down(scope=SCOPE, begin_s=begin_s, end_s=end_s)],
        noise=0.0,
    )


@family
def total_front_door_alive(draw: random.Random) -> Iterator[Run]:
    """Validation still refuses bad input while the back end is dead."""
    begin_s, end_s = LEAD_S, LEAD_S + LASTS_S
    until_s = end_s + AFTER_S
    refused = Spell(
        begin_s=0.0, end_s=until_s, answers=(FORBIDDEN,), share=0.1, probes=False
    )
    yield played(
        "",
        draw,
        flows=orders(1.0, draw, until_s=until_s),
        until_s=until_s,
        rate=1.0,
        spells=[refused, Spell(begin_s=begin_s, end_s=end_s, answers=(F500,))],
        downs=[Down(scope=SCOPE, begin_s=begin_s, end_s=end_s)],
    )


@family
def total_probes_denied(draw: random.Random) -> Iterator[Run]:
    """The probe's key was never allowed to ask for funds."""
    begin_s, end_s = LEAD_S, LEAD_S + LASTS_S
    until_s = end_s + AFTER_S
    yield played(
        "",
        draw,
        flows=orders(0.5, draw, until_s=until_s),
        until_s=until_s,
        rate=0.5,
        spells=[
            Spell(begin_s=0.0, end_s=until_s, answers=(FORBIDDEN,), real=False),
            Spell(begin_s=begin_s, end_s=end_s, answers=(F500,)),
        ],
        downs=[Down(scope=SCOPE, begin_s=begin_s, end_s=end_s)],
    )
