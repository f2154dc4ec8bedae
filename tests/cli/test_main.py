"""The table of commands: complete, quick to show, and true to the commands."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner

from agcod_guard.cli import COMMANDS, main
from agcod_guard.version import __version__

NAMES = [
    "drill", "status", "calls", "incidents", "packet", "send", "sent", "ack", "hold",
    "report", "replay", "ingest", "doubt", "change", "contacts", "export", "check",
]  # fmt: skip

SHOW_HELP = """
import sys
from agcod_guard.cli import main
main(["--help"], standalone_mode=False)
loaded = [name for name in sys.modules if name.startswith(("agcod_guard.cli.", "rich"))]
print(loaded)
"""


def test_the_help_names_every_command_in_the_order_of_use():
    done = CliRunner().invoke(main, ["--help"])

    listed = [line.split()[0] for line in done.output.splitlines() if line[:2] == "  "]
    assert [word for word in listed if word in NAMES] == NAMES == list(COMMANDS)


def test_the_help_loads_no_command():
    done = subprocess.run(
        [sys.executable, "-c", SHOW_HELP], check=True, capture_output=True, text=True
    )

    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", NAMES)
def test_a_commands_line_in_the_table_is_how_its_own_help_begins(name):
    command = main.get_command(None, name)

    assert command.help.splitlines()[0] == COMMANDS[name][1]


@pytest.mark.parametrize("name", NAMES)
def test_every_command_shows_an_example(name):
    done = CliRunner().invoke(main, [name, "--help"], prog_name="agcod-guard")

    assert done.exit_code == 0
    assert f"agcod-guard {name}" in done.output.partition("\n")[2]


def test_the_version_is_told():
    done = CliRunner().invoke(main, ["--version"])

    assert done.output == f"agcod-guard, version {__version__}\n"


def test_a_command_that_is_not_there_is_a_usage_error():
    assert CliRunner().invoke(main, ["dril"]).exit_code == 2
