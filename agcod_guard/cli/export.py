"""`agcod-guard export`: rules, routing and the dashboard, for your own monitoring."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

import click

from agcod_guard.monitoring.alertmanager import Mailing, alertmanager_files
from agcod_guard.monitoring.dashboard import dashboard_files
from agcod_guard.monitoring.links import Links
from agcod_guard.monitoring.rules import prometheus_files

_folder = click.argument(
    "folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path)
)

_LINKS, _MAILING = Links(), Mailing()


@click.group(epilog="Example: agcod-guard export prometheus /etc/prometheus")
def export() -> None:
    """Write Prometheus rules, Alertmanager settings or the Grafana dashboard."""


@export.command(epilog="Example: agcod-guard export prometheus /etc/prometheus")
@_folder
@click.option(
    "--runbook-base",
    default=_LINKS.runbooks,
    show_default=True,
    help="Address of your copy of the runbooks, as alerts link to it.",
)
@click.option(
    "--grafana-base",
    default="",
    help="Address of your Grafana, as alerts link to it; a path from its root if not "
    "given.",
)
def prometheus(folder: Path, *, runbook_base: str, grafana_base: str) -> int:
    """Write the rules, and an example of prometheus.yml.

    A file that stands there already is replaced.
    """
    links = Links(runbooks=runbook_base, grafana=grafana_base.rstrip("/"))
    return write_files(prometheus_files(links), folder, sys.stdout)


@export.command(epilog="Example: agcod-guard export alertmanager .")
@_folder
@click.option("--smarthost", default=_MAILING.smarthost, show_default=True)
@click.option("--mail-from", "sender", default=_MAILING.sender, show_default=True)
@click.option("--mail-to", "recipient", help="Your address, for every receiver.")
@click.option("--no-tls", is_flag=True, help="The mail server offers no TLS.")
def alertmanager(
    folder: Path, *, smarthost: str, sender: str, recipient: str | None, no_tls: bool
) -> int:
    """Write an example of Alertmanager's settings.

    A file that stands there already is replaced.
    """
    mailing = Mailing(
        smarthost=smarthost, sender=sender, recipient=recipient, tls=not no_tls
    )
    return write_files(alertmanager_files(mailing), folder, sys.stdout)


@export.command(epilog="Example: agcod-guard export grafana .")
@_folder
def grafana(folder: Path) -> int:
    """Write the dashboard, and what provisions it.

    A file that stands there already is replaced.
    """
    return write_files(dashboard_files(), folder, sys.stdout)


def write_files(files: Mapping[str, str], folder: Path, out: TextIO) -> int:
    """Write the files into the folder, each whole or not at all; print where.

    Returns:
        Exit code: 0.

    Raises:
        OSError: One could not be written.
    """
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.tmp")
        unfinished.write_text(text, "utf-8")
        unfinished.replace(path)
        print(path, file=out)
    return 0
