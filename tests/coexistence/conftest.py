"""Tests beside other tools: skipped where one is missing, failed in CI."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable

import pytest


@pytest.fixture
def needed() -> Callable[..., None]:
    """Return what skips or fails the test unless all of some modules are there."""

    def need(*modules: str) -> None:
        missing = [name for name in modules if not _is_there(name)]
        if not missing:
            return
        reason = f"not installed: {', '.join(missing)} (dependency group coexistence)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)

    return need


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False
