"""A client from PyPI, unchanged, guarded by `install()` alone.

`agcod` 0.1.0 calls `requests.post` itself, with no timeout and its hosts built in.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from agcod_guard.simulator import Simulator

CLIENT = """
import json, sys
import agcod.client
import requests

agcod.client.partner_id = "Acmes"
agcod.client.aws_key_id = "AKIAFAKEFAKEFAKEFAKE"
agcod.client.aws_secret_key = "fake/secret"
agcod.client.sandbox = False

def tried(call, *arguments):
    try:
        return call(*arguments)
    except Exception as error:
        return [type(error).__module__, type(error).__name__]

def shop():
    results = []
    for number in range(3):
        order = f"Acmes{sys.argv[2]}{number}"
        card = tried(agcod.client.create_gift_card, order, 25.0, "USD")
        results.append(card)
        if isinstance(card, dict) and "gcId" in card:
            results.append(tried(agcod.client.cancel_gift_card, order, card["gcId"]))
    results.append(tried(agcod.client.get_available_funds))
    return results
"""

BARE = CLIENT + "print(json.dumps(shop()))"

GUARDED = (
    CLIENT
    + """
from agcod_guard import Guard, Settings
guard = Guard(Settings.load(env={}, data_dir=sys.argv[1]))
guard.install()
results = shop()
guard.close()
print(json.dumps(results))
"""
)

CALLS = """
import json, sys
from pathlib import Path
from agcod_guard.frames import End, decoded
from agcod_guard.storage.reading import SegmentReader
from agcod_guard.telemetry.observers import Observers
reader = SegmentReader(Path(sys.argv[1]) / "journal", Observers())
frames = [decoded(each.kind, each.payload) for each in reader.tail({})]
ends = [frame for frame in frames if isinstance(frame, End)]
print(json.dumps([[end.operation, end.outcome, end.request_id] for end in ends]))
"""


@pytest.fixture(scope="module")
def agcod():
    with Simulator(tls=True) as simulator:
        yield simulator


def run(agcod, code, *arguments):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *map(str, arguments)],
        env=agcod.environ(),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def shape(result):
    """Return a result without what differs from card to card."""
    succeeded = isinstance(result, dict) and result.get("status") == "SUCCESS"
    return sorted(result) if succeeded else result


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (None, "SUCCESS"),
        ("F500", "FAULT"),
        ("RESEND", "FAULT"),
        ("InsufficientFunds", "ACCOUNT"),
        ("403", "DENIED"),
        ("html-502", "FAULT"),
        ("reset", "NO_ANSWER"),
    ],
)
def test_it_gets_what_it_would_have_got_and_every_call_is_on_record(
    agcod, tmp_path, fault, outcome
):
    agcod.heal()
    if fault:
        agcod.break_(fault)
    seen_before = len(agcod.log)

    bare = run(agcod, BARE, tmp_path, f"b{outcome[:2]}{fault and len(fault)}")
    guarded = run(agcod, GUARDED, tmp_path, f"g{outcome[:2]}{fault and len(fault)}")

    assert [*map(shape, guarded)] == [*map(shape, bare)]
    calls = run(agcod, CALLS, tmp_path)
    assert len(calls) * 2 == len(agcod.log) - seen_before
    assert {found for _, found, _ in calls} == {outcome}
    assert calls[0][0] == "CreateGiftCard"
    assert calls[0][2].startswith("Acmesg")
