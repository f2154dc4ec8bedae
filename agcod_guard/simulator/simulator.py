"""The simulator as its users see it: start, break, heal, read the log, stop."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from agcod_guard.call import Endpoint, Environment
from agcod_guard.protocol.endpoints import SIGNING_REGIONS
from agcod_guard.simulator.engine import Engine, Options
from agcod_guard.simulator.faults import Schedule, UnknownNameError
from agcod_guard.simulator.server import LOOPBACK, LoopbackServer
from agcod_guard.simulator.service import OPENING_FUNDS
from agcod_guard.simulator.tls import server_context
from agcod_guard.simulator.truth import Entry

if TYPE_CHECKING:
    from agcod_guard.ports import Clock

DEFAULT_HOSTS: Mapping[str, str] = {LOOPBACK: "eu", "localhost": "na"}
"""Two AGCODs on one port, told apart by the name they are called by."""


class Simulator:
    """A loopback AGCOD that can be broken; a context manager.

    It answers from threads of this process, on 127.0.0.1 only, until it is
    closed. Cards and claim codes are fake. Not part of any money path.

        with Simulator() as sim:
            client = MyClient(sim.url)
            sim.break_("F500")
            ...
            sim.heal()

    Args:
        hosts: Region (`na`, `eu`, `fe`) by the host name that a client uses;
            `DEFAULT_HOSTS` unless given. AGCOD's own names are always known.
        port: TCP port; 0 for any free one.
        tls: Also speak TLS, and CONNECT as a proxy, with a test authority.
        schedule: Faults by the time since the start.
        seed: Seed of shares and of Amazon's request ids.
        opening_funds: What each account starts with, in each currency.
        check_signatures: Whether requests must look signed by SigV4.
        limit_rates: Whether Amazon's call rates hold (10 calls a second).
        clock: Stamps, the cancel window, rates and the schedule go by it;
            waiting (`slow`) is always in real time.

    Raises:
        UnknownNameError: `hosts` names a region that there is not.
        MissingExtraError: TLS is asked for and `trustme` is not installed.
    """

    def __init__(  # noqa: PLR0913  # one keyword an option, all with defaults
        self,
        *,
        hosts: Mapping[str, str] = DEFAULT_HOSTS,
        port: int = 0,
        tls: bool = False,
        schedule: Schedule | None = None,
        seed: int = 0,
        opening_funds: Decimal | int = OPENING_FUNDS,
        check_signatures: bool = True,
        limit_rates: bool = False,
        clock: Clock | None = None,
    ) -> None:
        options = Options(
            seed=seed,
            schedule=schedule,
            opening_funds=Decimal(opening_funds),
            check_signatures=check_signatures,
            limit_rates=limit_rates,
        )
        self._hosts = _endpoints(hosts)
        self._engine = Engine(options, clock=clock)
        self._folder = ExitStack()
        self.ca_file = self._new_ca_file() if tls else None
        try:
            context = server_context(self.ca_file, hosts) if self.ca_file else None
            self._server = LoopbackServer(
                port, self._engine, hosts=self._hosts, tls=context
            )
        except BaseException:
            self._folder.close()
            raise
        self._server.start()
        self._closed = False

    @property
    def port(self) -> int:
        """The TCP port in use."""
        return self._server.port

    @property
    def url(self) -> str:
        """Base URL of the first of `hosts`; no slash at the end."""
        return next(iter(self.urls.values()))

    @property
    def urls(self) -> dict[str, str]:
        """Base URL by region; the first host of a region counts."""
        scheme = "https" if self.ca_file else "http"
        urls: dict[str, str] = {}
        for host, endpoint in self._hosts.items():
            urls.setdefault(endpoint.region, f"{scheme}://{host}:{self.port}")
        return urls

    @property
    def log(self) -> list[Entry]:
        """What was really asked and answered, oldest first."""
        return self._engine.entries()

    def environ(self) -> dict[str, str]:
        """Return the environment that leads unchanged clients here.

        For clients with AGCOD's host names built in: with these, `requests`
        and most others go through this simulator as their proxy and trust its
        authority. Without TLS there is nothing to lead: empty.
        """
        if self.ca_file is None:
            return {}
        proxy = f"http://{LOOPBACK}:{self.port}"
        return {
            # Clients prefer the small name where both are set.
            "HTTPS_PROXY": proxy,
            "https_proxy": proxy,
            "NO_PROXY": "",
            "no_proxy": "",
            "REQUESTS_CA_BUNDLE": str(self.ca_file),
            "SSL_CERT_FILE": str(self.ca_file),
        }

    def break_(
        self,
        fault: str,
        *,
        region: str | None = None,
        operation: str | None = None,
        share: float = 1.0,
        delay_s: float | None = None,
        works: bool | None = None,
    ) -> None:
        """Let a fault act from now on.

        Faults add up: the newest that fits a request and whose share is drawn
        acts. One for the same region and operation replaces older ones,
        unless it has a share below 1.

        Args:
            fault: A name out of `FAULTS`, in any case.
            region: The one region it hits; None for all.
            operation: The one operation it hits; None for all.
            share: Ratio of the requests it hits, 0 to 1.
            delay_s: Seconds from the work to the answer, not the fault's own.
            works: Whether orders are carried out all the same, so that they
                are in doubt for the caller; None for what the fault has.

        Raises:
            UnknownNameError: No such fault, region or operation.
        """
        self._engine.break_(
            fault,
            region=region,
            operation=operation,
            share=share,
            delay_s=delay_s,
            works=works,
        )

    def heal(self, region: str | None = None) -> None:
        """End every fault and the schedule; requests that hang are answered.

        Args:
            region: End only what was broken for this region by name.

        Raises:
            UnknownNameError: No such region.
        """
        self._engine.heal(region)

    def close(self) -> None:
        """Stop answering, end all connections and threads; may be repeated."""
        if not self._closed:
            self._closed = True
            self._server.close()
            self._folder.close()

    def _new_ca_file(self) -> Path:
        folder = tempfile.TemporaryDirectory(prefix="agcod-simulator-")
        return Path(self._folder.enter_context(folder), "ca.pem")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _endpoints(hosts: Mapping[str, str]) -> dict[str, Endpoint]:
    for region in hosts.values():
        if region not in SIGNING_REGIONS:
            raise UnknownNameError("region", region, SIGNING_REGIONS)
    return {
        host.lower(): Endpoint(region, Environment.LOOPBACK)
        for host, region in hosts.items()
    }
