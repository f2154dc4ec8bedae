"""What a call costs with the guard, beside what people use otherwise.

    python benchmarks/overhead.py            # two or three minutes
    python benchmarks/overhead.py --quick    # some twenty seconds
    python benchmarks/overhead.py --only guard traces+metrics    # these calls only

Clients take turns within one run, each round in another order, so that what the
machine does meanwhile hits all alike. "Over bare" is the median of the paired
differences of a round. Compare rows of one run only: the more clients take turns,
the colder each finds the processor's caches.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import math
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.server import ThreadingHTTPServer
from itertools import chain
from pathlib import Path

from clients import (
    ANSWER,
    ANSWER_HEADERS,
    CANNED_URL,
    ORDER,
    SIGNED,
    Client,
    Fleet,
    LoopbackHandler,
    fleet,
    new_guard,
)
from httpx_clients import BARE_OF, httpx_fleet
from rich.console import Console
from rich.table import Table

from agcod_guard.recorder import Recorder

BARE = "bare requests"
RIVAL = "OpenTelemetry traces + metrics"
SHORT_NAMES = {
    "guard": "guard",
    "events": "guard, one JSON event a call",
    "traces": "OpenTelemetry traces",
    "traces+metrics": RIVAL,
    "by-hand": "by hand: log, metrics, SQLite",
}
WARM_UP = 200
COLUMNS = ("p50", "p99", "over bare")

Times = Mapping[str, list[float]]
"""Microseconds of each call, by client; the n-th of each are of one round."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the calls")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=SHORT_NAMES,
        help="one call of these, beside bare requests, and nothing else",
    )
    options = parser.parse_args()
    share = 10 if options.quick else 1
    with tempfile.TemporaryDirectory(prefix="overhead-") as name:
        for table in tables(Path(name), share, options.only):
            Console().print(table)


def tables(folder: Path, share: int, only: Sequence[str] | None) -> Iterator[Table]:
    names = [BARE, *(SHORT_NAMES[short] for short in only or SHORT_NAMES)]
    yield canned_table(folder, 20_000 // share, names)
    if only is None:
        yield loopback_table(folder, 4_000 // share, names)
        yield busy_table(folder, 400 // share, names)
        yield httpx_table(folder, 10_000 // share)
        yield cpu_table(folder, 50_000 // share)
        yield process_table(50_000 // share, imports=20 // share + 1)


# --- one call ---------------------------------------------------------------


def canned_table(folder: Path, rounds: int, names: Sequence[str]) -> Table:
    times = taken_turns(fleet(CANNED_URL, folder / "canned"), rounds, names=names)
    return call_table(f"canned adapter, {rounds:,} rounds", times)


def loopback_table(folder: Path, rounds: int, names: Sequence[str]) -> Table:
    with loopback_agcod() as url:
        times = taken_turns(fleet(url, folder / "loopback"), rounds, names=names)
    return call_table(f"loopback server, {rounds:,} rounds", times)


def busy_table(folder: Path, rounds: int, names: Sequence[str]) -> Table:
    with one_busy_thread():
        made = fleet(CANNED_URL, folder / "busy")
        times = taken_turns(made, rounds, names=names, warm_up=5)
    title = f"canned adapter, one busy thread beside, {rounds:,} rounds"
    return call_table(title, times)


def taken_turns(
    made: Fleet, rounds: int, *, names: Sequence[str], warm_up: int = WARM_UP
) -> Times:
    """Return what each client's calls took, the clients taking turns."""
    times: dict[str, list[float]] = {name: [] for name in names}
    for number in range(warm_up + rounds):
        for name in random.sample(names, len(names)):
            taken_us = timed_us(made.clients[name])
            if number >= warm_up:
                times[name].append(taken_us)
    made.close()
    return times


def timed_us(client: Client) -> float:
    started_ns = time.perf_counter_ns()
    client()
    return (time.perf_counter_ns() - started_ns) / 1e3


def call_table(title: str, times: Times) -> Table:
    table = Table("client", "p50 µs", "p99 µs", "over bare µs", "x bare", "x OTel t+m")
    table.title = title
    rival_us = over_bare_us(times, RIVAL) if RIVAL in times else math.nan
    for name, taken in times.items():
        p50, over_us = statistics.median(taken), over_bare_us(times, name)
        table.add_row(
            name,
            f"{p50:,.1f}",
            f"{quantile(taken, 0.99):,.1f}",
            f"{over_us:,.1f}",
            f"{p50 / statistics.median(times[BARE]):.2f}",
            f"{over_us / rival_us:.2f}",
        )
    return table


def httpx_table(folder: Path, rounds: int) -> Table:
    """Time clients of httpx, each beside a bare one of its kind."""
    found: dict[str, Times] = {}
    with asyncio.Runner() as runner, loopback_agcod() as url:
        for way, at, times in (
            ("canned", CANNED_URL, rounds),
            ("loopback", url, rounds // 4),
        ):
            made = httpx_fleet(at, folder / f"httpx-{way}", runner)
            found[way] = taken_turns(made, times, names=[*made.clients])
    table = Table("client", *(f"{way} {what} µs" for way in found for what in COLUMNS))
    table.title = f"httpx, {rounds:,} rounds canned, a quarter of them on loopback"
    for name, bare in BARE_OF.items():
        cells = (cells_of(times, name, bare) for times in found.values())
        table.add_row(name, *chain.from_iterable(cells))
    return table


def cells_of(times: Times, name: str, bare: str) -> tuple[str, ...]:
    p50, p99 = statistics.median(times[name]), quantile(times[name], 0.99)
    over_us = over_bare_us(times, name, bare=bare)
    return tuple(f"{value:,.1f}" for value in (p50, p99, over_us))


def over_bare_us(times: Times, name: str, *, bare: str = BARE) -> float:
    pairs = zip(times[name], times[bare], strict=True)
    return statistics.median(taken - without for taken, without in pairs)


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


@contextlib.contextmanager
def loopback_agcod() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), LoopbackHandler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/CreateGiftCard"
    server.shutdown()
    server.server_close()


@contextlib.contextmanager
def one_busy_thread() -> Iterator[None]:
    stop = threading.Event()

    def spin() -> None:
        while not stop.is_set():
            sum(range(1_000))

    thread = threading.Thread(target=spin, daemon=True)
    thread.start()
    yield
    stop.set()
    thread.join()


# --- processor time ---------------------------------------------------------


def cpu_table(folder: Path, calls: int) -> Table:
    """Time the guard's own part of a call on its thread, without any client."""
    guard = new_guard(folder / "cpu")
    recorder = guard._parts.recorder
    taken = [cpu_of_us(lambda: record(recorder)) for _ in range(calls)]
    time.sleep(2.5)  # the helper thread has read what was written
    idle = core_share(lambda: None)
    share = core_share(lambda: record(recorder)) - idle
    guard.close()
    table = Table("the guard's own part of a call", "")
    table.title = f"processor time, {calls:,} calls"
    for label, quantile_at in (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)):
        table.add_row(f"thread CPU, {label}", f"{quantile(taken, quantile_at):,.1f} µs")
    table.add_row("of one core at 1,000 calls a second, all threads", f"{share:.1%}")
    return table


def record(recorder: Recorder) -> None:
    """Do for one call what capture has the recorder do."""
    opened = recorder.begin(method="POST", url=CANNED_URL, headers=SIGNED, body=ORDER)
    if opened is not None:
        recorder.answered(opened, status=200, headers=ANSWER_HEADERS)
        recorder.await_body(opened)
        recorder.reading(opened)
        recorder.end(opened, body=ANSWER)


def cpu_of_us(act: Callable[[], object]) -> float:
    started_ns = time.thread_time_ns()
    act()
    return (time.thread_time_ns() - started_ns) / 1e3


def core_share(act: Callable[[], object], *, calls: int = 4_000) -> float:
    """Return how much of a core the process takes at 1,000 calls a second."""
    started_s, process_s = time.monotonic(), time.process_time()
    for number in range(calls):
        act()
        time.sleep(max(0.0, started_s + (number + 1) / 1_000 - time.monotonic()))
    return (time.process_time() - process_s) / (time.monotonic() - started_s)


# --- a whole process --------------------------------------------------------

IMPORTS = {
    "import requests": "import requests",
    "import requests, agcod_guard": "import requests, agcod_guard",
    "import requests; from agcod_guard import Guard": (
        "import requests; from agcod_guard import Guard"
    ),
}
TIMED_IMPORT = (
    "import time; t = time.perf_counter(); {}; print(time.perf_counter() - t)"
)
RESIDENT = """
import sys, tempfile, time, requests
from pathlib import Path
def resident_kb():
    fields = Path("/proc/self/status").read_text().split("VmRSS:")[1]
    return int(fields.split()[0])
with_guard, calls = sys.argv[1] == "guard", int(sys.argv[2])
import io
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse
URL, BODY = "https://agcod-v2-eu.amazon.com/CreateGiftCard", b'{"status":"SUCCESS"}'
class Canned(HTTPAdapter):
    def send(self, request, **kwargs):
        raw = HTTPResponse(body=io.BytesIO(BODY), status=200, preload_content=False)
        return self.build_response(request, raw)
session = requests.Session()
session.mount("https://", Canned())
if with_guard:
    from agcod_guard import Guard, Settings
    guard = Guard(Settings.load(env={}, data_dir=tempfile.mkdtemp()))
    guard.wrap(session)
def call(times):
    for number in range(times):
        order = {"partnerId": "Acmes", "creationRequestId": f"Acmes{number}"}
        session.post(URL, json=order, timeout=6)
def settled_kb(calls):
    call(calls)
    time.sleep(2.5)  # the helper thread has looked twice
    return resident_kb()
print(settled_kb(1_000), settled_kb(20_000), settled_kb(calls))
"""


def process_table(calls: int, *, imports: int) -> Table:
    table = Table("a process", "")
    table.title = f"import time (median of {imports}) and memory ({calls:,} calls)"
    for label, code in IMPORTS.items():
        table.add_row(label, f"{import_ms(code, imports):,.0f} ms")
    bare, guard = resident_mb("bare", calls), resident_mb("guard", calls)
    table.add_row("resident, bare, after 1,000 calls", f"{bare[0]:,.1f} MB")
    table.add_row("more with the guard", f"{guard[0] - bare[0]:,.1f} MB")
    more_mb = guard[1] - bare[1]
    table.add_row("more after 20,000 calls at full speed", f"{more_mb:,.1f} MB")
    table.add_row("growth since, bare", f"{bare[2] - bare[1]:,.2f} MB")
    table.add_row("growth since, guard", f"{guard[2] - guard[1]:,.2f} MB")
    return table


def import_ms(code: str, times: int) -> float:
    taken = [float(said_by(TIMED_IMPORT.format(code))) for _ in range(times)]
    return statistics.median(taken) * 1e3


def resident_mb(kind: str, calls: int) -> list[float]:
    """Return resident memory after 1,000 calls, 20,000 more, and `calls` more."""
    return [int(kb) / 1024 for kb in said_by(RESIDENT, kind, str(calls)).split()]


def said_by(code: str, *arguments: str) -> str:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    main()
