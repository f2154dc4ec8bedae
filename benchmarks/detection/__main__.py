"""Score the rule and its peers on labelled streams.

    python -m benchmarks.detection --seeds 1              # every family, every peer
    python -m benchmarks.detection --mode probes --no-peers --family total-f500

First what the rule did not do well on, then the table. Exits with 1 if the rule
with probes missed an outage or an operation that is down by itself, paged falsely or
twice, or told a beginning wrongly.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.detection.families import FAMILIES
from benchmarks.detection.playing import MODES, PLAIN, PROBING, Played, play
from benchmarks.detection.report import (
    by_detector,
    failings,
    figures,
    inserted,
    table_of,
)
from benchmarks.detection.score import Result


def main() -> int:
    options = parsed_options()
    begun_s = time.perf_counter()
    played = list(all_played(options))
    took_s = time.perf_counter() - begun_s
    results = by_detector(played)
    if options.into is not None:
        document = options.into.read_text(encoding="utf-8")
        text = f"{said(size_of(played))}.\n\n{table_of(results)}"
        options.into.write_text(inserted(document, text), encoding="utf-8")
    elif options.json:
        rows = {name: figures(each) for name, each in results.items()}
        json.dump({"detectors": rows, **size_of(played)}, sys.stdout, indent=1)
    else:
        for name in (PLAIN, PROBING):
            print(*failings(name, results.get(name, ())), sep="\n")
        print(f"\n{said(size_of(played))}; took {took_s:.0f} s\n")
        print(table_of(results))
    return int(PROBING in results and not is_faultless(results))


def parsed_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds, from 1")
    parser.add_argument("--family", action="append", choices=FAMILIES, metavar="NAME")
    parser.add_argument("--mode", choices=MODES, default="both")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--into", type=Path, help="write the table into this document")
    parser.add_argument("--no-peers", action="store_true", help="the rule alone")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    return parser.parse_args()


def all_played(options: argparse.Namespace) -> Iterator[Played]:
    """Yield what came of every run, family by family."""
    todo = itertools.product(
        range(1, options.seeds + 1), options.family or list(FAMILIES)
    )
    with ProcessPoolExecutor(options.jobs) as pool:
        futures = [
            pool.submit(play, name, seed, mode=options.mode, peers=not options.no_peers)
            for seed, name in todo
        ]
        yield from itertools.chain.from_iterable(each.result() for each in futures)


def size_of(played: Sequence[Played]) -> dict[str, float]:
    """Return how much was played, and what an event costs."""
    events = sum(each.events for each in played)
    runs = [next(iter(each.results.values())) for each in played]
    return {
        "families": len({run.family for run in runs}),
        "runs": len(runs),
        "outages": sum(run.outages for run in runs),
        "quiet runs": sum(not run.outages for run in runs),
        "events": events,
        "us an event": round(1e6 * sum(each.fold_s for each in played) / events, 2),
    }


def said(size: Mapping[str, float]) -> str:
    """Return the size of what was played, in words."""
    return ", ".join(f"{value:,} {name}" for name, value in size.items())


def is_faultless(results: Mapping[str, Sequence[Result]]) -> bool:
    """Whether the rule with probes made no mistake at all."""
    return not any(
        result.missed
        or result.false
        or result.duplicates
        or result.wrong_first_failures
        or result.missed_operations
        for result in results[PROBING]
    )


if __name__ == "__main__":
    sys.exit(main())
