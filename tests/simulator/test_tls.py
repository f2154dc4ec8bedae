"""TLS and CONNECT: clients with AGCOD's hosts built in, led here unchanged."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import threading

import pytest
import requests

from agcod_guard.errors import GuardError
from agcod_guard.simulator import Simulator

PYPI_CLIENT = """
import json
import agcod

agcod.client.partner_id = "Acmes"
agcod.client.aws_key_id = "AKIAFAKEFAKEFAKEFAKE"
agcod.client.aws_secret_key = "fake/secret"
agcod.client.sandbox = False
card = agcod.client.create_gift_card("Acmes1", 25.0, "USD")
print(json.dumps([
    card,
    agcod.client.cancel_gift_card("Acmes1", card["gcId"]),
    agcod.client.get_available_funds(),
]))
"""


@pytest.fixture(scope="module")
def tls_sim():
    with Simulator(tls=True) as simulator:
        yield simulator


def test_the_pypi_client_is_led_here_by_the_environment_alone(tls_sim):
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", "import agcod.client\n" + PYPI_CLIENT],
        env=tls_sim.environ(),
        capture_output=True,
        check=True,
        timeout=60,
    )

    card, cancelled, funds = json.loads(ran.stdout)
    assert card["status"] == cancelled["status"] == "SUCCESS"
    assert cancelled["gcId"] == card["gcId"]
    assert funds["availableFunds"] == {"amount": 1_000_000.0, "currencyCode": "USD"}
    assert [(entry.region, entry.operation) for entry in tls_sim.log[-3:]] == [
        ("na", "CreateGiftCard"),
        ("na", "CancelGiftCard"),
        ("na", "GetAvailableFunds"),
    ]


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("agcod-v2-eu.amazon.com", "eu"),
        ("agcod-v2-fe-gamma.amazon.com", "fe"),
    ],
)
def test_a_tunnel_leads_to_the_endpoint_it_was_opened_for(
    tls_sim, monkeypatch, host, region
):
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "amazon.com")
    for name, value in tls_sim.environ().items():
        monkeypatch.setenv(name, value)

    answer = requests.post(f"https://{host}/GetAvailableFunds", json={})

    assert answer.status_code == 403
    assert tls_sim.log[-1].region == region


def test_tls_is_also_spoken_without_a_tunnel(tls_sim):
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(tls_sim.ca_file)

        answers = [
            session.post(f"{url}/GetAvailableFunds", json={})
            for url in tls_sim.urls.values()
        ]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert all(url.startswith("https://") for url in tls_sim.urls.values())


def test_a_tunnel_to_anywhere_else_is_refused(tls_sim, monkeypatch):
    for name, value in tls_sim.environ().items():
        monkeypatch.setenv(name, value)

    with pytest.raises(requests.exceptions.ProxyError, match="403 Forbidden"):
        requests.get("https://shop.example/")


@pytest.mark.parametrize(
    ("fault", "error"),
    [("reset", requests.ConnectionError), ("hang", requests.ReadTimeout)],
)
def test_faults_act_inside_a_tunnel_too(fault, error):
    with Simulator(tls=True) as sim:
        sim.break_(fault)
        proxies = {"https": sim.environ()["HTTPS_PROXY"]}

        with pytest.raises(error):
            requests.post(
                "https://agcod-v2.amazon.com/CreateGiftCard",
                json={},
                timeout=(5, 0.15),
                proxies=proxies,
                verify=str(sim.ca_file),
            )

        assert [entry.answered for entry in sim.log] == [fault]


def test_closing_ends_a_handshake_that_stalls():
    before = set(threading.enumerate())
    sim = Simulator(tls=True)
    stalled = socket.create_connection(("127.0.0.1", sim.port))
    stalled.sendall(b"\x16\x03")

    sim.close()

    assert set(threading.enumerate()) == before
    stalled.close()


def test_no_key_or_certificate_is_left_behind():
    with Simulator(tls=True) as sim:
        ca_file = sim.ca_file
        assert "BEGIN CERTIFICATE" in ca_file.read_text()

    assert not ca_file.parent.exists()


def test_without_trustme_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "trustme", None)

    with pytest.raises(GuardError, match=r"pip install 'agcod-guard\[simulator\]'"):
        Simulator(tls=True)


def test_without_tls_there_is_nothing_to_lead_clients_by(sim):
    assert (sim.environ(), sim.ca_file) == ({}, None)


def test_without_tls_nothing_is_written_anywhere(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    with Simulator() as plain:
        assert list(tmp_path.iterdir()) == []
    with Simulator(tls=True) as sim:
        assert [sim.ca_file.parent] == list(tmp_path.iterdir())

    assert plain.ca_file is None
    assert list(tmp_path.iterdir()) == []
