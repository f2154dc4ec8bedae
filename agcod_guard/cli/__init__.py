"""`agcod-guard COMMAND`: the table of commands, each loaded when it is called.

A command is a click command in a file of its own. What it returns is the exit
code: 0 all is well, 1 an outage stands or a drill or check failed. Errors of
ours become a line on stderr and their exit code: 2 for settings, 3 for data
that cannot be reached.
"""

from __future__ import annotations

import importlib
from typing import Any

import click

from agcod_guard.errors import GuardError, SettingsError
from agcod_guard.version import __version__

COMMANDS = {
    "drill": (
        "agcod_guard.cli.drill:drill",
        "Rehearse an outage on this machine, from first failure to packet.",
    ),
    "status": (
        "agcod_guard.cli.status:status",
        "Show what is thought of every account and endpoint now, and why.",
    ),
    "calls": (
        "agcod_guard.cli.calls:calls",
        "List recorded calls in the order of their end, the newest last.",
    ),
    "incidents": (
        "agcod_guard.cli.incidents:incidents",
        "List incidents, the newest last.",
    ),
    "packet": (
        "agcod_guard.cli.packet:packet",
        "Show the packet of an incident, and where its files are.",
    ),
    "send": (
        "agcod_guard.cli.send:send",
        "Send the mail that is due to Amazon's pager, after a look at it.",
    ),
    "sent": (
        "agcod_guard.cli.sent:sent",
        "Note that you have mailed a tier yourself; the next one's clock runs.",
    ),
    "ack": (
        "agcod_guard.cli.ack:ack",
        "Note that somebody has answered; no further tier is written to.",
    ),
    "hold": (
        "agcod_guard.cli.hold:hold",
        "Hold every page back, let pages go again, or show which it is.",
    ),
    "report": (
        "agcod_guard.cli.report:report",
        "Write the draft of a question to Amazon about one request.",
    ),
    "replay": (
        "agcod_guard.cli.replay:replay",
        "Judge recorded calls anew, from the first to the last.",
    ),
    "ingest": (
        "agcod_guard.cli.ingest:ingest",
        "Record the calls that a program of any language logs, and watch over them.",
    ),
    "doubt": (
        "agcod_guard.cli.doubt:doubt",
        "List the orders whose outcome is unknown, and what to do about each.",
    ),
    "change": (
        "agcod_guard.cli.change:change",
        "Note, list and announce changes on your side: deployments, keys, network.",
    ),
    "contacts": (
        "agcod_guard.cli.contacts:contacts",
        "Show whom to write to at Amazon, where each address was read, and when.",
    ),
    "export": (
        "agcod_guard.cli.export:export",
        "Write Prometheus rules, Alertmanager settings or the Grafana dashboard.",
    ),
    "check": (
        "agcod_guard.cli.check:check",
        "Show the settings in force, where each was set, and what is missing.",
    ),
}
"""Where each command is, as `module:function`, and its line in the help.

The line stands here as well, so that the help need not load every command.
"""


class BadSettings(click.ClickException):
    """A setting that cannot be worked with, as click shows it."""

    exit_code = 2


class OutOfReach(click.ClickException):
    """Data or a machine that cannot be reached, as click shows it."""

    exit_code = 3


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command, imported now; None if there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, function = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), function)
        return command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """Write the table of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command and leave with the exit code that it returns."""
        try:
            code = super().invoke(ctx)
        except SettingsError as error:
            raise BadSettings(str(error)) from error
        except GuardError as error:
            raise OutOfReach(str(error)) from error
        except BrokenPipeError:
            raise  # whoever reads has enough; click ends quietly
        except OSError as error:
            raise OutOfReach(in_words(error)) from error
        ctx.exit(code or 0)


@click.group(
    cls=LazyGroup,
    epilog="Exit codes: 0 all is well; 1 an outage stands, or a drill or check "
    "failed; 2 usage or settings; 3 data cannot be reached.",
)
@click.version_option(__version__, prog_name="agcod-guard")
def main() -> None:
    """Watch Amazon's gift card API (AGCOD) and have the mail to Amazon ready.

    Example: agcod-guard drill
    """


def in_words(error: OSError) -> str:
    """Return what failed and what to look at."""
    what = error.strerror or str(error) or type(error).__name__
    if error.filename is None:
        return f"{what}; check the disk and the data folder"
    return f"{error.filename}: {what}; check the path, its owner and permissions"
