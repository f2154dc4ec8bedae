"""Score the rule and its peers on labelled streams.

python -m benchmarks.detection --seeds 1
python -m benchmarks.detection --seeds 3 --mode probes --family total-f500
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from rich.console import Console

from benchmarks.detection.families import FAMILIES
from benchmarks.detection.playing import MODES, PLAIN, PROBING, Played, play
from benchmarks.detection.report import by_detector, failings, figures, table_of


def main() -> None:
    options = parsed_options()
    begun_s = time.perf_counter()
    played = list(all_played(options))
    took_s = time.perf_counter() - begun_s
    results = by_detector(played)
    if options.json:
        found = {name: figures(each) for name, each in results.items()}
        json.dump(found, sys.stdout, indent=1)
        return
    console = Console(width=220)
    rules = {name: results[name] for name in (PLAIN, PROBING) if name in results}
    for line in failings(rules):
        console.print(line, highlight=False, markup=False)
    quiet = sum(not result.outages for result in next(iter(rules.values())))
    outages = sum(result.outages for result in next(iter(rules.values())))
    calls = sum(each.calls for each in played)
    fold_us = 1e6 * sum(each.fold_s for each in played)
    events = sum(each.events for each in played)
    title = (
        f"{len(FAMILIES)} families, {options.seeds} seeds, {calls:,} calls, "
        f"{outages} outages, {quiet} quiet runs; {fold_us / events:.2f} us an event; "
        f"{took_s:.0f} s"
    )
    console.print(table_of(results, title=title))


def parsed_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds, from 1")
    parser.add_argument("--family", action="append", choices=FAMILIES, metavar="NAME")
    parser.add_argument("--mode", choices=MODES, default="both")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--no-peers", action="store_true", help="the rule alone")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    return parser.parse_args()


def all_played(options: argparse.Namespace) -> Iterator[Played]:
    """Yield what came of every run, family by family."""
    todo = [
        (name, seed)
        for seed in range(1, options.seeds + 1)
        for name in options.family or FAMILIES
    ]
    with ProcessPoolExecutor(options.jobs) as pool:
        futures = [
            pool.submit(play, name, seed, mode=options.mode, peers=not options.no_peers)
            for name, seed in todo
        ]
        yield from itertools.chain.from_iterable(each.result() for each in futures)


if __name__ == "__main__":
    main()
