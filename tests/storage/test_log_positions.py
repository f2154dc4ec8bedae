"""How far a log was read is kept whole, or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agcod_guard.formats.lines import Spot
from agcod_guard.storage.log_positions import LogPositions

SPOTS = [Spot("a", 12, 3), Spot("b", 0, 0)]


@pytest.fixture
def positions(tmp_path):
    return LogPositions(tmp_path / "ingest" / "1.json", Path("/var/log/shop.ndjson"))


def test_what_was_kept_is_found_again(positions):
    assert positions.load() == []

    positions.save(SPOTS)

    assert positions.load() == SPOTS


def test_the_owner_alone_can_read_it(positions, tmp_path):
    positions.save(SPOTS)

    assert (tmp_path / "ingest").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "ingest" / "1.json").stat().st_mode & 0o777 == 0o600


def test_a_write_that_fails_leaves_what_was_kept(positions, monkeypatch):
    positions.save(SPOTS)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            positions.save([])

    assert positions.load() == SPOTS


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"path":1,"spots":[]}'])
def test_what_cannot_be_read_is_as_if_nothing_was_kept(positions, tmp_path, content):
    positions.save(SPOTS)
    (tmp_path / "ingest" / "1.json").write_bytes(content)

    assert positions.load() == []
