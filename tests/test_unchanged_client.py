"""Whole programs, unchanged, guarded by `install()` alone: see `tests/programs`.

Each runs twice at the same time, bare and guarded, on an AGCOD of its own, through
the same phases: what it prints is the same, line by line.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from agcod_guard.frames import Begin, End, decoded
from agcod_guard.simulator import Simulator
from agcod_guard.storage.reading import SegmentReader
from agcod_guard.telemetry.observers import Observers

PROGRAMS = Path(__file__).parent / "programs"
PHASES = [
    ("healthy", "SUCCESS"),
    ("F500", "FAULT"),
    ("RESEND", "FAULT"),
    ("InsufficientFunds", "ACCOUNT"),
    ("403", "DENIED"),
    ("html-503", "FAULT"),
    ("hang", "NO_ANSWER"),
    ("reset", "NO_ANSWER"),
    ("reset-mid-body", "NO_ANSWER"),
    ("healthy", "SUCCESS"),
]
WITHOUT_TIMEOUT = {"agcod_shop.py", "urllib_shop.py"}
HUNG_UP_AFTER_S = 0.1


class Shop:
    """One program at work on a simulator of its own."""

    def __init__(self, *command: object) -> None:
        self.agcod = Simulator(tls=True)
        self.outcomes: list[str] = []
        self._program = subprocess.Popen(
            [sys.executable, "-W", "ignore", *map(str, command)],
            env=self.agcod.environ(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def order(self, request_id: str) -> None:
        """Have the program sell one card."""
        self._program.stdin.write(f"{request_id}\n")
        self._program.stdin.flush()

    def result(self, outcome: str) -> object:
        """Return what it printed; each call until then should have had `outcome`."""
        line = self._program.stdout.readline()
        assert line, self._program.stderr.read()
        made = len(self.agcod.log) - len(self.outcomes)
        self.outcomes += [outcome] * made
        return json.loads(line)

    def finish(self) -> None:
        """Let it end by itself, without complaints."""
        _, complaints = self._program.communicate(timeout=60)
        assert (complaints, self._program.returncode) == ("", 0)

    def close(self) -> None:
        """End whatever is left of it."""
        self._program.kill()
        self._program.communicate()
        self.agcod.close()


@pytest.fixture(params=["agcod_shop.py", "httpx_shop.py", "urllib_shop.py"])
def program(request):
    return PROGRAMS / request.param


@pytest.fixture
def shops(program, tmp_path):
    """Return the program bare and guarded."""
    started = [Shop(program), Shop(PROGRAMS / "guarded.py", tmp_path, program)]
    yield started
    for shop in started:
        shop.close()


def break_as(agcod, phase, program):
    """Break `agcod`; a program that would wait for ever is hung up on instead."""
    agcod.heal()
    if phase == "hang" and program.name in WITHOUT_TIMEOUT:
        agcod.break_("close", delay_s=HUNG_UP_AFTER_S)
    elif phase != "healthy":
        agcod.break_(phase)


def test_it_gets_what_it_would_have_got_and_every_call_is_on_record(
    shops, program, tmp_path
):
    for number, (phase, outcome) in enumerate(PHASES):
        for shop in shops:
            break_as(shop.agcod, phase, program)
            shop.order(f"Acmes{number:06}")
        bare, guarded = (shop.result(outcome) for shop in shops)
        assert guarded == bare, phase
    for shop in shops:
        shop.finish()

    bare, guarded = shops
    assert asked(guarded.agcod) == asked(bare.agcod)
    assert recorded(tmp_path) == [
        (*call, outcome)
        for call, outcome in zip(asked(guarded.agcod), guarded.outcomes, strict=True)
    ]


def asked(agcod):
    """Return operation and request id of each call that came to `agcod`."""
    return [(entry.operation, entry.request_id) for entry in agcod.log]


def recorded(folder):
    """Return operation, request id and outcome of each call, as they began."""
    reader = SegmentReader(folder / "journal", Observers())
    frames = [decoded(each.kind, each.payload) for each in reader.tail({})]
    ends = {frame.call_id: frame for frame in frames if type(frame) is End}
    begun = [ends[frame.call_id] for frame in frames if type(frame) is Begin]
    return [(end.operation, end.request_id, end.outcome) for end in begun]
