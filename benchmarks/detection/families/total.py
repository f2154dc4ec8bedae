"""Total outages: not one call succeeds, whatever it is that comes instead."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from benchmarks.detection.answers import (
    EMPTY_503,
    F100,
    F200,
    F500,
    FORBIDDEN,
    GATEWAY_504,
    GIVEN_UP,
    HANG,
    HTML_502,
    LONG_TIMEOUT,
    MIXTURE,
    NO_NAME,
    RATE_EXCEEDED,
    REFUSED,
    RESEND,
    RESET,
    SLOWEST_SUCCESS,
    TIMEOUT,
    VERY_LONG_TIMEOUT,
)
from benchmarks.detection.families.staging import (
    LASTS_S,
    LEAD_S,
    NO_REFERENCE,
    Scene,
    family,
    outage,
)
from benchmarks.detection.streams import Down
from benchmarks.detection.traffic import CREATE, SCOPE, Flow, bursts, poisson, steady
from benchmarks.detection.world import Reference, Spell

END_S = LEAD_S + LASTS_S


@family
def total_f500(draw: random.Random) -> Iterator[Scene]:
    yield outage(F500, rate=2.0, variant="2 a second")
    yield outage(F500, rate=0.2, variant="1 in 5 s")


@family
def total_resend(draw: random.Random) -> Iterator[Scene]:
    yield outage(RESEND)


@family
def total_f100(draw: random.Random) -> Iterator[Scene]:
    yield outage(F100)


@family
def total_timeouts(draw: random.Random) -> Iterator[Scene]:
    yield outage(TIMEOUT, variant="reference answers")
    yield replace(outage(TIMEOUT, variant="no reference"), reference=NO_REFERENCE)


@family
def total_long_timeouts(draw: random.Random) -> Iterator[Scene]:
    yield outage(LONG_TIMEOUT, variant="30 s")
    yield outage(VERY_LONG_TIMEOUT, variant="90 s")


@family
def total_resets(draw: random.Random) -> Iterator[Scene]:
    yield outage(RESET)


@family
def total_refused(draw: random.Random) -> Iterator[Scene]:
    yield outage(REFUSED, rate=1.0)


@family
def total_amazons_name_gone(draw: random.Random) -> Iterator[Scene]:
    yield outage(NO_NAME)


@family
def total_empty_503(draw: random.Random) -> Iterator[Scene]:
    yield outage(EMPTY_503)


@family
def total_html_502(draw: random.Random) -> Iterator[Scene]:
    yield outage(HTML_502)


@family
def total_gateway_504(draw: random.Random) -> Iterator[Scene]:
    yield outage(GATEWAY_504)


@family
def total_mixture(draw: random.Random) -> Iterator[Scene]:
    yield outage(*MIXTURE, rate=5.0, lasts_s=600.0, variant="5 a second")
    yield outage(*MIXTURE, rate=0.1, variant="1 in 10 s")


@family
def total_fast(draw: random.Random) -> Iterator[Scene]:
    yield outage(F500, TIMEOUT, rate=10.0, lasts_s=600.0)


@family
def total_for_four_minutes(draw: random.Random) -> Iterator[Scene]:
    yield outage(F500, RESET, rate=1.0, lasts_s=240.0)


@family
def total_for_half_a_day(draw: random.Random) -> Iterator[Scene]:
    yield outage(*MIXTURE, rate=0.05, lasts_s=43_200.0)


@family
def total_to_the_end(draw: random.Random) -> Iterator[Scene]:
    """It has not ended when we stop looking."""
    scene = outage(F500, lasts_s=3_600.0)
    yield replace(scene, until_s=LEAD_S + 1_800.0)


@family
def total_changing_face(draw: random.Random) -> Iterator[Scene]:
    """Timeouts first, then resets, then empty answers, at last F500."""
    faces = (TIMEOUT, RESET, EMPTY_503, F500)
    step_s = LASTS_S / len(faces)
    spells = [
        Spell(
            begin_s=LEAD_S + step_s * number,
            end_s=LEAD_S + step_s * (number + 1),
            answers=(face,),
        )
        for number, face in enumerate(faces)
    ]
    yield replace(outage(), spells=spells)


@family
def total_reference_blocked(draw: random.Random) -> Iterator[Scene]:
    """Many payment networks let nothing out but what they must."""
    always = Reference(blocked=((0.0, 1e9),))
    yield replace(outage(TIMEOUT, variant="timeouts"), reference=always)
    yield replace(outage(F500, variant="F500"), reference=always)


@family
def total_reference_blocked_midway(draw: random.Random) -> Iterator[Scene]:
    before = Reference(blocked=((LEAD_S - 600.0, 1e9),))
    yield replace(outage(RESET, variant="ten minutes before"), reference=before)
    within = Reference(blocked=((LEAD_S + 120.0, 1e9),))
    yield replace(outage(F500, variant="within, F500"), reference=within)
    at_once = Reference(blocked=((LEAD_S, LEAD_S + 600.0),))
    yield replace(outage(RESEND, F500, variant="at once, F500"), reference=at_once)


@family
def total_silence_and_a_shaky_reference(draw: random.Random) -> Iterator[Scene]:
    """The reference misses a check now and then, as any host does."""
    missed = tuple((at_s, at_s + 15.0) for at_s in range(200, 4_200, 250))
    shaky = Reference(blocked=missed)
    yield replace(outage(TIMEOUT, RESET), reference=shaky)


@family
def total_noisy_partner(draw: random.Random) -> Iterator[Scene]:
    """Noise of 3 %, in bursts, then nothing succeeds at all."""
    scene = outage(*MIXTURE)
    yield replace(
        scene,
        flows=[Flow(arrivals=poisson(0.5, draw, end_s=scene.until_s), retries=2)],
        spells=[
            *scene.spells,
            *bursts(draw, every_s=300.0, end_s=scene.until_s),
        ],
        noise=0.03,
    )


@family
def total_after_a_burst(draw: random.Random) -> Iterator[Scene]:
    """Half a minute of noise leads over to it."""
    scene = outage(F500, TIMEOUT, rate=0.3)
    burst = Spell(
        begin_s=LEAD_S - 30.0, end_s=LEAD_S, answers=(F500, RESEND), share=0.7
    )
    down = Down(
        scope=SCOPE, begin_s=LEAD_S - 30.0, settled_s=LEAD_S + 12.0, end_s=END_S
    )
    yield replace(scene, spells=[burst, *scene.spells], downs=[down])


@family
def total_with_retries(draw: random.Random) -> Iterator[Scene]:
    """Every order is sent six times: only different orders are evidence."""
    scene = outage(F500, rate=0.1)
    flow = Flow(arrivals=steady(0.1, draw, end_s=scene.until_s), retries=5)
    yield replace(scene, flows=[flow])


@family
def total_slow_ones_still_succeed(draw: random.Random) -> Iterator[Scene]:
    """What was sent before succeeds up to a minute later."""
    scene = outage(F500, rate=1.0)
    slow = Spell(begin_s=LEAD_S - 60.0, end_s=LEAD_S, answers=(SLOWEST_SUCCESS,))
    down = Down(scope=SCOPE, begin_s=LEAD_S, settled_s=LEAD_S + 1.0, end_s=END_S)
    yield replace(scene, spells=[slow, *scene.spells], downs=[down])


@family
def total_without_a_timeout(draw: random.Random) -> Iterator[Scene]:
    """The client knows no timeout: calls are sent and never end."""
    yield outage(HANG)


@family
def total_workers_all_hang(draw: random.Random) -> Iterator[Scene]:
    """Sixteen workers without a timeout: after sixteen calls there is silence."""
    arrivals = [
        *steady(0.2, draw, end_s=LEAD_S),
        *(LEAD_S + number * 5.0 for number in range(16)),
        *steady(0.2, draw, begin_s=END_S, end_s=END_S + 1_200.0),
    ]
    hanging = Spell(begin_s=LEAD_S, end_s=END_S, answers=(HANG,), probes=False)
    scene = outage(TIMEOUT, rate=0.2)
    yield replace(
        scene,
        flows=[Flow(arrivals=arrivals)],
        spells=[hanging, *scene.spells],
        noise=0.0,
    )


@family
def total_behind_a_living_front_door(draw: random.Random) -> Iterator[Scene]:
    """Part of the calls is still refused, as bad ones are on any day."""
    for answer, share in (
        (F200, 0.3),
        (F200, 0.5),
        (FORBIDDEN, 0.1),
        (RATE_EXCEEDED, 0.4),
    ):
        scene = outage(F500, rate=1.0, variant=f"{share:.0%} {answer.outcome}")
        refused = Spell(
            begin_s=LEAD_S, end_s=END_S, answers=(answer,), share=share, probes=False
        )
        yield replace(scene, spells=[refused, *scene.spells])


@family
def total_probes_denied(draw: random.Random) -> Iterator[Scene]:
    """The probe's key was never allowed to ask for funds."""
    scene = outage(F500)
    denied = Spell(begin_s=0.0, end_s=1e9, answers=(FORBIDDEN,), real=False)
    yield replace(scene, spells=[denied, *scene.spells])


@family
def total_for_who_only_asks_for_funds(draw: random.Random) -> Iterator[Scene]:
    """A night in which nothing but a balance is asked for, once a minute."""
    scene = outage(F500, rate=1 / 60, lasts_s=3_600.0)
    flow = Flow(
        arrivals=steady(1 / 60, draw, end_s=scene.until_s),
        operations=(("GetAvailableFunds", 1.0),),
    )
    yield replace(scene, flows=[flow])


@family
def total_for_who_only_creates(draw: random.Random) -> Iterator[Scene]:
    scene = outage(RESEND, EMPTY_503, rate=0.3)
    flow = Flow(
        arrivals=poisson(0.3, draw, end_s=scene.until_s), operations=((CREATE, 1.0),)
    )
    yield replace(scene, flows=[flow])


@family
def total_behind_a_breaker(draw: random.Random) -> Iterator[Scene]:
    """The partner's own breaker opens after five, then tries once a minute."""
    arrivals = [
        *steady(0.5, draw, end_s=LEAD_S),
        *(LEAD_S + number * 2.0 for number in range(5)),
        *(LEAD_S + 74.0 + number * 66.0 for number in range(int(LASTS_S / 66))),
        *steady(0.5, draw, begin_s=END_S + 66.0, end_s=END_S + 1_200.0),
    ]
    yield replace(outage(F500, TIMEOUT), flows=[Flow(arrivals=arrivals)], noise=0.0)


@family
def total_for_impatient_callers(draw: random.Random) -> Iterator[Scene]:
    """Most callers give up before their client does."""
    yield outage(GIVEN_UP, GIVEN_UP, TIMEOUT, rate=1.0)


@family
def total_then_cut_off_meanwhile(draw: random.Random) -> Iterator[Scene]:
    """A minute into it our own network is gone for a minute as well."""
    scene = outage(F500, rate=1.0)
    cut = Spell(
        begin_s=LEAD_S + 60.0,
        end_s=LEAD_S + 120.0,
        answers=(NO_NAME,),
        closes_way=True,
    )
    yield replace(scene, spells=[cut, *scene.spells])
