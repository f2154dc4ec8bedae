"""From the first failing call to the mail in the inbox, with the real servers."""

from __future__ import annotations

import email.policy
import threading
import time
from email.message import EmailMessage
from email.parser import BytesParser

import alert_servers
import pytest
import requests
from alert_servers import eventually
from partner import settings
from prometheus_client import CollectorRegistry, start_http_server
from smtp_servers import SmtpServer

from agcod_guard import Endpoint, Guard, OutagePolicy
from agcod_guard.monitoring.alertmanager import Mailing
from agcod_guard.monitoring.recordings import Pace
from agcod_guard.simulator import Simulator
from agcod_guard.simulator.client import PartnerClient

SCALE = 1 / 60
"""A minute passes in a second."""


@pytest.fixture(scope="module")
def inbox():
    """The mail server that Alertmanager mails to."""
    with SmtpServer() as server:
        yield server


@pytest.fixture(scope="module")
def metrics_server():
    """What Prometheus scrapes: its registry, and `host:port`."""
    registry = CollectorRegistry()
    server, thread = start_http_server(0, addr="127.0.0.1", registry=registry)
    yield registry, f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def alertmanager_url(alertmanager_command, tmp_path_factory, inbox):
    mailing = Mailing(smarthost=f"127.0.0.1:{inbox.port}", tls=False)
    folder = tmp_path_factory.mktemp("alertmanager")
    with alert_servers.alertmanager(alertmanager_command, folder, mailing) as url:
        yield url


@pytest.fixture(scope="module")
def prometheus_url(
    prometheus_command, tmp_path_factory, metrics_server, alertmanager_url
):
    with alert_servers.prometheus(
        prometheus_command,
        tmp_path_factory.mktemp("prometheus"),
        target=metrics_server[1],
        tells=alertmanager_url,
        pace=Pace(SCALE),
    ) as url:
        yield url


class Shop:
    """Sells cards on a thread of its own, until it is closed."""

    def __init__(self, session: requests.Session, url: str) -> None:
        self._client = PartnerClient(session, url, partner_id="Acmes", region="eu")
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._sell)

    def __enter__(self) -> Shop:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        self._thread.join()

    def _sell(self) -> None:
        number = 0
        while not self._closed.wait(0.02):
            number += 1
            self._client.create(f"Acmes{number:06}", 25, "GBP")


@pytest.fixture
def changes(prometheus_url, metrics_server, tmp_path):
    """A shop at work; its simulator, and what its guard tells, with the time."""
    told: list[tuple[str, float]] = []
    facts = settings(
        tmp_path,
        policy=OutagePolicy().scaled(SCALE),
        # As if it were Amazon's own: only production wakes anybody.
        hosts={"127.0.0.1": Endpoint("eu")},
    )
    with Simulator() as sim, Guard(facts, registry=metrics_server[0]) as guard:
        guard.on_transition(
            lambda change: told.append((change.after.value, time.monotonic()))
        )
        with Shop(guard.wrap(requests.Session()), sim.url):
            yield sim, told


def test_an_outage_wakes_the_partner_and_its_end_is_told(
    changes, inbox, prometheus_url, capsys
):
    sim, told = changes
    eventually(lambda: succeeded(prometheus_url), "Prometheus has seen no success")

    sim.break_("F500")
    declared_s = eventually(lambda: at(told, "OUTAGE"), "no outage was declared")
    down = "AGCOD is down for Acmes at eu"
    fired = eventually(lambda: mail(inbox, "[FIRING", down), "nobody was mailed")
    mailed_after_s = time.monotonic() - declared_s
    sim.heal()
    success_s = eventually(lambda: at(told, "RECOVERING"), "no success was seen")
    resolved = eventually(lambda: mail(inbox, "[RESOLVED]"), "its end was not mailed")
    resolved_after_s = time.monotonic() - success_s

    assert fired["To"] == resolved["To"] == "pager@shop.invalid"
    text = fired.get_body(("html",)).get_content()
    assert "docs/runbooks.md#agcodoutage" in text
    assert "First failure: 20" in text
    with capsys.disabled():
        print(
            f"\nfrom the change of state to the mail: {mailed_after_s:.2f} s; "
            f"from the first success to the mail that it is over: "
            f"{resolved_after_s:.2f} s"
        )


def test_while_an_outage_stands_what_follows_from_it_is_silent(alertmanager_url):
    scope = {"account": "Bravo", "endpoint": "na"}
    names = {
        "AgcodOutage": "critical",
        "AgcodOutageSuspected": "warning",
        "AgcodDegraded": "warning",
        "AgcodDoubtOrders": "warning",
        "AgcodPacketIncomplete": "warning",
    }

    given = [
        {"labels": {"alertname": name, "severity": severity, **scope}}
        for name, severity in names.items()
    ]
    elsewhere = {"alertname": "AgcodDegraded", "account": "Bravo", "endpoint": "fe"}
    requests.post(
        f"{alertmanager_url}/api/v2/alerts",
        json=[*given, {"labels": elsewhere}],
        timeout=5,
    ).raise_for_status()

    def suppressed():
        answer = requests.get(
            f"{alertmanager_url}/api/v2/alerts",
            params={"filter": 'account="Bravo"'},
            timeout=5,
        ).json()
        known = {
            (each["labels"]["alertname"], each["labels"]["endpoint"])
            for each in answer
            if each["status"]["inhibitedBy"]
        }
        return known if len(answer) == 6 and len(known) == 3 else None

    assert eventually(suppressed, "nothing is inhibited") == {
        ("AgcodOutageSuspected", "na"),
        ("AgcodDegraded", "na"),
        ("AgcodDoubtOrders", "na"),
    }


def succeeded(url: str) -> bool | None:
    query = 'sum(agcod_calls_total{outcome="SUCCESS"}) > 0'
    answer = requests.get(f"{url}/api/v1/query", params={"query": query}, timeout=5)
    return bool(answer.json()["data"]["result"]) or None


def at(told: list[tuple[str, float]], phase: str) -> float | None:
    return next((at_s for after, at_s in told if after == phase), None)


def mail(inbox: SmtpServer, subject: str, said: str = "") -> EmailMessage | None:
    """Return the first mail to the pager with that in its subject and its text."""
    parser = BytesParser(policy=email.policy.default)
    mails = [parser.parsebytes(content) for _, content in inbox.mails]
    return next(
        (
            each
            for each in mails
            if subject in each["Subject"]
            and each["To"] == "pager@shop.invalid"
            and said in each.get_body(("html",)).get_content()
        ),
        None,
    )
