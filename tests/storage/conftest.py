import contextlib
import json
import os
import time
from decimal import Decimal
from pathlib import Path

import pytest

from agcod_guard.call import Outcome
from agcod_guard.clock import ManualClock
from agcod_guard.frames import Begin, End, Header, decoded
from agcod_guard.storage.reading import SegmentReader
from agcod_guard.storage.segments import JournalLimits, SegmentJournal


class Told:
    """An observer that remembers what it was told, as (name, *facts)."""

    def __init__(self):
        self.events = []

    def __getattr__(self, name):
        return lambda *facts: self.events.append((name, *facts))

    def of(self, name):
        return [event[1:] for event in self.events if event[0] == name]


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def clock():
    return ManualClock(time.time())


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data" / "journal"


@pytest.fixture
def header(clock):
    def made():
        return Header(
            source="till-7.example",
            boot_id="6a1f0c9e-0000-4000-8000-000000000001",
            pid=os.getpid(),
            wall_ns=int(clock.wall_s() * 1e9),
            mono_ns=int(clock.monotonic_s() * 1e9),
            version="0.1.0",
        )

    return made


@pytest.fixture
def new_journal(folder, header, clock, told):
    journals = []

    def made(at=None, *, protected_since_s=lambda: None, **limits):
        journals.append(
            SegmentJournal(
                at or folder,
                header=header,
                clock=clock,
                observer=told,
                limits=JournalLimits(**limits),
                protected_since_s=protected_since_s,
            )
        )
        return journals[-1]

    yield made
    for journal in journals:
        journal.close()


@pytest.fixture
def journal(new_journal):
    return new_journal()


@pytest.fixture
def reader(folder, told):
    return SegmentReader(folder, told)


@pytest.fixture
def begin():
    def made(call_id):
        return Begin(
            call_id=call_id,
            wall_ns=1_795_000_000_000_000_000,
            mono_ns=5_000_000_000,
            account="Acmes",
            endpoint="eu",
            operation="CreateGiftCard",
            request_id=f"Acmes{call_id}",
            amount=Decimal("25.00"),
            currency="EUR",
        )

    return made


@pytest.fixture
def end():
    def made(call_id, message=None):
        return End(
            call_id=call_id,
            wall_ns=1_795_000_000_500_000_000,
            mono_ns=5_500_000_000,
            account="Acmes",
            endpoint="eu",
            operation="CreateGiftCard",
            duration_s=0.5,
            outcome=Outcome.FAULT,
            error_code="F500",
            message=message,
        )

    return made


@pytest.fixture
def ids():
    """The call ids of what a reader hands out."""

    def read(stored):
        return [decoded(each.kind, each.payload).call_id for each in stored]

    return read


@pytest.fixture
def recorded(folder, told, ids):
    """Read the call ids that stand in the journal."""
    return lambda: ids(SegmentReader(folder, told).tail({}))


@pytest.fixture
def descriptor_of():
    """Find the descriptor under which this process has a file open."""
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("needs /proc")

    def find(path):
        for entry in Path("/proc/self/fd").iterdir():
            with contextlib.suppress(OSError):
                if str(entry.readlink()).removesuffix(" (deleted)") == str(path):
                    return int(entry.name)
        return None

    return find


@pytest.fixture
def in_child():
    """Run a function in a forked child and return what it returned."""

    def run(function):
        readable, writable = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                answer = json.dumps(function())
            except BaseException as error:
                answer = json.dumps(f"the child failed: {error!r}")
            os.write(writable, answer.encode())
            os._exit(0)
        os.close(writable)
        with os.fdopen(readable) as pipe:
            answer = json.loads(pipe.read())
        os.waitpid(child, 0)
        return answer

    return run
