"""What a partner could use instead, each from its own documentation.

Each is told of every call the moment it ends, in order, with perfect knowledge
of what is a technical failure; what Amazon refuses is kept from it.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.detection.peers.burn_rate import BurnRate
from benchmarks.detection.peers.cusum import Cusum
from benchmarks.detection.peers.envoy import Envoy
from benchmarks.detection.peers.in_a_row import InARow
from benchmarks.detection.peers.no_success import NoSuccess
from benchmarks.detection.peers.peer import Peer, Traits
from benchmarks.detection.peers.pybreaker import PyBreaker
from benchmarks.detection.peers.resilience4j import Resilience4j

PEERS: dict[str, Callable[[Traits], Peer]] = {
    "pybreaker, 5 in a row": PyBreaker,
    "resilience4j, 50 % of 100": Resilience4j,
    "Envoy, 5 consecutive 5xx": Envoy,
    "burn rate 14.4, 1 h and 5 min": BurnRate,
    "Prometheus, no success in 5 min": NoSuccess,
    "CUSUM, noise known": Cusum,
    "n in a row, noise known": InARow,
}
