"""Tests against real servers: skipped where one is missing, failed in CI."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest


@pytest.fixture
def promtool() -> str:
    """Return the path of Prometheus's own checker."""
    return _needed("promtool", package="prometheus")


@pytest.fixture(scope="session")
def prometheus_command() -> str:
    """Return the path of Prometheus."""
    return _needed("prometheus", package="prometheus")


@pytest.fixture(scope="session")
def alertmanager_command() -> str:
    """Return the path of Alertmanager."""
    return _needed("prometheus-alertmanager", package="prometheus-alertmanager")


@pytest.fixture
def amtool() -> str:
    """Return the path of Alertmanager's own tool."""
    return _needed("amtool", package="prometheus-alertmanager")


@pytest.fixture
def node() -> str:
    """Return the path of Node."""
    return _needed("node", package="nodejs")


@pytest.fixture
def prometheus_folder() -> Path:
    """Return the folder of the rules as they are exported."""
    return Path(__file__).parents[2] / "grafana" / "prometheus"


def _needed(command: str, *, package: str) -> str:
    path = shutil.which(command)
    if path is not None:
        return path
    reason = f"{command} is not installed (Debian package {package})"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
