"""What trying our own way came to, as the packet tells it."""

from __future__ import annotations

from dataclasses import replace

from agcod_guard.incident.dossier import DossierBuilder
from agcod_guard.incident.packet import packet_files
from agcod_guard.incident.tried_ways import TriedWay, tried_ways
from agcod_guard.outage.path import Result, Route, Stage, Step

START_S = 1_795_346_105.123
HOST = "agcod-v2-eu.amazon.com"
TRIED = TriedWay(
    at_s=START_S + 2.0,
    source="shop-1",
    route=Route("eu", via=""),
    steps=(
        Step(Stage.NAME, HOST, Result.OK, 0.012),
        Step(Stage.CONNECTION, f"{HOST}:443", Result.TIMED_OUT, 3.0),
        Step(Stage.HANDSHAKE, f"{HOST}:443", Result.NOT_CHECKED),
    ),
)


def kept(incident, *tries):
    builder = DossierBuilder(incident)
    for tried in tries:
        builder.add_tried_way(tried)
    return builder.dossier().tried_ways


def test_every_step_is_told_with_its_time():
    assert list(tried_ways((TRIED,))) == [
        "2026-11-22 11:15:07.123 GMT, from shop-1: "
        f"name {HOST} ok after 0.01 s; "
        f"connection {HOST}:443 timed out after 3.00 s; "
        f"handshake {HOST}:443 not checked"
    ]


def test_a_proxy_is_named():
    proxied = replace(TRIED, route=Route("eu", via="proxy.example.invalid:3128"))

    (told,) = tried_ways((proxied,))

    assert "by way of the proxy proxy.example.invalid:3128" in told


def test_what_was_not_tried_reads_not_checked():
    assert list(tried_ways(())) == [
        "names, connection, certificate, proxy: not checked"
    ]


def test_the_last_of_each_machine_is_kept(incident):
    later = replace(TRIED, at_s=START_S + 22.0)
    other = replace(TRIED, source="shop-2")

    assert kept(incident, TRIED, other, later) == (later, other)


def test_other_endpoints_and_other_times_are_passed_over(incident):
    elsewhere = replace(TRIED, route=Route("na", via=""))
    before = replace(TRIED, at_s=START_S - 1.0)
    resolved = replace(incident, resolved_at_s=START_S + 600.0)
    after = replace(TRIED, at_s=START_S + 601.0)

    assert kept(resolved, elsewhere, before, after) == ()


def test_it_stands_in_the_packet(incident, reporter, call, dossier):
    facts = replace(dossier(incident, call(0)), tried_ways=(TRIED,))

    files = packet_files(incident, facts, reporter, now_s=START_S + 60.0)

    packet = " ".join(files["packet.txt"].decode().split())
    assert f"connection {HOST}:443 timed out after 3.00 s" in packet


def test_what_speaks_for_one_side_or_the_other_stands_beside_the_verdict(
    incident, reporter, call, success, dossier
):
    facts = dossier(incident, call(0), success(1, partner_id="Bob"))
    facts = replace(facts, clock_offset_s=400.0)
    changed = replace(reporter, changes=((START_S - 60.0, "deployed 4.2"),))

    files = packet_files(incident, facts, changed, now_s=START_S + 60.0)

    packet = " ".join(files["packet.txt"].decode().split())
    assert "- Our clock is 400 s off: enough to be refused for it." in packet
    assert "- 1 change of ours shortly before (see the first screen)." in packet
    assert "- Meanwhile AGCOD Europe, account Bob: 1 of 1 call succeeded" in packet
