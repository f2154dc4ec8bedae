"""What the journal costs, what it survives, and how fast it is read.

    python benchmarks/journal.py            # about a minute
    python benchmarks/journal.py --quick    # a few seconds, smaller numbers
    python benchmarks/journal.py --kills 300 --writers 8

Times are microseconds unless said otherwise. Compare rows of one run only.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import selectors
import signal
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from agcod_guard.call import Outcome
from agcod_guard.clock import ManualClock, SystemClock
from agcod_guard.frames import Begin, End, Header, decoded
from agcod_guard.ports import Clock, Stored
from agcod_guard.storage.boot import boot_id
from agcod_guard.storage.reading import SegmentReader
from agcod_guard.storage.segments import JournalLimits, SegmentJournal

DAY_S = 86_400.0
PERIOD_S = 30 * DAY_S


class Deaf:
    """An observer that does nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *facts: None


def main() -> None:
    options = parsed_options()
    console = Console()
    with tempfile.TemporaryDirectory(prefix="journal-benchmark-") as name:
        folder = Path(name)
        console.print(append_table(folder, options.appends))
        console.print(reading_table(folder / "read", options.calls))
        console.print(kill_table(folder / "kill", options.kills, options.writers))


def parsed_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="smaller numbers")
    parser.add_argument("--appends", type=int, help="calls per row (20,000)")
    parser.add_argument("--calls", type=int, help="calls to read back (1,000,000)")
    parser.add_argument("--kills", type=int, help="writers to kill (40)")
    parser.add_argument("--writers", type=int, default=8, help="at a time (8)")
    options = parser.parse_args()
    options.appends = options.appends or (2_000 if options.quick else 20_000)
    options.calls = options.calls or (50_000 if options.quick else 1_000_000)
    options.kills = options.kills or (8 if options.quick else 40)
    return options


# --- what a call costs -----------------------------------------------------


def append_table(folder: Path, calls: int) -> Table:
    table = Table("a call, written as", "p50", "p99", "max", "busy p50", "busy p99")
    for name, made in WRITERS.items():
        with made(folder / name.replace(" ", "-")) as write:
            alone = timed_us(write, calls)
            with one_busy_thread():
                busy = timed_us(write, 300, pause_s=0.001)
        figures = [*quantiles(alone), max(alone), *quantiles(busy)]
        table.add_row(name, *(f"{figure:,.1f}" for figure in figures))
    table.title = f"append: begin and end of {calls:,} calls"
    return table


@contextlib.contextmanager
def journal_writer(folder: Path) -> Iterator[Callable[[int], None]]:
    journal = SegmentJournal(
        folder, header=header_of(SystemClock()), clock=SystemClock(), observer=Deaf()
    )

    def write(number: int) -> None:
        wall_ns, mono_ns = time.time_ns(), time.monotonic_ns()
        journal.append(begin_of(number, wall_ns, mono_ns))
        journal.append(end_of(number, wall_ns, mono_ns))

    yield write
    journal.close()


@contextlib.contextmanager
def json_lines_writer(path: Path) -> Iterator[Callable[[int], None]]:
    with path.open("ab", buffering=0) as file:

        def write(number: int) -> None:
            for record in records_of(number):
                file.write(json.dumps(record).encode() + b"\n")

        yield write


@contextlib.contextmanager
def sqlite_writer(path: Path) -> Iterator[Callable[[int], None]]:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("CREATE TABLE calls (id, phase, facts)")

        def write(number: int) -> None:
            for record in records_of(number):
                row = (record["call_id"], record["phase"], json.dumps(record))
                database.execute("INSERT INTO calls VALUES (?, ?, ?)", row)

        yield write


WRITERS = {
    "journal": journal_writer,
    "json lines": json_lines_writer,
    "SQLite WAL rows": sqlite_writer,
}


def timed_us(
    write: Callable[[int], None], calls: int, *, pause_s: float = 0.0
) -> list[float]:
    times = []
    for number in range(calls):
        if pause_s:
            time.sleep(pause_s)
        before = time.perf_counter_ns()
        write(number)
        times.append((time.perf_counter_ns() - before) / 1e3)
    return times


@contextlib.contextmanager
def one_busy_thread() -> Iterator[None]:
    stop = threading.Event()

    def count() -> None:
        while not stop.is_set():
            sum(range(100))

    thread = threading.Thread(target=count)
    thread.start()
    yield
    stop.set()
    thread.join()


def quantiles(times: list[float]) -> tuple[float, float]:
    return statistics.median(times), statistics.quantiles(times, n=100)[98]


# --- how fast it is read ---------------------------------------------------


def reading_table(folder: Path, calls: int) -> Table:
    clock = ManualClock(time.time() - PERIOD_S)
    fill(folder, calls, clock)
    reader = SegmentReader(folder, Deaf())
    size_bytes = sum(segment.size_bytes for segment in reader.segments())
    now_s = clock.wall_s()
    table = Table("reading", "seconds", "frames", "µs a frame")
    table.title = f"{calls:,} calls over 30 days, {size_bytes / calls:.0f} bytes each"
    steps: dict[str, Callable[[], int]] = {
        "scan and check": lambda: sum(1 for _ in reader.tail({})),
        "scan, check, decode": lambda: decoded_frames(reader.tail({})),
        "the last 24 h": lambda: decoded_frames(reader.between(now_s - DAY_S, now_s)),
    }
    for name, step in steps.items():
        before = time.perf_counter()
        frames = step()
        taken_s = time.perf_counter() - before
        each_us = f"{taken_s / frames * 1e6:.2f}"
        table.add_row(name, f"{taken_s:.2f}", f"{frames:,}", each_us)
    return table


def decoded_frames(stored: Iterable[Stored]) -> int:
    return sum(decoded(each.kind, each.payload) is not None for each in stored)


def fill(folder: Path, calls: int, clock: ManualClock) -> None:
    """Write calls that are spread over the period, in segments of their time."""
    limits = JournalLimits(roll_bytes=8_000_000 if calls > 100_000 else 500_000)
    journal = SegmentJournal(
        folder, header=header_of(clock), clock=clock, observer=Deaf(), limits=limits
    )
    for number in range(calls):
        wall_ns = int(clock.wall_s() * 1e9)
        mono_ns = int(clock.monotonic_s() * 1e9)
        journal.append(begin_of(number, wall_ns, mono_ns))
        journal.append(end_of(number, wall_ns, mono_ns))
        clock.advance(PERIOD_S / calls)
        if number % 500 == 0:
            journal.maintain()
    journal.close()
    date_back(folder, clock)


def date_back(folder: Path, clock: ManualClock) -> None:
    segments = SegmentReader(folder, Deaf()).segments()
    ends_s = [each.header.wall_ns / 1e9 for each in segments[1:]] + [clock.wall_s()]
    for segment, end_s in zip(segments, ends_s, strict=True):
        os.utime(folder / segment.name, (end_s, end_s))


# --- what it survives ------------------------------------------------------


def kill_table(folder: Path, kills: int, writers: int) -> Table:
    chance = random.Random(1)
    acknowledged, found = 0, 0
    for number in range(-(-kills // writers)):
        place = folder / str(number)
        said = killed_writers(place, writers, chance)
        read = {
            f"{each.kind.value.decode()}{call_id_of(each.payload)}"
            for each in SegmentReader(place, Deaf()).tail({})
        }
        acknowledged += len(said)
        found += len(said & read)
    table = Table("kill -9", "acknowledged", "read back", "lost")
    rounds = -(-kills // writers) * writers
    lost = acknowledged - found
    table.add_row(f"{rounds:,}", f"{acknowledged:,}", f"{found:,}", f"{lost:,}")
    table.title = f"{writers} writers at a time, killed while they write"
    return table


def call_id_of(payload: bytes) -> str:
    return str(msgspec.json.decode(payload)["c"])


def killed_writers(folder: Path, writers: int, chance: random.Random) -> set[str]:
    """Start writers, kill each at some moment; return what they acknowledged."""
    children: dict[int, int] = {}
    for _ in range(writers):
        readable, writable = os.pipe()
        child = os.fork()
        if child == 0:
            write_for_ever(folder, writable)
        os.close(writable)
        children[child] = readable
    moments = {
        child: time.monotonic() + chance.uniform(0.02, 0.4) for child in children
    }
    received = received_until_killed(children, moments)
    return {line for each in received for line in each.decode().split("\n")[:-1]}


def write_for_ever(folder: Path, acknowledge: int) -> None:
    journal = SegmentJournal(
        folder, header=header_of(SystemClock()), clock=SystemClock(), observer=Deaf()
    )
    for number in range(os.getpid() * 10_000_000, 1 << 62):
        for frame in (begin_of(number, 0, 0), end_of(number, 0, 0)):
            if journal.append(frame):
                kind = type(frame).__name__[0]
                os.write(acknowledge, f"{kind}{frame.call_id}\n".encode())


def received_until_killed(
    children: dict[int, int], moments: dict[int, float]
) -> list[bytes]:
    received = dict.fromkeys(children.values(), b"")
    with selectors.DefaultSelector() as selector:
        for readable in children.values():
            selector.register(readable, selectors.EVENT_READ)
        while selector.get_map():
            now_s = time.monotonic()
            for child in [each for each, at_s in moments.items() if at_s < now_s]:
                os.kill(child, signal.SIGKILL)
                del moments[child]
            for key, _ in selector.select(0.005):
                chunk = os.read(key.fd, 65_536)
                received[key.fd] += chunk
                if not chunk:
                    selector.unregister(key.fd)
                    os.close(key.fd)
    for child in children:
        os.waitpid(child, 0)
    return list(received.values())


# --- invented calls --------------------------------------------------------


def header_of(clock: Clock) -> Callable[[], Header]:
    def made() -> Header:
        return Header(
            source="benchmark",
            boot_id=boot_id(),
            pid=os.getpid(),
            wall_ns=int(clock.wall_s() * 1e9),
            mono_ns=int(clock.monotonic_s() * 1e9),
            version="benchmark",
        )

    return made


def begin_of(number: int, wall_ns: int, mono_ns: int) -> Begin:
    return Begin(
        call_id=f"{number:016x}",
        wall_ns=wall_ns,
        mono_ns=mono_ns,
        account="Acmes",
        endpoint="eu",
        operation="CreateGiftCard",
        request_id=f"Acmes{number:09}",
        amount=Decimal("25.00"),
        currency="EUR",
    )


def end_of(number: int, wall_ns: int, mono_ns: int) -> End:
    return End(
        call_id=f"{number:016x}",
        wall_ns=wall_ns,
        mono_ns=mono_ns,
        account="Acmes",
        endpoint="eu",
        operation="CreateGiftCard",
        request_id=f"Acmes{number:09}",
        amount=Decimal("25.00"),
        currency="EUR",
        duration_s=0.212345,
        outcome=Outcome.SUCCESS,
        status=200,
        amzn_request_id="00000000-0000-4000-8000-000000000000",
        marked=True,
    )


def records_of(number: int) -> list[dict[str, object]]:
    """What a hand-written recorder would keep of the same call."""
    wall_s = time.time()
    begin: dict[str, object] = {
        "call_id": f"{number:016x}",
        "phase": "begin",
        "wall_s": wall_s,
        "account": "Acmes",
        "endpoint": "eu",
        "operation": "CreateGiftCard",
        "request_id": f"Acmes{number:09}",
        "amount": "25.00",
        "currency": "EUR",
    }
    answer = {"phase": "end", "duration_s": 0.212345, "outcome": "SUCCESS"}
    return [begin, begin | answer | {"status": 200}]


if __name__ == "__main__":
    main()
