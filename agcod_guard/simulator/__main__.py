"""`python -m agcod_guard.simulator`: a simulator as a process of its own.

Ends when its standard input or its parent does, or on Ctrl-C. A shell that
starts it in the background has to keep its input open, e.g. by a pipe.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import sys
from collections.abc import Sequence
from contextlib import suppress

from agcod_guard.errors import GuardError
from agcod_guard.simulator.simulator import DEFAULT_HOSTS, Simulator

_PARENT_LOOK_S = 0.5


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until nobody holds on to this process any more.

    Returns:
        Exit code: 0 at the end, 2 when an option cannot be used.
    """
    options = _parser().parse_args(arguments)
    parent = os.getppid()
    try:
        simulator = Simulator(
            hosts=dict(options.host) or DEFAULT_HOSTS,
            port=options.port,
            tls=options.tls,
            seed=options.seed,
            opening_funds=options.funds,
            check_signatures=not options.unsigned,
            limit_rates=options.limit_rates,
        )
    except (GuardError, OSError) as error:
        print(f"agcod-guard simulator: {error}", file=sys.stderr)
        return 2
    with simulator, suppress(KeyboardInterrupt):
        print(_ready(simulator, as_json=options.json_ready), flush=True)
        _wait_for_end(parent)
    return 0


def _wait_for_end(parent: int) -> None:
    # A sibling of ours may hold a copy of the pipe: then the parent's end is
    # seen only by its id.
    while os.getppid() == parent:
        readable, _, _ = select.select([sys.stdin], [], [], _PARENT_LOOK_S)
        if readable and not os.read(sys.stdin.fileno(), 4096):
            return


def _ready(simulator: Simulator, *, as_json: bool) -> str:
    if not as_json:
        lines = [f"{region} {url}" for region, url in simulator.urls.items()]
        lines += [f"{name}={value}" for name, value in simulator.environ().items()]
        return "\n".join(lines)
    return json.dumps(
        {
            "pid": os.getpid(),
            "port": simulator.port,
            "urls": simulator.urls,
            "environ": simulator.environ(),
        }
    )


def _host(text: str) -> tuple[str, str]:
    name, _, region = text.partition("=")
    return name, region


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m agcod_guard.simulator",
        description="A loopback AGCOD that can be broken. Ends with its input.",
        epilog="example: sleep 600 | python -m agcod_guard.simulator --port 8443 --tls",
    )
    parser.add_argument("--port", type=int, default=0, help="0 for any free one")
    parser.add_argument(
        "--host",
        type=_host,
        action="append",
        default=[],
        metavar="NAME=REGION",
        help="a name clients use, and na, eu or fe; may be repeated",
    )
    parser.add_argument("--tls", action="store_true", help="TLS and CONNECT as well")
    parser.add_argument("--seed", type=int, default=0, help="of shares and ids")
    parser.add_argument("--funds", type=int, default=1_000_000, help="of each account")
    parser.add_argument("--unsigned", action="store_true", help="accept any signature")
    parser.add_argument("--limit-rates", action="store_true", help="10 calls a second")
    parser.add_argument("--json-ready", action="store_true", help="address as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
