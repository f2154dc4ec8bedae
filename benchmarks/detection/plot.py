"""Draw how long each detector takes, against how much traffic there is.

    python -m benchmarks.detection.plot docs/detection-delay.svg

A total outage with F500 in even traffic of one machine; the median of several
draws at each rate. Both axes are logarithmic.
"""

from __future__ import annotations

import math
import random
import statistics
import sys
from dataclasses import replace
from pathlib import Path

from agcod_guard.outage.policy import OutagePolicy
from benchmarks.detection.answers import F500
from benchmarks.detection.bound import least_delay_s, policy_floor_s
from benchmarks.detection.drawing import Point, drawing
from benchmarks.detection.families.staging import NOISE, outage
from benchmarks.detection.peers import PEERS
from benchmarks.detection.playing import PLAIN, PROBING, peer_alarms
from benchmarks.detection.rule import Watching
from benchmarks.detection.streams import Run
from benchmarks.detection.traffic import Flow

RATES = tuple(
    1 / every_s for every_s in (1200, 600, 300, 120, 60, 30, 20, 10, 5, 2, 1, 0.3, 0.1)
)
DRAWS = 3
TITLE = "From the first failing call of a total outage to the alarm, median"
BOUND = "bound for any detector"
FLOOR = "floor of the policy"


def main() -> None:
    Path(sys.argv[1]).write_text(drawing(curves(), title=TITLE), encoding="utf-8")


def curves() -> dict[str, list[Point]]:
    """Return the median delay of each detector at each rate; none if it missed."""
    found: dict[str, list[Point]] = {}
    for rate in RATES:
        delays: dict[str, list[float]] = {}
        for number in range(DRAWS):
            for name, delay_s in delays_in(run_at(rate, number)).items():
                delays.setdefault(name, []).append(delay_s)
        for name, each in delays.items():
            median_s = statistics.median(each)
            if math.isfinite(median_s):
                found.setdefault(name, []).append((rate, max(median_s, 1.0)))
    return found


def run_at(rate: float, number: int) -> Run:
    """Return a run with a total outage long enough for everybody."""
    draw = random.Random(f"{rate} {number}")
    begin_s = max(20 / rate, 120.0) + draw.random() / rate
    scene = outage(F500, rate=rate, begin_s=begin_s, lasts_s=max(120 / rate, 900.0))
    even = [order / rate for order in range(int(scene.until_s * rate))]
    return replace(scene, flows=[Flow(arrivals=even)]).played("plot", draw)


def delays_in(run: Run) -> dict[str, float]:
    """Return each detector's delay in the run; infinite if it found nothing."""
    policy = OutagePolicy()
    (true,) = run.outages
    delays = {BOUND: least_delay_s(run.rate, NOISE)}
    alarms = {name: peer_alarms(run, name) for name in PEERS}
    for name, may_probe in ((PLAIN, False), (PROBING, True)):
        watching = Watching(run, probes=may_probe, policy=policy)
        watching.watch()
        alarms[name] = watching.alarms
    probed_s = [probe.at_s for probe in watching.probes]
    floor_s = policy_floor_s(true, run.calls, probed_s=probed_s, policy=policy)
    delays[FLOOR] = floor_s - true.onset_s
    for name, each in alarms.items():
        opened_s = (alarm.opened_s for alarm in each)
        first_s = min((at for at in opened_s if at >= true.begin_s), default=math.inf)
        delays[name] = first_s - true.onset_s
    return delays


if __name__ == "__main__":
    main()
