"""What every test of ours may lean on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from agcod_guard import errors


@pytest.fixture
def swallowed() -> list[tuple[str, Exception]]:
    """What was kept from the partner; for tests in which that is the point."""
    return []


@pytest.fixture(autouse=True)
def _nothing_is_swallowed_unseen(request: pytest.FixtureRequest) -> Iterator[None]:
    """Raise, at the end of a test, what the guard kept from the partner in it."""
    expected = "swallowed" in request.fixturenames
    kept = request.getfixturevalue("swallowed") if expected else []

    def listener(stage: str, error: Exception) -> None:
        kept.append((stage, error))

    errors.swallowed_listeners.append(listener)
    yield
    if listener in errors.swallowed_listeners:
        errors.swallowed_listeners.remove(listener)
    if kept and not expected:
        raise kept[0][1]
