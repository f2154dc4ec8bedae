"""The control path of a simulator in another process."""

from __future__ import annotations

import requests


def control(sim, method, name, **keywords):
    return requests.request(method, f"{sim.url}/_control/{name}", **keywords)


def test_a_fault_can_be_set_and_healed_from_outside(sim, client):
    control(sim, "POST", "break", json={"fault": "F500", "region": "eu"})
    broken = client.funds().result
    control(sim, "POST", "heal")

    assert (broken, client.funds().result) == ("F500 GeneralError", "SUCCESS")


def test_the_log_can_be_read_from_outside_and_has_no_control_calls(sim, client):
    client.funds()
    client.create("Acmes1", 5, "GBP")

    entries = control(sim, "GET", "log?since=1").json()["entries"]

    assert [entry["request_id"] for entry in entries] == ["Acmes1"]
    assert entries == [sim.log[1].as_dict()]


def test_the_faults_can_be_listed_from_outside(sim):
    assert "F500" in control(sim, "GET", "faults").json()["faults"]


def test_a_wrong_command_says_what_is_wrong_and_changes_nothing(sim, client):
    answers = [
        control(sim, "POST", "break", json={"fault": "F50"}),
        control(sim, "POST", "break", json={"fault": "F500", "colour": "red"}),
        control(sim, "POST", "break", json=["F500"]),
        control(sim, "POST", "break", data="F500"),
        control(sim, "GET", "log?since=x"),
        control(sim, "GET", "break"),
    ]

    assert [answer.status_code for answer in answers] == [400] * 5 + [404]
    assert all(answer.json()["error"] for answer in answers)
    assert client.funds().result == "SUCCESS"
