"""Look at what mails need to leave: the mode, the server, the switch, the keys.

Reads the settings and the files they name; connects to nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from agcod_guard.cli.findings import Finding, Level
from agcod_guard.data_folder import DataFolder
from agcod_guard.delivery.secret_files import secret_in
from agcod_guard.incident.layout import plain
from agcod_guard.settings import Settings
from agcod_guard.settings.values import PageMode

_ABOUT = "paging"


def paging_findings(folder: DataFolder) -> Iterator[Finding]:
    """Say how pages go to Amazon, and what keeps them from it."""
    settings = folder.settings
    yield from _about_mode(settings)
    yield from _about_secrets(settings)
    if settings.own.addresses and settings.smtp.host is None:
        text = "own.addresses cannot be mailed: set smtp.host and smtp.sender"
        yield Finding(Level.PROBLEM, _ABOUT, text)
    switch = folder.hold()
    if switch.stands():
        note = plain(switch.note())
        why = f" ({note})" if note else ""
        text = f"every page is held back{why}: agcod-guard hold off lets them go"
        yield Finding(Level.NOTE, _ABOUT, text)


def _about_mode(settings: Settings) -> Iterator[Finding]:
    mode = settings.page.mode
    if mode is PageMode.DRAFT:
        yield Finding(Level.OK, _ABOUT, "page.mode is draft: a person sends the mails")
        return
    if settings.smtp.host is None:
        text = f"page.mode is {mode}, but nothing can be mailed: set smtp.host"
        yield Finding(Level.PROBLEM, _ABOUT, text)
        return
    lacking = list(_lacking_for_live(settings)) if mode is PageMode.LIVE else []
    for lack in lacking:
        text = f"page.mode is live, but acts as ask: {lack}"
        yield Finding(Level.PROBLEM, _ABOUT, text)
    if not lacking:
        host = settings.smtp.host
        yield Finding(Level.OK, _ABOUT, f"page.mode is {mode}, by way of {host}")


def _lacking_for_live(settings: Settings) -> Iterator[str]:
    if not settings.live_armed:
        yield "AGCOD_GUARD_LIVE=1 is not set"
    if not settings.fleet.single_host:
        yield "fleet.single_host = true is not set"


def _about_secrets(settings: Settings) -> Iterator[Finding]:
    """Name the files of secrets that cannot be read; never what they hold."""
    files = {f"webhooks.{n}.key_file": h.key_file for n, h in settings.webhooks.items()}
    if settings.smtp.password is None:
        files["smtp.password_file"] = settings.smtp.password_file
    for name, path in files.items():
        if path is not None and (problem := _problem_with(path)):
            yield Finding(Level.PROBLEM, _ABOUT, f"{name} cannot be used: {problem}")


def _problem_with(path: Path) -> str | None:
    try:
        secret_in(path)
    except OSError as error:
        return f"{path}: {error.strerror or error}"
    return None
