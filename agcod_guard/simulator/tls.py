"""A certificate authority that lives as long as the simulator.

Needs `trustme` (extra `simulator`), which is imported only here and only when
TLS is asked for. Certificates are for AGCOD's real host names, so that clients
with those names built in can be led here; no key outlives the simulator.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from pathlib import Path

from agcod_guard.errors import GuardError
from agcod_guard.protocol.endpoints import HOSTS


class MissingExtraError(GuardError):
    """Something was asked for that needs a package which is not installed.

    Attributes:
        what: What was asked for.
        package: What is missing.
    """

    def __init__(self, what: str, package: str) -> None:
        super().__init__(what, package)
        self.what, self.package = what, package

    def __str__(self) -> str:
        return (
            f"{self.what} needs {self.package}, which is not installed; "
            "run: pip install 'agcod-guard[simulator]'"
        )


def server_context(ca_file: Path, names: Iterable[str]) -> ssl.SSLContext:
    """Make an authority and return a context for AGCOD's names and `names`.

    Args:
        ca_file: Where to write the authority's certificate, as PEM.
        names: Further host names and addresses to be served.

    Raises:
        MissingExtraError: `trustme` is not installed.
    """
    try:
        import trustme  # only TLS needs it
    except ImportError as error:
        raise MissingExtraError("Simulator(tls=True)", "trustme") from error
    authority = trustme.CA(organization_name="agcod-guard simulator, not Amazon")
    certificate = authority.issue_cert(*(host.name for host in HOSTS), *names)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    authority.cert_pem.write_to_path(str(ca_file))
    return context
