"""docs/command-line.md knows every command and JSON key, and no other option."""

from __future__ import annotations

import importlib
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from prometheus_client import CollectorRegistry

from agcod_guard import cli
from agcod_guard.cli.calls import Wanted, list_calls
from agcod_guard.cli.change import list_changes
from agcod_guard.cli.check import show_check
from agcod_guard.cli.contacts import show_contacts
from agcod_guard.cli.doubt import show_orders
from agcod_guard.cli.incidents import list_incidents
from agcod_guard.cli.ingest import ingest_facts
from agcod_guard.cli.packet import Request, show_packet
from agcod_guard.cli.replay import show_replay
from agcod_guard.cli.status import show_status
from agcod_guard.data_folder import orders_in
from agcod_guard.ingesting import Ingest
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.replaying import replayed

PAGE = Path(__file__).parents[2] / "docs" / "command-line.md"
NAMED_BY_USERS = {"policy", "files", "unreadable", "unknown_keys"}
"""Objects whose keys are names of something: fields, files, segments."""


def packet(folder, out):
    request = Request(incident_id="latest", as_json=True)
    show_packet(folder, request, out, io.StringIO())


def replay(folder, out):
    path = folder.settings.data_dir
    show_replay(replayed(path), path, out, as_json=True)


def ingest(folder, out):
    ingesting = Ingest(
        folder, hosts={}, registry=CollectorRegistry(), report=print, tell=print
    )
    out.write(json.dumps(ingest_facts(ingesting, folder.settings.data_dir)))


COMMANDS = {
    "status": lambda folder, out: show_status(folder, out, as_json=True),
    "calls": lambda folder, out: list_calls(folder, Wanted(limit=1), out, as_json=True),
    "incidents": lambda folder, out: list_incidents(folder, out, as_json=True),
    "packet": packet,
    "replay": replay,
    "ingest": ingest,
    "doubt": lambda folder, out: show_orders(
        orders_in(folder, policy=OutagePolicy()), out, now_s=0.0, as_json=True
    ),
    "change": lambda folder, out: list_changes(folder, out, as_json=True),
    "contacts": lambda folder, out: show_contacts(
        folder.settings.contacts, out, as_json=True
    ),
    "check": lambda folder, out: show_check(folder, out, as_json=True),
}


def keys_in(value) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(keys_in, value))
    if not isinstance(value, dict):
        return set()
    inner = (
        keys_in(each) for name, each in value.items() if name not in NAMED_BY_USERS
    )
    return set(value).union(*inner)


def section(name: str) -> str:
    found = re.search(
        rf"^## {name}$(.*?)(?=^## |\Z)",
        PAGE.read_text("utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    return found[1]


def keys_on_the_page(name: str) -> set[str]:
    paragraph = re.search(
        r"^(?:Keys|With `--json` each line)(.*?)\n\n", section(name) + "\n", re.M | re.S
    )
    return set(re.findall(r"`([a-z_]+)`", paragraph[1]))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_key_stands_on_the_page(lived, name):
    out = io.StringIO()
    COMMANDS[name](lived, out)
    facts = json.loads(out.getvalue().splitlines()[-1])

    # The twin of a time in seconds is explained once for all.
    twins = {key.removesuffix("_s") for key in keys_in(facts) if key.endswith("_s")}
    stated = keys_in(facts) - twins
    known = keys_on_the_page(name)
    if name == "replay":
        known |= keys_on_the_page("incidents")
    assert stated <= known


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_a_section_with_an_example(name):
    assert f"agcod-guard {name}" in section(name)


def test_every_option_that_the_page_names_exists():
    page = set(re.findall(r"`(--[a-z-]+)", PAGE.read_text("utf-8")))
    known = {"--help"} | {
        each
        for command in every_command()
        for option in command.params
        for each in option.opts
    }

    assert page <= known


def every_command() -> Iterator[click.Command]:
    for place, _ in cli.COMMANDS.values():
        module, _, function = place.partition(":")
        command = getattr(importlib.import_module(module), function)
        yield command
        if isinstance(command, click.Group):
            yield from command.commands.values()
