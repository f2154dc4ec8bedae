"""The control path: breaking and healing a simulator from outside its process.

Pure but for what it tells the engine.

    POST /_control/break  {"fault": "F500", "region": "eu", "operation": null,
                           "share": 1.0, "delay_s": null, "works": null}
    POST /_control/heal   {"region": null}
    GET  /_control/log?since=0
    GET  /_control/faults

An answer is a JSON object; a bad request gets 400 and `{"error": "..."}`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from agcod_guard.errors import GuardError
from agcod_guard.simulator.engine import Engine
from agcod_guard.simulator.faults import FAULTS
from agcod_guard.simulator.wire import Reply

CONTROL_PATH = "/_control/"


def control_reply(engine: Engine, method: str, path: str, body: bytes) -> Reply:
    """Do what a request to the control path says and answer it.

    Args:
        engine: What is controlled.
        method: HTTP method.
        path: Request target, query included.
        body: A JSON object, or nothing.
    """
    parts = urlsplit(path)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    try:
        match method, parts.path.removeprefix(CONTROL_PATH):
            case "POST", "break":
                engine.break_(**_arguments(body))
                return _json(200, {})
            case "POST", "heal":
                engine.heal(**_arguments(body))
                return _json(200, {})
            case "GET", "log":
                entries = engine.entries(since=int(query.get("since", 0)))
                return _json(200, {"entries": [entry.as_dict() for entry in entries]})
            case "GET", "faults":
                return _json(200, {"faults": list(FAULTS)})
    except (GuardError, TypeError, ValueError) as error:
        return _json(400, {"error": str(error)})
    return _json(404, {"error": f"no control {method} {parts.path}"})


def _arguments(body: bytes) -> dict[str, Any]:
    value = json.loads(body or b"{}")
    if not isinstance(value, dict):
        raise ValueError("the body has to be a JSON object")
    return value


def _json(http_status: int, value: Mapping[str, Any]) -> Reply:
    return Reply(
        http_status=http_status,
        headers={"Content-Type": "application/json"},
        body=json.dumps(value).encode(),
    )
