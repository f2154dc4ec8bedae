"""What a packet is made of, whatever the time and the clock."""

from __future__ import annotations

import pytest
from partner import EU, START_S, fault, guarded, success

from agcod_guard.clock import ManualClock


@pytest.fixture
def clock():
    return ManualClock(START_S)


@pytest.fixture
def partner(tmp_path, clock):
    partner = guarded(tmp_path, clock)
    yield partner
    partner.guard.close()


def newest_packet(folder):
    [packet] = folder.glob("incidents/*/packet.txt")
    return " ".join(packet.read_text("utf-8").split())


def test_the_files_of_a_resolved_incident_never_change(tmp_path, partner):
    partner.sell(200, fault("F500"))
    partner.sell(310, success())
    ladder = partner.guard._parts.ladder
    packer = partner.guard._folder.packer(partner.guard._parts.observer, ladder)
    [incident] = ladder.incidents()
    before = packer.packets.newest(incident.incident_id)
    content = {name: path.read_bytes() for name, path in before.items()}

    partner.sell(60, success())
    packer.pack(incident, partner.clock.wall_s())

    after = packer.packets.newest(incident.incident_id)
    assert {name: path.read_bytes() for name, path in after.items()} == content


def test_calls_that_hang_count_though_the_wall_clock_was_set_back(tmp_path, partner):
    partner.clock.advance(1.0)
    partner.order(fault("F500"))
    partner.clock.step_wall(-3600.0)
    for number in range(19):
        body = f'{{"partnerId":"Acmes","creationRequestId":"AcmesHangs{number}"}}'
        partner.guard.observe(method="POST", url=EU, headers={}, body=body).__enter__()
        partner.clock.advance(10.0)
        partner.look()

    assert partner.phases == ["SUSPECT", "OUTAGE"]
    assert "14 calls for 14 different" in newest_packet(tmp_path)
    assert "no response: the call has not ended - 13 calls" in newest_packet(tmp_path)
