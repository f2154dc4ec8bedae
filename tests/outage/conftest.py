"""A stream of events that a test feeds by hand."""

from __future__ import annotations

import pytest
from outage_traffic import Traffic


@pytest.fixture
def traffic() -> Traffic:
    return Traffic()
