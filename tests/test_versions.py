"""A new version of the partner's program or of the guard is a recent change."""

from __future__ import annotations

import pytest
from partner import START_S, guarded, success

from agcod_guard.clock import ManualClock


@pytest.fixture
def clock():
    return ManualClock(START_S)


def runs(folder, clock, version):
    partner = guarded(folder, clock, app_version=version)
    partner.sell(2, success())
    partner.guard.close()
    clock.advance(60.0)
    return [text for _, text in partner.guard._parts.ladder.changes(0.0)]


def test_a_deployment_is_noted_by_itself(tmp_path, clock):
    assert runs(tmp_path / "data", clock, "4.1") == []
    assert runs(tmp_path / "data", clock, "4.1") == []
    assert runs(tmp_path / "data", clock, "4.2") == [
        "your program on shop-1: version 4.1 -> 4.2 (seen by agcod-guard)"
    ]


def test_a_secret_in_a_version_is_not_kept(tmp_path, clock):
    runs(tmp_path / "data", clock, "4.1 AKIAIOSFODNN7EXAMPLE")

    (change,) = runs(tmp_path / "data", clock, "4.2 AAAA-BBBBBB-CCCC")

    assert "AKIAIOSFODNN7EXAMPLE" not in change
    assert "AAAA-BBBBBB-CCCC" not in change
    assert b"AKIAIO" not in (tmp_path / "data" / "ladder.sqlite").read_bytes()


def test_so_is_a_new_version_of_the_guard(tmp_path, clock, monkeypatch):
    runs(tmp_path / "data", clock, None)
    monkeypatch.setattr("agcod_guard.rounds.__version__", "9.9")

    (change,) = runs(tmp_path / "data", clock, None)

    assert change.startswith("agcod-guard on shop-1: version ")
    assert change.endswith("-> 9.9 (seen by agcod-guard)")


def test_a_program_that_does_not_tell_its_version_changes_nothing(tmp_path, clock):
    runs(tmp_path / "data", clock, "4.1")

    assert runs(tmp_path / "data", clock, None) == []
