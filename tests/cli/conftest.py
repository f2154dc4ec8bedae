from dataclasses import asdict

import pytest
from click.testing import CliRunner
from partner import EU, NA, START_S, fault, guarded, settings, success

from agcod_guard.cli import main
from agcod_guard.clock import ManualClock
from agcod_guard.data_folder import DataFolder
from agcod_guard.outage.policy import OutagePolicy

TENTH = asdict(OutagePolicy().scaled(1 / 10))
"""An hour in six minutes, so that orders a second apart are enough."""


@pytest.fixture(scope="session")
def lived(tmp_path_factory):
    """A data folder that has seen an EU outage and is in an NA one; only read it."""
    folder, clock = tmp_path_factory.mktemp("lived") / "data", ManualClock(START_S)
    partner = guarded(folder, clock, policy=TENTH)
    partner.sell(5, success())
    partner.sell(25, fault("F500"))
    partner.sell(35, success())
    partner.guard.observe(
        method="POST",
        url=EU,
        headers={},
        body='{"partnerId":"Acmes","creationRequestId":"AcmesHangs"}',
    ).__enter__()
    partner.sell(5, success(), url=NA)
    partner.sell(25, fault("F500"), url=NA)
    partner.guard.close()
    return DataFolder(settings=settings(folder), clock=clock)


@pytest.fixture
def nowhere(tmp_path):
    """A data folder that is not there."""
    return DataFolder(settings=settings(tmp_path / "none"), clock=ManualClock(START_S))


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Run a command as it is typed, with no settings but those given."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AGCOD_GUARD_SETTINGS", raising=False)

    def typed(*words):
        return CliRunner().invoke(main, [str(word) for word in words])

    return typed
