"""Debian's Prometheus and Alertmanager on loopback, quick enough to wait for."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import requests

from agcod_guard.monitoring.alertmanager import Mailing, settings
from agcod_guard.monitoring.links import Links
from agcod_guard.monitoring.recordings import Pace
from agcod_guard.monitoring.rules import rules

PATIENCE_S = 60.0
EVERY = "200ms"

T = TypeVar("T")


def eventually(look: Callable[[], T | None], what: str) -> T:
    """Return what `look` returns once it is something.

    Raises:
        TimeoutError: It was nothing for a minute.
    """
    closes_s = time.monotonic() + PATIENCE_S
    while (found := look()) is None:
        if time.monotonic() > closes_s:
            raise TimeoutError(what)
        time.sleep(0.01)
    return found


def free_address() -> str:
    """Return `host:port` where nobody listens yet."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"127.0.0.1:{free.getsockname()[1]}"


@contextmanager
def alertmanager(command: str, folder: Path, mailing: Mailing) -> Iterator[str]:
    """Run Alertmanager with the exported settings, quicker; yield its address."""
    quick = settings(mailing)
    quick["route"] = _hurried(quick["route"])
    with _served(
        command,
        folder,
        quick,
        "--cluster.listen-address=",
        f"--storage.path={folder / 'alertmanager'}",
    ) as url:
        yield url


@contextmanager
def prometheus(
    command: str, folder: Path, *, target: str, tells: str, pace: Pace
) -> Iterator[str]:
    """Run Prometheus with the exported rules at that pace; yield its address.

    Args:
        command: Its program.
        folder: Where its data and settings go.
        target: What it scrapes, `host:port`.
        tells: The address of Alertmanager.
        pace: How fast time passes in the rules.
    """
    (folder / "rules.json").write_text(json.dumps(rules(Links(), pace=pace)))
    with _served(
        command,
        folder,
        {
            "global": {
                "scrape_interval": EVERY,
                "scrape_timeout": EVERY,
                "evaluation_interval": EVERY,
            },
            "rule_files": ["rules.json"],
            "alerting": {
                "alertmanagers": [
                    {"static_configs": [{"targets": [tells.removeprefix("http://")]}]}
                ]
            },
            "scrape_configs": [
                {"job_name": "shop", "static_configs": [{"targets": [target]}]}
            ],
        },
        f"--storage.tsdb.path={folder / 'prometheus'}",
    ) as url:
        yield url


def _hurried(route: Any) -> Any:
    """Return the route, and those below it, with what waits cut to a second."""
    times = {"group_wait": "0s", "group_interval": "1s"}
    below = [_hurried(each) for each in route.get("routes", [])]
    return {**route, **times, **({"routes": below} if below else {})}


@contextmanager
def _served(
    command: str, folder: Path, config: Mapping[str, Any], *options: str
) -> Iterator[str]:
    """Run a server on a free port until it is needed no more."""
    name = Path(command).name
    (folder / f"{name}.json").write_text(json.dumps(config))
    address = free_address()
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [
                command,
                f"--config.file={folder / f'{name}.json'}",
                f"--web.listen-address={address}",
                *options,
            ],
            stdout=log,
            stderr=log,
        )
    try:
        eventually(lambda: _ready(process, address), f"{name}: see {log.name}")
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait()


def _ready(process: subprocess.Popen[bytes], address: str) -> bool | None:
    if process.poll() is not None:
        raise RuntimeError(f"{process.args} has ended")
    try:
        ready = requests.get(f"http://{address}/-/ready", timeout=1.0)
    except requests.ConnectionError:
        return None
    return ready.ok or None
