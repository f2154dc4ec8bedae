"""An example of Alertmanager's settings: who is told of which alert. Pure.

`agcod-guard export alertmanager DIR` writes it; the copy in the repository's
`grafana/alertmanager/` is held equal by a test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agcod_guard.monitoring.yaml import Node, written

SETTINGS_FILE = "alertmanager.yaml"

PAGER, TICKETS, TEAM = "pager", "tickets", "team"

_ABOUT = """\
Written by `agcod-guard export alertmanager`: an example, to be made part of yours.
Every receiver is a mail here: put your pager's and your ticket system's in place.
It tells your own people only; to Amazon's pager writes agcod-guard."""

_TICKETS = ("AgcodAccountProblem", "AgcodPacketIncomplete", "AgcodDoubtOrders")
_EVERY_SCOPE = ("account", "endpoint")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """How mails of Alertmanager travel.

    Attributes:
        smarthost: The mail server that takes them, `host:port`.
        sender: Who they are from.
        recipient: Who is paged, and gets everything else; None for three
            addresses that are plainly examples.
        tls: The server must offer TLS.
    """

    smarthost: str = "localhost:25"
    sender: str = "alertmanager@shop.invalid"
    recipient: str | None = None
    tls: bool = True

    def address(self, receiver: str) -> str:
        """Return where the mails of a receiver go."""
        return self.recipient or f"{receiver}@shop.invalid"


def alertmanager_files(mailing: Mailing) -> dict[str, str]:
    """Return the settings, by file name."""
    return {SETTINGS_FILE: written(settings(mailing), comment=_ABOUT)}


def settings(mailing: Mailing) -> dict[str, Node]:
    """Return the settings as Alertmanager reads them."""
    return {
        "global": {
            "smtp_smarthost": mailing.smarthost,
            "smtp_from": mailing.sender,
            "smtp_require_tls": mailing.tls,
        },
        "route": {
            "receiver": TEAM,
            "group_by": ["alertname", *_EVERY_SCOPE],
            "group_wait": "30s",
            "group_interval": "5m",
            "repeat_interval": "4h",
            "routes": _routes(),
        },
        "inhibit_rules": _inhibitions(),
        "receivers": [
            {
                "name": receiver,
                "email_configs": [
                    {"to": mailing.address(receiver), "send_resolved": True}
                ],
            }
            for receiver in (PAGER, TICKETS, TEAM)
        ],
    }


def _routes() -> list[Node]:
    return [
        {
            "receiver": PAGER,
            "matchers": ['severity="critical"', 'alertname=~"Agcod.+"'],
            # What wakes somebody goes at once; what it brings with it joins it.
            "group_by": [*_EVERY_SCOPE],
            "group_wait": "0s",
            "group_interval": "1m",
            "repeat_interval": "30m",
        },
        {
            "receiver": TICKETS,
            "matchers": [f'alertname=~"{"|".join(_TICKETS)}"'],
            "repeat_interval": "24h",
        },
    ]


def _inhibitions() -> list[Node]:
    """Return which alerts say nothing new while another stands."""
    return [
        _inhibition(
            "AgcodOutage",
            [
                "AgcodOutageSuspected",
                "AgcodOperationDown",
                "AgcodDegraded",
                "AgcodDoubtOrders",
                "AgcodNoTraffic",
            ],
        ),
        # Slowness is known by endpoint only.
        _inhibition(
            "AgcodOutage",
            ["AgcodDegraded"],
            also='kind="slow"',
            equal=["endpoint"],
        ),
        _inhibition(
            "AgcodOwnNetwork",
            ["AgcodOutageSuspected", "AgcodDegraded", "AgcodNoTraffic"],
        ),
        _inhibition("AgcodOutageSuspected", ["AgcodDegraded"]),
        _inhibition("AgcodDenied", ["AgcodNoTraffic", "AgcodOutageSuspected"]),
    ]


def _inhibition(
    while_: str,
    silent: Sequence[str],
    *,
    also: str | None = None,
    equal: Sequence[str] = _EVERY_SCOPE,
) -> Node:
    return {
        "source_matchers": [f'alertname="{while_}"'],
        "target_matchers": [
            f'alertname=~"{"|".join(silent)}"',
            *([also] if also else []),
        ],
        "equal": [*equal],
    }
