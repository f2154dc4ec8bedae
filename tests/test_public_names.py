"""What `from agcod_guard import ...` gives."""

from __future__ import annotations

import subprocess
import sys

import pytest

import agcod_guard


def test_every_public_name_can_be_had_and_has_a_docstring():
    for name in set(agcod_guard.__all__) - {"__version__"}:
        assert getattr(agcod_guard, name).__doc__


def test_a_name_that_does_not_exist_is_an_ordinary_error():
    with pytest.raises(AttributeError, match="no attribute 'Gaurd'"):
        _ = agcod_guard.Gaurd


def test_importing_the_package_loads_nothing_that_is_not_needed_yet():
    heavy = ["sqlite3", "rich", "click", "structlog", "defusedxml", "trustme"]
    heavy.append("tenacity")
    code = (
        "import sys, agcod_guard; agcod_guard.Guard; "
        f"print([name for name in {heavy} if name in sys.modules])"
    )

    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert printed.stdout.strip() == "[]"
