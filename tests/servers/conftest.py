"""Tests against real servers: skipped where one is missing, failed in CI."""

from __future__ import annotations

import os
import shutil

import pytest


@pytest.fixture
def promtool() -> str:
    """Return the path of Prometheus's own checker."""
    return _needed("promtool", package="prometheus")


@pytest.fixture
def node() -> str:
    """Return the path of Node."""
    return _needed("node", package="nodejs")


def _needed(command: str, *, package: str) -> str:
    path = shutil.which(command)
    if path is not None:
        return path
    reason = f"{command} is not installed (Debian package {package})"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
