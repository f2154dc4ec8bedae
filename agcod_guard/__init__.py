"""Watch Amazon's gift card API (AGCOD) through the client you already have.

```python
import requests
from agcod_guard import Guard

guard = Guard()
session = guard.wrap(requests.Session())
```

The names are loaded when they are first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from agcod_guard.version import __version__

if TYPE_CHECKING:
    from agcod_guard.call import Call, Endpoint, Outcome
    from agcod_guard.capture.retry import retrying
    from agcod_guard.errors import AgcodOutageError, GuardError, SettingsError
    from agcod_guard.guard import Guard
    from agcod_guard.incident.incident import Incident
    from agcod_guard.outage.policy import OutagePolicy
    from agcod_guard.outage.state import Transition
    from agcod_guard.settings import Settings

__all__ = [
    "AgcodOutageError",
    "Call",
    "Endpoint",
    "Guard",
    "GuardError",
    "Incident",
    "OutagePolicy",
    "Outcome",
    "Settings",
    "SettingsError",
    "Transition",
    "__version__",
    "retrying",
]

_HOMES = {
    "AgcodOutageError": "errors",
    "Call": "call",
    "Endpoint": "call",
    "Guard": "guard",
    "GuardError": "errors",
    "Incident": "incident.incident",
    "OutagePolicy": "outage.policy",
    "Outcome": "call",
    "Settings": "settings",
    "SettingsError": "errors",
    "Transition": "outage.state",
    "retrying": "capture.retry",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
