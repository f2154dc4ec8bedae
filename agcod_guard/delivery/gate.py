"""The one place that says whether anything may leave for an address at all.

In a rehearsal (a drill, a replay, a stand-in's incident, any test run) only
servers on this machine and names under `.invalid` are let through. Outside of
one, an address of Amazon's takes nothing but a page. Asked before a socket is
opened.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from urllib.parse import urlsplit

from agcod_guard.errors import NotAllowed
from agcod_guard.incident.parcel import Parcel, Purpose
from agcod_guard.protocol.domains import is_amazons, is_loopback

_NOWHERE = ".invalid"


def under_test_runner() -> bool:
    """Return whether this process runs tests, or was started by one that does."""
    return "PYTEST_CURRENT_TEST" in os.environ or "pytest" in sys.modules


class Gate:
    """Lets parcels through to where they may go."""

    def __init__(
        self, *, rehearsal: bool, is_testing: Callable[[], bool] = under_test_runner
    ) -> None:
        """Make the gate of one process.

        Args:
            rehearsal: Nothing may leave this machine.
            is_testing: Tells of a test run, which is a rehearsal whatever the
                settings say.
        """
        self._rehearsal, self._is_testing = rehearsal, is_testing

    @property
    def is_rehearsal(self) -> bool:
        """Whether nothing may leave this machine."""
        return self._rehearsal or self._is_testing()

    def check_mail(self, host: str, parcel: Parcel) -> None:
        """Let a mail through to an SMTP server.

        Raises:
            NotAllowed: The server, or one of the recipients, may not have it.
        """
        self._check_host(host, parcel)
        for address in parcel.recipients:
            self._check_recipient(address, parcel)

    def check_url(self, url: str, parcel: Parcel) -> None:
        """Let a notice through to a webhook.

        Raises:
            NotAllowed: It may not go there.
        """
        host = urlsplit(url).hostname or ""
        self._check_host(host, parcel)
        if is_amazons(host):
            raise NotAllowed(host, "for notices only hosts outside Amazon are")

    def _is_rehearsed(self, parcel: Parcel) -> bool:
        return self.is_rehearsal or parcel.rehearsal

    def _check_host(self, host: str, parcel: Parcel) -> None:
        if self._is_rehearsed(parcel) and not is_loopback(host):
            raise NotAllowed(host, "in a rehearsal only servers on this machine are")

    def _check_recipient(self, address: str, parcel: Parcel) -> None:
        domain = address.rpartition("@")[2].lower()
        if self._is_rehearsed(parcel) and not domain.endswith(_NOWHERE):
            raise NotAllowed(address, "in a rehearsal only names under .invalid are")
        if is_amazons(domain) and parcel.purpose is not Purpose.PAGE:
            raise NotAllowed(
                address, "except for pages only addresses outside Amazon are"
            )
