"""The house: every file imports only from floors below its own."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "agcod_guard"

FLOORS = [
    {"version", "errors", "clock"},
    {"call"},
    {"redaction"},
    {"protocol"},
    {"outage", "formats"},
    {"settings", "frames"},
    {"axes", "attempting"},
    {"incident"},
    {"ports"},
    {"open_call", "heartbeat"},
    {"samples", "journal"},
    {"recorder"},
    {"logs", "mail"},
    {"watching"},
    {"status", "prober", "down_scopes"},
    {"watch", "telling"},
    {"capture", "storage", "telemetry", "delivery", "network"},
    {"simulator", "monitoring"},
    {"data_folder"},
    {"last_look", "scrape"},
    {"post_office"},
    {"assembly"},
    {"rounds"},
    {"guard", "replaying", "ingesting"},
    {"log_replaying"},
    {"drill", "testing"},
    {"cli", "pytest_plugin", "__init__"},
    {"__main__"},
]
ADAPTERS = {"capture", "storage", "telemetry", "delivery", "network"}
PURE = {
    "call", "redaction", "protocol", "outage", "formats", "incident", "frames", "axes",
    "monitoring",
}  # fmt: skip
OUTSIDE_WORLD = {
    "http", "logging", "os", "requests", "socket", "sqlite3", "ssl",
    "structlog", "subprocess", "threading", "time", "urllib",
}  # fmt: skip


def room(path: Path) -> str:
    """Return the first part of a module's name below the package."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def floor(name: str) -> int:
    return next(number for number, names in enumerate(FLOORS) if name in names)


def imports(path: Path) -> list[str]:
    """Return every module that a file imports, dotted, in full."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            if node.module == "agcod_guard":
                found += [f"agcod_guard.{alias.name}" for alias in node.names]
            else:
                found.append(node.module)
    return found


MODULES = sorted(PACKAGE.rglob("*.py"))
IDS = [str(path.relative_to(PACKAGE)) for path in MODULES]


@pytest.mark.parametrize("path", MODULES, ids=IDS)
def test_every_file_stands_on_a_floor_and_imports_only_from_below(path):
    own = room(path)
    for name in imports(path):
        if not name.startswith("agcod_guard."):
            continue
        other = name.split(".")[1]
        below = other == own or floor(other) < floor(own)
        assert below, f"{own} (floor {floor(own)}) imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=IDS)
def test_adapters_do_not_know_each_other(path):
    if room(path) not in ADAPTERS:
        return
    rooms = {name.split(".")[1] for name in imports(path) if "agcod_guard." in name}
    assert rooms & ADAPTERS <= {room(path)}


@pytest.mark.parametrize("path", MODULES, ids=IDS)
def test_what_decides_touches_nothing_outside(path):
    if room(path) not in PURE:
        return
    touched = {name.split(".")[0] for name in imports(path)} & OUTSIDE_WORLD
    assert not touched


def test_no_file_is_called_after_nothing():
    vague = {"utils", "util", "base", "helpers", "misc", "common"}
    assert not [path for path in MODULES if path.stem in vague]
